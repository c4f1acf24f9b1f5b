"""Where targets are restricted: draw them as well, and fit the last layer by least squares.

With hidden layers, inputs and targets fixed, the gradients of a linear last layer vanish exactly
where its weights solve the normal equations. So data that are given, or labels such as 0 and 1,
leave nothing to search for when the last layer is asked to be at rest. Finds witnesses only.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.conditions import Condition, ExactAlgebra, evaluate
from zerograd.core.question.fitness import labels, no_least_squares, smooth
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Rational, Relation
from zerograd.search.draw import Structure, Values, accepted, draw, within, witness_at
from zerograd.search.draws import Draws, spread
from zerograd.search.kernel import Vector, primitive
from zerograd.search.linear_part import layers_of, run
from zerograd.search.mentions import speaks_of_targets
from zerograd.search.verdict import Found, Verdict

NAME = "fit"
MOST = 6
"""Units of a layer that are not parallel."""

REDRAWS = 40
"""Draws of targets, until the conditions on data alone hold."""


def unfit(problem: Problem) -> str | None:
    """Return why this strategy cannot answer the question."""
    if not _at_rest(problem):
        return "it is for restricted targets, where all of a free last layer is zero"
    return smooth(problem) or labels(problem) or no_least_squares(problem)


def _at_rest(problem: Problem) -> bool:
    """Whether targets are restricted, and the zero entries are all those of a free linear last layer."""
    network = problem.network
    layer = network.layers[-1]
    last = {f"w{network.depth}"} | ({f"b{network.depth}"} if layer.bias else set())
    asked = set(problem.asked_entries(Relation.ZERO, problem.samples.least))
    rest = {(name, index) for name in last for index in indices(network.shapes[name])}
    bounded = any(reference.name in last for reference in problem.bounds)
    return (
        speaks_of_targets(problem)
        and problem.domain == "real"
        and network.depth > 1
        and layer.activation.is_linear
        and asked == rest
        and not bounded
        and not last & set(problem.given)
    )


def fit(problem: Problem, samples: int, draws: Draws) -> Verdict:
    """Look for a witness with M = ``samples``; it never says there is none."""
    data = [c for c in problem.where if c.names <= {"x", "y"}]
    for attempt, chance in draws.of(NAME):
        hidden = problem.network.widths[1:-1]
        structure = Structure.with_originals(hidden, [chance.randint(1, min(n, MOST)) for n in hidden])
        small = spread(attempt)
        values = draw(problem, samples, chance, spread=small, structure=structure, spread_x=small + samples)
        if not _draw_targets(problem, samples, values, data, chance) or not _solve(problem, samples, values):
            continue
        witness = witness_at(problem, samples, values)
        if accepted(problem, witness):  # what should not vanish does not, and conditions hold
            return Found(witness, NAME)
    return draws.in_vain()


def _draw_targets(
    problem: Problem, samples: int, values: Values, data: Sequence[Condition], chance: random.Random
) -> bool:
    """Small targets for which the conditions on data alone hold; False if none turned up."""
    bounds, given = problem.entry_bounds(samples), problem.given.get("y", {})
    shape = (samples, problem.network.outputs)
    x: Array[Exact] = Array.build((samples, problem.network.inputs), values["x"].__getitem__)
    for number in range(REDRAWS):
        wishes: Sequence[Rational] = (0, 1) if number % 2 else range(-2, 3)
        values["y"] = {
            index: given.get(index, within(chance.choice(wishes), bounds.get(("y", index), (None, None))))
            for index in indices(shape)
        }
        known: dict[str, Array[Exact]] = {"x": x, "y": Array.build(shape, values["y"].__getitem__)}
        if all(evaluate(condition, ExactAlgebra(), known.__getitem__) for condition in data):
            return True
        if len(given) == samples * problem.network.outputs:
            return False
    return False


def _solve(problem: Problem, samples: int, values: Values) -> bool:
    """Put a least-squares solution of the last layer into ``values``; False where none is found.

    Columns that are multiples of one another (parallel units) share what one of them would get.
    """
    network = problem.network
    layer, name = network.layers[-1], f"w{network.depth}"
    layers = layers_of(network, values)
    x: list[list[Rational]] = [[values["x"][m, d] for d in range(network.inputs)] for m in range(samples)]
    runs = [run(network, layers, row, problem.derivative_at_kink) for row in x]
    columns = list(zip(*([*r.activations[-2], *([1] if layer.bias else [])] for r in runs), strict=True))
    groups: dict[Vector, list[int]] = {}
    for position, column in enumerate(columns):
        groups.setdefault(primitive(column), []).append(position)
    targets = [[values["y"][m, k] for m in range(samples)] for k in range(layer.units)]
    directions = [direction for direction in groups if any(direction)]
    solution = _least_squares(directions, targets)
    if solution is None:
        return False
    for k, weights in enumerate(solution):
        shares = dict(zip(directions, weights, strict=True))
        for direction, members in groups.items():
            for position in members:
                first = next((i for i, v in enumerate(direction) if v), None)
                # A unit that is 0 on all samples may have any weight.
                share = (
                    Fraction(1)
                    if first is None
                    else shares[direction]
                    * direction[first]
                    / (len(members) * Fraction(columns[position][first]))
                )
                is_bias = layer.bias and position == len(columns) - 1
                values[f"b{network.depth}" if is_bias else name][(k,) if is_bias else (k, position)] = share
    return True


def _least_squares(
    columns: Sequence[Vector], targets: Sequence[Sequence[Rational]]
) -> list[list[Fraction]] | None:
    """For each target the coefficients of the columns; None where these are dependent."""
    import flint

    def exact(value: Rational) -> Any:
        return flint.fmpq(*Fraction(value).as_integer_ratio())

    rows = len(targets[0])
    design = flint.fmpq_mat(rows, len(columns), [exact(c[m]) for m in range(rows) for c in columns])
    wanted = flint.fmpq_mat(rows, len(targets), [exact(t[m]) for m in range(rows) for t in targets])
    normal = design.transpose() * design
    if normal.det() == 0:
        return None
    found = normal.solve(design.transpose() * wanted)
    return [
        [Fraction(int(found[i, k].p), int(found[i, k].q)) for i in range(len(columns))]
        for k in range(len(targets))
    ]
