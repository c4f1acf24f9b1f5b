"""A second checker of certificates, which shares only the systems and their cases with the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from random import Random
from typing import Any

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.refuting.certificate import (
    Certificate,
    Identity,
    Like,
    Node,
)
from zerograd.core.refuting.facts import Both, Fact, Formula
from zerograd.core.refuting.refutation import (
    cases_of,
    system_of,
)
from zerograd.core.refuting.system import Case

PRIME = 2**127 - 1


class Second:
    """Identities are compared at a random point of a prime field, where the cases' values are put in.

    Facts and case distinctions are those of the system, which tests/core/test_systems.py holds against
    networks and datasets; all else is done anew.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def accepts(self, certificate: Certificate) -> bool:
        asked, enough = self.problem.samples, sufficient_samples(self.problem)
        refuted: set[int] = set()
        everything = False
        for part in certificate.parts:
            self.system = system_of(self.problem, part.kind, part.samples)
            self.done: dict[str, tuple[Case, ...]] = {}
            facts = [*self.system.facts.items()]
            if not self.node(part.root, facts, ()):
                return False
            everything |= part.kind != "dataset"
            if part.samples is not None:
                refuted |= {part.samples}
                everything |= enough is not None and part.samples >= enough
                refuted |= set(range(1, part.samples)) if enough is not None else set()
        return everything or (
            asked.most is not None and refuted.issuperset(range(asked.least, asked.most + 1))
        )

    def node(self, node: Node, facts: list[tuple[str, Any]], assumed: tuple[Case, ...]) -> bool:
        if isinstance(node, Identity):
            if node.name is not None:
                self.done[node.name] = assumed
            return self.identity(node, dict(facts), assumed)
        if isinstance(node, Like):
            return self.like(node, assumed)
        cases = cases_of(self.system, node, dict(facts))
        if sorted(node.cases) != sorted(case.name for case in cases):
            return False
        for case in cases:
            added = [pair for label, formula in case.facts for pair in flat(label, formula)]
            if not self.node(node.cases[case.name], facts + added, (*assumed, case)):
                return False
        if node.name is not None:
            self.done[node.name] = assumed
        return True

    def like(self, node: Like, assumed: tuple[Case, ...]) -> bool:
        if node.like not in self.done:
            return False
        names = {v: self.system.rename(node.renaming, v) for v in self.system.variables}
        everything = [("", f) for f in self.system.facts.values()]
        if {plain(f, names) for _, f in everything} != {plain(f, {}) for _, f in everything}:
            return False
        splits = [
            {case_plain(c, n) for c in cases} for n in (names, {}) for cases in self.system.splits.values()
        ]
        half = len(splits) // 2
        if {frozenset(s) for s in splits[:half]} != {frozenset(s) for s in splits[half:]}:
            return False
        here = {case_plain(case, {}) for case in assumed}
        return all(case_plain(case, names) in here for case in self.done[node.like])

    def identity(self, node: Identity, facts: Mapping[str, Any], assumed: tuple[Case, ...]) -> bool:
        labels = {*node.cofactors, *node.nonzero, *(f for p in node.positive for f in p.factors)}
        if not all(isinstance(facts.get(label), Fact) for label in labels):
            return False
        chance = Random(0)
        point = {name: chance.randrange(PRIME) for name in self.system.variables}
        for case in assumed:
            point.update({name: residue(value) for name, value in case.values.items()})

        def value(p: Polynomial) -> int:
            total = 0
            for monomial, c in p.terms.items():
                term = residue(c)
                for name, exponent in monomial:
                    term = (
                        term * pow(point.setdefault(name, chance.randrange(PRIME)), exponent, PRIME) % PRIME
                    )
                total += term
            return total % PRIME

        left = 0 if node.positive else 1
        strict = not node.positive
        for product in node.positive:
            if product.coefficient <= 0:
                return False
            term, above = residue(product.coefficient), True
            for label, power in product.factors.items():
                sign = facts[label].sign
                if not (sign in (">", ">=") or (sign == "!=" and power % 2 == 0)):
                    return False
                above &= sign != ">="
                term = term * pow(value(facts[label].polynomial), power, PRIME)
            for square in product.squares:
                above &= set(square.terms) == {()}
                term = term * value(square) ** 2
            left += term
            strict |= above
        for label, power in node.nonzero.items():
            if facts[label].sign not in ("!=", ">"):
                return False
            left = left * pow(value(facts[label].polynomial), power, PRIME)
        if any(facts[label].sign != "=" for label in node.cofactors):
            return False
        right = sum(value(c) * value(facts[label].polynomial) for label, c in node.cofactors.items())
        return strict and (left - right) % PRIME == 0


def residue(value: Fraction | int) -> int:
    value = Fraction(value)
    return value.numerator * pow(value.denominator, -1, PRIME) % PRIME


def flat(label: str, formula: Formula) -> Iterator[tuple[str, Formula]]:
    if isinstance(formula, Both):
        for n, part in enumerate(formula.parts):
            yield from flat(f"{label}.{n}" if len(formula.parts) > 1 else label, part)
    else:
        yield label, formula


def plain(formula: Formula, names: Mapping[str, str]) -> object:
    """The same for formulas that say the same but for positive factors, renamed."""
    if isinstance(formula, Fact):
        terms = {
            tuple(sorted((names.get(n, n), e) for n, e in monomial)): c
            for monomial, c in formula.polynomial.terms.items()
        }
        size = terms[max(terms)] if terms else Fraction(1)
        size = size if formula.sign in ("=", "!=") else abs(size)
        return formula.sign, frozenset((monomial, c / size) for monomial, c in terms.items())
    return type(formula).__name__, frozenset(plain(part, names) for part in formula.parts)


def case_plain(case: Case, names: Mapping[str, str]) -> object:
    values = frozenset((names.get(n, n), v) for n, v in case.values.items())
    return values, frozenset(plain(fact, names) for _, fact in case.facts)
