"""Conditions for many datasets at once, in floating point: a sieve that lets through all that may hold.

What it lets through is for the checker to judge. Numbers are intervals that hold the exact ones, whose ends
are rounded outward after every operation; a comparison holds here if it does for some numbers within.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import inf
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from zerograd.core.model.losses import Loss
from zerograd.core.numbers.arrays import Array
from zerograd.core.question.conditions import Condition, evaluate
from zerograd.core.question.language import Comparison
from zerograd.evaluate.whole import Bools, Ints
from zerograd.search.smallest.matching import Members
from zerograd.search.smallest.pool import Contributions, Pool

Floats: TypeAlias = NDArray[np.float64]

_SHARP = 2**26
"""Fractions with numerators and denominators below differ by more than floats beside them do: they are equal
exactly if their nearest floats are."""
_CAN = {"<": (-1,), "<=": (-1, 0), "==": (0,), "!=": (-1, 1), ">=": (0, 1), ">": (1,)}
"""The signs of a - b with which each comparison holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Enclosed:
    """One number for each dataset, shape (n,), or the same for all, shape (), within ``low`` and ``high``.

    Neither is ever NaN, nor infinite but for ``low`` = −∞ and ``high`` = ∞.

    Attributes:
        sharp: whether each is a fraction of whole numbers below `_SHARP`, and its ends are the floats beside
            its nearest one: of two such numbers that with the smaller ``low`` is the smaller.
    """

    low: Floats
    high: Floats
    sharp: bool = False

    @classmethod
    def outward(cls, low: Floats, high: Floats, *, sharp: bool = False) -> Enclosed:
        """From ends that are the nearest floats to exact ones; NaN where nothing is known."""
        low, high = np.where(np.isnan(low), -inf, low), np.where(np.isnan(high), inf, high)
        return cls(np.nextafter(low, -inf), np.nextafter(high, inf), sharp)

    @classmethod
    def hull(cls, ends: Sequence[Floats]) -> Enclosed:
        """From the least of these to the largest; unknown where one is NaN."""
        return cls.outward(reduce(np.minimum, ends), reduce(np.maximum, ends))

    def __add__(self, other: Enclosed) -> Enclosed:
        with np.errstate(all="ignore"):
            return self.outward(self.low + other.low, self.high + other.high)

    def __radd__(self, other: int) -> Enclosed:
        return self if other == 0 else NotImplemented  # what `sum` begins with

    def __sub__(self, other: Enclosed) -> Enclosed:
        with np.errstate(all="ignore"):
            return self.outward(self.low - other.high, self.high - other.low)

    def __mul__(self, other: Enclosed) -> Enclosed:
        with np.errstate(all="ignore"):  # 0 · ∞ is NaN
            return self.hull([a * b for a in (self.low, self.high) for b in (other.low, other.high)])

    def __truediv__(self, other: Enclosed) -> Enclosed:
        with np.errstate(all="ignore"):
            found = self.hull([a / b for a in (self.low, self.high) for b in (other.low, other.high)])
        by_zero = (other.low <= 0) & (other.high >= 0)
        return Enclosed(np.where(by_zero, -inf, found.low), np.where(by_zero, inf, found.high))


UNKNOWN = Enclosed(np.array(-inf), np.array(inf))


def quotient(values: Ints, scale: int) -> Enclosed:
    """Whole numbers of 64 bits over a scale."""
    if scale < _SHARP and bool((np.abs(values) < _SHARP).all()):
        nearest = np.asarray(values / scale, dtype=np.float64)
        return Enclosed.outward(nearest, nearest, sharp=True)
    floats, divisor = np.asarray(values, dtype=np.float64), np.array(float(scale))
    return Enclosed.outward(floats, floats) / Enclosed.outward(divisor, divisor)


@dataclass(frozen=True, slots=True, eq=False)
class Perhaps:
    """Whether a condition may be true, and whether it may be false, of each dataset."""

    true: Bools
    false: Bools


class EnclosedAlgebra:
    """Numbers as `Enclosed`, truth values as `Perhaps` (see `zerograd.core.question.conditions.Algebra`)."""

    def constant(self, value: int | Fraction) -> Enclosed:
        try:
            nearest = np.array(float(value))
        except OverflowError:
            return UNKNOWN
        sharp = max(abs(value.numerator), value.denominator) < _SHARP
        return Enclosed.outward(nearest, nearest, sharp=sharp)

    def divide(self, a: Enclosed, b: Enclosed) -> Enclosed:
        return a / b

    def absolute(self, a: Enclosed) -> Enclosed:
        # Below 0 where the sign is in doubt, so that what is sharp remains so.
        return Enclosed(np.maximum(a.low, -a.high), np.maximum(-a.low, a.high), a.sharp)

    def minimum(self, values: Sequence[Enclosed]) -> Enclosed:
        return reduce(lambda a, b: _pick(np.minimum, a, b), values)

    def maximum(self, values: Sequence[Enclosed]) -> Enclosed:
        return reduce(lambda a, b: _pick(np.maximum, a, b), values)

    def compare(self, a: Enclosed, operator: Comparison, b: Enclosed) -> Perhaps:
        if a.sharp and b.sharp:
            signs = {-1: a.low < b.low, 0: a.low == b.low, 1: a.low > b.low}
        else:
            signs = {-1: a.low < b.high, 0: (a.low <= b.high) & (b.low <= a.high), 1: a.high > b.low}
        can = _CAN[operator]
        no = np.zeros(np.shape(signs[0]), dtype=bool)
        return Perhaps(
            reduce(np.logical_or, [signs[s] for s in can], no),
            reduce(np.logical_or, [signs[s] for s in signs if s not in can], no),
        )

    def distinct(self, values: Sequence[Enclosed]) -> Perhaps:
        pairs = [(a, b) for i, a in enumerate(values) for b in values[:i]]
        return self.conjunction([self.compare(a, "!=", b) for a, b in pairs])

    def conjunction(self, parts: Sequence[Perhaps]) -> Perhaps:
        true: Bools = np.array(True)
        false: Bools = np.array(False)
        for part in parts:
            true, false = true & part.true, false | part.false
        return Perhaps(true, false)

    def disjunction(self, parts: Sequence[Perhaps]) -> Perhaps:
        return self.negation(self.conjunction([self.negation(part) for part in parts]))

    def negation(self, part: Perhaps) -> Perhaps:
        return Perhaps(part.false, part.true)


def _pick(which: np.ufunc, a: Enclosed, b: Enclosed) -> Enclosed:
    return Enclosed(which(a.low, b.low), which(a.high, b.high), a.sharp and b.sharp)


def may_hold(conditions: Sequence[Condition], lookup: Callable[[str], Array[Enclosed]], count: int) -> Bools:
    """Whether all conditions may hold, for each of ``count`` datasets."""
    fine = np.ones(count, dtype=bool)
    for condition in conditions:
        fine &= evaluate(condition, EnclosedAlgebra(), lookup).true
    return fine


@dataclass(frozen=True, slots=True, eq=False)
class Quantities:
    """What names stand for in datasets that were put together from choices.

    Attributes:
        loss: one of least squares.
        scale: of parameters, inputs and targets.
        members: the choice of each sample, shape (n, samples).
    """

    loss: Loss
    scale: int
    parameters: Mapping[str, Ints]
    pools: Sequence[Pool]
    made: Sequence[Contributions]
    members: Members

    def __call__(self, name: str) -> Array[Enclosed]:
        """Raises KeyError for an unknown name."""
        samples = len(self.pools)
        if name in self.parameters:
            array = self.parameters[name]
            return Array(array.shape, tuple(quotient(np.array(value), self.scale) for value in array.ravel()))
        if name == "loss":
            adjoints = self("r")  # `zerograd.search.smallest.unfit`: least squares
            total: Enclosed = sum(map(self.loss.at_adjoint, adjoints.rows()))
            return Array((), (total * EnclosedAlgebra().constant(self.loss.share(*adjoints.shape)),))
        if name.startswith("grad("):  # left to the checker
            named = name[len("grad(") : -1]
            shape = self.parameters[named].shape if named != "x" else (samples, self.pools[0].inputs.shape[1])
            return Array.build(shape, lambda _: UNKNOWN)
        columns = [self._of_sample(name, number) for number in range(samples)]
        width = columns[0][0].shape[1]
        entries = (
            quotient(values[self.members[:, number], entry], scale)
            for number, (values, scale) in enumerate(columns)
            for entry in range(width)
        )
        return Array((samples, width), tuple(entries))

    def _of_sample(self, name: str, number: int) -> tuple[Ints, int]:
        match name:
            case "x":
                return self.pools[number].inputs, self.scale
            case "y":
                return self.pools[number].targets, self.scale
        return self.made[number].values[name]
