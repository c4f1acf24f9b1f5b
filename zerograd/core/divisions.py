"""Which divisions in conditions can never be by zero.

A denominator passes if it is a constant other than 0, if the problem itself says that it is
not 0 (a condition such as ``d != 0`` or ``d > 0``, bounds, given values, an asked-nonzero
gradient), or if it is a sum such as ``x[0]**2 + 1``. The test is sound and not complete: what
does not pass is an error that asks for the missing condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from zerograd.core.conditions import Condition, Lookup, evaluate
from zerograd.core.language import Comparison
from zerograd.core.polynomial import Polynomial

Facts = frozenset[Polynomial]
"""Monic polynomials known to be nonzero."""


@dataclass(slots=True)
class _FactAlgebra:
    """Polynomials, with opaque variables for what is not polynomial, and the facts a condition implies."""

    denominators: list[Polynomial] = field(default_factory=list)
    opaque: int = 0
    nonnegative: set[str] = field(default_factory=lambda: {"loss"})

    def _fresh(self, kind: str) -> Polynomial:
        self.opaque += 1
        return Polynomial.variable(f"{kind}#{self.opaque}")

    def constant(self, value: int | Fraction) -> Polynomial:
        return Polynomial.constant(value)

    def divide(self, a: Polynomial, b: Polynomial) -> Polynomial:
        if set(b.terms) == {()}:
            return a * (1 / b.constant_term)
        self.denominators.append(b)
        return self._fresh("quotient")

    def absolute(self, a: Polynomial) -> Polynomial:
        result = self._fresh("abs")
        self.nonnegative.add(next(iter(result.terms))[0][0])
        return result

    def minimum(self, values: Sequence[Polynomial]) -> Polynomial:
        return self._fresh("min")

    def maximum(self, values: Sequence[Polynomial]) -> Polynomial:
        return self._fresh("max")

    def compare(self, a: Polynomial, operator: Comparison, b: Polynomial) -> Facts:
        if operator in ("<", "<="):
            a, b = b, a
        difference = a - b
        facts = {difference.monic()} if operator in ("<", ">", "!=") else set()
        limit = difference.constant_term
        # p + c > 0 with c <= 0, or p + c >= 0 with c < 0, makes p positive.
        if (operator in ("<", ">") and limit <= 0) or (operator in ("<=", ">=") and limit < 0):
            facts.add((difference - limit).monic())
        return frozenset(facts)

    def distinct(self, values: Sequence[Polynomial]) -> Facts:
        return frozenset((v - w).monic() for i, v in enumerate(values) for w in values[:i])

    def conjunction(self, parts: Sequence[Facts]) -> Facts:
        return frozenset().union(*parts)

    def disjunction(self, parts: Sequence[Facts]) -> Facts:
        return frozenset.intersection(*parts) if parts else frozenset()

    def negation(self, part: Facts) -> Facts:
        return frozenset()


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
    for number, condition in enumerate(conditions):
        algebra.denominators = []
        facts |= evaluate(condition, algebra, lookup)
        divided += [(number, d) for d in algebra.denominators]
    return [(n, d) for n, d in divided if not _never_zero(d, facts, algebra.nonnegative)]


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
