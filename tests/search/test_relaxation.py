"""The identities of homogeneous units: true of every witness, and what they rule out is impossible."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from zerograd.core.model.kinks import KINKS
from zerograd.core.model.network import Network
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.homogeneity import identities, vanishing_parameters
from zerograd.core.verdict.witness import Witness
from zerograd.search.relaxation import relaxation, relaxed
from zerograd.search.verdict import Found, Impossible, Undecided
from zerograd.solvers.base import Model
from zerograd.solvers.terms import Constant, Variable, relate

if TYPE_CHECKING:
    from tests.search.conftest import Decide, Dice
    from zerograd.solvers.process import SolverProcess


@pytest.mark.parametrize("seed", range(80))
def test_the_identities_hold(dice: type[Dice], seed: int) -> None:
    """Exactly, for random networks and data, all conventions, samples on kinks included."""
    chance = dice(f"identities {seed}")
    network = chance.network(depth=3, width=3)
    samples = chance.random.randint(1, 4)
    values = chance.values(network, samples, integer=chance.often(0.7))
    problem = Problem(network=network, samples=samples, derivative_at_kink=KINKS[seed % 3])
    witness = Witness.of(problem, values)
    for _, left, right in identities(network):
        sums = [
            sum((values[n][i] * witness.gradients[n][i] for n, i in side), Fraction(0))
            for side in (left, right)
        ]
        assert sums[0] == sums[1]


def test_which_activations_are_homogeneous() -> None:
    """Kinks at 0 alone, and no offsets."""
    named = {"relu": True, "abs": True, "leaky_relu": True, "linear": True, "relu6": False, "hardtanh": False}
    for name, expected in named.items():
        (layer, _) = Network.mlp(1, 1, 1, activation=name).layers
        assert layer.activation.is_homogeneous is expected, name


@pytest.mark.parametrize("seed", range(60))
def test_no_question_with_a_witness_is_ruled_out(dice: type[Dice], solver: SolverProcess, seed: int) -> None:
    """A known answer gives the relaxation a model: its parameters and gradients."""
    problem, values = dice(f"relaxed {seed}").planted()
    verdict = relaxation(problem, problem.samples.least, solver, deadline=time.monotonic() + 20, seed=0)
    assert isinstance(verdict, Undecided)
    witness = Witness.of(problem, values)
    script = relaxed(problem, problem.samples.least)
    pins = []
    for name in problem.network.shapes:
        for prefix, array in (("", values[name]), ("g_", witness.gradients[name])):
            for index, value in array.items():
                symbol = prefix + "_".join([name, *map(str, index)])
                whole = prefix and script.variables[symbol] == "Int"
                scale = Fraction(witness.samples * problem.network.outputs, 2) if whole else 1
                if symbol in script.variables:
                    pins.append(relate(Variable(symbol), "=", Constant(scale * value)))  # type: ignore[arg-type]
    outcome = solver.check(script.copy(pins), deadline=time.monotonic() + 20, mode="general")
    assert isinstance(outcome, Model)
    for name, index in vanishing_parameters(problem):
        assert values[name][index] == 0


IMPOSSIBLE: list[dict[str, Any]] = [
    {"network": Network.mlp(2, 2, 1, bias=False), "zero": ["w1"], "nonzero": ["w2"], "where": ["w2 != 0"]},
    {"network": [3, 4, 1], "zero": ["w1", "b1"], "positive": ["w2"], "bounds": {"w2": [1, None]}},
    {"network": [1, 2, 1], "zero": ["w1", "b1"], "nonzero": ["w2"], "given": {"w2": [[1, None]]}},
    {
        "network": [2, 3, 3, 1],
        "zero": ["w1", "b1", "w3"],
        "negative": ["b2"],
        "where": ["abs(b2) > 1", "w2 == 0"],
    },
    {"network": [1, 1, 1], "zero": ["b1"], "where": ["grad(w1) * w1 > grad(w2) * w2"]},
]


@pytest.mark.parametrize("question", IMPOSSIBLE, ids=str)
def test_what_the_identities_rule_out(
    question: dict[str, Any], solver: SolverProcess, decide: Decide
) -> None:
    """For any number of samples at once; where regions can tell, they agree."""
    verdict = relaxation(
        Problem(samples="any", **question), 1, solver, deadline=time.monotonic() + 20, seed=0
    )
    assert verdict == Impossible("solver", "identities", every=True)
    for samples in (1, 2):
        other = decide(Problem(samples=samples, **question), "regions")
        assert not isinstance(other, Found), samples


def test_integers_are_told_apart(solver: SolverProcess) -> None:
    """Two negative multiples of 2/M whose squares sum to 1: there are none for M = 2, and some for M = 10."""
    question: dict[str, Any] = {"network": [2, 1, 1], "negative": ["w1"], "domain": "integer",
                                "where": ["sum(grad(w1) * grad(w1)) == 1"]}  # fmt: skip
    limits: dict[str, Any] = {"deadline": time.monotonic() + 20, "seed": 0}
    found = relaxation(Problem(samples=2, **question), 2, solver, **limits)
    assert found == Impossible("solver", "identities", every=False)
    assert isinstance(relaxation(Problem(samples=10, **question), 10, solver, **limits), Undecided)


def test_saturating_units_have_no_identity(solver: SolverProcess) -> None:
    """ReLU6 can do what ReLU cannot."""
    question: dict[str, Any] = {"samples": 3, "zero": ["w1", "b1"], "nonzero": ["w2"], "where": ["w2 != 0"]}
    limits: dict[str, Any] = {"deadline": time.monotonic() + 20, "seed": 0}
    assert isinstance(relaxation(Problem(network=[1, 1, 1], **question), 3, solver, **limits), Impossible)
    relu6 = Network.mlp(1, 1, 1, activation="relu6")
    assert isinstance(relaxation(Problem(network=relu6, **question), 3, solver, **limits), Undecided)
