"""All parameters and datasets up to one height, the smallest first."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np

from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.conditions import Condition, ExactAlgebra, evaluate
from zerograd.core.question.language import names_in
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import OF_EACH
from zerograd.core.verdict.size import Size
from zerograd.evaluate.whole import Bools, Ints
from zerograd.search.smallest.best import Best
from zerograd.search.smallest.budget import Budget
from zerograd.search.smallest.choices import Choices, choices, least_height
from zerograd.search.smallest.costs import (
    ALL,
    NONE,
    Costs,
    Limits,
    ascending,
    fewest_non_integers,
    limits,
)
from zerograd.search.smallest.matching import Half, Keys, Members, key, meeting
from zerograd.search.smallest.orbits import Symmetry, generators, group, identity, keeps, moved
from zerograd.search.smallest.pool import Contributions, Entry, Layers, Pool
from zerograd.search.smallest.pruning import cheapest, spanned
from zerograd.search.smallest.sieve import Quantities, may_hold
from zerograd.search.symmetry import samples_interchangeable

DRAWS = 50
"""Random parameters that are tried before all of them are, so that there is something to be smaller than."""
_OFFER = 5
"""Parameters that take about as long to compute with as to have one answer checked."""
_CHOICE = 5
"""Ways to choose half a dataset that take about as long as to compute with one choice for a sample."""
_SYMMETRY = 10
"""Ways to choose half a dataset that take about as long as to look at a symmetry."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """What the choices for one sample contribute, with the parameters fixed.

    Attributes:
        allowed: shape (n,): whether nothing that is asked of this sample alone stands against it.
        zero, other: entries that must vanish, and those of which something else is asked, (entries, n).
        key: of the entries that must vanish, shape (n,).
        kinked: shape (n,): whether it sits on a kink.
    """

    allowed: Bools
    zero: Ints
    other: Ints
    key: Keys
    kinked: Bools


class Level:
    """Everything up to one height.

    Args:
        layers: the network, for whole numbers of the scale of the choices.
        pools: the choices for each sample.
        halves: all ways to choose the first half of the samples, and the second.
        own: the symmetries of the question.
        alike: whether the samples may be put into another order.

    Attributes:
        fewest: how many values are not whole in all that is chosen here.
    """

    def __init__(
        self,
        problem: Problem,
        best: Best,
        *,
        choices: Choices,
        costs: Costs,
        layers: Layers,
        height: int,
        pools: Sequence[Pool],
        halves: tuple[Half, Half],
        own: Sequence[Symmetry],
        alike: bool,
    ) -> None:
        self.problem, self.best, self.height = problem, best, height
        self.choices, self.costs, self.layers = choices, costs, layers
        self.fewest = fewest_non_integers(choices)
        self._cost_of = {value: costs.value(value) for values in choices.parameters for value in values}
        self._bound: tuple[Size, int] | None = None
        self.pools, (self.left, self.right) = pools, halves
        self.own, self.alike = own, alike
        samples = len(pools)
        asked = {relation: problem.asked_entries(relation, samples) for relation in OF_EACH}
        self.of_inputs = [
            tuple(
                (relation, index[1])
                for relation, entries in asked.items()
                for name, index in entries
                if name == "x" and index[0] == number
            )
            for number in range(samples)
        ]
        signs: dict[Entry, set[str]] = {}
        for relation, entries in asked.items():
            for entry in entries:
                if entry[0] != "x":
                    signs.setdefault(entry, set()).add(relation)
        self.zero = [entry for entry, said in signs.items() if "zero" in said]
        self.signs = {entry: said for entry, said in signs.items() if "zero" not in said}
        self.some = [entry for choice in problem.choices(samples) for entry in choice.entries]
        names = set(problem.network.shapes)
        self.of_parameters = [c for c in problem.where if names_in(c.node) <= names]
        self.of_data = [c for c in problem.where if not names_in(c.node) <= names]
        # All that is asked of a dataset is then what its samples contribute, and what each of them is alone.
        self.one_of_each = best.is_one and not self.of_data and "x" not in dict(self.some)

    @classmethod
    def of(
        cls, problem: Problem, samples: int, height: int, best: Best, budget: Budget, *, integers: bool
    ) -> Level | None:
        """The level of free values up to ``height``; given ones may be larger. None where it is too much.

        Args:
            integers: where an entry has whole numbers up to this height, these alone.
        """
        found = choices(problem, samples, height, integers=integers)
        costs = None if found is None else Costs.of(found)
        if found is None or costs is None:
            return None
        makers = generators(problem.network, problem.derivative_at_kink)
        layers = Layers(problem.model, found.scale)
        if not layers.fits(found, samples):
            return None
        rows = list(zip(found.inputs, found.targets, strict=True))
        distinct = {row: Pool.of(*row, costs) for row in dict.fromkeys(rows)}
        pools = [pool for row in rows if (pool := distinct[row]) is not None]
        if len(pools) < samples:
            return None
        alike = found.alike and samples_interchangeable(problem, samples)
        middle = (samples + 1) // 2
        left = Half.of(pools[:middle], alike=alike, most=budget.ways)
        right = Half.of(pools[middle:], alike=alike, most=budget.ways)
        if left is None or right is None:
            return None
        budget.spend(len(left.cost) + len(right.cost))
        own = [symmetry for symmetry in makers if keeps(problem, samples, symmetry, found)]
        return cls(
            problem,
            best,
            choices=found,
            costs=costs,
            layers=layers,
            height=max(height, least_height(problem, samples)),
            pools=pools,
            halves=(left, right),
            own=group(own, identity(problem.network)),
            alike=alike,
        )

    def draw(self, seed: int, budget: Budget) -> None:
        """Offer what a few random parameters have, so that there is something to be smaller than."""
        dice = random.Random(f"smallest {seed} {self.height}")  # noqa: S311 - reproducible, not secret
        for _ in range(DRAWS):
            parameters = tuple(dice.choice(values) for values in self.choices.parameters)
            if not self._datasets(parameters, budget):
                return

    def _begin(self, budget: Budget) -> bool:
        """Offer answers, small sums first, until there are enough; whether that came to an end.

        If it did, and there still are not enough, all were offered.
        """
        every = ascending(self.choices.parameters, abs)
        if every is None:
            return False
        for parameters in every:
            if self._enough:
                return True
            if not self._parameters(parameters, budget):
                return False
        return True

    def search(self, budget: Budget, patience: Budget | None = None) -> bool:
        """Offer all answers that are small enough; whether that came to an end within the budget.

        Args:
            patience: the part of it to be spent where the smallest need not be among them.
        """
        patience = patience or budget
        if not self._enough:
            if not self._begin(patience):
                return False
            if not self._enough:
                return True
        every = ascending(self.choices.parameters, self.costs.value)
        if every is None:
            return False
        for parameters in every:
            if self._limits(parameters) == NONE:
                return True
            if not self._parameters(parameters, budget if self.settled else patience):
                return False
        return True

    def _parameters(self, parameters: tuple[int, ...], budget: Budget) -> bool:
        """Offer the answers with these parameters, or do so with what symmetries make of them."""
        budget.spend(_SYMMETRY * len(self.own), parameters=0)
        if budget.spent():
            return False
        representative = all(moved(g.parameters, parameters) <= parameters for g in self.own)
        return not representative or self._datasets(parameters, budget)

    @property
    def _enough(self) -> bool:
        """Whether enough answers of up to this height are kept."""
        return self.best.worst is not None and self.best.worst.height <= self.height

    @property
    def settled(self) -> bool:
        """Whether enough are kept that have no sample on a kink and no more fractions than they must.

        Then all that is larger than what can be chosen here is larger than what is kept.
        """
        worst = self.best.worst
        if worst is None or worst.height > self.height:
            return False
        return worst.height < self.height or (not worst.on_kink and worst.non_integers <= self.fewest)

    def _limits(self, parameters: Sequence[int]) -> Limits:
        """Which costs of datasets are of interest."""
        worst = self.best.worst
        if worst is None:
            return ALL
        if self._bound is None or self._bound[0] is not worst:
            self._bound = worst, self.costs.bound(worst)
        spent = sum([self._cost_of[value] for value in parameters])
        return limits(worst, self.height, self._bound[1], spent)

    def _datasets(self, parameters: tuple[int, ...], budget: Budget) -> bool:
        """Offer the answers with these parameters; whether that came to an end."""
        if budget.spent():
            return False
        budget.spend(0)
        wanted = self._limits(parameters)
        if wanted == NONE:
            return True
        arrays = self._arrays(parameters)
        if not self._conditions_hold(arrays):
            return True
        by_pool = {id(pool): pool for pool in self.pools}
        budget.spend(_CHOICE * sum(len(pool.cost) for pool in by_pool.values()), parameters=0)
        made = {name: self.layers.contributions(arrays, pool) for name, pool in by_pool.items()}
        kinds = [(id(pool), asked) for pool, asked in zip(self.pools, self.of_inputs, strict=True)]
        known = {
            kind: self._sample(made[kind[0]], by_pool[kind[0]].cost, kind[1], clean=wanted.kinked == -1)
            for kind in dict.fromkeys(kinds)
        }
        samples = [known[kind] for kind in kinds]
        if not all(sample.allowed.any() for sample in samples) or not self._possible(list(known.values())):
            return True
        most, middle = wanted.clean, self.left.members.shape[1]
        allowed = [sample.allowed for sample in samples]
        left, right = self.left.among(allowed[:middle], most), self.right.among(allowed[middle:], most)
        budget.spend(len(left.cost) + len(right.cost), parameters=0)
        keys = [sample.key for sample in samples]
        kinked = [sample.kinked for sample in samples]
        met = meeting(left, right, keys, kinked, lambda: self._limits(parameters))
        for pairs, costs, on_kink, members in met:
            budget.spend(pairs, parameters=0)
            if budget.spent():
                return False
            fine = np.flatnonzero(self._as_asked(samples, members))
            if self.of_data and len(fine):
                loss = self.problem.model.loss
                made_of = [made[id(pool)] for pool in self.pools]
                names = Quantities(loss, self.choices.scale, arrays, self.pools, made_of, members[fine])
                fine = fine[may_hold(self.of_data, names, len(fine))]
            if not self._offer(parameters, costs[fine], on_kink[fine], members[fine], budget):
                return False
        return True

    def _sample(
        self, made: Contributions, cost: Ints, of_inputs: tuple[tuple[str, int], ...], *, clean: bool
    ) -> _Sample:
        """What a sample contributes. With ``clean`` none that sits on a kink is allowed."""
        allowed = ~(made.kinked if clean else made.barred)
        for relation, entry in of_inputs:
            allowed &= _as_asked(made.inputs[:, entry], {relation})
        count = len(allowed)
        zero = np.array([made.rows[entry] for entry in self.zero], dtype=np.int64).reshape(-1, count)
        other = np.array([made.rows[entry] for entry in self.signs], dtype=np.int64).reshape(-1, count)
        if self.one_of_each:
            some = np.array([made.rows[entry] for entry in self.some], dtype=np.int64).reshape(-1, count)
            # One on a kink never takes the place of one on none.
            allowed = cheapest(np.concatenate([zero, other, some, [made.kinked]]), cost, allowed)
        return _Sample(allowed, zero, other, key(zero), made.kinked)

    def _possible(self, samples: Sequence[_Sample]) -> bool:
        """Whether no entry that must not vanish does whenever those do that must."""
        zero = np.concatenate([sample.zero[:, sample.allowed] for sample in samples], axis=1)
        other = np.concatenate([sample.other[:, sample.allowed] for sample in samples], axis=1)
        return bool(other.any(axis=1).all()) and not spanned(zero, other)

    def _as_asked(self, samples: Sequence[_Sample], members: Members) -> Bools:
        """Whether the gradients of parameters are as asked."""

        def total(rows: Sequence[Ints]) -> Ints:
            found = np.zeros((len(rows[0]), len(members)), dtype=np.int64)
            for position, row in enumerate(rows):
                found += row[:, members[:, position]]
            return found

        fine = np.asarray(~total([sample.zero for sample in samples]).any(axis=0))
        for row, said in zip(total([sample.other for sample in samples]), self.signs.values(), strict=True):
            fine = fine & _as_asked(row, said)
        return fine

    def _offer(
        self, parameters: tuple[int, ...], costs: Ints, kinked: Bools, members: Members, budget: Budget
    ) -> bool:
        """Offer datasets, the smallest first; whether that came to an end."""
        seen = set()
        for cost, on_kink, member in zip(costs, kinked, members, strict=True):
            wanted = self._limits(parameters)
            most = wanted.kinked if on_kink else wanted.clean
            if most is not None and cost > most:
                break
            chosen = tuple(member.tolist())
            once = tuple(sorted(chosen)) if self.alike else chosen
            if once in seen:
                continue
            seen.add(once)
            if budget.spent():
                return False
            budget.spend(0, parameters=_OFFER + self.best.effort_of_judging)
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
        self.best.offer((exact(parameters), rows), self.own, renumber=self.alike)

    def _arrays(self, parameters: Sequence[int]) -> dict[str, Ints]:
        arrays: dict[str, Ints] = {}
        at = 0
        for name, shape in self.problem.network.shapes.items():
            size = prod(shape)
            arrays[name] = np.array(parameters[at : at + size], dtype=np.int64).reshape(shape)
            at += size
        return arrays

    def _conditions_hold(self, arrays: Mapping[str, Ints]) -> bool:
        """Whether the conditions on parameters alone hold."""

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
