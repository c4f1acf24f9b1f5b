// The picture: data points to drag, the network's predictions, and the residuals between them.
//
// With one input and one output it is the graph of the function over x. For any other shape it
// shows predictions and targets over the number of the sample, and points move up and down alone.
"use strict";

window.zerograd.picture = (() => {
  const { toFloat, sign, snap, stepped, text } = window.zerograd.exact;
  const { niceStep, ticks, tickText, spread, floatFunction, graphPoints } = window.zerograd.graph;
  const { choose, besideBar, besidePoint } = window.zerograd.placing;
  const SVG = "http://www.w3.org/2000/svg";
  const MOST_SAMPLES = 40; // that are drawn
  const MOST_OUTPUTS = 4;
  const MOST_LABELS = 12;
  const BASELINE = 4.5; // of a text, below its middle
  const MARGIN = { left: 46, right: 14, top: 24, bottom: 30 };
  const SHAPES = [
    "M-6 0A6 6 0 1 0 6 0A6 6 0 1 0 -6 0Z",
    "M-5.5 -5.5H5.5V5.5H-5.5Z",
    "M0 -7L6.5 5H-6.5Z",
    "M0 -7.5L7.5 0L0 7.5L-7.5 0Z",
  ];

  /** A new SVG element within another. */
  function draw(parent, name, attributes = {}, content = "") {
    const element = document.createElementNS(SVG, name);
    set(element, attributes);
    element.textContent = content;
    parent.append(element);
    return element;
  }

  function set(element, attributes) {
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  }

  /** Whether a gradient comes through to the first layer: no layer has slope 0 throughout. */
  const passes = (run) =>
    run.layers.every((units) => units.some((unit) => unit.slope === null || unit.slope.n !== 0n));

  /** What a bar says: a long number is only about right there, and in full in the table. */
  function brief(residual) {
    const full = text(residual);
    if (full.length <= 12) return `r = ${full}`;
    return `r ≈ ${tickText(Number(toFloat(residual).toPrecision(3)))}`;
  }

  /**
   * The picture in an <svg>. `model` is the page's state (question, values, evaluation); `move` is called
   * with (sample, output, x or null, y, whether the movement is over).
   */
  function create(svg, model, move) {
    const outputs = model.question.layers[model.question.layers.length - 1].units;
    const overX = model.question.inputs === 1 && outputs === 1;
    const samples = Math.min(model.evaluation.runs.length, MOST_SAMPLES);
    const labelled = samples * Math.min(outputs, MOST_OUTPUTS) <= MOST_LABELS;
    const crowded = samples * Math.min(outputs, MOST_OUTPUTS) > 2 * MOST_LABELS;
    const view = { x: [0, 1], y: [0, 1], width: 640, height: 420 };
    const grid = {};

    svg.classList.toggle("crowded", crowded);
    const axes = draw(svg, "g", { "aria-hidden": "true" });
    const clip = draw(draw(draw(svg, "defs"), "clipPath", { id: "plot" }), "rect");
    const plot = draw(svg, "g", { "clip-path": "url(#plot)", "aria-hidden": "true" });
    const bendMarks = draw(plot, "g", { class: "bends" });
    const curve = draw(plot, "path", { class: "curve" });
    const bars = draw(plot, "g");
    const values = draw(plot, "g"); // above all bars, so that none strikes them out
    let line = []; // the curve, as drawn
    const marks = allMarks();

    /** The graphical elements of every data point. They stay the same while they are dragged. */
    function allMarks() {
      const made = [];
      for (let m = 0; m < samples; m += 1) {
        for (let k = 0; k < Math.min(outputs, MOST_OUTPUTS); k += 1) made.push(makeMark(m, k));
      }
      return made;
    }

    function makeMark(m, k) {
      const bar = draw(bars, "path", { class: "residual" });
      const value = draw(values, "text", { class: "residual-value" });
      const handle = draw(svg, "g", {
        class: "point", tabindex: "0", role: "slider", "data-sample": m, "data-output": k,
        "aria-roledescription": overX ? "data point, moves both ways" : "target, moves up and down",
        "aria-label": outputs > 1 ? `Sample ${m}, output ${k}` : `Sample ${m}`,
      });
      draw(handle, "circle", { r: 22, class: "reach" });
      draw(handle, "circle", { r: 11, class: "ring" });
      draw(handle, "path", { d: SHAPES[k], class: "mark" });
      const number = draw(handle, "text", { class: "number" }, outputs > 1 ? `y[${m},${k}]` : `${m}`);
      const mark = { m, k, bar, value, handle, number, places: [null, null] };
      listen(mark);
      return mark;
    }

    // --- from numbers to places, and back ---

    function place(axis, value) {
      const [low, high] = view[axis];
      const share = (value - low) / (high - low);
      const found =
        axis === "x"
          ? MARGIN.left + share * (view.width - MARGIN.left - MARGIN.right)
          : view.height - MARGIN.bottom - share * (view.height - MARGIN.top - MARGIN.bottom);
      return Math.max(-1e4, Math.min(1e4, Number.isFinite(found) ? found : 1e4));
    }

    function unplace(axis, at) {
      const [low, high] = view[axis];
      const share =
        axis === "x"
          ? (at - MARGIN.left) / (view.width - MARGIN.left - MARGIN.right)
          : (view.height - MARGIN.bottom - at) / (view.height - MARGIN.top - MARGIN.bottom);
      return low + (high - low) * Math.max(0, Math.min(1, share));
    }

    const xOf = (m) => model.values.x[m]; // with one input
    const yOf = (m, k) => model.values.y[m * outputs + k];
    const across = (m, k) =>
      overX ? toFloat(xOf(m)) : m + (k - (Math.min(outputs, MOST_OUTPUTS) - 1) / 2) * 0.18;

    /** A view that holds all points and predictions. */
    function fit() {
      const heights = marks.flatMap(({ m, k }) => [
        toFloat(yOf(m, k)),
        toFloat(model.evaluation.runs[m].yHat[k]),
      ]);
      view.x = overX ? spread(marks.map(({ m }) => toFloat(xOf(m)))) : [-0.6, samples - 0.4];
      view.y = spread([...heights, ...(overX ? [0] : [])]);
      if (!grid.x) {
        grid.x = niceStep((view.x[1] - view.x[0]) / 32);
        grid.y = niceStep((view.y[1] - view.y[0]) / 32);
      }
    }

    // --- drawing ---

    /** The room that the page's style gives to the picture. */
    const frame = () => [Math.max(svg.parentElement.clientWidth, 200), Math.max(svg.parentElement.clientHeight, 160)];

    function resize() {
      [view.width, view.height] = frame();
      set(svg, { viewBox: `0 0 ${view.width} ${view.height}`, width: view.width, height: view.height });
      set(clip, {
        x: MARGIN.left, y: MARGIN.top,
        width: view.width - MARGIN.left - MARGIN.right, height: view.height - MARGIN.top - MARGIN.bottom,
      });
    }

    function drawAxes() {
      axes.replaceChildren();
      const right = view.width - MARGIN.right;
      const bottom = view.height - MARGIN.bottom;
      for (const value of ticks(...view.y, 6)) {
        const at = place("y", value);
        const kind = value === 0 ? "zero" : "rule";
        draw(axes, "line", { class: kind, x1: MARGIN.left, x2: right, y1: at, y2: at });
        draw(axes, "text", { class: "tick", x: MARGIN.left - 6, y: at + 4, "text-anchor": "end" }, tickText(value));
      }
      for (const value of ticks(...view.x, Math.max(3, Math.floor(view.width / 80)))) {
        if (!overX && (!Number.isInteger(value) || value < 0 || value >= samples)) continue;
        const at = place("x", value);
        if (overX) {
          draw(axes, "line", {
            class: value === 0 ? "zero" : "rule", x1: at, x2: at, y1: MARGIN.top, y2: bottom,
          });
        }
        draw(axes, "text", { class: "tick", x: at, y: bottom + 16, "text-anchor": "middle" }, tickText(value));
      }
      draw(axes, "text", { class: "axis", x: right, y: view.height - 2, "text-anchor": "end" }, overX ? "x" : "sample");
      draw(axes, "text", { class: "axis", x: 4, y: 12 }, overX ? "y" : "ŷ, y");
    }

    function drawCurve() {
      if (!overX) return;
      const evaluate = floatFunction(model.question, model.values);
      const { points, bends } = graphPoints(evaluate, ...view.x, 240);
      line = points.map(([x, y]) => [place("x", x), place("y", y)]);
      set(curve, { d: `M${line.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L")}` });
      bendMarks.replaceChildren();
      for (const [x] of bends.slice(0, 24)) {
        const at = place("x", x);
        draw(bendMarks, "line", { x1: at, x2: at, y1: MARGIN.top, y2: view.height - MARGIN.bottom });
      }
    }

    /** Where a point stands, and where its bar ends. */
    function ends({ m, k }) {
      const run = model.evaluation.runs[m];
      return { at: place("x", across(m, k)), top: place("y", toFloat(yOf(m, k))), end: place("y", toFloat(run.yHat[k])) };
    }

    function drawMark(mark) {
      const { m, k, bar, value, handle } = mark;
      const run = model.evaluation.runs[m];
      const { at, top, end } = ends(mark);
      const residual = text(run.r[k]);
      set(bar, { d: `M${at} ${top}V${end}M${at - 7} ${end}H${at + 7}` });
      value.textContent = labelled && sign(run.r[k]) !== 0 ? brief(run.r[k]) : "";
      const position = `y = ${text(yOf(m, k))}, prediction ${text(run.yHat[k])}, residual ${residual}`;
      set(handle, {
        transform: `translate(${at} ${top})`,
        class: passes(run) ? "point" : "point hollow",
        "aria-valuenow": toFloat(yOf(m, k)),
        "aria-valuetext": overX ? `x = ${text(xOf(m))}, ${position}` : position,
      });
    }

    /** Puts every label where there is room for it. Those that can stay where they are do. */
    function placeLabels() {
      const places = marks.map(ends);
      const scene = {
        room: {
          left: MARGIN.left, right: view.width - MARGIN.right + 4,
          top: MARGIN.top - 8, bottom: view.height - MARGIN.bottom,
        },
        marks: places.flatMap(({ at, top, end }) => [
          { left: at - 3, right: at + 3, top: Math.min(top, end), bottom: Math.max(top, end) },
          { left: at - 8, right: at + 8, top: end - 2, bottom: end + 2 },
          { left: at - 12, right: at + 12, top: top - 11, bottom: top + 11 },
        ]),
        labels: [],
        curve: line,
      };
      marks.forEach((mark, i) => {
        const { at, top, end } = places[i];
        const around = besidePoint(at, top, end > top);
        const found = crowded ? null : putLabel(mark, 0, mark.number, around, scene);
        const { x, y, anchor } = found || around[0];
        set(mark.number, { x: x - at, y: y - top + BASELINE, "text-anchor": anchor });
      });
      marks.forEach((mark, i) => {
        if (!mark.value.textContent) return;
        const { at, top, end } = places[i];
        const found = putLabel(mark, 1, mark.value, besideBar(at, top, end), scene);
        if (found) set(mark.value, { x: found.x, y: found.y + BASELINE, "text-anchor": found.anchor });
        else mark.value.textContent = ""; // no room at all; the table has it
      });
    }

    function putLabel(mark, which, element, around, scene) {
      const found = choose(around, element.getComputedTextLength() + 4, scene, mark.places[which]);
      mark.places[which] = found && found.index;
      if (found) scene.labels.push(found.box);
      return found && found.place;
    }

    /** Function and points, or the points of one sample: its data alone do not move the function. */
    function redraw(m = null) {
      if (m === null) drawCurve();
      for (const mark of marks) if (m === null || mark.m === m || labelled) drawMark(mark);
      if (!crowded || labelled) placeLabels();
    }

    /** Draws everything anew, in a view that holds all of it. */
    function refit() {
      resize();
      fit();
      drawAxes();
      for (const mark of marks) mark.places = [null, null];
      redraw();
    }

    /** Follows the room that the page gives. */
    function fitFrame() {
      const [width, height] = frame();
      if (width !== view.width || height !== view.height) refit();
    }

    // --- movement ---

    function listen(mark) {
      const { m, k, handle } = mark;
      let grip = null; // where the point was taken hold of, relative to its middle

      function dragged(event, over) {
        const box = svg.getBoundingClientRect();
        const scale = view.width / box.width;
        const at = [(event.clientX - box.left) * scale - grip[0], (event.clientY - box.top) * scale - grip[1]];
        const x = overX ? snap(unplace("x", at[0]), grid.x) : null;
        move(m, k, x, snap(unplace("y", at[1]), grid.y), over);
      }

      handle.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        const box = svg.getBoundingClientRect();
        const scale = view.width / box.width;
        grip = [
          (event.clientX - box.left) * scale - place("x", across(m, k)),
          (event.clientY - box.top) * scale - place("y", toFloat(yOf(m, k))),
        ];
        handle.setPointerCapture(event.pointerId);
        handle.focus({ preventScroll: true });
        event.preventDefault();
      });
      handle.addEventListener("pointermove", (event) => {
        if (grip) dragged(event, false);
      });
      for (const kind of ["pointerup", "pointercancel"]) {
        handle.addEventListener(kind, () => {
          if (!grip) return;
          grip = null;
          move(m, k, null, null, true);
        });
      }
      handle.addEventListener("keydown", (event) => {
        const count = event.shiftKey ? 10 : 1;
        const ways = {
          ArrowUp: [0, count], ArrowDown: [0, -count], ArrowRight: [count, 0], ArrowLeft: [-count, 0],
        };
        const way = ways[event.key];
        if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        const x = overX && way[0] ? stepped(xOf(m), grid.x, way[0]) : null;
        const y = way[1] ? stepped(yOf(m, k), grid.y, way[1]) : null;
        if (x || y) move(m, k, x, y, true);
      });
    }

    refit();
    return { redraw, refit, fitFrame, grid, overX, samples, outputs: Math.min(outputs, MOST_OUTPUTS) };
  }

  return { create };
})();
