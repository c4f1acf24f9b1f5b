"""Polynomials of the core as FLINT's, and linear algebra over their monomials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from zerograd.core.numbers.polynomial import Polynomial

Exponents = tuple[int, ...]
Terms = Mapping[Exponents, Fraction]

PRIME = 2**61 - 1
"""What is solved modulo this is made rational again, and then checked."""


class Ring:
    """The polynomials in some variables. ``to`` and ``back`` translate."""

    def __init__(self, names: Iterable[str]) -> None:
        from flint import Ordering, fmpq_mpoly_ctx

        self.names = sorted(names)
        self.context = fmpq_mpoly_ctx.get(self.names or ["unused"], Ordering.degrevlex)
        self.position = {name: i for i, name in enumerate(self.names)}
        self.width = max(1, len(self.names))

    def to(self, p: Polynomial) -> Any:
        from flint import fmpq

        terms = {}
        for monomial, c in p.terms.items():
            exponents = [0] * self.width
            for name, e in monomial:
                exponents[self.position[name]] = e
            terms[tuple(exponents)] = fmpq(c.numerator, c.denominator)
        return self.context.from_dict(terms)

    def back(self, p: Any) -> Polynomial:
        return self.polynomial(terms_of(p))

    def polynomial(self, terms: Terms) -> Polynomial:
        return Polynomial(
            {
                tuple((self.names[i], e) for i, e in enumerate(exponents) if e): c
                for exponents, c in terms.items()
                if c
            }
        )


def terms_of(p: Any) -> dict[Exponents, Fraction]:
    """The terms of one of FLINT's polynomials, in Python's own numbers."""
    return {tuple(map(int, e)): Fraction(int(c.p), int(c.q)) for e, c in p.to_dict().items()}


def factors(p: Polynomial) -> list[Polynomial]:
    """The irreducible factors that are no constants, without their powers."""
    if p.is_constant:
        return []
    ring = Ring(p.variables)
    _, found = ring.to(p).factor()
    return [ring.back(factor) for factor, _ in found]


def gradings(polynomials: Iterable[Any]) -> list[list[int]]:
    """A basis of the weights of the unknowns under which each of the polynomials is homogeneous."""
    from flint import fmpz_mat

    differences = []
    for p in polynomials:
        first, *others = p.to_dict() or [()]
        differences += [[a - b for a, b in zip(other, first, strict=True)] for other in others]
    if not differences:
        return []
    basis, nullity = fmpz_mat(differences).nullspace()
    return [[int(basis[i, j]) for i in range(basis.nrows())] for j in range(nullity)]


def degree_under(weights: Sequence[Sequence[int]], p: Any) -> tuple[int, ...]:
    """The degree of a polynomial other than 0 that is homogeneous under the weights."""
    exponents = next(iter(p.to_dict()))
    return tuple(sum(w * e for w, e in zip(weight, exponents, strict=True)) for weight in weights)


@dataclass(slots=True)
class Span:
    """The multiples of some polynomials by monomials, as a matrix: what can be written by them.

    Attributes:
        generators: the polynomials.
        rows: (number of a generator, monomial).
    """

    generators: Sequence[Terms]
    rows: list[tuple[int, Exponents]] = field(default_factory=list)
    monomials: dict[Exponents, int] = field(default_factory=dict)

    @classmethod
    def towards(
        cls, generators: Sequence[Terms], targets: Sequence[Terms], *, degree: int, most: int
    ) -> Span:
        """Multiples that share a monomial with a target, or with such a multiple, up to a degree."""
        span = cls(generators)
        pending = sorted({e for target in targets for e in target})
        span.monomials = {e: n for n, e in enumerate(pending)}
        degrees = [max((sum(e) for e in g), default=0) for g in generators]
        seen: set[tuple[int, Exponents]] = set()
        while pending and span.size <= most:
            wanted, pending = pending, []
            for monomial in wanted:
                for number, generator in enumerate(generators):
                    for own in generator:
                        quotient = tuple(a - b for a, b in zip(monomial, own, strict=True))
                        if min(quotient) < 0 or (number, quotient) in seen:
                            continue
                        if sum(quotient) + degrees[number] > degree:
                            continue
                        seen.add((number, quotient))
                        span.rows.append((number, quotient))
                        for term in generator:
                            product = tuple(a + b for a, b in zip(term, quotient, strict=True))
                            if product not in span.monomials:
                                span.monomials[product] = len(span.monomials)
                                pending.append(product)
        span.rows.sort(key=lambda row: (sum(row[1]), row[0]))
        return span

    @property
    def size(self) -> int:
        """The entries of the matrix."""
        return len(self.rows) * len(self.monomials)

    def solve(self, targets: Sequence[Terms]) -> Solution:
        """The echelon form of the multiples, with the targets beside them."""
        from flint import nmod_mat

        height, width = len(self.monomials), len(self.rows) + len(targets)
        table = [[0] * width for _ in range(height)]
        for column, (number, shift) in enumerate(self.rows):
            for exponents, c in self.generators[number].items():
                product = tuple(a + b for a, b in zip(exponents, shift, strict=True))
                table[self.monomials[product]][column] = _residue(c)
        for n, target in enumerate(targets):
            for exponents, c in target.items():
                table[self.monomials[exponents]][len(self.rows) + n] = _residue(c)
        echelon, rank = nmod_mat(table, PRIME).rref()
        first = len(self.rows)
        pivots: list[int] = []
        for i in range(rank):
            column = pivots[-1] + 1 if pivots else 0
            while not int(echelon[i, column]):
                column += 1
            pivots.append(column)
        values = [[int(echelon[i, j]) for j in range(first, width)] for i in range(rank)]
        return Solution(self, pivots, values)


@dataclass(frozen=True, slots=True)
class Solution:
    """The echelon form, modulo `PRIME`.

    Attributes:
        pivots: the column of each row's first entry; those of the multiples come before those of the targets.
        values: what stands in each row in the columns of the targets.
    """

    span: Span
    pivots: Sequence[int]
    values: Sequence[Sequence[int]]

    @property
    def _beyond(self) -> list[Sequence[int]]:
        """The rows in which no multiple stands."""
        first = len(self.span.rows)
        return [row for pivot, row in zip(self.pivots, self.values, strict=True) if pivot >= first]

    def reaches(self, n: int) -> bool:
        """Whether target n is a combination of the multiples."""
        return not any(row[n] for row in self._beyond)

    def remainders(self) -> list[list[Fraction]]:
        """Rows that annihilate those combinations of targets that are combinations of the multiples."""
        return [[_rational(v) for v in row] for row in self._beyond]

    def cofactors(self, weights: Mapping[int, Fraction]) -> list[dict[Exponents, Fraction]]:
        """The cofactors of each generator in Σ weight · target."""
        result: list[dict[Exponents, Fraction]] = [{} for _ in self.span.generators]
        for pivot, row in zip(self.pivots, self.values, strict=True):
            if pivot >= len(self.span.rows):
                continue
            c = sum((w * _rational(row[n]) for n, w in weights.items()), Fraction(0))
            if c:
                number, shift = self.span.rows[pivot]
                result[number][shift] = c
        return result


def _residue(c: Fraction) -> int:
    return c.numerator * pow(c.denominator, -1, PRIME) % PRIME


def _rational(value: int) -> Fraction:
    """The fraction of small numerator and denominator (Wang, Guy and Davenport, SIGSAM Bulletin 16, 1982)."""
    a, b, u, v = PRIME, value, 0, 1
    bound = 1 << 30
    while b > bound:
        q = a // b
        a, b, u, v = b, a - q * b, v, u - q * v
    return Fraction(b, v)
