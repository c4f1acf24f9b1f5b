// What a cause is about, marked wherever it shows: rows of the table, units and samples, parts of the graph.
"use strict";

window.zerograd.marks = (() => {
  const numbers = (text) => (text ? text.split(" ").map(Number) : []);

  /** Makes the sentences of a step mark what they are about; returns how to draw its maps. */
  function create(section) {
    const maps = [...section.querySelectorAll("details.map")].map(window.zerograd.map.create);
    const causes = [...section.querySelectorAll(".why li")];
    let kept = null; // the cause that was chosen
    const hint = section.querySelector(".marking");
    if (hint) hint.hidden = false;

    function show(cause) {
      for (const element of section.querySelectorAll(".marked")) element.classList.remove("marked");
      for (const map of maps) map.mark(null);
      if (!cause) return;
      cause.classList.add("marked");
      const prefix = section.id;
      for (const row of numbers(cause.dataset.rows)) document.getElementById(`${prefix}-r${row}`).classList.add("marked");
      for (const vertex of numbers(cause.dataset.vertices)) {
        section.querySelector(`[data-vertex="${vertex}"]`)?.classList.add("marked");
      }
      if (cause.dataset.map === undefined || !maps.length) return;
      const [units, samples] = [numbers(cause.dataset.units), numbers(cause.dataset.samples)];
      maps[Number(cause.dataset.map)].mark({
        units: units.length ? new Set(units) : null,
        samples: samples.length ? new Set(samples) : null,
      });
    }

    function keep(cause) {
      kept = cause;
      show(cause);
    }

    for (const cause of causes) {
      cause.addEventListener("mouseenter", () => show(cause));
      cause.addEventListener("mouseleave", () => show(kept));
      cause.addEventListener("focus", () => show(cause));
      cause.addEventListener("blur", () => show(kept));
      cause.addEventListener("click", () => keep(cause));
      cause.addEventListener("keydown", (event) => {
        if (event.target !== cause || (event.key !== "Enter" && event.key !== " ")) return;
        event.preventDefault();
        keep(cause);
      });
    }
    for (const row of section.querySelectorAll("tr[data-cause]")) {
      const cause = document.getElementById(`${section.id}-c${row.dataset.cause}`);
      row.addEventListener("mouseenter", () => show(cause));
      row.addEventListener("mouseleave", () => show(kept));
      row.querySelector("a")?.addEventListener("focus", () => show(cause));
      row.querySelector("a")?.addEventListener("blur", () => show(kept));
      row.querySelector("a")?.addEventListener("click", (event) => {
        event.preventDefault();
        keep(cause);
        cause.focus();
      });
    }
    section.addEventListener("keydown", (event) => {
      if (event.key === "Escape") keep(null);
    });
    return { draw: () => maps.forEach((map) => map.draw()) };
  }

  return { create };
})();
