// Rational numbers over BigInt, polynomials over them, and a real number field Q(α).
"use strict";

window.zerograd = window.zerograd || {};

window.zerograd.rational = (() => {
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

  return {
    Rational, ZERO, ONE, magnitude, fraction, addRational, multiplyRational, negativeRational, inverseRational,
    signRational, compareRational, floorRational, trimmed, addPolynomials, multiplyPolynomials, remainder, enclose,
    NumberField,
  };
})();
