"""Sums, products and quotients of pairs.

The algorithms, and proofs that their relative errors are at most a few u², u = 2⁻⁵³, are in Joldes, Muller,
Popescu, *Tight and rigorous error bounds for basic building blocks of double-word arithmetic* (ACM TOMS 44,
2017). The bounds here are far larger, relative to the operands, and so hold without fused operations too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

ROUNDING = 2.0**-99
"""More than the relative error of one operation, relative to the operands (to the sum of their sizes)."""
TINY = 2.0**-900
"""More than what underflow can add to an error."""
MORE = 1 + 2.0**-40
"""For the rounding of bounds."""
_SPLIT = 134217729.0


@dataclass(frozen=True, slots=True)
class Pair:
    """hi + lo with |lo| ≤ ulp(hi)/2, and a bound on how far the number is from it; all of one shape."""

    hi: Tensor
    lo: Tensor
    error: Tensor

    def __iter__(self) -> Iterator[Tensor]:
        yield from (self.hi, self.lo, self.error)

    @property
    def size(self) -> Tensor:
        """Bounds on the absolute value of hi + lo."""
        return self.hi.abs() * MORE


def power_of_two(exponent: Tensor) -> Tensor:
    """Return 2^e for integers between −1022 and 1023, exactly, which a library's exp2 need not be."""
    return ((exponent.to(torch.int64) + 1023) << 52).view(torch.float64)


def two_sum(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rounded sum and its error, which is a float (Knuth)."""
    s = a + b
    part = s - a
    rest = (s - part).sub_(a)  # (b − part) + (a − (s − part)), in less memory
    return s, torch.sub(b, part, out=part).sub_(rest)


def fast_two_sum(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the same for |a| ≥ |b|, or a = 0 (Dekker)."""
    s = a + b
    rest = s - a
    return s, torch.sub(b, rest, out=rest)


def _halves(a: Tensor) -> tuple[Tensor, Tensor]:
    large = _SPLIT * a
    high = large - (large - a)
    return high, a - high


def two_product(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rounded product and its error, which is a float unless it underflows (Veltkamp, Dekker)."""
    p = a * b
    a1, a2 = _halves(a)
    b1, b2 = _halves(b)
    # without fused operations each product is exact, and with them no result is less so
    return p, (a1 * b1).sub_(p).add_(a1 * b2).add_(a2 * b1).add_(a2 * b2)


def add(x: Pair, y: Pair) -> Pair:
    """Return x + y. −∞ plus a number is −∞."""
    s, e = two_sum(x.hi, y.hi)
    t, f = two_sum(x.lo, y.lo)
    s, e = fast_two_sum(s, e.add_(t))
    s, e = fast_two_sum(s, e.add_(f))
    error = x.hi.abs() + y.hi.abs()
    error = error.mul_(ROUNDING).add_(x.error).add_(y.error).mul_(MORE).add_(TINY)
    if bool(s.isnan().any()):
        below = (x.hi + y.hi == -torch.inf) & (x.hi.isneginf() | y.hi.isneginf())  # not by overflow
        below &= x.error.isfinite() & y.error.isfinite()
        return Pair(s.masked_fill(below, -torch.inf), e.masked_fill(below, 0), error.masked_fill(below, 0))
    return Pair(s, e, error)


def mul(x: Pair, y: Pair) -> Pair:
    """Return x · y."""
    p, e = two_product(x.hi, y.hi)
    hi, lo = fast_two_sum(p, e.add_(x.hi * y.lo).add_(x.lo * y.hi))
    a, b = x.size, y.size
    error = a * (b * ROUNDING + y.error)
    error = error.add_(x.error * (b + y.error)).mul_(MORE).add_(TINY)
    return Pair(hi, lo, error)


def neg(x: Pair) -> Pair:
    """Return −x."""
    return Pair(-x.hi, -x.lo, x.error)


def sub(x: Pair, y: Pair) -> Pair:
    """Return x − y."""
    return add(x, neg(y))


def exact(hi: Tensor) -> Pair:
    """Return floats as pairs."""
    return Pair(hi, torch.zeros_like(hi), torch.zeros_like(hi))


def div(x: Pair, y: Pair) -> Pair:
    """Return x / y: for any q, |q − x/y| = |x − q·y| / |y|."""
    q = exact(x.hi / y.hi)
    x = Pair(*(t.expand_as(q.hi) for t in x))
    rest = sub(x, mul(q, y)).hi
    q = Pair(*fast_two_sum(q.hi, rest / y.hi), q.error)
    rest = sub(x, mul(q, y)).hi
    hi, lo = fast_two_sum(q.hi, q.lo + rest / y.hi)
    q = Pair(hi, lo, q.error)
    rested = sub(x, mul(q, y))
    low = y.hi.abs() * (1 - 2.0**-40) - y.error
    error = (rested.size + rested.error) / low * MORE + TINY
    return Pair(hi, lo, error.masked_fill(~(low > TINY), torch.inf))


def sqrt(x: Pair) -> Pair:
    """Return √x: for any r > 0, |r − √x| ≤ |r² − x| / r."""
    r = exact(x.hi.sqrt())
    hi, lo = fast_two_sum(r.hi, sub(x, mul(r, r)).hi / (2 * r.hi))
    r = Pair(hi, lo, r.error)
    rest = sub(x, mul(r, r))
    error = (rest.size + rest.error) / (r.hi * (1 - 2.0**-40)) * MORE + TINY
    known = x.hi * (1 - 2.0**-40) > x.error
    return Pair(hi, lo, error.masked_fill(~known, torch.inf))
