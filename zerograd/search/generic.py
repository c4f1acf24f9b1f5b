"""A question narrowed to generic witnesses (`zerograd.core.verdict.generic`), by further conditions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Index, indices
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import NOT_ZERO, Rational
from zerograd.core.verdict.generic import counts_residuals, pinned

MOST = 500
"""Conditions that are added, at most."""

Places = dict[tuple[str, Index], Rational]


def unfit(problem: Problem, samples: int) -> str | None:
    """Return why no generic witness with so many samples is looked for."""
    pairs = sum(n * (n - 1) // 2 for n in (samples, *problem.network.widths[1:]))
    return f"more than {MOST} pairs of units or samples would have to differ" if pairs > MOST else None


def generic_question(problem: Problem, samples: int) -> Problem:
    """The same question for M = ``samples``, whose witnesses are all generic.

    Of two units with given zeros it may ask for more.
    """
    fixed = pinned(problem, samples)
    conditions = [
        *_nonzero(problem, fixed),
        *_units(problem, fixed),
        *_inputs(problem, samples, fixed),
        *_no_zero_input(problem, samples, fixed),
        *_residuals(problem, samples),
    ]
    return problem.with_samples(samples).with_conditions(conditions).with_kink("forbid")


def _nonzero(problem: Problem, fixed: Places) -> Iterator[str]:
    for name, shape in problem.network.shapes.items():
        free = [index for index in indices(shape) if (name, index) not in fixed]
        if len(free) == len(list(indices(shape))):
            yield f"{name} != 0"
        else:
            yield from (f"{entry(name, index)} != 0" for index in free)


def _units(problem: Problem, fixed: Places) -> Iterator[str]:
    shapes = problem.network.shapes
    for number, layer in enumerate(problem.network.layers, start=1):
        places = [(name, i) for name in shapes if name[1:] == str(number) for i in indices(shapes[name])]
        for pair in combinations(range(layer.units), 2):
            rows = [[(name, index) for name, index in places if index[0] == unit] for unit in pair]
            if all(place in fixed for row in rows for place in row):
                continue
            names = [[entry(*place) for place in row] for row in rows]
            if len(names[0]) == 1:
                yield f"{names[0][0]} != {names[1][0]}"
                continue
            # Where both have a number that is not 0, the minors there say whether rows are proportional.
            pivot = next((j for j, both in enumerate(zip(*rows, strict=True)) if _both(both, fixed)), 0)
            minors = [
                f"{names[0][pivot]} * {names[1][j]} != {names[0][j]} * {names[1][pivot]}"
                for j in range(len(names[0]))
                if j != pivot
            ]
            yield minors[0] if len(minors) == 1 else f"any({', '.join(minors)})"


def _both(pair: tuple[tuple[str, Index], ...], fixed: Places) -> bool:
    return all(fixed.get(place, 1) != 0 for place in pair)


def _inputs(problem: Problem, samples: int, fixed: Places) -> Iterator[str]:
    width = problem.network.inputs
    given = [all(("x", (m, d)) in fixed for d in range(width)) for m in range(samples)]
    if width == 1 and samples > 1 and not any(given):
        yield "distinct(x)"
        return
    for one, other in combinations(range(samples), 2):
        if given[one] and given[other]:
            continue
        differ = [f"{entry('x', (one, d))} != {entry('x', (other, d))}" for d in range(width)]
        yield differ[0] if width == 1 else f"any({', '.join(differ)})"


def _no_zero_input(problem: Problem, samples: int, fixed: Places) -> Iterator[str]:
    """No input is 0 on every sample; a single one cannot be, where samples differ."""
    width = problem.network.inputs
    for d in range(width if width > 1 or samples == 1 else 0):
        column = [("x", (m, d)) for m in range(samples)]
        if not all(place in fixed for place in column):
            yield _some([f"{entry(*place)} != 0" for place in column])


def _residuals(problem: Problem, samples: int) -> Iterator[str]:
    """No sample's residual is 0, unless all are: then no gradient is other than 0."""
    if not counts_residuals(problem):
        return
    asked = any(problem.asked_entries(relation, samples) for relation in NOT_ZERO)
    for m in range(samples):
        moved = _some([f"{entry('r', (m, k))} != 0" for k in range(problem.network.outputs)])
        yield moved if asked else f"{moved} or r == 0"


def _some(conditions: list[str]) -> str:
    return conditions[0] if len(conditions) == 1 else f"any({', '.join(conditions)})"
