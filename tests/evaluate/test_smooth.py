"""Smooth activations in float64: against mpmath, and whole passes against torch."""

from __future__ import annotations

import random
import warnings
from fractions import Fraction
from typing import Any, cast

import mpmath
import numpy as np
import pytest

from tests.core.multiprecision import Mp, number
from tests.effort import seeds
from zerograd.core.model.activations import ACTIVATION_NAMES, FAMILIES, Activation, activation_named
from zerograd.core.model.curves import Smooth
from zerograd.core.model.losses import LOSSES
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.point import Model
from zerograd.core.model.references import Reference
from zerograd.core.model.smooth import EXP, HARDSWISH, SMOOTH, celu, elu
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.real import Ball
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.evaluate import floats, losses, passes, smooth
from zerograd.evaluate.recheck import recheck

F = Fraction
EVERY = [*SMOOTH, *(make(alpha) for make in (elu, celu) for alpha in (1, 2, F(1, 3)))]
every = pytest.mark.parametrize("activation", EVERY, ids=str)
Z = np.array([[-1000, -40, -3.5, -3, -1], [-1e-9, 0, 1e-9, 0.5, 2], [3, 3.5, 19, 40, 1000]])


@every
def test_floats_have_the_digits_of_the_exact_value(activation: Smooth) -> None:
    """Near 0 and far out, to some units in the last place of what is added up; without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values, slopes = smooth.value(activation, Z), smooth.slope(activation, Z, "torch")
    assert type(values) is type(slopes) is np.ndarray
    assert values.dtype == slopes.dtype == np.float64
    assert values.shape == slopes.shape == Z.shape
    with mpmath.workdps(60):
        for z, value, slope in zip(Z.flat, values.flat, slopes.flat, strict=True):
            if activation is EXP and z > 700:
                assert value == slope == np.inf
                continue
            exact = activation.value(mpmath.mpf(float(z)), Mp())
            assert abs(value - exact) <= 4e-16 * (abs(exact) + min(abs(z), 1)), z
            exact = number_of(activation.slope(mpmath.mpf(float(z)), Mp(), "torch"))
            assert abs(slope - exact) <= 2e-15 * (1 + abs(exact)), z


def number_of(value: Any) -> Any:
    return number(value) if isinstance(value, int | Fraction) else value


@every
@pytest.mark.parametrize("convention", ["torch", "left", "right", "forbid"])
def test_slopes_keep_to_the_side_that_is_given(activation: Smooth, convention: Any) -> None:
    """What rounding carried across a kink has the slope of the side where it is exactly."""
    for place, kink in enumerate(activation.kinks):
        near = np.array([float(kink) - 1e-12, float(kink), float(kink) + 1e-12])
        joined = activation.joins.index(kink)
        left, right = map(float, activation.slopes_at_joins[joined])
        for code, side in ((2 * place, left), (2 * place + 2, right)):
            found = smooth.slope_on_side(activation, near, np.full(3, code), convention)
            assert found == pytest.approx([side] * 3, abs=1e-11)
        found = smooth.slope_on_side(activation, near, np.full(3, 2 * place + 1), convention)
        derivative = activation.derivatives_at_kinks(convention)[place]
        if derivative is None:
            assert np.isnan(found).all()
        else:
            assert (found == float(derivative)).all()


@every
def test_majorants_bound_values_and_slopes(activation: Smooth) -> None:
    """For all |z| up to what is given."""
    for end in (0.0, 1e-3, 0.7, 3.0, 12.0):
        most, steepest = smooth.at_most(activation, np.array([end]))
        z = np.linspace(-end, end, 101)
        assert (np.abs(smooth.value(activation, z)) <= most * (1 + 1e-12)).all()
        assert (np.abs(smooth.slope(activation, z, "torch")) <= steepest * (1 + 1e-12)).all()


def random_model(chance: random.Random) -> tuple[Model, dict[str, Any]]:
    """Any activations, with numbers that lie on kinks now and then."""
    layers = []
    for _ in range(chance.randint(1, 3)):
        name = chance.choice(ACTIVATION_NAMES)
        activation: Activation = activation_named(name)
        if name in FAMILIES and chance.random() < 0.7:
            activation = FAMILIES[name].make(F(chance.randint(1, 8), 4))
        layers.append(Layer(chance.randint(1, 3), activation, chance.random() < 0.7))
    network = Network(chance.randint(1, 2), tuple(layers))
    samples = chance.randint(1, 4)
    shapes = {**network.shapes, "x": (samples, network.inputs), "y": (samples, network.outputs)}
    values = {
        name: np.array([chance.randint(-4, 4) / 2 for _ in range(int(np.prod(shape)))]).reshape(shape)
        for name, shape in shapes.items()
    }
    return Model(network, LOSSES["mse"], "torch"), values


@pytest.mark.needs("torch")
@pytest.mark.parametrize("seed", seeds(60, 20))
def test_passes_agree_with_torch(seed: int) -> None:
    """Forward and backward, through layers of any activations."""
    pytest.importorskip("torch")
    from zerograd.evaluate.autograd import torch_gradients

    model, values = random_model(random.Random(seed))

    def activate(_number: int, activation: Activation, z: Any) -> tuple[Any, Any]:
        code = floats.pieces(activation, z)
        return floats.value(activation, z, code), floats.derivative(activation, z, code, "torch")

    run = passes.forward(model.network, values, activate)
    if not np.isfinite(run.y_hat).all() or np.abs(run.y_hat).max() > 1e6:
        return  # exp of exp
    pre, _, theirs = torch_gradients(model, values)
    g = losses.sample_adjoints(model.loss, run.y_hat, values["y"], "torch")
    ours = passes.gradients(model.network, values, run, g * 2 / g.size)
    inexact = sum(layer.activation.names.torch_error for layer in model.network.layers)
    for mine, other in zip(run.z, pre, strict=True):
        assert mine == pytest.approx(other, rel=1e-9 + 10 * inexact, abs=1e-9 + 10 * inexact)
    for name, gradient in ours.items():
        near = (1e-9 + 100 * inexact) * (1 + np.abs(theirs[name]).max())
        assert gradient == pytest.approx(theirs[name], abs=near)


def test_hardswish_is_linear_outside() -> None:
    """No rounding where φ is 0 or z."""
    z = np.array([-7.1, -3.0, 3.0, 3.3])
    assert smooth.value(HARDSWISH, z).tolist() == [0, 0, 3, 3.3]
    assert smooth.slope(HARDSWISH, z, "left").tolist() == [0, 0, 1.5, 1]
    assert smooth.slope(HARDSWISH, z, "right").tolist() == [0, -0.5, 1, 1]


FAR_OUT = [("tanh", 26), ("tanh", -30), ("sigmoid", 26), ("gelu", -8), ("gelu_tanh", -6)]


@pytest.mark.parametrize(("name", "z"), FAR_OUT)
def test_slopes_that_float64_takes_from_1_contradict_nothing(name: str, z: int) -> None:
    """1 − a² and 1 + erf have the error of numbers near 1 far out, where slopes are much smaller."""
    layers = (Layer(1, activation_named(name)), Layer(1, activation_named("linear")))
    problem = Problem(network=Network(1, layers), samples=2, zero=["b2"], nonzero=["w1"])
    values = smooth.value(cast("Smooth", activation_named(name)), np.array([float(z), 0.0]))
    middle = Ball(F(4 - float(values.sum())) / 2, F(1, 10**6))
    box: dict[str, list[Any]] = {"w1": [z], "b1": [0], "w2": [1], "b2": [middle], "x": [1, 0], "y": [3, 1]}
    shapes = variable_shapes(problem.network, 2)
    arrays = {key: Array(shapes[key], tuple(entries)) for key, entries in box.items()}
    witness = EnclosedWitness(problem, arrays, [Reference("b2", (0,))])
    check_witness(problem, witness)
    checks = recheck(witness)
    assert all(check == "not installed" or "largest_deviation" in check for check in checks.values())
