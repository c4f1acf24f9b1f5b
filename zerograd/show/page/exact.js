// Exact numbers: rationals over BigInt, and elements of one real number field Q(α).
//
// A number is a Rational, or an Algebraic where it is irrational. The functions of
// `zerograd.exact` take and return both; no float is involved but in `toFloat`, for drawing.
"use strict";

window.zerograd = window.zerograd || {};

window.zerograd.exact = (() => {
  // --- rationals ---

  /** n/d in lowest terms, d > 0. Made by `fraction` alone. */
  class Rational {
    constructor(n, d) {
      this.n = n;
      this.d = d;
    }
  }

  const ZERO = new Rational(0n, 1n);
  const ONE = new Rational(1n, 1n);

  const magnitude = (n) => (n < 0n ? -n : n);

  function greatestCommonDivisor(a, b) {
    while (b) [a, b] = [b, a % b];
    return magnitude(a);
  }

  /** n/d, reduced. Both are BigInt, d ≠ 0. */
  function fraction(n, d = 1n) {
    if (d === 1n) return new Rational(n, 1n);
    if (d < 0n) [n, d] = [-n, -d];
    const common = greatestCommonDivisor(n, d);
    return common === 1n ? new Rational(n, d) : new Rational(n / common, d / common);
  }

  function addRational(a, b) {
    if (a.d === 1n && b.d === 1n) return new Rational(a.n + b.n, 1n);
    return fraction(a.n * b.d + b.n * a.d, a.d * b.d);
  }

  function multiplyRational(a, b) {
    if (a.n === 0n || b.n === 0n) return ZERO;
    if (a.d === 1n && b.d === 1n) return new Rational(a.n * b.n, 1n);
    return fraction(a.n * b.n, a.d * b.d);
  }

  const negativeRational = (a) => new Rational(-a.n, a.d);
  const inverseRational = (a) => fraction(a.d, a.n);
  const signRational = (a) => (a.n > 0n ? 1 : a.n < 0n ? -1 : 0);
  const compareRational = (a, b) => signRational(addRational(a, negativeRational(b)));

  /** The greatest integer that is not above a, as BigInt. */
  function floorRational(a) {
    const quotient = a.n / a.d; // towards 0
    return a.n < 0n && quotient * a.d !== a.n ? quotient - 1n : quotient;
  }

  // --- polynomials in α: arrays of rationals from the constant up, without trailing zeros ---

  function trimmed(p) {
    let length = p.length;
    while (length && p[length - 1].n === 0n) length -= 1;
    return p.slice(0, length);
  }

  function addPolynomials(p, q) {
    const sum = [];
    for (let i = 0; i < Math.max(p.length, q.length); i += 1) {
      sum.push(addRational(p[i] || ZERO, q[i] || ZERO));
    }
    return trimmed(sum);
  }

  function multiplyPolynomials(p, q) {
    const product = Array(p.length + q.length).fill(ZERO);
    p.forEach((a, i) => {
      q.forEach((b, j) => {
        product[i + j] = addRational(product[i + j], multiplyRational(a, b));
      });
    });
    return trimmed(product);
  }

  /** The remainder of p divided by q ≠ 0. */
  function remainder(p, q) {
    const rest = [...p];
    const leading = inverseRational(q[q.length - 1]);
    for (let shift = p.length - q.length; shift >= 0; shift -= 1) {
      const factor = multiplyRational(rest[shift + q.length - 1], leading);
      if (factor.n === 0n) continue;
      q.forEach((c, i) => {
        rest[shift + i] = addRational(rest[shift + i], negativeRational(multiplyRational(factor, c)));
      });
    }
    return trimmed(rest.slice(0, q.length));
  }

  /** A greatest common divisor, with leading coefficient 1. */
  function polynomialDivisor(p, q) {
    while (q.length) [p, q] = [q, monic(remainder(p, q))];
    return monic(p);
  }

  function monic(p) {
    if (!p.length) return p;
    const factor = inverseRational(p[p.length - 1]);
    return p.map((c) => multiplyRational(c, factor));
  }

  function valueAt(p, at) {
    return p.reduceRight((value, c) => addRational(multiplyRational(value, at), c), ZERO);
  }

  /** [lowest, highest] such that every value of p on [low, high] lies between (Horner). */
  function enclose(p, low, high) {
    let bottom = ZERO;
    let top = ZERO;
    for (const c of [...p].reverse()) {
      const corners = [bottom, top].flatMap((end) => [multiplyRational(end, low), multiplyRational(end, high)]);
      corners.sort(compareRational);
      bottom = addRational(corners[0], c);
      top = addRational(corners[3], c);
    }
    return [bottom, top];
  }

  // --- the number field ---

  /** Q(α): α is the only root of a square-free polynomial between two ends that are no roots. */
  class NumberField {
    constructor(polynomial, low, high) {
      this.polynomial = polynomial;
      this.low = low;
      this.high = high;
      this.enclosures = [[low, high]];
    }

    /** An interval around α that shrinks as level = 0, 1, 2, … grows. */
    enclosure(level) {
      while (this.enclosures.length <= level) this.enclosures.push(this.refined());
      return this.enclosures[level];
    }

    refined() {
      let [low, high] = this.enclosures[this.enclosures.length - 1];
      const half = fraction(1n, 2n);
      const left = signRational(valueAt(this.polynomial, this.low));
      for (let step = 0; step < 8 * this.enclosures.length; step += 1) {
        const middle = multiplyRational(addRational(low, high), half);
        const found = signRational(valueAt(this.polynomial, middle));
        if (found === 0) return [middle, middle]; // α is rational after all
        if (found === left) low = middle;
        else high = middle;
      }
      return [low, high];
    }

    /** Whether p(α) = 0: whether α is a root of what p shares with the field's polynomial. */
    isRoot(p) {
      if (!p.length) return true;
      const divisor = polynomialDivisor(p, this.polynomial);
      const ends = [this.low, this.high].map((end) => signRational(valueAt(divisor, end)));
      return divisor.length > 1 && ends[0] !== ends[1];
    }
  }

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
  const NUMBER = /^([+-]?)(?:(\d+)\s*\/\s*(\d+)|(\d+)(?:\.(\d*))?|\.(\d+))$/;

  /** "3", "-2/3", "−2/3", "0.1" as a Rational; null for anything else. */
  function parse(text) {
    const plain = text.trim().replace("\u2212", "-");
    const match = plain.length > LONGEST_INPUT ? null : NUMBER.exec(plain);
    if (!match) return null;
    const [, minus, top, bottom, whole, places, onlyPlaces] = match;
    if (bottom !== undefined && BigInt(bottom) === 0n) return null;
    const decimals = places || onlyPlaces || "";
    const size =
      bottom === undefined
        ? fraction(BigInt((whole || "") + decimals), 10n ** BigInt(decimals.length))
        : fraction(BigInt(top), BigInt(bottom));
    return minus === "-" ? negativeRational(size) : size;
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
