"""The values that each entry of parameters, inputs and targets may take, up to a height."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from zerograd.core.arrays import indices
from zerograd.core.problem import Problem
from zerograd.core.size import height
from zerograd.core.vocabulary import Bound, Rational, variable_shapes


@dataclass(frozen=True, slots=True)
class Choices:
    """For each entry its values times ``scale``, whole numbers, in order of size.

    Attributes:
        parameters: entry after entry of w1, b1, w2, …
        inputs, targets: for each sample, entry after entry.
    """

    scale: int
    parameters: tuple[tuple[int, ...], ...]
    inputs: tuple[tuple[tuple[int, ...], ...], ...]
    targets: tuple[tuple[tuple[int, ...], ...], ...]

    @property
    def alike(self) -> bool:
        """Whether all samples have the same choices."""
        return len(set(self.inputs)) == len(set(self.targets)) == 1


def least_height(problem: Problem) -> int:
    """The height of the given values: no witness has a smaller one."""
    return max((height(v) for values in problem.given.values() for v in values.values()), default=1)


def choices(problem: Problem, samples: int, most: int) -> Choices | None:
    """All values up to the height ``most`` that given values, bounds and domain allow.

    None where an entry has none.
    """
    general = _values(most, whole=problem.domain == "integer")
    bounds = problem.entry_bounds(samples)
    scale = lcm(*(v.denominator for values in problem.given.values() for v in values.values()))
    scale = lcm(scale, *(v.denominator for v in general))
    found: dict[str, list[tuple[int, ...]]] = {}
    for name, shape in variable_shapes(problem.network, samples).items():
        found[name] = []
        for index in indices(shape):
            given = problem.given.get(name, {}).get(index)
            values = _within(general, bounds.get((name, index))) if given is None else [given]
            if not values:
                return None
            found[name].append(tuple(int(v * scale) for v in values))
    x, y = found.pop("x"), found.pop("y")
    return Choices(
        scale,
        tuple(entry for entries in found.values() for entry in entries),
        _rows(x, problem.network.inputs),
        _rows(y, problem.network.outputs),
    )


def _values(most: int, *, whole: bool) -> list[Rational]:
    """0, 1, −1, …: by absolute value, positive ones first."""
    denominators = range(1, 2 if whole else most + 1)
    sizes = {Fraction(p, q) for q in denominators for p in range(most + 1) if gcd(p, q) == 1}
    return [v for size in sorted(sizes) for v in ([size, -size] if size else [size])]


def _within(values: list[Rational], bound: Bound | None) -> list[Rational]:
    low, high = bound or (None, None)
    return [v for v in values if (low is None or v >= low) and (high is None or v <= high)]


def _rows(entries: list[tuple[int, ...]], width: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    return tuple(tuple(entries[at : at + width]) for at in range(0, len(entries), width))
