"""exp, log, sin, cos and erf of one dyadic number, enclosed.

Each function takes x = m·2^e and a number of bits p, and returns integers (low, high, e) with
low·2^e ≤ f(x) ≤ high·2^e, about p bits apart. All work is in fixed point: an integer stands for itself
times 2^−w, and an ulp is 2^−w. Errors of roundings and of the rest of a series are counted in ulps; their
bounds are derived where they are made, and are generous.

Series and reductions: Brent and Zimmermann, Modern Computer Arithmetic, chapter 4.
"""

from __future__ import annotations

import math
from functools import lru_cache

from zerograd.core.numbers.functions import OutOfDomain
from zerograd.core.numbers.interval import sum_down

Enclosed = tuple[int, int, int]
"""(low, high, e): from low·2^e to high·2^e."""

GUARD = 24
"""Bits beyond those asked for."""
LARGE = 40
"""Numbers from 2^LARGE on are not reduced: their exponentials are too large, their sines not worth it."""
_STEPS = 8
"""exp is tabulated at multiples of 2^−STEPS."""


def fixed(m: int, e: int, bits: int) -> int:
    """m·2^(e + bits), rounded down."""
    shift = e + bits
    return m << shift if shift >= 0 else m >> -shift


@lru_cache(maxsize=256)
def log2(bits: int) -> int:
    """log 2, less than 2 ulps too small: 18 artanh 1/26 − 2 artanh 1/4801 + 8 artanh 1/8749."""
    return _inverses(bits, ((18, 26), (-2, 4801), (8, 8749)), 1)


@lru_cache(maxsize=256)
def pi(bits: int) -> int:
    """π, less than 2 ulps too small: 16 arctan 1/5 − 4 arctan 1/239 (Machin)."""
    return _inverses(bits, ((16, 5), (-4, 239)), -1)


def _inverses(bits: int, parts: tuple[tuple[int, int], ...], sign: int) -> int:
    """Σ c·artanh(1/n), or of arctan for ``sign`` −1, less than 2 ulps too small.

    With w bits, a term 1/(k·n^k) is less than 2 ulps too small (two roundings down), there are fewer than
    w/4 of them, and the rest is less than 2 ulps. With Σ|c| ≤ 28 that is an error below E = 64·(w + 2) ulps.
    It is taken off; 2E is less than half an ulp of the result.
    """
    extra = 20 + bits.bit_length()
    w = bits + extra
    total = 0
    for c, n in parts:
        power, k, factor = (1 << w) // n, 1, c
        while power:
            total += factor * (power // k)
            power, k, factor = power // (n * n), k + 2, sign * factor
    return (total - 64 * (w + 2)) >> extra


@lru_cache(maxsize=4096)
def _tabulated(step: int, bits: int) -> int:
    """exp(step/2^STEPS) for 0 ≤ step < 2^STEPS, less than 2 ulps too small.

    With r = step/2^STEPS < 1, the error of a term r^n/n! is at most that of the term before, over n, plus 1:
    2 ulps or less. There are fewer than w + 2 terms, and after the last one the rest is below 4 ulps: less
    than 2w + 8 < 2^extra ulps in all.
    """
    extra = 4 + bits.bit_length()
    term = total = 1 << (bits + extra)
    n = 1
    while term:
        term = term * step // (n << _STEPS)
        total += term
        n += 1
    return total >> extra


def exp(m: int, e: int, p: int) -> Enclosed:
    """Raises OutOfDomain from 2^LARGE on, either way."""
    if not m:
        return 1, 1, 0
    top = m.bit_length() + e  # |x| < 2^top
    if top > LARGE:
        raise OutOfDomain(f"exp of a number beyond ±2^{LARGE}")
    if top < -p - 1:
        # 1 + x ≤ e^x ≤ 1 + 2x for 0 ≤ x ≤ 1, and 1 + x ≤ e^x ≤ 1 for x ≤ 0.
        one = 1 << p
        return one - (m < 0), one + (m > 0), -p
    w = p + GUARD
    v = w + max(top, 0) + 3
    # x = k·log 2 + r with |k| < 1.5·2^top + 2. The error of k·log 2 is at most 2|k| ulps of v, and x is
    # rounded once: less than 1 ulp of w, which is rounded again. So r is less than 2 ulps off either way.
    whole = fixed(m, e, v)
    base = log2(v)
    k = whole // base
    r = (whole - k * base) >> (v - w)
    step = r >> (w - _STEPS)
    r -= step << (w - _STEPS)
    # Σ r^n/n! with 0 ≤ r < 2^−8: each term is less than 3 ulps too small (two roundings; what a term inherits
    # is below 2^−8 of its error), and so is the rest after a term that came out as 0.
    term = total = 1 << w
    n = 1
    while term:
        term = (term * r >> w) // n
        total += term
        n += 1
    # Below: the sum is at most 3n too small, its factor (≤ 2.1) at most 2 with the sum ≤ 1.01, the product
    # rounded down once; above and below: r's error of 2 ulps moves e^r·2^−k (≤ 2.1) by at most 5.
    value = total * _tabulated(step, w) >> w
    return value - 5, value + 7 * n + 10, k - w


def expm1(m: int, e: int, p: int) -> Enclosed:
    """e^x − 1. Its relative error is small near 0, too. Raises OutOfDomain from 2^LARGE on."""
    if not m:
        return 0, 0, 0
    top = m.bit_length() + e
    if top < -p:
        return m << p, (m << p) + abs(m), e - p  # x ≤ e^x − 1 ≤ x + x² for |x| ≤ 1
    if m < 0 and top > p.bit_length() + 1:
        return -1 << p, 1 - (1 << p), -p  # e^x < 2^−p for x < −p
    low, high, scale = exp(m, e, p + max(-top, 0) + 1)
    if scale > 0:
        return low - 1, high, scale
    one = 1 << -scale
    return low - one, high - one, scale


def tanh(m: int, e: int, p: int) -> Enclosed:
    """The quotient d/(2 − d) of d = 1 − exp(−2x), for positive x; tanh is odd."""
    if not m or 2 * (m.bit_length() + e) < -p:
        return _close_to(m, e, p)
    low, high, scale = expm1(-abs(m), e + 1, p)
    two = 2 << -scale
    low, high, scale = _quotients(-high, two + high, -low, two + low, p)
    return (low, high, scale) if m > 0 else (-high, -low, scale)


def sigmoid(m: int, e: int, p: int) -> Enclosed:
    """1/(1 + d) of d = exp(−|x|), for positive x, else d/(1 + d)."""
    low, high, scale = _decay(m, e, p)
    if high.bit_length() + scale < -p:
        # 1 − d ≤ 1/(1 + d) ≤ 1
        return ((1 << p) - 1, 1 << p, -p) if m > 0 else (low * ((1 << p) - 1), high << p, scale - p)
    one = 1 << -scale
    if m > 0:
        return _quotients(one, one + high, one, one + low, p)
    return _quotients(low, one + low, high, one + high, p)


def softplus(m: int, e: int, p: int) -> Enclosed:
    """max(x, 0) + log(1 + d) of d = exp(−|x|)."""
    low, high, scale = _decay(m, e, p)
    if high.bit_length() + scale < -p:
        low, high, scale = low * ((1 << p) - 1), high << p, scale - p  # d − d² ≤ log(1 + d) ≤ d
    else:
        one = 1 << -scale
        (low, _, f), (_, high, g) = log(one + low, scale, p), log(one + high, scale, p)
        scale = min(f, g)
        low, high = low << (f - scale), high << (g - scale)
    if m <= 0:
        return low, high, scale
    low, f = sum_down(m, e, low, scale, p + GUARD)
    high, g = sum_down(-m, e, -high, scale, p + GUARD)
    scale = min(f, g)
    return low << (f - scale), -high << (g - scale), scale


def _decay(m: int, e: int, p: int) -> Enclosed:
    """exp(−|x|), with an exponent that is not positive."""
    if m.bit_length() + e > LARGE:
        return 0, 1, -(1 << LARGE)  # e^−y < 2^−y
    return exp(-abs(m), e, p)


def _quotients(top: int, bottom: int, other_top: int, other_bottom: int, p: int) -> Enclosed:
    """From one quotient of positive numbers to a larger one."""
    shift = max(p + 2 + other_bottom.bit_length() - top.bit_length(), 0)
    return (top << shift) // bottom, -((-other_top << shift) // other_bottom), -shift


def log(m: int, e: int, p: int) -> Enclosed:
    """log of a positive number. Its relative error is small near 1, too."""
    length = m.bit_length()
    k = length + e
    f = m / (1 << length) if length < 1000 else (m >> (length - 64)) / (1 << 64)  # x = f·2^k, 1/2 ≤ f ≤ 1
    if f < 0.7:
        k, f, length = k - 1, 2 * f, length - 1
    # x = f·2^k with |log f| < 0.36, half of log 2: only where k = 0 can the result be small.
    near = m - (1 << length)
    if not k and not near:
        return 0, 0, 0
    close = length - near.bit_length()  # |f − 1| < 2^−close
    w = p + GUARD + (close if not k else 0)
    if close >= 30:
        first, low = 0, fixed(near, -length, w)
        high = low + 1
    else:
        # log f = y + log(f·e^−y), for y a float near log f (whatever its error is, nothing else follows).
        y = int(math.log(f) * (1 << 60))
        first = fixed(y, -60, w)
        below, above, shift = exp(-y, -60, w)
        low = fixed(m * below, shift - length, w) - (1 << w)
        high = fixed(m * above, shift - length, w) + 1 - (1 << w)
    # log(1 + u) = u − u²/2 + … for low ≤ u ≤ high: of low, then (high − low)·2 more, as its slope is below 2.
    bits = w - max(low.bit_length(), high.bit_length())
    if bits < 2:
        raise ArithmeticError("the logarithm of a float is far off")
    count = w // bits + 1
    power, series = low, low
    for n in range(2, count + 1):
        power = power * low >> w
        series += power // n if n % 2 else -(power // n)
    # Powers are less than 2 ulps too small (|u| ≤ 1/4), terms less than 2 off either way; the rest is less
    # than 2|u|^(count + 1) ≤ 2 ulps.
    error = 2 * count + 2
    scaled = k * log2(w)  # |k|·2 ulps off
    total = first + scaled + series
    slack = 2 * (high - low)
    return total - error - (2 * -k if k < 0 else 0), total + error + slack + (2 * k if k > 0 else 0), -w


def sin(m: int, e: int, p: int) -> Enclosed:
    """sin of a number below 2^LARGE. Its relative error is small near 0, too, but not near other zeros."""
    top = m.bit_length() + e
    return _close_to(m, e, p) if not m or 2 * top < -p else _circular(m, e, p + max(-top, 0), 0)


def _close_to(m: int, e: int, p: int) -> Enclosed:
    """sin x or tanh x where x² < 2^−p: |x|·(1 − x²) ≤ |sin x|, |tanh x| ≤ |x|."""
    least, most = (abs(m) << p) - abs(m), abs(m) << p
    return (least, most, e - p) if m > 0 else (-most, -least, e - p)


def cos(m: int, e: int, p: int) -> Enclosed:
    """cos of a number below 2^LARGE."""
    if not m:
        return 1, 1, 0
    if 2 * (m.bit_length() + e) < -p:
        return (1 << p) - 1, 1 << p, -p  # 1 − x² ≤ cos x ≤ 1
    return _circular(m, e, p, 1)


def _circular(m: int, e: int, p: int, ahead: int) -> Enclosed:
    """sin(x + ahead·π/2)."""
    w = p + GUARD
    v = w + max(m.bit_length() + e, 0) + 3
    # x = k·π/2 + r with |r| < 0.8. The error of k·π/2 is at most |k| < 2^(top + 1) ulps of v: that of r is at
    # most 2 ulps of w, roundings included.
    whole, turn = fixed(m, e, v), pi(v)
    k = (4 * whole + turn) // (2 * turn)
    r = (2 * whole - k * turn) >> (v + 1 - w)
    quarter = (k + ahead) % 4
    odd = quarter % 2 == 0  # sin r, else cos r
    # Σ (−1)^n r^2n/(2n)!, or r·Σ (−1)^n r^2n/(2n + 1)!: the square is less than 1 ulp too small, which moves
    # the sum by less than 1; terms are less than 3 off (two roundings; less than a third is inherited), and
    # the rest after one that came out as 0 is less than 5. Times r < 1, rounded, and r's own error: 4 more.
    square = r * r >> w
    term = total = 1 << w
    n = 2 if odd else 1
    while term:
        term = (term * square >> w) // (n * (n + 1))
        total += term if n % 4 == 0 or (n % 4 == 3) else -term
        n += 2
    error = 3 * n + 10
    if odd:
        total = total * r >> w
    if quarter >= 2:
        total = -total
    return max(total - error, -1 << w), min(total + error, 1 << w), -w


def erf(m: int, e: int, p: int) -> Enclosed:
    """erf of a positive number. Its relative error is small near 0, too."""
    top = m.bit_length() + e
    square = fixed(m * m, 2 * e, 0) if top < p else p + 2
    if square >= p + 2:
        # 1 − erf x < e^(−x²)/(x·√π) < 2^−p for x > 1.
        return (1 << p) - 1, 1 << p, -p
    # erf x = 2x/√π · e^(−x²)·S with S = Σ (2x²)^n/(1·3·…·(2n + 1)) ≥ 1 (Abramowitz and Stegun, 7.1.6).
    w = p + GUARD
    twice = fixed(m * m, 2 * e + 1, w)
    term = total = 1 << w
    n = 0
    while term:
        n += 1
        term = (term * twice >> w) // (2 * n + 1)
        total += term
    # The square is at most 1 ulp too small, which makes S at most 1 ulp·S smaller. What the two roundings of
    # term j lose (2 ulps) is carried on by the factors of the later terms, which fall: by less than S in all.
    # So S is less than (2n + 1)·S ulps too small, 0 beyond the last term included.
    above = total + (((2 * n + 1) * total) >> (w - 1)) + 1
    small, large, f = exp(-m * m, 2 * e, w)
    root = math.isqrt(pi(2 * w))  # √π at w bits, less than 2 ulps too small
    low = (2 * m * small * total) // (root + 2)
    high = -(-2 * m * large * above // root)
    scale = e + f
    if high.bit_length() + scale > 0:  # 1 or more, where roundings reach over it
        high = min(high, 1 << -scale)
    return low, high, scale
