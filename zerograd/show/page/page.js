// The page: its state, what changes it, and who is told.
"use strict";

(() => {
  const { exact, network, picture, tables, fields } = window.zerograd;
  const SLOW = 120; // milliseconds of a full evaluation from which sliders wait until they are let go
  const byId = (id) => document.getElementById(id);

  /** A copy whose lists can be changed without changing the original. */
  const copied = (values) => Object.fromEntries(Object.entries(values).map(([k, v]) => [k, [...v]]));

  function start() {
    const data = JSON.parse(byId("data").textContent);
    const question = network.readQuestion(data.question);
    const original = network.readValues(data.values, question.field);
    const model = { question, values: copied(original), evaluation: null, cost: 0 };

    evaluateAll();
    if (!agrees(network.results(model.evaluation, question), data.gradients)) {
      byId("trouble").hidden = false;
      return;
    }
    byId("workbench").hidden = false;

    const view = picture.create(byId("picture"), model, movePoint);
    const gradients = tables.gradientTable(byId("gradients"), data.rows);
    const parameters = tables.parameterList(byId("parameters"), model, data.labels, changeParameter);
    const samples = tables.sampleTable(byId("samples"), model, view.grid, changeSample);
    let before = null; // what was announced last
    let frame = null; // the one that is asked for
    let pending = null; // the only sample that has changed for it
    const names = [...new Set(data.rows.map((row) => row.name))]; // whose gradients are shown

    // --- what changes the state ---

    function evaluateAll() {
      const begin = performance.now();
      model.evaluation = network.evaluateAll(question, model.values);
      model.cost = performance.now() - begin;
      model.stale = false;
    }

    /** Evaluates one sample anew; or all, where a parameter has changed that none has been evaluated with. */
    function evaluateSample(m) {
      if (model.stale) evaluateAll();
      else network.reevaluateSample(model.evaluation, question, model.values, m);
    }

    function movePoint(m, k, x, y, over) {
      if (x !== null) model.values.x[m] = x;
      if (y !== null) model.values.y[m * network.outputsOf(question) + k] = y;
      const whole = model.stale;
      if (x !== null || y !== null) evaluateSample(m);
      if (over) settle();
      else schedule(whole ? null : m);
    }

    function changeSample(name, position, value, m) {
      model.values[name][position] = value;
      evaluateSample(m);
      settle();
    }

    function changeParameter(name, position, value, over) {
      model.values[name][position] = value;
      model.stale = true;
      if (!over && model.cost > SLOW) return;
      evaluateAll();
      if (over) settle();
      else schedule();
    }

    function restore() {
      model.values = copied(original);
      evaluateAll();
      fields.clearHints();
      settle();
    }

    // --- what follows from it ---

    /** Shows the state with the next frame, however often it changes until then; of samples perhaps only one. */
    function schedule(m = null) {
      if (frame !== null) {
        if (pending !== m) pending = null; // more than one sample has changed
        return;
      }
      pending = m;
      frame = requestAnimationFrame(() => {
        frame = null;
        view.redraw(pending);
        show(pending);
      });
    }

    /** Shows the state at the end of a movement: in a view that holds it, and announced. */
    function settle() {
      view.refit();
      announce(show());
    }

    function show(m = null) {
      const { gradients: found, loss } = network.results(model.evaluation, question, names);
      const judged = gradients(found);
      if (m === null) parameters.update();
      samples.update(m);
      byId("loss").textContent = exact.text(loss);
      byId("loss").dataset.exact = exact.fullText(loss);
      byId("no-derivative").hidden = found !== null;
      showState(!tables.sameValues(model.values, original), judged);
      return judged;
    }

    function showState(changed, judged) {
      const asked = [...new Map(judged.flatMap((row) => row.asked).map((asked) => [asked.key, asked.held])).values()];
      const held = asked.filter(Boolean).length;
      document.body.classList.toggle("changed", changed);
      byId("state").textContent = changed
        ? `Changed: ${held} of ${asked.length} asked hold.`
        : "All that was asked holds.";
      byId("back").disabled = !changed;
      for (const element of document.querySelectorAll(".when-changed")) element.hidden = !changed;
      for (const element of document.querySelectorAll(".when-unchanged")) element.hidden = changed;
    }

    /** Tells screen readers which gradients are others than last time. */
    function announce(judged) {
      const said = judged.map((row, i) => ({ label: data.rows[i].label, value: row.value }));
      const news = said.filter(({ value }, i) => before && before[i].value !== value).slice(0, 6);
      const list = news.map(({ label, value }) => `${label} is ${value === "0" ? "exactly 0" : value}`);
      if (before) byId("live").textContent = [byId("state").textContent, ...list].join(" ");
      before = said;
    }

    function describe() {
      const all = model.evaluation.runs.length;
      const shown = view.samples < all ? ` The first ${view.samples} of ${all} samples are shown; all count.` : "";
      const keys = "with the arrow keys (with Shift: ten steps)";
      if (view.overX) {
        byId("hint").textContent = `Drag a point, or move it ${keys}.`;
        byId("snapping").textContent =
          `Points keep to multiples of ${exact.text(view.grid.x)} in x and ${exact.text(view.grid.y)} in y.${shown}`;
      } else {
        const names = view.outputs > 1 ? " y[0,1] is the target of sample 0, output 1." : "";
        byId("picture-heading").textContent = "Targets and predictions, sample by sample";
        byId("hint").textContent =
          `The inputs are in the table of samples below.${names} Drag a target up or down, or move it ${keys}.`;
        byId("snapping").textContent = `Targets keep to multiples of ${exact.text(view.grid.y)}.${shown}`;
      }
      leftOut("parameters-left-out", parameters.leftOut, "parameters");
      leftOut("samples-left-out", samples.leftOut, "samples");
    }

    function leftOut(id, count, noun) {
      byId(id).textContent = count > 0 ? `${count} more ${noun} are not shown; the results include them.` : "";
    }

    byId("back").addEventListener("click", restore);
    new ResizeObserver(view.fitFrame).observe(byId("picture").parentElement);
    const layout = new ResizeObserver(followLayout);
    for (const id of ["board", "samples", "samples-scroll"]) layout.observe(byId(id));
    describe();
    announce(show());
  }

  /** Tells the style how much of the window the board takes, and readers whether the samples have more columns. */
  function followLayout() {
    document.documentElement.style.setProperty("--board", `${byId("board").offsetHeight}px`);
    const active = document.activeElement; // which a board that has grown may cover
    if (active.matches(".parameters input, .samples input")) active.scrollIntoView({ block: "nearest" });
    const around = byId("samples-scroll");
    const fits = around.scrollWidth <= around.clientWidth + 1;
    byId("sideways").hidden = fits;
    around.classList.toggle("sideways", !fits);
  }

  /** Whether the page's own arithmetic finds the gradients that the checker found. */
  function agrees({ gradients }, expected) {
    return (
      gradients !== null &&
      Object.entries(expected).every(([name, list]) =>
        list.every((v, i) => JSON.stringify(v) === JSON.stringify(exact.toJson(gradients[name][i]))),
      )
    );
  }

  start();
})();
