"""Closed formulas for one generic sample, per activation region."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod

import sympy as sp

from zerograd.core.model.point import Model
from zerograd.core.model.sides import Side, Unit, sides, units_with_sides
from zerograd.core.numbers.arrays import Array
from zerograd.derive.chain import Chain, Expr, Index, Row
from zerograd.derive.functions import on_side


@dataclass(frozen=True, slots=True)
class Region:
    """One generic sample whose every pre-activation stays on one side.

    Attributes:
        pattern: the side of every unit whose activation has more than one.
        conditions: what that says of the pre-activations, as SymPy relations over x and parameters.
        z: the pre-activations per layer, as polynomials.
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
                z, side = self.pre_activation(layer, unit), self.side(layer, unit)
                self.z[layer, unit], self.a[layer, unit] = self.values(z, side)

    @abstractmethod
    def values(self, z: Expr, side: Side) -> tuple[Expr, Expr]:
        """z and φ(z), as they are written."""

    def side(self, layer: int, unit: Index) -> Side:
        if isinstance(unit, int) and (layer, unit) in self.pattern:
            return self.pattern[layer, unit]
        return sides(self.network.layers[layer - 1].activation, self.model.derivative_at_kink)[0]

    def derivative(self, layer: int, unit: Index) -> Expr:
        return sp.sympify(self.side(layer, unit).derivative)


class _Closed(OnSides):
    """All formulas put into one another."""

    @property
    def factor(self) -> int:
        return 1

    def values(self, z: Expr, side: Side) -> tuple[Expr, Expr]:
        z = sp.expand(z)
        return z, side.slope * z + side.offset

    def activation(self, layer: int, unit: Index) -> Expr:
        return self.a[layer, unit] if layer else super().activation(layer, unit)

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
            for condition in on_side(z, chain.side(*at), evaluate=False)
        ),
        z=tuple(tuple(z for z, _ in row) for row in rows),
        y_hat=tuple(a for _, a in rows[-1]),
        loss=chain.loss,
        gradients={name: chain.contributions(name).map(sp.factor_terms) for name in chain.shapes},
    )
