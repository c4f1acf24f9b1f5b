"""Conditions over solver terms: the `zerograd.core.question.conditions.Algebra` of the encodings.

Solvers give x/0 a meaning of their own, so no division is emitted: a value is a numerator over
a denominator that is required to be nonzero, and comparisons are multiplied out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce

from zerograd.core.question.language import Comparison
from zerograd.solvers.terms import (
    ONE,
    Constant,
    Formula,
    Term,
    add,
    choose,
    conjoin,
    differ,
    disjoin,
    invert,
    multiply,
    negate,
    relate,
)


@dataclass(frozen=True, slots=True)
class Ratio:
    """top / bottom, with a bottom that is not zero."""

    top: Term
    bottom: Term = ONE

    def __add__(self, other: Ratio | int) -> Ratio:
        if isinstance(other, int):  # what `sum` begins with
            other = Ratio(Constant(other))
        if self.bottom == other.bottom:
            return Ratio(add(self.top, other.top), self.bottom)
        top = add(multiply(self.top, other.bottom), multiply(other.top, self.bottom))
        return Ratio(top, multiply(self.bottom, other.bottom))

    __radd__ = __add__

    def __sub__(self, other: Ratio) -> Ratio:
        return self + Ratio(negate(other.top), other.bottom)

    def __mul__(self, other: Ratio) -> Ratio:
        return Ratio(multiply(self.top, other.top), multiply(self.bottom, other.bottom))

    __rmul__ = __mul__


@dataclass(slots=True)
class TermAlgebra:
    """Ratios of terms, and formulas.

    ``denominators`` collects what must not be zero, ``requirements`` what ties fresh variables down.
    """

    introduce: Callable[[Sequence[Term]], Term]
    """A fresh variable, of a sort that holds the given terms."""
    denominators: list[Term] = field(default_factory=list)
    requirements: list[Formula] = field(default_factory=list)

    def constant(self, value: int | Fraction) -> Ratio:
        return Ratio(Constant(value))

    def divide(self, a: Ratio, b: Ratio) -> Ratio:
        if isinstance(b.top, Constant) and b.top.value:
            inverse = Constant(1 / Fraction(b.top.value))
            return Ratio(multiply(inverse, a.top, b.bottom), a.bottom)
        self.denominators.append(b.top)
        return Ratio(multiply(a.top, b.bottom), multiply(a.bottom, b.top))

    def absolute(self, a: Ratio) -> Ratio:
        return self.maximum([a, Ratio(negate(a.top), a.bottom)])

    def minimum(self, values: Sequence[Ratio]) -> Ratio:
        return self._extreme(values, "<=")

    def maximum(self, values: Sequence[Ratio]) -> Ratio:
        return self._extreme(values, ">=")

    def _extreme(self, values: Sequence[Ratio], operator: Comparison) -> Ratio:
        """One of the values, on the right side of each: a variable, so that nesting stays small."""
        first = values[0]
        if all(value == first for value in values):
            return first
        if any(value.bottom != ONE for value in values):
            return reduce(lambda a, b: _pick(self.compare(a, operator, b), a, b), values)
        terms = [value.top for value in values]
        result = Ratio(self.introduce(terms))
        self.requirements += [self.compare(result, operator, value) for value in values]
        self.requirements.append(disjoin(self.compare(result, "==", value) for value in values))
        return result

    def compare(self, a: Ratio, operator: Comparison, b: Ratio) -> Formula:
        left, right = a.top, b.top
        if a.bottom != b.bottom:
            left, right = multiply(left, b.bottom), multiply(right, a.bottom)
        bottom = ONE if a.bottom == b.bottom == ONE else multiply(a.bottom, b.bottom)
        if a.bottom == b.bottom:
            bottom = a.bottom
        if operator == "!=":
            return differ(left, right)
        if operator == "==":
            return relate(left, "=", right)
        if bottom != ONE:  # its sign is unknown, its square is positive
            left, right = multiply(left, bottom), multiply(right, bottom)
        return relate(left, operator, right)

    def distinct(self, values: Sequence[Ratio]) -> Formula:
        return conjoin(self.compare(v, "!=", w) for i, v in enumerate(values) for w in values[:i])

    def conjunction(self, parts: Sequence[Formula]) -> Formula:
        return conjoin(parts)

    def disjunction(self, parts: Sequence[Formula]) -> Formula:
        return disjoin(parts)

    def negation(self, part: Formula) -> Formula:
        return invert(part)


def _pick(condition: Formula, a: Ratio, b: Ratio) -> Ratio:
    return Ratio(choose(condition, a.top, b.top), choose(condition, a.bottom, b.bottom))
