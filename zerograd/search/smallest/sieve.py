"""Conditions for many datasets at once, in floating point: a sieve that lets through all that may hold.

What it lets through is for the checker to judge. A comparison holds here if rounding may hide that it does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from zerograd.core.arrays import Array
from zerograd.core.conditions import Condition, evaluate
from zerograd.core.language import Comparison
from zerograd.search.smallest.matching import Members
from zerograd.search.smallest.pool import Bools, Contributions, Ints, Pool

Floats: TypeAlias = NDArray[np.float64]

_TOLERANCE = 1e-9
_EXACT = 2**53
"""Whole numbers below are floats."""
_CAN = {"<": (-1,), "<=": (-1, 0), "==": (0,), "!=": (-1, 1), ">=": (0, 1), ">": (1,)}
"""The signs of a - b with which each comparison holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Rounded:
    """One number for each dataset, shape (n,), or the same for all, shape ().

    Attributes:
        sharp: whether each is the nearest float to its exact value, so that equal ones are equal.
        size: a bound on what was added up on the way: rounding errors are far below ``_TOLERANCE`` times it.
    """

    values: Floats
    sharp: bool
    size: Floats

    @classmethod
    def nearest(cls, values: Floats) -> Rounded:
        """Of floats that are each the nearest to an exact value."""
        return cls(values, sharp=True, size=np.abs(values))

    def __add__(self, other: Rounded) -> Rounded:
        return Rounded(self.values + other.values, sharp=False, size=self.size + other.size)

    def __sub__(self, other: Rounded) -> Rounded:
        return Rounded(self.values - other.values, sharp=False, size=self.size + other.size)

    def __mul__(self, other: Rounded) -> Rounded:
        return Rounded(self.values * other.values, sharp=False, size=self.size * other.size)


@dataclass(frozen=True, slots=True, eq=False)
class Perhaps:
    """Whether a condition may be true, and whether it may be false, of each dataset."""

    true: Bools
    false: Bools


class RoundedAlgebra:
    """Numbers as `Rounded`, truth values as `Perhaps` (see `zerograd.core.conditions.Algebra`)."""

    def constant(self, value: int | Fraction) -> Rounded:
        return Rounded.nearest(np.array(float(value)))

    def divide(self, a: Rounded, b: Rounded) -> Rounded:
        with np.errstate(divide="ignore", invalid="ignore"):
            return Rounded(a.values / b.values, sharp=False, size=a.size / np.abs(b.values))

    def absolute(self, a: Rounded) -> Rounded:
        return Rounded(np.abs(a.values), a.sharp, a.size)

    def minimum(self, values: Sequence[Rounded]) -> Rounded:
        return reduce(lambda a, b: _either(np.minimum(a.values, b.values), a, b), values)

    def maximum(self, values: Sequence[Rounded]) -> Rounded:
        return reduce(lambda a, b: _either(np.maximum(a.values, b.values), a, b), values)

    def compare(self, a: Rounded, operator: Comparison, b: Rounded) -> Perhaps:
        with np.errstate(invalid="ignore"):
            difference = a.values - b.values
            near = np.abs(difference) <= _TOLERANCE * (a.size + b.size)
        near |= ~np.isfinite(difference)
        if a.sharp and b.sharp:
            signs = {-1: difference < 0, 0: difference == 0, 1: difference > 0}
        else:
            signs = {-1: near | (difference < 0), 0: near, 1: near | (difference > 0)}
        can = _CAN[operator]
        no = np.zeros(np.shape(difference), dtype=bool)
        return Perhaps(
            reduce(np.logical_or, [signs[s] for s in can], no),
            reduce(np.logical_or, [signs[s] for s in signs if s not in can], no),
        )

    def distinct(self, values: Sequence[Rounded]) -> Perhaps:
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


def _either(values: Floats, a: Rounded, b: Rounded) -> Rounded:
    return Rounded(values, a.sharp and b.sharp, np.maximum(a.size, b.size))


def may_hold(conditions: Sequence[Condition], lookup: Callable[[str], Array[Rounded]], count: int) -> Bools:
    """Of each of ``count`` datasets, whether all conditions may hold."""
    fine = np.ones(count, dtype=bool)
    for condition in conditions:
        fine &= evaluate(condition, RoundedAlgebra(), lookup).true
    return fine


@dataclass(frozen=True, slots=True, eq=False)
class Quantities:
    """What names stand for in datasets that were put together from choices.

    Attributes:
        scale: of parameters, inputs and targets.
        members: the choice of each sample, shape (n, samples).
    """

    scale: int
    parameters: Mapping[str, Ints]
    pools: Sequence[Pool]
    made: Sequence[Contributions]
    members: Members

    def __call__(self, name: str) -> Array[Rounded]:
        """Raises KeyError for an unknown name."""
        samples = len(self.pools)
        if name in self.parameters:
            array = self.parameters[name]
            return Array(array.shape, tuple(_rounded(np.array(value), self.scale) for value in array.ravel()))
        if name == "loss":
            residuals = self("r").entries
            total = reduce(lambda a, b: a + b, (r * r for r in residuals))
            return Array((), (total * Rounded.nearest(np.array(1 / len(residuals))),))
        if name.startswith("grad("):  # left to the checker
            unknown = Rounded(np.array(np.nan), sharp=False, size=np.array(np.nan))
            named = name[len("grad(") : -1]
            shape = self.parameters[named].shape if named != "x" else (samples, self.pools[0].inputs.shape[1])
            return Array.build(shape, lambda _: unknown)
        columns = [self._of_sample(name, number) for number in range(samples)]
        width = columns[0][0].shape[1]
        entries = (
            _rounded(values[self.members[:, number], entry], scale)
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


def _rounded(values: Ints, scale: int) -> Rounded:
    """Of whole numbers times a scale; sharp if floats hold both."""
    floats = np.asarray(values / scale, dtype=np.float64)
    sharp = scale < _EXACT and bool((np.abs(values) < _EXACT).all())
    return Rounded(floats, sharp, np.abs(floats))
