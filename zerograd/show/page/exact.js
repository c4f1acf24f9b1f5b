// Exact numbers: rationals, and elements of one real number field Q(α).
//
// A number is a Rational, or an Algebraic where it is irrational. The functions of
// `zerograd.exact` take and return both; no float is involved but in `toFloat`, for drawing.
"use strict";

window.zerograd.exact = (() => {
  const {
    Rational, ZERO, ONE, magnitude, fraction, addRational, multiplyRational, negativeRational, inverseRational,
    signRational, compareRational, floorRational, trimmed, addPolynomials, multiplyPolynomials, remainder, enclose,
    NumberField,
  } = window.zerograd.rational;

  /** c0 + c1·α + c2·α² + …, reduced modulo the field's polynomial. */
  class Algebraic {
    constructor(field, coefficients) {
      this.field = field;
      this.c = coefficients;
    }
  }

  /** The element with these coefficients; a Rational where only the constant is left. */
  function element(field, coefficients) {
    if (coefficients.length > 1) return new Algebraic(field, coefficients);
    return coefficients[0] || ZERO;
  }

  const coefficientsOf = (a) => (a instanceof Algebraic ? a.c : trimmed([a]));
  const fieldOf = (a, b) => (a instanceof Algebraic ? a.field : b.field);

  // --- what holds for both kinds ---

  function add(a, b) {
    if (a instanceof Rational && b instanceof Rational) return addRational(a, b);
    return element(fieldOf(a, b), addPolynomials(coefficientsOf(a), coefficientsOf(b)));
  }

  function multiply(a, b) {
    if (a instanceof Rational && b instanceof Rational) return multiplyRational(a, b);
    const field = fieldOf(a, b);
    const product = multiplyPolynomials(coefficientsOf(a), coefficientsOf(b));
    return element(field, remainder(product, field.polynomial));
  }

  function negative(a) {
    return a instanceof Rational ? negativeRational(a) : new Algebraic(a.field, a.c.map(negativeRational));
  }

  const subtract = (a, b) => add(a, negative(b));

  /** −1, 0 or 1, decided exactly. */
  function sign(a) {
    if (a instanceof Rational) return signRational(a);
    for (let level = 0; ; level += 1) {
      const [low, high] = enclose(a.c, ...a.field.enclosure(level));
      if (low.n > 0n) return 1;
      if (high.n < 0n) return -1;
      if (low.n === 0n && high.n === 0n) return 0;
      if (level === 3 && a.field.isRoot(a.c)) return 0;
    }
  }

  const compare = (a, b) => sign(subtract(a, b));

  function same(a, b) {
    if (a instanceof Rational && b instanceof Rational) return a.n === b.n && a.d === b.d;
    return a === b || compare(a, b) === 0;
  }

  /** A rational that agrees with the number in more digits than are ever shown. */
  function nearby(a) {
    if (a instanceof Rational) return a;
    if (sign(a) === 0) return ZERO;
    for (let level = 0; ; level += 1) {
      const [low, high] = enclose(a.c, ...a.field.enclosure(level));
      const width = addRational(high, negativeRational(low));
      const size = fraction(magnitude(low.n), low.d);
      const excluded = signRational(low) * signRational(high) > 0;
      if (excluded && compareRational(multiplyRational(width, fraction(10n ** 12n)), size) < 0) {
        return multiplyRational(addRational(low, high), fraction(1n, 2n));
      }
    }
  }

  /** About the same number as a float, for drawing. Infinite beyond the range of floats. */
  function toFloat(a) {
    const { n, d } = nearby(a);
    const quotient = Number(n) / Number(d);
    if (Number.isFinite(quotient) && (quotient !== 0 || n === 0n)) return quotient;
    // Numerator or denominator alone is beyond the range of floats: leave out what both can spare.
    const spare = BigInt(4 * Math.max(0, Math.max(n.toString(16).length, d.toString(16).length) - 250));
    return Number(n >> spare) / Number(d >> spare);
  }

  // --- reading and writing ---

  const LONGEST_INPUT = 60;
  const LARGEST_EXPONENT = 60;
  const NUMBER = /^([+-]?)(?:(\d+)\s*\/\s*(\d+)|(?:(\d+)(?:\.(\d*)|,(?!\d{3}$)(\d+))?|\.(\d+))(?:[eE]([+-]?\d+))?)$/;

  /** "3", "-2/3", "−2/3", "0.1", "0,1", "1e3" as a Rational; null for anything else, "1,000" among it. */
  function parse(text) {
    const plain = text.trim().replaceAll("\u2212", "-");
    const match = plain.length > LONGEST_INPUT ? null : NUMBER.exec(plain);
    if (!match) return null;
    const [, minus, top, bottom, whole, places, afterComma, onlyPlaces, exponent] = match;
    if (bottom !== undefined && BigInt(bottom) === 0n) return null;
    if (Math.abs(Number(exponent || 0)) > LARGEST_EXPONENT) return null;
    const decimals = places || afterComma || onlyPlaces || "";
    const size =
      bottom === undefined
        ? timesPowerOfTen(BigInt((whole || "") + decimals), Number(exponent || 0) - decimals.length)
        : fraction(BigInt(top), BigInt(bottom));
    return minus === "-" ? negativeRational(size) : size;
  }

  function timesPowerOfTen(n, power) {
    return power < 0 ? fraction(n, 10n ** BigInt(-power)) : fraction(n * 10n ** BigInt(power));
  }

  /** "p/q" as a Rational, of any length. */
  function rationalFromText(text) {
    const [top, bottom] = String(text).split("/");
    return fraction(BigInt(top), BigInt(bottom || "1"));
  }

  /** The inverse of `toJson`. `field` may be null where no number is irrational. */
  function fromJson(data, field) {
    if (typeof data !== "object") return rationalFromText(data);
    return element(field, trimmed(data.alpha.map(rationalFromText)));
  }

  /** "p/q", or {"alpha": [c0, c1, …]}: as in the documents of zerograd. */
  function toJson(a) {
    return a instanceof Rational ? rationalText(a) : { alpha: a.c.map(rationalText) };
  }

  function fieldFromJson(data) {
    if (!data) return null;
    const [low, high] = data.interval.map(rationalFromText);
    return new NumberField(data.polynomial.map(rationalFromText), low, high);
  }

  const rationalText = (a) => (a.d === 1n ? String(a.n) : `${a.n}/${a.d}`);

  /** Every digit, with an ASCII minus: "-2/3", "1/2·α - 1". */
  function fullText(a) {
    if (a instanceof Rational) return rationalText(a);
    const terms = a.c.map(term).filter(Boolean).reverse();
    const [first, ...others] = terms;
    const head = (first.minus ? "-" : "") + first.text;
    return [head, ...others.map((t) => `${t.minus ? "-" : "+"} ${t.text}`)].join(" ");
  }

  /** One term of a polynomial in α, its sign apart; null for 0. */
  function term(coefficient, power) {
    if (coefficient.n === 0n) return null;
    const symbol = power === 0 ? "" : power === 1 ? "α" : `α^${power}`;
    const size = rationalText(fraction(magnitude(coefficient.n), coefficient.d));
    const text = !symbol ? size : size === "1" ? symbol : `${size}·${symbol}`;
    return { minus: coefficient.n < 0n, text };
  }

  const LONGEST = 24; // characters of a number that is written out
  const DIGITS = 6;

  /** For people: "−2/3", "1/2·α ≈ 0.707107", or "≈1.2345e−40" for a number too long to write out. */
  function text(a) {
    const full = fullText(a);
    let shown = full;
    if (a instanceof Rational) {
      if (full.length > LONGEST) shown = `≈${decimalText(a)}`;
    } else {
      const long = full.length > 2 * LONGEST || a.c.some((c) => rationalText(c).length > LONGEST);
      shown = long ? `≈${decimalText(a)}` : `${full} ≈ ${decimalText(a)}`;
    }
    return shown.replaceAll("-", "\u2212");
  }

  /** Six significant digits, whatever the size of the number. */
  function decimalText(a) {
    const near = nearby(a);
    if (near.n === 0n) return "0";
    const size = magnitude(near.n);
    let exponent = String(size).length - String(near.d).length;
    let digits = scaled(size, near.d, DIGITS - 1 - exponent);
    if (digits < 10n ** BigInt(DIGITS - 1)) {
      exponent -= 1;
      digits = scaled(size, near.d, DIGITS - 1 - exponent);
    }
    if (digits >= 10n ** BigInt(DIGITS)) {
      exponent += 1;
      digits /= 10n;
    }
    const minus = near.n < 0n ? "-" : "";
    return minus + placed(String(digits).replace(/0+$/, ""), exponent);
  }

  /** n/d times a power of ten, rounded. */
  function scaled(n, d, power) {
    if (power >= 0) n *= 10n ** BigInt(power);
    else d *= 10n ** BigInt(-power);
    return (2n * n + d) / (2n * d);
  }

  /** Digits with their decimal point: digits[0] stands for units of 10^exponent. */
  function placed(digits, exponent) {
    if (exponent < -DIGITS || exponent > DIGITS) {
      const rest = digits.slice(1);
      return `${digits[0]}${rest && "."}${rest}e${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
    }
    if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
    const padded = digits.padEnd(exponent + 1, "0");
    const places = padded.slice(exponent + 1);
    return padded.slice(0, exponent + 1) + (places && `.${places}`);
  }

  // --- a grid to snap to ---

  /** The multiple of `step` nearest to a float. */
  function snap(value, step) {
    const near = Math.round(value / toFloat(step));
    return Number.isFinite(near) ? multiplyRational(fraction(BigInt(near)), step) : ZERO;
  }

  /** `count` multiples of `step` up (or down, where negative), from wherever the number lies. */
  function stepped(a, step, count) {
    const ratio = multiplyRational(nearby(a), inverseRational(step));
    const down = floorRational(ratio);
    const start = count < 0 ? -floorRational(negativeRational(ratio)) : down;
    return multiplyRational(fraction(start + BigInt(count)), step);
  }

  return {
    ZERO, ONE, Rational, Algebraic, fraction, add, subtract, multiply, negative, sign, compare, same,
    toFloat, parse, fromJson, toJson, fieldFromJson, fullText, text, snap, stepped,
  };
})();
