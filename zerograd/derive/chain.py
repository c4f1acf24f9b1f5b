"""The chain rule for one sample, stated once, as SymPy expressions.

Forwards, z = w a + b and a = φ(z). Backwards, the adjoint δ = ∂ℓ/∂z is φ'(z) times what arrives from
the layer above (from the loss, at the output), and δ times what feeds a weight is what the sample
contributes to its gradient.

An index is a number, or a letter that stands for any. A chain says which, what quantities are called,
and which of them keep their names where others have their formulas put in place of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

import sympy as sp

from zerograd.core.model.network import Network
from zerograd.core.model.point import Model
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array, Shape
from zerograd.derive.ring import SYMPY, Expr, number

Row: TypeAlias = tuple[Expr, ...]
Index: TypeAlias = int | sp.Symbol
"""A number from 0, or a letter that stands for any."""

Formula = tuple[Expr, Expr]
"""(what is defined, what it is)."""


@dataclass(frozen=True)
class Chain(ABC):
    """The rule for one sample. Adjoints are over `factor`, so that this number can stand in front of sums."""

    model: Model
    _deltas: dict[tuple[int, Index], Expr] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def network(self) -> Network:
        return self.model.network

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shape of every gradient; that of ``x`` is one sample's."""
        return {**self.network.shapes, "x": (self.network.inputs,)}

    @property
    def loss(self) -> Expr:
        """ℓ."""
        if self.model.loss.by_output:
            return self.sum_over(self.network.depth, self.loss_of)
        return self.loss_of(*range(self.network.outputs))

    def loss_of(self, *outputs: Index) -> Expr:
        """ℓ of these outputs; of each by itself where it is a sum over them."""
        return number(self.model.loss.sample_loss(*self._outputs(outputs), SYMPY))

    def pre_activation(self, layer: int, unit: Index) -> Expr:
        """What z is."""
        products = self.sum_over(
            layer - 1, lambda below: self.weight(layer, unit, below) * self.fed(layer, below)
        )
        return products + self.bias(layer, unit)

    def arriving(self, layer: int, unit: Index) -> Expr:
        """∂ℓ/∂a, for layer 0 ∂ℓ/∂x."""
        if layer == self.network.depth:
            return self.adjoint(unit)
        above = layer + 1
        return self.sum_over(above, lambda other: self.weight(above, other, unit) * self.delta(above, other))

    def backward(self, layer: int, unit: Index) -> Expr:
        """What δ is."""
        return self.times(self.derivative(layer, unit), self.arriving(layer, unit))

    def contribution(self, name: str, index: Sequence[Index]) -> Expr:
        """∂ℓ/∂name[index] over `factor`; for ``x`` the index is that of the input alone."""
        if name == "x":
            return self.common * self.arriving(0, index[0])
        layer, unit = int(name[1:]), index[0]
        fed = self.fed(layer, index[1]) if name[0] == "w" else sp.Integer(1)
        return self.times(fed, self.common * self.delta(layer, unit))

    def contributions(self, name: str) -> Array[Expr]:
        """Every entry of ∂ℓ/∂name over `factor`."""
        return Array.build(self.shapes[name], lambda index: self.contribution(name, index))

    def adjoints(self) -> Iterator[Formula]:
        """What the named adjoints are, from the last layer to the first."""
        for layer in range(self.network.depth if self.named else 0, 0, -1):
            for unit in self.axis(layer):
                yield self.delta(layer, unit), self.backward(layer, unit)

    # What there is to choose:

    @property
    def named(self) -> bool:
        """Whether adjoints keep their names, rather than being put into one another."""
        return False

    @property
    def factor(self) -> int:
        """The number that gradients are yet to be multiplied with."""
        return self.model.loss.plain_constant if self.explicit and not self.named else 1

    @property
    def explicit(self) -> bool:
        """Whether ∂ℓ/∂ŷ is put in place of its name g."""
        return self.model.loss.least_squares

    @property
    def common(self) -> Expr:
        """The adjoint of a single output, a factor of everything: kept in front, unless named."""
        if self.named or self.network.outputs > 1:
            return sp.Integer(1)
        return self.backward(self.network.depth, 0)

    def delta(self, layer: int, unit: Index) -> Expr:
        """δ by name, or what it is over `common`."""
        if self.named:
            return self.quantity(f"δ{layer}", layer, unit)
        if layer == self.network.depth and self.network.outputs == 1:
            return sp.Integer(1)
        if (layer, unit) not in self._deltas:
            self._deltas[layer, unit] = self.backward(layer, unit)
        return self._deltas[layer, unit]

    def adjoint(self, unit: Index) -> Expr:
        """∂ℓ/∂ŷ."""
        return self.adjoint_formula(unit) if self.explicit else self.quantity("g", self.network.depth, unit)

    def adjoint_formula(self, unit: Index) -> Expr:
        """What ∂ℓ/∂ŷ is."""
        loss = self.model.loss
        outputs = (unit,) if loss.by_output else range(self.network.outputs)
        values = loss.sample_adjoint(*self._outputs(outputs), SYMPY, self.model.derivative_at_kink)
        value = number(values[outputs.index(unit)])
        return self.times(sp.Rational(loss.plain_constant, self.factor), value)

    def _outputs(self, units: Sequence[Index]) -> tuple[Row, Row]:
        last = self.network.depth
        y_hat = tuple(self.activation(last, unit) for unit in units)
        return y_hat, tuple(self.quantity("y", last, unit) for unit in units)

    def activation(self, layer: int, unit: Index) -> Expr:
        """a by name, which is ŷ in the last layer and x below the first."""
        name = {0: "x", self.network.depth: "ŷ"}.get(layer, f"a{layer}")
        return self.quantity(name, layer, unit)

    def fed(self, layer: int, unit: Index) -> Expr:
        """What feeds a layer."""
        return self.activation(layer - 1, unit)

    def axis(self, layer: int) -> Sequence[Index]:
        """How the units of a layer (0: the inputs) are gone through: numbers, or one letter."""
        return range(self.network.widths[layer])

    def quantity(self, name: str, layer: int, unit: Index) -> Expr:
        """x, y, ŷ, z, a, δ of a unit of a layer, by name."""
        return named_entry(name, (self.network.widths[layer],), (unit,))

    def times(self, factor: Expr, expression: Expr) -> Expr:
        """A product, as it is written."""
        return scaled(factor, expression)

    @abstractmethod
    def derivative(self, layer: int, unit: Index) -> Expr:
        """φ'(z)."""

    # What parameters are called, and sums:

    def weight(self, layer: int, unit: Index, below: Index) -> Expr:
        return self.parameter(f"w{layer}", (unit, below))

    def bias(self, layer: int, unit: Index) -> Expr:
        """Zero in a layer without biases."""
        return self.parameter(f"b{layer}", (unit,)) if self.network.layers[layer - 1].bias else sp.Integer(0)

    def parameter(self, name: str, index: Sequence[Index]) -> Expr:
        return named_entry(name, self.network.shapes[name], index)

    def sum_over(self, layer: int, term: Callable[[Index], Expr]) -> Expr:
        """The sum over the units of a layer (0: the inputs), written out or with Σ."""
        axis = self.axis(layer)
        terms = [term(index) for index in axis]
        if isinstance(axis[0], int) or terms[0] == 0:
            return sp.Add(*terms)
        return sp.Sum(terms[0], (axis[0], 0, self.network.widths[layer] - 1))


def named_entry(name: str, shape: Shape, index: Sequence[Index]) -> Expr:
    """An entry of an array: a symbol, without its index if it is the only one; with letters, indexed."""
    numbers = tuple(i for i in index if isinstance(i, int))
    if len(numbers) < len(index):
        return sp.IndexedBase(name, real=True)[tuple(index)]
    return sp.Symbol(name if set(shape) == {1} else entry(name, numbers), real=True)


def scaled(factor: Expr | int | Fraction, expression: Expr) -> Expr:
    """The product; SymPy by itself would multiply a number into a sum."""
    factor = sp.sympify(factor)
    if isinstance(expression, sp.Piecewise):
        return sp.Piecewise(*((factor * value, when) for value, when in expression.args), evaluate=False)
    coefficient, rest = expression.as_coeff_Mul()
    if not factor.is_number or factor * coefficient in (0, 1) or not rest.is_Add:
        return factor * expression
    return sp.Mul(factor * coefficient, rest, evaluate=False)
