"""Closed formulas for one generic sample, per activation region."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod

import sympy as sp

from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.model.point import Model
from zerograd.core.model.sides import Side, Unit, sides, units_with_sides
from zerograd.core.numbers.arrays import Array
from zerograd.derive.chain import Chain, Index, Row
from zerograd.derive.functions import activation_function, derivative_function, on_side
from zerograd.derive.ring import Expr


@dataclass(frozen=True, slots=True)
class Region:
    """One generic sample whose every pre-activation stays on one side.

    Attributes:
        pattern: the side of every unit whose activation has more than one.
        conditions: what that says of the pre-activations, as SymPy relations over x and parameters.
        z: the pre-activations per layer, in closed form.
        y_hat: the outputs; shape (outputs,).
        loss: this sample's ℓ, the sum of the outputs' losses.
        gradients: ∂ℓ/∂ of every parameter and of ``x`` (shape (inputs,)), factored.
    """

    pattern: Mapping[Unit, Side]
    conditions: tuple[sp.Rel, ...]
    z: tuple[Row, ...]
    y_hat: Row
    loss: Expr
    gradients: Mapping[str, Array[Expr]]


@dataclass(frozen=True)
class OnSides(Chain):
    """One sample with every unit on the side that ``pattern`` names."""

    pattern: Mapping[Unit, Side]
    z: dict[tuple[int, Index], Expr] = field(default_factory=dict, init=False)
    """Pre-activations by layer and unit, in terms of what feeds the layer."""
    a: dict[tuple[int, Index], Expr] = field(default_factory=dict, init=False)
    """Activations, likewise."""

    def __post_init__(self) -> None:
        for layer in range(1, self.network.depth + 1):
            for unit in self.axis(layer):
                z = self.written(self.pre_activation(layer, unit))
                side, phi = self.side(layer, unit), self.network.layers[layer - 1].activation
                self.z[layer, unit] = z
                self.a[layer, unit] = activation_function(phi)(z) if side is None else self.on(side, z)

    @abstractmethod
    def written(self, z: Expr) -> Expr:
        """A pre-activation as it is written."""

    @abstractmethod
    def on(self, side: Side, z: Expr) -> Expr:
        """φ(z) on a side, as it is written."""

    def side(self, layer: int, unit: Index) -> Side | None:
        """The side that a unit is on; None where its activation has none."""
        if isinstance(unit, int) and (layer, unit) in self.pattern:
            return self.pattern[layer, unit]
        activation = self.network.layers[layer - 1].activation
        if not isinstance(activation, PiecewiseLinear):
            return None
        return sides(activation, self.model.derivative_at_kink)[0]

    def derivative(self, layer: int, unit: Index) -> Expr:
        side = self.side(layer, unit)
        if side is not None:
            return sp.sympify(side.derivative)
        function = derivative_function(
            self.network.layers[layer - 1].activation, self.model.derivative_at_kink
        )
        z = self.z.get((layer, unit))
        return function(self.written(self.pre_activation(layer, unit)) if z is None else z)


class _Closed(OnSides):
    """All formulas put into one another."""

    @property
    def factor(self) -> int:
        return 1

    def written(self, z: Expr) -> Expr:
        return sp.expand(z)

    def on(self, side: Side, z: Expr) -> Expr:
        return side.slope * z + side.offset

    def activation(self, layer: int, unit: Index) -> Expr:
        return self.a[layer, unit] if layer else super().activation(layer, unit)

    @property
    def explicit(self) -> bool:
        return True

    def times(self, factor: Expr, expression: Expr) -> Expr:
        return factor * expression


def _choices(model: Model) -> dict[Unit, tuple[Side, ...]]:
    return units_with_sides(model.network, model.derivative_at_kink)


def count_regions(model: Model) -> int:
    """How many patterns there are, geometrically possible or not."""
    return prod(len(choices) for choices in _choices(model).values())


def regions(model: Model) -> Iterator[Region]:
    """Every pattern's region, lazily. Not all need be geometrically possible."""
    choices = _choices(model)
    for combination in product(*choices.values()):
        yield region(model, dict(zip(choices, combination, strict=True)))


def region(model: Model, pattern: Mapping[Unit, Side]) -> Region:
    """The region in which each unit is on the side that the pattern names."""
    chain = _Closed(model, pattern)
    rows = [
        [(chain.z[layer, unit], chain.a[layer, unit]) for unit in chain.axis(layer)]
        for layer in range(1, model.network.depth + 1)
    ]
    return Region(
        pattern=dict(pattern),
        conditions=tuple(
            condition
            for at, z in chain.z.items()
            if (side := chain.side(*at)) is not None
            for condition in on_side(z, side, evaluate=False)
        ),
        z=tuple(tuple(z for z, _ in row) for row in rows),
        y_hat=tuple(a for _, a in rows[-1]),
        loss=chain.loss,
        gradients={name: chain.contributions(name).map(sp.factor_terms) for name in chain.shapes},
    )
