"""Which divisions in conditions can never be by zero.

A denominator passes if it is a constant other than 0, if the problem itself says that it is
not 0 (a condition such as ``d != 0`` or ``d > 0``, bounds, given values, an asked-nonzero
gradient), or if it is a sum such as ``x[0]**2 + 1``. The test is sound and not complete: what
does not pass is an error that asks for the missing condition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations

from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import Condition, Lookup, evaluate
from zerograd.core.question.language import Comparison

Facts = frozenset[Polynomial]
"""Monic polynomials known to be nonzero."""

MAX_TERMS = 1000
"""A longer polynomial is not looked into, so that no condition takes long to vet."""
MAX_STEPS = 300_000
"""Products of terms altogether (copying one counts less); after that nothing is looked into."""
MAX_DISTINCT = 100
LONG = "a long expression"


@dataclass(frozen=True, slots=True)
class _Value:
    """A polynomial, in variables that stand for names and for what is not polynomial (``abs(x[0])``)."""

    polynomial: Polynomial
    algebra: _FactAlgebra

    def __add__(self, other: _Value) -> _Value:
        p, q = self.polynomial, other.polynomial
        affordable = self.algebra.affordable(len(p.terms) + len(q.terms), len(p.terms) // 16 + len(q.terms))
        return _Value(p + q, self.algebra) if affordable else self.algebra.unknown(("+", p, q))

    def __sub__(self, other: _Value) -> _Value:
        return self + _Value(-other.polynomial, self.algebra)

    def __mul__(self, other: _Value) -> _Value:
        p, q = self.polynomial, other.polynomial
        terms = len(p.terms) * len(q.terms)
        affordable = self.algebra.affordable(terms, terms)
        return _Value(p * q, self.algebra) if affordable else self.algebra.unknown(("*", p, q))


@dataclass(slots=True, eq=False)
class _FactAlgebra:
    """Numbers are polynomials, truth values are the facts that a condition implies."""

    denominators: list[Polynomial] = field(default_factory=list)
    unknowns: dict[object, _Value] = field(default_factory=dict)
    steps: int = 0
    nonnegative: set[str] = field(default_factory=lambda: {"loss"})

    def affordable(self, terms: int, steps: int) -> bool:
        self.steps += steps + 1
        return terms <= MAX_TERMS and self.steps <= MAX_STEPS

    def unknown(self, key: object) -> _Value:
        """A value of which nothing is known but that it is the same for the same key."""
        name = f"({LONG}, number {len(self.unknowns) + 1})"
        return self.unknowns.setdefault(key, _Value(Polynomial.variable(name), self))

    def _opaque(self, text: str) -> _Value:
        """What is not polynomial is a variable, named by its text: equal text, equal value."""
        return _Value(Polynomial.variable(text), self) if len(text) <= MAX_TERMS else self.unknown(text)

    def constant(self, value: int | Fraction) -> _Value:
        return _Value(Polynomial.constant(value), self)

    def divide(self, a: _Value, b: _Value) -> _Value:
        if set(b.polynomial.terms) == {()}:
            return _Value(a.polynomial * (1 / b.polynomial.constant_term), self)
        self.denominators.append(b.polynomial)
        return self._opaque(f"(({a.polynomial}) / ({b.polynomial}))")

    def absolute(self, a: _Value) -> _Value:
        if _constant([a]):
            return self.constant(abs(a.polynomial.constant_term))
        result = self._opaque(f"abs({a.polynomial})")
        self.nonnegative.update(name for monomial in result.polynomial.terms for name, _ in monomial)
        return result

    def minimum(self, values: Sequence[_Value]) -> _Value:
        if _constant(values):
            return self.constant(min(v.polynomial.constant_term for v in values))
        return self._opaque(f"min({_listed(values)})")

    def maximum(self, values: Sequence[_Value]) -> _Value:
        if _constant(values):
            return self.constant(max(v.polynomial.constant_term for v in values))
        return self._opaque(f"max({_listed(values)})")

    def compare(self, a: _Value, operator: Comparison, b: _Value) -> Facts:
        if operator in ("<", "<="):
            a, b = b, a
        difference = (a - b).polynomial
        strict, limit = operator in ("<", ">"), difference.constant_term
        facts = {difference.monic()} if strict or operator == "!=" else set()
        # p + c > 0 with c <= 0, p + c >= 0 with c < 0 and p + c == 0 with c other than 0: p is not 0.
        loose = operator in ("<=", ">=")
        if (strict and limit <= 0) or (loose and limit < 0) or (operator == "==" and limit):
            facts.add((difference - limit).monic())
        return frozenset(facts)

    def distinct(self, values: Sequence[_Value]) -> Facts:
        some = values[:MAX_DISTINCT]
        return frozenset((v - w).polynomial.monic() for v, w in combinations(some, 2))

    def conjunction(self, parts: Sequence[Facts]) -> Facts:
        return frozenset().union(*parts)

    def disjunction(self, parts: Sequence[Facts]) -> Facts:
        return frozenset.intersection(*parts) if parts else frozenset()

    def negation(self, _: Facts) -> Facts:
        return frozenset()


def _constant(values: Sequence[_Value]) -> bool:
    return all(set(value.polynomial.terms) <= {()} for value in values)


def _listed(values: Sequence[_Value]) -> str:
    return ", ".join(str(value.polynomial) for value in values)


def unsafe_division(
    conditions: Iterable[Condition],
    lookup: Lookup[Polynomial],
    known_nonzero: Iterable[Polynomial],
) -> list[tuple[int, Polynomial]]:
    """Denominators that may be zero, each with the number of its condition.

    Args:
        lookup: names to arrays of variables (or constants, where given).
        known_nonzero: what the rest of the problem makes nonzero.
    """
    facts: set[Polynomial] = {p.monic() for p in known_nonzero}
    divided: list[tuple[int, Polynomial]] = []
    algebra = _FactAlgebra()
    values = _in(algebra, lookup)
    for number, condition in enumerate(conditions):
        algebra.denominators = []
        implied: Facts = evaluate(condition, algebra, values)
        facts |= implied
        divided += [(number, d) for d in algebra.denominators]
    return [(n, d) for n, d in divided if not _never_zero(d, facts, algebra.nonnegative)]


def _in(algebra: _FactAlgebra, lookup: Lookup[Polynomial]) -> Callable[[str], Array[_Value]]:
    return lambda name: lookup(name).map(lambda p: _Value(p, algebra))


def _never_zero(p: Polynomial, facts: set[Polynomial], nonnegative: set[str]) -> bool:
    if p.monic() in facts:
        return True
    if len(p.terms) == 1:
        (monomial,) = p.terms
        return all(Polynomial.variable(name) in facts for name, _ in monomial)
    signs = {c > 0 for c in p.terms.values()}
    return (
        bool(p.constant_term)
        and len(signs) == 1
        and all(e % 2 == 0 or name in nonnegative for m in p.terms for name, e in m)
    )
