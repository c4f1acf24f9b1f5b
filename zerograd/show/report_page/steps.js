// One step at a time, chosen from a list, by buttons, or by the arrow keys.
"use strict";

(() => {
  const sections = [...document.querySelectorAll("section.step")];
  const drawn = new Map(); // what draws the maps of a step, once it was shown
  const stepper = document.getElementById("stepper");
  let shown = sections.length - 1;

  function draw() {
    if (!drawn.has(shown)) drawn.set(shown, window.zerograd.marks.create(sections[shown]));
    drawn.get(shown).draw();
  }

  function show(number, told) {
    shown = Math.min(Math.max(number, 0), sections.length - 1);
    sections.forEach((section, i) => (section.hidden = i !== shown));
    if (stepper) {
      document.getElementById("step").value = String(shown);
      document.getElementById("previous").disabled = shown === 0;
      document.getElementById("next").disabled = shown === sections.length - 1;
      const verdict = sections[shown].querySelector(".verdict").textContent;
      if (told) document.getElementById("live").textContent = `${sections[shown].querySelector("h2").textContent}: ${verdict}`;
    }
    draw();
  }

  if (stepper) {
    stepper.hidden = false;
    document.getElementById("previous").addEventListener("click", () => show(shown - 1, true));
    document.getElementById("next").addEventListener("click", () => show(shown + 1, true));
    document.getElementById("step").addEventListener("change", (event) => show(Number(event.target.value), true));
    document.addEventListener("keydown", (event) => {
      const within = event.target.closest("select, .scroll, .canvas"); // which arrow keys move by themselves
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step || within || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      show(shown + step, true);
    });
  }
  for (const query of ["(prefers-color-scheme: dark)", "print"]) {
    window.matchMedia(query).addEventListener("change", draw);
  }
  show(shown, false);
})();
