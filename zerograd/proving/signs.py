"""Facts that contradict one another by signs: those of products, and of sums of what has one sign.

Unknowns, and factors of the facts, are *atoms*. An atom is negative, zero or positive; once enough of them
are known, all terms of some fact have one sign, and it is not the fact's. The identity that says so is
written down: nothing is solved, and no solver is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Compare, Identity, Node, Product
from zerograd.core.refuting.facts import Either, Fact, Sign
from zerograd.core.refuting.refutation import Facts
from zerograd.proving.atoms import Atoms, Powers, Relation, Says, State, Terms, is_known

TRIES, QUICKLY = 150, 40
"""Atoms whose signs are distinguished before it is given up: on behalf of few facts, and of many."""

LOOKS = 200
"""Sums that are looked at for each of these tries."""

_SAYS: Mapping[int, tuple[str, Sign, int]] = {-1: ("< 0", ">", -1), 0: ("= 0", "=", 1), 1: ("> 0", ">", 1)}
"""For each sign of an atom: the case, and what it adds: this sign of that multiple."""


def refute_by_signs(
    facts: Mapping[str, Fact | Either],
    known: Facts,
    keep_time: Callable[[], object] = lambda: None,
    tries: int = TRIES,
) -> Node | None:
    """A tree of comparisons that refutes the facts; None where none was found. Disjunctions are passed over.

    Args:
        known: all facts of the node, which decide the labels of what it assumes.
        keep_time: raises when it is too late.
        tries: atoms whose signs are distinguished before it is given up.
    """
    simple = {label: fact for label, fact in facts.items() if isinstance(fact, Fact)}
    search = _Signs(simple, keep_time, tries)
    found = search.refute()
    assumed = sum(label.startswith("case ") for label in known)
    return None if found is None else _written(found, search.known.atoms, assumed, {})


@dataclass(frozen=True, slots=True)
class _Leaf:
    """An identity, with the numbers of atoms in place of labels of assumptions."""

    cofactors: Mapping[str | int, Polynomial]
    nonzero: Mapping[str | int, int] = field(default_factory=dict)
    positive: tuple[tuple[Fraction, Mapping[str | int, int], tuple[Polynomial, ...]], ...] = ()

    @property
    def used(self) -> frozenset[int]:
        labels = {
            *self.cofactors,
            *self.nonzero,
            *(label for _, powers, _ in self.positive for label in powers),
        }
        return frozenset(label for label in labels if isinstance(label, int))


@dataclass(frozen=True, slots=True)
class _Cases:
    """The sign of an atom, with a proof for each."""

    atom: int
    cases: Mapping[int, _Proof]

    @property
    def used(self) -> frozenset[int]:
        return frozenset().union(*(proof.used for proof in self.cases.values())) - {self.atom}


_Proof = _Leaf | _Cases


class _Signs:
    """The search.

    Attributes:
        tries: atoms that may still be distinguished.
        looks: sums that may still be looked at.
    """

    def __init__(self, facts: Mapping[str, Fact], keep_time: Callable[[], object], tries: int) -> None:
        self.known = Atoms(facts)
        self.keep_time, self.tries = keep_time, tries
        self.looks = tries * LOOKS

    def refute(self) -> _Proof | None:
        """A proof that the facts do not go together."""
        return self._at_once(self.known.relations, self.known.given) or self._branch(
            self.known.given, {}, range(len(self.known.atoms))
        )

    def _at_once(self, relations: Iterable[Relation], state: State) -> _Leaf | None:
        for relation in relations:
            self.looks -= 1
            if (leaf := self._leaf(relation, state)) is not None:
                return leaf
        return None

    def _branch(
        self, state: State, closed: Mapping[int, Mapping[int, _Leaf]], changed: Iterable[int]
    ) -> _Proof | None:
        """A proof for these signs of atoms.

        Args:
            closed: signs of atoms that cannot be, as far as it was known before.
            changed: the atoms of which more may be known now.
        """
        self.tries -= 1
        if self.tries < 0 or self.looks < 0:
            return None
        self.keep_time()
        new = self.known.leave_out(state)
        if (leaf := self._at_once(new, state)) is not None:
            return leaf
        closed = dict(closed)
        for number in {*changed, *self._named(new)}:
            if not is_known(state, number) and self.looks >= 0:
                closed[number] = self._closed(number, state, closed.get(number, {}))
                for leaf in closed[number].values():
                    if number not in leaf.used:
                        return leaf
        choices = [number for number in range(len(self.known.atoms)) if not is_known(state, number)]
        if not choices:
            return None
        number = min(choices, key=lambda n: (max(1, 3 - len(closed.get(n, {}))), -self.known.count[n], n))
        proofs: dict[int, _Proof] = dict(closed.pop(number, {}))
        near = self._named(self.known.touching.get(number, ()))
        for sign in (0, 1, -1):
            if sign not in proofs:
                proof = self._branch(_assuming(state, number, sign), closed, near)
                if proof is None or number not in proof.used:
                    return proof
                proofs[sign] = proof
        return _Cases(number, proofs)

    def _named(self, relations: Iterable[Relation]) -> set[int]:
        return {number for relation in relations for number in relation.atoms}

    def _closed(self, number: int, state: State, before: Mapping[int, _Leaf]) -> Mapping[int, _Leaf]:
        """The signs of an atom that cannot be."""
        found = dict(before)
        for sign in _SAYS.keys() - before.keys():
            inner = _assuming(state, number, sign)
            if (leaf := self._at_once(self.known.touching.get(number, ()), inner)) is not None:
                found[sign] = leaf
        return found

    # --- identities ------------------------------------------------------------------------

    def _leaf(self, relation: Relation, state: State) -> _Leaf | None:
        """The identity by which the signs of the terms contradict what is known of their sum."""
        if isinstance(relation.says, int):
            for says in state.get(relation.says, ()):
                if (
                    leaf := self._against(says.label, says.sign, says.scale, relation.terms, state)
                ) is not None:
                    return leaf
            return None
        label, sign = relation.says
        return self._against(label, sign, Fraction(1), relation.terms, state)

    def _against(
        self,
        label: str | int,
        sign: Sign,
        scale: Fraction,
        terms: Terms,
        state: State,
    ) -> _Leaf | None:
        """Σ of the terms times ``scale`` is what the fact is about."""
        if not _may_contradict(sign, scale.numerator > 0, terms, state):
            return None
        known = []
        for c, powers in terms:
            term = self._term(c if scale == 1 else scale * c, powers, state)
            if term is None:
                return None
            known.append(term)
        rest = [term for term in known if isinstance(term, _Term)]
        if sign == "!=":
            return None if rest else _Leaf(self._zeros(known), {label: 1})
        if sign == "=" and len(rest) == 1 and not rest[0].squares and not rest[0].weak:
            # c · (what is not 0) = fact − (what is 0)
            by = 1 / rest[0].coefficient
            cofactors = {key: -p * by for key, p in self._zeros(known).items()}
            cofactors[label] = cofactors.get(label, Polynomial.constant(0)) + by
            return _Leaf(cofactors, rest[0].powers)
        if any(not term.signed for term in rest):
            return None
        signs = {term.coefficient.numerator > 0 for term in rest}
        strict = sign == ">" or any(not term.weak and not term.squares for term in rest)
        if len(signs) > 1 or not strict:
            return None
        if sign != "=" and signs == {True}:
            return None
        cofactors = self._zeros(known)
        positive = tuple((abs(t.coefficient), t.powers, self._squares(t)) for t in rest)
        if sign == "=":
            up = signs == {True}
            cofactors = {key: p * (-1 if up else 1) for key, p in cofactors.items()}
            cofactors[label] = cofactors.get(label, Polynomial.constant(0)) + (1 if up else -1)
            return _Leaf(cofactors, {}, positive)
        return _Leaf(cofactors, {}, ((Fraction(1), {label: 1}, ()), *positive))

    def _zeros(self, terms: Iterable[_Term | _Zero]) -> dict[str | int, Polynomial]:
        """The cofactors of what is 0. Only an identity that is found needs them."""
        cofactors: dict[str | int, Polynomial] = {}
        for term in terms:
            if isinstance(term, _Zero):
                cofactor = self._product(term.powers) * term.coefficient
                cofactors[term.label] = cofactors.get(term.label, Polynomial.constant(0)) + cofactor
        return cofactors

    def _squares(self, term: _Term) -> tuple[Polynomial, ...]:
        return tuple(self._product([power]) for power in term.squares)

    def _product(self, powers: Iterable[tuple[int, int]]) -> Polynomial:
        return prod((self.known.atoms[n] for n, e in powers for _ in range(e)), start=ONE)

    def _term(self, c: Fraction, powers: Powers, state: State) -> _Term | _Zero | None:
        """What is known of a product of atoms; None if too little."""
        found: dict[str | int, int] = {}
        squares: list[tuple[int, int]] = []
        weak, signed = False, True
        for number, _ in powers:
            for fact in state.get(number, ()):
                if fact.sign == "=":
                    others = tuple((n, d - (n == number)) for n, d in powers)
                    return _Zero(fact.label, c / fact.scale, others)
        for number, e in powers:
            says = _most_telling(state.get(number, ()), e)
            if says is None or (says.sign == ">=" and e % 2 == 0):
                if e % 2:
                    return None
                squares.append((number, e // 2))
                continue
            found[says.label] = found.get(says.label, 0) + e
            if says.scale != 1:
                c /= says.scale**e
            weak |= says.sign == ">="
            signed &= says.sign != "!=" or e % 2 == 0
        return _Term(c, found, tuple(squares), weak, signed)


ONE = Polynomial.constant(1)
_ORDER = {(">", 0): 0, (">", 1): 0, ("!=", 0): 1, (">=", 1): 1, (">=", 0): 2, ("!=", 1): 2}


def _most_telling(several: Sequence[Says], e: int) -> Says | None:
    """Which fact about an atom says most of its power e; they are not 0."""
    return min(several, key=lambda says: _ORDER[says.sign, e % 2], default=None)


@dataclass(frozen=True, slots=True)
class _Term:
    """coefficient · Π fact^power · Π square², where facts are above 0, or not below (weak), or only not 0.

    Attributes:
        squares: powers of atoms.
    """

    coefficient: Fraction
    powers: Mapping[str | int, int]
    squares: Powers
    weak: bool
    signed: bool


@dataclass(frozen=True, slots=True)
class _Zero:
    """coefficient · Π atom^power · (what is 0)."""

    label: str | int
    coefficient: Fraction
    powers: Powers


def _may_contradict(sign: Sign, up: bool, terms: Terms, state: State) -> bool:
    """A quick look: False only if the signs of the terms surely allow what is known of their sum."""
    for c, powers in terms:
        positive: bool | None = (c.numerator > 0) == up
        for number, e in powers:
            several = state.get(number)
            if several is None:
                if e % 2:
                    positive = None
                continue
            first = several[0]
            if first.sign == "=" or any(says.sign == "=" for says in several):
                break
            # Of several facts that say less, the long way finds the right one.
            if e % 2 and positive is not None and (len(several) == 1 or first.sign == ">"):
                positive = (
                    None if first.sign == "!=" and sign != "=" else positive == (first.scale.numerator > 0)
                )
        else:
            if positive is None:
                return False
            alone = all(len(state.get(number, ())) < 2 for number, _ in powers)
            if sign == "!=" or (sign in (">", ">=") and positive and alone):
                return False
    return True


def _assuming(state: State, number: int, sign: int) -> State:
    _, relation, scale = _SAYS[sign]
    return {**state, number: (Says(relation, Fraction(scale), number), *state.get(number, ()))}


def _written(proof: _Proof, atoms: Sequence[Polynomial], assumed: int, labels: Mapping[int, str]) -> Node:
    """The proof as a node of a certificate, where assumptions have their labels."""
    if isinstance(proof, _Leaf):
        return _identity(proof, labels)
    here = {**labels, proof.atom: f"case {assumed + 1}"}
    cases = {
        _SAYS[sign][0]: _written(proof.cases[sign], atoms, assumed + 1, here) for sign in sorted(proof.cases)
    }
    return Compare(atoms[proof.atom], True, cases)


def _identity(leaf: _Leaf, labels: Mapping[int, str]) -> Identity:
    def said(label: str | int) -> str:
        return labels[label] if isinstance(label, int) else label

    return Identity(
        {said(label): p for label, p in leaf.cofactors.items() if p},
        {said(label): e for label, e in leaf.nonzero.items()},
        tuple(
            Product(c, {said(label): e for label, e in powers.items()}, squares)
            for c, powers, squares in leaf.positive
        ),
    )
