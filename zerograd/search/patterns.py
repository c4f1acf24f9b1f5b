"""The activation patterns of a dataset: one of each class, without what cannot occur.

A pattern gives a row to every sample: the number of the side of each unit. Patterns that differ by
renaming samples or hidden units are the same question, where the problem allows the renaming.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from math import prod

from zerograd.core.errors import present
from zerograd.core.model.sides import Side, Unit, units_with_sides
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import samples_of_one_pattern
from zerograd.search.encoding import Pattern
from zerograd.search.geometry import Cut, Row, possible
from zerograd.search.symmetry import samples_interchangeable, units_interchangeable

MAX_RENAMINGS = 5_000
MAX_ROWS = 4_096
"""Patterns of one sample; a network with more has too many for one region after another."""

MAX_CANDIDATES = 60_000
"""Patterns looked at, those included that turn out to be renamings of others."""


class TooManyPatterns(Exception):  # noqa: N818 - a finding, not an error
    """They cannot be listed one by one in reasonable time."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """How the patterns of a problem with M samples are listed.

    Attributes:
        choices: the units that have more than one side, with their sides.
        sorting: whether samples may be renamed: their rows are listed in order then.
        most: samples of one pattern that are enough, where there is such a number (see `__iter__`).
        cuts: by which `possible` leaves out what cannot occur.
    """

    problem: Problem
    samples: int
    choices: dict[Unit, tuple[Side, ...]]
    sorting: bool
    most: int | None
    cuts: tuple[Cut, ...]

    @classmethod
    def of(cls, problem: Problem, samples: int) -> Patterns:
        choices = units_with_sides(problem.network, problem.derivative_at_kink)
        sorting = samples_interchangeable(problem, samples)
        # The hypotheses alone do not see every condition that treats samples differently: renaming does.
        most = samples_of_one_pattern(problem) if sorting else None
        return cls(problem, samples, choices, sorting, most, _cuts(problem, choices))

    def idle(self, rows: Sequence[Row]) -> int:
        """How many units have slope 0, over all samples."""
        choices = list(self.choices.values())
        return sum(choices[i][side].derivative == 0 for row in rows for i, side in enumerate(row))

    def pattern(self, rows: Sequence[Row]) -> Pattern:
        """The side of every pre-activation."""
        return {
            (layer, sample, unit): sides[row[position]]
            for sample, row in enumerate(rows)
            for position, ((layer, unit), sides) in enumerate(self.choices.items())
        }

    def __iter__(self) -> Iterator[tuple[Row, ...]]:
        """One pattern of each class. Raises TooManyPatterns, if need be after the first of them.

        Where small datasets suffice, ``most`` bounds the samples of one pattern (the lemma in
        `zerograd.core.question.small_datasets`), and a pattern with fewer than M samples stands for all that
        copies of its samples make of it.
        """
        if prod(map(len, self.choices.values())) > MAX_ROWS:
            raise TooManyPatterns
        rows = list(product(*(range(len(c)) for c in self.choices.values())))
        renamings = self._renamings()
        inputs = self.problem.network.inputs

        def extend(chosen: tuple[Row, ...], start: int) -> Iterator[tuple[Row, ...]]:
            if len(chosen) == self.samples:
                yield chosen
                return
            for position in range(start, len(rows)):
                row = rows[position]
                if row in chosen or possible({*chosen, row}, inputs, self.cuts):
                    yield from extend((*chosen, row), position if self.sorting else 0)

        def sets(chosen: tuple[Row, ...], start: int) -> Iterator[tuple[Row, ...]]:
            if chosen:
                yield from self._repeated(chosen)
            if len(chosen) < self.samples:
                for position in range(start, len(rows)):
                    if possible({*chosen, rows[position]}, inputs, self.cuts):
                        yield from sets((*chosen, rows[position]), position + 1)

        candidates = extend((), 0) if self.most is None else sets((), 0)
        for number, candidate in enumerate(candidates):
            if number == MAX_CANDIDATES:
                raise TooManyPatterns
            if all(candidate <= self._renamed(candidate, order) for order in renamings):
                yield candidate

    def _repeated(self, rows: tuple[Row, ...]) -> Iterator[tuple[Row, ...]]:
        """Each row with as many samples as can be of use: fewer are a special case (copies)."""
        most = present(self.most, "number of samples that are of use")
        if len(rows) * most <= self.samples:
            yield tuple(row for row in rows for _ in range(most))
            return
        for counts in product(range(1, most + 1), repeat=len(rows)):
            if sum(counts) == self.samples:
                yield tuple(row for row, n in zip(rows, counts, strict=True) for _ in range(n))

    def _renamed(self, pattern: tuple[Row, ...], order: Sequence[int]) -> tuple[Row, ...]:
        moved = [tuple(row[i] for i in order) for row in pattern]
        return tuple(sorted(moved) if self.sorting else moved)

    def _renamings(self) -> list[tuple[int, ...]]:
        """Orders of the units that permute interchangeable ones within their layer."""
        units = list(self.choices)
        groups: list[list[tuple[int, ...]]] = []
        total = 1
        for layer in range(1, self.problem.network.depth + 1):
            here = tuple(i for i, (number, _) in enumerate(units) if number == layer)
            free = layer < self.problem.network.depth and units_interchangeable(
                self.problem, layer, self.samples
            )
            orders = (
                list(permutations(here)) if free and len(here) <= 6 and total <= MAX_RENAMINGS else [here]
            )
            total *= len(orders)
            groups.append(orders)
        if total > MAX_RENAMINGS:
            groups = [orders[:1] for orders in groups]
        return [tuple(i for part in parts for i in part) for parts in product(*groups)]


def _cuts(problem: Problem, choices: Mapping[Unit, Sequence[Side]]) -> tuple[Cut, ...]:
    """Where each layer's units stand in a row."""
    units = list(choices)
    cuts = []
    for number in range(1, problem.network.depth + 1):
        here = [i for i, (own, _) in enumerate(units) if own == number]
        if here:
            cuts.append((here[0], here[-1] + 1, all(len(choices[units[i]]) == 2 for i in here)))
    return tuple(cuts)
