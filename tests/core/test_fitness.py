"""Who cannot treat a question says so: a smooth activation, which no problem file can name as yet."""

from __future__ import annotations

from fractions import Fraction

import pytest

from zerograd.core.errors import Refused
from zerograd.core.model.activations import LINEAR, piecewise
from zerograd.core.model.backprop import Unevaluated
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.sides import sides
from zerograd.core.model.smooth import SIGMOID
from zerograd.core.numbers.arrays import Array
from zerograd.core.question.fitness import unreached
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import hypotheses_fail
from zerograd.core.refuting.refutation import system_of, unfit
from zerograd.core.verdict.witness import Witness


@pytest.fixture
def problem(monkeypatch: pytest.MonkeyPatch) -> Problem:
    """A question about a network with a sigmoid."""
    network = Network(1, (Layer(1, "sigmoid"), Layer(1, LINEAR)))
    return Problem(network=network, samples=2, zero=["w2"], nonzero=["w1"])


def test_a_smooth_activation_is_no_linear_one() -> None:
    """It has no kinks, and is neither linear nor homogeneous; whoever takes it for pieces is stopped."""
    assert not SIGMOID.has_kinks and not SIGMOID.is_linear and not SIGMOID.is_homogeneous
    assert SIGMOID.derivative_of_value is not None
    assert SIGMOID.derivative_of_value(Fraction(2, 3)) == Fraction(2, 9)
    for use in (piecewise, lambda activation: sides(activation, "torch")):
        with pytest.raises(TypeError, match="sigmoid is not piecewise linear"):
            use(SIGMOID)


def test_systems_of_facts_say_what_they_cannot_treat(problem: Problem) -> None:
    """Moments go by sides; a dataset has variables for values and slopes, identities hold everywhere."""
    reason = "the activation sigmoid is not piecewise linear"
    assert unfit(problem, "moments") == reason
    with pytest.raises(Refused, match=reason):
        system_of(problem, "moments", None)
    assert unfit(problem, "dataset") is None
    assert "s1[0,0] by its value" in system_of(problem, "dataset", 2).facts
    assert unfit(problem, "identities") is None
    assert not [label for label in system_of(problem, "identities", None).facts if "homogeneity" in label]


def test_no_exact_values_are_made_up(problem: Problem) -> None:
    """A witness with rational numbers has no rational values behind a sigmoid."""
    one = {"w1": (1, 1), "b1": (1,), "w2": (1, 1), "b2": (1,), "x": (2, 1), "y": (2, 1)}
    witness = Witness.of(problem, {name: Array.build(shape, lambda _: 1) for name, shape in one.items()})
    with pytest.raises(Unevaluated, match="no exact number"):
        _ = witness.gradients


def test_a_loss_with_bounded_adjoints_has_no_small_datasets(problem: Problem) -> None:
    """The theorem needs targets that reach every adjoint."""
    assert hypotheses_fail(problem) is None and unreached(problem) is None
    bounded = Problem(network=problem.network, samples=2, zero=["w2"], loss="huber")
    assert "do not reach every adjoint" in str(hypotheses_fail(bounded))
    assert "do not reach every adjoint" in str(unreached(bounded))
