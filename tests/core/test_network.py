"""Networks and activations: what they compute, their kinks, and what is no network."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.model.activations import (
    ABS,
    ACTIVATION_NAMES,
    ACTIVATIONS,
    HARDTANH,
    LINEAR,
    PIECEWISE,
    RELU,
    RELU6,
    Activation,
    PiecewiseLinear,
    activation_named,
    leaky_relu,
    piecewise,
)
from zerograd.core.model.kinks import KINKS, Kink
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.univariate import polynomial
from zerograd.core.question.problem import Problem
from zerograd.spec.read import loads

F = Fraction
KNOWN = ", ".join(ACTIVATION_NAMES)
Real = int | Fraction

DEFINITIONS: dict[str, Callable[[Real], Real]] = {
    "linear": lambda z: z,
    "relu": lambda z: max(z, 0),
    "abs": lambda z: z if z > 0 else -z,
    "relu6": lambda z: min(max(z, 0), 6),
    "hardtanh": lambda z: min(max(z, -1), 1),
    "hardsigmoid": lambda z: F(min(max(z + 3, 0), 6), 6),
}
SLOPES = (F(-3, 2), -1, 0, F(1, 100), F(1, 2), 1, 2)


def defined(activation: Activation, z: Real) -> Real:
    """φ(z) from its usual definition."""
    if activation.name == "leaky_relu":
        assert activation.parameter is not None
        return z if z > 0 else activation.parameter * z
    return DEFINITIONS[activation.name](z)


EVERY = [*PIECEWISE, *(leaky_relu(slope) for slope in SLOPES)]


def value(activation: Activation, z: Real) -> Real:
    """φ(z) from the table of pieces."""
    piece, _ = piecewise(activation).locate(z)
    return piecewise(activation).slopes[piece] * z + piecewise(activation).offsets[piece]


@pytest.mark.parametrize("activation", EVERY, ids=str)
@given(z=st.one_of(st.integers(-9, 9), st.fractions(-9, 9, max_denominator=12)))
def test_activations_compute_what_they_say(activation: Activation, z: Real) -> None:
    """The pieces give the usual definition everywhere, on kinks too."""
    assert value(activation, z) == defined(activation, z)


@pytest.mark.parametrize("activation", EVERY, ids=str)
def test_kinks_are_kinks(activation: Activation) -> None:
    """At each kink the pieces meet, with two slopes; one-sided quotients give them."""
    tiny = F(1, 1000)
    assert list(piecewise(activation).kinks) == sorted(set(piecewise(activation).kinks))
    for number, kink in enumerate(piecewise(activation).kinks):
        left = (defined(activation, kink) - defined(activation, kink - tiny)) / tiny
        right = (defined(activation, kink + tiny) - defined(activation, kink)) / tiny
        assert left != right
        assert piecewise(activation).derivative_at_kink(number, "left") == left
        assert piecewise(activation).derivative_at_kink(number, "right") == right
        assert piecewise(activation).derivative_at_kink(number, "forbid") is None
        assert piecewise(activation).locate(kink) == (number, True)
        assert piecewise(activation).locate(kink - tiny) == (number, False)
        assert piecewise(activation).locate(kink + tiny) == (number + 1, False)


def test_irrational_numbers_are_located() -> None:
    """A pre-activation in a number field lies on a kink only if it is one, however close."""
    root = Algebraic(NumberField(polynomial([-2, 0, 1]), F(1), F(2)), polynomial([0, 1]))
    assert RELU6.locate(root) == (1, False)
    assert RELU6.locate(root * root - 2) == (0, True)
    assert RELU6.locate(root * root * 3) == (1, True)
    assert HARDTANH.locate(root - F(3, 2)) == (1, False)
    assert HARDTANH.locate(root) == (2, False)
    assert RELU.locate(root - F(665857, 470832)) == (0, False)


def torch_slope(activation: Activation, kink: Real) -> Any:
    """The derivative that PyTorch returns at a kink, measured."""
    import torch

    functions: dict[str, Any] = {
        "relu": torch.nn.functional.relu,
        "abs": torch.abs,
        "relu6": torch.nn.functional.relu6,
        "hardtanh": torch.nn.functional.hardtanh,
        "hardsigmoid": torch.nn.functional.hardsigmoid,
        "leaky_relu": lambda z: torch.nn.functional.leaky_relu(z, float(activation.parameter or 0)),
    }
    z = torch.tensor(float(kink), dtype=torch.float64, requires_grad=True)
    functions[activation.name](z).backward()
    assert z.grad is not None
    return z.grad.item()


KINKED = [(activation, kink) for activation in EVERY for kink in piecewise(activation).kinks]


@pytest.mark.needs("torch")
@pytest.mark.parametrize(("activation", "kink"), KINKED, ids=str)
def test_torch_derivatives_at_kinks_are_as_measured(activation: Activation, kink: Real) -> None:
    """The convention `torch` is what PyTorch does here and now."""
    number = piecewise(activation).kinks.index(kink)
    slope = piecewise(activation).derivative_at_kink(number, "torch")
    assert slope is not None
    assert float(slope) == torch_slope(activation, kink)


def test_every_activation_is_tested() -> None:
    """The tables above know every activation there is."""
    piecewise_linear = [a for a in map(activation_named, ACTIVATION_NAMES) if isinstance(a, PiecewiseLinear)]
    assert {a.name for a in EVERY} == {a.name for a in piecewise_linear} == {*DEFINITIONS, "leaky_relu"}
    assert KINKS == ("torch", "left", "right", "mean", "forbid")


# --- making them ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slope", "expected"), [("1/10", F(1, 10)), ("0.1", F(1, 10)), (F(1, 10), F(1, 10)), (2, 2), (F(4, 2), 2)]
)
def test_leaky_relu_slopes_are_exact(slope: Real | str, expected: Real) -> None:
    """A slope is an exact number, however it is written."""
    activation = leaky_relu(slope)
    assert activation.parameter == expected
    assert activation.slopes == (expected, 1)
    assert str(activation) == f"leaky_relu({expected})"


def test_leaky_relu_with_slope_one_is_linear() -> None:
    """Slope 1 leaves no kink to sit on."""
    assert leaky_relu(1).kinks == ()
    assert leaky_relu("3/3") == leaky_relu(1)


def test_leaky_relu_refuses_floats() -> None:
    """A float slope would be another number than the one written."""
    with pytest.raises(ValueError) as error:
        leaky_relu(0.1)  # type: ignore[arg-type]
    assert str(error.value) == "0.1 is a float; write it exactly, as '0.1' or Fraction(p, q)"


def test_named_activations() -> None:
    """Names give the activations; leaky_relu has PyTorch's slope."""
    assert activation_named("leaky_relu") == leaky_relu("1/100")
    assert [activation_named(name) for name in ACTIVATIONS] == [*ACTIVATIONS.values()]
    with pytest.raises(ValueError) as error:
        activation_named("rellu")
    assert str(error.value) == f"unknown activation 'rellu' (did you mean 'relu'?) (known: {KNOWN})"


def test_a_network_is_the_same_in_python_and_in_files() -> None:
    """The last layer is linear where nothing is said, every other one ReLU; mappings are read as in files."""
    ours = Network(2, (Layer(3), Layer(1)))
    assert ours == Network.mlp(2, 3, 1)
    assert [layer.activation for layer in ours.layers] == [RELU, LINEAR]
    assert Network(2, (Layer(3), Layer(1, "relu"))).layers[-1].activation == RELU
    assert Network(2, ours.layers[:1]).layers[0].activation == RELU  # settled by the network that it is from
    layers = [{"units": 3, "activation": {"leaky_relu": "1/2"}, "bias": False}, {"units": 1}]
    described = {"inputs": 2, "layers": layers}
    spelled = Network(2, (Layer(3, {"leaky_relu": "1/2"}, bias=False), Layer(1)))
    assert Network.described(described) == spelled
    assert Problem(network=described, samples=1) == Problem(network=spelled, samples=1)
    assert loads(json.dumps({"network": described, "samples": 1})).network == spelled
    with pytest.raises(ValueError, match=r"unknown activation \{'leaky': '1/2'\}"):
        Layer(3, {"leaky": "1/2"})


def test_mlp() -> None:
    """Hidden layers share an activation, the output is linear, biases come and go together."""
    network = Network.mlp(2, 3, 4, 1)
    assert network == Network(2, (Layer(3), Layer(4, RELU), Layer(1, LINEAR)))
    assert network.widths == (2, 3, 4, 1)
    assert (network.depth, network.outputs) == (3, 1)
    assert network.shapes == {"w1": (3, 2), "b1": (3,), "w2": (4, 3), "b2": (4,), "w3": (1, 4), "b3": (1,)}
    bare = Network.mlp(1, 2, 1, activation="abs", bias=False)
    assert bare.shapes == {"w1": (2, 1), "w2": (1, 2)}
    assert bare.layers[0].activation is ABS


def test_layers_take_names_and_lists() -> None:
    """An activation may be named, and the layers may come as a list."""
    layers: Any = [Layer(2, "hardtanh", bias=False), Layer(1, "linear")]
    network = Network(1, layers)
    assert network.layers == (Layer(2, HARDTANH, False), Layer(1, LINEAR, True))
    assert network.shapes == {"w1": (2, 1), "w2": (1, 2), "b2": (1,)}
    assert hash(network) == hash(Network(1, network.layers))


FORGED = replace(RELU, slopes=(0, 2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Network.mlp, "a network needs at least an input and an output width, found []"),
        (lambda: Network.mlp(3), "a network needs at least an input and an output width, found [3]"),
        (lambda: Network(1, ()), "a network needs at least one layer"),
        (lambda: Network.mlp(1, 0), "a width must be a whole number from 1 to 1000000, found 0"),
        (lambda: Network.mlp(-1, 1), "a width must be a whole number from 1 to 1000000, found -1"),
        (lambda: Network.mlp(1, True), "a width must be a whole number from 1 to 1000000, found True"),
        (
            lambda: Network.mlp(1, 2.0),  # type: ignore[arg-type]
            "a width must be a whole number from 1 to 1000000, found 2.0",
        ),
        (
            lambda: Network.mlp(1, 10**5000),
            "a width must be a whole number from 1 to 1000000, found something too large to show",
        ),
        (lambda: Network.mlp(1001, 1000), "1001000 weights are more than the 1000000 that are read"),
        (
            lambda: Network(1, (Layer(1, FORGED),)),
            f"relu is not one of the activations {KNOWN}",
        ),
        (
            lambda: Network(1, (Layer(1, replace(leaky_relu(F(1, 2)), slopes=(0, 1))),)),
            f"leaky_relu(1/2) is not one of the activations {KNOWN}",
        ),
        (
            lambda: Layer(1, "softmax"),
            f"unknown activation 'softmax' (known: {KNOWN})",
        ),
    ],
)
def test_what_is_no_network(make: Callable[[], Network], message: str) -> None:
    """Widths are whole numbers within bounds; activations are the known ones, by name and by content."""
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message


@pytest.mark.parametrize("convention", KINKS)
def test_conventions_at_the_kink_of_relu(convention: Kink) -> None:
    """ReLU'(0) is 0 for torch and from the left, 1 from the right, and nothing where forbidden."""
    expected = {"torch": 0, "left": 0, "right": 1, "mean": F(1, 2), "forbid": None}
    assert RELU.derivative_at_kink(0, convention) == expected[convention]


def test_a_network_is_written_with_the_biases_that_it_lacks() -> None:
    """Otherwise two networks that differ would look alike."""
    network = Network(2, (Layer(3, "tanh", bias=False), Layer(1)))
    assert str(network) == "2 → 3 tanh without bias → 1 linear"
    assert repr(network) == f"<Network {network}>"
