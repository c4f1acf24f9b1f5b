"""Activations over arrays of whole numbers, which stand for fractions with one denominator a layer."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from zerograd.core.model.activations import Activation, piecewise
from zerograd.core.model.kinks import Kink

Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class WholeActivation:
    """φ of z / ``before`` as a whole number over ``after``.

    Attributes:
        times: what slopes and offsets are multiplied by to be whole: ``after`` is so often ``before``.
        kinks: (p, q) of each kink p/q.
        at_kinks: derivatives there, times ``times``; None where there is none.
    """

    before: int
    times: int
    kinks: tuple[tuple[int, int], ...]
    slopes: tuple[int, ...]
    offsets: tuple[int, ...]
    at_kinks: tuple[int | None, ...]

    @classmethod
    def of(cls, activation: Activation, convention: Kink, before: int) -> WholeActivation:
        shape = piecewise(activation)
        at_kinks = shape.derivatives_at_kinks(convention)
        constants = (*shape.constants, *(slope for slope in at_kinks if slope is not None))
        times = lcm(*(v.denominator for v in constants))
        return cls(
            before,
            times,
            tuple(Fraction(kink).as_integer_ratio() for kink in shape.kinks),
            tuple(int(s * times) for s in shape.slopes),
            tuple(int(o * times) for o in shape.offsets),
            tuple(None if s is None else int(s * times) for s in at_kinks),
        )

    @property
    def after(self) -> int:
        return self.before * self.times

    @property
    def steepest(self) -> int:
        """The largest |φ′|, times ``times``."""
        return max(map(abs, (*self.slopes, *(s or 0 for s in self.at_kinks))))

    def widest(self, z: int) -> tuple[int, int]:
        """The largest |φ|, and the largest whole number on the way there, where |z| is at most this."""
        values = self.steepest * z + max(map(abs, self.offsets)) * self.before
        return values, max([values, *(abs(p) * self.before + z * q for p, q in self.kinks)])

    @cached_property
    def _tables(self) -> tuple[Ints, Ints]:
        return np.array(self.slopes), np.array(self.offsets) * self.before

    def on_kink(self, z: Ints) -> Bools:
        """Return which rows have a unit on a kink. ``z`` has shape (n, units)."""
        rows = np.zeros(len(z), dtype=bool)
        for p, q in self.kinks:
            rows |= (z * q == p * self.before).any(axis=1)
        return rows

    def at(self, z: Ints) -> tuple[Ints, Ints, Bools | None]:
        """φ(z), φ′(z) times ``times``, and which rows have no derivative. ``z`` has shape (n, units)."""
        slopes, offsets = self._tables
        piece = np.zeros(z.shape, dtype=np.intp)
        for p, q in self.kinks:
            piece += z * q > p * self.before
        derivative = slopes[piece]
        a = derivative * z + offsets[piece]
        barred: Bools | None = None
        for (p, q), at_kink in zip(self.kinks, self.at_kinks, strict=True):
            here = z * q == p * self.before
            if at_kink is None:
                rows = here.any(axis=1)
                barred = rows if barred is None else barred | rows
            else:
                derivative = np.where(here, at_kink, derivative)
        return a, derivative, barred
