"""Products of a rational matrix and one of closed forms: one rational product for each monomial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product as pairs
from typing import Any

from zerograd.core.numbers.closed import Closed, closed
from zerograd.core.numbers.polynomial import Monomial, Polynomial

Matrix = Sequence[Sequence[Any]]

MAX_MONOMIALS = 16
"""More are multiplied entry by entry: few entries have many of them."""


def closed_product(
    a: Matrix, b: Matrix, product: Callable[[Matrix, Matrix], list[list[Any]]]
) -> list[list[Any]] | None:
    """Return A·B of rationals and closed forms; None if both have these, or many monomials.

    Args:
        product: of rational matrices.

    Raises:
        NotClosed: an entry is no closed form within bounds.
    """
    left, right = _parts(a), _parts(b)
    if not ({*left} <= {()} or {*right} <= {()}) or max(len(left), len(right)) > MAX_MONOMIALS:
        return None
    result: list[list[dict[Monomial, Fraction]]] = [[{} for _ in b[0]] for _ in a]
    for (m, one), (n, other) in pairs(left.items(), right.items()):
        monomial = m or n  # one of them is 1
        for row, line in zip(product(one, other), result, strict=True):
            for value, terms in zip(row, line, strict=True):
                if value:
                    terms[monomial] = Fraction(value)
    return [[closed(Polynomial(terms)) for terms in line] for line in result]


def _parts(matrix: Matrix) -> dict[Monomial, list[list[int | Fraction]]]:
    """The matrix of the coefficients of each monomial."""
    monomials: dict[Monomial, None] = {}
    for row in matrix:
        for value in row:
            monomials.update(dict.fromkeys(value.polynomial.terms if isinstance(value, Closed) else [()]))
    return {
        monomial: [
            [
                value.polynomial.terms.get(monomial, 0)
                if isinstance(value, Closed)
                else (0 if monomial else value)
                for value in row
            ]
            for row in matrix
        ]
        for monomial in monomials
    }
