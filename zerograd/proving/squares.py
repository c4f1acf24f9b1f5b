"""Polynomials as sums of squares: by completing the square, and squares that a combination may need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

from zerograd.core.numbers.polynomial import Monomial, Polynomial

Square = tuple[Fraction, Polynomial]
"""c > 0 and h, for c·h²."""


def sum_of_squares(p: Polynomial) -> list[Square] | None:
    """Squares that add up to p; None where none were found.

    The matrix A with p = vᵀAv over the monomials v whose squares stand in p is factored as LDLᵀ, one square
    completed after another. For p of degree 2 there is only one such matrix, and none is missed.
    """
    basis = {root: Polynomial({root: Fraction(1)}) for m in p.terms if (root := _root(m)) is not None}
    rest, squares = p, []
    while rest:
        corner = next((root for root in basis if rest.terms.get(_squared(root), 0) > 0), None)
        if corner is None:
            return None
        pivot = rest.terms[_squared(corner)]
        # All terms with this monomial: pivot · corner² + 2 · corner · others.
        others = {
            other: c / (2 * pivot)
            for other in basis
            if other != corner and (c := rest.terms.get(_times(corner, other)))
        }
        form = Polynomial({corner: Fraction(1), **others})
        squares.append((pivot, form))
        rest = rest - form * form * pivot
        del basis[corner]
    return squares


def forms(names: Sequence[str], alike: Sequence[object], one: object) -> Iterator[Polynomial]:
    """Differences and sums of two unknowns of one degree, or of one and 1, whose squares may be needed.

    Args:
        alike: the degree of each unknown.
        one: the degree of numbers.
    """
    unknowns = [Polynomial.variable(name) for name in names]
    for (v, a), (w, b) in combinations(zip(unknowns, alike, strict=True), 2):
        if a == b:
            yield v - w
            yield v + w
    for v, a in zip(unknowns, alike, strict=True):
        if a == one:
            yield v - 1
            yield v + 1


def _root(monomial: Monomial) -> Monomial | None:
    """The monomial of which this is the square."""
    if any(e % 2 for _, e in monomial):
        return None
    return tuple((name, e // 2) for name, e in monomial)


def _squared(monomial: Monomial) -> Monomial:
    return tuple((name, 2 * e) for name, e in monomial)


def _times(a: Monomial, b: Monomial) -> Monomial:
    (product,) = (Polynomial({a: Fraction(1)}) * Polynomial({b: Fraction(1)})).terms
    return product
