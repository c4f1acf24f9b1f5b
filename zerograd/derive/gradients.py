"""The loss and its gradients for any number of samples, as SymPy objects.

In the formulas stand, for sample m (from 0 to M − 1), the indexed quantities ``x[m]``, ``y[m]``,
``ŷ[m]``, ``z1[m]``, ``a1[m]``, … (``x[m, d]`` where a layer has several units), and a symbol for
every entry of every parameter: ``w1``, or ``w1[0,1]`` where there are several. Activations and their
derivatives stand as functions, ``relu(z)`` and ``relu'(z)``, that take a value at numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import sympy as sp

from zerograd.core.errors import short
from zerograd.core.model.activations import Kink
from zerograd.core.model.network import Network
from zerograd.core.model.references import did_you_mean, show_shape
from zerograd.core.numbers.arrays import Array, Shape
from zerograd.core.numbers.exact import parse_rational
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.derive.functions import activation_function, derivative_function
from zerograd.derive.notation import Notation
from zerograd.derive.regions import Region, count_regions, regions
from zerograd.derive.sample import Expr, Row, Sample, derive
from zerograd.document import latex

M = sp.Symbol("M", integer=True, positive=True)
"""The number of samples."""
m = sp.Symbol("m", integer=True, nonnegative=True)
"""The sample that a sum runs over, or that ∂L/∂x speaks of."""

_LARGEST_SHOWN = 16
"""Entries of the largest matrix that a notebook shows."""


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

    Raises:
        KeyError: for a name that is neither a parameter nor ``x``.
    """

    network: Network
    derivative_at_kink: Kink = "torch"

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, then ``x``."""
        return (*self.network.shapes, "x")

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    @property
    def sample(self) -> Sample:
        """One generic sample: the chain rule in steps."""
        return derive(self.network)

    def regions(self) -> Iterator[Region]:
        """One generic sample's closed formulas, region by region. Not every region need exist."""
        return regions(self.network, self.derivative_at_kink)

    @property
    def region_count(self) -> int:
        """How many there are."""
        return count_regions(self.network, self.derivative_at_kink)

    @property
    def loss(self) -> Expr:
        """L, the mean squared error, for M samples."""
        squares = sp.Add(*(r**2 for r in self._residuals))
        return sp.Rational(1, self.network.outputs) / M * sp.Sum(squares, (m, 0, M - 1))

    def __getitem__(self, name: str) -> sp.ImmutableMatrix:
        formulas = self._summands(name).map(lambda formula: self._total(name, formula))
        return _matrix(formulas)

    @property
    def definitions(self) -> dict[Expr, Expr]:
        """z, a and ŷ of sample m, each in terms of the layer below."""
        sample = self.sample
        known = self._indexed
        result: dict[Expr, Expr] = {}
        for number, layer in enumerate(self.network.layers, start=1):
            for z, a, formula in zip(
                sample.z[number - 1], sample.a[number - 1], sample.pre_activation[number - 1], strict=True
            ):
                result[known[z]] = formula.xreplace(known)
                result[known[a]] = activation_function(layer.activation)(known[z])
        return result

    def closed(self, name: str, samples: int) -> sp.ImmutableMatrix:
        """∂L/∂name for M = ``samples`` in terms of parameters, ``x[0]``, … and ``y[0]``, … alone.

        For ``x`` the matrix has the shape (samples, inputs).
        """
        known: dict[Expr, Expr] = {}
        for quantity, formula in self.definitions.items():
            known[quantity] = formula.xreplace(known)
        scale = sp.Rational(2, samples * self.network.outputs)
        generic = self._summands(name).map(lambda formula: formula.xreplace(known))

        per_sample = [_at(generic.entries, number) for number in range(samples)]
        if name == "x":
            return sp.ImmutableMatrix([[scale * value for value in row] for row in per_sample])
        totals = [scale * sp.Add(*values) for values in zip(*per_sample, strict=True)]
        return _matrix(Array(generic.shape, tuple(totals)))

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
            symbols = (
                Array.of([_at(_row(name, shape[1]), number) for number in range(shape[0])], shape[1])
                if name in ("x", "y")
                else self.sample.parameters[name]
            )
            flat = _flatten(given, shape, name, shape)
            result |= {s: _rational(value) for s, value in zip(symbols.entries, flat, strict=True)}
        return result

    @property
    def _indexed(self) -> dict[Expr, Expr]:
        """From the symbols of one generic sample to the quantities of sample m."""
        sample, network = self.sample, self.network
        known = dict(
            zip(sample.x + sample.y, _row("x", network.inputs) + _row("y", network.outputs), strict=True)
        )
        for number, layer in enumerate(network.layers, start=1):
            a = "ŷ" if number == network.depth else f"a{number}"
            z = _row(f"z{number}", layer.units)
            known |= dict(zip(sample.z[number - 1], z, strict=True))
            known |= dict(zip(sample.a[number - 1], _row(a, layer.units), strict=True))
            slope = derivative_function(layer.activation, self.derivative_at_kink)
            known |= {symbol: slope(value) for symbol, value in zip(sample.slope[number - 1], z, strict=True)}
        return known

    @property
    def _residuals(self) -> Row:
        outputs = self.network.outputs
        return tuple(p - t for p, t in zip(_row("ŷ", outputs), _row("y", outputs), strict=True))

    def _summands(self, name: str) -> Array[Expr]:
        """Half of ∂ℓ/∂name of sample m, so that the factor 2 can stand in front of the sum."""
        sample = self.sample
        if name not in sample.contribution:
            raise KeyError(f"{name} is neither a parameter nor x{did_you_mean(name, self.names)}")
        known = self._indexed
        # ∂ℓ/∂ŷ = 2r: half the residual takes the 2 away.
        known |= {r: value / 2 for r, value in zip(sample.r, self._residuals, strict=True)}
        common = sp.Integer(1)
        for number in range(self.network.depth, 0, -1):
            for delta, slope, upstream in zip(
                sample.delta[number - 1], sample.slope[number - 1], sample.upstream[number - 1], strict=True
            ):
                known[delta] = known[slope] * upstream.xreplace(known)
            if number == self.network.depth and self.network.outputs == 1:
                # The one error at the output is a factor of everything: kept in front.
                (delta,) = sample.delta[number - 1]
                common, known[delta] = known[delta], sp.Integer(1)
        return sample.contribution[name].map(lambda formula: common * formula.xreplace(known))

    def _total(self, name: str, summand: Expr) -> Expr:
        scale = sp.Rational(2, self.network.outputs) / M
        return scale * (summand if name == "x" else sp.Sum(summand, (m, 0, M - 1)))

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


def _row(name: str, width: int) -> Row:
    """The quantity of sample m, unit by unit: ``x[m]``, or ``x[m, 0]``, ``x[m, 1]``, …"""
    base = sp.IndexedBase(name, real=True)
    return (base[m],) if width == 1 else tuple(base[m, unit] for unit in range(width))


def _at(row: Row, number: int) -> Row:
    """What a row for sample m is for sample ``number``."""
    return tuple(value.xreplace({m: sp.Integer(number)}) for value in row)


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
