"""The backward pass worked out by hand: what arrives at each unit, and each gradient as a sum of products.

Everything here is exact, and data: how it is written is for other modules to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import mul
from typing import Any

from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact, narrow, sign
from zerograd.core.verdict.witness import Witness


@dataclass(frozen=True, slots=True)
class Adjoint:
    """What comes back to one layer, without the common factor: arrays of shape (M, units).

    Attributes:
        arriving: at the activations; for the last layer, the residuals.
        delta: at the pre-activations: what arrives times the slope.
    """

    arriving: Array[Exact]
    delta: Array[Exact]


def common_factor(witness: Witness) -> int | Fraction:
    """2/(M·K): the loss is the mean of M·K squares."""
    factor = narrow(Fraction(2, len(witness.y.entries)))
    assert isinstance(factor, int | Fraction)  # for the type checker: rational in, rational out
    return factor


def adjoints(witness: Witness) -> Mapping[int, Adjoint]:
    """For each layer, by its number, from the last to the first. Raises `OnKink` under ``forbid``."""
    run, network = witness.forward, witness.problem.network
    found: dict[int, Adjoint] = {}
    arriving = witness.point.residuals
    for number in range(network.depth, 0, -1):
        slopes = run.derivatives[number - 1]
        products = (narrow(s * g) if s else 0 for s, g in zip(slopes.entries, arriving.entries, strict=True))
        delta = Array(slopes.shape, tuple(products))
        found[number] = Adjoint(arriving.map(narrow), delta)
        columns = list(zip(*witness.parameters[f"w{number}"].rows(), strict=True))
        arriving = Array.of(
            [[_dot(column, above) for column in columns] for above in delta.rows()], len(columns)
        )
    return found


@dataclass(frozen=True, slots=True)
class GradientSum:
    """``factor · Σ`` of products of exact numbers, which is a gradient.

    Attributes:
        name: of the array, with ``index``: what the gradient is by.
        over: ``samples``, or, for ∂L/∂x of one sample, ``units`` of the first layer.
        terms: the factors of each product; one for each sample (or unit), in order.
        value: of the gradient, by the checker's own reverse mode.
    """

    name: str
    index: Index
    over: str
    factor: int | Fraction
    terms: tuple[tuple[Exact, ...], ...]
    value: Exact

    @property
    def evaluated(self) -> tuple[Exact, ...]:
        """The value of each term."""
        return tuple(narrow(reduce(mul, term)) for term in self.terms)

    @property
    def carrying(self) -> tuple[int, ...]:
        """The positions of the terms that are not 0."""
        return tuple(n for n, term in enumerate(self.terms) if all(map(sign, term)))


def gradient_sum(witness: Witness, found: Mapping[int, Adjoint], name: str, index: Index) -> GradientSum:
    """One entry of a gradient.

    Args:
        found: from `adjoints`.
        name: of a parameter, or ``x``.
    """
    terms: tuple[tuple[Exact, ...], ...]
    if name == "x":
        sample, column = index
        weights = [row[column] for row in witness.parameters["w1"].rows()]
        terms = tuple(zip(weights, found[1].delta.rows()[sample], strict=True))
    else:
        layer = int(name[1:])
        errors = [row[index[0]] for row in found[layer].delta.rows()]
        if name[0] == "b":
            terms = tuple((error,) for error in errors)
        else:
            fed = witness.x if layer == 1 else witness.forward.a[layer - 2]
            terms = tuple(zip(errors, (narrow(row[index[1]]) for row in fed.rows()), strict=True))
    over = "units" if name == "x" else "samples"
    return GradientSum(name, index, over, common_factor(witness), terms, witness.gradients[name][index])


def _dot(left: tuple[Exact, ...], right: tuple[Exact, ...]) -> Exact:
    products: Any = sum(map(mul, left, right))
    return narrow(products)
