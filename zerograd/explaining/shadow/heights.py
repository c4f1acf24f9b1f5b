"""How large numerators can be, so that a number that is 0 modulo enough primes is known to be 0."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property


def up(bits: float) -> float:
    """Return a little more: logarithms and their sums are rounded."""
    return bits + 1e-9 * (1 + abs(bits)) if math.isfinite(bits) else bits


def log2(number: int | float | Fraction) -> float:
    """Return a bound above log₂|number|, for numbers of any size."""
    if not number:
        return -math.inf
    if isinstance(number, Fraction):
        return up(log2(number.numerator) - math.log2(number.denominator))
    return up(math.log2(abs(number)))


@dataclass(frozen=True)
class Height:
    """Bounds on the entries of a tensor: each is N / (2^twos · odd) with an integer N, and at most 2^size.

    Attributes:
        size: −∞ where all entries are 0.
        twos: may be negative.
        odd: an odd integer, positive.
    """

    size: float
    twos: int
    odd: int = 1

    @cached_property
    def scale(self) -> float:
        """A bound above log₂ of the denominator."""
        return up(self.twos + log2(self.odd))

    @property
    def bits(self) -> float:
        """A bound above log₂|N|."""
        return up(self.size + self.scale)

    @classmethod
    def of(cls, number: Fraction) -> Height:
        """Return the height of one number."""
        if not number:
            return NOTHING
        above, below = _factors_two(number.numerator), _factors_two(number.denominator)
        return cls(log2(number), below - above, number.denominator >> below)

    def __mul__(self, other: Height) -> Height:
        if self.size == -math.inf or other.size == -math.inf:
            return NOTHING
        return Height(up(self.size + other.size), self.twos + other.twos, self.odd * other.odd)

    def joined(self, other: Height, size: float) -> Height:
        """Return the height of numbers with the denominators of either, at most 2^size."""
        if self.size == -math.inf or other.size == -math.inf:
            return other if self.size == -math.inf else self
        return Height(size, max(self.twos, other.twos), math.lcm(self.odd, other.odd))

    def __add__(self, other: Height) -> Height:
        """Return the height of sums."""
        large, small = max(self.size, other.size), min(self.size, other.size)
        more = math.log2(1 + 2.0 ** max(small - large, -1000)) if large > small else 1.0
        return self.joined(other, up(large + more))

    def __or__(self, other: Height) -> Height:
        """Return the height of tensors with entries from either."""
        return self.joined(other, max(self.size, other.size))

    def times(self, terms: int) -> Height:
        """Return the height of sums with so many terms."""
        return NOTHING if terms == 0 else Height(up(self.size + math.log2(terms)), self.twos, self.odd)


NOTHING = Height(-math.inf, 0)
"""The height of zeros."""


def _factors_two(n: int) -> int:
    return (n & -n).bit_length() - 1
