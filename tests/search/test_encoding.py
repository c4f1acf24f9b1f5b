"""The encoding, held against the checker: with every unknown pinned, sat exactly where it accepts."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from tests.effort import seeds
from zerograd.core.model.activations import LINEAR, RELU, leaky_relu, piecewise
from zerograd.core.model.backprop import ExactActivate, Site, forward
from zerograd.core.model.kinks import KINKS
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.sides import Side, sides
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, compare
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Rational
from zerograd.search.encoding import Encoding, Fixed, encode
from zerograd.search.mentions import targets_are_free
from zerograd.search.requirements import symbol
from zerograd.solvers.base import Mode, Model, NoModel
from zerograd.solvers.terms import Constant, Variable, relate

if TYPE_CHECKING:
    from tests.search.conftest import Dice
    from zerograd.solvers.process import SolverProcess

Values = Mapping[str, Array[Exact]]
MODES: dict[str, list[Mode]] = {
    "real": ["polynomial", "elimination", "general"],
    "integer": ["general", "polynomial"],
}


def with_residuals(problem: Problem, values: Values) -> Values:
    run = forward(problem.network, values, values["x"], ExactActivate("torch"))
    pairs = zip(run.y_hat.entries, values["y"].entries, strict=True)
    return {**values, "r": Array(values["y"].shape, tuple(p - t for p, t in pairs))}


def satisfiable(encoding: Encoding, values: Values, solver: SolverProcess, mode: Mode) -> bool:
    """Whether the script has a model in which every unknown has the value it has here."""
    known = {symbol(name, index): v for name, array in values.items() for index, v in array.items()}
    pins = [relate(Variable(n), "=", Constant(known[n])) for n in encoding.script.variables]  # type: ignore[arg-type]
    outcome = solver.check(encoding.script.copy(pins), deadline=time.monotonic() + 10, mode=mode)
    assert isinstance(outcome, Model | NoModel), outcome
    return isinstance(outcome, Model)


def pattern_of(problem: Problem, values: Values) -> dict[Site, Side] | None:
    """The side of every unit with several; None if one is on none (a kink under forbid)."""
    run = forward(problem.network, values, values["x"], ExactActivate("torch"))
    pattern: dict[Site, Side] = {}
    for number, layer in enumerate(problem.network.layers, start=1):
        choices = sides(layer.activation, problem.derivative_at_kink)
        if len(choices) == 1:
            continue
        for (m, unit), z in run.z[number - 1].items():
            own = [side for side in choices if lies_on(z, side)]
            assert len(own) <= 1, f"{z} is on {own}"
            if not own:
                return None
            pattern[number, m, unit] = own[0]
    return pattern


def lies_on(z: Exact, side: Side) -> bool:
    above = side.low is None or compare(z, side.low) > 0 or (side.low_closed and compare(z, side.low) == 0)
    below = (
        side.high is None or compare(z, side.high) < 0 or (side.high_closed and compare(z, side.high) == 0)
    )
    return above and below


def fixed_to(values: Values) -> Fixed:
    return {name: dict(array.items()) for name, array in values.items()}  # type: ignore[arg-type]


def drawn(draw: Dice) -> tuple[Problem, Values]:
    """A random question, and values that often answer it and never contradict what is given."""
    while True:
        network = draw.network()
        samples = draw.random.randint(1, 3)
        if draw.often(0.6):
            values, _ = draw.balanced(network, samples, integer=True)
        else:
            values = draw.values(network, samples, integer=draw.often(0.5))
        whole = all(v == int(v) for array in values.values() for v in array.entries)  # type: ignore[arg-type]
        problem = draw.problem(network, values, domain="integer" if whole and draw.often(0.4) else "real")
        if all(values[name][i] == v for name, given in problem.given.items() for i, v in given.items()):
            return problem, values


def agree(seeds: range, dice: type[Dice], solver: SolverProcess) -> dict[bool, int]:
    """Check every form of the encoding for each seed; how often the checker accepted, and refused."""
    counts = {True: 0, False: 0}
    for seed in seeds:
        draw = dice(seed)
        problem, values = drawn(draw)
        samples = values["x"].shape[0]
        accepted = draw.accepted(problem, values)
        counts[accepted] += 1
        everything = with_residuals(problem, values)
        mode = draw.random.choice(MODES[problem.domain])
        told = f"seed {seed}, {mode}: {problem.to_json()}"
        assert satisfiable(encode(problem, samples), everything, solver, mode) == accepted, told
        choosing = encode(problem, samples, choices=True)
        assert satisfiable(choosing, everything, solver, mode) == accepted, f"choices, {told}"
        fixed = encode(problem, samples, fixed=fixed_to(values))
        assert not fixed.script.variables
        assert satisfiable(fixed, everything, solver, mode) == accepted, f"fixed, {told}"
        pattern = pattern_of(problem, values)
        if pattern is None:
            assert not accepted
            continue
        region = encode(problem, samples, pattern=pattern)
        assert satisfiable(region, everything, solver, mode) == accepted, f"pattern, {told}"
        if pattern:
            site = draw.random.choice(list(pattern))
            choices = sides(problem.network.layers[site[0] - 1].activation, problem.derivative_at_kink)
            other = draw.random.choice([side for side in choices if side != pattern[site]])
            elsewhere = encode(problem, samples, pattern={**pattern, site: other})
            assert not satisfiable(elsewhere, everything, solver, mode), f"other pattern, {told}"
    return counts


@pytest.mark.parametrize("block", seeds(6, 2))
def test_encoding_agrees_with_the_checker(block: int, dice: type[Dice], solver: SolverProcess) -> None:
    """Monolithic in two forms, fixed and restricted to a pattern: sat exactly where the checker accepts."""
    counts = agree(range(block * 30, block * 30 + 30), dice, solver)
    assert min(counts.values()) > 5


@pytest.mark.slow
@pytest.mark.parametrize("block", range(4))
def test_encoding_agrees_with_the_checker_on_more(
    block: int, dice: type[Dice], solver: SolverProcess
) -> None:
    """The same with other questions."""
    counts = agree(range(10_000 + block * 400, 10_000 + block * 400 + 400), dice, solver)
    assert min(counts.values()) > 100


# --- one thing at a time ---------------------------------------------------------------------


def arrays(problem: Problem, flat: Mapping[str, list[Rational]]) -> dict[str, Array[Exact]]:
    from zerograd.core.question.vocabulary import variable_shapes

    shapes = variable_shapes(problem.network, len(flat["x"]) // problem.network.inputs)
    return {name: Array(shapes[name], tuple(entries)) for name, entries in flat.items()}


FOUNDING: dict[str, list[Rational]] = {
    "w1": [1], "b1": [-1], "w2": [1], "b2": [-1], "x": [0, 2, 3], "y": [-2, 2, 0],
}  # fmt: skip


def verdicts(
    values: Mapping[str, list[Rational]], solver: SolverProcess, dice: type[Dice], **question: Any
) -> bool:
    """What checker and encoding both say."""
    problem = Problem(**{"network": [1, 1, 1], "samples": len(values["x"]), **question})
    found = arrays(problem, values)
    accepted = dice.accepted(problem, found)
    encoding = encode(problem, found["x"].shape[0])
    mode = MODES[problem.domain][0]
    assert satisfiable(encoding, with_residuals(problem, found), solver, mode) == accepted
    return accepted


def test_founding_case(solver: SolverProcess, dice: type[Dice]) -> None:
    """The textbook solution is a model; with another target it is none."""
    query = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
    assert verdicts(FOUNDING, solver, dice, **query)
    assert not verdicts({**FOUNDING, "y": [-2, 2, 1]}, solver, dice, **query)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("x[0] == 0 and 1 / (x[1] - 3) < 0", True),
        ("1 / (x[1] - 3) > -1", False),
        ("r[0] / y[0] < 0 and r[0] / (-y[0]) == 1/2", True),
        ("1 / y[0] + 1 / y[1] == 0", True),
        ("1 / y[0] < 1 / y[1]", True),
        ("1 / y[0] <= 1 / y[0]", True),
        ("abs(1 / y[0]) == 1/2", True),
        ("min(1 / y[0], 1 / y[1]) == -1/2", True),
        ("max(x[0] / y[0], x[1] / y[1], -5) == 1", True),
        ("(x[1] / y[1]) / (y[0] / x[2]) == -3/2", True),
        ("1 / w1 == 1 and 1 / (1 / y[0]) == -2", True),
        ("loss == 2 and grad(w1) == -2/3", True),
        ("grad(b1)[0] * 3 + loss == 0", True),
        ("not (sum(r) != 0 or loss < 2)", True),
        ("distinct(x, z1)", False),
        ("any(z1 == 0) or all(a1 >= 0)", True),
        ("y - y_hat == -r", True),
        ("y_hat[2] - y[2] > r[2]", False),
        ("-1 <= y_hat <= 1", True),
    ],
)
def test_conditions(condition: str, holds: bool, solver: SolverProcess, dice: type[Dice]) -> None:
    """Divisions by negative numbers, by quotients and under abs, min and max; y through ŷ and r."""
    guards = [
        "y[0] < 0",
        "y[1] != 0",
        "x[1] - 3 != 0",
        "x[2] > 0",
        "1 / y[0] != 0",
        "w1 != 0",
        "y[0] / x[2] != 0",
    ]
    assert verdicts(FOUNDING, solver, dice, where=[*guards, condition]) == holds


@pytest.mark.parametrize("convention", KINKS)
@pytest.mark.parametrize("activation", ["relu", "abs", "relu6", "hardtanh", "leaky_relu", "linear"])
@pytest.mark.parametrize("layer", [1, 2])
def test_on_every_kink(
    activation: str, convention: str, layer: int, solver: SolverProcess, dice: type[Dice]
) -> None:
    """Samples on kinks, of the hidden layer or of the output: each derivative is the convention's."""
    hidden, output = (
        Layer(1, activation if layer == 1 else LINEAR),
        Layer(1, activation if layer == 2 else LINEAR),
    )
    network = Network(1, (hidden, output))
    values: dict[str, list[Rational]] = {"w1": [1], "b1": [0], "w2": [1], "b2": [0]}
    answers = []
    for kink in piecewise(hidden.activation).kinks or piecewise(output.activation).kinks or (0,):
        on_kink = {**values, "x": [kink], "y": [kink - 1 if kink != 6 else 5]}
        for relation in ("zero", "positive", "negative"):
            for name in ("w1", "b1", "x"):
                asked = {"network": network, "derivative_at_kink": convention, relation: [name]}
                answers.append(verdicts(on_kink, solver, dice, **asked))
    if convention == "forbid" and activation != "linear":
        assert not any(answers)
    else:
        assert any(answers)


def test_leaky_relu_of_integers(solver: SolverProcess, dice: type[Dice]) -> None:
    """Rational slopes leave integer unknowns with rational values: −2 through slope 1/10 is −1/5."""
    network = Network(1, (Layer(1, leaky_relu("1/10")), Layer(1, LINEAR)))
    values: dict[str, list[Rational]] = {"w1": [1], "b1": [0], "w2": [5], "b2": [0], "x": [-2], "y": [-1]}
    for condition, holds in [("a1 == -1/5", True), ("y_hat == -1", True), ("2 * a1 < -2/5", False)]:
        found = verdicts(
            values, solver, dice, network=network, domain="integer", where=[condition], zero=["w1", "b2"]
        )
        assert found == holds


def test_integer_questions_with_fractions(solver: SolverProcess, dice: type[Dice]) -> None:
    """Half a loss, a third of a weight: coefficients of integer unknowns need not be integers."""
    for condition, holds in [
        ("loss / 4 == 1/2", True),
        ("x[1] / 3 + x[2] / 2 == 13/6", True),
        ("2/3 * x[1] - 1/6 < y[1] / 2", False),
        ("max(x[1] / 3, y[1] / 7) == 2/3", True),
        ("grad(w1) == -2/3", True),
        ("abs(abs(1/2)) == 1/2 and max(x[1], abs(y[0] / 4)) == 2", True),
        ("min(abs(min(1/2, x[0] + 1)), x[1]) * 2 == 1", True),
        ("max(max(1/3, -1), min(1/2, 7)) == 1/2", True),
    ]:
        assert verdicts(FOUNDING, solver, dice, domain="integer", where=[condition]) == holds


def test_some_nonzero_of_single_entries(solver: SolverProcess, dice: type[Dice]) -> None:
    """A single entry by itself is nonzero, or it is not; of an array one entry suffices."""
    network = [2, 1, 1]
    values: dict[str, list[Rational]] = {
        "w1": [1, 0], "b1": [1], "w2": [1], "b2": [0], "x": [0, 1, 0, 2], "y": [0, 0],
    }  # fmt: skip
    for asked, holds in [("w1[0,0]", False), ("w1[0,1]", True), ("w1", True), ("x[1,1]", False), ("x", True)]:
        found = verdicts(values, solver, dice, network=network, samples=2, some_nonzero=[asked])
        assert found == holds, asked


def test_one_sample_broadcasts_like_any_other(solver: SolverProcess, dice: type[Dice]) -> None:
    """With one sample, x and y are arrays of one entry and combine with everything."""
    values: dict[str, list[Rational]] = {
        "w1": [1, 2], "b1": [0, -5], "w2": [1, 1], "b2": [0], "x": [2], "y": [3],
    }  # fmt: skip
    for condition, holds in [
        ("w1 <= x", True),
        ("z1 < y", True),
        ("w2 * x == y - 1", True),
        ("sum(z1) == x - 1 and max(a1) == x", True),
        ("x == b1", False),
        ("r == -1", True),
    ]:
        assert verdicts(values, solver, dice, network=[1, 2, 1], where=[condition]) == holds


def test_targets_are_free_only_where_nothing_is_said_of_them() -> None:
    """Residuals stand in for targets unless values, bounds, a domain or a condition speak of y."""
    plain: dict[str, Any] = {"network": [1, 1, 1], "samples": 2, "zero": ["w1"]}
    assert targets_are_free(Problem(**plain, where=["loss == 1", "y_hat[0] < r[1]"]))
    speaking: list[dict[str, Any]] = [
        {"where": ["y[0] == 1"]},
        {"where": ["not (loss > sum(abs(y)))"]},
        {"given": {"y[1]": 3}},
        {"bounds": {"y": [None, 5]}},
        {"domain": "integer"},
    ]
    for extra in speaking:
        assert not targets_are_free(Problem(**plain, **extra)), extra
    problem = Problem(**plain)
    assert encode(problem, 2).free == {(0, 0), (1, 0)}
    assert encode(problem, 2, fixed={"y": {(0, 0): 1}}).free == {(1, 0)}


def test_fixed_values_outside_the_question_are_no_answer(solver: SolverProcess) -> None:
    """What is fixed must be inside bounds and domain, like everything else."""
    plain: dict[str, Any] = {"network": [1, 1, 1], "samples": 1}
    bounded = Problem(**plain, bounds={"w1": [0, 1]})
    whole = Problem(**plain, domain="integer")
    cases: list[tuple[Problem, Rational, bool]] = [
        (bounded, 1, True), (bounded, Fraction(1, 2), True), (bounded, 2, False), (bounded, -1, False),
        (whole, 2, True), (whole, Fraction(1, 2), False),
    ]  # fmt: skip
    for problem, value, holds in cases:
        encoding = encode(problem, 1, fixed={"w1": {(0, 0): value}})
        outcome = solver.check(encoding.script, deadline=time.monotonic() + 10, mode="general")
        assert isinstance(outcome, Model if holds else NoModel), (problem.bounds, value)


def test_output_activations_matter_where_targets_are_free(solver: SolverProcess, dice: type[Dice]) -> None:
    """A dead ReLU at the output has no gradient, whatever the residual: ŷ must be encoded."""
    network = Network(1, (Layer(1, LINEAR), Layer(1, RELU)))
    dead: dict[str, list[Rational]] = {"w1": [1], "b1": [0], "w2": [1], "b2": [-5], "x": [1], "y": [3]}
    assert verdicts(dead, solver, dice, network=network, zero=["w2", "b2", "w1"])
    assert not verdicts(dead, solver, dice, network=network, nonzero=["b2"])
    assert verdicts({**dead, "b2": [0]}, solver, dice, network=network, nonzero=["b2"])


def test_deep_random_networks(dice: type[Dice], solver: SolverProcess) -> None:
    """Four layers, up to three units: the adjoints pass through every layer."""
    for seed in range(15):
        draw = dice(f"deep {seed}")
        chance = random.Random(seed)
        layers = tuple(Layer(chance.randint(1, 3), draw.network().layers[0].activation) for _ in range(4))
        network = Network(2, layers)
        values = draw.values(network, 2, integer=True)
        problem = draw.problem(network, values, given={}, bounds={}, where=[])
        everything = with_residuals(problem, values)
        fixed = {n: dict(a.items()) for n, a in values.items() if n != "y"}
        encoding = encode(problem, 2, fixed=fixed)  # type: ignore[arg-type]
        assert satisfiable(encoding, everything, solver, "general") == draw.accepted(problem, values), seed
