"""Facts that contradict one another, refuted by cases: polynomials that are 0 or not, or have a sign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Alternatives, Compare, Node
from zerograd.core.refuting.facts import Either, Fact, variables_in
from zerograd.core.refuting.refutation import Known, cases_of
from zerograd.core.refuting.system import System, values_label
from zerograd.proving.leaf import eliminated, find_identity
from zerograd.proving.reals import Facts, Reals
from zerograd.proving.ring import factors
from zerograd.proving.signs import QUICKLY, TRIES, refute_by_signs

DEPTH = 5
"""Nested comparisons."""

FEW = 5
"""Identities that are looked for before signs are looked at."""

WIDTH = 4
"""Comparisons that are tried at one place."""


def refute(
    system: System, reals: Reals, known: Known, core: Facts, tries: int, *, signs: bool = True
) -> Node | None:
    """A tree that refutes what is known, by the facts of ``core`` alone; None where none was found.

    Args:
        tries: identities that are looked for before it is given up.
        signs: whether to look at signs as well.

    Raises:
        OutOfTime: the deadline has passed.
    """
    # Few comparisons make shorter proofs than signs, and many take more time.
    found = _Cases(system, reals, min(tries, FEW), signs=False).refute(known, core, DEPTH)
    if found is not None or (tries <= FEW and not signs):
        return found
    return _Cases(system, reals, tries, signs, patient=tries > FEW).refute(known, core, DEPTH)


@dataclass(slots=True)
class _Cases:
    system: System
    reals: Reals
    tries: int
    signs: bool
    patient: bool = True

    def refute(self, known: Known, core: Facts, depth: int) -> Node | None:
        self.tries -= 1
        if self.tries < 0:
            return None
        for label, fact in core.items():
            if isinstance(fact, Either):
                return self._each(Alternatives(label, {}), known, core, depth - 1) if depth else None
        simple = {label: fact for label, fact in core.items() if isinstance(fact, Fact)}
        factored = _Factored.of(simple)
        forced = next(factored.forced(), None)
        if self.signs and (by_signs := self._by_signs(known, core)) is not None:
            return by_signs
        leaf = find_identity(simple, self.reals, order=forced is None)
        if leaf is not None:
            return leaf
        if forced is not None:  # no choice, and so no step deeper
            return self._each(Compare(*forced, {}), known, core, depth)
        for _, (polynomial, signs) in zip(range(WIDTH if depth else 0), factored.comparisons(), strict=False):
            node = self._each(Compare(polynomial, signs, {}), known, core, depth - 1)
            if node is not None:
                return node
        return None

    def _by_signs(self, known: Known, core: Facts) -> Node | None:
        # What unites the sides of a unit, say s² = s, makes identities long; but not signs.
        spoken = sorted(frozenset().union(*map(variables_in, core.values())))
        sides = {label: known.facts[label] for label in map(values_label, spoken) if label in known.facts}
        return refute_by_signs(
            {**sides, **core}, known.facts, self.reals.keep_time, TRIES if self.patient else QUICKLY
        )

    def _each(self, node: Compare | Alternatives, known: Known, core: Facts, depth: int) -> Node | None:
        """The node with a refutation of every case."""
        # Once one part of a disjunction is known, it says no more.
        spent = node.either if isinstance(node, Alternatives) else None
        found: dict[str, Node] = {}
        for case in cases_of(self.system, node, known.facts):
            inner = known.assuming(case)
            here = {
                label: fact
                for label, fact in inner.facts.items()
                if (label in core and label != spent) or label not in known.facts
            }
            newest = here.keys() - known.facts.keys()
            child = self.refute(inner, self.reals.core(here, newest), depth)
            if child is None:
                return None
            found[case.name] = child
        return replace(node, cases=found)


@dataclass(frozen=True, slots=True)
class _Factored:
    """Facts, once equations have been used to eliminate unknowns, with their irreducible factors.

    Attributes:
        facts: each with its factors, monic.
        nonzero: factors of what is not 0.
        signed: polynomials whose sign is known.
        zero: what is known to be 0.
    """

    facts: list[tuple[Fact, list[Polynomial]]]
    nonzero: set[Polynomial]
    signed: set[Polynomial]
    zero: set[Polynomial]

    @classmethod
    def of(cls, facts: Mapping[str, Fact]) -> _Factored:
        found = [(fact, [p.monic() for p in factors(fact.polynomial)]) for fact in eliminated(facts).values()]
        whole = [*facts.values(), *(fact for fact, _ in found)]
        return cls(
            found,
            {p for fact, parts in found if fact.sign in ("!=", ">") for p in parts},
            {fact.polynomial.monic() for fact in whole if fact.sign == ">"},
            {fact.polynomial.monic() for fact in whole if fact.sign == "="},
        )

    def forced(self) -> Iterator[tuple[Polynomial, bool]]:
        """What must be 0, because a product is whose other factors are not; or have the sign that is left."""
        for fact, parts in self.facts:
            if fact.sign == "=":
                open_parts = [p for p in parts if p not in self.nonzero]
                if len(open_parts) == 1 and open_parts[0] not in self.zero:
                    yield open_parts[0], False
        for fact, parts in self.facts:
            if fact.sign == ">" and len(parts) > 1:
                open_parts = [p for p in parts if p not in self.signed]
                if len(open_parts) == 1:
                    yield open_parts[0], True

    def comparisons(self) -> Iterator[tuple[Polynomial, bool]]:
        """What to compare with 0, the most telling first, and whether its sign matters."""
        signs = any(fact.sign in (">", ">=") for fact, _ in self.facts)
        seen = self.zero | self.signed if signs else self.zero | self.nonzero
        # One factor or another of a product that is 0; then factors of what is not.
        products = [
            [p for p in parts if p not in self.nonzero] for fact, parts in self.facts if fact.sign == "="
        ]
        candidates = [(p, False) for several in products if len(several) > 1 for p in several]
        candidates += [(p, signs) for fact, parts in self.facts if fact.sign == ">" for p in parts]
        # Of single unknowns those that multiply others: what is linear in one gains nothing by its sign.
        monomials = [m for fact, _ in self.facts for m in fact.polynomial.terms]
        count = Counter(name for m in monomials if sum(e for _, e in m) > 1 for name, _ in m)
        by_use = sorted(count.items(), key=lambda item: (-item[1], item[0]))
        candidates += [(Polynomial.variable(name), signs) for name, _ in by_use]
        for p, by_sign in candidates:
            if p not in seen:
                seen = seen | {p}
                yield p, by_sign
