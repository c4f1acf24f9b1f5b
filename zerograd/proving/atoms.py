"""Facts as sums of products of what has a sign: unknowns, and factors of the facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from zerograd.core.numbers.polynomial import Monomial, Polynomial
from zerograd.core.refuting.facts import Fact, Sign
from zerograd.proving.ring import Ring

MAX_TERMS = 40
"""Terms of a fact; signs say little of longer ones."""

MIN_COLLECTED = 4
"""Terms of a sum of at least two products with a sum of at least two."""

Powers = tuple[tuple[int, int], ...]
"""Atoms, by their numbers, with exponents."""

Terms = tuple[tuple[Fraction, Powers], ...]
"""A sum of products."""


@dataclass(frozen=True, slots=True)
class Says:
    """A fact about an atom: ``scale`` · atom ``sign`` 0. ``label`` is a fact's, or the atom's number."""

    sign: Sign
    scale: Fraction
    label: str | int


@dataclass(frozen=True, slots=True)
class Relation:
    """What is known of a polynomial (by a fact, or else as the atom of this number), as a sum of products."""

    says: tuple[str, Sign] | int
    terms: Terms

    @property
    def atoms(self) -> set[int]:
        """All atoms of which it says something."""
        named = {number for _, powers in self.terms for number, _ in powers}
        return named | ({self.says} if isinstance(self.says, int) else set())


State = Mapping[int, tuple[Says, ...]]
"""What is known of atoms."""


def is_known(state: State, number: int) -> bool:
    """Whether the sign of an atom is."""
    return any(says.sign in ("=", ">") for says in state.get(number, ()))


class Atoms:
    """What the signs of some facts depend on.

    Attributes:
        atoms: unknowns and factors, by their numbers; polynomials of leading coefficient 1.
        relations: the facts as sums of products of atoms, each in several ways; and the atoms themselves.
        touching: those that speak of an atom.
        count: how many do.
        given: what facts say of single atoms.
    """

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self.atoms: list[Polynomial] = []
        self.numbers: dict[Polynomial, int] = {}
        self.relations: list[Relation] = []
        self.touching: dict[int, list[Relation]] = {}
        self.count: Counter[int] = Counter()
        self.given: dict[int, tuple[Says, ...]] = {}
        self.ring = Ring({name for fact in facts.values() for name in fact.polynomial.variables})
        self.facts = {label: fact for label, fact in facts.items() if len(fact.polynomial.terms) <= MAX_TERMS}
        self.without: set[frozenset[int]] = set()
        """Unknowns that were 0, all at once."""
        for label, fact in self.facts.items():
            factored = self._factored(fact.polynomial)
            if len(factored) == 1 and [e for _, e in factored[0][1]] == [1]:
                scale, ((number, _),) = factored[0]
                self.given[number] = (*self.given.get(number, ()), Says(fact.sign, scale, label))
            terms = {factored, self._monomials(fact.polynomial)}
            for several in sorted(terms, key=len):
                self._relate(Relation((label, fact.sign), several))
        long = {number for number, atom in enumerate(self.atoms) if len(atom.terms) > 1}
        for label, fact in self.facts.items() if long else ():
            for several in self._collected(fact.polynomial):
                if any(number in long for _, powers in several for number, _ in powers):
                    self._relate(Relation((label, fact.sign), several))

    def _relate(self, relation: Relation) -> None:
        self.relations.append(relation)
        self.count.update(relation.atoms)
        for number in relation.atoms:
            self.touching.setdefault(number, []).append(relation)

    def _factored(self, p: Polynomial) -> Terms:
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

    def _collected(self, p: Polynomial) -> Iterator[Terms]:
        """A sum by the unknowns of one array, as Σ r·z over samples, with coefficients that have factors."""
        if len(p.terms) < MIN_COLLECTED:
            return
        for array in sorted({name.partition("[")[0] for name in p.variables}):
            coefficients: dict[Monomial, dict[Monomial, Fraction]] = {}
            for monomial, c in p.terms.items():
                own = tuple((name, e) for name, e in monomial if name.partition("[")[0] == array)
                rest = tuple((name, e) for name, e in monomial if name.partition("[")[0] != array)
                coefficients.setdefault(own, {})[rest] = c
            if 1 < len(coefficients) < len(p.terms):
                terms = []
                for own, coefficient in coefficients.items():
                    ((scale, powers),) = self._factored(Polynomial(coefficient))
                    ((_, more),) = self._monomials(Polynomial({own: Fraction(1)}))
                    terms.append((scale, (*powers, *more)))
                yield tuple(terms)

    def _number(self, atom: Polynomial) -> int:
        if atom not in self.numbers:
            number = self.numbers[atom] = len(self.atoms)
            self.atoms.append(atom)
            if len(atom.terms) > 1:
                self._relate(Relation(number, self._monomials(atom)))
        return self.numbers[atom]

    def leave_out(self, state: State) -> Sequence[Relation]:
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
                self._relate(Relation((label, fact.sign), (*factored, *self._monomials(p - rest))))
        return self.relations[before:]

    def _monomials(self, p: Polynomial) -> Terms:
        return tuple(
            (c, tuple((self._number(Polynomial.variable(name)), e) for name, e in monomial))
            for monomial, c in p.terms.items()
        )
