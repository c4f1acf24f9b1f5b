"""All parameters and datasets up to one height, in order of the sum of their absolute values."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np

from zerograd.core.arrays import Array
from zerograd.core.conditions import Condition, ExactAlgebra, evaluate
from zerograd.core.exact import Exact
from zerograd.core.language import names_in
from zerograd.core.problem import Problem
from zerograd.search.smallest.best import Best
from zerograd.search.smallest.choices import Choices, choices
from zerograd.search.smallest.matching import Half, Keys, Members, key, meeting
from zerograd.search.smallest.orbits import generators, group, identity, keeps, moved
from zerograd.search.smallest.pool import Bools, Contributions, Entry, Ints, Layers, Pool
from zerograd.search.symmetry import samples_interchangeable

DRAWS = 50
"""Random parameters that are tried before all of them are, so that there is something to be smaller than."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """What the choices for one sample contribute, with the parameters fixed.

    Attributes:
        allowed: shape (n,): whether nothing that is asked of this sample alone stands against it.
        zero, other: entries that must vanish, and those of which something else is asked, (entries, n).
        key: of the entries that must vanish, shape (n,).
    """

    allowed: Bools
    zero: Ints
    other: Ints
    key: Keys
    on_kink: Bools


class Level:
    """Everything up to one height.

    Args:
        left, right: all ways to choose the first half of the samples, and the second.
    """

    def __init__(
        self,
        problem: Problem,
        best: Best,
        *,
        choices: Choices,
        height: int,
        pools: Sequence[Pool],
        left: Half,
        right: Half,
    ) -> None:
        self.problem, self.best, self.choices, self.height = problem, best, choices, height
        self.pools, self.left, self.right = pools, left, right
        samples = len(pools)
        self.layers = Layers(problem.network, problem.derivative_at_kink, choices.scale)
        asked = {
            relation: problem.asked_entries(relation, samples)
            for relation in ("zero", "nonzero", "positive", "negative")
        }
        self.of_inputs = {
            relation: [index for name, index in entries if name == "x"] for relation, entries in asked.items()
        }
        signs: dict[Entry, set[str]] = {}
        for relation, entries in asked.items():
            for entry in entries:
                if entry[0] != "x":
                    signs.setdefault(entry, set()).add(relation)
        self.zero = [entry for entry, said in signs.items() if "zero" in said]
        self.signs = {entry: said for entry, said in signs.items() if "zero" not in said}
        names = set(problem.network.shapes)
        self.of_parameters = [c for c in problem.where if names_in(c.node) <= names]

    @classmethod
    def of(cls, problem: Problem, samples: int, height: int, best: Best) -> Level | None:
        """None where it is too much to go through."""
        found = choices(problem, samples, height)
        if found is None:
            return None
        makers = generators(problem.network, problem.derivative_at_kink)
        layers = Layers(problem.network, problem.derivative_at_kink, found.scale)
        rows = list(zip(found.inputs, found.targets, strict=True))
        distinct = {row: Pool.of(*row) for row in dict.fromkeys(rows)}
        pools = [pool for row in rows if (pool := distinct[row]) is not None]
        if not layers.fits(found, samples) or len(pools) < samples:
            return None
        alike = found.alike and samples_interchangeable(problem, samples)
        middle = (samples + 1) // 2
        left, right = Half.of(pools[:middle], alike=alike), Half.of(pools[middle:], alike=alike)
        if left is None or right is None:
            return None
        own = [symmetry for symmetry in makers if keeps(problem, samples, symmetry, found)]
        best.own, best.renumber = group(own, identity(problem.network)), alike
        return cls(problem, best, choices=found, height=height, pools=pools, left=left, right=right)

    def search(self, seed: int, deadline: float) -> bool:
        """Offer all answers that are small enough; whether that came to an end before the deadline."""
        return self._draw(seed, deadline) and self._all(deadline)

    def _draw(self, seed: int, deadline: float) -> bool:
        dice = random.Random(f"smallest {seed} {self.height}")  # noqa: S311 - reproducible, not secret
        for _ in range(DRAWS if self.best.worst is None or self.best.worst.height > self.height else 0):
            parameters = tuple(dice.choice(values) for values in self.choices.parameters)
            if not self._datasets(parameters, deadline):
                return False
        return True

    def _all(self, deadline: float) -> bool:
        for parameters in ascending(self.choices.parameters):
            if self._most(parameters) == -1:
                return True
            representative = all(moved(g.parameters, parameters) <= parameters for g in self.best.own)
            if representative and not self._datasets(parameters, deadline):
                return False
        return True

    def _most(self, parameters: Sequence[int]) -> int | None:
        """The largest cost of a dataset that is of interest, −1 where none is; None where all are."""
        worst = self.best.worst
        if worst is None or worst.height > self.height:
            return None
        if worst.height < self.height:
            return -1
        return max(-1, int(worst.total * self.choices.scale) - sum(map(abs, parameters)))

    def _datasets(self, parameters: tuple[int, ...], deadline: float) -> bool:
        """Offer the answers with these parameters; whether that came to an end."""
        if time.monotonic() >= deadline:
            return False
        arrays = self._arrays(parameters)
        if not self._conditions_hold(arrays):
            return True
        made: dict[int, Contributions] = {}
        for pool in self.pools:
            if id(pool) not in made:
                made[id(pool)] = self.layers.contributions(arrays, pool)
        samples = [self._sample(number, made[id(pool)]) for number, pool in enumerate(self.pools)]
        if not all(sample.allowed.any() for sample in samples) or not self._possible(samples):
            return True
        most, middle = self._most(parameters), self.left.members.shape[1]
        allowed = [sample.allowed for sample in samples]
        left, right = self.left.among(allowed[:middle], most), self.right.among(allowed[middle:], most)
        keys = [sample.key for sample in samples]
        for costs, members in meeting(left, right, keys, lambda: self._most(parameters)):
            if not self._offer(parameters, samples, costs, members, deadline):
                return False
        return True

    def _sample(self, number: int, made: Contributions) -> _Sample:
        allowed = ~made.barred
        for relation, indices in self.of_inputs.items():
            for sample, entry in indices:
                if sample == number:
                    allowed &= _as_asked(made.inputs[:, entry], {relation})
        count = len(allowed)
        zero = np.array([made.rows[entry] for entry in self.zero], dtype=np.int64).reshape(-1, count)
        other = np.array([made.rows[entry] for entry in self.signs], dtype=np.int64).reshape(-1, count)
        return _Sample(allowed, zero, other, key(zero), made.on_kink)

    def _possible(self, samples: Sequence[_Sample]) -> bool:
        """Whether each entry that must not vanish is touched by some sample."""
        touched = np.zeros(len(self.signs), dtype=bool)
        for sample in samples:
            touched |= (sample.other[:, sample.allowed] != 0).any(axis=1)
        return bool(touched.all())

    def _offer(
        self,
        parameters: tuple[int, ...],
        samples: Sequence[_Sample],
        costs: Ints,
        members: Members,
        deadline: float,
    ) -> bool:
        def total(rows: Sequence[Ints]) -> Ints:
            found = np.zeros((len(rows[0]), len(members)), dtype=np.int64)
            for position, row in enumerate(rows):
                found += row[:, members[:, position]]
            return found

        fine = ~total([sample.zero for sample in samples]).any(axis=0)
        for row, said in zip(total([sample.other for sample in samples]), self.signs.values(), strict=True):
            fine &= _as_asked(row, said)
        seen = set()
        for number, place in enumerate(np.flatnonzero(fine)):
            if number % 64 == 63 and time.monotonic() >= deadline:
                return False
            most = self._most(parameters)
            if most is not None and costs[place] > most:
                break
            chosen = tuple(members[place].tolist())
            once = tuple(sorted(chosen)) if self.best.renumber else chosen
            if once in seen:
                continue
            seen.add(once)
            self._offer_one(parameters, chosen)
        return True

    def _offer_one(self, parameters: tuple[int, ...], chosen: tuple[int, ...]) -> None:
        scale = self.choices.scale

        def exact(values: Sequence[int]) -> tuple[Fraction, ...]:
            return tuple(Fraction(int(value), scale) for value in values)

        rows = tuple(
            (exact(pool.inputs[number]), exact(pool.targets[number]))
            for pool, number in zip(self.pools, chosen, strict=True)
        )
        self.best.offer((exact(parameters), rows))

    def _arrays(self, parameters: Sequence[int]) -> dict[str, Ints]:
        arrays: dict[str, Ints] = {}
        at = 0
        for name, shape in self.problem.network.shapes.items():
            size = prod(shape)
            arrays[name] = np.array(parameters[at : at + size], dtype=np.int64).reshape(shape)
            at += size
        return arrays

    def _conditions_hold(self, arrays: Mapping[str, Ints]) -> bool:
        """Of the conditions on parameters alone."""

        def lookup(name: str) -> Array[Exact]:
            flat = arrays[name].ravel().tolist()
            return Array(arrays[name].shape, tuple(Fraction(value, self.choices.scale) for value in flat))

        def holds(condition: Condition) -> bool:
            try:
                return evaluate(condition, ExactAlgebra(), lookup)
            except ZeroDivisionError:
                return False

        return all(map(holds, self.of_parameters))


def _as_asked(values: Ints, relations: set[str]) -> Bools:
    """Whether numbers stand in all these relations to 0."""
    fine = np.ones(len(values), dtype=bool)
    for relation in relations:
        match relation:
            case "zero":
                fine &= values == 0
            case "nonzero":
                fine &= values != 0
            case "positive":
                fine &= values > 0
            case "negative":
                fine &= values < 0
    return fine


def ascending(sets: Sequence[Sequence[int]]) -> Iterator[tuple[int, ...]]:
    """One of each set, in order of the sum of absolute values."""
    reach: list[frozenset[int]] = [frozenset({0})]  # sums of the last entries
    for values in reversed(sets):
        reach.append(frozenset(abs(value) + rest for value in values for rest in reach[-1]))
    reach.reverse()

    def extend(place: int, rest: int) -> Iterator[tuple[int, ...]]:
        if place == len(sets):
            yield ()
            return
        for value in sets[place]:
            if rest - abs(value) in reach[place + 1]:
                for tail in extend(place + 1, rest - abs(value)):
                    yield (value, *tail)

    for total in sorted(reach[0]):
        yield from extend(0, total)
