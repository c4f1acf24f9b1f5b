"""Interval arithmetic with dyadic end points, rounded outward.

An end point is m·2^e with integers m and e; m has about ``precision`` bits, so that ends far apart in size
each keep their own. Moore, Kearfott and Cloud, Introduction to Interval Analysis, chapters 2 and 3.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NoReturn

from zerograd.core.numbers.functions import OutOfDomain, Rational
from zerograd.core.numbers.lowest import in_lowest_terms

PRECISION = 128
"""Significant bits, where nothing else is said."""
MAX_BITS = 1 << 16
"""Bits of the longest fraction as which an end is written out: arithmetic with longer ones takes too long."""


class Interval:
    """The closed interval from low_mantissa·2^low_exponent to high_mantissa·2^high_exponent.

    + − · accept Interval, int and Fraction on either side. The result is rounded outward to the larger
    precision of the two.
    """

    __slots__ = ("high_exponent", "high_mantissa", "low_exponent", "low_mantissa", "precision")

    low_mantissa: int
    low_exponent: int
    high_mantissa: int
    high_exponent: int
    precision: int

    def __init__(
        self,
        low_mantissa: int,
        low_exponent: int,
        high_mantissa: int,
        high_exponent: int,
        precision: int = PRECISION,
    ) -> None:
        # A frozen dataclass takes three times as long, half of a product.
        _set_low_mantissa(self, low_mantissa)
        _set_low_exponent(self, low_exponent)
        _set_high_mantissa(self, high_mantissa)
        _set_high_exponent(self, high_exponent)
        _set_precision(self, precision)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"an interval is not changed ({name})")

    def __reduce__(self) -> tuple[object, ...]:
        return Interval, tuple(getattr(self, name) for name in _FIELDS)

    @classmethod
    def of(cls, value: Rational, precision: int = PRECISION) -> Interval:
        """Return a narrowest interval around a rational: a point where it can be."""
        return cls.between(value, value, precision)

    @classmethod
    def between(cls, low: Rational, high: Rational, precision: int = PRECISION) -> Interval:
        """Return a narrowest interval that holds both. Raises ValueError if ``low`` is above ``high``."""
        if low > high:
            raise ValueError("an interval must begin below its end")
        ends = quotient_down(low.numerator, low.denominator, 0, precision)
        return cls(*ends, *quotient_up(high.numerator, high.denominator, 0, precision), precision)

    # Arithmetic

    def __add__(self, other: object) -> Interval:
        if isinstance(other, Interval):
            p = max(self.precision, other.precision)
            i, n = sum_down(self.low_mantissa, self.low_exponent, other.low_mantissa, other.low_exponent, p)
            j, k = sum_down(
                -self.high_mantissa, self.high_exponent, -other.high_mantissa, other.high_exponent, p
            )
            return Interval(i, n, -j, k, p)
        if isinstance(other, int):
            if not other:
                return self
            p = self.precision
            i, n = sum_down(self.low_mantissa, self.low_exponent, other, 0, p)
            j, k = sum_down(-self.high_mantissa, self.high_exponent, -other, 0, p)
            return Interval(i, n, -j, k, p)
        if isinstance(other, Fraction):
            return self._plus_fraction(other)
        return NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Interval:
        return Interval(
            -self.high_mantissa, self.high_exponent, -self.low_mantissa, self.low_exponent, self.precision
        )

    def __sub__(self, other: object) -> Interval:
        if isinstance(other, Interval):
            p = max(self.precision, other.precision)
            i, n = sum_down(
                self.low_mantissa, self.low_exponent, -other.high_mantissa, other.high_exponent, p
            )
            j, k = sum_down(
                -self.high_mantissa, self.high_exponent, other.low_mantissa, other.low_exponent, p
            )
            return Interval(i, n, -j, k, p)
        return self + -other if isinstance(other, int | Fraction) else NotImplemented

    def __rsub__(self, other: object) -> Interval:
        return -self + other

    def __mul__(self, other: object) -> Interval:
        if isinstance(other, Interval):
            p = max(self.precision, other.precision)
            low, n, high, k = product_ends(self, other)
            extra = low.bit_length() - p
            if extra > 0:
                low >>= extra
                n += extra
            extra = high.bit_length() - p
            if extra > 0:
                high = -(-high >> extra)
                k += extra
            return Interval(low, n, high, k, p)
        if isinstance(other, int):
            return self._times(other, 1)
        if isinstance(other, Fraction):
            return self._times(other.numerator, other.denominator)
        return NotImplemented

    __rmul__ = __mul__

    def _times(self, top: int, bottom: int) -> Interval:
        a, i, b, j = self.low_mantissa, self.low_exponent, self.high_mantissa, self.high_exponent
        if top < 0:
            a, i, b, j = b, j, a, i
        p = self.precision
        if bottom == 1:
            low, high = round_down(a * top, i, p), round_up(b * top, j, p)
        else:
            low, high = quotient_down(a * top, bottom, i, p), quotient_up(b * top, bottom, j, p)
        return Interval(*low, *high, p)

    def _plus_fraction(self, other: Fraction) -> Interval:
        """The sum over the common denominator, so that what cancels does so exactly."""
        p, top, bottom = self.precision, other.numerator, other.denominator
        wide = 1024 + 4 * p + top.bit_length() + bottom.bit_length()
        if abs(self.low_exponent) > wide or abs(self.high_exponent) > wide:
            return self + Interval.of(other, p)
        ends = []
        for m, e in (
            (self.low_mantissa, self.low_exponent),
            (-self.high_mantissa, self.high_exponent),
        ):
            scaled, shift = (m << e, 0) if e >= 0 else (m, e)
            ends.append(quotient_down(scaled * bottom + (top << -shift), bottom, shift, p))
            top = -top
        (low, n), (high, k) = ends
        return Interval(low, n, -high, k, p)

    # Questions

    @property
    def low(self) -> Fraction:
        """The lower end, exactly (next to 0 beyond `MAX_BITS`: a bound of it).

        Raises:
            OutOfDomain: it is too large to be written out.
        """
        return _bound(self.low_mantissa, self.low_exponent)

    @property
    def high(self) -> Fraction:
        """The upper end, as `low`."""
        return -_bound(-self.high_mantissa, self.high_exponent)

    @property
    def is_point(self) -> bool:
        return not compare_ends(self.low_mantissa, self.low_exponent, self.high_mantissa, self.high_exponent)

    @property
    def midpoint(self) -> Fraction:
        return (self.low + self.high) / 2

    @property
    def radius(self) -> Fraction:
        return (self.high - self.low) / 2

    def sign(self) -> int | None:
        """−1 or 1 of all of it, 0 of the point 0; None if the sign is not known."""
        if self.low_mantissa > 0:
            return 1
        if self.high_mantissa < 0:
            return -1
        return None if self.low_mantissa or self.high_mantissa else 0

    def __bool__(self) -> bool:
        """False for the point 0 alone: what may be 0 or not is no zero."""
        return bool(self.low_mantissa or self.high_mantissa)

    def contains(self, other: Interval | Rational) -> bool:
        """Whether a number, or all of an interval, lies within."""
        return self._gap_below(other) >= 0 and self._gap_above(other) >= 0

    def on_one_scale(self) -> tuple[int, int, int]:
        """(low, high, exponent): its ends are low·2^exponent and high·2^exponent."""
        gap = self.high_exponent - self.low_exponent
        if gap >= 0:
            return self.low_mantissa, self.high_mantissa << gap, self.low_exponent
        return self.low_mantissa << -gap, self.high_mantissa, self.high_exponent

    def is_near(self, centre: Rational, radius: Rational) -> bool:
        """Whether all of it is at most ``radius`` away from ``centre``: exact, without a rounding."""
        below, bottom = centre.denominator, centre.denominator * radius.denominator
        middle, reach = centre.numerator * radius.denominator, radius.numerator * below
        return (
            compare_ends(middle - reach, 0, self.low_mantissa * bottom, self.low_exponent) <= 0
            and compare_ends(middle + reach, 0, self.high_mantissa * bottom, self.high_exponent) >= 0
        )

    def is_inside(self, other: Interval) -> bool:
        """Whether all of it lies in the interior of another."""
        return other._gap_below(self) > 0 and other._gap_above(self) > 0

    def _gap_below(self, other: Interval | Rational) -> int:
        """The sign of the other's lower end minus this one's."""
        if isinstance(other, Interval):
            return compare_ends(other.low_mantissa, other.low_exponent, self.low_mantissa, self.low_exponent)
        return compare_ends(other.numerator, 0, self.low_mantissa * other.denominator, self.low_exponent)

    def _gap_above(self, other: Interval | Rational) -> int:
        """The sign of this one's upper end minus the other's."""
        if isinstance(other, Interval):
            return compare_ends(
                self.high_mantissa, self.high_exponent, other.high_mantissa, other.high_exponent
            )
        return compare_ends(self.high_mantissa * other.denominator, self.high_exponent, other.numerator, 0)

    def side(self, value: Rational) -> int | None:
        """The sign of the interval minus a rational: exact, without a rounding."""
        below, above = -self._gap_below(value), self._gap_above(value)
        if below > 0 or above < 0:
            return below if below > 0 else above
        return None if below or above else 0

    def hull(self, other: Interval) -> Interval:
        """Return the smallest interval that holds both."""
        low = self if self._gap_below(other) >= 0 else other
        high = self if self._gap_above(other) >= 0 else other
        p = max(self.precision, other.precision)
        return Interval(low.low_mantissa, low.low_exponent, high.high_mantissa, high.high_exponent, p)

    def intersection(self, other: Interval) -> Interval | None:
        """Return what lies in both; None if nothing does."""
        low = other if self._gap_below(other) >= 0 else self
        high = other if self._gap_above(other) >= 0 else self
        ends = low.low_mantissa, low.low_exponent, high.high_mantissa, high.high_exponent
        return Interval(*ends, max(self.precision, other.precision)) if compare_ends(*ends) <= 0 else None

    def __eq__(self, other: object) -> bool:
        """Whether the ends are the same; not whether the numbers that they enclose are."""
        if not isinstance(other, Interval):
            return NotImplemented
        return self._gap_below(other) == 0 == self._gap_above(other)

    __hash__ = None  # type: ignore[assignment]  # the same ends may be written in several ways

    def __repr__(self) -> str:
        low = f"{self.low_mantissa}·2^{self.low_exponent}"
        return f"[{low}, {self.high_mantissa}·2^{self.high_exponent}]"


_FIELDS = ("low_mantissa", "low_exponent", "high_mantissa", "high_exponent", "precision")
(_set_low_mantissa, _set_low_exponent, _set_high_mantissa, _set_high_exponent, _set_precision) = (
    vars(Interval)[name].__set__ for name in _FIELDS
)

End = tuple[int, int]
"""(m, e) for m·2^e."""


def round_down(m: int, e: int, precision: int) -> End:
    """The largest number of so many bits that is not above m·2^e."""
    extra = m.bit_length() - precision
    return (m >> extra, e + extra) if extra > 0 else (m, e)


def round_up(m: int, e: int, precision: int) -> End:
    extra = m.bit_length() - precision
    return (-(-m >> extra), e + extra) if extra > 0 else (m, e)


def quotient_down(m: int, divisor: int, e: int, precision: int) -> End:
    """A bound below m·2^e/divisor, for a positive divisor; exact if the quotient is short."""
    if divisor & (divisor - 1) == 0:
        return round_down(m, e - divisor.bit_length() + 1, precision)
    shift = max(precision + 1 + divisor.bit_length() - m.bit_length(), 0)
    return round_down((m << shift) // divisor, e - shift, precision)


def quotient_up(m: int, divisor: int, e: int, precision: int) -> End:
    m, e = quotient_down(-m, divisor, e, precision)
    return -m, e


def sum_down(m: int, e: int, n: int, f: int, precision: int) -> End:
    """The largest number of so many bits that is not above m·2^e + n·2^f (or one near it)."""
    gap = e - f
    if gap < 0:
        m, e, n, f, gap = n, f, m, e, -gap
    if gap > 2 * precision:
        # The number of the lower exponent is far below: keep its sign alone.
        if not m:
            return round_down(n, f, precision)
        if n.bit_length() + f < e - precision:
            m = (m << precision) - (n < 0)
            return round_down(m, e - precision, precision)
    m = (m << gap) + n
    extra = m.bit_length() - precision
    return (m >> extra, f + extra) if extra > 0 else (m, f)


def product_ends(one: Interval, other: Interval) -> tuple[int, int, int, int]:
    """The ends of a product before they are rounded: (m, e) of the lower one, then of the upper one."""
    a, i, b, j = one.low_mantissa, one.low_exponent, one.high_mantissa, one.high_exponent
    c, k, d, n = other.low_mantissa, other.low_exponent, other.high_mantissa, other.high_exponent
    if a >= 0:
        if c >= 0:
            return a * c, i + k, b * d, j + n
        if d <= 0:
            return b * c, j + k, a * d, i + n
        return b * c, j + k, b * d, j + n
    if b <= 0:
        if c >= 0:
            return a * d, i + n, b * c, j + k
        if d <= 0:
            return b * d, j + n, a * c, i + k
        return a * d, i + n, a * c, i + k
    if c >= 0:
        return a * d, i + n, b * d, j + n
    if d <= 0:
        return b * c, j + k, a * c, i + k
    low, high = (a * d, i + n), (a * c, i + k)
    if compare_ends(*low, b * c, j + k) > 0:
        low = b * c, j + k
    if compare_ends(*high, b * d, j + n) < 0:
        high = b * d, j + n
    return *low, *high


def compare_ends(m: int, e: int, n: int, f: int) -> int:
    """The sign of m·2^e − n·2^f, without long shifts."""
    one, other = (m > 0) - (m < 0), (n > 0) - (n < 0)
    if one != other or not one:
        return (one > other) - (one < other)
    top = m.bit_length() + e - n.bit_length() - f
    if top:
        return one if top > 0 else -one
    if e >= f:
        m <<= e - f
    else:
        n <<= f - e
    return (m > n) - (m < n)


def _bound(m: int, e: int) -> Fraction:
    """m·2^e, or a number below it if its denominator is too long."""
    twos = (m & -m).bit_length() - 1
    if twos > 0:
        m, e = m >> twos, e + twos
    if e >= 0:
        if m and e > MAX_BITS:
            raise OutOfDomain("an end of an interval is too large to be written out")
        return Fraction(m << e if m else 0)
    if -e > MAX_BITS + m.bit_length():
        return Fraction(0) if m >= 0 else Fraction(-1, 1 << MAX_BITS)
    return in_lowest_terms(m, 1 << -e)
