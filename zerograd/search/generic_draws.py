"""Small generic witnesses, drawn: parameters and inputs that are generic already, and adjoints solved for.

`zerograd.search.construct` draws parallel units, zeros and few different inputs, for which the adjoints are
easy to find; no generic witness has any of these. Here the inputs are those of a pool on which the outputs
are whole and no unit is on a kink, so that whole adjoints give whole targets.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice, product

from zerograd.core.model.backprop import OnKink
from zerograd.core.numbers.arrays import indices
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Rational
from zerograd.core.verdict.generic import against_generic
from zerograd.core.verdict.size import Size, height, size_of
from zerograd.core.verdict.witness import Witness
from zerograd.search import construct
from zerograd.search.adjoints import annihilating
from zerograd.search.construct import Asked, targets_of
from zerograd.search.draw import Values, accepted, within, witness_at
from zerograd.search.draws import Draws
from zerograd.search.linear_part import Layer, LinearPart, Row, Run, layers_of, run
from zerograd.search.verdict import Progress

WORK = 800_000
"""Numbers that are computed with, at most: a second or two."""

POOL = 60
"""Inputs that are tried for one draw of parameters."""

SUBSETS = 30
"""Datasets that are made of one pool."""

CANDIDATES = 4
"""Adjoints that are tried for one dataset."""

REFUSED = 200
"""Candidates one after another that a check refuses, before no more are drawn."""

SPREADS = (2, 3, 4, 3, 5, 4, 7, 3)
"""The largest parameter and input of one draw after another."""


def unfit(problem: Problem) -> str | None:
    """Return why none are drawn."""
    return construct.unfit(problem)


def smallest_drawn(
    problem: Problem, samples: int, seed: int, deadline: float, progress: Progress
) -> Witness | None:
    """Return the smallest generic witness with M = ``samples`` that was drawn; None if there was none."""
    asked = Asked(problem, samples)
    best: tuple[Size, Witness] | None = None
    refused = 0
    draws = Draws(1, _count(problem, samples), deadline, seed, progress)
    for number, chance in draws.of("generic"):
        spread = SPREADS[number % len(SPREADS)]
        most = best[0].height if best is not None else None
        if most is not None and spread > most:
            continue
        for witness in _of_one_network(asked, spread, most, chance):
            size = _size(witness)
            if size is None or (best is not None and size >= best[0]):
                continue
            if accepted(problem, witness) and not against_generic(witness):
                best, refused = (size, witness), 0
            elif (refused := refused + 1) >= REFUSED:  # checks are dear, and conditions may exclude them all
                return None if best is None else best[1]
    return None if best is None else best[1]


def _size(witness: Witness) -> Size | None:
    try:
        return size_of(witness)
    except OnKink:  # of the loss
        return None


def _count(problem: Problem, samples: int) -> int:
    """How many draws are within `WORK`."""
    return WORK // ((POOL + SUBSETS * samples) * (1 + problem.network.parameter_count))


def _of_one_network(asked: Asked, spread: int, most: int | None, chance: random.Random) -> Iterator[Witness]:
    """What may be a generic witness, with one draw of parameters, and no target larger than ``most``."""
    problem, samples = asked.problem, asked.samples
    values = _parameters(problem, samples, spread, chance)
    layers = layers_of(problem.network, values)
    pool = _pool(problem, layers, spread, chance)
    bound = most or max(10, 2 * spread)
    for _ in range(SUBSETS if len(pool) >= samples else 0):
        part = _dataset(asked, values, layers, chance.sample(pool, samples))
        if part is None:
            continue
        forms = part.rows(asked.zero)
        met = asked.test(part)
        for adjoint in islice(annihilating(forms, samples, problem.network.outputs, chance), CANDIDATES):
            targets = targets_of(asked, part, adjoint)
            if any(height(v) > bound for v in targets.values()) or not met(adjoint):
                continue
            yield witness_at(problem, samples, {**values, "y": targets})


def _parameters(problem: Problem, samples: int, spread: int, chance: random.Random) -> Values:
    """Parameters of which none is 0 unless it has to be."""
    nonzero = [*range(-spread, 0), *range(1, spread + 1)]
    bounds = problem.entry_bounds(samples)
    return {
        name: {
            index: problem.given.get(name, {}).get(
                index, within(chance.choice(nonzero), bounds.get((name, index), (None, None)))
            )
            for index in indices(shape)
        }
        for name, shape in problem.network.shapes.items()
    }


def _pool(
    problem: Problem, layers: Sequence[Layer], spread: int, chance: random.Random
) -> list[tuple[Row, Run]]:
    """Different inputs off all kinks; those with whole outputs alone, if targets have to be whole."""
    width = problem.network.inputs
    numbers = range(-spread, spread + 1)
    rows: list[Row]
    if len(numbers) ** width <= POOL:
        rows = [list(row) for row in product(numbers, repeat=width)]
    else:
        drawn = (tuple(chance.choice(numbers) for _ in range(width)) for _ in range(POOL))
        rows = [list(row) for row in dict.fromkeys(drawn)]
    runs = [(row, run(problem.network, layers, row, "forbid")) for row in rows]
    off = [pair for pair in runs if not pair[1].on_kink]
    whole = [pair for pair in off if all(v.denominator == 1 for v in pair[1].activations[-1])]
    return whole if problem.domain == "integer" or len(whole) > len(off) // 2 else off


def _dataset(
    asked: Asked, values: Values, layers: Sequence[Layer], pairs: Sequence[tuple[Row, Run]]
) -> LinearPart | None:
    """Put the inputs into ``values``, but for those that are given or out of bounds; None on a kink."""
    problem = asked.problem
    given, bounds = problem.given.get("x", {}), asked.bounds
    inputs: dict[tuple[int, ...], Rational] = {}
    runs = []
    for m, (drawn, done) in enumerate(pairs):
        row = [
            given.get((m, d), within(value, bounds.get(("x", (m, d)), (None, None))))
            for d, value in enumerate(drawn)
        ]
        inputs |= {(m, d): value for d, value in enumerate(row)}
        runs.append(done if row == drawn else run(problem.network, layers, row, "forbid"))
    values["x"] = inputs
    if any(done.on_kink for done in runs) or _units_agree(runs):
        return None
    return LinearPart(problem.network, tuple(layers), tuple(runs))


def _units_agree(runs: Sequence[Run]) -> bool:
    """Whether two hidden units are active alike on every sample: different ones make the better example."""
    for number in range(1, len(runs[0].activations) - 1):
        columns = list(zip(*(done.activations[number] for done in runs), strict=True))
        if len(set(columns)) < len(columns):
            return True
    return False
