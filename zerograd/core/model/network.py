"""Fully connected networks.

Layer l = 1..L has weights ``w{l}`` of shape (units_l, units_{l-1}), as ``torch.nn.Linear.weight``,
and a bias ``b{l}`` of shape (units_l,) unless it has none:
z{l} = w{l} a{l-1} + b{l}, a{l} = φ_l(z{l}), a0 = x, ŷ = aL.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from zerograd.core.errors import short
from zerograd.core.model.activations import (
    ACTIVATION_NAMES,
    LINEAR,
    RELU,
    Activation,
    PiecewiseLinear,
    activation_named,
    known_activation,
)
from zerograd.core.model.curves import Smooth
from zerograd.core.numbers.arrays import Shape

MAX_PARAMETERS = 1_000_000


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
            if not isinstance(activation, PiecewiseLinear | Smooth) or activation != known_activation(
                activation
            ):
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
