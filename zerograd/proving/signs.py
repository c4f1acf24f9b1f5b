"""Facts that contradict one another by the signs of what they are made of: products of signs, sums of like signs.

Unknowns, and factors of the facts, are *atoms*. An atom is negative, zero or positive; once enough of them are
known, all terms of some fact have one sign, and it is not the fact's. The identity that says so is written down:
nothing is solved. No solver is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Compare, Identity, Node, Product
from zerograd.core.refuting.facts import Either, Fact, Sign
from zerograd.core.refuting.refutation import Facts
from zerograd.proving.ring import Ring

TRIES = 150
"""Atoms whose signs are distinguished before it is given up."""

MAX_TERMS = 40
"""Terms of a fact; signs say little of longer ones."""

Powers = tuple[tuple[int, int], ...]
"""Atoms, by their numbers, with exponents."""

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
    return None if found is None else _written(found, search.atoms, assumed, {})


@dataclass(frozen=True, slots=True)
class _Says:
    """A fact about an atom: ``scale`` · atom ``sign`` 0. ``label`` is a fact's, or the atom's number."""

    sign: Sign
    scale: Fraction
    label: str | int


@dataclass(frozen=True, slots=True)
class _Relation:
    """What is known of a polynomial (by a fact, or else as the atom of this number), as a sum of products."""

    says: tuple[str, Sign] | int
    terms: tuple[tuple[Fraction, Powers], ...]

    @property
    def atoms(self) -> set[int]:
        """All atoms of which it says something."""
        named = {number for _, powers in self.terms for number, _ in powers}
        return named | ({self.says} if isinstance(self.says, int) else set())


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
_State = Mapping[int, tuple[_Says, ...]]


class _Signs:
    def __init__(self, facts: Mapping[str, Fact], keep_time: Callable[[], object], tries: int) -> None:
        self.keep_time, self.tries = keep_time, tries
        self.atoms: list[Polynomial] = []
        self.numbers: dict[Polynomial, int] = {}
        self.relations: list[_Relation] = []
        self.touching: dict[int, list[_Relation]] = {}
        self.count: Counter[int] = Counter()
        self.given: dict[int, tuple[_Says, ...]] = {}
        self.ring = Ring({name for fact in facts.values() for name in fact.polynomial.variables})
        self.facts = {label: fact for label, fact in facts.items() if len(fact.polynomial.terms) <= MAX_TERMS}
        self.without: set[frozenset[int]] = set()
        """Unknowns that were 0, all at once."""
        for label, fact in self.facts.items():
            factored = self._factored(fact.polynomial)
            if len(factored) == 1 and [e for _, e in factored[0][1]] == [1]:
                scale, ((number, _),) = factored[0]
                self.given[number] = (*self.given.get(number, ()), _Says(fact.sign, scale, label))
            terms = {factored, self._monomials(fact.polynomial)}
            for several in sorted(terms, key=len):
                self._relate(_Relation((label, fact.sign), several))

    def _relate(self, relation: _Relation) -> None:
        self.relations.append(relation)
        self.count.update(relation.atoms)
        for number in relation.atoms:
            self.touching.setdefault(number, []).append(relation)

    def _factored(self, p: Polynomial) -> tuple[tuple[Fraction, Powers], ...]:
        """A polynomial as one product of atoms; of none, if it is 0."""
        if not p:
            return ()
        constant, parts = self.ring.to(p).factor()
        scale = Fraction(int(constant.p), int(constant.q))
        powers = []
        for part, exponent in parts:
            own = self.ring.back(part)
            leading = own.terms[max(own.terms)]
            scale *= leading ** int(exponent)
            powers.append((self._number(own * (1 / leading)), int(exponent)))
        return ((scale, tuple(powers)),)

    def _number(self, atom: Polynomial) -> int:
        if atom not in self.numbers:
            number = self.numbers[atom] = len(self.atoms)
            self.atoms.append(atom)
            if len(atom.terms) > 1:
                self._relate(_Relation(number, self._monomials(atom)))
        return self.numbers[atom]

    def _leave_out(self, state: _State) -> Sequence[_Relation]:
        """New relations: once unknowns are 0, what is left of a fact may have factors."""
        zero = frozenset(
            number
            for number, several in state.items()
            if len(self.atoms[number].terms) == 1 and any(says.sign == "=" for says in several)
        )
        if not zero or zero in self.without:
            return ()
        before = len(self.relations)
        self.without.add(zero)
        gone = {name for number in zero for name in self.atoms[number].variables}
        for label, fact in self.facts.items():
            p = fact.polynomial
            rest = p.at(dict.fromkeys(gone, 0))
            if p != rest and len(rest.terms) > 1 and len((factored := self._factored(rest))[0][1]) > 1:
                self._relate(_Relation((label, fact.sign), (*factored, *self._monomials(p - rest))))
        return self.relations[before:]

    def _monomials(self, p: Polynomial) -> tuple[tuple[Fraction, Powers], ...]:
        return tuple(
            (c, tuple((self._number(Polynomial.variable(name)), e) for name, e in monomial))
            for monomial, c in p.terms.items()
        )

    # --- the search ------------------------------------------------------------------------

    def refute(self) -> _Proof | None:
        """A proof that the facts do not go together."""
        return self._at_once(self.relations, self.given) or self._branch(
            self.given, {}, range(len(self.atoms))
        )

    def _at_once(self, relations: Iterable[_Relation], state: _State) -> _Leaf | None:
        for relation in relations:
            if (leaf := self._leaf(relation, state)) is not None:
                return leaf
        return None

    def _branch(
        self, state: _State, closed: Mapping[int, Mapping[int, _Leaf]], changed: Iterable[int]
    ) -> _Proof | None:
        """A proof for these signs of atoms.

        Args:
            closed: signs of atoms that cannot be, as far as it was known before.
            changed: the atoms of which more may be known now.
        """
        self.tries -= 1
        if self.tries < 0:
            return None
        self.keep_time()
        new = self._leave_out(state)
        if (leaf := self._at_once(new, state)) is not None:
            return leaf
        closed = dict(closed)
        for number in {*changed, *self._named(new)}:
            if not _is_known(state, number):
                closed[number] = self._closed(number, state, closed.get(number, {}))
                for leaf in closed[number].values():
                    if number not in leaf.used:
                        return leaf
        choices = [number for number in range(len(self.atoms)) if not _is_known(state, number)]
        if not choices:
            return None
        number = min(choices, key=lambda n: (max(1, 3 - len(closed.get(n, {}))), -self.count[n], n))
        proofs: dict[int, _Proof] = dict(closed.pop(number, {}))
        near = self._named(self.touching.get(number, ()))
        for sign in (0, 1, -1):
            if sign not in proofs:
                proof = self._branch(_assuming(state, number, sign), closed, near)
                if proof is None or number not in proof.used:
                    return proof
                proofs[sign] = proof
        return _Cases(number, proofs)

    def _named(self, relations: Iterable[_Relation]) -> set[int]:
        return {number for relation in relations for number in relation.atoms}

    def _closed(self, number: int, state: _State, before: Mapping[int, _Leaf]) -> Mapping[int, _Leaf]:
        """The signs of an atom that cannot be."""
        found = dict(before)
        for sign in _SAYS.keys() - before.keys():
            inner = _assuming(state, number, sign)
            if (leaf := self._at_once(self.touching.get(number, ()), inner)) is not None:
                found[sign] = leaf
        return found

    # --- identities ------------------------------------------------------------------------

    def _leaf(self, relation: _Relation, state: _State) -> _Leaf | None:
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
        terms: Sequence[tuple[Fraction, Powers]],
        state: _State,
    ) -> _Leaf | None:
        """Σ of the terms times ``scale`` is what the fact is about."""
        if not _may_contradict(sign, scale > 0, terms, state):
            return None
        known = []
        for c, powers in terms:
            term = self._term(scale * c, powers, state)
            if term is None:
                return None
            known.append(term)
        zero: dict[str | int, Polynomial] = {}
        for term in known:
            if isinstance(term, _Zero):
                zero[term.label] = zero.get(term.label, Polynomial.constant(0)) + term.cofactor
        rest = [term for term in known if isinstance(term, _Term)]
        if sign == "!=":
            return None if rest else _Leaf(zero, {label: 1})
        if sign == "=" and len(rest) == 1 and not rest[0].squares and not rest[0].weak:
            # c · (what is not 0) = fact − (what is 0)
            by = 1 / rest[0].coefficient
            cofactors = {key: -p * by for key, p in zero.items()}
            cofactors[label] = cofactors.get(label, Polynomial.constant(0)) + by
            return _Leaf(cofactors, rest[0].powers)
        if any(not term.signed for term in rest):
            return None
        signs = {term.coefficient > 0 for term in rest}
        strict = sign == ">" or any(not term.weak and not term.squares for term in rest)
        if len(signs) > 1 or not strict:
            return None
        if sign == "=":
            up = signs == {True}
            cofactors = {key: p * (-1 if up else 1) for key, p in zero.items()}
            cofactors[label] = cofactors.get(label, Polynomial.constant(0)) + (1 if up else -1)
            return _Leaf(cofactors, {}, tuple((abs(t.coefficient), t.powers, t.squares) for t in rest))
        if signs == {True}:
            return None
        own = (Fraction(1), {label: 1}, ())
        return _Leaf(zero, {}, (own, *((-t.coefficient, t.powers, t.squares) for t in rest)))

    def _term(self, c: Fraction, powers: Powers, state: _State) -> _Term | _Zero | None:
        """What is known of a product of atoms; None if too little."""
        found: dict[str | int, int] = {}
        squares: list[Polynomial] = []
        weak, signed = False, True
        for number, e in powers:
            for says in state.get(number, ()):
                if says.sign == "=":
                    others = [(n, d - (n == number)) for n, d in powers]
                    cofactor = prod((self.atoms[n] for n, d in others for _ in range(d)), start=ONE)
                    return _Zero(says.label, cofactor * (c / says.scale))
        for number, e in powers:
            says = min(state.get(number, ()), key=lambda says: _ORDER[says.sign, e % 2], default=None)
            if says is None or (says.sign == ">=" and e % 2 == 0):
                if e % 2:
                    return None
                squares.append(prod((self.atoms[number] for _ in range(e // 2)), start=ONE))
                continue
            found[says.label] = found.get(says.label, 0) + e
            c /= says.scale**e
            weak |= says.sign == ">="
            signed &= says.sign != "!=" or e % 2 == 0
        return _Term(c, found, tuple(squares), weak, signed)


ONE = Polynomial.constant(1)
_ORDER = {(">", 0): 0, (">", 1): 0, ("!=", 0): 1, (">=", 1): 1, (">=", 0): 2, ("!=", 1): 2}
"""Which fact about an atom says most of its powers, even or odd."""


@dataclass(frozen=True, slots=True)
class _Term:
    """coefficient · Π fact^power · Π square², where facts are above 0, or not below (weak), or only not 0."""

    coefficient: Fraction
    powers: Mapping[str | int, int]
    squares: tuple[Polynomial, ...]
    weak: bool
    signed: bool


@dataclass(frozen=True, slots=True)
class _Zero:
    """cofactor · (what is 0)."""

    label: str | int
    cofactor: Polynomial


def _is_known(state: _State, number: int) -> bool:
    """Whether the sign of an atom is."""
    return any(says.sign in ("=", ">") for says in state.get(number, ()))


def _may_contradict(sign: Sign, up: bool, terms: Sequence[tuple[Fraction, Powers]], state: _State) -> bool:
    """A quick look: False only if the signs of the terms surely allow what is known of their sum."""
    signs = set()
    for c, powers in terms:
        positive: bool | None = (c > 0) == up
        for number, e in powers:
            several = state.get(number)
            if several is None:
                if e % 2:
                    positive = None
                continue
            first = several[0]
            if first.sign == "=" or any(says.sign == "=" for says in several):
                break
            if e % 2 and positive is not None:
                if len(several) == 1 or first.sign == ">":
                    positive = None if first.sign == "!=" and sign != "=" else positive == (first.scale > 0)
                # of several facts that say less, the long way finds the right one
        else:
            if positive is None:
                return False
            signs.add(positive)
            if sign == "!=" or (
                sign in (">", ">=") and positive and all(len(state.get(n, ())) < 2 for n, _ in powers)
            ):
                return False
    return True


def _assuming(state: _State, number: int, sign: int) -> _State:
    _, relation, scale = _SAYS[sign]
    return {**state, number: (_Says(relation, Fraction(scale), number), *state.get(number, ()))}


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
