"""The loss and its gradients for any number of samples, as SymPy objects.

In the formulas stand, for sample m (from 0 to M − 1), the indexed quantities ``x[m]``, ``y[m]``,
``ŷ[m]``, ``z1[m]``, ``a1[m]``, … (``x[m, d]`` where a layer has several units), and a symbol for
every entry of every parameter: ``w1``, or ``w1[0,1]`` where there are several. Activations and their
derivatives stand as functions, ``relu(z)`` and ``relu'(z)``, that take a value at numbers; but for losses
of least squares, ∂ℓ/∂ŷ stands as ``g[m]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import sympy as sp

from zerograd.core.errors import ZerogradError, short
from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses import LOSSES, Loss
from zerograd.core.model.network import Network
from zerograd.core.model.point import Model
from zerograd.core.model.references import show_shape
from zerograd.core.model.slopes import is_chosen
from zerograd.core.near import did_you_mean
from zerograd.core.numbers.arrays import Array, Shape, indices
from zerograd.core.numbers.rationals import parse_rational
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.derive.chain import Chain, Index
from zerograd.derive.functions import activation_function, derivative_function
from zerograd.derive.notation import Notation
from zerograd.derive.regions import Region, count_regions, regions
from zerograd.derive.ring import Expr
from zerograd.derive.sample import Sample, derive
from zerograd.document import latex

M = sp.Symbol("M", integer=True, positive=True)
"""The number of samples."""
m = sp.Symbol("m", integer=True, nonnegative=True)
"""The sample that a sum runs over, or that ∂L/∂x speaks of."""

_LARGEST_SHOWN = 16
"""Entries of the largest matrix that a notebook shows."""


@dataclass(frozen=True)
class AnySample(Chain):
    """Sample m of any number of samples: every φ' by name, adjoints put into one another."""

    def quantity(self, name: str, layer: int, unit: Index) -> Expr:
        base = sp.IndexedBase(name, real=True)
        return base[m] if self.network.widths[layer] == 1 else base[m, unit]

    def derivative(self, layer: int, unit: Index) -> Expr:
        function = derivative_function(
            self.network.layers[layer - 1].activation, self.model.derivative_at_kink
        )
        return function(self.quantity(f"z{layer}", layer, unit))

    @property
    def scale(self) -> Expr:
        """L over the sum of ℓ over all samples."""
        return sp.Rational(self.model.loss.scale) / self.model.loss.count(M, self.network.outputs)

    def over_samples(self, summand: Expr) -> Expr:
        """L, where ℓ of sample m is ``summand``."""
        return self.scale * sp.Sum(summand, (m, 0, M - 1))

    def total(self, name: str, index: Sequence[Index]) -> Expr:
        """∂L/∂name[index], for ``x`` that of sample m."""
        value = self.contribution(name, index)
        return self.factor * (self.scale * value if name == "x" else self.over_samples(value))


@dataclass(frozen=True, slots=True)
class SymbolicGradients:
    """What `zerograd.gradients` returns.

    ``gradients["w1"]`` is ∂L/∂w1 in textbook form: an immutable matrix with the shape of w1
    (a column for biases), in terms of ŷ, y, x and of what the layers compute. ``gradients["x"]``
    is the column of ∂L/∂x of sample m.

    `closed` writes the sum out for a number of samples, in terms of parameters, x and y alone;
    `substitution` gives what numbers to put in:

        >>> gradients = SymbolicGradients(Network.mlp(1, 1, 1))
        >>> gradients["b2"][0]
        2*Sum(-y[m] + ŷ[m], (m, 0, M - 1))/M
        >>> gradients["w1"][0]
        2*Sum(w2*(-y[m] + ŷ[m])*relu'(z1[m])*x[m], (m, 0, M - 1))/M
        >>> values = {"w1": [[1]], "b1": [-1], "w2": [[1]], "b2": [-1],
        ...           "x": [[0], [2], [3]], "y": [[-2], [2], [0]]}
        >>> gradients.closed("w1", samples=3).xreplace(gradients.substitution(values))
        Matrix([[-2/3]])

    Ordinary SymPy works as well: ``gradients["w1"].subs(M, 3).doit()`` writes the sum out,
    `definitions` says what ŷ, z and a are, ``.rewrite(sympy.Piecewise)`` what relu' is.

    ``objective`` is the loss, with what is known of it.

    Raises:
        KeyError: for a name that is neither a parameter nor ``x``.
    """

    network: Network
    derivative_at_kink: Kink = "torch"
    objective: Loss = LOSSES["mse"]

    @classmethod
    def of(cls, model: Model) -> SymbolicGradients:
        """The loss and gradients of a model.

        Raises:
            ZerogradError: slopes at kinks are chosen, so that there is more than one derivative there.
        """
        if is_chosen(model.derivative_at_kink):
            raise ZerogradError(
                f"slopes at kinks are chosen (derivative_at_kink: {model.derivative_at_kink}), and formulas "
                "are of one derivative there: name one, such as torch"
            )
        return cls(model.network, model.derivative_at_kink, model.loss)

    @property
    def model(self) -> Model:
        network = self.network.under(self.derivative_at_kink)
        return Model(network, self.objective, self.derivative_at_kink)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, then ``x``."""
        return (*self.network.shapes, "x")

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    @property
    def sample(self) -> Sample:
        """One generic sample: the chain rule in steps."""
        return derive(self.model)

    def regions(self) -> Iterator[Region]:
        """One generic sample's closed formulas, region by region. Not every region need exist."""
        return regions(self.model)

    @property
    def region_count(self) -> int:
        """How many there are."""
        return count_regions(self.model)

    @property
    def loss(self) -> Expr:
        """L for M samples."""
        return self._chain.over_samples(self._chain.loss)

    def __getitem__(self, name: str) -> sp.ImmutableMatrix:
        shape, chain = self._shape(name), self._chain
        return _matrix(Array.build(shape, lambda index: chain.total(name, index)))

    @property
    def definitions(self) -> dict[Expr, Expr]:
        """z, a and ŷ of sample m, each in terms of the layer below, and g where gradients hold it."""
        result: dict[Expr, Expr] = {}
        for number, layer in enumerate(self.network.layers, start=1):
            for unit in self._chain.axis(number):
                z = self._chain.quantity(f"z{number}", number, unit)
                result[z] = self._chain.pre_activation(number, unit)
                result[self._chain.activation(number, unit)] = activation_function(layer.activation)(z)
        for unit in () if self._chain.explicit else self._chain.axis(self.network.depth):
            result[self._chain.adjoint(unit)] = self._chain.adjoint_formula(unit)
        return result

    def closed(self, name: str, samples: int) -> sp.ImmutableMatrix:
        """∂L/∂name for M = ``samples`` in terms of parameters, ``x[0]``, … and ``y[0]``, … alone.

        For ``x`` the matrix has the shape (samples, inputs).
        """
        shape, chain = self._shape(name), self._chain
        known: dict[Expr, Expr] = {}
        for quantity, formula in self.definitions.items():
            known[quantity] = formula.xreplace(known)
        scale = sp.Rational(chain.factor * chain.model.loss.share(samples, self.network.outputs))
        generic = chain.contributions(name).map(lambda formula: formula.xreplace(known))
        per_sample = [[_at(value, number) for value in generic.entries] for number in range(samples)]
        if name == "x":
            return sp.ImmutableMatrix([[scale * value for value in row] for row in per_sample])
        totals = [scale * sp.Add(*values) for values in zip(*per_sample, strict=True)]
        return _matrix(Array(shape, tuple(totals)))

    def substitution(self, values: Mapping[str, Any]) -> dict[Expr, Expr]:
        """From values of parameters, ``x`` and ``y`` to a mapping for SymPy's ``xreplace`` (or ``subs``).

        Args:
            values: nested lists (or `Array`) of int, Fraction or text such as ``"-2/3"``, by name;
                ``x`` has the shape (M, inputs), ``y`` the shape (M, outputs). Names may be left out.

        Raises:
            KeyError: an unknown name.
            ValueError: a shape that does not fit, or no rational number.
        """
        result: dict[Expr, Expr] = {}
        for name, nested in values.items():
            given = nested.tolist() if isinstance(nested, Array) else nested
            samples = len(given) if isinstance(given, Sequence) else 1
            shape = variable_shapes(self.network, samples).get(name)
            if shape is None:
                raise KeyError(f"{name} is none of {', '.join((*self.names, 'y'))}")
            flat = _flatten(given, shape, name, shape)
            for index, value in zip(indices(shape), flat, strict=True):
                result[self._entry(name, index)] = _rational(value)
        return result

    @property
    def _chain(self) -> AnySample:
        return AnySample(self.model)

    def _entry(self, name: str, index: tuple[int, ...]) -> Expr:
        if name in self.network.shapes:
            return self._chain.parameter(name, index)
        sample, unit = index
        layer = 0 if name == "x" else self.network.depth
        return _at(self._chain.quantity(name, layer, unit), sample)

    def _shape(self, name: str) -> Shape:
        if name not in self.names:
            raise KeyError(f"{name} is neither a parameter nor x{did_you_mean(name, self.names)}")
        return self._chain.shapes[name]

    def _repr_latex_(self) -> str:
        notation = Notation(self.network)

        def write(expression: Expr) -> str:
            return latex.formula(notation(expression))

        lines = [f"L &= {write(self.loss)}"]
        for name, shape in self.network.shapes.items():
            if prod(shape) > _LARGEST_SHOWN:
                left = write(sp.Symbol(name))
                lines.append(rf"\partial L / \partial {left} &: \text{{{prod(shape)} entries}}")
                continue
            symbols, totals = self.sample.parameters[name].entries, self[name]
            lines += [
                rf"\frac{{\partial L}}{{\partial {write(symbol)}}} &= {write(total)}"
                for symbol, total in zip(symbols, totals, strict=True)
            ]
        body = " \\\\\n".join(lines)
        return f"$\\displaystyle \\begin{{aligned}}\n{body}\n\\end{{aligned}}$"


def _at(value: Expr, number: int) -> Expr:
    """What a quantity of sample m is for sample ``number``."""
    return value.xreplace({m: sp.Integer(number)})


def _matrix(array: Array[Expr]) -> sp.ImmutableMatrix:
    rows, columns = (*array.shape, 1)[:2]
    return sp.ImmutableMatrix(rows, columns, list(array.entries))


def _flatten(nested: Any, axes: Shape, name: str, shape: Shape) -> list[Any]:
    """The entries of nested lists. Raises ValueError naming the list that is too long or too short."""
    if not axes:
        return [nested]
    if isinstance(nested, str) or not isinstance(nested, Sequence) or len(nested) != axes[0]:
        raise ValueError(
            f"{name}: expected a list of {axes[0]} in the shape {show_shape(shape)}, found {short(nested)}"
        )
    parts = enumerate(nested)
    return [v for number, part in parts for v in _flatten(part, axes[1:], f"{name}[{number}]", shape)]


def _rational(value: int | str | Fraction) -> Expr:
    exact = value if isinstance(value, Fraction) else parse_rational(value)
    return sp.Rational(exact.numerator, exact.denominator)
