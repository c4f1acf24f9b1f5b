"""Logarithms of primes, and π, between two integers over a power of 2. Proved, with integers alone.

The series are those of artanh and arctan (Abramowitz and Stegun, Handbook of Mathematical Functions, 4.1.27,
4.4.42), and Machin's formula π = 16 arctan 1/5 − 4 arctan 1/239.
"""

from __future__ import annotations

from functools import lru_cache

Bounds = tuple[int, int]
"""(low, high), over a power of 2."""

_GUARD = 24
"""Bits that errors of sums may spoil, beyond those that are asked for."""


@lru_cache(maxsize=4096)
def log_bounds(prime: int, bits: int) -> Bounds:
    """low ≤ 2^bits · log(prime) ≤ high, not far from each other; for integers from 2 on."""
    inner = bits + _GUARD
    low, high = _log(prime, inner)
    return low >> _GUARD, -(-high >> _GUARD)


@lru_cache(maxsize=64)
def pi_bounds(bits: int) -> Bounds:
    """low ≤ 2^bits · π ≤ high."""
    inner = bits + _GUARD
    a, b = _odd_series(1, 5, inner, -1), _odd_series(1, 239, inner, -1)
    low, high = 16 * a[0] - 4 * b[1], 16 * a[1] - 4 * b[0]
    return low >> _GUARD, -(-high >> _GUARD)


def _log(number: int, bits: int) -> Bounds:
    if number == 2:
        # 2 = (27/25)^9 · (4800/4802) · (8750/8748)^4, and artanh 1/n = log((n + 1)/(n − 1))/2.
        a, b, c = (_odd_series(1, n, bits, 1) for n in (26, 4801, 8749))
        return 18 * a[0] - 2 * b[1] + 8 * c[0], 18 * a[1] - 2 * b[0] + 8 * c[1]
    # 2^k is the power of 2 for which number/2^k lies in [2/3, 4/3]: then log(number/2^k) = 2 artanh(t) with
    # t = (number − 2^k)/(number + 2^k) in [−1/5, 1/7].
    power = number.bit_length() - (3 * number < 1 << (number.bit_length() + 1))
    top, bottom = number - (1 << power), number + (1 << power)
    low, high = _odd_series(abs(top), bottom, bits, 1)
    if top < 0:
        low, high = -high, -low
    below, above = log_bounds(2, bits)
    return power * below + 2 * low, power * above + 2 * high


def _odd_series(top: int, bottom: int, bits: int, alternate: int) -> Bounds:
    """2^bits · (t + s·t³/3 + s²·t⁵/5 + …) for t = top/bottom from 0 to 1/3 and s = ``alternate``.

    The sum is artanh t for s = 1 and arctan t for s = −1. Powers of t are rounded down: an error below 1 is
    multiplied by t² ≤ 1/9 and has less than 1 added at each step, so that it stays below 9/8; a term is then
    wrong by less than 9/8 + 1 < 3. The powers from the first that is left out on are below 1 + 9/8 < 3, and
    their sum is below 3/(1 − 1/9) < 4.
    """
    square, whole = top * top, bottom * bottom
    power = (top << bits) // bottom
    total, terms, sign = 0, 0, 1
    while power:
        total += sign * (power // (2 * terms + 1))
        power = power * square // whole
        terms += 1
        sign *= alternate
    error = 3 * terms + 4
    return total - error, total + error
