"""Facts that contradict one another, refuted by cases: polynomials that are 0 or not, or have a sign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from zerograd.core.certificate import Alternatives, Compare, Node
from zerograd.core.facts import Either, Fact
from zerograd.core.polynomial import Polynomial
from zerograd.core.refutation import Known, cases_of
from zerograd.core.system import System
from zerograd.proving.leaf import find_identity
from zerograd.proving.reals import Facts, Reals
from zerograd.proving.ring import factors

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
        for label, fact in core.items():
            if isinstance(fact, Either):
                return self._each(Alternatives(label, {}), known, core, depth - 1) if depth else None
        simple = {label: fact for label, fact in core.items() if isinstance(fact, Fact)}
        forced = next(_forced(simple), None)
        leaf = find_identity(simple, self.reals, order=forced is None)
        if leaf is not None:
            return leaf
        if forced is not None:  # no choice, and so no step deeper
            return self._each(Compare(forced, False, {}), known, core, depth)
        for _, (polynomial, signs) in zip(range(WIDTH if depth else 0), _comparisons(simple), strict=False):
            node = self._each(Compare(polynomial, signs, {}), known, core, depth - 1)
            if node is not None:
                return node
        return None

    def _each(self, node: Compare | Alternatives, known: Known, core: Facts, depth: int) -> Node | None:
        """The node with a refutation of every case."""
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
            child = self.refute(inner, self.reals.core(here), depth)
            if child is None:
                return None
            found[case.name] = child
        return replace(node, cases=found)


def _known_factors(facts: Mapping[str, Fact]) -> set[Polynomial]:
    """What is known not to be 0, as irreducible polynomials."""
    nonzero = [fact.polynomial for fact in facts.values() if fact.sign in ("!=", ">")]
    return {factor.monic() for p in nonzero for factor in factors(p)}


def _open_factors(p: Polynomial, known: set[Polynomial]) -> list[Polynomial]:
    return [factor for factor in factors(p) if factor.monic() not in known]


def _forced(facts: Mapping[str, Fact]) -> Iterator[Polynomial]:
    """What must be 0, because a product is whose other factors are not."""
    known = _known_factors(facts)
    equations = [fact.polynomial for fact in facts.values() if fact.sign == "="]
    for p in equations:
        match _open_factors(p, known):
            case [factor] if factor.monic() not in {q.monic() for q in equations}:
                yield factor


def _comparisons(facts: Mapping[str, Fact]) -> Iterator[tuple[Polynomial, bool]]:
    """What to compare with 0, the most telling first, and whether its sign matters."""
    known = _known_factors(facts)
    seen = {fact.polynomial.monic() for fact in facts.values() if fact.sign in ("!=", ">", "=")}
    signs = any(fact.sign in (">", ">=") for fact in facts.values())
    positive = {fact.polynomial.monic() for fact in facts.values() if fact.sign == ">"}
    products = [_open_factors(fact.polynomial, known) for fact in facts.values() if fact.sign == "="]
    # One factor or another of a product that is 0; then factors of what is not.
    candidates = [p for several in products if len(several) > 1 for p in several]
    candidates += [p for fact in facts.values() if fact.sign in ("!=", ">") for p in factors(fact.polynomial)]
    for p in candidates:
        if p.monic() not in seen:
            seen.add(p.monic())
            yield p, False
    # Of single unknowns those that multiply others: what is linear in an unknown gains nothing by its sign.
    monomials = [m for fact in facts.values() for m in fact.polynomial.terms]
    count = Counter(name for m in monomials if sum(e for _, e in m) > 1 for name, _ in m)
    for name, _ in sorted(count.items(), key=lambda item: (-item[1], item[0])):
        p = Polynomial.variable(name)
        if signs and p not in positive and -p not in positive:
            yield p, True
        elif p not in seen:
            yield p, False
