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

from zerograd.core.arrays import Array, indices
from zerograd.core.backprop import OnKink
from zerograd.core.check import check_witness
from zerograd.core.conditions import Condition, ExactAlgebra, evaluate
from zerograd.core.errors import Refused
from zerograd.core.exact import Exact
from zerograd.core.problem import Problem
from zerograd.core.vocabulary import Rational, variable_shapes
from zerograd.core.witness import Witness
from zerograd.search.draw import Structure, Values, draw, within
from zerograd.search.draws import Draws, spread
from zerograd.search.linear_part import layers_of, run
from zerograd.search.mentions import names_in, speaks_of_targets
from zerograd.search.verdict import Found, Undecided, Verdict

NAME = "fit"
REDRAWS = 40
"""Of targets, until the conditions on data alone hold."""


def applies(problem: Problem) -> bool:
    """Whether targets are restricted, and the zero entries are all those of a free linear last layer."""
    network = problem.network
    layer = network.layers[-1]
    last = {f"w{network.depth}"} | ({f"b{network.depth}"} if layer.bias else set())
    asked = set(problem.asked_entries("zero", problem.samples.least))
    rest = {(name, index) for name in last for index in indices(network.shapes[name])}
    bounded = any(reference.name in last for reference in problem.bounds)
    return (
        speaks_of_targets(problem)
        and problem.domain == "real"
        and network.depth > 1
        and not layer.activation.kinks
        and layer.activation.slopes == (1,)
        and asked == rest
        and not bounded
        and not last & set(problem.given)
    )


def fit(problem: Problem, samples: int, draws: Draws) -> Verdict:
    """Look for a witness with M = ``samples``; it never says there is none."""
    if not applies(problem):
        return Undecided("unsupported", "the zero entries are not those of a free last layer")
    data = [c for c in problem.where if names_in(c) <= {"x", "y"}]
    for attempt, chance in draws.of(NAME):
        hidden = problem.network.widths[1:-1]
        structure = Structure.with_originals(hidden, [chance.randint(1, n) for n in hidden])
        small = spread(attempt)
        values = draw(problem, samples, chance, spread=small, structure=structure, spread_x=small + samples)
        if not _draw_targets(problem, samples, values, data, chance) or not _solve(problem, samples, values):
            continue
        shapes = variable_shapes(problem.network, samples)
        arrays: dict[str, Array[Exact]] = {
            name: Array.build(shape, values[name].__getitem__) for name, shape in shapes.items()
        }
        witness = Witness.of(problem, arrays)
        try:
            check_witness(problem, witness)
        except (Refused, OnKink):
            continue  # entries that should not vanish do, or a condition does not hold
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
    """Put the last layer's least-squares solution into ``values``; False where it is not unique."""
    import flint

    def exact(value: Rational) -> Any:
        return flint.fmpq(*Fraction(value).as_integer_ratio())

    network = problem.network
    layer = network.layers[-1]
    layers = layers_of(network, values)
    x: list[list[Rational]] = [[values["x"][m, d] for d in range(network.inputs)] for m in range(samples)]
    runs = [run(network, layers, row, problem.derivative_at_kink) for row in x]
    rows = [[*r.activations[-2], *([1] if layer.bias else [])] for r in runs]
    width = len(rows[0])
    design = flint.fmpq_mat(samples, width, [exact(v) for row in rows for v in row])
    targets = flint.fmpq_mat(
        samples, layer.units, [exact(values["y"][m, k]) for m in range(samples) for k in range(layer.units)]
    )
    normal = design.transpose() * design
    if normal.det() == 0:
        return False
    solution = normal.solve(design.transpose() * targets)
    for k in range(layer.units):
        column = [Fraction(int(solution[i, k].p), int(solution[i, k].q)) for i in range(width)]
        for j in range(width - layer.bias):
            values[f"w{network.depth}"][k, j] = column[j]
        if layer.bias:
            values[f"b{network.depth}"][k,] = column[-1]
    return True
