"""What the quantities of a network are called in formulas, and vectors over the samples.

A quantity without the index of a sample is the vector of its values over the samples. Axes of length 1
need no index; where all widths are 1, the layer stands where it does: z₁ instead of z⁽¹⁾.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from zerograd.core.model.activations import Activation
from zerograd.core.model.names import function_name
from zerograd.core.model.network import Network
from zerograd.core.model.point import Model
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.real import Real
from zerograd.derive.naming import is_scalar, quantity
from zerograd.document import formula as tree
from zerograd.document.exact import number
from zerograd.document.formula import BESIDE, CLOSE, COMMA, DOTS, OPEN, beside, derivative, row, spread
from zerograd.document.layout import shortened

_WORDS = {"leaky_relu": "LeakyReLU"}

At: TypeAlias = int | str
"""An index: a number, or the letter that stands for any."""

LONGEST = 12
"""Entries of a vector, and terms of a sum, that are written out."""
SPELLED = 3
"""Units of a neighbouring layer whose contributions are written out in letters."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one network's quantities."""

    model: Model

    @property
    def network(self) -> Network:
        return self.model.network

    @property
    def scalar(self) -> bool:
        return is_scalar(self.network)

    def layered(self, letter: str, layer: int, *at: At) -> tree.Node:
        """``z⁽¹⁾ₘᵢ``; ``z₁ₘ`` where every layer has one unit."""
        return spread(quantity(self.network, letter, layer, at))

    def plain(self, letter: str, *at: At) -> tree.Node:
        """``xₘ``."""
        return spread(quantity(self.network, letter, at=at))

    def at(self, layer: int, unit: At) -> tuple[At, ...]:
        """The index of a unit of a layer (0: the inputs), where it needs one."""
        return (unit,) if self.network.widths[layer] > 1 else ()

    def fed(self, layer: int, unit: At, *sample: At) -> tree.Node:
        """What a unit below feeds into a layer: x, or a."""
        at = (*sample, *self.at(layer - 1, unit))
        return self.plain("x", *at) if layer == 1 else self.layered("a", layer - 1, *at)

    def parameter(self, name: str, index: Sequence[At] | None = None) -> tree.Node:
        """``w⁽¹⁾ᵢⱼ``, or the whole array."""
        if index is None:
            return self.layered(name[0], int(name[1:]))
        shape = self.network.shapes[name]
        return self.layered(name[0], int(name[1:]), *(i for i, n in zip(index, shape, strict=True) if n > 1))

    def gradient(self, name: str, index: Sequence[At] | None) -> tree.Node:
        """``∂L/∂w⁽¹⁾ᵢⱼ``, or that of the whole array."""
        if name != "x":
            return derivative(tree.Letter("L"), self.parameter(name, index))
        at = () if index is None else (index[0], *self.at(0, index[1]))
        return derivative(tree.Letter("L"), self.plain("x", *at))

    def activation(self, activation: Activation, argument: tree.Node, *, prime: bool = False) -> tree.Node:
        """``ReLU(z)``, ``ReLU′(z)``."""
        word = _WORDS.get(activation.name) or function_name(activation, parameter=False)
        name = tree.Word(word) if len(word) > 1 else tree.Letter(word)
        below = None if activation.parameter is None else number(activation.parameter)
        return spread(tree.Call(tree.Script(name, below) if below else name, argument, prime))

    @property
    def adjoint(self) -> str:
        """The letter for ∂ℓ/∂ŷ over the loss's constant: r, the residual, for least squares."""
        return "r" if self.model.loss.least_squares else "g"

    @property
    def factor(self) -> tree.Node:
        """What ∂L/∂ŷ is r times of: 2/M, or 2/(MK) where there are K outputs."""
        return self.share(self.model.loss.constant)

    def share(self, number: Rational) -> tree.Node:
        """A number over how many terms the loss is the mean of; of a sum, the number."""
        if not self.model.loss.averages:
            return tree.Digits(str(number))
        size = tree.Letter("M")
        bottom = row(size, BESIDE, tree.Letter("K")) if self.network.outputs > 1 else size
        return tree.Quotient(tree.Digits(str(number)), bottom)


def summed(index: str, *factors: tree.Node) -> tree.Node:
    """``Σₘ f g``."""
    return row(tree.Sigma(tree.Letter(index)), *beside(*factors))


def vector(values: Sequence[Real], longest: int = LONGEST) -> tree.Flow:
    """``(1, −2, 1)``, breakable after commas; a single value stands alone; long ones lose their middle."""
    if len(values) == 1:
        return tree.Flow((number(values[0]),))
    shown = [DOTS if value is None else number(value) for value in shortened(values, longest, None)]
    parts = [row(node, COMMA) for node in shown[:-1]]
    return tree.Flow((row(OPEN, parts[0]), *parts[1:], row(shown[-1], CLOSE)))
