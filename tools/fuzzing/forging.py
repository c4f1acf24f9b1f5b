"""Certificates for questions that have an answer: what proves something stays, and the rest is covered up.

A certificate of a similar question is walked through. Where an identity does not hold, there is a gap; it is
hidden in one of several ways, each of which a checker must see through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from random import Random

from zerograd.core.errors import Refused
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Identity, Like, Node, Part, Product
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.refutation import Known, cases_of, check_identity
from zerograd.core.refuting.system import Renaming, System

ONE = Polynomial.constant(1)
Cover = Callable[["_Forger", Known], Node | None]


def forged(part: Part, system: System, chance: Random) -> Part:
    """The part with every gap hidden, all of them in one way."""
    return replace(part, root=_Forger(system, chance).node(part.root, Known(system.facts)))


class _Forger:
    def __init__(self, system: System, chance: Random) -> None:
        self.system, self.chance = system, chance
        self.proved: list[str] = []
        self.above: list[str] = []
        self.count = 0
        self.cover: Cover = chance.choice(COVERS)

    def node(self, node: Node, known: Known) -> Node:
        """The node, or what hides that it proves nothing."""
        return self._node(node, known) or Identity({})

    def _node(self, node: Node, known: Known) -> Node | None:
        if isinstance(node, Like):
            return node if node.like in self.proved else self.cover(self, known)
        self.count += 1
        name = node.name or f"f{self.count}"
        if isinstance(node, Identity):
            try:
                check_identity(node, known.facts)
            except Refused:
                return self.cover(self, known)
            self.proved.append(name)
            return replace(node, name=name)
        try:
            cases = cases_of(self.system, node, known.facts)
        except Refused:
            return self.cover(self, known)
        self.above.append(name)
        children = {}
        for case in cases:
            child = node.cases.get(case.name)
            proved = self.cover(self, known) if child is None else self._node(child, known.assuming(case))
            if proved is not None:
                children[case.name] = proved
        self.above.pop()
        self.proved.append(name)
        return replace(node, cases=children, name=name)

    # --- ways to hide a gap ------------------------------------------------------------------------

    def _left_out(self, known: Known) -> Node | None:  # noqa: ARG002 - one signature for all
        return None

    def _like_another(self, known: Known) -> Node | None:
        return Like(self.chance.choice(self.proved), self._renaming()) if self.proved else self._leaf(known)

    def _like_what_is_above(self, known: Known) -> Node | None:
        return Like(self.chance.choice(self.above), self._renaming()) if self.above else self._leaf(known)

    def _renaming(self) -> Renaming:
        count = sum(1 for name in self.system.variables if name.startswith("x[") and name.endswith(",0]"))
        orders = [(), *permutations(range(min(count, 4)))] if count > 1 else [()]
        units = [{}, {1: (1, 0)}, {1: (0, 1)}]
        return Renaming(self.chance.choice(orders), self.chance.choice(units))

    def _leaf(self, known: Known) -> Node | None:
        """An identity that holds, of facts that have not the signs for it."""
        facts = {label: fact.polynomial for label, fact in known.facts.items() if isinstance(fact, Fact)}
        zero = Polynomial.constant(0)
        tricks: list[Identity] = [
            Identity({}, {}, (Product(Fraction(1), {}), Product(Fraction(-1), {}))),
            Identity({}, {}, (Product(Fraction(0), {}),)),
            Identity({}, {}, (Product(Fraction(1), {}, (zero,)),)),
            Identity({}, {}, (Product(Fraction(1), {}),)),
        ]
        for label, p in self.chance.sample(
            sorted(facts.items(), key=lambda item: item[0]), min(6, len(facts))
        ):
            tricks += [
                Identity({label: ONE}, {label: 1}),
                Identity({label: p}, {label: 2}),
                Identity({label: ONE}, {}, (Product(Fraction(1), {label: 1}),)),
                Identity({label: p}, {}, (Product(Fraction(1), {}, (p,)),)),
                Identity({label: p}, {}, (Product(Fraction(1), {label: 2}),)),
                Identity({}, {}, (Product(Fraction(1), {label: 1}), Product(Fraction(-1), {label: 1}))),
            ]
            tricks += [
                Identity({other: ONE}, {label: 1}) for other, q in facts.items() if q == p and other != label
            ]
        opposite = [
            (label, other)
            for label, p in facts.items()
            for other, q in facts.items()
            if label < other and p == -q
        ]
        for label, other in opposite[:3]:
            both = Product(Fraction(1), {label: 1}), Product(Fraction(1), {other: 1})
            tricks.append(Identity({}, {}, both))
        return self.chance.choice(tricks)


COVERS: tuple[Cover, ...] = (
    _Forger._left_out,
    _Forger._like_another,
    _Forger._like_another,
    _Forger._like_what_is_above,
    _Forger._leaf,
    _Forger._leaf,
)
