"""Krawczyk's test: a box that holds exactly one solution of n equations in n unknowns.

Let F be the equations, differentiable on the box X = c + [−ρ, ρ], J an enclosure of F′ over all of X, and C
any matrix. If

    K(X) = c − C·F(c) + (I − C·J)·(X − c)

lies in the interior of X, then F has exactly one zero in X, and it lies in K(X) (R. Krawczyk,
Newton-Algorithmen zur Bestimmung von Nullstellen mit Fehlerschranken, Computing 4, 1969; A. Neumaier,
Interval Methods for Systems of Equations, 1990, theorem 5.1.8). For that it suffices that F is continuous and
that the mean value form holds, F(x) − F(c) ∈ J·(x − c): differentiable pieces that meet continuously will do.

Everything is put in units of the box, x = c + ρ·t with |t| ≤ 1, and each equation is scaled by a power of 2.
Then all numbers that matter are of the order of 1, and integers over a common power of 2 hold them: what
is rounded is rounded outwards. C is a float inverse, or a decimal one where floats do not do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from operator import mul
from typing import TypeVar

from zerograd.core.numbers.work import spend

Ends = tuple[Fraction, Fraction]
"""The ends of an interval."""

BITS = 128
"""Fractional digits of the integers, in base 2."""
DECIMALS = 60
"""Digits with which C is computed where floats do not do."""

_HUGE = 1e60
"""What no entry of C is larger than: the entries of the matrix are at most 1."""

_F = TypeVar("_F", float, Decimal)


def contracted(
    radii: Sequence[Fraction], residuals: Sequence[Ends], jacobian: Sequence[Mapping[int, Ends]]
) -> list[Ends] | None:
    """Return K(X) − c, an interval for each unknown, where the test succeeds; None where it does not.

    Args:
        radii: ρ, above 0, one for each unknown.
        residuals: enclosures of F(c), one for each equation.
        jacobian: for each equation, enclosures over the whole box of its derivatives by the unknowns (by
            number; what is left out is 0).
    """
    size = len(radii)
    if len(residuals) != size or len(jacobian) != size:
        raise ValueError(f"{len(residuals)} equations in {size} unknowns")
    spend(size**3 // 2)
    system = _scaled(radii, residuals, jacobian)
    if system is None:
        return None
    doubled = [[low + high for low, high in row] for row, _ in system]
    for inverse in (_float_inverse, _decimal_inverse):
        matrix = inverse(doubled)
        if matrix is not None and (units := _image(matrix, doubled, system)) is not None:
            return [(low * r, high * r) for (low, high), r in zip(units, radii, strict=True)]
    return None


_Row = tuple[list[tuple[int, int]], tuple[int, int]]
"""An equation's derivatives in units of the box, and its value at the centre: their ends, over 2**BITS."""


def _scaled(
    radii: Sequence[Fraction], residuals: Sequence[Ends], jacobian: Sequence[Mapping[int, Ends]]
) -> list[_Row] | None:
    """Return None where an equation does not depend on any unknown."""
    rows: list[_Row] = []
    for value, derivatives in zip(residuals, jacobian, strict=True):
        scaled = {j: (low * radii[j], high * radii[j]) for j, (low, high) in derivatives.items()}
        largest = max((max(-low, high) for low, high in scaled.values()), default=Fraction(0))
        if not largest:
            return None
        unit = Fraction(2) ** (largest.numerator.bit_length() - largest.denominator.bit_length() - BITS)
        nothing = (0, 0)
        entries = [_outward(scaled[j], unit) if j in scaled else nothing for j in range(len(radii))]
        rows.append((entries, _outward(value, unit)))
    return rows


def _outward(ends: Ends, unit: Fraction) -> tuple[int, int]:
    """Return integers that, times the unit, enclose the interval."""
    low, high = ends
    return low // unit, -(-high // unit)


def _image(
    matrix: Sequence[Sequence[int]], doubled: Sequence[Sequence[int]], system: Sequence[_Row]
) -> list[Ends] | None:
    """Return K in units of the box, if it lies inside.

    Args:
        matrix: C, over 2**BITS.
        doubled: twice the midpoints of the derivatives.
    """
    columns = list(zip(*doubled, strict=True))
    widths = [sum(high - low for low, high in row) + high - low for row, (low, high) in system]
    centres = [low + high for _, (low, high) in system]
    one = 2 ** (2 * BITS + 1)  # twice the product of two integers over 2**BITS stands over this
    image: list[Ends] = []
    for i, row in enumerate(matrix):
        moved = -sum(map(mul, row, centres))
        products = [sum(map(mul, row, column)) for column in columns]
        products[i] -= one
        reach = sum(map(mul, map(abs, row), widths)) + sum(map(abs, products))
        if abs(moved) + reach >= one:
            return None
        image.append((Fraction(moved - reach, one), Fraction(moved + reach, one)))
    return image


def _float_inverse(doubled: Sequence[Sequence[int]]) -> list[list[int]] | None:
    scale = 2 ** (BITS + 1)
    inverse = _inverse([[v / scale for v in row] for row in doubled], 1.0)
    if inverse is None or not all(abs(v) < _HUGE for row in inverse for v in row):
        return None
    return [[_over_power(*v.as_integer_ratio()) for v in row] for row in inverse]


def _decimal_inverse(doubled: Sequence[Sequence[int]]) -> list[list[int]] | None:
    with localcontext() as context:
        context.prec = DECIMALS
        scale = Decimal(2 ** (BITS + 1))
        inverse = _inverse([[v / scale for v in map(Decimal, row)] for row in doubled], Decimal(1))
        if inverse is None or not all(abs(v) < _HUGE for row in inverse for v in row):
            return None
        return [[_over_power(*v.as_integer_ratio()) for v in row] for row in inverse]


def _over_power(top: int, bottom: int) -> int:
    return (top << BITS) // bottom


def _inverse(matrix: list[list[_F]], one: _F) -> list[list[_F]] | None:
    """Return about the inverse, by elimination with pivots; None where a pivot is 0."""
    size = len(matrix)
    rows = [row + [one if i == j else one - one for j in range(size)] for i, row in enumerate(matrix)]
    for column in range(size):
        best = max(range(column, size), key=lambda i: abs(rows[i][column]))
        rows[column], rows[best] = rows[best], rows[column]
        pivot = rows[column]
        if not pivot[column]:
            return None
        scale = one / pivot[column]
        pivot[:] = [v * scale for v in pivot]
        for i, row in enumerate(rows):
            if i != column and (times := row[column]):
                row[:] = [v - times * p for v, p in zip(row, pivot, strict=True)]
    return [row[size:] for row in rows]
