"""Formulas as a textbook writes them: (ŷₘ − yₘ) w2 1[z1ₘ > 0] xₘ, as trees.

SymPy's own printers sort factors and terms by its internal order. Here errors come first, then
weights from the last layer to the first, then derivatives, then activations and inputs; an axis of
length 1 is left out of indices, as problem files may leave it out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from zerograd.core.model.network import Network
from zerograd.derive.functions import Named
from zerograd.derive.naming import function, indicator, interval, quantity
from zerograd.derive.ring import Expr
from zerograd.document import formula as tree
from zerograd.document.exact import Signed, coefficient, number, total
from zerograd.document.formula import beside, brackets, power, row
from zerograd.document.numbers import is_long

_ATOM = re.compile(r"(?P<letter>[^\d\[]+)(?P<layer>\d*)(?:\[(?P<index>[^\]]*)\])?")


@dataclass(frozen=True, slots=True)
class Notation:
    """Formulas of one network: ``notation(expression)`` is a tree."""

    network: Network

    def __call__(self, expression: Expr) -> tree.Node:
        """Raises TypeError for what does not occur in gradients."""
        match expression:
            case sp.Add():
                return self._terms(expression)
            case sp.Mul() | sp.Sum():
                return self._product(expression)
            case sp.Pow(args=(_, exponent)) if exponent.is_negative:
                return self._product(expression)
            case sp.Pow(args=(base, exponent)) if exponent.is_Integer:
                return power(self._factor(base), int(exponent))
            case sp.Pow(args=(base, sp.Rational(p=1, q=2))):
                return tree.Root(self(base))
            case sp.Rational():
                return number(Fraction(int(expression.p), int(expression.q)))
            case Named(args=(z,)):
                return self._function(expression, self(z))
            case sp.exp(args=(z,)):
                return tree.Script(tree.Letter("e"), above=self(z))
            case sp.log() | sp.sin() | sp.cos() | sp.erf():
                return tree.Call(tree.Word(type(expression).__name__), self(expression.args[0]))
            case sp.Piecewise():
                return tree.Cases(tuple((self(value), self._condition(c)) for value, c in expression.args))
            case sp.Symbol() | sp.Indexed():
                return self._parse(expression)
        if expression == sp.pi:
            return tree.Letter("π")
        raise TypeError(f"no notation for {expression!r}")

    def _condition(self, condition: sp.Basic) -> tree.Node:
        """What is said of one number: ``−1 < z ≤ 1``."""
        if condition == sp.true:
            return tree.Phrase("all else")
        if isinstance(condition, sp.Or):
            parts = [part for some in condition.args for part in (tree.Phrase("or"), self._condition(some))]
            return row(*parts[1:])
        parts = sp.And.make_args(condition)
        relations = sorted(parts, key=lambda part: isinstance(part, sp.Or) or part.rel_op[0] == "<")
        first, last = relations[0], relations[-1]
        if len(relations) == 2 and first.lhs == getattr(last, "lhs", None) and first.rel_op in (">", ">="):
            low = self(first.rhs), tree.RELATIONS[first.rel_op.replace(">", "<")]
            return row(*low, self(last.lhs), tree.RELATIONS[last.rel_op], self(last.rhs))
        both = [
            brackets(self._condition(part))
            if isinstance(part, sp.Or)
            else row(self(part.lhs), tree.RELATIONS[part.rel_op.replace("==", "=")], self(part.rhs))
            for part in relations
        ]
        return row(*[part for node in both for part in (tree.Phrase("and"), node)][1:])

    def _parse(self, expression: Expr) -> tree.Quantity:
        """A symbol or an indexed quantity, without the indices of axes of length 1."""
        match = _ATOM.fullmatch(str(expression).replace(" ", ""))
        if match is None:
            raise TypeError(f"no notation for {expression!r}")
        indices = match["index"].split(",") if match["index"] else []
        shape = self.network.shapes.get(match["letter"] + match["layer"], ())
        if len(indices) == len(shape):
            indices = [index for index, n in zip(indices, shape, strict=True) if n > 1]
        return quantity(self.network, match["letter"], match["layer"], indices)

    def _function(self, expression: Named, z: tree.Node) -> tree.Node:
        activation, convention = expression.activation, expression.convention
        where = None if convention is None else indicator(activation, convention)
        if where is not None:
            return tree.OneIf(interval(where, z))
        return tree.Call(function(activation), z, prime=convention is not None)

    def _terms(self, expression: Expr) -> tree.Node:
        terms = []
        for term in sorted(expression.args, key=self._term_order):
            coefficient, rest = term.as_coeff_Mul()
            negative = bool(coefficient < 0)
            shown = self._factor(-coefficient * rest if negative else term, bracket_products=False)
            terms.append(Signed(negative, shown))
        if terms[0].negative and expression.args[0].is_positive:  # SymPy puts a number first
            terms = [terms[-1], *terms[:-1]]
        return row(*total(terms).parts)

    def _product(self, expression: Expr) -> tree.Node:
        size, rest = expression.as_coeff_Mul()
        everything = sp.Mul.make_args(rest)
        below = [factor for factor in everything if factor.is_Pow and factor.exp.is_negative]
        divisors = [factor.base**-factor.exp for factor in below]
        factors = [factor for factor in everything if factor not in below]
        value = Fraction(int(size.p), int(size.q))
        for root in [f for f in factors if f.is_Pow and f.exp == sp.Rational(1, 2) and f.base.is_Integer]:
            if value.denominator % int(root.base) == 0:  # √2/2 is written 1/√2
                value *= int(root.base)
                factors.remove(root)
                divisors.append(root)
        if (divisors and is_long(value)) or any(
            divisor.is_Add or divisor.is_Pow or divisor.is_number for divisor in divisors
        ):
            top = self(sp.Mul(abs(value.numerator), *factors))
            bottom = self._product(sp.Mul(value.denominator, *divisors))
            return Signed(value < 0, tree.Quotient(top, bottom)).node
        if is_long(value):
            parts = [number(abs(value))]
        else:
            parts = coefficient(abs(value), [self(d) for d in divisors], alone=not factors)
        while len(sums := [factor for factor in factors if isinstance(factor, sp.Sum)]) == 1:
            # c Σ f is written Σ c f: its factors then stand in their order, without brackets.
            body, *limits = sums[0].args
            parts += [tree.Sigma(tree.Letter(str(limit[0]))) for limit in reversed(limits)]
            factors = [*sp.Mul.make_args(body), *(f for f in factors if f is not sums[0])]
        alone = len(factors) == 1 and value > 0 and not parts
        ordered = sorted(factors, key=self._factor_order)
        parts += beside(*(self(f) if alone else self._factor(f) for f in ordered))
        return Signed(value < 0, row(*parts)).node

    def _factor(self, expression: Expr, *, bracket_products: bool = True) -> tree.Node:
        is_product = bracket_products and isinstance(expression, sp.Mul | sp.Sum)
        return brackets(self(expression)) if expression.is_Add or is_product else self(expression)

    def _atoms(self, expression: Expr) -> list[tree.Quantity]:
        # The quantity x[m] holds the symbols x and m, which are not meant.
        quantities = expression.atoms(sp.Indexed)
        inner = {symbol for quantity in quantities for symbol in quantity.atoms(sp.Symbol)}
        return [self._parse(e) for e in quantities | (expression.atoms(sp.Symbol) - inner)]

    def _factor_order(self, factor: Expr) -> tuple[int, int, list[str | int]]:
        """Errors, weights from the last layer down, derivatives, then what a layer is fed with."""
        atoms = self._atoms(factor)
        letters = {atom.letter for atom in atoms}
        layer = max((int(atom.layer or 0) for atom in atoms), default=0)
        if letters & {"ŷ", "y", "δ", "g"}:
            rank, layer = 0, 0
        elif factor.has(Named):
            rank = 3 if factor.is_Add else 2
        else:
            rank = 1 if letters <= {"w", "z"} else 3
        return rank, -layer, _natural(factor)

    def _term_order(self, term: Expr) -> tuple[bool, int, bool, list[str | int]]:
        """Long products before short ones, biases last; then targets, and sums that have no end."""
        unended = any(isinstance(factor, sp.Sum) for factor in sp.Mul.make_args(term))
        letters = {atom.letter for atom in self._atoms(term)}
        return unended or letters == {"y"}, -_degree(term), letters == {"b"}, _natural(term)


def _degree(expression: Expr) -> int:
    """The degree as a polynomial; below 0 where there is a quotient, or an exponential: 1 + e^z."""
    if isinstance(expression, sp.exp | sp.erf) or (expression.is_Pow and expression.exp.is_negative):
        return -1
    if isinstance(expression, sp.Add):
        return max(map(_degree, expression.args))
    if isinstance(expression, sp.Mul):
        return sum(map(_degree, expression.args))
    return 0 if expression.is_number else 1


def _natural(expression: Expr) -> list[str | int]:
    """A key that sorts w1[2] before w1[10]; text and numbers alternate, so that like meets like."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", str(expression))]
