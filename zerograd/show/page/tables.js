// The tables: gradients and what was asked of them, samples, and parameters to change.
//
// Each function builds its elements once and returns another that brings them up to date.
"use strict";

window.zerograd.tables = (() => {
  const { toFloat, text, fullText, sign, snap, stepped, same } = window.zerograd.exact;
  const { numberField } = window.zerograd.fields;
  const MOST_ROWS = 40; // samples, and parameters, that are shown
  const MOST_UNITS = 8; // entries of a vector in one cell

  /** A new element within another. */
  function make(parent, name, attributes = {}, content = "") {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = content;
    parent.append(element);
    return element;
  }

  /** Changes what an element says, if it says something else. */
  function say(element, content) {
    if (element.textContent !== content) element.textContent = content;
  }

  const vector = (texts) => {
    if (texts.length === 1) return texts[0];
    const shown = texts.length <= MOST_UNITS ? texts : [...texts.slice(0, MOST_UNITS - 1), "…"];
    return `(${shown.join(", ")})`;
  };

  // --- gradients ---

  function holds({ signs, some }, values) {
    const fits = (value) => signs.includes(sign(value));
    return some ? values.some(fits) : values.every(fits);
  }

  /** "5 zero, 3 positive": of an array that is shown in one row. */
  function countSigns(values) {
    const signs = values.map(sign);
    const words = [[0, "zero"], [1, "positive"], [-1, "negative"]];
    const counted = words.map(([s, word]) => [signs.filter((found) => found === s).length, word]);
    return counted.filter(([count]) => count).map(([count, word]) => `${count} ${word}`).join(", ");
  }

  /**
   * What a row says of something asked. That some entry is nonzero is ticked where one is: on entries that are
   * zero while another is not, it stands in parentheses.
   */
  function saidOf({ text: said, some }, held, own) {
    if (held === null) return `${said} ?`;
    if (some && held && own.every((v) => sign(v) === 0)) return `(${said})`;
    return `${said} ${held ? "✓" : "✗"}`;
  }

  /**
   * Of every row of the table: the text of its value, whether it is exactly 0, and for all that was asked
   * whether it holds (null where there is no derivative). What rows share has one `key`.
   */
  function judge(row, gradients) {
    const all = gradients && gradients[row.name];
    const own = all ? row.positions.map((position) => all[position]) : [];
    const asked = row.asked.map((relation) => {
      const held = all ? holds(relation, relation.positions.map((position) => all[position])) : null;
      const key = [row.name, relation.relation, ...relation.positions].join(" ");
      return { said: saidOf(relation, held, own), held, key };
    });
    if (!all) return { value: "no derivative", full: "", zero: false, asked };
    const single = own.length === 1;
    return {
      value: single ? text(own[0]) : countSigns(own),
      full: single ? fullText(own[0]) : "",
      zero: own.every((v) => sign(v) === 0),
      asked,
    };
  }

  function gradientTable(body, rows) {
    const cells = rows.map((row) => {
      const line = make(body, "tr", { "data-gradient": row.label });
      make(line, "th", { scope: "row" }, row.label);
      const value = make(make(line, "td", { class: "value" }), "span", { class: "exact" });
      const note = make(value.parentElement, "span", { class: "pill" });
      const asked = make(line, "td", { class: "asked" });
      return { line, value, note, marks: row.asked.map(() => make(asked, "span", { class: "relation" })) };
    });
    return (gradients) => {
      const judged = rows.map((row) => judge(row, gradients));
      judged.forEach(({ value, full, zero, asked }, i) => {
        const cell = cells[i];
        say(cell.value, value);
        cell.line.dataset.exact = full;
        say(cell.note, zero ? "exactly 0" : "");
        cell.line.classList.toggle("broken", asked.some(({ held }) => held === false));
        asked.forEach(({ said }, j) => say(cell.marks[j], said));
      });
      return judged;
    };
  }

  // --- parameters ---

  /** A field and a slider for each of the first parameters. `change(name, position, value, over)`. */
  function parameterList(parent, model, labels, change) {
    const sites = Object.entries(labels).flatMap(([name, list]) =>
      list.map((label, position) => ({ name, position, label })),
    );
    const updates = sites.slice(0, MOST_ROWS).map((site) => parameterRow(parent, model, site, change));
    return { update: () => updates.forEach((update) => update()), leftOut: sites.length - updates.length };
  }

  function parameterRow(parent, model, { name, position, label }, change) {
    const read = () => model.values[name][position];
    const reach = Math.max(4, 2 ** Math.ceil(Math.log2(2 * Math.abs(toFloat(read())) || 1)));
    const step = window.zerograd.graph.niceStep(reach / 40);
    const row = make(parent, "div", { class: "parameter" });
    make(row, "span", { class: "name", "aria-hidden": "true" }, label);
    const field = numberField(row, label, read, (value) => change(name, position, value, true), () => step);
    const slider = make(row, "input", {
      type: "range", min: -reach, max: reach, step: "any", "aria-label": `${label}, slider`,
    });
    const moved = (over) => change(name, position, snap(Number(slider.value), step), over);
    slider.addEventListener("input", () => moved(false));
    slider.addEventListener("change", () => moved(true));
    slider.addEventListener("keydown", (event) => {
      const count = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
      if (!count) return;
      event.preventDefault();
      change(name, position, stepped(read(), step, event.shiftKey ? 10 * count : count), true);
    });
    return () => {
      field();
      if (document.activeElement !== slider || !slider.matches(":active")) slider.value = toFloat(read());
      slider.setAttribute("aria-valuetext", text(read()));
    };
  }

  // --- samples ---

  function unitText(unit) {
    const word = unit.onKink ? (unit.slope === null ? "on kink, no slope" : "on kink") : unit.word;
    return [text(unit.z), word].filter(Boolean).join(" ");
  }

  /** The columns between x and ŷ. Of a linear layer z and a are the same, and so are z and ŷ of the last. */
  function layerColumns(layers) {
    return layers.flatMap((layer, l) => {
      const number = l + 1;
      const bends = layer.pieces.length > 1;
      const last = number === layers.length;
      const z = { heading: bends || last ? `z${number}` : `z${number} = a${number}` };
      z.read = (run) => vector(run.layers[l].map(unitText));
      const a = { heading: `a${number}`, read: (run) => vector(run.layers[l].map((unit) => text(unit.a))) };
      return [...(bends || !last ? [z] : []), ...(bends && !last ? [a] : [])];
    });
  }

  /**
   * One row for each of the first samples. `change(name, position, value, sample)`. What is updated is the row of
   * one sample, or every row.
   */
  function sampleTable(table, model, grid, change) {
    const { layers, inputs } = model.question;
    const outputs = layers[layers.length - 1].units;
    const columns = layerColumns(layers);
    const head = make(make(table, "thead"), "tr");
    for (const heading of ["sample", "x", ...columns.map((column) => column.heading), "ŷ", "y", "r"]) {
      make(head, "th", { scope: "col" }, heading);
    }
    const body = make(table, "tbody");
    const shown = Math.min(model.evaluation.runs.length, MOST_ROWS);
    const rows = Array.from({ length: shown }, (_, m) => sampleRow(body, m));

    function sampleRow(parent, m) {
      const line = make(parent, "tr", { "data-sample": m });
      make(line, "th", { scope: "row" }, String(m));
      const fields = fieldsOf(make(line, "td", { class: "fields" }), "x", m, inputs);
      const middle = columns.map(() => make(line, "td"));
      const prediction = make(line, "td");
      fields.push(...fieldsOf(make(line, "td", { class: "fields" }), "y", m, outputs));
      const difference = make(line, "td");
      return () => {
        const run = model.evaluation.runs[m];
        fields.forEach((update) => update());
        columns.forEach((column, i) => say(middle[i], column.read(run)));
        say(prediction, vector(run.yHat.map(text)));
        say(difference, vector(run.r.map(text)));
      };
    }

    function fieldsOf(cell, name, m, width) {
      const count = Math.min(width, MOST_UNITS);
      const made = Array.from({ length: count }, (_, i) => {
        const position = m * width + i;
        const label = width > 1 ? `${name} of sample ${m}, entry ${i}` : `${name} of sample ${m}`;
        const write = (value) => change(name, position, value, m);
        return numberField(cell, label, () => model.values[name][position], write, () => grid[name]);
      });
      if (width > count) make(cell, "span", {}, " …");
      return made;
    }

    function update(m = null) {
      for (const row of m === null ? rows : rows.slice(m, m + 1)) row();
    }

    return { update, leftOut: model.evaluation.runs.length - shown };
  }

  /** Whether two sets of values are the same numbers. */
  function sameValues(a, b) {
    return Object.entries(a).every(([name, list]) => list.every((v, i) => same(v, b[name][i])));
  }

  return { gradientTable, parameterList, sampleTable, sameValues };
})();
