"""Each gradient of a witness as a sum of products."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import mul
from typing import Any

from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.real import narrow, sign
from zerograd.core.verdict.witness import Witness


@dataclass(frozen=True, slots=True)
class GradientSum:
    """``factor · Σ`` of products, which is a gradient.

    Attributes:
        name: of the array, with ``index``: what the gradient is by.
        terms: the factors of each product; one for each sample, or, for ∂L/∂x, for each unit of layer 1.
        value: of the gradient, by the checker's own reverse mode.
    """

    name: str
    index: Index
    factor: int | Fraction
    terms: tuple[tuple[Any, ...], ...]
    value: Any

    @property
    def evaluated(self) -> tuple[Any, ...]:
        """The value of each term."""
        return tuple(narrow(reduce(mul, term)) for term in self.terms)

    @property
    def carrying(self) -> tuple[int, ...]:
        """The positions of the terms that are not 0."""
        return tuple(n for n, term in enumerate(self.terms) if all(map(sign, term)))


@dataclass(frozen=True, slots=True)
class Sums:
    """The gradients of a witness as sums. Raises `OnKink` under ``forbid``."""

    witness: Witness

    @property
    def factor(self) -> int | Fraction:
        """The common factor of all gradients, which comes from the loss."""
        factor = self.witness.problem.model.loss.factor(*self.witness.y.shape)
        return factor.numerator if factor.denominator == 1 else factor

    def arriving(self, layer: int, unit: int) -> list[Any]:
        """What comes back to a unit's activations, without `factor`: one for each sample."""
        return [narrow(row[unit]) for row in self.witness.point.adjoints[layer - 1].arriving.rows()]

    def delta(self, layer: int, unit: int) -> list[Any]:
        """What comes back to its pre-activations: what arrives, times φ′."""
        return [narrow(row[unit]) for row in self.witness.point.adjoints[layer - 1].delta.rows()]

    def of(self, name: str, index: Index) -> GradientSum:
        """One entry of the gradient by a parameter, or by ``x``."""
        witness = self.witness
        if name == "x":
            sample, column = index
            weights = (row[column] for row in witness.parameters["w1"].rows())
            delta = witness.point.adjoints[0].delta.rows()[sample]
            terms = tuple(zip(weights, map(narrow, delta), strict=True))
        else:
            layer = int(name[1:])
            factors = [self.delta(layer, index[0])]
            if name[0] == "w":
                fed = witness.x if layer == 1 else witness.forward.a[layer - 2]
                factors.append([narrow(row[index[1]]) for row in fed.rows()])
            terms = tuple(zip(*factors, strict=True))
        return GradientSum(name, index, self.factor, terms, witness.gradients[name][index])
