"""Polynomials with integer coefficients, for readers of proofs that read no fractions."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

from zerograd.core.numbers.polynomial import Polynomial


def denominator(p: Polynomial) -> int:
    """The least d above 0 for which d·p has integer coefficients."""
    return lcm(1, *(c.denominator for c in p.terms.values()))


def cleared(p: Polynomial) -> Polynomial:
    """d·p, with integer coefficients."""
    return p * denominator(p)


def factors(p: Polynomial, q: Polynomial) -> tuple[int, int]:
    """d and h with d·p = h·q, for polynomials that differ by a factor."""
    if not p:
        return 1, 1
    monomial = max(p.terms)
    return (q.terms[monomial] / p.terms[monomial]).as_integer_ratio()


def divided(p: Polynomial, name: str, value: Fraction) -> Polynomial:
    """q with p = (name − value)·q + what p is at that value, by Horner's rule."""
    zero, variable = Polynomial.constant(0), Polynomial.variable(name)
    by_degree: dict[int, Polynomial] = {}
    for monomial, c in p.terms.items():
        powers = dict(monomial)
        degree = powers.pop(name, 0)
        by_degree[degree] = by_degree.get(degree, zero) + Polynomial({tuple(sorted(powers.items())): c})
    quotient = running = zero
    for degree in range(max(by_degree, default=0), 0, -1):
        running = running * value + by_degree.get(degree, zero)
        quotient = quotient * variable + running
    return quotient
