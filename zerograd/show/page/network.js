// The network, forwards and backwards, in exact arithmetic.
//
// `question` is what the page was written with: the widths, for each layer the pieces of its
// activation with the derivative at every kink (null where no sample may sit on one), and the `share` of
// the sum of squared residuals that the loss is. `values` holds w1, b1, …, x and y as flat
// arrays in row-major order. Reverse mode: Griewank and Walther, Evaluating Derivatives, §3.2.
"use strict";

window.zerograd.network = (() => {
  const { ZERO, ONE, fraction, add, subtract, multiply, sign, compare } = window.zerograd.exact;

  /** Strings become exact numbers. */
  function readQuestion(data) {
    const exact = window.zerograd.exact;
    const field = exact.fieldFromJson(data.field);
    const read = (v) => (v === null ? null : exact.fromJson(v, field));
    const layers = data.layers.map((layer) => ({
      ...layer,
      pieces: layer.pieces.map(({ word, high, slope, offset, slope_at_high }) => ({
        word, high: read(high), slope: read(slope), offset: read(offset), slopeAtHigh: read(slope_at_high),
      })),
    }));
    return { ...data, field, layers, factor: read(data.factor), share: read(data.share) };
  }

  function readValues(data, field) {
    const values = {};
    for (const [name, list] of Object.entries(data)) {
      values[name] = list.map((v) => window.zerograd.exact.fromJson(v, field));
    }
    return values;
  }

  const widthBelow = (question, number) => (number > 1 ? question.layers[number - 2].units : question.inputs);
  const outputsOf = (question) => question.layers[question.layers.length - 1].units;
  const samplesIn = (question, values) => values.x.length / question.inputs;

  function dot(a, b) {
    let sum = ZERO;
    for (let i = 0; i < a.length; i += 1) sum = add(sum, multiply(a[i], b[i]));
    return sum;
  }

  const rowOf = (flat, number, width) => flat.slice(number * width, (number + 1) * width);

  function columnOf(flat, number, width) {
    const column = [];
    for (let i = number; i < flat.length; i += width) column.push(flat[i]);
    return column;
  }

  /** a = φ(z) and the slope φ'(z): null on a kink where none is defined. */
  function activate(layer, z) {
    const piece = layer.pieces.find(({ high }) => high === null || compare(high, z) >= 0);
    const onKink = piece.high !== null && compare(piece.high, z) === 0;
    const a = add(multiply(piece.slope, z), piece.offset);
    return { z, a, word: piece.word, onKink, slope: onKink ? piece.slopeAtHigh : piece.slope };
  }

  /** Sample m through the network. `defined` is false where a unit has no derivative. */
  function forward(question, values, m) {
    const x = rowOf(values.x, m, question.inputs);
    let below = x;
    const layers = question.layers.map((layer, position) => {
      const weights = values[`w${position + 1}`];
      const bias = values[`b${position + 1}`];
      const units = Array.from({ length: layer.units }, (_, i) => {
        const sum = dot(rowOf(weights, i, below.length), below);
        return activate(layer, bias ? add(sum, bias[i]) : sum);
      });
      below = units.map((unit) => unit.a);
      return units;
    });
    const y = rowOf(values.y, m, below.length);
    const r = below.map((prediction, k) => subtract(prediction, y[k]));
    const defined = layers.every((units) => units.every((unit) => unit.slope !== null));
    return { x, y, layers, yHat: below, r, defined };
  }

  /** What one sample adds to ∂L/∂ of each parameter, without the factor, and its row of that of x. */
  function backward(question, values, run) {
    const parts = {};
    let upstream = run.r;
    for (let number = question.layers.length; number > 0; number -= 1) {
      const below = number > 1 ? run.layers[number - 2].map((unit) => unit.a) : run.x;
      const delta = run.layers[number - 1].map((unit, i) => multiply(upstream[i], unit.slope));
      parts[`w${number}`] = delta.flatMap((d) => below.map((a) => multiply(d, a)));
      if (values[`b${number}`]) parts[`b${number}`] = delta;
      const weights = values[`w${number}`];
      upstream = below.map((_, j) => dot(columnOf(weights, j, below.length), delta));
    }
    return { parts, x: upstream };
  }

  /** Adds (or, with `factor` −1, takes away) the part of one sample in the sums over all samples. */
  function accumulate(state, question, values, m, factor) {
    const run = state.runs[m];
    state.squares = add(state.squares, multiply(factor, dot(run.r, run.r)));
    if (!run.defined) {
      state.undefined += sign(factor);
      return;
    }
    const { parts, x } = backward(question, values, run);
    for (const [name, list] of Object.entries(parts)) {
      const sums = state.sums[name];
      list.forEach((v, i) => {
        sums[i] = add(sums[i], multiply(factor, v));
      });
    }
    x.forEach((v, i) => {
      state.sums.x[m * question.inputs + i] = v;
    });
  }

  /** The sums over all samples, from which `results` reads gradients and loss. */
  function evaluateAll(question, values) {
    const sums = { x: values.x.map(() => ZERO) };
    question.layers.forEach((_, position) => {
      for (const name of [`w${position + 1}`, `b${position + 1}`]) {
        if (values[name]) sums[name] = values[name].map(() => ZERO);
      }
    });
    const state = { runs: [], sums, squares: ZERO, undefined: 0 };
    for (let m = 0; m < samplesIn(question, values); m += 1) {
      state.runs.push(forward(question, values, m));
      accumulate(state, question, values, m, ONE);
    }
    return state;
  }

  /** The same sums after the data of sample m alone has changed. */
  function reevaluateSample(state, question, values, m) {
    accumulate(state, question, values, m, fraction(-1n));
    state.runs[m] = forward(question, values, m);
    accumulate(state, question, values, m, ONE);
  }

  /** ∂L/∂ of the names given (null if a sample sits on a kink without derivative), and the loss. */
  function results(state, question, names = Object.keys(state.sums)) {
    const gradients = {};
    for (const name of names) gradients[name] = state.sums[name].map((v) => multiply(v, question.factor));
    return {
      gradients: state.undefined ? null : gradients,
      loss: multiply(state.squares, question.share),
    };
  }

  return { readQuestion, readValues, forward, evaluateAll, reevaluateSample, results, outputsOf, widthBelow };
})();

/**
 * Loss, predictions and gradients of one network on one dataset. A pure function from documents to a document:
 * numbers are "p/q" or {"alpha": […]} on both sides; `gradients` is null where there is none.
 */
window.zerograd.evaluate = (questionData, valuesData) => {
  const { network, exact } = window.zerograd;
  const question = network.readQuestion(questionData);
  const values = network.readValues(valuesData, question.field);
  const state = network.evaluateAll(question, values);
  const { gradients, loss } = network.results(state, question);
  const written = (list) => list.map(exact.toJson);
  const byLayer = (key) =>
    question.layers.map((_, l) => state.runs.map((run) => written(run.layers[l].map((unit) => unit[key]))));
  return {
    loss: exact.toJson(loss),
    y_hat: state.runs.map((run) => written(run.yHat)),
    residuals: state.runs.map((run) => written(run.r)),
    z: byLayer("z"),
    a: byLayer("a"),
    on_kink: state.runs.flatMap((run, m) =>
      run.layers.flatMap((units, l) => units.flatMap((unit, i) => (unit.onKink ? [[l + 1, m, i]] : []))),
    ),
    gradients: gradients && Object.fromEntries(Object.entries(gradients).map(([k, v]) => [k, written(v)])),
  };
};
