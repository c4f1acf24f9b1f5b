"""The map of units: what torch's own numbers say, counted by hand; and what is exact where they are wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

import zerograd as zg  # noqa: E402
from zerograd.explaining.explanation import StepReport, Units  # noqa: E402
from zerograd.explaining.training import reporting  # noqa: E402
from zerograd.explaining.training.pictures import units as module  # noqa: E402

pytestmark = pytest.mark.needs("torch")


class Abs(nn.Module):
    """An absolute value, which torch has as a function alone."""

    def forward(self, x: Tensor) -> Tensor:
        return x.abs()


class Clamp(nn.Module):
    """A clamp at one end or both."""

    def __init__(self, low: float | None, high: float | None) -> None:
        super().__init__()
        self.low, self.high = low, high

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(self.low, self.high)


Case = tuple[nn.Module, Callable[[float], str]]


def cases() -> list[Case]:
    """Activations, each with the letter of one number."""

    def between(low: float, high: float, below: str, above: str, inside: str = "a") -> Callable[[float], str]:
        return lambda z: "k" if z in (low, high) else below if z < low else above if z > high else inside

    return [
        (nn.ReLU(), lambda z: "k" if z == 0 else "a" if z > 0 else "o"),
        (nn.ReLU6(), between(0, 6, "o", "s")),
        (nn.Hardtanh(-2, 3), between(-2, 3, "s", "s")),
        (nn.LeakyReLU(0.5), lambda z: "k" if z == 0 else "a"),
        (nn.Threshold(1, 0), lambda z: "k" if z == 1 else "a" if z > 1 else "o"),
        (nn.Hardsigmoid(), between(-3, 3, "s", "s")),
        (nn.Hardswish(), between(-3, 3, "o", "a")),
        (nn.Softshrink(2), between(-2, 2, "a", "a", "o")),
        (nn.Hardshrink(2), between(-2, 2, "a", "a", "o")),
        (Abs(), lambda z: "k" if z == 0 else "a"),
        (Clamp(0, None), lambda z: "k" if z == 0 else "a" if z > 0 else "o"),
        (Clamp(None, 2), lambda z: "k" if z == 2 else "a" if z < 2 else "s"),
        (Clamp(-1, 4), between(-1, 4, "s", "s")),
        (nn.PReLU(init=0.5), lambda z: "k" if z == 0 else "a"),
    ]


def last(watch: Any) -> StepReport:
    step: StepReport = watch.report().explanation.last
    return step


def whole(dice: random.Random, *shape: int, largest: int = 2) -> Tensor:
    """Whole numbers: all that is computed of a few of them is exact in float32."""
    numbers = [float(dice.randint(-largest, largest)) for _ in range(torch.Size(shape).numel())]
    made: Tensor = torch.tensor(numbers).reshape(shape)
    return made


def _linear(dice: random.Random, inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        layer.weight.copy_(whole(dice, outputs, inputs))
        layer.bias.copy_(whole(dice, outputs))
    return layer


@pytest.mark.parametrize("seed", range(12))
def test_letters_are_those_of_the_arguments(seed: int) -> None:
    """Random networks of whole numbers: each letter is that of the number that went in."""
    dice = random.Random(seed)
    chosen = [dice.choice(cases()) for _ in range(2)]
    widths = [dice.randint(1, 4) for _ in range(3)]
    layers = [_linear(dice, *widths[i : i + 2]) for i in range(2)]
    model = nn.Sequential(layers[0], chosen[0][0], layers[1], chosen[1][0])
    samples = dice.choice((1, 3, 5))
    x = whole(dice, samples, widths[0])
    with zg.watch(model) as watch:
        (model(x) * whole(dice, samples, widths[2])).sum().backward()
    expected, h = [], x
    for layer, (activation, letter) in zip(layers, chosen, strict=True):
        z = layer(h)
        expected.append(tuple("".join(letter(v) for v in row) for row in z.tolist()))
        h = activation(z)
    assert [one.states for one in last(watch).units] == expected


@pytest.mark.parametrize("seed", range(6))
def test_channels_are_as_alive_as_their_positions(seed: int) -> None:
    """A channel is active where a position is, off where all are."""
    dice = random.Random(seed)
    activation, letter = dice.choice(cases())
    convolution = nn.Conv2d(2, 5, 2)
    with torch.no_grad():
        convolution.weight.copy_(whole(dice, 5, 2, 2, 2))
        convolution.bias.copy_(whole(dice, 5, largest=9))  # type: ignore[union-attr]
        convolution.weight[0] = 0
        convolution.bias[0] = -9  # type: ignore[index]
    model = nn.Sequential(convolution, activation, nn.Flatten(), nn.Linear(45, 1))
    x = whole(dice, 3, 2, 4, 4)
    with zg.watch(model) as watch:
        model(x).sum().backward()
    z = convolution(x)
    expected = tuple(
        "".join(min((letter(v) for v in channel.flatten().tolist()), key="a?kso".index) for channel in sample)
        for sample in z
    )
    (units,) = last(watch).units
    assert units.states == expected


def test_where_floats_are_wrong() -> None:
    """The letter is that of the exact argument: 1 − 2⁻⁸⁰ is below the bound 1, and 1 in float64."""
    layer = nn.Linear(1, 1, bias=False, dtype=torch.float64)
    model = nn.Sequential(layer, nn.Hardtanh())
    with torch.no_grad():
        layer.weight.fill_(1 - 2.0**-40)
    x = torch.full((1, 1), 1 + 2.0**-40, dtype=torch.float64)
    with zg.watch(model) as watch:
        model(x).sum().backward()
    assert model(x).item() == 1
    assert last(watch).units == (Units("1 (Hardtanh)", ("a",)),)


def test_rounding_across_a_kink_that_a_later_layer_uses() -> None:
    """The unit has its letter, and the gradient its count: neither takes the value of another operation."""
    first, last_ = (nn.Linear(1, 1, bias=False, dtype=torch.float64) for _ in "ab")
    model = nn.Sequential(first, nn.Hardtanh(), last_)
    with torch.no_grad():
        first.weight.fill_(1 - 2.0**-40)
        last_.weight.fill_(3)
    x = torch.full((1, 1), 1 + 2.0**-40, dtype=torch.float64)
    with zg.watch(model) as watch:
        model(x).sum().backward()
    step = last(watch)
    assert step.units == (Units("1 (Hardtanh)", ("a",)),)
    assert step.parameters["0.weight"].floats.across_kink == 1
    assert step.parameters["2.weight"].floats.across_kink == 0


def test_what_cancels_is_on_the_kink() -> None:
    """0.1 − 0.1 is 0 whatever the order of the sum; 2²⁴ + 1 − 2²⁴ − 1 is 0 though float32 may find −1."""
    layer = nn.Linear(4, 1, bias=False)
    model = nn.Sequential(layer, nn.ReLU())
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 1.0, -1.0, -1.0]]))
    x = torch.tensor([[2.0**24, 1.0, 2.0**24, 1.0], [0.1, 0.2, 0.2, 0.1], [1.0, 2.0, 2.0, 1.5]])
    with zg.watch(model) as watch:
        model(x).sum().backward()
    assert last(watch).units == (Units("1 (ReLU)", ("k", "k", "o")),)


def test_what_would_take_too_long_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without time, error bounds alone decide."""
    monkeypatch.setattr(reporting, "_FOR_UNITS", 0.0)
    layer = nn.Linear(2, 2, bias=False, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.1, -0.1], [1.0, 1.0]]))
    x = torch.full((1, 2), 0.3, dtype=torch.float64)
    with zg.watch(layer) as watch:
        torch.relu(layer(x * 3 / 7)).sum().backward()
    assert [one.states for one in last(watch).units] == [("?a",)]


def test_pictures_that_fail_stop_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug there is a warning, and the rest of the report is as ever."""

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(reporting, "unit_states", broken)
    monkeypatch.setattr(reporting, "parts_graph", broken)
    layer, x = nn.Linear(2, 1), torch.randn(3, 2)
    with pytest.warns(RuntimeWarning, match="failed to tell what"), zg.watch(layer) as watch:
        layer(x).sum().backward()
    step = last(watch)
    assert (step.units, step.graph.vertices, list(step.parameters)) == ((), (), ["weight", "bias"])


def test_saturated_in_floats_alone() -> None:
    """A sigmoid is never flat, but at 200 it is so in float32."""
    first, second = nn.Linear(1, 2, bias=False), nn.Linear(2, 1)
    model = nn.Sequential(first, nn.Sigmoid(), second, nn.Tanh())
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[200.0], [1.0]]))
        second.weight.zero_()
    with zg.watch(model) as watch:
        model(torch.ones(2, 1)).sum().backward()
    assert [one.states for one in last(watch).units] == [("sa", "sa"), ("a", "a")]


def test_maximum_with_a_bound() -> None:
    """The larger of a value and a number is an activation; of two values it is none."""
    layer = nn.Linear(1, 3, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[-1.0], [0.0], [1.0]]))
    with zg.watch(layer) as watch:
        z = layer(torch.ones(2, 1))
        (
            torch.maximum(z, torch.zeros(3)) + torch.minimum(z, torch.tensor(0.0)) + torch.maximum(z, -z)
        ).sum().backward()
    assert [one.states for one in last(watch).units] == [("oka", "oka"), ("aks", "aks")]


def test_one_module_that_ran_twice() -> None:
    """A unit is off where it was off each time."""
    layer, relu = nn.Linear(1, 2, bias=False), nn.ReLU()
    model = nn.ModuleList([layer, relu])
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0], [-1.0]]))
    with zg.watch(model) as watch:
        x = torch.tensor([[1.0], [2.0]])
        (relu(layer(x)) + relu(layer(x) + torch.tensor([[0.0, 0.0], [0.0, 5.0]]))).sum().backward()
    assert [one.states for one in last(watch).units] == [("ao", "aa")]


def test_very_many_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound only the first samples have letters, and layers that are too wide have none."""
    monkeypatch.setattr(module, "MOST", 40)
    model = nn.Sequential(
        nn.Linear(2, 9), nn.ReLU(), nn.Linear(9, 50), nn.ReLU(), nn.Linear(50, 1), nn.ReLU()
    )
    with zg.watch(model) as watch:
        model(torch.randn(20, 2)).sum().backward()
    step = last(watch)
    assert [(one.where, len(one.states), len(one.states[0])) for one in step.units] == [
        ("1 (ReLU)", 4, 9),
        ("5 (ReLU)", 4, 1),
    ]
    assert step.batch == 20
