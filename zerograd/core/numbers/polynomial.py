"""Polynomials in named variables over the rationals, as immutable values of a ring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import lcm
from typing import Any

from zerograd.core.errors import FormatError, short
from zerograd.core.numbers.lowest import in_lowest_terms
from zerograd.core.numbers.rationals import MAX_DOCUMENT_DIGITS, parse_rational, rational_text
from zerograd.core.numbers.work import bits, fractional, is_counted, spend, whole

Monomial = tuple[tuple[str, int], ...]
"""Variables with their exponents, sorted by name; ``()`` is 1."""


@dataclass(frozen=True, slots=True)
class Polynomial:
    """``terms`` maps monomials to coefficients other than 0."""

    terms: Mapping[Monomial, Fraction]

    @classmethod
    def constant(cls, value: int | Fraction) -> Polynomial:
        return cls({(): Fraction(value)} if value else {})

    @classmethod
    def variable(cls, name: str) -> Polynomial:
        return cls({((name, 1),): Fraction(1)})

    def _lift(self, other: Polynomial | int | Fraction) -> Polynomial:
        return other if isinstance(other, Polynomial) else Polynomial.constant(other)

    def __add__(self, other: Polynomial | int | Fraction) -> Polynomial:
        more = self._lift(other).terms
        spend(len(self.terms) // 16 + 2 * len(more))
        terms = dict(self.terms)
        for monomial, c in more.items():
            known = terms.get(monomial)
            if known is None:
                terms[monomial] = c
                continue
            length = max(bits(known), bits(c))
            if length > _SHORT:
                spend(fractional(length))
            total = known + c
            if total:
                terms[monomial] = total
            else:
                del terms[monomial]
        return Polynomial(terms)

    __radd__ = __add__

    def __neg__(self) -> Polynomial:
        return Polynomial({monomial: _negative(c) for monomial, c in self.terms.items()})

    def __sub__(self, other: Polynomial | int | Fraction) -> Polynomial:
        return self + -self._lift(other)

    def __rsub__(self, other: int | Fraction) -> Polynomial:
        return -self + other

    def __mul__(self, other: Polynomial | int | Fraction) -> Polynomial:
        factor = self._lift(other)
        if is_counted():
            spend(_product_work(self.terms, factor.terms))
        for alone, others in ((self.terms, factor.terms), (factor.terms, self.terms)):
            if len(alone) == 1:
                ((monomial, c),) = alone.items()
                if c == 1:  # most products: of variables
                    return Polynomial({_product(monomial, m): other for m, other in others.items()})
                if c == -1:
                    return Polynomial({_product(monomial, m): _negative(v) for m, v in others.items()})
        one, two = _cleared(self.terms), _cleared(factor.terms)
        if one is None or two is None:
            return self._multiplied(factor)
        products: dict[Monomial, int] = {}
        for m1, c1 in one[0]:
            for m2, c2 in two[0]:
                monomial = _product(m1, m2)
                products[monomial] = products.get(monomial, 0) + c1 * c2
        bottom = one[1] * two[1]
        if bottom == 1:
            return Polynomial({monomial: in_lowest_terms(c, 1) for monomial, c in products.items() if c})
        return Polynomial({monomial: Fraction(c, bottom) for monomial, c in products.items() if c})

    __rmul__ = __mul__

    def _multiplied(self, other: Polynomial) -> Polynomial:
        """The product, term by term: denominators have too little in common."""
        terms: dict[Monomial, Fraction] = {}
        for m1, c1 in self.terms.items():
            for m2, c2 in other.terms.items():
                monomial = _product(m1, m2)
                total = terms.get(monomial, _NOTHING)
                spend(2 * fractional(max(bits(c1) + bits(c2), bits(total))))
                terms[monomial] = total + c1 * c2
        return Polynomial({monomial: c for monomial, c in terms.items() if c})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __str__(self) -> str:
        text = ""
        for monomial, c in sorted(self.terms.items(), reverse=True):
            powers = "*".join(name if e == 1 else f"{name}**{e}" for name, e in monomial)
            size = "" if abs(c) == 1 and powers else rational_text(abs(c))
            term = size + ("*" if size and powers else "") + powers
            text += (" - " if c < 0 else " + ") + term if text else ("-" if c < 0 else "") + term
        return text or "0"

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(name for monomial in self.terms for name, _ in monomial)

    @property
    def is_constant(self) -> bool:
        return not self.terms or set(self.terms) == {()}

    @property
    def constant_term(self) -> Fraction:
        return self.terms.get((), Fraction(0))

    def at(self, values: Mapping[str, int | Fraction]) -> Polynomial:
        """With numbers in place of some variables."""
        if not any(name in values for monomial in self.terms for name, _ in monomial):
            return self
        spend(3 * len(self.terms))
        terms: dict[Monomial, Fraction] = {}
        for monomial, c in self.terms.items():
            value, rest = c, []
            for name, exponent in monomial:
                if name in values:
                    length = max(bits(value), exponent * bits(values[name]))
                    if length > _SHORT:
                        spend(2 * fractional(length))
                    value = value * values[name] ** exponent
                else:
                    rest.append((name, exponent))
            if value:
                terms[tuple(rest)] = terms.get(tuple(rest), Fraction(0)) + value
        return Polynomial({monomial: c for monomial, c in terms.items() if c})

    def renamed(self, names: Mapping[str, str]) -> Polynomial:
        """With other names for its variables; those not in ``names`` keep theirs."""
        spend(2 * len(self.terms))
        return Polynomial(
            {
                tuple(sorted((names.get(n, n), e) for n, e in monomial)): c
                for monomial, c in self.terms.items()
            }
        )

    def to_json(self) -> list[list[str]]:
        """A list of terms: a coefficient, then variables, repeated for powers."""
        return [
            [rational_text(c), *(name for name, exponent in monomial for _ in range(exponent))]
            for monomial, c in sorted(self.terms.items(), reverse=True)
        ]

    def monic(self) -> Polynomial:
        """Divided by the coefficient of its last monomial in sorted order (0 stays 0)."""
        if not self.terms:
            return self
        leading = self.terms[max(self.terms)]
        spend(len(self.terms) * fractional(bits(leading)))
        return Polynomial({monomial: c / leading for monomial, c in self.terms.items()})


_NOTHING = Fraction(0)
_SHORT = 1024
"""Bits up to which one step with a coefficient is as good as free."""


def _product_work(a: Mapping[Monomial, Fraction], b: Mapping[Monomial, Fraction]) -> int:
    """What a product costs: for each two terms, the variables and the product of the coefficients."""
    if not a or not b:
        return 1
    longest, other = (max(map(bits, terms.values())) for terms in (a, b))
    variables = sum(max(map(len, terms)) for terms in (a, b))
    each = 1 + variables // 4 + whole(longest, other)
    return len(a) * len(b) * each + (len(a) + len(b)) * fractional(max(longest, other)) // 4


def _cleared(terms: Mapping[Monomial, Fraction]) -> tuple[list[tuple[Monomial, int]], int] | None:
    """Integer coefficients over a common denominator; None where that is much longer than one of them."""
    bottom, longest = 1, 0
    for c in terms.values():
        if c.denominator != 1:
            bottom, longest = lcm(bottom, c.denominator), max(longest, c.denominator.bit_length())
            length = bottom.bit_length()
            if length > _SHORT:
                spend(fractional(length))
                if length > 2 * longest:
                    return None
    return [(monomial, c.numerator * (bottom // c.denominator)) for monomial, c in terms.items()], bottom


def _negative(c: Fraction) -> Fraction:
    return in_lowest_terms(-c.numerator, c.denominator)


def _product(a: Monomial, b: Monomial) -> Monomial:
    if not a or not b:
        return a or b
    if a[-1][0] < b[0][0]:
        return a + b
    if b[-1][0] < a[0][0]:
        return b + a
    powers = dict(a)
    for name, exponent in b:
        powers[name] = powers.get(name, 0) + exponent
    return tuple(sorted(powers.items()))


def polynomial_from_json(data: object) -> Polynomial:
    """The inverse of `Polynomial.to_json`. Raises FormatError."""
    if not isinstance(data, list):
        raise FormatError(f"expected a polynomial, as a list of terms, found {short(data)}")
    terms: dict[Monomial, Fraction] = {}
    for term in data:
        monomial, c = _term(term)
        if monomial in terms or not c:
            raise FormatError(f"the term {short(term)} is zero, or stands twice")
        terms[monomial] = c
    return Polynomial(terms)


def _term(data: Any) -> tuple[Monomial, Fraction]:
    # A JSON number such as 1.0, kept as its text, is of another type: it is no text.
    if not isinstance(data, list) or not data or not all(type(part) is str for part in data):
        raise FormatError(f'expected a term such as ["-1/2", "w1[0,0]", "x[0,0]"], found {short(data)}')
    spend(2 + len(data) // 4)
    try:
        coefficient = parse_rational(data[0], MAX_DOCUMENT_DIGITS)
    except ValueError as error:
        raise FormatError(str(error)) from None
    powers = ((name, len(list(same))) for name, same in groupby(sorted(data[1:])))
    return tuple(powers), Fraction(coefficient)
