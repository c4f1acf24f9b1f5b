// The map of units × samples, drawn from the table of letters beside it.
//
// A cell has a colour, a pattern, and where there is room a letter. Where units or samples are very many,
// one cell stands for several, and shows the state that says most.
"use strict";

window.zerograd = window.zerograd || {};
window.zerograd.map = (() => {
  const NAMES = { a: "active", k: "exactly on the kink", o: "off", s: "saturated", "?": "not known" };
  const COLOURS = { a: "--active", k: "--kink", o: "--off", s: "--saturated", "?": "--unknown" };
  const TELLING = "kos?a"; // of several, the state that is shown
  const MOST = 2048; // cells in a direction
  const LARGEST = 20; // pixels of a cell
  const TALLEST = 480; // pixels of a map whose cells can be smaller
  const LETTER = 12; // pixels from which a cell has its letter
  const PATTERN = 5; // pixels from which a cell has its pattern

  /** Makes the map of a `<details class="map">`; returns how to draw it, and how to mark units and samples. */
  function create(details) {
    const rows = [...details.querySelectorAll(".states td")].map((cell) => cell.textContent);
    const [samples, units] = [rows.length, rows.length ? rows[0].length : 0];
    const around = details.querySelector(".canvas");
    const readout = details.querySelector(".readout");
    if (!units) return { draw() {}, mark() {} };
    const canvas = document.createElement("canvas");
    const step = { x: Math.ceil(units / MOST), y: Math.ceil(samples / MOST) };
    const cells = { x: Math.ceil(units / step.x), y: Math.ceil(samples / step.y) };
    const at = { unit: 0, sample: 0 }; // the cell that the keyboard is at
    let marked = null; // units and samples that a cause is about
    let size = 1;
    around.append(canvas);
    around.hidden = false;
    around.tabIndex = 0;
    around.setAttribute("role", "application");
    around.setAttribute("aria-roledescription", "map");
    around.setAttribute("aria-label", "Units from left to right, samples from top to bottom: arrow keys read a cell");
    around.setAttribute("aria-describedby", `${details.id}-words`);

    /** The letters of a cell, which are several where one stands for many. */
    function lettersOf(x, y) {
      const rest = rows.slice(y * step.y, (y + 1) * step.y);
      return rest.map((row) => row.slice(x * step.x, (x + 1) * step.x)).join("");
    }

    function stateOf(x, y) {
      if (step.x === 1 && step.y === 1) return rows[y][x];
      const letters = lettersOf(x, y);
      return [...TELLING].find((letter) => letters.includes(letter));
    }

    /** Draws everything anew: for the room there is, in the colours of the moment. */
    function draw() {
      const room = around.clientWidth;
      if (!room) return;
      const least = cells.x > 1024 ? 1 : cells.x > 512 ? 2 : 4;
      size = Math.max(least, Math.min(LARGEST, Math.floor(room / cells.x), Math.floor(TALLEST / cells.y)));
      const ratio = cells.x * size > 4096 || cells.y * size > 4096 ? 1 : window.devicePixelRatio || 1;
      canvas.width = cells.x * size * ratio;
      canvas.height = cells.y * size * ratio;
      canvas.style.width = `${cells.x * size}px`;
      canvas.style.height = `${cells.y * size}px`;
      const style = getComputedStyle(document.documentElement);
      const colour = (name) => style.getPropertyValue(name).trim();
      const pen = canvas.getContext("2d");
      pen.scale(ratio, ratio);
      pen.font = `${Math.floor(size * 0.7)}px ${colour("--numbers")}`;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      const paints = Object.fromEntries(Object.entries(COLOURS).map(([key, name]) => [key, colour(name)]));
      const inks = { a: colour("--ink"), k: "#1d1f23", o: "#ffffff", s: "#ffffff", "?": colour("--ink") };
      const gap = size >= PATTERN ? 1 : 0;
      for (let y = 0; y < cells.y; y++) {
        for (let x = 0; x < cells.x; x++) {
          const state = stateOf(x, y);
          pen.fillStyle = paints[state];
          pen.fillRect(x * size, y * size, size - gap, size - gap);
          pen.fillStyle = pen.strokeStyle = inks[state];
          if (size >= LETTER) pen.fillText(state, (x + 0.5) * size - gap / 2, (y + 0.55) * size);
          else if (size >= PATTERN) pattern(pen, state, x * size, y * size, size - 1);
        }
      }
      if (marked) frame(pen, colour("--paper"), colour("--accent"));
      if (document.activeElement === around) {
        pen.lineWidth = 2;
        pen.strokeStyle = colour("--accent");
        const [x, y] = [Math.floor(at.unit / step.x), Math.floor(at.sample / step.y)];
        pen.strokeRect(x * size, y * size, size, size);
      }
    }

    /** What tells states apart without colours: a dot, a stroke, a frame. */
    function pattern(pen, state, x, y, side) {
      pen.lineWidth = 1;
      if (state === "k") pen.fillRect(x + side / 2 - 1, y + side / 2 - 1, 2, 2);
      if (state === "?") pen.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1);
      if (state === "s") {
        pen.beginPath();
        pen.moveTo(x, y + side);
        pen.lineTo(x + side, y);
        pen.stroke();
      }
    }

    const inUnits = (x) => !marked.units || span(x * step.x, step.x, units).some((i) => marked.units.has(i));
    const inSamples = (y) => !marked.samples || span(y * step.y, step.y, samples).some((i) => marked.samples.has(i));
    const span = (from, length, end) =>
      Array.from({ length: Math.min(length, end - from) }, (_, i) => from + i);

    /** Veils all cells but those that are marked. */
    function frame(pen, paper, accent) {
      const columns = Array.from({ length: cells.x }, (_, x) => inUnits(x));
      for (let y = 0; y < cells.y; y++) {
        const row = inSamples(y);
        for (let x = 0; x < cells.x; x++) {
          if (row && columns[x]) {
            pen.strokeStyle = accent;
            pen.lineWidth = size >= PATTERN ? 2 : 1;
            if (size >= PATTERN) pen.strokeRect(x * size + 1, y * size + 1, size - 3, size - 3);
          } else {
            pen.globalAlpha = 0.75;
            pen.fillStyle = paper;
            pen.fillRect(x * size, y * size, size, size);
            pen.globalAlpha = 1;
          }
        }
      }
    }

    function read() {
      const [x, y] = [Math.floor(at.unit / step.x), Math.floor(at.sample / step.y)];
      const letters = lettersOf(x, y);
      const several = (from, length, end, noun) =>
        length > 1 ? `${noun}s ${from}–${Math.min(from + length, end) - 1}` : `${noun} ${from}`;
      const which = `${several(y * step.y, step.y, samples, "sample")}, ${several(x * step.x, step.x, units, "unit")}`;
      const states = [...new Set(letters)].map((letter) => NAMES[letter]);
      readout.textContent = `${which}: ${states.join(", ")}`;
    }

    around.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (event.key === "Home") at.unit = 0;
      else if (event.key === "End") at.unit = units - 1;
      else if (move) {
        at.unit = Math.min(Math.max(at.unit + move[0] * step.x, 0), units - 1);
        at.sample = Math.min(Math.max(at.sample + move[1] * step.y, 0), samples - 1);
      } else return;
      event.preventDefault();
      event.stopPropagation();
      follow();
    });

    /** Draws and reads the cell that the keyboard is at, and keeps it in view. */
    function follow() {
      draw();
      read();
      const [x, y] = [Math.floor(at.unit / step.x) * size, Math.floor(at.sample / step.y) * size];
      const [right, bottom] = [x + size - around.clientWidth, y + size - around.clientHeight];
      around.scrollLeft = Math.min(x, Math.max(around.scrollLeft, right));
      around.scrollTop = Math.min(y, Math.max(around.scrollTop, bottom));
    }

    around.addEventListener("focus", follow);
    around.addEventListener("blur", draw);
    for (const kind of ["pointermove", "pointerdown"]) {
      canvas.addEventListener(kind, (event) => {
        const box = canvas.getBoundingClientRect();
        at.unit = Math.min(Math.floor((event.clientX - box.left) / size) * step.x, units - 1);
        at.sample = Math.min(Math.floor((event.clientY - box.top) / size) * step.y, samples - 1);
        read();
      });
    }
    details.addEventListener("toggle", draw);
    new ResizeObserver(draw).observe(around);
    draw();
    return {
      draw,
      /** Marks units and samples; null for all of them, both null for nothing. */
      mark(which) {
        if (!which && !marked) return;
        marked = which;
        draw();
      },
    };
  }

  return { create };
})();
