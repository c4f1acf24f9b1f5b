"""A problem and a training step with the same numbers have the same zeros, for the same causes."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

import zerograd as zg
from zerograd.core.model.activations import Activation
from zerograd.core.model.backprop import ExactActivate
from zerograd.core.model.losses import LOSSES
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.point import Model, Point
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.explaining.exact.steps import explain_point
from zerograd.explaining.explanation import Kind, Row

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn

ACTIVATIONS: list[Activation | str] = ["relu", "relu6", "hardtanh", zg.leaky_relu("1/8"), "linear"]


NUMBERS: list[Exact] = [0, 0, 1, -1, 2, -3, Fraction(1, 2), Fraction(5, 4)]


def module(activation: Activation) -> nn.Module | None:
    match activation.name:
        case "relu":
            return nn.ReLU()
        case "relu6":
            return nn.ReLU6()
        case "hardtanh":
            return nn.Hardtanh()
        case "leaky_relu":
            return nn.LeakyReLU(float(activation.parameter or 0))
    return None


def drawn(seed: int) -> Point[Exact]:
    """A point whose numbers are floats."""
    draw = random.Random(seed)
    layers = tuple(
        Layer(draw.randint(1, 3), draw.choice([*ACTIVATIONS, "relu"]), draw.random() < 0.7)
        for _ in range(draw.randint(1, 3))
    )
    network, samples = Network(2, layers), draw.randint(1, 3)

    def array(*shape: int) -> Array[Exact]:
        return Array.build(shape, lambda _: draw.choice(NUMBERS))

    parameters = {name: array(*shape) for name, shape in network.shapes.items()}
    x, y = array(samples, 2), array(samples, network.outputs)
    return Point(Model(network, LOSSES["mse"], "torch"), parameters, x, y, ExactActivate("torch"))


def stepped(point: Point[Exact]) -> dict[str, Row]:
    """The rows of the same step in PyTorch, by the problem's names."""
    modules: list[nn.Module] = []
    names: dict[str, str] = {}
    widths = point.model.network.widths
    for number, layer in enumerate(point.model.network.layers, start=1):
        linear = nn.Linear(widths[number - 1], layer.units, bias=layer.bias, dtype=torch.float64)
        names |= {f"{len(modules)}.weight": f"w{number}", f"{len(modules)}.bias": f"b{number}"}
        with torch.no_grad():
            for parameter, name in ((linear.weight, f"w{number}"), (linear.bias, f"b{number}")):
                if parameter is not None:
                    parameter.copy_(floats(point.parameters[name]))
        activation = module(layer.activation)
        modules += [linear, *([activation] if activation is not None else [])]
    x = floats(point.x).requires_grad_()
    report = zg.explain(nn.Sequential(*modules), nn.MSELoss(), x, floats(point.y))
    rows = {names[name]: row for name, row in report.explanation.last.parameters.items()}
    (of_x,) = report.explanation.last.inputs.values()
    return {**rows, "x": of_x}


def floats(array: Array[Exact]) -> torch.Tensor:
    return torch.tensor([float(v) for v in array.entries], dtype=torch.float64).reshape(array.shape)


def told(row: Row) -> set[tuple[object, ...]]:
    """What both say of causes that suffice alone; sums apart, whose terms a step does not name as exactly."""
    return {
        (cause.kind, cause.samples, cause.structural, cause.details.get("units", (0,)))
        for cause in row.causes
        if cause.alone and cause.kind not in (Kind.CANCELLATION, Kind.ZERO_FACTOR)
    }


@pytest.mark.parametrize("seed", range(40))
def test_a_problem_and_a_step_agree(seed: int) -> None:
    """Counts of zeros are the same, and so are kinds, samples and units of causes."""
    point = drawn(seed)
    exactly = explain_point(point)
    for name, row in stepped(point).items():
        own = {**exactly.parameters, **exactly.inputs}[name]
        assert (own.entries.zero, own.entries.nonzero) == (row.entries.zero, row.entries.nonzero)
        assert told(own) == told(row), name
