"""What is known of real numbers: signs of polynomials, joined by *and* and *or*.

Conditions of a problem become facts by `FactAlgebra`. What is not polynomial (an absolute value, a
quotient) becomes a variable of its own, with the facts that define it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias, overload

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.numbers.work import spend
from zerograd.core.question.language import Comparison

Sign = Literal["=", "!=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Fact:
    """``polynomial sign 0``."""

    polynomial: Polynomial
    sign: Sign

    def __str__(self) -> str:
        return f"{self.polynomial} {self.sign} 0"


@dataclass(frozen=True, slots=True)
class Both:
    """All of the parts; of none, what is always true."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of the parts; of none, what is never true."""

    parts: tuple[Formula, ...]


Formula: TypeAlias = Fact | Both | Either

_OPPOSITE: Mapping[Sign, Sign] = {"=": "!=", "!=": "=", ">": ">=", ">=": ">"}


def negated(formula: Formula) -> Formula:
    """What holds if and only if the formula does not."""
    match formula:
        case Fact(polynomial=p, sign=sign):
            return Fact(p if sign in ("=", "!=") else -p, _OPPOSITE[sign])
        case Both(parts=parts):
            return Either(tuple(map(negated, parts)))
        case Either(parts=parts):
            return Both(tuple(map(negated, parts)))


@overload
def at(formula: Fact | Either, values: Mapping[str, int | Fraction]) -> Fact | Either: ...
@overload
def at(formula: Formula, values: Mapping[str, int | Fraction]) -> Formula: ...
def at(formula: Formula, values: Mapping[str, int | Fraction]) -> Formula:
    """The formula with numbers in place of some variables."""
    match formula:
        case Fact(polynomial=p, sign=sign):
            q = p.at(values)
            return formula if q is p else Fact(q, sign)
        case Both(parts=parts):
            return Both(tuple(at(part, values) for part in parts))
        case Either(parts=parts):
            return Either(tuple(at(part, values) for part in parts))


def renamed(formula: Formula, names: Mapping[str, str]) -> Formula:
    """The formula with other names for its variables."""
    match formula:
        case Fact(polynomial=p, sign=sign):
            return Fact(p.renamed(names), sign)
        case Both(parts=parts):
            return Both(tuple(renamed(part, names) for part in parts))
        case Either(parts=parts):
            return Either(tuple(renamed(part, names) for part in parts))


def variables_in(formula: Formula) -> frozenset[str]:
    """The names of its variables."""
    if isinstance(formula, Fact):
        return formula.polynomial.variables
    return frozenset().union(*map(variables_in, formula.parts))


def meaning(formula: Formula) -> object:
    """The same value for formulas that differ in the order of their parts or by positive factors only."""
    match formula:
        case Fact(polynomial=p, sign=sign):
            spend(3 + 2 * len(p.terms))
            monic = p.monic()
            flipped = sign in (">", ">=") and bool(p) and p != monic and p.terms[max(p.terms)] < 0
            return (sign, -monic if flipped else monic)
        case Both(parts=parts):
            return ("both", frozenset(map(meaning, parts)))
        case Either(parts=parts):
            return ("either", frozenset(map(meaning, parts)))


def compared(a: Polynomial, operator: Comparison, b: Polynomial) -> Fact:
    """The fact ``a operator b``."""
    match operator:
        case "==":
            return Fact(a - b, "=")
        case "!=":
            return Fact(a - b, "!=")
        case ">" | ">=":
            return Fact(a - b, operator)
        case "<":
            return Fact(b - a, ">")
        case "<=":
            return Fact(b - a, ">=")


def labelled(label: str, formula: Formula) -> Iterator[tuple[str, Fact | Either]]:
    """Facts and disjunctions one by one, with their labels."""
    if not isinstance(formula, Both):
        yield label, formula
        return
    for number, part in enumerate(formula.parts):
        yield from labelled(part_label(label, number, len(formula.parts)), part)


def part_label(label: str, number: int, count: int) -> str:
    """The label of a part of a conjunction of ``count`` parts: ``where[0].1``."""
    return f"{label}.{number}" if count > 1 else label


def definition_label(variable: str, what: str) -> str:
    """The label of a fact that defines a variable of `FactAlgebra`: ``t[0] bound 1``."""
    return f"{variable} {what}"


@dataclass(slots=True, eq=False)
class FactAlgebra:
    """Numbers are polynomials, truth values are formulas (see `zerograd.core.question.conditions.Algebra`).

    Attributes:
        letter: of the variables ``t[0]``, ``t[1]``, … that stand for absolute values, least and
            greatest values, and quotients.
        definitions: of these variables: facts by label. They hold wherever a condition does.
    """

    letter: str = "t"
    definitions: dict[str, Formula] = field(default_factory=dict)
    known: dict[object, Polynomial] = field(default_factory=dict)

    def constant(self, value: int | Fraction) -> Polynomial:
        return Polynomial.constant(value)

    def _fresh(self, key: object) -> tuple[Polynomial, str, bool]:
        new = key not in self.known
        name = f"{self.letter}[{len(self.known)}]"
        return self.known.setdefault(key, Polynomial.variable(name)), name, new

    def divide(self, a: Polynomial, b: Polynomial) -> Polynomial:
        """a / b. The checker refuses a witness under which b is 0, so in every witness it is not."""
        if b.is_constant and b:
            return a * (1 / b.constant_term)
        t, name, new = self._fresh(("/", a, b))
        if new:
            self.definitions[definition_label(name, "quotient")] = Fact(t * b - a, "=")
            self.definitions[definition_label(name, "divisor")] = Fact(b, "!=")
        return t

    def absolute(self, a: Polynomial) -> Polynomial:
        return self.maximum([a, -a])

    def minimum(self, values: Sequence[Polynomial]) -> Polynomial:
        return -self.maximum([-value for value in values])

    def maximum(self, values: Sequence[Polynomial]) -> Polynomial:
        if len(set(values)) == 1:
            return values[0]
        t, name, new = self._fresh(frozenset(values))
        if new:
            for number, value in enumerate(values):
                self.definitions[definition_label(name, f"bound {number}")] = Fact(t - value, ">=")
            attained = Either(tuple(Fact(t - value, "=") for value in values))
            self.definitions[definition_label(name, "attained")] = attained
        return t

    def compare(self, a: Polynomial, operator: Comparison, b: Polynomial) -> Formula:
        return compared(a, operator, b)

    def distinct(self, values: Sequence[Polynomial]) -> Formula:
        return Both(tuple(Fact(v - w, "!=") for i, v in enumerate(values) for w in values[:i]))

    def conjunction(self, parts: Sequence[Formula]) -> Formula:
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def disjunction(self, parts: Sequence[Formula]) -> Formula:
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def negation(self, part: Formula) -> Formula:
        return negated(part)
