// What a picture needs before it is drawn: steps, ticks, ranges, and the graph of the function.
//
// All of this is in floats: it decides where lines are drawn, and nothing that the page says.
"use strict";

window.zerograd.graph = (() => {
  const { toFloat, fraction, multiply } = window.zerograd.exact;

  /** The largest of …, 1/50, 1/20, 1/10, 1/4, 1/2, 1, 2, 5, 10, … that is not above a float. */
  function niceStep(limit) {
    if (!(limit > 0) || !Number.isFinite(limit)) return fraction(1n, 10n);
    const power = Math.floor(Math.log10(limit));
    const unit = power >= 0 ? fraction(10n ** BigInt(power)) : fraction(1n, 10n ** BigInt(-power));
    const middle = power === -1 ? fraction(5n, 2n) : fraction(2n); // a quarter is rounder than a fifth
    const candidates = [fraction(5n), middle, fraction(1n)].map((c) => multiply(c, unit));
    return candidates.find((c) => toFloat(c) <= limit) || unit;
  }

  /** Where axes are labelled: about `most` multiples of 1, 2 or 5 times a power of ten. */
  function ticks(low, high, most) {
    const raw = (high - low) / most;
    const unit = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((c) => c * unit).find((c) => c >= raw);
    const found = [];
    for (let i = Math.ceil(low / step); i * step <= high && found.length < 50; i += 1) found.push(i * step);
    return found;
  }

  const tickText = (value) => String(Number(value.toPrecision(6))).replaceAll("-", "\u2212");

  /** Lowest and highest of some floats, with room around them. */
  function spread(numbers) {
    const finite = numbers.filter(Number.isFinite);
    const low = Math.min(...finite);
    const high = Math.max(...finite);
    if (!finite.length) return [-1, 1];
    const room = Math.max((high - low) * 0.18, 0.5 * Math.max(1e-300, high === low ? Math.abs(low) || 1 : 0));
    return [low - room, high + room];
  }

  /** The network as a function of floats, for drawing alone: x to [ŷ, activation pattern]. */
  function floatFunction(question, values) {
    const numbers = (list) => list.map(toFloat);
    const layers = question.layers.map((layer, l) => ({
      weights: numbers(values[`w${l + 1}`]),
      bias: values[`b${l + 1}`] ? numbers(values[`b${l + 1}`]) : null,
      pieces: layer.pieces.map(({ high, slope, offset }) => ({
        high: high === null ? Infinity : toFloat(high), slope: toFloat(slope), offset: toFloat(offset),
      })),
      units: layer.units,
    }));
    return (x) => {
      let below = [x];
      let pattern = "";
      for (const layer of layers) {
        const above = [];
        for (let i = 0; i < layer.units; i += 1) {
          let z = layer.bias ? layer.bias[i] : 0;
          for (let j = 0; j < below.length; j += 1) z += layer.weights[i * below.length + j] * below[j];
          const place = Math.max(layer.pieces.findIndex(({ high }) => z <= high), 0);
          const piece = layer.pieces[place];
          pattern += place;
          above.push(piece.slope * z + piece.offset);
        }
        below = above;
      }
      return [below[0], pattern];
    };
  }

  /** Points of the graph from low to high: evenly spaced ones, and where it bends between them. */
  function graphPoints(evaluate, low, high, count) {
    const points = [];
    const bends = [];
    let last = null;
    for (let i = 0; i <= count; i += 1) {
      const x = low + ((high - low) * i) / count;
      const [y, pattern] = evaluate(x);
      if (last && last.pattern !== pattern) {
        const bend = bendBetween(evaluate, last.x, x);
        points.push(bend);
        bends.push(bend);
      }
      points.push([x, y]);
      last = { x, pattern };
    }
    return { points, bends };
  }

  /** Where the activation pattern of `left` ends on the way to `right`. */
  function bendBetween(evaluate, left, right) {
    const [, pattern] = evaluate(left);
    for (let step = 0; step < 40; step += 1) {
      const middle = (left + right) / 2;
      if (evaluate(middle)[1] === pattern) left = middle;
      else right = middle;
    }
    return [right, evaluate(right)[0]];
  }

  return { niceStep, ticks, tickText, spread, floatFunction, graphPoints };
})();
