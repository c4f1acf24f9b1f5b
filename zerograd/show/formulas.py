"""The chain rule with names and letters that a person would choose, as SymPy expressions.

An index is a number or a letter: arrays that are small are written out entry by entry, others
once, with d for inputs, i and j for hidden units and k for outputs. `Totals` speaks of sample m
of any dataset, `InRegion` of one sample whose units each stay on one side of their kinks.

`zerograd.derive` has SymPy differentiate; here the rules are applied by hand, to control what is
written out and what keeps its name. The tests hold the two together.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import product
from math import prod
from typing import TypeAlias

import sympy as sp

from zerograd.core.model.activations import Kink
from zerograd.core.model.network import Network
from zerograd.core.model.references import entry
from zerograd.core.model.sides import Side, sides
from zerograd.derive.functions import derivative_function
from zerograd.derive.gradients import m
from zerograd.derive.regions import Unit
from zerograd.derive.sample import Expr

Index: TypeAlias = int | sp.Symbol
"""A number from 0, or a letter that stands for any."""

Formula = tuple[Expr, Expr]
"""(what is defined, what it is)."""

INPUT, ODD, EVEN, OUTPUT = (sp.Symbol(letter, integer=True, nonnegative=True) for letter in "dijk")
"""The letters for the units of a layer."""

WRITTEN_OUT = 4
"""Totals write out arrays of at most so many entries; regions write out axes of at most so many."""
CLOSED, CLOSED_SCALAR = 3, 8
"""A region puts an activation's formula in place of its name if it holds at most so many names."""
PATHS = 16
"""A region puts adjoints' formulas in place of their names up to so many paths through the network."""


@dataclass(frozen=True, slots=True)
class Chain(ABC):
    """The rules, from the output back.

    Adjoints δ = ∂ℓ/∂z either keep their names, or are put into one another; then everything is
    halved (see `factor`), so that the 2 of the squares can stand in front.
    """

    network: Network
    convention: Kink

    def gradient(self, name: str, index: tuple[Index, ...]) -> Expr:
        """∂ℓ/∂name[index] over `factor`; for ``x`` the index is that of the input alone."""
        if name == "x":
            along = self.sum_over(1, lambda unit: self.weight(1, unit, index[0]) * self.delta(1, unit))
            return self.common * along
        layer, unit = int(name[1:]), index[0]
        fed = self.fed(layer, index[1]) if name[0] == "w" else sp.Integer(1)
        return self.common * self.delta(layer, unit) * fed

    @property
    def factor(self) -> int:
        """What gradients are to be multiplied with."""
        return 1 if self.named else 2

    @property
    def common(self) -> Expr:
        """The error of a single output, a factor of everything: kept in front."""
        if self.named or self.network.outputs > 1:
            return sp.Integer(1)
        return self.slope(self.network.depth, 0) * self.unit("r", self.network.depth, 0)

    def delta(self, layer: int, unit: Index) -> Expr:
        """∂ℓ/∂z by name, or over `factor` and `common`."""
        if self.named:
            return self.unit(f"δ{layer}", layer, unit)
        if layer == self.network.depth and self.network.outputs == 1:
            return sp.Integer(1)
        upstream = self.unit("r", layer, unit) if layer == self.network.depth else self._back(layer, unit)
        return scaled(self.slope(layer, unit), upstream)

    def adjoints(self) -> list[Formula]:
        """What the named adjoints are, from the last layer to the first."""
        last = self.network.depth
        return [
            (
                self.unit(f"δ{layer}", layer, unit),
                scaled(
                    self.slope(layer, unit),
                    2 * self.unit("r", layer, unit) if layer == last else self._back(layer, unit),
                ),
            )
            for layer in range(last if self.named else 0, 0, -1)
            for unit in self.axis(layer)
        ]

    def _back(self, layer: int, unit: Index) -> Expr:
        above = layer + 1
        return self.sum_over(above, lambda other: self.weight(above, other, unit) * self.delta(above, other))

    def sum_over(self, layer: int, term: Callable[[Index], Expr]) -> Expr:
        """The sum over the units of a layer (0: the inputs), written out or with Σ."""
        terms = [term(index) for index in self.axis(layer)]
        letter = self.axis(layer)[0]
        if isinstance(letter, int) or terms[0] == 0:
            return sp.Add(*terms)
        return sp.Sum(terms[0], (letter, 0, self.network.widths[layer] - 1))

    def weight(self, layer: int, row: Index, column: Index) -> Expr:
        return _entry(f"w{layer}", self.network.shapes[f"w{layer}"], (row, column))

    def bias(self, layer: int, unit: Index) -> Expr:
        shape = self.network.shapes.get(f"b{layer}")
        return sp.Integer(0) if shape is None else _entry(f"b{layer}", shape, (unit,))

    def letter(self, layer: int) -> sp.Symbol:
        """Neighbouring layers have different ones."""
        if layer in (0, self.network.depth):
            return OUTPUT if layer else INPUT
        return ODD if layer % 2 else EVEN

    @property
    @abstractmethod
    def named(self) -> bool:
        """Whether adjoints keep their names."""

    @abstractmethod
    def axis(self, layer: int) -> tuple[Index, ...]:
        """How the units of a layer (0: the inputs) are gone through: numbers, or one letter."""

    @abstractmethod
    def unit(self, name: str, layer: int, unit: Index) -> Expr:
        """x, y, r, z, a, δ of a unit of a layer, by name."""

    @abstractmethod
    def slope(self, layer: int, unit: Index) -> Expr:
        """φ'(z)."""

    @abstractmethod
    def fed(self, layer: int, unit: Index) -> Expr:
        """What feeds a layer: x, or a of the layer below."""

    @abstractmethod
    def indices(self, name: str) -> list[tuple[Index, ...]]:
        """The entries of an array that are written: by number, or with letters for all."""


def _entry(name: str, shape: tuple[int, ...], index: tuple[Index, ...]) -> Expr:
    """A parameter's entry; by number, the same symbol as in `zerograd.derive.sample`."""
    numbers = tuple(i for i in index if isinstance(i, int))
    if len(numbers) < len(index):
        return sp.IndexedBase(name, real=True)[index]
    return sp.Symbol(name if set(shape) == {1} else entry(name, numbers), real=True)


@dataclass(frozen=True, slots=True)
class Totals(Chain):
    """Sample m among M. In deep networks adjoints are named."""

    @property
    def named(self) -> bool:
        return self.network.depth > 2

    def axis(self, layer: int) -> tuple[Index, ...]:
        return (0,) if self.network.widths[layer] == 1 else (self.letter(layer),)

    def unit(self, name: str, layer: int, unit: Index) -> Expr:
        base = sp.IndexedBase(name, real=True)
        return base[m] if self.network.widths[layer] == 1 else base[m, unit]

    def slope(self, layer: int, unit: Index) -> Expr:
        slope = derivative_function(self.network.layers[layer - 1].activation, self.convention)
        return slope(self.unit(f"z{layer}", layer, unit))

    def fed(self, layer: int, unit: Index) -> Expr:
        return self.unit(f"a{layer - 1}" if layer > 1 else "x", layer - 1, unit)

    def indices(self, name: str) -> list[tuple[Index, ...]]:
        shape = self.network.shapes.get(name, (self.network.inputs,))
        if prod(shape) <= WRITTEN_OUT:
            return list(product(*map(range, shape)))
        layer = 0 if name == "x" else int(name[1:])
        letters = (self.letter(layer), self.letter(layer - 1))
        return [tuple(0 if n == 1 else letter for n, letter in zip(shape, letters, strict=False))]


@dataclass(frozen=True, slots=True)
class InRegion(Chain):
    """One sample with every unit on the side that ``pattern`` names."""

    pattern: Mapping[Unit, Side]
    z: dict[tuple[int, Index], Expr] = field(default_factory=dict, init=False)
    """Pre-activations by layer and unit, in terms of what feeds the layer."""
    a: dict[tuple[int, Index], Expr] = field(default_factory=dict, init=False)
    """Activations, likewise."""

    def __post_init__(self) -> None:
        for layer, unit in ((n, u) for n in range(1, self.network.depth + 1) for u in self.axis(n)):
            side = self.side(layer, unit)
            products = self.sum_over(layer - 1, partial(self._product, layer, unit))
            z = products + self.bias(layer, unit)
            self.z[layer, unit] = z
            value = sp.sympify(side.low) if side.is_point else z
            self.a[layer, unit] = scaled(side.slope, value) + side.offset

    def _product(self, layer: int, unit: Index, below: Index) -> Expr:
        return self.weight(layer, unit, below) * self.fed(layer, below)

    @property
    def named(self) -> bool:
        deeper = [self.axis(layer) for layer in range(2, self.network.depth + 1)]
        lettered = any(not isinstance(axis[0], int) for axis in deeper)
        return prod(map(len, deeper)) > PATHS or (lettered and self.network.depth > 3)

    def axis(self, layer: int) -> tuple[Index, ...]:
        width = self.network.widths[layer]
        by_number = width <= WRITTEN_OUT or (layer, 0) in self.pattern
        return tuple(range(width)) if by_number else (self.letter(layer),)

    def side(self, layer: int, unit: Index) -> Side:
        if isinstance(unit, int) and (layer, unit) in self.pattern:
            return self.pattern[layer, unit]
        return sides(self.network.layers[layer - 1].activation, self.convention)[0]

    def unit(self, name: str, layer: int, unit: Index) -> Expr:
        return _of_one_sample(name, self.network.widths[layer], unit)

    def slope(self, layer: int, unit: Index) -> Expr:
        return sp.sympify(self.side(layer, unit).derivative)

    def fed(self, layer: int, unit: Index) -> Expr:
        if layer == 1:
            return self.unit("x", 0, unit)
        name = self.unit(f"a{layer - 1}", layer - 1, unit)
        value = self.a.get((layer - 1, unit), name)
        limit = CLOSED_SCALAR if set(self.network.widths) == {1} else CLOSED
        return value if _names(value) <= limit else name

    def indices(self, name: str) -> list[tuple[Index, ...]]:
        layer = 0 if name == "x" else int(name[1:])
        if name[0] == "w":
            return list(product(self.axis(layer), self.axis(layer - 1)))
        return [(unit,) for unit in self.axis(layer)]


def loss_of_one(network: Network) -> Expr:
    """ℓ, the sum of one sample's squared residuals."""
    width = network.outputs
    if width > WRITTEN_OUT:
        return sp.Sum(_of_one_sample("r", width, OUTPUT) ** 2, (OUTPUT, 0, width - 1))
    return sp.Add(*(_of_one_sample("r", width, unit) ** 2 for unit in range(width)))


def _of_one_sample(name: str, width: int, unit: Index) -> Expr:
    """A quantity with the same symbol as in `zerograd.derive.sample`, where its unit is a number."""
    if width == 1:
        return sp.Symbol(name, real=True)
    if isinstance(unit, int):
        return sp.Symbol(entry(name, (unit,)), real=True)
    return sp.IndexedBase(name, real=True)[unit]


def scaled(factor: Expr | int | Fraction, expression: Expr) -> Expr:
    """The product; SymPy by itself would multiply a number into a sum."""
    number, rest = (sp.sympify(factor) * expression.as_coeff_Mul()[0]), expression.as_coeff_Mul()[1]
    if not number.is_number or number in (0, 1) or not rest.is_Add:
        return number * rest
    return sp.Mul(number, rest, evaluate=False)


def _names(expression: Expr) -> int:
    """How many names an expression holds, with repetition."""
    return sum(isinstance(part, sp.Symbol) for part in sp.preorder_traversal(expression))
