"""Tables on an interval that begins at 0, with cells that widen in proportion to 1 + y.

The cell of y is given by the leading bits of 1 + y. Its centre c is a float, and y − c is exact: a multiple
of the last place of y, or of c, that is less than 2^53 times as great.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import flint
import numpy as np

from .tables import Array, Cells, Series, Table, above, series, table, taylor, working

OCTAVE = 5
"""Bits: there are 32 cells between 2^e − 1 and 2^(e + 1) − 1."""
_SHIFT = 52 - OCTAVE
_ROUND = 1 << (_SHIFT - 1)


class Rungs(NamedTuple):
    """Cells of a ladder, and where in them numbers lie."""

    cells: Cells
    offsets: Array


@dataclass(frozen=True)
class Ladder:
    """A table on [0, end]."""

    table: Table
    end: float
    slopes: Array
    """Bounds on the absolute values of the derivative at the centres."""

    def rungs(self, y: Array) -> Rungs:
        """Return where numbers 0 ≤ y ≤ end lie."""
        cells = ((y + 1.0).view(np.int64) + _ROUND) >> _SHIFT
        offsets = y - ((cells << _SHIFT).view(np.float64) - 1.0)
        cells -= 1023 << OCTAVE
        return Rungs(cells, offsets)

    def at(self, y: Array) -> Array:
        """Return the values at 0 ≤ y ≤ end."""
        return self.table.at(*self.rungs(y))


def cells_until(end: float) -> list[tuple[float, float]]:
    """Return centres and half widths of the cells of a ladder."""
    last = (int(np.float64(end + 1).view(np.int64)) + _ROUND) >> _SHIFT
    shifted = (np.arange(1023 << OCTAVE, last + 1, dtype=np.int64) << _SHIFT).view(np.float64)
    # Half of the distance between centres, and what the rounding of y + 1 adds.
    halves = np.ldexp(1 + 2.0**-40, np.frexp(shifted)[1] - 1 - OCTAVE - 1)
    return [(float(s) - 1.0, float(half)) for s, half in zip(shifted, halves, strict=True)]


def ladder(function: Series, end: float, degree: int, *, monotone: bool = False) -> Ladder:
    """Return a ladder of Taylor polynomials.

    Args:
        monotone: the function is completely monotone, so that each derivative is steepest at the left.
    """
    cells = cells_until(end)
    expansions = [
        taylor(function, c, half, degree, steepest_at=c - half if monotone else None) for c, half in cells
    ]
    with working():
        slopes = np.array([above(series(function, flint.arb(c), 2)[1]) for c, _ in cells])
    return Ladder(table(expansions), end, slopes)
