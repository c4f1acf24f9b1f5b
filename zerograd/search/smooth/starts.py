"""Where a numerical search begins: small rationals for parameters and data, labels that leave a last layer at rest."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from zerograd.core.model.losses import Loss
from zerograd.core.numbers.arrays import Array, Index, indices
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Bound, Rational, Relation, variable_shapes
from zerograd.search.draw import within
from zerograd.search.smooth.jets import Floats
from zerograd.search.smooth.passes import Entry, Pass

WEIGHTS = tuple(Fraction(n, 2) for n in (-4, -3, -2, -2, -1, 1, 2, 2, 3, 4))
SHARES = tuple(Fraction(n, 6) for n in (1, 2, 3, 4, 5))
ADJOINTS = tuple(Fraction(n, 4) for n in (-4, -3, -2, -1, 1, 2, 3, 4))

COMBINATIONS = 2000
"""Vectors of a null space whose signs are looked at."""


@dataclass(frozen=True, slots=True)
class Start:
    """Exact values of all variables, by name, and which entries may be moved."""

    exact: Mapping[str, Array[Fraction]]
    free: tuple[Entry, ...]

    @property
    def floats(self) -> dict[str, Floats]:
        return {
            name: np.array([float(v) for v in array.entries]).reshape(array.shape)
            for name, array in self.exact.items()
        }


def last_layer(problem: Problem) -> list[Entry]:
    """The entries of the last layer's parameters."""
    network = problem.network
    names = [f"w{network.depth}"] + ([f"b{network.depth}"] if network.layers[-1].bias else [])
    return [(name, index) for name in names for index in indices(network.shapes[name])]


def at_rest(problem: Problem, samples: int) -> bool:
    """Whether a free linear last layer is asked to be zero as a whole, and nothing else is."""
    layer = set(last_layer(problem))
    return (
        problem.network.layers[-1].activation.is_linear
        and set(problem.asked_entries(Relation.ZERO, samples)) == layer
        and not any(index in problem.given.get(name, {}) for name, index in layer)
        and problem.network.depth > 1
    )


def start(problem: Problem, samples: int, chance: random.Random, *, labelled: bool) -> Start | None:
    """Draw one; None where no labels were found.

    Args:
        labelled: choose labels for which the best last layer is finite, by vectors that annihilate its
            inputs; else they are drawn.
    """
    shapes = variable_shapes(problem.network, samples)
    bounds = problem.entry_bounds(samples)
    exact: dict[str, Array[Fraction]] = {}
    free: list[Entry] = []
    for name, shape in shapes.items():
        given = problem.given.get(name, {})
        if name != "y":
            free += [(name, index) for index in indices(shape) if index not in given]
        drawn = _drawn(name, shape, chance) if name != "y" else {}
        if name == "x" and problem.network.inputs == 1:
            drawn = _spread(shape, chance)
        values = {
            index: Fraction(
                given.get(index, within(drawn.get(index, 0), bounds.get((name, index), (None, None))))
            )
            for index in indices(shape)
        }
        exact[name] = Array.build(shape, values.__getitem__)
    targets = _targets(problem, Start(exact, ()), bounds, chance, labelled=labelled)
    if targets is None:
        return None
    exact["y"] = targets
    if problem.targets == "real" and problem.model.loss.shares != "row":
        free += [("y", index) for index in indices(shapes["y"]) if index not in problem.given.get("y", {})]
    return Start(exact, tuple(free))


def _drawn(name: str, shape: Sequence[int], chance: random.Random) -> dict[Index, Rational]:
    if name == "x":
        return {index: Fraction(chance.randint(-4, 4), 2) for index in indices(tuple(shape))}
    return {index: chance.choice(WEIGHTS) for index in indices(tuple(shape))}


def _spread(shape: Sequence[int], chance: random.Random) -> dict[Index, Rational]:
    """Inputs that differ, for one input."""
    count = shape[0]
    wide = max(4, 2 * count)
    numerators = chance.sample(range(-wide, wide + 1), count)
    return {(m, 0): Fraction(n, 2 if count < 8 else 4) for m, n in enumerate(numerators)}


def _targets(
    problem: Problem,
    at: Start,
    bounds: Mapping[tuple[str, Index], Bound],
    chance: random.Random,
    *,
    labelled: bool,
) -> Array[Fraction] | None:
    kind = problem.targets
    shape = at.exact["y"].shape
    y: dict[Index, Fraction]
    if kind == "real":
        y = _real(problem, at, chance)
    elif labelled:
        labels = _labels(problem, at, chance)
        if labels is None:
            return None
        y = labels
    else:
        y = {}
        for m in range(shape[0]):
            y |= {(m, k): Fraction(v) for k, v in enumerate(chance.choice(_options(kind, shape[1])))}
            if kind != "class":
                y |= {(m, k): Fraction(chance.choice(_options(kind, 1))[0]) for k in range(shape[1])}
    given = problem.given.get("y", {})
    return Array.build(
        shape, lambda i: Fraction(given.get(i, within(y[i], bounds.get(("y", i), (None, None)))))
    )


def _options(kind: str, outputs: int) -> list[tuple[int, ...]]:
    """The rows of targets of a kind; for several outputs that of classes alone."""
    match kind:
        case "class":
            return [tuple(int(j == k) for j in range(outputs)) for k in range(outputs)]
        case "sign":
            return [(-1,), (1,)] if outputs == 1 else [(-1,) * outputs, (1,) * outputs]
        case _:
            return [(0,), (1,)] if outputs == 1 else [(0,) * outputs, (1,) * outputs]


def _real(problem: Problem, at: Start, chance: random.Random) -> dict[Index, Fraction]:
    """Targets near the predictions, or shares."""
    loss: Loss = problem.model.loss
    shape = at.exact["y"].shape
    if loss.shares == "row":
        rows = [[chance.randint(1, 5) for _ in range(shape[1])] for _ in range(shape[0])]
        return {(m, k): Fraction(v, sum(row)) for m, row in enumerate(rows) for k, v in enumerate(row)}
    if loss.shares:
        return {index: chance.choice(SHARES) for index in indices(shape)}
    y_hat = Pass(problem.model, at.floats).y_hat
    return {
        index: Fraction(round(float(np.clip(y_hat[index], -1e9, 1e9)) * 4), 4) + chance.choice(ADJOINTS)
        if np.isfinite(y_hat[index])
        else Fraction(0)
        for index in indices(shape)
    }


def _labels(problem: Problem, at: Start, chance: random.Random) -> dict[Index, Fraction] | None:
    """Labels that no last layer separates, so that the best one is finite.

    Adjoints of the best last layer annihilate its inputs, and labels tell their signs: so take any vector
    that annihilates them, and labels with its signs (compare Albert and Anderson, On the existence of maximum
    likelihood estimates in logistic regression models, 1984).
    """
    model = problem.model
    run = Pass(model, at.floats)
    below = run.below(problem.network.depth)
    if problem.network.layers[-1].bias:
        below = np.column_stack([below, np.ones(len(below))])
    if not np.isfinite(below).all():
        return None
    _, sizes, right = np.linalg.svd(below.T, full_matrices=True)
    rank = int((sizes > 1e-9 * sizes.max(initial=1e-300)).sum())
    null = right[rank:].T
    outputs = problem.network.outputs
    if not null.shape[1] or (problem.targets == "class" and null.shape[1] < outputs - 1):
        return None
    dice = np.random.default_rng(chance.getrandbits(32))
    best: tuple[float, dict[Index, Fraction]] | None = None
    for adjoint in _annihilating(null, outputs, problem.targets == "class", dice):
        y = _with_signs(problem, adjoint)
        if y is not None:
            balance = float(np.abs(adjoint).min() / np.abs(adjoint).max())
            if best is None or balance > best[0]:
                best = balance, y
    return None if best is None else best[1]


def _annihilating(
    null: Floats, outputs: int, summing_to_zero: bool, dice: np.random.Generator
) -> Iterator[Floats]:
    """Adjoints whose columns lie in a null space; those whose signs no labels have are left out early."""
    drawn = dice.standard_normal((COMBINATIONS, null.shape[1], outputs - 1 if summing_to_zero else outputs))
    adjoints = null @ drawn
    if summing_to_zero:
        adjoints = np.concatenate([adjoints, -adjoints.sum(axis=2, keepdims=True)], axis=2)
        adjoints = adjoints[((adjoints < 0).sum(axis=2) == 1).all(axis=1)]
    yield from adjoints[:40]


def _with_signs(problem: Problem, adjoint: Floats) -> dict[Index, Fraction] | None:
    """Labels whose adjoints may have these signs."""
    loss, kind = problem.model.loss, problem.targets
    result: dict[Index, Fraction] = {}
    for m, row in enumerate(np.sign(adjoint).astype(int).tolist()):
        options = _options(kind, len(row) if kind == "class" else 1)
        if kind == "class":
            fitting = [o for o in options if all(s in loss.signs(v) for s, v in zip(row, o, strict=True))]
            if not fitting:
                return None
            result |= {(m, k): Fraction(v) for k, v in enumerate(fitting[0])}
            continue
        for k, sign in enumerate(row):
            single = [o[0] for o in options if sign in loss.signs(o[0])]
            if not single:
                return None
            result[m, k] = Fraction(single[0])
    return result
