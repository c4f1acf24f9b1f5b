"""The chain rule with the letters that a person would choose.

An index is a number or a letter: arrays that are small are written out entry by entry, others
once, with d for inputs, i and j for hidden units and k for outputs. `Totals` speaks of sample m
of any dataset, `InRegion` of one sample whose units each stay on one side of their kinks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import sympy as sp

from zerograd.core.model.network import Network
from zerograd.core.model.sides import Side
from zerograd.derive.chain import Index, scaled
from zerograd.derive.gradients import AnySample
from zerograd.derive.regions import OnSides
from zerograd.derive.ring import Expr

INPUT, ODD, EVEN, OUTPUT = (sp.Symbol(letter, integer=True, nonnegative=True) for letter in "dijk")
"""The letters for the units of a layer."""

WRITTEN_OUT = 4
"""Totals write out arrays of at most so many entries; regions write out axes of at most so many."""
CLOSED, CLOSED_SCALAR = 3, 8
"""A region puts an activation's formula in place of its name if it holds at most so many names."""
PATHS = 16
"""A region puts adjoints' formulas in place of their names up to so many paths through the network."""


@dataclass(frozen=True)
class Totals(AnySample):
    """Sample m among M. In deep networks adjoints are named."""

    @property
    def named(self) -> bool:
        return self.network.depth > 2

    def axis(self, layer: int) -> Sequence[Index]:
        return (0,) if self.network.widths[layer] == 1 else (letter(self.network, layer),)

    def indices(self, name: str) -> list[tuple[Index, ...]]:
        """The entries of an array that are written: by number, or with letters for all."""
        shape = self.shapes[name]
        if prod(shape) <= WRITTEN_OUT:
            return list(product(*map(range, shape)))
        return list(product(*(self.axis(layer) for layer in _layers(name))))


@dataclass(frozen=True)
class InRegion(OnSides):
    """One sample on the sides of a region. What is long keeps its name."""

    @property
    def named(self) -> bool:
        deeper = [self.axis(layer) for layer in range(2, self.network.depth + 1)]
        lettered = any(not isinstance(axis[0], int) for axis in deeper)
        return prod(map(len, deeper)) > PATHS or (lettered and self.network.depth > 3)

    def axis(self, layer: int) -> Sequence[Index]:
        width = self.network.widths[layer]
        by_number = width <= WRITTEN_OUT or (layer, 0) in self.pattern
        return range(width) if by_number else (letter(self.network, layer),)

    def written(self, z: Expr) -> Expr:
        return z

    def on(self, side: Side, z: Expr) -> Expr:
        at = sp.sympify(side.low) if side.is_point else z
        return scaled(side.slope, at) + side.offset

    def fed(self, layer: int, unit: Index) -> Expr:
        name = self.activation(layer - 1, unit)
        value = self.a.get((layer - 1, unit), name)
        limit = CLOSED_SCALAR if set(self.network.widths) == {1} else CLOSED
        return value if _names(value) <= limit else name

    def indices(self, name: str) -> list[tuple[Index, ...]]:
        """The entries of an array that are written, likewise."""
        return list(product(*(self.axis(layer) for layer in _layers(name))))


def letter(network: Network, layer: int) -> sp.Symbol:
    """The letter for the units of a layer; neighbouring layers have different ones."""
    if layer in (0, network.depth):
        return OUTPUT if layer else INPUT
    return ODD if layer % 2 else EVEN


def _layers(name: str) -> list[int]:
    """The layers whose units an array's axes go through."""
    if name == "x":
        return [0]
    layer = int(name[1:])
    return [layer, layer - 1] if name[0] == "w" else [layer]


def _names(expression: Expr) -> int:
    """How many names an expression holds, with repetition."""
    return sum(isinstance(part, sp.Symbol) for part in sp.preorder_traversal(expression))
