"""Facts that contradict one another, refuted by cases: polynomials that are 0 or not, or have a sign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zerograd.core.certificate import Alternatives, Compare, Node
from zerograd.core.facts import Either, Fact
from zerograd.core.polynomial import Polynomial
from zerograd.core.refutation import Known, cases_of
from zerograd.core.system import System
from zerograd.prove.leaf import find_identity
from zerograd.prove.reals import Facts, Reals
from zerograd.prove.ring import factors

DEPTH = 5
"""Nested comparisons."""

WIDTH = 4
"""Comparisons that are tried at one place."""


@dataclass(slots=True)
class _Budget:
    left: int


def refute(system: System, reals: Reals, known: Known, core: Facts, tries: int) -> Node | None:
    """A tree that refutes what is known, by the facts of ``core`` alone; None where none was found.

    Args:
        tries: identities that are looked for before it is given up.

    Raises:
        OutOfTime: the deadline has passed.
    """
    return _Cases(system, reals, _Budget(tries)).refute(known, core, DEPTH)


@dataclass(slots=True)
class _Cases:
    system: System
    reals: Reals
    budget: _Budget

    def refute(self, known: Known, core: Facts, depth: int) -> Node | None:
        self.budget.left -= 1
        if self.budget.left < 0:
            return None
        simple = {label: fact for label, fact in core.items() if isinstance(fact, Fact)}
        if len(simple) == len(core):
            leaf = find_identity(simple, self.reals)
            if leaf is not None:
                return leaf
        if depth == 0:
            return None
        for label, fact in core.items():
            if isinstance(fact, Either):
                cases = self._each(Alternatives(label, {}), known, core, depth)
                return None if cases is None else Alternatives(label, cases)
        for _, (polynomial, signs) in zip(range(WIDTH), _comparisons(simple), strict=False):
            cases = self._each(Compare(polynomial, signs, {}), known, core, depth)
            if cases is not None:
                return Compare(polynomial, signs, cases)
        return None

    def _each(
        self, node: Compare | Alternatives, known: Known, core: Facts, depth: int
    ) -> dict[str, Node] | None:
        """A refutation of every case of a node."""
        found: dict[str, Node] = {}
        split = (
            node.either if isinstance(node, Alternatives) else None
        )  # once one part is known, it says no more
        for case in cases_of(self.system, node, known.facts):
            inner = known.assuming(case)
            here = {
                label: fact
                for label, fact in inner.facts.items()
                if (label in core and label != split) or label not in known.facts
            }
            child = self.refute(inner, self.reals.core(here), depth - 1)
            if child is None:
                return None
            found[case.name] = child
        return found


def _comparisons(facts: Mapping[str, Fact]) -> Iterator[tuple[Polynomial, bool]]:
    """What to compare with 0, the most telling first, and whether its sign matters."""
    seen: set[Polynomial] = set()
    known = {
        factor.monic()
        for fact in facts.values()
        if fact.sign in ("!=", ">")
        for factor in factors(fact.polynomial)
    }
    whole = {fact.polynomial.monic() for fact in facts.values() if fact.sign in ("!=", ">", "=")}

    def fresh(p: Polynomial) -> bool:
        if p.monic() in seen or p.monic() in whole:
            return False
        seen.add(p.monic())
        return True

    products: list[Polynomial] = []
    for fact in facts.values():
        if fact.sign == "=":
            open_factors = [p for p in factors(fact.polynomial) if p.monic() not in known]
            if len(open_factors) == 1 and fresh(open_factors[0]):
                yield open_factors[0], False  # the others are not 0, so this one is
            products += open_factors if len(open_factors) > 1 else []
    for fact in facts.values():
        if fact.sign in ("!=", ">"):
            for p in factors(fact.polynomial):
                if fresh(p):
                    yield p, False  # a factor of what is not 0
    signs = any(fact.sign in (">", ">=") for fact in facts.values())
    for p in products:
        if fresh(p):
            yield p, False
    count = Counter(name for fact in facts.values() for name in fact.polynomial.variables)
    for name, _ in sorted(count.items(), key=lambda item: (-item[1], item[0])):
        p = Polynomial.variable(name)
        if p.monic() not in seen and p.monic() not in {
            f.polynomial.monic() for f in facts.values() if f.sign in (">", "=")
        }:
            yield p, signs
