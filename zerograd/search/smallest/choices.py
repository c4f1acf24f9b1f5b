"""The values that each entry of parameters, inputs and targets may take, up to a height."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, gcd, lcm

from zerograd.core.numbers.arrays import indices
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Bound, Rational, variable_shapes
from zerograd.core.verdict.size import height

MAX_VALUES = 20_000
"""Values of one entry, as far as they can be counted beforehand."""


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
    def entries(self) -> tuple[tuple[int, ...], ...]:
        """The values of parameters, inputs and targets, entry after entry."""
        data = (entry for rows in (self.inputs, self.targets) for row in rows for entry in row)
        return (*self.parameters, *data)

    @property
    def alike(self) -> bool:
        """Whether all samples have the same choices."""
        return len(set(self.inputs)) == len(set(self.targets)) == 1


def least_height(problem: Problem, samples: int) -> int:
    """The height that given values and bounds need: no witness has a smaller one."""
    whole = problem.domain == "integer"
    given = [v for values in problem.given.values() for v in values.values()]
    bounded = [simplest(bound, whole=whole) for bound in problem.entry_bounds(samples).values()]
    return max(map(height, [*given, *bounded]), default=1)


def simplest(bound: Bound, *, whole: bool) -> Rational:
    """The value within bounds that has both the smallest numerator and the smallest denominator.

    Stern and Brocot's: the continued fractions of both ends as far as they agree, and one step more.
    """
    low, high = bound
    if (low is None or low <= 0) and (high is None or high >= 0):
        return 0
    if low is None or low < 0:
        return -simplest((None if high is None else -high, None if low is None else -low), whole=whole)
    agreed: list[int] = []
    least, most = Fraction(low), None if high is None else Fraction(high)
    while not whole and most is not None and ceil(least) > most:
        agreed.append(floor(least))
        least, most = 1 / (most - agreed[-1]), 1 / (least - agreed[-1])
    value = Fraction(ceil(least))
    for digit in reversed(agreed):
        value = digit + 1 / value
    return value


def choices(problem: Problem, samples: int, most: int, *, integers: bool = False) -> Choices | None:
    """All values up to the height ``most`` that given values, bounds and domain allow.

    Entries that have none get their simplest value. None where there are too many.

    Args:
        integers: where an entry has whole numbers up to this height, these alone.
    """
    whole = problem.domain == "integer"
    numbers = _values(most, whole=True) if most <= MAX_VALUES else None
    fractions = _values(most, whole=False) if not whole and most * most <= MAX_VALUES else None
    bounds = problem.entry_bounds(samples)
    found: dict[str, list[list[Rational]]] = {}
    for name, shape in variable_shapes(problem.network, samples).items():
        found[name] = []
        for index in indices(shape):
            given = problem.given.get(name, {}).get(index)
            bound = bounds.get((name, index), (None, None))
            values = [given] if given is not None else []
            for general in (numbers,) if whole else (numbers, fractions) if integers else (fractions,):
                if not values and general is None:
                    return None
                values = values or _within(general or [], bound)
            found[name].append(values or [simplest(bound, whole=whole)])
    scale = lcm(*(v.denominator for entries in found.values() for values in entries for v in values))
    times = {
        name: [tuple(int(v * scale) for v in values) for values in entries] for name, entries in found.items()
    }
    x, y = times.pop("x"), times.pop("y")
    return Choices(
        scale,
        tuple(entry for entries in times.values() for entry in entries),
        _rows(x, problem.network.inputs),
        _rows(y, problem.network.outputs),
    )


def _values(most: int, *, whole: bool) -> list[Rational]:
    """0, 1, −1, …: by absolute value, positive ones first."""
    denominators = range(1, 2 if whole else most + 1)
    sizes = {Fraction(p, q) for q in denominators for p in range(most + 1) if gcd(p, q) == 1}
    return [v for size in sorted(sizes) for v in ([size, -size] if size else [size])]


def _within(values: list[Rational], bound: Bound) -> list[Rational]:
    low, high = bound
    return [v for v in values if (low is None or v >= low) and (high is None or v <= high)]


def _rows(entries: list[tuple[int, ...]], width: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    return tuple(tuple(entries[at : at + width]) for at in range(0, len(entries), width))
