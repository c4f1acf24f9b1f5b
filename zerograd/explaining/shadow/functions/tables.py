"""Piecewise Taylor polynomials in float64 with a proved relative error.

A table approximates a function on cells c ± h: in the cell, f(c + t) = a₀ + a₁t + … + a_N t^N + remainder.
Its coefficients are floats; how far they, the remainder and the roundings of Horner's rule can carry the
result from f is bounded here by python-flint, *from the floats that are stored*: a wrong coefficient gives a
table that is refused. The proof is in docs/theory/enclosures.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import flint
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]

UNIT = 2.0**-53
"""The relative error of one rounding."""
TINY = 2.0**-1072
"""More than the absolute errors of all roundings in the subnormal range that one value meets."""
WORKING = 128
"""Bits with which tables are computed; float64 has 53."""
WORST = 2.0**-48
"""A table with a greater relative error is refused: its coefficients are not what they should be."""


class UnprovedTableError(ArithmeticError):
    """Refusal of a table whose error bound is not as small as it should be."""


@contextmanager
def working(bits: int = WORKING, terms: int = 10) -> Iterator[None]:
    """Have python-flint compute with so many bits, and with so many terms of a series."""
    before = flint.ctx.cap
    flint.ctx.cap = max(terms, 10)
    try:
        with flint.ctx.workprec(bits):
            yield
    finally:
        flint.ctx.cap = before


def above(ball: flint.arb) -> float:
    """Return a float that is at least the absolute value of every number in a ball."""
    return float(ball.abs_upper()) * (1 + 2.0**-50) + 2.0**-1000


def sum_of_errors(*errors: float) -> float:
    """Return a bound on the relative error of a product of factors with these relative errors.

    With S their sum and S < 2^-40, Π(1 + eᵢ) − 1 ≤ e^S − 1 ≤ 1.001·S; and likewise for 1 − Π(1 − eᵢ) and for
    the error relative to the computed value instead of the exact one.
    """
    total = sum(errors)
    if not total < 2.0**-40:
        raise UnprovedTableError(f"the relative errors add up to {total}")
    return total * 1.002


@dataclass(frozen=True)
class Expansion:
    """A Taylor polynomial on one cell: |f(c + t) − Σ coefficients[n]·tⁿ| ≤ remainder·|t|^(N + 1) on it.

    |t| is at most `half`, and N is the degree.
    """

    coefficients: Sequence[flint.arb]
    remainder: flint.arb
    half: float


@dataclass(frozen=True)
class Table:
    """Polynomials with float coefficients, a column for each cell, and a bound on their relative error."""

    coefficients: Array
    error: float

    def at(self, cells: Cells, offsets: Array) -> Array:
        """Return the polynomials of some cells at some offsets from their centres, by Horner's rule."""
        total: Array = self.coefficients[-1].take(cells)
        for row in self.coefficients[-2::-1]:
            total *= offsets
            total += row.take(cells)
        return total

    def alone(self, offsets: Array) -> Array:
        """Return the polynomial of the only cell at some offsets."""
        last, *others = (float(value) for value in self.coefficients[::-1, 0])
        total = np.full_like(offsets, last)
        for value in others:
            total *= offsets
            total += value
        return total


def nearest(number: flint.arb) -> float:
    """Return the float next to the middle of a ball."""
    return float(number.mid())


def floats(numbers: Sequence[flint.arb]) -> tuple[Array, float]:
    """Return floats for numbers other than zero, with a bound on their relative errors."""
    values = np.array([nearest(number) for number in numbers])
    errors = [
        above((number - flint.arb(float(value))) / number)
        for number, value in zip(numbers, values, strict=True)
    ]
    if not max(errors) < WORST:
        raise UnprovedTableError("a number is not the float that stands for it")
    return values, max(errors)


def table(expansions: Sequence[Expansion], *, inexact: bool = False) -> Table:
    """Return a table with these expansions, and prove its error.

    Args:
        inexact: the offsets are rounded once themselves.
    """
    with working():
        values = np.array([[nearest(number) for number in cell.coefficients] for cell in expansions]).T
        errors = np.array(
            [
                [
                    above(number - flint.arb(float(value)))
                    for number, value in zip(cell.coefficients, column, strict=True)
                ]
                for cell, column in zip(expansions, values.T, strict=True)
            ]
        ).T
        remainders = np.array([above(cell.remainder) for cell in expansions])
        zero = np.array([cell.coefficients[0].is_zero() for cell in expansions])
    halves = np.array([cell.half for cell in expansions])
    error = _relative_error(values, errors, remainders, halves, zero=zero, inexact=inexact)
    if not error <= WORST:
        raise UnprovedTableError(f"the relative error of a table is {error}")
    return Table(values, error)


def _relative_error(
    values: Array,
    errors: Array,
    remainders: Array,
    halves: Array,
    *,
    zero: npt.NDArray[np.bool_],
    inexact: bool,
) -> float:
    """Return a bound on the relative error of a table in all cells.

    Where the function is zero at a cell's centre, everything is divided by the offset: a₁ takes the place of
    a₀. The sums have few positive terms, so that their own rounding is far below the hundredth that is added.
    """
    degrees = np.arange(len(values))[:, None]
    rounded = (3 if inexact else 2) * degrees + 1
    powers = _powers(halves, len(values) + 1)
    beyond = remainders * np.where(zero, powers[-2], powers[-1])
    powers = np.where(zero, np.vstack([powers[:1], powers[:-2]]), powers[:-1])
    sizes = np.abs(values)
    errors = np.where((degrees == 0) & zero & (values == 0), 0.0, errors)
    wrong = ((errors + 1.001 * rounded * UNIT * sizes) * powers).sum(axis=0)
    wrong += beyond
    first = np.where(zero, 1, 0)
    leading = (degrees == first) * (sizes - errors)
    others = (degrees > first) * (sizes + errors) * powers
    least = leading.sum(axis=0) * 0.999 - others.sum(axis=0) * 1.001 - beyond * 1.001
    if not (least > 0).all() or (zero & (values[0] != 0)).any():
        return float("inf")
    return float((wrong / least).max() * 1.01)


def _powers(bases: Array, number: int) -> Array:
    """Return powers from the power 0 on, a row for each, by multiplication alone."""
    rows = [np.ones_like(bases)]
    for _ in range(number - 1):
        rows.append(rows[-1] * bases)
    return np.array(rows)


Series = Callable[[flint.arb_series], flint.arb_series]


def taylor(
    function: Series, centre: float, half: float, degree: int, *, steepest_at: float | None = None
) -> Expansion:
    """Return the Taylor polynomial of a function at a centre, with Lagrange's remainder.

    Args:
        steepest_at: the point of the cell where the derivative of order `degree + 1` is greatest in absolute
            value (for completely monotone functions the left end); without it, the whole cell is.
    """
    with working(terms=degree + 2):
        coefficients = series(function, flint.arb(centre), degree + 1)
        worst = flint.arb(centre, half) if steepest_at is None else flint.arb(steepest_at)
        remainder = series(function, worst, degree + 2)[degree + 1]
    return Expansion(coefficients, remainder, half)


def series(function: Series, start: flint.arb, terms: int) -> list[flint.arb]:
    """Return coefficients of a function about a point or about all points of a ball."""
    result = function(flint.arb_series([start, 1], terms))
    if result.prec < terms:  # python-flint gives 0 for the coefficients beyond its cap
        raise UnprovedTableError(f"{terms} coefficients were asked for, and {result.prec} computed")
    return [flint.arb(result[n]) for n in range(terms)]
