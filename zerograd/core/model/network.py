"""Fully connected networks.

Layer l = 1..L has weights ``w{l}`` of shape (units_l, units_{l-1}), as ``torch.nn.Linear.weight``,
and a bias ``b{l}`` of shape (units_l,) unless it has none:
z{l} = w{l} a{l-1} + b{l}, a{l} = φ_l(z{l}), a0 = x, ŷ = aL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

from zerograd.core.errors import short
from zerograd.core.model.activations import (
    ACTIVATION_NAMES,
    FAMILIES,
    LINEAR,
    RELU,
    Activation,
    PiecewiseLinear,
    activation_named,
    known_activation,
)
from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink, OfLayer, layers_of
from zerograd.core.numbers.arrays import Shape

MAX_PARAMETERS = 1_000_000


@dataclass(frozen=True, slots=True, init=False)
class Layer:
    """``units`` outputs, an activation, and a bias unless ``bias`` is False.

    Args:
        activation: one, its name, or ``{"leaky_relu": "1/10"}``. Without one, ReLU; as the last layer of a
            `Network`, linear. So it is in problem files.

    Raises:
        ValueError: an unknown activation.
    """

    units: int
    activation: Activation
    bias: bool
    _by_default: bool = field(compare=False, repr=False)

    def __init__(
        self, units: int, activation: Activation | str | Mapping[str, Any] | None = None, bias: bool = True
    ) -> None:
        described = activation_from_json(activation) if isinstance(activation, str | Mapping) else activation
        object.__setattr__(self, "units", units)
        object.__setattr__(self, "activation", RELU if described is None else described)
        object.__setattr__(self, "bias", bias)
        object.__setattr__(self, "_by_default", described is None)

    def placed(self, *, last: bool) -> Layer:
        """This layer in a network, where its activation is settled."""
        return Layer(self.units, LINEAR if last else RELU, self.bias) if self._by_default else self

    def __str__(self) -> str:
        """``3 relu``, ``3 relu without bias``."""
        return f"{self.units} {self.activation}{'' if self.bias else ' without bias'}"

    def under(self, convention: OfLayer | None) -> Layer:
        """This layer with a convention for kinks of its own, or with none."""
        if self.activation.of_layer == convention:
            return self
        return Layer(self.units, replace(self.activation, of_layer=convention), self.bias)


def activation_from_json(data: object) -> Activation:
    """``"relu"``, or ``{"leaky_relu": "1/10"}``. Raises ValueError."""
    if isinstance(data, str):
        return activation_named(data)
    if isinstance(data, Mapping) and len(data) == 1:
        ((name, parameter),) = data.items()
        if name in FAMILIES and isinstance(parameter, str | int):
            return FAMILIES[name].make(parameter)
    raise ValueError(f"unknown activation {short(data)} (known: {', '.join(ACTIVATION_NAMES)})")


@dataclass(frozen=True, slots=True)
class Network:
    """A fully connected network.

    Args:
        inputs: how many it has.
        layers: from the first to the last.

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
        layers = tuple(self.layers)
        if not layers:
            raise ValueError("a network needs at least one layer")
        *hidden, last = layers
        settled = (*(layer.placed(last=False) for layer in hidden), last.placed(last=True))
        object.__setattr__(self, "layers", settled)
        for width in self.widths:
            if isinstance(width, bool) or not isinstance(width, int) or not 1 <= width <= MAX_PARAMETERS:
                raise ValueError(
                    f"a width must be a whole number from 1 to {MAX_PARAMETERS}, found {short(width)}"
                )
        for activation in {layer.activation for layer in self.layers}:
            # A problem's digest names the activation alone, so the name must say all.
            if not isinstance(activation, PiecewiseLinear | Smooth) or (
                replace(activation, of_layer=None) != known_activation(activation)
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

    @classmethod
    def described(cls, data: object) -> Network:
        """Return ``[1, 1, 1]``, or ``{"inputs": 1, "layers": [{"units": 1, "activation": "relu"}, …]}``.

        Raises:
            ValueError: it is neither.
        """
        if isinstance(data, Sequence) and not isinstance(data, str):
            return cls.mlp(*data)
        if not (
            isinstance(data, Mapping)
            and set(data) == {"inputs", "layers"}
            and isinstance(data["layers"], Sequence)
        ):
            raise ValueError(
                'expected a Network, widths such as [1, 1, 1], or {"inputs": …, "layers": […]}, '
                f"found {short(data)}"
            )
        return cls(data["inputs"], tuple(map(_layer, data["layers"])))

    def under(self, convention: Kink) -> Network:
        """This network, each layer with the convention for kinks that a mapping has for it, if any."""
        conventions = layers_of(convention)
        layers = tuple(
            layer.under(conventions.get(number)) for number, layer in enumerate(self.layers, start=1)
        )
        return self if layers == self.layers else Network(self.inputs, layers)

    def __str__(self) -> str:
        """``1 → 1 relu → 1 linear``."""
        return " → ".join([str(self.inputs), *map(str, self.layers)])

    def __repr__(self) -> str:
        return f"<Network {self}>"

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


def _layer(data: object) -> Layer:
    if isinstance(data, Layer):
        return data
    if not (isinstance(data, Mapping) and "units" in data and set(data) <= {"units", "activation", "bias"}):
        raise ValueError('a layer is {"units": …, "activation": …, "bias": …}')
    bias = data.get("bias", True)
    if not isinstance(bias, bool):
        raise ValueError(f"bias: expected true or false, found {short(bias)}")
    named = data.get("activation")
    return Layer(data["units"], named if named is None else activation_from_json(named), bias)
