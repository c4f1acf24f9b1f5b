"""A real root of a polynomial, to as many digits as one likes, and the sign of a polynomial there.

The root lies in a cell [m, m + 1]·2^−k at whose ends the polynomial has different signs. Such a cell is cut
into 2^t parts at once, by the line through its ends (quadratic interval refinement: J. Abbott, Quadratic
Interval Refinement for Real Roots, 2006): where that finds the part, t doubles, so that digits double with
each step, as Newton's do; where not, t is halved, down to bisection. Signs are seen by interval
arithmetic, with more bits where they do not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.univariate import longest
from zerograd.core.numbers.work import spend, whole

FIRST = 64
"""Bits with which a sign is looked for first."""
_NOWHERE = (0, -1)
"""The cell before it is found: k is never negative then."""


@dataclass(slots=True, eq=False)
class Root:
    """The only root of a polynomial between two rational numbers.

    Args:
        integers: coefficients from the constant up.
        low: a number at which the polynomial has not the sign that it has at ``high``; as that, no root.
        high: a number above it.

    Attributes:
        exact: the root, if it was met.
    """

    integers: Sequence[int]
    low: Fraction
    high: Fraction
    exact: Fraction | None = None
    _cell: tuple[int, int] = _NOWHERE
    _step: int = 1
    _spare: int = 64
    _falls: bool = field(default=False)

    def interval(self, digits: int) -> Interval:
        """An interval around the root that is not wider than 2^−digits."""
        if self._cell == _NOWHERE and self.exact is None:
            self._find_cell()
        while self.exact is None and self._cell[1] < digits:
            self._refine(digits)
        if self.exact is not None:
            return Interval.of(self.exact, digits + self._magnitude() + 2)
        m, k = self._cell
        return Interval(m, -k, m + 1, -k, max(m.bit_length(), FIRST) + 2)

    def _magnitude(self) -> int:
        """Bits of the root before the point, at most."""
        return max(self.low.__ceil__().bit_length(), self.high.__ceil__().bit_length()) + 1

    def _find_cell(self) -> None:
        """Bisect the given interval, along numbers with short denominators."""
        low, high = self.low, self.high
        self._falls = self._sign(low) > 0
        k = max(0, 2 - _log(high - low))
        while True:
            first, last = -((-low * 2**k) // 1), high * 2**k // 1  # points of the grid: no root at the ends
            least, most = first - 1, last + 1
            while most - least > 1:
                m = (least + most) // 2
                sign = self._sign(Fraction(m, 2**k))
                if not sign:
                    self.exact = Fraction(m, 2**k)
                    return
                least, most = (m, most) if (sign > 0) == self._falls else (least, m)
            if least >= first and most <= last:
                self._cell = least, k
                return
            low, high = max(low, Fraction(least, 2**k)), min(high, Fraction(most, 2**k))
            k = 2 * k + 1

    def _refine(self, digits: int) -> None:
        m, k = self._cell
        t = min(self._step, max(digits - k, 1))
        first = m << t
        k += t
        at = (1 << t) // 2 if t == 1 else self._guess(m, k - t, t)
        sign = self._sign_on_grid(first + at, k)
        if not sign:
            self.exact = Fraction(first + at, 2**k)
            return
        below = (sign > 0) == self._falls  # the point is below the root
        other = at + 1 if below else at - 1
        if 0 < other < 1 << t:
            sign = self._sign_on_grid(first + other, k)
            if not sign:
                self.exact = Fraction(first + other, 2**k)
                return
            if ((sign > 0) == self._falls) == below:  # it lies further away
                self._step = max(self._step // 2, 1)
                return
        self._cell = first + min(at, other), k
        self._step = 2 * self._step

    def _guess(self, m: int, k: int, t: int) -> int:
        """Where the line through the ends of the cell crosses 0: a number of parts, neither none nor all."""
        left, right = (self._value(n, k, 2 * t + FIRST) for n in (m, m + 1))
        exponent = min(left.low_exponent, right.low_exponent)
        a = abs(left.low_mantissa << (left.low_exponent - exponent))
        b = abs(right.low_mantissa << (right.low_exponent - exponent))
        at = (2 * a << t) // (2 * (a + b)) if a + b else 1 << t - 1
        return min(max(at, 1), (1 << t) - 1)

    def _value(self, m: int, k: int, digits: int) -> Interval:
        """The polynomial at a point that is no root, of which so many digits or so are known."""
        precision = digits + self._spare
        while True:
            value = value_at(self.integers, Interval(m, -k, m, -k, precision), precision)
            if value.sign() is not None:
                return value
            precision, self._spare = 2 * precision, 2 * self._spare

    def _sign_on_grid(self, m: int, k: int) -> int:
        """The sign at m·2^−k, exactly: with enough bits, nothing is rounded."""
        precision = k + self._spare
        while True:
            sign = value_at(self.integers, Interval(m, -k, m, -k, precision), precision).sign()
            if sign is not None:
                return sign
            precision, self._spare = 2 * precision, 2 * self._spare

    def _sign(self, at: Fraction) -> int:
        value, power = 0, 1
        step = max(at.numerator.bit_length(), at.denominator.bit_length())
        for n, c in enumerate(reversed(self.integers)):
            spend(2 * whole(longest(self.integers) + n * step, step))
            value, power = value * at.numerator + c * power, power * at.denominator
        return (value > 0) - (value < 0)


def _log(value: Fraction) -> int:
    """About log₂ of a number above 0, and not more than that."""
    return value.numerator.bit_length() - value.denominator.bit_length() - 1


def value_at(integers: Sequence[int], x: Interval, precision: int) -> Interval:
    """An enclosure of a polynomial on an interval, by Horner's rule."""
    x = Interval(x.low_mantissa, x.low_exponent, x.high_mantissa, x.high_exponent, precision)
    spend(len(integers) * (3 + 2 * whole(precision, precision)))
    total = Interval(0, 0, 0, 0, precision)
    for c in reversed(integers):
        total = total * x + c
    return total


def sign_at(integers: Sequence[int], root: Root) -> int:
    """The sign of a polynomial at the root: −1, 0 or 1.

    It is 0 where its size is below 2^−`separation`, and else shows with enough digits, which double.
    """
    digits = FIRST
    least = None
    while True:
        value = value_at(integers, root.interval(digits), 2 * digits + longest(integers))
        sign = value.sign()
        if sign is not None:
            return sign
        if least is None and digits > FIRST:
            least = separation(integers, root.integers)
        if least is not None and _is_below(value, least):
            return 0
        digits *= 2


def _is_below(value: Interval, least: int) -> bool:
    """Whether all of an interval is smaller in size than 2^−least."""
    ends = (value.low_mantissa, value.low_exponent), (value.high_mantissa, value.high_exponent)
    return all(m.bit_length() + e <= -least for m, e in ends if m)


def separation(q: Sequence[int], p: Sequence[int]) -> int:
    """B such that |q(α)| is 0, or above 2^−B, for every root α of p ≠ 0, both with integer coefficients.

    Let f be the primitive irreducible factor of p with f(α) = 0, of degree d and leading coefficient c. If
    q(α) ≠ 0, the resultant of f and q is an integer other than 0, and its size c^m·Π |q(αᵢ)|, with m the
    degree of q and αᵢ the roots of f, is 1 or more. As |q(αᵢ)| ≤ ‖q‖₁·max(1, |αᵢ|)^m, it follows that
    |q(α)| ≥ 1/(‖q‖₁^(d − 1)·M(f)^m) with M(f) = c·Π max(1, |αᵢ|), Mahler's measure, which is at most M(p)
    (measures of integer polynomials are 1 or more, and multiply) and that at most ‖p‖₂ (Landau). Compare
    Mignotte, Mathematics for Computer Algebra, 1992, §4.4.
    """
    size = sum(map(abs, q)).bit_length()
    norm = (sum(c * c for c in p).bit_length() + 1) // 2
    return (len(p) - 2) * size + (len(q) - 1) * norm + 1
