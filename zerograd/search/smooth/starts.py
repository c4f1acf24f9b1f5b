"""Where a numerical search begins: small rationals for parameters and data, and labels."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np

from zerograd.core.model.targets import Targets
from zerograd.core.numbers.arrays import Array, Index, Shape, indices
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Bound, Rational, variable_shapes
from zerograd.search.draw import within
from zerograd.search.smooth.fitness import few_adjoints
from zerograd.search.smooth.jets import Floats
from zerograd.search.smooth.passes import Entry, Pass

WEIGHTS = tuple(Fraction(n, 2) for n in (-4, -3, -2, -2, -1, 1, 2, 2, 3, 4))
SHARES = tuple(Fraction(n, 6) for n in (1, 2, 3, 4, 5))
ADJOINTS = tuple(Fraction(n, 4) for n in (-4, -3, -2, -1, 1, 2, 3, 4))


PARTS = 12
"""Parts of an interval between two bounds; values are drawn at their ends."""


@dataclass(frozen=True, slots=True)
class Start:
    """Exact values of all variables, by name, and which entries may be moved."""

    exact: Mapping[str, Array[Fraction]]
    free: tuple[Entry, ...]

    @property
    def floats(self) -> dict[str, Floats]:
        return as_floats(self.exact)


def as_floats(exact: Mapping[str, Array[Fraction]]) -> dict[str, Floats]:
    """Arrays of floats."""
    return {
        name: np.array([float(v) for v in array.entries]).reshape(array.shape)
        for name, array in exact.items()
    }


def start(problem: Problem, samples: int, chance: random.Random) -> Start:
    """Draw one."""
    exact = _parameters_and_inputs(problem, samples, chance)
    exact["y"] = _targets(problem, exact, samples, chance)
    movable = problem.targets == "real" and problem.model.loss.inner.shares != "row"
    free = [
        (name, index)
        for name, array in exact.items()
        for index in indices(array.shape)
        if index not in problem.given.get(name, {}) and (name != "y" or movable)
    ]
    return Start(exact, tuple(free))


def _parameters_and_inputs(
    problem: Problem, samples: int, chance: random.Random
) -> dict[str, Array[Fraction]]:
    bounds = problem.entry_bounds(samples)
    exact: dict[str, Array[Fraction]] = {}
    for name, shape in variable_shapes(problem.network, samples).items():
        if name == "y":
            continue
        drawn = _inputs(problem, shape, chance) if name == "x" else _weights(shape, chance)
        if few_adjoints(problem) and problem.targets != "real" and name[1:] == str(problem.network.depth):
            drawn = {index: value / 16 for index, value in drawn.items()}  # within the margins
        exact[name] = _bounded(name, shape, drawn, problem.given.get(name, {}), bounds, chance=chance)
    return exact


def _bounded(
    name: str,
    shape: Shape,
    wishes: Mapping[Index, Fraction],
    given: Mapping[Index, Rational],
    bounds: Mapping[Entry, Bound],
    *,
    chance: random.Random,
) -> Array[Fraction]:
    """Given values, and wishes moved inside their bounds."""

    def value(index: Index) -> Fraction:
        if index in given:
            return Fraction(given[index])
        low, high = bound = bounds.get((name, index), (None, None))
        if low is not None and high is not None and not low <= wishes[index] <= high:
            return low + (high - low) * Fraction(chance.randint(0, PARTS), PARTS)
        return Fraction(within(wishes[index], bound))

    return Array.build(shape, value)


def _weights(shape: Shape, chance: random.Random) -> dict[Index, Fraction]:
    return {index: chance.choice(WEIGHTS) for index in indices(shape)}


def _inputs(problem: Problem, shape: Shape, chance: random.Random) -> dict[Index, Fraction]:
    """Small inputs, which differ where there is but one for each sample."""
    count, inputs = shape
    if inputs > 1:
        return {index: Fraction(chance.randint(-6, 6), 2) for index in indices(shape)}
    wide = max(4, 2 * count)
    numerators = chance.sample(range(-wide, wide + 1), count)
    if problem.where:  # conditions often ask for an order of the samples
        numerators.sort()
    return {(m, 0): Fraction(n, 2 if count < 8 else 4) for m, n in enumerate(numerators)}


def _targets(
    problem: Problem,
    exact: Mapping[str, Array[Fraction]],
    samples: int,
    chance: random.Random,
) -> Array[Fraction]:
    kind, shape = problem.targets, (samples, problem.network.outputs)
    at = Pass(problem.model, as_floats(exact))
    y: dict[Index, Fraction]
    if kind == "real":
        y = _real(problem, at, shape, chance)
    elif kind == "class":
        rows = [chance.choice(labels(kind, shape[1])) for _ in range(shape[0])]
        y = {(m, k): Fraction(v) for m, row in enumerate(rows) for k, v in enumerate(row)}
    else:
        low, high = sorted(row[0] for row in labels(kind, 1))
        y = {index: Fraction(high if s > 0 else low) for index, s in _balanced(shape, chance).items()}
    given = problem.given.get("y", {})
    return _bounded("y", shape, y, given, problem.entry_bounds(samples), chance=chance)


def _balanced(shape: Shape, chance: random.Random) -> dict[Index, int]:
    """Signs, half of them 1 and half of them −1 for each output, or nearly so."""
    result: dict[Index, int] = {}
    for k in range(shape[1]):
        signs = [(-1) ** m for m in range(shape[0])]
        chance.shuffle(signs)
        result |= {(m, k): s for m, s in enumerate(signs)}
    return result


def labels(kind: Targets, outputs: int) -> list[tuple[int, ...]]:
    """The rows that the targets of a sample may be. Raises ValueError for real numbers."""
    match kind:
        case "class":
            return [tuple(int(j == k) for j in range(outputs)) for k in range(outputs)]
        case "sign":
            return [*product((-1, 1), repeat=outputs)]
        case "binary":
            return [*product((0, 1), repeat=outputs)]
    raise ValueError("real targets are no labels")


def _real(problem: Problem, at: Pass, shape: Shape, chance: random.Random) -> dict[Index, Fraction]:
    """Targets near the predictions, or shares."""
    loss = problem.model.loss.inner
    if loss.shares == "row":
        rows = [[chance.randint(1, 5) for _ in range(shape[1])] for _ in range(shape[0])]
        return {(m, k): Fraction(v, sum(row)) for m, row in enumerate(rows) for k, v in enumerate(row)}
    if loss.shares:
        return {index: chance.choice(SHARES) for index in indices(shape)}
    y_hat = np.clip(np.nan_to_num(at.y_hat), -1e6, 1e6)
    near = {index: Fraction(round(float(y_hat[index]) * 4), 4) for index in indices(shape)}
    if few_adjoints(problem):
        return {index: near[index] - 2 * s for index, s in _balanced(shape, chance).items()}
    return {index: value + chance.choice(ADJOINTS) for index, value in near.items()}
