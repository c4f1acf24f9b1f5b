"""Fully connected networks with piecewise linear activations.

Layer l = 1..L has weights ``w{l}`` of shape (units_l, units_{l-1}), as ``torch.nn.Linear.weight``,
and a bias ``b{l}`` of shape (units_l,) unless it has none:
z{l} = w{l} a{l-1} + b{l}, a{l} = φ_l(z{l}), a0 = x, ŷ = aL.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Literal, get_args

from zerograd.core.errors import short
from zerograd.core.numbers.arrays import Shape
from zerograd.core.numbers.exact import Exact, compare, narrow, parse_rational

Kink = Literal["torch", "left", "right", "forbid"]
"""Which derivative is taken at a kink; ``forbid``: no sample may sit on one."""

KINKS: tuple[Kink, ...] = get_args(Kink)
MAX_PARAMETERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Activation:
    """A continuous piecewise linear function φ.

    On piece i, between ``kinks[i-1]`` and ``kinks[i]``, φ(z) = slopes[i]·z + offsets[i].
    ``torch_slopes[i]`` is the derivative that PyTorch returns at ``kinks[i]`` (measured for
    torch 2.13; the test suite measures it again wherever torch is installed).
    """

    name: str
    kinks: tuple[int | Fraction, ...]
    slopes: tuple[int | Fraction, ...]
    offsets: tuple[int | Fraction, ...]
    torch_slopes: tuple[int | Fraction, ...]
    parameter: int | Fraction | None = None

    def slope_at_kink(self, number: int, convention: Kink) -> int | Fraction | None:
        """The derivative at ``kinks[number]``; None under ``forbid``."""
        match convention:
            case "torch":
                return self.torch_slopes[number]
            case "left":
                return self.slopes[number]
            case "right":
                return self.slopes[number + 1]
            case "forbid":
                return None

    def locate(self, z: Exact) -> tuple[int, bool]:
        """(piece, False) strictly inside a piece, (number, True) on kink ``number``."""
        if isinstance(z, int):  # most witnesses: no need for anything finer
            number = bisect_left(self.kinks, z)
            return number, number < len(self.kinks) and self.kinks[number] == z
        number = bisect_left(self.kinks, 0, key=lambda kink: compare(kink, z))
        if number < len(self.kinks) and compare(self.kinks[number], z) == 0:
            return number, True
        return number, False

    def __str__(self) -> str:
        return self.name if self.parameter is None else f"{self.name}({self.parameter})"


LINEAR = Activation("linear", (), (1,), (0,), ())
RELU = Activation("relu", (0,), (0, 1), (0, 0), (0,))
ABS = Activation("abs", (0,), (-1, 1), (0, 0), (0,))
RELU6 = Activation("relu6", (0, 6), (0, 1, 0), (0, 0, 6), (0, 0))
HARDTANH = Activation("hardtanh", (-1, 1), (0, 1, 0), (-1, 0, 1), (0, 0))


def leaky_relu(slope: int | Fraction | str) -> Activation:
    """z for z > 0, slope·z below. With slope 1 it is linear and has no kink.

    Raises:
        ValueError: the slope is no exact number.
    """
    if isinstance(slope, float):
        raise ValueError(f"{slope!r} is a float; write it exactly, as '{slope!r}' or Fraction(p, q)")
    value = narrow(slope) if isinstance(slope, Fraction) else parse_rational(slope)
    assert isinstance(value, int | Fraction)  # for the type checker: rational in, rational out
    if value == 1:
        return Activation("leaky_relu", (), (1,), (0,), (), value)
    return Activation("leaky_relu", (0,), (value, 1), (0, 0), (value,), value)


ACTIVATIONS: Mapping[str, Activation] = {a.name: a for a in (LINEAR, RELU, ABS, RELU6, HARDTANH)}
"""The activations without a parameter, by name (`leaky_relu` takes its slope)."""

ACTIVATION_NAMES = (*ACTIVATIONS, "leaky_relu")
DEFAULT_LEAKY_SLOPE = Fraction(1, 100)
"""As in PyTorch."""


@dataclass(frozen=True, slots=True, init=False)
class Layer:
    """``units`` outputs, an activation (or its name), and a bias unless ``bias`` is False.

    Raises:
        ValueError: an unknown activation name.
    """

    units: int
    activation: Activation
    bias: bool

    def __init__(self, units: int, activation: Activation | str = RELU, bias: bool = True) -> None:
        object.__setattr__(self, "units", units)
        named = activation_named(activation) if isinstance(activation, str) else activation
        object.__setattr__(self, "activation", named)
        object.__setattr__(self, "bias", bias)


@dataclass(frozen=True, slots=True)
class Network:
    """A fully connected network.

    Examples:
        >>> Network.mlp(2, 3, 1).shapes
        {'w1': (3, 2), 'b1': (3,), 'w2': (1, 3), 'b2': (1,)}

    Raises:
        ValueError: no layer, a width below 1, an activation of one's own making, or more than
            `MAX_PARAMETERS` weights.
    """

    inputs: int
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        if not self.layers:
            raise ValueError("a network needs at least one layer")
        for width in self.widths:
            if isinstance(width, bool) or not isinstance(width, int) or not 1 <= width <= MAX_PARAMETERS:
                raise ValueError(
                    f"a width must be a whole number from 1 to {MAX_PARAMETERS}, found {short(width)}"
                )
        for activation in {layer.activation for layer in self.layers}:
            # A problem's digest names the activation alone, so the name must say all.
            if not isinstance(activation, Activation) or activation != _known(activation):
                raise ValueError(f"{activation} is not one of the activations {', '.join(ACTIVATION_NAMES)}")
        count = sum(a * b for a, b in zip(self.widths, self.widths[1:], strict=False))
        if count > MAX_PARAMETERS:
            raise ValueError(f"{count} weights are more than the {MAX_PARAMETERS} that are read")

    @classmethod
    def mlp(cls, *widths: int, activation: Activation | str = RELU, bias: bool = True) -> Network:
        """Hidden layers with one activation, a linear output: ``Network.mlp(1, 1, 1)``.

        Raises:
            ValueError: fewer than two widths, a bad width, or an unknown activation name.
        """
        if len(widths) < 2:
            raise ValueError(
                f"a network needs at least an input and an output width, found {short(list(widths))}"
            )
        if isinstance(activation, str):
            activation = activation_named(activation)
        hidden = tuple(Layer(units, activation, bias) for units in widths[1:-1])
        return cls(widths[0], (*hidden, Layer(widths[-1], LINEAR, bias)))

    @property
    def depth(self) -> int:
        """L, the number of layers."""
        return len(self.layers)

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs, then the units of each layer."""
        return (self.inputs, *(layer.units for layer in self.layers))

    @property
    def outputs(self) -> int:
        return self.layers[-1].units

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shape of every parameter, in order w1, b1, w2, b2, …"""
        result: dict[str, Shape] = {}
        fan_in = self.inputs
        for number, layer in enumerate(self.layers, start=1):
            result[f"w{number}"] = (layer.units, fan_in)
            if layer.bias:
                result[f"b{number}"] = (layer.units,)
            fan_in = layer.units
        return result

    @property
    def parameter_count(self) -> int:
        """How many entries all parameters have together."""
        return sum(map(prod, self.shapes.values()))


def activation_named(name: str) -> Activation:
    """An activation by name; ``leaky_relu`` with PyTorch's slope 1/100.

    Raises:
        ValueError: no such activation.
    """
    if name == "leaky_relu":
        return leaky_relu(DEFAULT_LEAKY_SLOPE)
    if name not in ACTIVATIONS:
        raise ValueError(f"unknown activation {short(name)} (known: {', '.join(ACTIVATION_NAMES)})")
    return ACTIVATIONS[name]


def _known(activation: Activation) -> Activation | None:
    """The activation that goes by this name (and parameter)."""
    if activation.name == "leaky_relu" and activation.parameter is not None:
        return leaky_relu(activation.parameter)
    return ACTIVATIONS.get(activation.name)
