"""Closed formulas for one generic sample, per activation region."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

import sympy as sp

from zerograd.core.model.activations import Kink
from zerograd.core.model.network import Network
from zerograd.core.model.sides import Side, sides
from zerograd.core.numbers.arrays import Array
from zerograd.derive.sample import Expr, Row, Sample, derive

Unit = tuple[int, int]
"""(layer from 1, unit from 0)."""


@dataclass(frozen=True, slots=True)
class Region:
    """One generic sample whose every pre-activation stays on one side.

    Attributes:
        pattern: the side of every unit whose activation has more than one.
        conditions: what that says of the pre-activations, as SymPy relations over x and parameters.
        z: the pre-activations per layer, as polynomials.
        y_hat: the outputs; shape (outputs,).
        loss: this sample's ℓ = Σₖ (ŷₖ − yₖ)².
        gradients: ∂ℓ/∂ of every parameter and of ``x`` (shape (inputs,)), factored.
    """

    pattern: Mapping[Unit, Side]
    conditions: tuple[sp.Rel, ...]
    z: tuple[Row, ...]
    y_hat: Row
    loss: Expr
    gradients: Mapping[str, Array[Expr]]


def units_with_sides(network: Network, convention: Kink) -> dict[Unit, tuple[Side, ...]]:
    """The units that have more than one side, with their sides."""
    return {
        (number, unit): choices
        for number, layer in enumerate(network.layers, start=1)
        for choices in [sides(layer.activation, convention)]
        if len(choices) > 1
        for unit in range(layer.units)
    }


def count_regions(network: Network, convention: Kink) -> int:
    """How many patterns there are, geometrically possible or not."""
    return prod(len(choices) for choices in units_with_sides(network, convention).values())


def regions(network: Network, convention: Kink) -> Iterator[Region]:
    """Every pattern's region, lazily. Not all need be geometrically possible."""
    choices = units_with_sides(network, convention)
    sample = derive(network)
    for combination in product(*choices.values()):
        yield region(sample, dict(zip(choices, combination, strict=True)), convention)


def region(sample: Sample, pattern: Mapping[Unit, Side], convention: Kink) -> Region:
    """Substitute the steps of the chain rule into one another, on the given sides."""
    network = sample.network
    known: dict[Expr, Expr] = {}
    rows: list[Row] = []
    conditions: list[sp.Rel] = []
    for number, layer in enumerate(network.layers, start=1):
        row = []
        for unit, formula in enumerate(sample.pre_activation[number - 1]):
            z = sp.expand(formula.xreplace(known))
            side = pattern.get((number, unit)) or sides(layer.activation, convention)[0]
            known[sample.a[number - 1][unit]] = side.slope * z + side.offset
            known[sample.slope[number - 1][unit]] = sp.sympify(side.derivative)
            conditions += _conditions(z, side)
            row.append(z)
        rows.append(tuple(row))
    y_hat = tuple(known[a] for a in sample.a[-1])
    residuals = tuple(p - t for p, t in zip(y_hat, sample.y, strict=True))
    known |= dict(zip(sample.r, residuals, strict=True))
    for number in range(network.depth, 0, -1):
        for unit, delta in enumerate(sample.delta[number - 1]):
            upstream = sample.upstream[number - 1][unit]
            known[delta] = sample.slope[number - 1][unit].xreplace(known) * upstream.xreplace(known)
    gradients = {
        name: array.map(lambda formula: sp.factor_terms(formula.xreplace(known)))
        for name, array in sample.contribution.items()
    }
    loss = sp.Add(*(residual**2 for residual in residuals))
    return Region(dict(pattern), tuple(conditions), tuple(rows), y_hat, loss, gradients)


def _conditions(z: Expr, side: Side) -> Iterator[sp.Rel]:
    if side.is_point:
        yield sp.Eq(z, side.low, evaluate=False)
        return
    if side.low is not None:
        relation = sp.Ge if side.low_closed else sp.Gt
        yield relation(z, side.low, evaluate=False)
    if side.high is not None:
        relation = sp.Le if side.high_closed else sp.Lt
        yield relation(z, side.high, evaluate=False)
