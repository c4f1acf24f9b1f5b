"""Closed forms: polynomials over ℚ in π and the logarithms of primes, such as 1/2 + 3·log 2.

The value is 0 if no term is left; otherwise its sign is found by enclosing it. A closed form of degree 1, or
in one of these numbers alone, is not 0 if a term is left: 1, π and the logarithms of primes are linearly
independent over ℚ (A. Baker, Mathematika 13, 1966; without π it is the theorem of Hermite and Lindemann, with
unique factorisation), and each of them is transcendental (Lindemann). So enclosures tell its sign in the end.
For other closed forms that is a conjecture (Schanuel's), and nothing here rests on it: whoever asks for a
sign that enclosures of `MAX_PRECISION` bits do not show is told so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import TypeAlias

from zerograd.core.errors import FormatError
from zerograd.core.numbers.enclosure import IntervalFunctions
from zerograd.core.numbers.field import Algebraic
from zerograd.core.numbers.functions import NotClosed, Straddles
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.irrational import Irrational
from zerograd.core.numbers.polynomial import Monomial, Polynomial
from zerograd.core.numbers.rationals import rational_text
from zerograd.core.numbers.work import remembered, spend, whole

MAX_TERMS = 256
MAX_PRODUCTS = 2**12
"""Most products of two terms that one multiplication takes."""
MAX_DEGREE = 32
MAX_BITS = 2**16
"""Longest numerator or denominator of a coefficient."""
MAX_PRECISION = 2**13
"""Significant bits of the finest enclosure that is asked for a sign."""
MAX_DIVISOR = 2**16
"""Largest prime by which numbers are divided to factor them; what is left has to be below its square."""
MAX_LOG_BITS = 2**12
"""Longest numerator or denominator of a rational number whose logarithm is taken."""

PI = "pi"

Value: TypeAlias = "int | Fraction | Closed"


@dataclass(frozen=True, slots=True, eq=False)
class Closed(Irrational):
    """A polynomial in the variables ``pi`` and ``log(p)``, for primes p, that is no constant.

    Results of + − · are rational numbers where they are constants, and raise NotClosed where they are beyond
    the bounds of this module.

    Raises:
        ValueError: a constant.
        NotClosed: more than `MAX_TERMS` terms, or a degree or coefficient beyond the bounds.
    """

    polynomial: Polynomial

    def __post_init__(self) -> None:
        if self.polynomial.is_constant:
            raise ValueError(f"{self.polynomial} is rational")
        terms = self.polynomial.terms
        if len(terms) > MAX_TERMS:
            raise NotClosed(f"a closed form has more than {MAX_TERMS} terms")
        if max(map(_degree, terms)) > MAX_DEGREE:
            raise NotClosed(f"a closed form has a degree above {MAX_DEGREE}")
        if any(max(c.numerator.bit_length(), c.denominator.bit_length()) > MAX_BITS for c in terms.values()):
            raise NotClosed("a coefficient of a closed form is too long")

    def _lift(self, other: object) -> Polynomial | None:
        if isinstance(other, Closed):
            return other.polynomial
        if isinstance(other, int | Fraction):
            return Polynomial.constant(other)
        if isinstance(other, Algebraic):
            value = other.rational()
            if value is not None:
                return Polynomial.constant(value)
            raise FormatError("closed forms and numbers of a number field cannot be combined")
        return None

    def __add__(self, other: object) -> Value:
        q = self._lift(other)
        return NotImplemented if q is None else closed(self.polynomial + q)

    __radd__ = __add__

    def __neg__(self) -> Closed:
        return Closed(-self.polynomial)

    def __sub__(self, other: object) -> Value:
        q = self._lift(other)
        return NotImplemented if q is None else closed(self.polynomial - q)

    def __rsub__(self, other: object) -> Value:
        q = self._lift(other)
        return NotImplemented if q is None else closed(q - self.polynomial)

    def __mul__(self, other: object) -> Value:
        q = self._lift(other)
        if q is None:
            return NotImplemented
        if len(self.polynomial.terms) * len(q.terms) > MAX_PRODUCTS:
            raise NotClosed(f"a closed form has more than {MAX_TERMS} terms")
        return closed(self.polynomial * q)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Value:
        """Raises ZeroDivisionError, and NotClosed where the quotient is no closed form."""
        q = self._lift(other)
        return NotImplemented if q is None else _quotient(self.polynomial, q)

    def __rtruediv__(self, other: object) -> Value:
        q = self._lift(other)
        return NotImplemented if q is None else _quotient(q, self.polynomial)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int | Fraction | Closed):
            return NotImplemented
        if isinstance(other, Closed) and self.polynomial == other.polynomial:
            return True  # no work, which caches would do at times
        difference = self - other
        return difference == 0 if isinstance(difference, int | Fraction) else difference.sign() == 0

    def __hash__(self) -> int:
        return hash(self.polynomial)  # closed forms that are found equal have equal polynomials

    @property
    def terms(self) -> list[tuple[tuple[tuple[int | None, int], ...], Fraction]]:
        """Terms, the constant first: ((prime, or None for π; power), …) and the coefficient of each."""
        named = [
            (tuple(sorted(((_prime(name), power) for name, power in m), key=_place)), c)
            for m, c in self.polynomial.terms.items()
        ]
        return sorted(named, key=lambda term: (sum(p for _, p in term[0]), [*map(_place, term[0])]))

    def exponents(self) -> dict[int, Fraction] | None:
        """The numbers c_p for which the value is Σ c_p·log p; None where there are none."""
        found = {}
        for monomial, coefficient in self.terms:
            if len(monomial) != 1 or monomial[0][0] is None or monomial[0][1] != 1:
                return None
            found[monomial[0][0]] = coefficient
        return found

    def turns(self) -> Fraction | None:
        """The number c for which the value is c·π; None where there is none."""
        (monomial, coefficient), *others = self.polynomial.terms.items()
        return coefficient if monomial == ((PI, 1),) and not others else None

    def rational(self) -> None:
        """Return None: closed forms that are constants are rational numbers."""

    def enclosure(self, level: int) -> tuple[Fraction, Fraction]:
        """An interval around the number that shrinks as ``level`` = 0, 1, 2, … grows."""
        interval = self.interval(64 << level)
        return interval.low, interval.high

    def interval(self, bits: int) -> Interval:
        """An enclosure calculated with so many significant bits."""
        total = Interval.of(0, bits)
        spend(len(self.polynomial.terms) * 4 * whole(bits, bits))
        for monomial, c in self.polynomial.terms.items():
            total = total + _enclosed(monomial, bits) * c
        return total

    def sign(self) -> int:
        """−1 or 1. Raises Straddles if `MAX_PRECISION` bits do not show it."""
        bits = 64
        while bits <= MAX_PRECISION:
            sign = self.interval(bits).sign()
            if sign:
                return sign
            bits *= 2
        raise Straddles(f"the sign of a closed form is not seen by {MAX_PRECISION} bits")

    def __str__(self) -> str:
        """``1/2 + 3·log(2)``, ``-π/2``."""
        return self.written("·", "π", "^")

    def written(self, times: str, pi: str, power: str) -> str:
        """Text with these signs for products, π and powers."""
        text = ""
        for monomial, c in self.terms:
            names = [
                (pi if prime is None else f"log({prime})") + (f"{power}{e}" if e > 1 else "")
                for prime, e in monomial
            ]
            size = abs(c)
            if not names:
                term = rational_text(size)
            elif size.numerator == 1:
                term = times.join(names) + (f"/{rational_text(size.denominator)}" if size != 1 else "")
            else:
                term = times.join([rational_text(size), *names])
            text += (" - " if c < 0 else " + ") + term if text else ("-" if c < 0 else "") + term
        return text


def closed(polynomial: Polynomial) -> Value:
    """The value of a polynomial in ``pi`` and ``log(p)``. Raises NotClosed as `Closed` does."""
    if polynomial.is_constant:
        value = polynomial.constant_term
        return value.numerator if value.denominator == 1 else value
    return Closed(polynomial)


def pi() -> Closed:
    return Closed(Polynomial.variable(PI))


@remembered(4096)
def log(value: int | Fraction) -> Value:
    """The logarithm of a positive rational number.

    Raises:
        NotClosed: its numerator or denominator is too long, or has two primes that are too large.
    """
    total = Polynomial({})
    for sign, number in ((1, value.numerator), (-1, value.denominator)):
        for prime, power in _factors(number):
            total = total + Polynomial.variable(f"log({prime})") * (sign * power)
    return closed(total)


def _factors(number: int) -> Iterator[tuple[int, int]]:
    """Primes that divide a positive integer, with their powers. Raises NotClosed if they are not found."""
    if number.bit_length() > MAX_LOG_BITS:
        raise NotClosed(f"a number of {number.bit_length()} bits is too long for its logarithm")
    spend(min(1000, 1 + isqrt(number) // 32) * (1 + number.bit_length() // 512))
    for prime in _primes():
        if prime * prime > number:
            break
        power = 0
        while number % prime == 0:
            number //= prime
            power += 1
        if power:
            yield prime, power
    if number > MAX_DIVISOR**2:
        raise NotClosed("a number has prime factors that are too large for its logarithm")
    if number > 1:
        yield number, 1


@lru_cache(maxsize=1)
def _primes() -> tuple[int, ...]:
    """The primes below `MAX_DIVISOR`, by the sieve of Eratosthenes."""
    sieve = bytearray([1]) * MAX_DIVISOR
    for number in range(2, isqrt(MAX_DIVISOR) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, MAX_DIVISOR, number)))
    return tuple(number for number in range(2, MAX_DIVISOR) if sieve[number])


def _degree(monomial: Monomial) -> int:
    return sum(power for _, power in monomial)


def _prime(name: str) -> int | None:
    return None if name == PI else int(name[4:-1])


def _place(factor: tuple[int | None, int]) -> tuple[bool, int, int]:
    """Where a factor stands among others: logarithms by their primes, then π."""
    prime, power = factor
    return prime is None, prime or 0, -power


@remembered(4096)
def _enclosed(monomial: Monomial, bits: int) -> Interval:
    """An enclosure of a product of powers."""
    functions = IntervalFunctions(bits)
    product = Interval.of(1, bits)
    for name, power in monomial:
        prime = _prime(name)
        factor = functions.pi if prime is None else functions.log(prime)
        spend(power * whole(bits, bits))
        for _ in range(power):
            product = product * factor
    return product


def _quotient(p: Polynomial, q: Polynomial) -> Value:
    """p/q. Raises ZeroDivisionError, and NotClosed if q does not divide p."""
    if q.is_constant:
        return closed(p * (1 / q.constant_term))
    # Division by one polynomial, by the leading terms of a lexicographic order (Cox, Little, O'Shea, Ideals,
    # Varieties, and Algorithms, §2.3): the remainder is 0 if and only if q divides p.
    names = sorted(p.variables | q.variables)
    lead = _leading(q, names)
    quotient, steps = Polynomial({}), 0
    while p:
        first = _leading(p, names)
        powers = [a - b for a, b in zip(first, lead, strict=True)]
        steps += 1
        if min(powers) < 0 or steps > MAX_TERMS:
            raise NotClosed("a quotient of closed forms is none itself")
        monomial = tuple((name, power) for name, power in zip(names, powers, strict=True) if power)
        term = Polynomial({monomial: _coefficient(p, first, names) / _coefficient(q, lead, names)})
        quotient, p = quotient + term, p - term * q
    return closed(quotient)


def _leading(p: Polynomial, names: list[str]) -> tuple[int, ...]:
    return max(tuple(dict(monomial).get(name, 0) for name in names) for monomial in p.terms)


def _coefficient(p: Polynomial, powers: tuple[int, ...], names: list[str]) -> Fraction:
    return p.terms[tuple((name, power) for name, power in zip(names, powers, strict=True) if power)]
