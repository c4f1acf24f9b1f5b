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
from math import prod

import sympy as sp

from zerograd.core.network import Activation, Kink, Network
from zerograd.derive.functions import Cases
from zerograd.derive.sample import Expr
from zerograd.derive.sides import Side, sides

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
    layer: str
    indices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notation(ABC):
    """Writes the formulas of one network. ``notation(expression)`` is its text."""

    network: Network

    @property
    def scalar(self) -> bool:
        """Whether every layer has one unit, so that no index but the sample's is needed."""
        return set(self.network.widths) == {1}

    def __call__(self, expression: Expr) -> str:
        match expression:
            case sp.Add():
                return self._sum_of_terms(expression)
            case sp.Mul():
                return self._product(expression)
            case sp.Pow(args=(base, exponent)) if exponent.is_Integer and exponent > 1:
                return self.power(self._factor(base), int(exponent))
            case sp.Sum():
                return self._product(expression)
            case sp.Rational():
                return self.number(Fraction(int(expression.p), int(expression.q)))
            case Cases(args=(z,)):
                return self._function(expression, self(z))
            case sp.Symbol() | sp.Indexed():
                return self.atom(self.parse(expression))
        raise TypeError(f"no notation for {expression!r}")

    def parse(self, expression: Expr) -> Atom:
        """A symbol or indexed quantity, without the indices of axes of length 1."""
        text = str(expression).replace(" ", "")
        match = _ATOM.fullmatch(text)
        if match is None:
            raise TypeError(f"no notation for {expression!r}")
        indices = match["index"].split(",") if match["index"] else []
        shape = self.network.shapes.get(match["letter"] + match["layer"], ())
        if len(indices) == len(shape):
            indices = [index for index, n in zip(indices, shape, strict=True) if n > 1]
        return Atom(match["letter"], match["layer"], tuple(indices))

    def interval(self, side: Side, z: str) -> str:
        """What it says of z to be on this side: ``-1 < z ≤ 1``."""
        if side.is_point:
            assert side.low is not None  # for the type checker
            return f"{z} = {self.number(side.low)}"
        at_most, at_least = self.comparisons
        if side.low is None:
            assert side.high is not None  # a side without any end belongs to a linear layer
            return f"{z} {at_most if side.high_closed else '<'} {self.number(side.high)}"
        if side.high is None:
            return f"{z} {at_least if side.low_closed else '>'} {self.number(side.low)}"
        low, high = (at_most if closed else "<" for closed in (side.low_closed, side.high_closed))
        return f"{self.number(side.low)} {low} {z} {high} {self.number(side.high)}"

    def _function(self, function: Cases, z: str) -> str:
        if function.convention is not None:
            where = indicator(function.activation, function.convention)
            if where is not None:
                return self.one_if(self.interval(where, z))
        prime = "" if function.convention is None else "'"
        return f"{self.function_name(function.activation)}{prime}({z})"

    def _sum_of_terms(self, expression: Expr) -> str:
        text = ""
        for term in sorted(expression.args, key=self._term_order):
            negative = term.could_extract_minus_sign()
            shown = self(-term if negative else term)
            text += (f" {self.minus} " if negative else " + ") if text else (self.minus if negative else "")
            text += shown
        return text

    def _product(self, expression: Expr) -> str:
        rational, rest = expression.as_coeff_Mul()
        factors = list(sp.Mul.make_args(rest))
        divided = [f for f in factors if f.is_Pow and f.exp == -1]
        factors = [f for f in factors if f not in divided]
        coefficient = Fraction(int(rational.p), int(rational.q))
        text = self.minus if coefficient < 0 else ""
        text += self.coefficient(abs(coefficient), [self(f.base) for f in divided], alone=not factors)
        sums = [f for f in factors if isinstance(f, sp.Sum)]
        if len(sums) == 1 and factors:
            # c Σ f is written Σ c f: the factors then stand in their order, without brackets.
            body, *limits = sums[0].args
            body = sp.Mul(body, *(f for f in factors if f is not sums[0]))
            signs = " ".join(self.summation(str(limit[0])) for limit in reversed(limits))
            shown = f"{signs} {self._factor(body) if body.is_Add else self(body)}"
        else:
            shown = self.join([self._factor(f) for f in sorted(factors, key=self._factor_order)])
        return text + (" " if text and text != self.minus and shown else "") + shown

    def _factor(self, expression: Expr) -> str:
        bracketed = expression.is_Add or isinstance(expression, sp.Sum) or (expression.is_Mul)
        return self.brackets(self(expression)) if bracketed else self(expression)

    def _atoms(self, expression: Expr) -> list[Atom]:
        # A quantity x[m] holds the symbols x and m, which are not meant.
        quantities = expression.atoms(sp.Indexed)
        inner = {symbol for quantity in quantities for symbol in quantity.atoms(sp.Symbol)}
        return [self.parse(e) for e in quantities | (expression.atoms(sp.Symbol) - inner)]

    def _factor_order(self, factor: Expr) -> tuple[int, int, str]:
        """Errors, weights from the last layer down, slopes, then what a layer is fed with."""
        atoms = self._atoms(factor)
        letters = {atom.letter for atom in atoms}
        layer = max((int(atom.layer or 0) for atom in atoms), default=0)
        if isinstance(factor, Cases):
            rank = 2
        elif letters & {"ŷ", "y", "δ"}:
            rank, layer = 0, 0
        else:
            rank = 1 if letters == {"w"} else 3
        return rank, -layer, self(factor)

    def _term_order(self, term: Expr) -> tuple[bool, int, str]:
        """Targets last, long products before short ones."""
        atoms = {atom.letter for atom in self._atoms(term)}
        return atoms == {"y"}, -_degree(term), self(term)

    minus: str = "-"
    comparisons: tuple[str, str] = ("<=", ">=")

    @abstractmethod
    def atom(self, atom: Atom) -> str:
        """A parameter or quantity."""

    @abstractmethod
    def function_name(self, activation: Activation) -> str:
        """``ReLU``."""

    @abstractmethod
    def number(self, value: int | Fraction) -> str:
        """A rational number."""

    @abstractmethod
    def coefficient(self, value: Fraction, divisors: Sequence[str], *, alone: bool) -> str:
        """What stands before a product: ``2``, ``(2/M)``; nothing for 1."""

    @abstractmethod
    def summation(self, index: str) -> str:
        """``Σₘ``."""

    @abstractmethod
    def one_if(self, condition: str) -> str:
        """``1[z1 > 0]``."""

    @abstractmethod
    def brackets(self, text: str) -> str: ...

    @abstractmethod
    def power(self, base: str, exponent: int) -> str: ...

    @abstractmethod
    def join(self, factors: Sequence[str]) -> str: ...


def _degree(expression: Expr) -> int:
    if expression.is_Add:
        return max(map(_degree, expression.args))
    if expression.is_Mul:
        return sum(map(_degree, expression.args))
    return 0 if expression.is_number else 1
