"""Formulas as a textbook writes them: (ŷₘ − yₘ) w2 1[z1ₘ > 0] xₘ, as text or as LaTeX.

SymPy's own printers sort factors and terms by its internal order. Here errors come first, then
weights from the last layer to the first, then slopes, then activations and inputs; an axis of
length 1 is left out of indices, as problem files may leave it out.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from zerograd.core.model.activations import Activation, Kink
from zerograd.core.model.network import Network
from zerograd.core.model.sides import Side, sides
from zerograd.derive.chain import Expr
from zerograd.derive.functions import Cases
from zerograd.derive.naming import function_name

_ATOM = re.compile(r"(?P<letter>[^\d\[]+)(?P<layer>\d*)(?:\[(?P<index>[^\]]*)\])?")
_SUBSCRIPTS = {"m": "ₘ", "k": "ₖ", "i": "ᵢ", "j": "ⱼ"}
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def indicator(activation: Activation, convention: Kink) -> Side | None:
    """The side on which φ' is 1, where it is 0 on every other: then φ'(z) = 1[z is on that side]."""
    choices = sides(activation, convention)
    ones = [side for side in choices if side.derivative == 1]
    if len(ones) == 1 and all(side.derivative == 0 for side in choices if side is not ones[0]):
        return ones[0]
    return None


@dataclass(frozen=True, slots=True)
class Atom:
    """A name taken apart: ``w1[0,1]`` is letter w, layer 1, indices 0 and 1 (those of long axes alone)."""

    letter: str
    layer: str = ""
    indices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notation(ABC):
    """Writes the formulas of one network: ``notation(expression)`` is a text.

    A quantity named ``r`` (``r``, ``r[k]``, ``r[m,k]``) is written as the residual ŷ − y.
    """

    network: Network

    @property
    def scalar(self) -> bool:
        """Whether every layer has one unit, so that no index but the sample's is needed."""
        return set(self.network.widths) == {1}

    def __call__(self, expression: Expr) -> str:
        """Raises TypeError for what does not occur in gradients."""
        match expression:
            case sp.Add():
                return self._terms(expression)
            case sp.Mul() | sp.Sum():
                return self._product(expression)
            case sp.Pow(args=(base, exponent)) if exponent.is_Integer and exponent > 1:
                return self.power(self._factor(base), int(exponent))
            case sp.Rational():
                return self.number(Fraction(int(expression.p), int(expression.q)))
            case Cases(args=(z,)):
                return self._function(expression, self(z))
            case sp.Symbol() | sp.Indexed():
                return self._quantity(self.parse(expression))
        raise TypeError(f"no notation for {expression!r}")

    def parse(self, expression: Expr) -> Atom:
        """A symbol or an indexed quantity, without the indices of axes of length 1."""
        match = _ATOM.fullmatch(str(expression).replace(" ", ""))
        if match is None:
            raise TypeError(f"no notation for {expression!r}")
        indices = match["index"].split(",") if match["index"] else []
        shape = self.network.shapes.get(match["letter"] + match["layer"], ())
        if len(indices) == len(shape):
            indices = [index for index, n in zip(indices, shape, strict=True) if n > 1]
        return Atom(match["letter"], match["layer"], tuple(indices))

    def interval(self, side: Side, z: str) -> str:
        """What it says of z to be on this side: ``−1 < z ≤ 1``. The side must have an end."""
        if side.is_point:
            return f"{z} = {self._end(side.low)}"
        at_most, at_least = self.comparisons
        if side.low is None:
            return f"{z} {at_most if side.high_closed else '<'} {self._end(side.high)}"
        if side.high is None:
            return f"{z} {at_least if side.low_closed else '>'} {self._end(side.low)}"
        low, high = (at_most if closed else "<" for closed in (side.low_closed, side.high_closed))
        return f"{self._end(side.low)} {low} {z} {high} {self._end(side.high)}"

    def _end(self, value: int | Fraction | None) -> str:
        if value is None:
            raise ValueError("a side without an end")
        return self.number(Fraction(value))

    def _quantity(self, atom: Atom) -> str:
        if atom.letter == "r":
            prediction, target = (self.atom(Atom(letter, "", atom.indices)) for letter in ("ŷ", "y"))
            return f"{prediction} {self.minus} {target}"
        return self.atom(atom)

    def _function(self, function: Cases, z: str) -> str:
        if function.convention is None:
            return f"{self.function_name(function.activation)}({z})"
        where = indicator(function.activation, function.convention)
        if where is not None:
            return self.one_if(self.interval(where, z))
        return f"{self.function_name(function.activation)}'({z})"

    def _terms(self, expression: Expr) -> str:
        text = ""
        for term in sorted(expression.args, key=self._term_order):
            coefficient, rest = term.as_coeff_Mul()
            negative = bool(coefficient < 0)
            shown = self._factor(-coefficient * rest if negative else term, bracket_products=False)
            text += (f" {self.minus if negative else '+'} " if text else self.minus * negative) + shown
        return text

    def _product(self, expression: Expr) -> str:
        rational, rest = expression.as_coeff_Mul()
        everything = sp.Mul.make_args(rest)
        divisors = [factor.base for factor in everything if factor.is_Pow and factor.exp == -1]
        factors = [factor for factor in everything if not (factor.is_Pow and factor.exp == -1)]
        value = Fraction(int(rational.p), int(rational.q))
        parts = [self.coefficient(abs(value), [self(d) for d in divisors], alone=not factors)]
        while len(sums := [factor for factor in factors if isinstance(factor, sp.Sum)]) == 1:
            # c Σ f is written Σ c f: its factors then stand in their order, without brackets.
            body, *limits = sums[0].args
            parts += [self.summation(str(limit[0])) for limit in reversed(limits)]
            factors = [*sp.Mul.make_args(body), *(f for f in factors if f is not sums[0])]
        alone = len(factors) == 1 and value > 0 and not any(parts)
        ordered = sorted(factors, key=self._factor_order)
        parts.append(self.join([self(f) if alone else self._factor(f) for f in ordered]))
        return self.minus * (value < 0) + " ".join(part for part in parts if part)

    def _factor(self, expression: Expr, *, bracket_products: bool = True) -> str:
        is_sum = expression.is_Add or self._is_residual(expression)
        is_product = bracket_products and isinstance(expression, sp.Mul | sp.Sum)
        return self.brackets(self(expression)) if is_sum or is_product else self(expression)

    def _is_residual(self, expression: Expr) -> bool:
        return isinstance(expression, sp.Symbol | sp.Indexed) and self.parse(expression).letter == "r"

    def _atoms(self, expression: Expr) -> list[Atom]:
        # The quantity x[m] holds the symbols x and m, which are not meant.
        quantities = expression.atoms(sp.Indexed)
        inner = {symbol for quantity in quantities for symbol in quantity.atoms(sp.Symbol)}
        return [self.parse(e) for e in quantities | (expression.atoms(sp.Symbol) - inner)]

    def _factor_order(self, factor: Expr) -> tuple[int, int, list[str | int]]:
        """Errors, weights from the last layer down, slopes, then what a layer is fed with."""
        atoms = self._atoms(factor)
        letters = {atom.letter for atom in atoms}
        layer = max((int(atom.layer or 0) for atom in atoms), default=0)
        if letters & {"r", "ŷ", "y", "δ"}:
            rank, layer = 0, 0
        elif isinstance(factor, Cases):
            rank = 2
        else:
            rank = 1 if letters <= {"w", "z"} else 3
        return rank, -layer, _natural(factor)

    def _term_order(self, term: Expr) -> tuple[bool, int, bool, list[str | int]]:
        """Long products before short ones, biases last; then targets, and sums that have no end."""
        unended = any(isinstance(factor, sp.Sum) for factor in sp.Mul.make_args(term))
        letters = {atom.letter for atom in self._atoms(term)}
        return unended or letters == {"y"}, -_degree(term), letters == {"b"}, _natural(term)

    # What the two ways of writing differ in:

    @property
    @abstractmethod
    def minus(self) -> str: ...

    @property
    @abstractmethod
    def comparisons(self) -> tuple[str, str]:
        """At most, at least."""

    @abstractmethod
    def atom(self, atom: Atom) -> str: ...

    @abstractmethod
    def function_name(self, activation: Activation) -> str: ...

    @abstractmethod
    def number(self, value: Fraction) -> str: ...

    @abstractmethod
    def coefficient(self, value: Fraction, divisors: Sequence[str], *, alone: bool) -> str:
        """What stands before a product: ``2``, ``(2/M)``; nothing for 1 unless it stands alone."""

    @abstractmethod
    def summation(self, index: str) -> str: ...

    @abstractmethod
    def one_if(self, condition: str) -> str: ...

    @abstractmethod
    def brackets(self, text: str) -> str: ...

    @abstractmethod
    def power(self, base: str, exponent: int) -> str: ...

    @abstractmethod
    def derivative(self, above: str, below: str) -> str:
        """``∂L/∂w1``."""

    @abstractmethod
    def cases(self, cases: Sequence[tuple[str, str]]) -> str:
        """(value, condition) pairs."""

    @abstractmethod
    def join(self, factors: Sequence[str]) -> str: ...


def _degree(expression: Expr) -> int:
    if isinstance(expression, sp.Add):
        return max(map(_degree, expression.args))
    if isinstance(expression, sp.Mul):
        return sum(map(_degree, expression.args))
    return 0 if expression.is_number else 1


def _natural(expression: Expr) -> list[str | int]:
    """To sort w1[2] before w1[10]; text and numbers alternate, so that like meets like."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", str(expression))]


@dataclass(frozen=True, slots=True)
class Text(Notation):
    """``(2/M) Σₘ (ŷₘ − yₘ) w2 1[z1ₘ > 0] xₘ``; with indices, ``w2[k,i]`` and ``z1[m,i]``."""

    @property
    def minus(self) -> str:
        return "−"

    @property
    def comparisons(self) -> tuple[str, str]:
        return "≤", "≥"

    def atom(self, atom: Atom) -> str:
        name = atom.letter + atom.layer
        if self.scalar and atom.indices == ("m",):
            return name + _SUBSCRIPTS["m"]
        return f"{name}[{','.join(atom.indices)}]" if atom.indices else name

    def function_name(self, activation: Activation) -> str:
        return function_name(activation)

    def number(self, value: Fraction) -> str:
        return str(value).replace("-", self.minus)

    def coefficient(self, value: Fraction, divisors: Sequence[str], *, alone: bool) -> str:
        below = ([str(value.denominator)] if value.denominator > 1 else []) + list(divisors)
        if below:
            bottom = "".join(below) if len(below) == 1 else f"({' '.join(below)})"
            fraction = f"{value.numerator}/{bottom}"
            return fraction if alone else f"({fraction})"
        return str(value) if alone or value != 1 else ""

    def summation(self, index: str) -> str:
        return "Σ" + _SUBSCRIPTS.get(index, f"_{index}")

    def one_if(self, condition: str) -> str:
        return f"1[{condition}]"

    def brackets(self, text: str) -> str:
        return f"({text})"

    def power(self, base: str, exponent: int) -> str:
        return base + str(exponent).translate(_SUPERSCRIPTS)

    def derivative(self, above: str, below: str) -> str:
        return f"∂{above}/∂{below}"

    def cases(self, cases: Sequence[tuple[str, str]]) -> str:
        return ", ".join(f"{value} for {condition}" for value, condition in cases)

    def join(self, factors: Sequence[str]) -> str:
        return " ".join(factors)


@dataclass(frozen=True, slots=True)
class LaTeX(Notation):
    """The same with amsmath; layers as ``w_{1}`` in scalar networks, else as ``w^{(1)}_{i,d}``."""

    @property
    def minus(self) -> str:
        return "-"

    @property
    def comparisons(self) -> tuple[str, str]:
        return r"\leq", r"\geq"

    def atom(self, atom: Atom) -> str:
        letter = {"ŷ": r"\hat{y}", "δ": r"\delta", "ℓ": r"\ell"}.get(atom.letter, atom.letter)
        below = atom.indices
        if atom.layer and self.scalar:
            below = (atom.layer, *below)
        elif atom.layer:
            letter += f"^{{({atom.layer})}}"
        return letter + (f"_{{{','.join(below)}}}" if below else "")

    def function_name(self, activation: Activation) -> str:
        name = function_name(activation, parameter=False).replace("_", r"\_")
        below = "" if activation.parameter is None else f"_{{{activation.parameter}}}"
        return rf"\operatorname{{{name}}}{below}"

    def number(self, value: Fraction) -> str:
        if value.denominator == 1:
            return str(value)
        return rf"{'-' * (value < 0)}\tfrac{{{abs(value.numerator)}}}{{{value.denominator}}}"

    def coefficient(self, value: Fraction, divisors: Sequence[str], *, alone: bool) -> str:
        below = ([str(value.denominator)] if value.denominator > 1 else []) + list(divisors)
        if below:
            return rf"\frac{{{value.numerator}}}{{{' '.join(below)}}}"
        return str(value) if alone or value != 1 else ""

    def summation(self, index: str) -> str:
        return rf"\sum_{{{index}}}"

    def one_if(self, condition: str) -> str:
        return rf"\mathbf{{1}}[{condition}]"

    def brackets(self, text: str) -> str:
        return f"({text})"

    def power(self, base: str, exponent: int) -> str:
        return f"{base}^{{{exponent}}}"

    def derivative(self, above: str, below: str) -> str:
        return rf"\frac{{\partial {above}}}{{\partial {below}}}"

    def cases(self, cases: Sequence[tuple[str, str]]) -> str:
        lines = r" \\ ".join(rf"{value} & \text{{for }} {condition}" for value, condition in cases)
        return rf"\begin{{cases}} {lines} \end{{cases}}"

    def join(self, factors: Sequence[str]) -> str:
        return r" \, ".join(factors)
