"""The backward pass worked out by hand: what arrives at each unit, and each gradient as a sum of products.

Everything here is exact, and data: how it is written is for other modules to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import mul
from typing import TypeAlias

from zerograd.core.model.backprop import Adjoint
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.exact import Exact, narrow, sign
from zerograd.core.verdict.witness import Witness

Adjoints: TypeAlias = Mapping[int, Adjoint[Exact]]
"""What comes back to each layer, by its number."""


def common_factor(witness: Witness) -> int | Fraction:
    """Return what gradients have in common: `zerograd.core.model.losses.Loss.factor`."""
    factor = narrow(witness.problem.model.loss.factor(*witness.y.shape))
    assert isinstance(factor, int | Fraction)  # for the type checker: rational in, rational out
    return factor


def adjoints(witness: Witness) -> Adjoints:
    """Return those of a witness. Raises `OnKink` under ``forbid``."""
    return {
        number: Adjoint(back.arriving.map(narrow), back.delta.map(narrow))
        for number, back in enumerate(witness.point.adjoints, start=1)
    }


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


def gradient_sum(witness: Witness, found: Adjoints, name: str, index: Index) -> GradientSum:
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
