"""Polynomials in one variable over the rationals, and the count of their real roots.

A polynomial is the tuple of its coefficients from the constant up, without trailing zeros;
the zero polynomial is ``()``. Inside, coefficients stand over a common denominator: integers are quicker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise, zip_longest
from math import gcd as common_divisor
from math import lcm

from zerograd.core.numbers.work import fractional, spend, whole

Polynomial = tuple[Fraction, ...]

_PRIMES = (2**61 - 1, 2**31 - 1)
"""Modulo one of them, coprime polynomials mostly are so, too."""


def polynomial(coefficients: Iterable[int | Fraction]) -> Polynomial:
    """The polynomial with these coefficients, trailing zeros dropped."""
    result = [Fraction(c) for c in coefficients]
    while result and not result[-1]:
        result.pop()
    return tuple(result)


def cleared(p: Sequence[Fraction]) -> tuple[list[int], int]:
    """Integers, and the denominator over which they stand."""
    bottom = 1
    for c in p:
        if c.denominator != 1:
            spend(fractional(max(bottom.bit_length(), c.denominator.bit_length())))
            bottom = lcm(bottom, c.denominator)
    spend(len(p) * whole(longest(p), bottom.bit_length()))
    return [c.numerator * (bottom // c.denominator) for c in p], bottom


def longest(p: Iterable[int | Fraction]) -> int:
    """The bits of the longest numerator."""
    return max((c.numerator.bit_length() for c in p), default=0)


def _over(integers: Sequence[int], bottom: int) -> Polynomial:
    if bottom != 1:
        spend(len(integers) * fractional(max(longest(integers), bottom.bit_length())))
    return polynomial(Fraction(c, bottom) for c in integers)


def add(p: Polynomial, q: Polynomial) -> Polynomial:
    spend(max(len(p), len(q)) * fractional(max(_bits(p), _bits(q))))
    return polynomial(a + b for a, b in zip_longest(p, q, fillvalue=Fraction(0)))


def scale(p: Polynomial, factor: int | Fraction) -> Polynomial:
    spend(len(p) * fractional(max(_bits(p), _bits([factor]))))
    return polynomial(factor * c for c in p)


def _bits(p: Iterable[int | Fraction]) -> int:
    return max((max(c.numerator.bit_length(), c.denominator.bit_length()) for c in p), default=0)


def multiply(p: Polynomial, q: Polynomial) -> Polynomial:
    if not p or not q:
        return ()
    (a, below), (b, other) = cleared(p), cleared(q)
    spend(len(a) * len(b) * whole(longest(a), longest(b)))
    result = [0] * (len(a) + len(b) - 1)
    for i, c in enumerate(a):
        if c:
            for j, d in enumerate(b, start=i):
                result[j] += c * d
    return _over(result, below * other)


def divide(p: Polynomial, q: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Quotient and remainder. Raises ZeroDivisionError for ``q == ()``."""
    if not q:
        raise ZeroDivisionError("division by the zero polynomial")
    if len(p) < len(q):
        return (), p
    (rest, below), (divisor, other) = cleared(p), cleared(q)
    quotient, rest, factor = _divided(rest, divisor)
    spend(len(p) * whole(longest(quotient), other.bit_length()))
    return _over([c * other for c in quotient], below * factor), _over(rest, below * factor)


def _divided(rest: list[int], divisor: Sequence[int]) -> tuple[list[int], list[int], int]:
    """Quotient, remainder and factor with factor · rest = quotient · divisor + remainder, all in integers."""
    lead, length, factor = divisor[-1], longest(divisor), 1
    quotient = [0] * (len(rest) - len(divisor) + 1)
    for shift in range(len(rest) - len(divisor), -1, -1):
        top = rest.pop()
        if not top:
            continue
        long = max(longest(rest), top.bit_length())
        spend(fractional(min(long, length)) + 2 * len(rest) * whole(long, length))
        shared = common_divisor(top, lead)
        times, top = abs(lead // shared), top // shared if lead > 0 else -top // shared
        if times != 1:
            factor *= times
            rest = [c * times for c in rest]
            quotient = [c * times for c in quotient]
        quotient[shift] = top
        for i, c in enumerate(divisor[:-1], start=shift):
            rest[i] -= top * c
    return quotient, rest, factor


def gcd(p: Polynomial, q: Polynomial) -> Polynomial:
    """The monic greatest common divisor (``()`` only if both are zero)."""
    if not p or not q:
        r = p or q
        return scale(r, 1 / r[-1]) if r else r
    a, b = _primitive(cleared(p)[0]), _primitive(cleared(q)[0])
    if len(a) < len(b):
        a, b = b, a
    if len(b) == 1 or any(_coprime_modulo(a, b, prime) for prime in _PRIMES):
        return polynomial([1])
    while b:
        a, b = b, _primitive(_divided(a, b)[1])
    return _over(a if a[-1] > 0 else [-c for c in a], abs(a[-1]))


def _primitive(integers: Sequence[int]) -> list[int]:
    """Without trailing zeros, and divided by what all have in common."""
    result = list(integers)
    while result and not result[-1]:
        result.pop()
    spend(len(result) + 2 * fractional(longest(result)))
    content = common_divisor(*result)
    return result if content in (0, 1) else [c // content for c in result]


def _coprime_modulo(a: Sequence[int], b: Sequence[int], prime: int) -> bool:
    """Whether they are coprime modulo a prime, and hence so themselves.

    A common divisor of integer polynomials keeps its degree modulo a prime that does not divide the leading
    coefficient of one of them.
    """
    spend(len(a) * len(b) // 4 + (len(a) + len(b)) * (1 + max(longest(a), longest(b)) // 1024))
    if not a[-1] % prime:
        return False
    p, q = [c % prime for c in a], [c % prime for c in b]
    while True:
        while q and not q[-1]:
            q.pop()
        if not q:
            return len(p) == 1
        inverse = pow(q[-1], -1, prime)
        while len(p) >= len(q):
            top = p.pop() * inverse % prime
            if top:
                shift = len(p) - len(q) + 1
                for i, c in enumerate(q[:-1], start=shift):
                    p[i] = (p[i] - top * c) % prime
        p, q = q, p


def is_square_free(p: Polynomial) -> bool:
    return len(gcd(p, derivative(p))) == 1


def inverse(p: Polynomial, modulus: Polynomial) -> Polynomial:
    """The inverse of ``p`` modulo a coprime ``modulus`` (extended Euclid).

    Raises ZeroDivisionError if they share a factor.
    """
    r0, r1 = modulus, divide(p, modulus)[1]
    s0: Polynomial = ()
    s1 = polynomial([1])
    while r1:
        quotient, remainder = divide(r0, r1)
        factor = 1 / remainder[-1] if remainder else 1
        r0, r1 = r1, scale(remainder, factor)
        s0, s1 = s1, scale(add(s0, scale(multiply(quotient, s1), -1)), factor)
    if len(r0) != 1:
        raise ZeroDivisionError("the polynomials share a factor")
    return divide(scale(s0, 1 / r0[0]), modulus)[1]


def derivative(p: Polynomial) -> Polynomial:
    return polynomial(i * c for i, c in enumerate(p) if i)


def evaluate(p: Polynomial, at: Fraction) -> Fraction:
    integers, bottom = cleared(p)
    top, below = at.numerator, at.denominator
    length = longest(integers)
    step = max(top.bit_length(), below.bit_length())
    value, scale = 0, 1
    for n, c in enumerate(reversed(integers)):
        spend(2 * whole(length + n * step, step))
        value, scale = value * top + c * scale, scale * below
    if len(integers) > 1:
        spend(fractional(max(value.bit_length(), scale.bit_length())))
    return Fraction(value * below, bottom * scale)


def enclose(p: Polynomial, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """An interval that contains every value of ``p`` on [low, high] (Horner, interval arithmetic)."""
    bottom = top = Fraction(0)
    for c in reversed(p):
        spend(6 * fractional(_bits((bottom, top, low, high, c))))
        corners = (bottom * low, bottom * high, top * low, top * high)
        bottom, top = min(corners) + c, max(corners) + c
    return bottom, top


def count_roots(p: Polynomial, low: Fraction, high: Fraction) -> int:
    """How many distinct real roots lie in (low, high], by Descartes' rule of signs and bisection.

    The rule counts the roots in (0, 1) of a polynomial without multiple roots exactly where it says 0 or 1,
    and it does so on intervals that are short enough (Collins and Akritas, Polynomial Real Root Isolation
    Using Descartes' Rule of Signs, 1976; Basu, Pollack and Roy, Algorithms in Real Algebraic Geometry,
    §10.2).
    """
    if low >= high:
        return 0
    shared = gcd(p, derivative(p))
    q = cleared(divide(p, shared)[0] if len(shared) > 1 else p)[0]
    q = _stretched(q, Fraction(low), Fraction(high))
    count = 0
    if q and not sum(q):  # a root at 1
        count, q = 1, _without_root_at_one(q)
    if len(q) > 1 and not q[0]:
        q = q[1:]
    return count + _roots_in_unit(q)


def _stretched(integers: Sequence[int], low: Fraction, high: Fraction) -> list[int]:
    """A positive multiple of p(low + (high − low)·x)."""
    below = lcm(low.denominator, high.denominator)
    start, width = int(low * below), int((high - low) * below)
    n = len(integers) - 1
    step = max(start.bit_length(), width.bit_length(), below.bit_length())
    spend((n + 1) * 4 * whole(longest(integers) + n * step, (n + 1) * step))
    scaled = [c * below ** (n - i) for i, c in enumerate(integers)]  # p(y/below)
    if start:  # y = start·(1 + z)
        shifted = _shifted([c * start**i for i, c in enumerate(scaled)])
        scaled = [c // start**i for i, c in enumerate(shifted)]
    return [c * width**i for i, c in enumerate(scaled)]


def _shifted(integers: Sequence[int]) -> list[int]:
    """p(x + 1)."""
    result = list(integers)
    spend(len(result) ** 2 * (1 + (longest(result) + len(result)) // 2048) // 8)
    for first in range(len(result) - 1):
        for i in range(len(result) - 2, first - 1, -1):
            result[i] += result[i + 1]
    return result


def _without_root_at_one(integers: Sequence[int]) -> list[int]:
    """p/(x − 1), for p(1) = 0."""
    result: list[int] = []
    for c in reversed(integers[1:]):
        result.append(c + (result[-1] if result else 0))
    return result[::-1]


def _roots_in_unit(integers: Sequence[int]) -> int:
    """The number of roots in the open interval from 0 to 1 of a polynomial whose roots there are simple."""
    count = 0
    waiting = [list(integers)]
    while waiting:
        p = waiting.pop()
        changes = _sign_changes(_shifted(p[::-1]))  # of (1 + x)^n · p(1/(1 + x))
        if changes <= 1:
            count += changes
            continue
        left = [c << (len(p) - 1 - i) for i, c in enumerate(p)]  # 2^n · p(x/2)
        right = _shifted(left)
        if not right[0]:
            count, right = count + 1, right[1:]
        waiting += (left, right)
    return count


def _sign_changes(values: Iterable[int]) -> int:
    return sum((a < 0) != (b < 0) for a, b in pairwise(v for v in values if v))
