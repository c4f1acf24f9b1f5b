"""What the quantities of a network are called in formulas, and vectors over the samples.

A quantity without the index of a sample is the vector of its values over the samples. Axes of length 1
need no index; where all widths are 1, the layer stands where it does: z₁ instead of z⁽¹⁾.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from zerograd.core.model.network import Activation, Network
from zerograd.core.numbers.exact import Exact
from zerograd.derive.naming import function_name
from zerograd.document.formula import (
    BESIDE,
    CLOSE,
    COMMA,
    DOTS,
    EQUALS,
    OPEN,
    Digits,
    Flow,
    Letter,
    Node,
    Quotient,
    Script,
    Sigma,
    Sign,
    Word,
    number,
    row,
)

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

    network: Network

    @property
    def scalar(self) -> bool:
        return set(self.network.widths) == {1}

    def layered(self, letter: str, layer: int, *at: At) -> Node:
        """``z⁽¹⁾ₘᵢ``; ``z₁ₘ`` where every layer has one unit."""
        if self.scalar:
            return Script(Letter(letter), _indices([layer, *at]))
        return Script(Letter(letter), _indices(at), row(OPEN, Digits(str(layer)), CLOSE))

    def plain(self, letter: str, *at: At) -> Node:
        """``xₘ``; ŷ is written as y with a hat."""
        base = Letter("y", hat=True) if letter == "ŷ" else Letter(letter)
        return Script(base, _indices(at)) if at else base

    def at(self, layer: int, unit: At) -> tuple[At, ...]:
        """The index of a unit of a layer (0: the inputs), where it needs one."""
        return (unit,) if self.network.widths[layer] > 1 else ()

    def fed(self, layer: int, unit: At, *sample: At) -> Node:
        """What a unit below feeds into a layer: x, or a."""
        at = (*sample, *self.at(layer - 1, unit))
        return self.plain("x", *at) if layer == 1 else self.layered("a", layer - 1, *at)

    def parameter(self, name: str, index: Sequence[At] | None = None) -> Node:
        """``w⁽¹⁾ᵢⱼ``, or the whole array."""
        if index is None:
            return self.layered(name[0], int(name[1:]))
        shape = self.network.shapes[name]
        return self.layered(name[0], int(name[1:]), *(i for i, n in zip(index, shape, strict=True) if n > 1))

    def gradient(self, name: str, index: Sequence[At] | None) -> Node:
        """``∂L/∂w⁽¹⁾ᵢⱼ``, or that of the whole array."""
        if name != "x":
            return self.partial(self.parameter(name, index))
        at = () if index is None else (index[0], *self.at(0, index[1]))
        return self.partial(self.plain("x", *at))

    def partial(self, below: Node) -> Node:
        """``∂L/∂z``."""
        return Quotient(row(Sign("∂"), Letter("L")), row(Sign("∂"), below))

    def activation(self, activation: Activation, argument: Node, *, prime: bool = False) -> Node:
        """``ReLU(z)``, ``ReLU′(z)``."""
        word = _WORDS.get(activation.name) or function_name(activation, parameter=False)
        below = None if activation.parameter is None else number(activation.parameter)
        above = Sign("′") if prime else None
        name = Script(Word(word), below, above) if below or above else Word(word)
        return row(name, OPEN, argument, CLOSE)

    @property
    def factor(self) -> Node:
        """2/M, or 2/(MK) where there are K outputs."""
        return Quotient(Digits("2"), self.count)

    @property
    def count(self) -> Node:
        return row(Letter("M"), BESIDE, Letter("K")) if self.network.outputs > 1 else Letter("M")


def _indices(at: Sequence[At]) -> Node | None:
    parts: list[Node] = []
    for position, index in enumerate(at):
        parts += [COMMA] if position else []
        parts.append(Digits(str(index)) if isinstance(index, int) else Letter(index))
    return row(*parts) if parts else None


def summed(index: str, *factors: Node) -> Node:
    """``Σₘ f g``."""
    return row(Sigma(Letter(index)), *beside(*factors))


def beside(*factors: Node) -> list[Node]:
    """Factors without a sign between them."""
    return [
        part for position, factor in enumerate(factors) for part in ([BESIDE] * (position > 0) + [factor])
    ]


def equal(left: Node, right: Node) -> Node:
    return row(left, EQUALS, right)


def vector(values: Sequence[Exact], longest: int = LONGEST) -> Flow:
    """``(1, −2, 1)``, breakable after commas; a single value stands alone; long ones lose their middle."""
    if len(values) == 1:
        return Flow((number(values[0]),))
    shown = [number(value) for value in (values if len(values) <= longest else values[: longest - 2])]
    if len(values) > longest:
        shown += [DOTS, number(values[-1])]
    parts = [row(node, COMMA) for node in shown[:-1]]
    return Flow((row(OPEN, parts[0]), *parts[1:], row(shown[-1], CLOSE)))
