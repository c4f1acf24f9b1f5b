"""Polynomials in one variable over the rationals, and the count of their real roots.

A polynomial is the tuple of its coefficients from the constant up, without trailing zeros;
the zero polynomial is ``()``.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise, zip_longest

Polynomial = tuple[Fraction, ...]


def polynomial(coefficients: Iterable[int | Fraction]) -> Polynomial:
    """The polynomial with these coefficients, trailing zeros dropped."""
    result = [Fraction(c) for c in coefficients]
    while result and not result[-1]:
        result.pop()
    return tuple(result)


def add(p: Polynomial, q: Polynomial) -> Polynomial:
    return polynomial(a + b for a, b in zip_longest(p, q, fillvalue=Fraction(0)))


def scale(p: Polynomial, factor: int | Fraction) -> Polynomial:
    return polynomial(factor * c for c in p)


def multiply(p: Polynomial, q: Polynomial) -> Polynomial:
    result = [Fraction(0)] * (len(p) + len(q))
    for i, a in enumerate(p):
        if a:
            for j, b in enumerate(q):
                result[i + j] += a * b
    return polynomial(result)


def divide(p: Polynomial, q: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Quotient and remainder. Raises ZeroDivisionError for ``q == ()``."""
    if not q:
        raise ZeroDivisionError("division by the zero polynomial")
    remainder = list(p)
    quotient = [Fraction(0)] * max(len(p) - len(q) + 1, 0)
    for shift in range(len(p) - len(q), -1, -1):
        factor = remainder[shift + len(q) - 1] / q[-1]
        quotient[shift] = factor
        if factor:
            for i, c in enumerate(q):
                remainder[shift + i] -= factor * c
    return polynomial(quotient), polynomial(remainder)


def gcd(p: Polynomial, q: Polynomial) -> Polynomial:
    """The monic greatest common divisor (``()`` only if both are zero)."""
    while q:
        p, q = q, _unit(divide(p, q)[1])
    return scale(p, 1 / p[-1]) if p else p


def _unit(p: Polynomial) -> Polynomial:
    """Divided by the size of its leading coefficient: else coefficients explode on Euclid's way."""
    return scale(p, 1 / abs(p[-1])) if p else p


def inverse(p: Polynomial, modulus: Polynomial) -> Polynomial:
    """The inverse of ``p`` modulo a coprime ``modulus`` (extended Euclid).

    Raises ZeroDivisionError if they share a factor.
    """
    r0, r1 = modulus, divide(p, modulus)[1]
    s0: Polynomial = ()
    s1 = polynomial([1])
    while r1:
        quotient, remainder = divide(r0, r1)
        factor = 1 / remainder[-1] if remainder else 1
        r0, r1 = r1, scale(remainder, factor)
        s0, s1 = s1, scale(add(s0, scale(multiply(quotient, s1), -1)), factor)
    if len(r0) != 1:
        raise ZeroDivisionError("the polynomials share a factor")
    return divide(scale(s0, 1 / r0[0]), modulus)[1]


def derivative(p: Polynomial) -> Polynomial:
    return polynomial(i * c for i, c in enumerate(p) if i)


def evaluate(p: Polynomial, at: Fraction) -> Fraction:
    value = Fraction(0)
    for c in reversed(p):
        value = value * at + c
    return value


def enclose(p: Polynomial, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """An interval that contains every value of ``p`` on [low, high] (Horner, interval arithmetic)."""
    bottom = top = Fraction(0)
    for c in reversed(p):
        corners = (bottom * low, bottom * high, top * low, top * high)
        bottom, top = min(corners) + c, max(corners) + c
    return bottom, top


def count_roots(p: Polynomial, low: Fraction, high: Fraction) -> int:
    """How many distinct real roots lie in (low, high], by Sturm's theorem.

    The theorem wants ends that are no multiple roots: so the chain is divided by the greatest common divisor
    of p and its derivative, which leaves that of a polynomial with the same roots, all simple.
    """
    chain = [p, derivative(p)]
    while chain[-1]:
        chain.append(_unit(scale(divide(chain[-2], chain[-1])[1], -1)))
    chain.pop()
    chain = [divide(q, chain[-1])[0] for q in chain]
    return _sign_changes(chain, low) - _sign_changes(chain, high)


def _sign_changes(chain: list[Polynomial], at: Fraction) -> int:
    values = [v for v in (evaluate(p, at) for p in chain) if v]
    return sum((a < 0) != (b < 0) for a, b in pairwise(values))
