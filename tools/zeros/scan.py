"""Where a gradient is exactly 0 in a floating-point type: found by scanning its numbers, not by formula.

A floating-point number is a sign and a *magnitude*: the bits of its absolute value, which count up in the
order of the numbers. A gradient at a number belongs to one of three kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

ZERO, OTHER, NAN = 0, 1, 2
"""Kinds of a gradient: exactly 0; another number; nan or infinite."""

Array = np.ndarray[Any, np.dtype[Any]]
Kinds = Callable[[Array], Array]
"""From magnitudes (one sign) to the kind of the gradient at each."""

ALONE = 4096
TOGETHER = 1 << 20
"""Numbers that are tried at a time: one by one, and in one tensor."""
ALL = 1 << 16
"""No fewer than the numbers of 16 bits."""


@dataclass(frozen=True)
class Format:
    """A floating-point type.

    Attributes:
        name: what torch and JAX call it.
        bits: its width.
        largest: the magnitude of its largest finite number.
        one: the magnitude of 1.
        octave: how many numbers there are from 1 to below 2.
    """

    name: str
    bits: int
    largest: int
    one: int
    octave: int

    @property
    def integer(self) -> str:
        """The type of integer that has its width."""
        return f"int{self.bits}"


FORMATS = {
    form.name: form
    for form in (
        Format("float64", 64, 0x7FEF_FFFF_FFFF_FFFF, 0x3FF0_0000_0000_0000, 1 << 52),
        Format("float32", 32, 0x7F7F_FFFF, 0x3F80_0000, 1 << 23),
        Format("float16", 16, 0x7BFF, 0x3C00, 1 << 10),
        Format("bfloat16", 16, 0x7F7F, 0x3F80, 1 << 7),
    )
}


def points(form: Format, *, alone: bool) -> int:
    """Return how many numbers a grid is to have: all of 16 bits, else as many as one can wait for."""
    return ALL if form.bits == 16 else ALONE if alone else TOGETHER


@dataclass(frozen=True)
class End:
    """How gradients end towards infinity, as magnitudes.

    Attributes:
        zero: from here on all are exactly 0 (up to ``nan``); nothing if there is no such place.
        nan: from here on all are nan or infinite.
    """

    zero: int | None
    nan: int | None


def end_of(kinds: Kinds, form: Format, count: int) -> End:
    """Return where the gradients end.

    Between two neighbours on a grid of ``count`` numbers, of which only the second is of the kind that all
    later ones are, a finer grid is laid, until the two are neighbours in the type. With a grid of all numbers
    (`points`: in 16 bits) nothing is missed; else, a gradient of another kind between points of the grid is.
    """
    nan = _start(kinds, NAN, form.largest, count)
    zero = _start(kinds, ZERO, form.largest if nan is None else nan - 1, count) if nan != 1 else None
    return End(zero, nan)


def _start(kinds: Kinds, kind: int, largest: int, count: int) -> int | None:
    low, high = 1, largest
    first = True
    while True:
        grid = spread(low, high, count)
        wrong = np.flatnonzero(kinds(grid) != kind)
        if first and wrong.size and wrong[-1] == grid.size - 1:
            return None
        if not wrong.size:  # all are of the kind: only on the first grid, whose first number is the smallest
            return low
        low, high = int(grid[wrong[-1]]), int(grid[wrong[-1] + 1])
        if high == low + 1:
            return high
        first = False


def spread(low: int, high: int, count: int) -> Array:
    """Return at most ``count`` magnitudes from ``low`` to ``high``, both included, evenly spread."""
    step = max(1, -(-(high - low) // max(1, count - 1)))
    grid = np.arange(low, high, step, dtype=np.int64)
    return np.append(grid, np.int64(high))


def inner_zeros(kinds: Kinds, low: int, high: int) -> Array:
    """Return the magnitudes from ``low`` up to, not including, ``high`` where the gradient is exactly 0."""
    hits = [part[kinds(part) == ZERO] for part in parts(low, high)]
    return np.concatenate(hits) if hits else np.empty(0, dtype=np.int64)


def parts(low: int, high: int) -> Iterator[Array]:
    """Yield all magnitudes from ``low`` up to ``high``, in blocks."""
    for start in range(low, high, TOGETHER):
        yield np.arange(start, min(start + TOGETHER, high), dtype=np.int64)


def value(magnitude: int, form: Format, negative: bool) -> float:
    """Return the number that has a magnitude and a sign."""
    if form.name == "bfloat16":
        size = np.array([magnitude << 16], dtype=np.uint32).view(np.float32)[0]
    else:
        size = np.array([magnitude], dtype=form.integer).view(form.name)[0]
    return -float(size) if negative else float(size)


def shown(number: float, form: Format) -> str:
    """Return a number as tables have it: exact in 16 bits, the digits that matter in 32, six places in 64."""
    size = abs(number)
    if form.bits == 16:
        text = f"{size:.3g}" if size >= 1e5 else np.format_float_positional(size, trim="-")
    elif form.bits == 32:
        text = f"{size:.3g}" if size >= 1e5 else np.format_float_positional(np.float32(size), trim="-")
    else:
        text = f"{size:.3g}" if size >= 1e5 else f"{size:.6f}"
    return f"−{text}" if number < 0 else text
