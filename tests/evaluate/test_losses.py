"""Losses in float64: every activation with every loss against torch, and finite differences."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from zerograd.core.model.activations import ACTIVATION_NAMES, Activation, activation_named
from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses import LOSSES, Loss
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.point import Model
from zerograd.core.numbers.exact_functions import ExactFunctions
from zerograd.core.question.loss_reading import loss_from_json
from zerograd.evaluate import losses
from zerograd.evaluate.floats import ROUNDING, Values, evaluate, loss_at

ACTIVATIONS = [activation_named(name) for name in ACTIVATION_NAMES]
EVERY = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def drawn(model: Model, seed: int, samples: int = 3) -> Values:
    """Values of all variables; targets that suit the loss."""
    rng = np.random.default_rng(seed)
    network, loss = model.network, model.loss
    values = {name: rng.normal(size=shape) / 2 for name, shape in network.shapes.items()}
    y: Any = rng.normal(size=(samples, network.outputs))
    if loss.shares is not None:
        y = rng.dirichlet(np.ones(network.outputs), samples) if loss.shares == "row" else rng.random(y.shape)
    elif "real" not in loss.targets_for:
        y = np.sign(y)
    return {**values, "x": rng.normal(size=(samples, network.inputs)), "y": y}


def model_of(activation: Activation, loss: Loss, outputs: int = 2) -> Model:
    """A network with this activation in the middle."""
    last = activation_named("sigmoid" if loss.within_unit else "linear")
    layers = (Layer(2, activation), Layer(2, activation), Layer(outputs, last))
    return Model(Network(1, layers), loss, "torch")


@pytest.mark.needs("torch")
@EVERY
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_gradients_are_those_of_torch(activation: Activation, loss: Loss) -> None:
    """Up to rounding, by the bound that re-checks use."""
    from zerograd.evaluate.autograd import torch_gradients

    model = model_of(activation, loss)
    for seed in range(3):
        values = drawn(model, seed)
        *codes, _ = loss_at(model, values)[2]
        run = evaluate(model, values, codes)
        _, _, theirs = torch_gradients(model, values)
        coarser = 4 * activation.names.torch_error
        for name, gradient in run.gradients.items():
            assert (abs(gradient - theirs[name]) <= (ROUNDING + coarser) * run.bounds[name]).all(), name


@EVERY
def test_bounds_are_not_much_larger_than_gradients(loss: Loss) -> None:
    """A bound by which nothing is ever wrong would be no check."""
    model = model_of(activation_named("tanh"), loss)
    values = drawn(model, 1)
    *codes, _ = loss_at(model, values)[2]
    run = evaluate(model, values, codes)
    for name, bound in run.bounds.items():
        assert bound.max() < 10**4 * max(abs(run.gradients[name]).max(), 0.01), name


@EVERY
def test_losses_at_numbers(loss: Loss) -> None:
    """ℓ sample by sample is the loss of each sample alone, and its adjoint the difference quotient."""
    rng = random.Random(3)
    model = model_of(activation_named("tanh"), loss)
    values = drawn(model, 5)
    y = values["y"]
    y_hat = np.array([[rng.uniform(0.1, 0.9) for _ in row] for row in y])
    together = losses.sample_losses(loss, y_hat, y)
    adjoints = losses.sample_adjoints(loss, y_hat, y, "torch") * float(loss.constant) / float(loss.scale)
    step = 2.0**-20
    for m in range(len(y)):
        assert together[m] == losses.sample_losses(loss, y_hat[[m]], y[[m]])[0]
        for k in range(y.shape[1]):
            ends = []
            for sign in (1, -1):
                moved = y_hat[[m]].copy()
                moved[0, k] += sign * step
                ends.append(losses.sample_losses(loss, moved, y[[m]])[0])
            assert abs((ends[0] - ends[1]) / (2 * step) - adjoints[m, k]) < 1e-7


@pytest.mark.parametrize("convention", ["torch", "left", "right", "mean"])
@pytest.mark.parametrize(
    "formula", ["sum(abs(y_hat - y) * y_hat)", "sum(abs(y - y_hat / 2))", "max(y_hat[0], y[0]) * y_hat"]
)
def test_linear_parts_of_formulas_at_their_kinks(formula: str, convention: Kink) -> None:
    """Slopes of linear parts are plain numbers beside arrays; on kinks their sizes count."""
    loss = loss_from_json({"per_sample": formula}, 1)
    rows = [(1, 1), (2, 1), (1, 2), (-3, -3), (0, 0)]
    y_hat, y = (np.array([[float(row[k])] for row in rows]) for k in (0, 1))
    exact = [loss.sample_adjoint([p], [t], ExactFunctions(), convention) for p, t in rows]
    assert losses.sample_adjoints(loss, y_hat, y, convention).tolist() == exact


def steep() -> tuple[Model, Values]:
    """Three layers with large weights at the top, where the loss and the last activation are curved."""
    names = ((2, "tanh"), (2, "silu"), (1, "sigmoid"))
    network = Network(1, tuple(Layer(units, activation_named(name)) for units, name in names))
    entries: dict[str, Any] = {
        "w1": [[0], [1]], "b1": [-1, 1], "w2": [[-1, -1], [1, -1]], "b2": [0, 2],
        "w3": [[-363.2789467678178, 265.2975513013848]], "b3": [-73.59119709974566],
        "x": [[-1], [2], [3], [0]], "y": [[0], [0], [1], [1]],
    }  # fmt: skip
    values = {name: np.array(rows, dtype=np.float64) for name, rows in entries.items()}
    return Model(network, LOSSES["bce"], "torch"), values


def test_bounds_tell_small_gradients_of_steep_networks_from_rounding() -> None:
    """∂L/∂b1[0] is −5.7e−05, and float64 has nine digits of it."""
    model, values = steep()
    *codes, _ = loss_at(model, values)[2]
    run = evaluate(model, values, codes)
    assert abs(run.gradients["b1"][0] + 5.715738e-05) < 1e-10
    for name in ("w1", "b1", "w2"):
        assert (4 * ROUNDING * run.bounds[name] < np.abs(run.gradients[name])).all(), name


@pytest.mark.needs("torch")
@pytest.mark.parametrize("loss", [loss for loss in LOSSES.values() if not loss.within_unit], ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_rounding_stays_within_bounds_where_weights_are_large(activation: Activation, loss: Loss) -> None:
    """NumPy's gradients and torch's differ by much less than the bound, which is generous.

    Not those of bce: torch.nn.BCELoss has another derivative where p(1 − p) is below 10⁻¹².
    """
    from zerograd.evaluate.autograd import torch_gradients

    model = model_of(activation, loss)
    for seed in range(3):
        values = drawn(model, seed)
        values = {name: v * 10 if name in ("w2", "w3", "x") else v for name, v in values.items()}
        with np.errstate(all="ignore"):
            *codes, _ = loss_at(model, values)[2]
            run = evaluate(model, values, codes)
        _, _, theirs = torch_gradients(model, values)
        coarser = 4 * activation.names.torch_error
        for name, gradient in run.gradients.items():
            if np.isfinite(run.bounds[name]).all() and np.isfinite(gradient).all():
                assert (abs(gradient - theirs[name]) <= (ROUNDING / 16 + coarser) * run.bounds[name]).all(), (
                    name
                )
