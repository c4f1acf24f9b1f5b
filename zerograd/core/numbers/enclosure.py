"""Functions of intervals: enclosures of all their values, from the ends where a function is monotone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isqrt
from typing import Any

from zerograd.core.numbers import elementary
from zerograd.core.numbers.functions import OutOfDomain, Rational, Straddles
from zerograd.core.numbers.interval import (
    PRECISION,
    End,
    Interval,
    quotient_down,
    quotient_up,
    round_down,
    round_up,
)
from zerograd.core.numbers.work import spend, whole

Kernel = Callable[[int, int, int], elementary.Enclosed]
"""(m, e, p) to an enclosure of a function of m·2^e."""


@dataclass(frozen=True, slots=True)
class IntervalFunctions:
    """`Functions` of intervals.

    Attributes:
        precision: significant bits of results, if arguments have no more.
    """

    precision: int = PRECISION

    @property
    def pi(self) -> Interval:
        spend(_kernel_work(self.precision))
        return _pi(self.precision)

    def divide(self, a: Interval | Rational, b: Interval | Rational, /) -> Interval:
        """Raises ZeroDivisionError if b may be 0."""
        a, b = self._interval(a), self._interval(b)
        if b.sign() == -1:
            a, b = -a, -b
        elif b.sign() != 1:
            raise ZeroDivisionError("division by a number that may be 0")
        p = max(a.precision, b.precision, self.precision)
        ends = (b.low_mantissa, b.low_exponent), (b.high_mantissa, b.high_exponent)
        n, f = ends[a.low_mantissa >= 0]
        low = quotient_down(a.low_mantissa, n, a.low_exponent - f, p)
        n, f = ends[a.high_mantissa < 0]
        return Interval(*low, *quotient_up(a.high_mantissa, n, a.high_exponent - f, p), p)

    def sqrt(self, value: Rational, /) -> Interval:
        """Raises OutOfDomain for a negative number."""
        if value < 0:
            raise OutOfDomain("the root of a negative number")
        p, top, bottom = self.precision, value.numerator, value.denominator
        half = max(p + 2 + (bottom.bit_length() - top.bit_length()) // 2, 0)
        square, rest = divmod(top << 2 * half, bottom)
        root = isqrt(square)
        above = root + (rest > 0 or root * root < square)
        return Interval(*round_down(root, -half, p), *round_up(above, -half, p), p)

    def exp(self, z: Interval | Rational, /) -> Interval:
        """Raises OutOfDomain if z may be 2^40 or more."""
        return self._increasing(_exp, z)

    # By their own ends, so that their signs are known far out and near 0; the functions of the same names use
    # these.

    def expm1(self, z: Interval | Rational, /) -> Interval:
        """Raises OutOfDomain if z may be 2^40 or more."""
        return self._increasing(elementary.expm1, z)

    def tanh(self, z: Interval | Rational, /) -> Interval:
        return self._increasing(elementary.tanh, z)

    def sigmoid(self, z: Interval | Rational, /) -> Interval:
        return self._increasing(elementary.sigmoid, z)

    def softplus(self, z: Interval | Rational, /) -> Interval:
        return self._increasing(elementary.softplus, z, 2)

    def log(self, z: Interval | Rational, /) -> Interval:
        """Raises OutOfDomain if z may not be positive."""
        z = self._interval(z)
        if z.sign() != 1:
            raise OutOfDomain("the logarithm of a number that may not be positive")
        return self._increasing(elementary.log, z)

    def erf(self, z: Interval | Rational, /) -> Interval:
        return self._increasing(_erf, z, 4)

    def sin(self, z: Interval | Rational, /) -> Interval:
        return self._circular(elementary.sin, z, 1)

    def cos(self, z: Interval | Rational, /) -> Interval:
        return self._circular(elementary.cos, z, 0)

    def choose(
        self,
        z: Interval | Rational,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        """The hull of what the branches give, if z holds joins where they agree.

        Raises:
            Straddles: z holds a join with a value of its own.
        """
        sides = [_side(z, join) for join in joins]
        below = sides.count(1)
        held = [k for k, side in enumerate(sides) if side not in (-1, 1)]
        if not held:
            return branches[below](z)
        if sides[held[0]] == 0:
            at_join = at_joins[held[0]]
            return branches[below](z) if at_join is None else at_join
        if not isinstance(z, Interval) or any(at_joins[k] is not None for k in held):
            raise Straddles("a number lies on either side of a join, or on it")
        hull: Interval | None = None
        for k, part in _parts(z, [joins[k] for k in held]):
            value = self._interval(branches[below + k](part))
            hull = value if hull is None else hull.hull(value)
        return hull

    def _interval(self, value: Interval | Rational) -> Interval:
        return value if isinstance(value, Interval) else Interval.of(value, self.precision)

    def _increasing(self, kernel: Kernel, z: Interval | Rational, series: int = 1) -> Interval:
        """An increasing function, by its values at both ends, which take so many series."""
        z = self._interval(z)
        p = max(z.precision, self.precision)
        spend(2 * series * _kernel_work(p))
        m, e, n, f = z.low_mantissa, z.low_exponent, z.high_mantissa, z.high_exponent
        low, high, scale = kernel(m, e, p)
        below = round_down(low, scale, p)
        if m != n or e != f:
            _, high, scale = kernel(n, f, p)
        return Interval(*below, *round_up(high, scale, p), p)

    def _circular(self, kernel: Kernel, z: Interval | Rational, peak: int) -> Interval:
        """A sine that is 1 at (π/2)·(peak + 4n) and −1 at (π/2)·(peak + 2 + 4n)."""
        z = self._interval(z)
        p = max(z.precision, self.precision)
        spend(2 * _kernel_work(p))
        ends: list[End] = [(z.low_mantissa, z.low_exponent), (z.high_mantissa, z.high_exponent)]
        if any(m.bit_length() + e > elementary.LARGE for m, e in ends if m):
            return Interval(-1, 0, 1, 0, p)
        held = _turns(*ends[0], *ends[1], p)
        if len(held) > 3:
            return Interval(-1, 0, 1, 0, p)
        quarters = {(k - peak) % 4 for k in held}
        (low, high, e), (other_low, other_high, f) = (kernel(m, e, p) for m, e in ends)
        below, above = round_down(low, e, p), round_up(high, e, p)
        other = round_down(other_low, f, p), round_up(other_high, f, p)
        hull = Interval(*below, *above, p).hull(Interval(*other[0], *other[1], p))
        if 2 in quarters:
            hull = hull.hull(Interval(-1, 0, -1, 0, p))
        return hull.hull(Interval(1, 0, 1, 0, p)) if 0 in quarters else hull


def _kernel_work(p: int) -> int:
    """What a series to p bits costs: a term adds some bits."""
    return 10 + p // 8 * whole(p, p) // 2


@lru_cache(maxsize=64)
def _pi(precision: int) -> Interval:
    bits = precision + elementary.GUARD
    low = elementary.pi(bits)
    return Interval(*round_down(low, -bits, precision), *round_up(low + 2, -bits, precision), precision)


def _exp(m: int, e: int, p: int) -> elementary.Enclosed:
    if m < 0 and m.bit_length() + e > elementary.LARGE:
        return 0, 1, -(1 << elementary.LARGE)  # e^x < 2^x
    return elementary.exp(m, e, p)


def _erf(m: int, e: int, p: int) -> elementary.Enclosed:
    """erf is odd."""
    if m > 0:
        return elementary.erf(m, e, p)
    if not m:
        return 0, 0, 0
    low, high, scale = elementary.erf(-m, e, p)
    return -high, -low, scale


def _turns(m: int, e: int, n: int, f: int, p: int) -> range:
    """Whole multiples of π/2 from m·2^e to n·2^f: all of them, and one more at most at either end."""
    bits = p + elementary.LARGE
    turn = elementary.pi(bits)  # π lies between this and 2 more
    low, high = elementary.fixed(m, e, bits), elementary.fixed(n, f, bits) + 1
    first = -(-2 * low // (turn + 2 if low >= 0 else turn))
    last = 2 * high // (turn if high >= 0 else turn + 2)
    return range(first, last + 1)


def _side(z: Interval | Rational, join: Rational) -> int | None:
    """The sign of z − join; None if it is not known."""
    return z.side(join) if isinstance(z, Interval) else (z > join) - (z < join)


def _parts(z: Interval, joins: Sequence[Rational]) -> list[tuple[int, Interval]]:
    """The parts of z between joins that it holds, by number; those that are a join alone are left out.

    A part may reach over a join by a rounding.
    """
    ends = [(z.low_mantissa, z.low_exponent)]
    uppers = []
    for join in joins:
        cut = Interval.of(join, z.precision)
        uppers.append((cut.high_mantissa, cut.high_exponent))
        ends.append((cut.low_mantissa, cut.low_exponent))
    uppers.append((z.high_mantissa, z.high_exponent))
    parts = [
        (k, Interval(*low, *high, z.precision))
        for k, (low, high) in enumerate(zip(ends, uppers, strict=True))
    ]
    begins, finishes = Interval(*ends[0], *ends[0]), Interval(*uppers[-1], *uppers[-1])
    return parts[begins.side(joins[0]) == 0 : len(parts) - (finishes.side(joins[-1]) == 0)]
