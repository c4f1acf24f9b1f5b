"""One activation pattern after another: each region is a conjunction that nlsat settles quickly.

Patterns that differ by renaming samples or hidden units are the same question, where the problem
itself allows the renaming. Complete: all regions impossible means that the problem is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, permutations, product
from math import comb, prod

from zerograd.core.problem import Problem
from zerograd.derive.regions import Unit, units_with_sides
from zerograd.derive.sides import Side
from zerograd.search.encoding import Pattern, encode
from zerograd.search.lift import lift
from zerograd.search.symmetry import samples_interchangeable, units_interchangeable
from zerograd.search.verdict import Found, Impossible, Progress, Undecided, Verdict
from zerograd.solvers.base import GaveUp, Model, NoModel
from zerograd.solvers.process import SolverProcess

NAME = "regions"
MAX_REGIONS = 20_000
MAX_RENAMINGS = 5_000
PATIENCE = (1.0, 8.0)
"""Effort for each region, round by round: what is hard waits until all others are settled."""

Row = tuple[int, ...]
"""One sample's pattern: the number of the side, for each unit in order."""


def regions(
    problem: Problem, samples: int, solver: SolverProcess, *, deadline: float, seed: int, progress: Progress
) -> Verdict:
    """Decide the problem for M = ``samples``, region by region."""
    choices = units_with_sides(problem.network, problem.derivative_at_kink)
    if count(problem, samples) > MAX_REGIONS:
        return Undecided("unsupported", f"more than {MAX_REGIONS} activation patterns")
    pending = []
    for rows in patterns(problem, samples):
        if time.monotonic() >= deadline:
            return Undecided("timeout", "the regions were still being listed")
        pending.append(rows)
    for patience in PATIENCE:
        hard: list[tuple[Row, ...]] = []
        for number, rows in enumerate(pending):
            if time.monotonic() >= deadline:
                return Undecided("timeout", f"{len(pending) - number + len(hard)} regions were left")
            progress(f"{number} of {len(pending)} regions done")
            encoding = encode(problem, samples, pattern=_pattern(choices, rows))
            outcome = solver.check(
                encoding.script, deadline=deadline, mode="polynomial", seed=seed, effort=patience
            )
            match outcome:
                case Model():
                    witness = lift(encoding, outcome, solver, deadline=deadline, seed=seed)
                    if witness is not None:
                        return Found(witness, NAME)
                    hard.append(rows)
                case GaveUp():
                    hard.append(rows)
                case NoModel():
                    pass
        if not hard:
            return Impossible("solver", NAME)
        pending = hard
    return Undecided("incomplete", f"the solver gave up on {len(pending)} regions")


def count(problem: Problem, samples: int) -> int:
    """How many patterns `patterns` looks at, before renamings of units."""
    each = prod(len(c) for c in units_with_sides(problem.network, problem.derivative_at_kink).values())
    return comb(each + samples - 1, samples) if samples_interchangeable(problem, samples) else each**samples


def patterns(problem: Problem, samples: int) -> Iterator[tuple[Row, ...]]:
    """One pattern of each class of patterns that differ by an allowed renaming."""
    choices = units_with_sides(problem.network, problem.derivative_at_kink)
    rows = list(product(*(range(len(c)) for c in choices.values())))
    sorting = samples_interchangeable(problem, samples)
    renamings = _renamings(problem, samples, list(choices))
    every = combinations_with_replacement(rows, samples) if sorting else product(rows, repeat=samples)
    for candidate in every:
        if all(candidate <= _renamed(candidate, order, sorting=sorting) for order in renamings):
            yield candidate


def _renamed(pattern: tuple[Row, ...], order: Sequence[int], *, sorting: bool) -> tuple[Row, ...]:
    moved = [tuple(row[i] for i in order) for row in pattern]
    return tuple(sorted(moved) if sorting else moved)


def _renamings(problem: Problem, samples: int, units: list[Unit]) -> list[tuple[int, ...]]:
    """Orders of the units that permute interchangeable ones within their layer."""
    groups: list[list[tuple[int, ...]]] = []
    total = 1
    for layer in range(1, problem.network.depth + 1):
        here = tuple(i for i, (number, _) in enumerate(units) if number == layer)
        free = layer < problem.network.depth and units_interchangeable(problem, layer, samples)
        orders = list(permutations(here)) if free and len(here) <= 6 and total <= MAX_RENAMINGS else [here]
        total *= len(orders)
        groups.append(orders)
    if total > MAX_RENAMINGS:
        groups = [orders[:1] for orders in groups]
    return [tuple(i for part in parts for i in part) for parts in product(*groups)]


def _pattern(choices: dict[Unit, tuple[Side, ...]], rows: Sequence[Row]) -> Pattern:
    return {
        (layer, sample, unit): sides[row[position]]
        for sample, row in enumerate(rows)
        for position, ((layer, unit), sides) in enumerate(choices.items())
    }
