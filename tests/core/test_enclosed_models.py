"""Enclosed witnesses of every activation, of losses with formulas and kinks, and of deep networks."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

pytest.importorskip("mpmath")

from tests.core.enclosing import enclosed
from tests.core.test_enclosed import agrees_with_mpmath, changed, refusal
from zerograd.core.errors import FormatError, Refused
from zerograd.core.model.activations import ACTIVATION_NAMES
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import entry
from zerograd.core.numbers.real import Ball, sign
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import check_result, check_witness
from zerograd.core.verdict.enclosed import EnclosedWitness

F = Fraction

VALUES: dict[str, Any] = {
    "w1": [[F(3, 2)]],
    "b1": [F(1, 3)],
    "w2": [[2]],
    "b2": [F(-1, 5)],
    "x": [[-1], [F(1, 4)], [2], [F(-1, 2)]],
    "y": [[F(7, 4)], [0], [1], [F(1, 2)]],
}
EQUATIONS = ["w2[0]", "b2[0]"]


def founding(activation: str, **asked: Any) -> Problem:
    network = Network(1, (Layer(1, activation), Layer(1, "linear")))
    default: dict[str, Any] = {"samples": 4, "zero": ["w2", "b2"], "nonzero": ["w1"]}
    return Problem(network=network, **(default | asked))


# --- activations ------------------------------------------------------------------------


@pytest.mark.parametrize("activation", [name for name in ACTIVATION_NAMES if name != "linear"])
def test_targets(activation: str) -> None:
    """Targets that make the upper gradients 0: with every activation the checker agrees with mpmath."""
    witness = enclosed(founding(activation), VALUES, {"y[1]": 0, "y[3]": 0}, EQUATIONS)
    check_witness(witness.problem, witness)
    agrees_with_mpmath(witness)


@pytest.mark.parametrize(
    "activation", ["tanh", "elu", "gelu", "silu", "mish", "softsign", "exp", "sin", "square"]
)
def test_lower_weights(activation: str) -> None:
    """The lower layer's weights are unknown, so that equations hold second derivatives of the activation."""
    linear = enclosed(founding(activation), VALUES, {"y[1]": 0, "y[3]": 0}, EQUATIONS)
    near = {place: round(ball.centre * 10**6) / F(10**6) for place, ball in linear.unknowns.items()}
    values = VALUES | {"y": [*VALUES["y"][:3], [near["y", (3, 0)]]]}
    guesses = {"y[1]": float(near["y", (1, 0)]), "b1[0]": F(1, 3)}
    witness = enclosed(founding(activation), values, guesses, EQUATIONS)
    check_witness(witness.problem, witness)
    agrees_with_mpmath(witness)


# --- kinks ------------------------------------------------------------------------------


def on_kink(convention: str) -> EnclosedWitness:
    """Sample 3 lies on the kink of a ReLU."""
    values = VALUES | {"x": [[-1], [F(1, 4)], [2], [F(-2, 9)]]}
    problem = founding("relu", derivative_at_kink=convention)
    return enclosed(problem, values, {"y[1]": 0, "y[2]": 0}, EQUATIONS)


def test_a_sample_on_a_kink() -> None:
    """Exact pre-activations may lie on a kink, where the convention says what the derivative is."""
    for convention in ("torch", "right", "mean"):
        check_witness(on_kink(convention).problem, on_kink(convention))
    left, right = on_kink("left").gradients["b1"][0], on_kink("right").gradients["b1"][0]
    assert left != right
    assert "z1[3,0] is on a kink" in refusal(on_kink("forbid"))


def test_a_box_across_a_kink() -> None:
    """An enclosed pre-activation has to keep off kinks: beyond them there is another function."""
    problem = founding("relu")
    values = VALUES | {"x": [[-1], [F(1, 4)], [2], [F(-2, 9) + F(1, 10**12)]]}
    linear = enclosed(problem, values, {"y[1]": 0, "y[2]": 0}, EQUATIONS)
    near = {place: round(ball.centre * 10**20) / F(10**20) for place, ball in linear.unknowns.items()}
    values |= {"y": [VALUES["y"][0], [0], [near["y", (2, 0)]], VALUES["y"][3]]}
    guesses = {"y[1]": float(near["y", (1, 0)]), "b1[0]": F(1, 3)}
    witness = enclosed(problem, values, guesses, EQUATIONS)
    check_witness(problem, witness)
    wide = changed(witness, "b1", (0,), Ball(F(1, 3), F(1, 10**11)))
    assert "it is not known on which side of a kink z1[3,0] is" in refusal(wide)


def test_a_box_across_a_kink_of_the_loss() -> None:
    """So do predictions, at kinks of the loss."""
    problem = founding("tanh", loss="mae", zero=["w1"], nonzero=["w2"])
    values = VALUES | {"y": [[9], [-9], [9], [-9]]}
    witness = enclosed(problem, values, {"b1[0]": -1}, ["w1[0]"])
    check_witness(problem, witness)
    agrees_with_mpmath(witness)
    prediction: Any = witness.forward.y_hat[2, 0]
    near = round(prediction.midpoint * 10**30) / F(10**30)
    assert "it is not known on which side of a kink of the loss y_hat[2,0] is" in refusal(
        changed(witness, "y", (2, 0), near)
    )


# --- losses by formulas, depth ----------------------------------------------------------


def test_a_formula() -> None:
    """The fourth power of the residual, with the targets unknown."""
    problem = founding("sigmoid", loss={"per_sample": "(y_hat - y)**4"})
    witness = enclosed(problem, VALUES, {"y[1]": 2, "y[3]": -3}, EQUATIONS)
    check_witness(problem, witness)
    agrees_with_mpmath(witness)


def test_a_function_of_the_mean() -> None:
    """1/mse has the zeros of mse, and gradients of the other sign."""
    plain = enclosed(founding("sigmoid"), VALUES, {"y[1]": 0, "y[3]": 0}, EQUATIONS)
    problem = founding("sigmoid", loss={"of_mean": "1 / mse"})
    inverse = EnclosedWitness(problem, plain.box, plain.equations)
    check_witness(problem, inverse)
    check_result(problem, inverse.to_json())
    signs = [sign(witness.gradients["w1"][0, 0]) for witness in (inverse, plain)]
    assert signs in ([1, -1], [-1, 1])


def test_depth() -> None:
    """Two hidden layers, smooth and with kinks, two outputs, and unknowns in all layers."""
    layers = (Layer(2, "tanh"), Layer(2, "leaky_relu"), Layer(2, "linear", bias=False))
    problem = Problem(
        network=Network(2, layers),
        samples=5,
        zero=["w3[0,0]", "w3[1,1]", "b2[0]", "b1[1]", "x[2,0]", "x[2,1]"],
        some_nonzero=["w1"],
    )
    values: dict[str, Any] = {
        "w1": [[1, F(-1, 2)], [F(1, 4), 1]],
        "b1": [F(1, 3), F(-1, 4)],
        "w2": [[1, 2], [F(-3, 2), 1]],
        "b2": [F(1, 2), F(1, 5)],
        "w3": [[1, -1], [2, F(1, 2)]],
        "x": [[0, 1], [1, -1], [F(1, 2), F(1, 2)], [-1, 0], [2, 1]],
        "y": [[1, 0], [0, 1], [-1, F(1, 2)], [2, 1], [0, -1]],
    }
    unknown: dict[str, Any] = dict.fromkeys(("y[0,0]", "y[1,1]", "y[2,0]", "y[2,1]", "y[3,0]", "y[4,1]"), 0)
    equations = ["w3[0,0]", "w3[1,1]", "b2[0]", "b1[1]", "x[2,0]", "x[2,1]"]
    linear = enclosed(problem, values, unknown, equations)
    check_witness(problem, linear)
    for (name, index), ball in linear.unknowns.items():
        values[name][index[0]][index[1]] = round(ball.centre * 10**6) / F(10**6)
        unknown[entry(name, index)] = float(ball.centre)
    del unknown["y[3,0]"]
    witness = enclosed(problem, values, unknown | {"w2[0,1]": 2}, equations)
    check_witness(problem, witness)
    agrees_with_mpmath(witness)


# --- tampering --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["w1", "b1", "w2", "b2", "x", "y"])
def test_other_numbers(name: str) -> None:
    """Any exact number that is another one moves the solution out of the box."""
    document = enclosed(founding("gelu"), VALUES, {"y[1]": 0, "y[3]": 0}, EQUATIONS).to_json()
    array = document[name] if name in document else document["parameters"][name]
    row = array[0] if isinstance(array[0], list) else array
    row[0] = str(F(row[0]) + F(1, 10**20))
    with pytest.raises((Refused, FormatError), match="exactly one solution"):
        check_result(founding("gelu"), document)
