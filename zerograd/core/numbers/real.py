"""Real numbers that are known exactly, or by an interval that holds them.

What an interval does not decide is None: not known is never taken for equal, or for zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache, partial
from math import floor, log10
from typing import Any, TypeAlias

from zerograd.core.errors import FormatError, short
from zerograd.core.numbers import exact
from zerograd.core.numbers.closed import Closed
from zerograd.core.numbers.enclosure import IntervalFunctions
from zerograd.core.numbers.exact import Exact, exact_from_json, exact_to_json
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.functions import (
    NotClosed,
    OutOfDomain,
    Rational,
    Straddles,
    expm1,
    sigmoid,
    softplus,
    tanh,
)
from zerograd.core.numbers.interval import PRECISION, Interval
from zerograd.core.numbers.rationals import parse_rational

Real: TypeAlias = Exact | Interval
"""An exact number, or an enclosure of a number."""

MAX_DIGITS = 1000
"""Longest number of a ball, as text; the digits of its numerator and denominator."""
MAX_BITS = 100_000
"""Bits before the point, and behind it, of ends that are written out."""
MAX_ORDER = 900
"""Enclosures are shown from 10^−MAX_ORDER to 10^MAX_ORDER: documents have exponents up to 1000."""
_LARGEST = 10**MAX_ORDER
_BITS_OF_LARGEST = _LARGEST.bit_length() - 1
_LEVEL = 2
"""Width of the enclosures of numbers of a field: 256 digits of the field's root."""
_SHOWN = 15
"""Significant digits of the balls in result documents, where as many are proved."""


@dataclass(frozen=True, slots=True)
class Ball:
    """The numbers from centre − radius to centre + radius.

    Raises:
        FormatError: these are no rationals, or the radius is not above 0.
    """

    centre: int | Fraction
    radius: int | Fraction

    def __post_init__(self) -> None:
        for value in (self.centre, self.radius):
            if isinstance(value, bool) or not isinstance(value, int | Fraction):
                raise FormatError(f"{short(value)} is not a rational number")
        if self.radius <= 0:
            raise FormatError(f"the radius {short(str(self.radius))} is not above 0")

    def __str__(self) -> str:
        return f"{decimal(self.centre)} ± {decimal(self.radius)}"

    def interval(self, precision: int) -> Interval:
        """Return a narrowest interval around it."""
        return Interval.between(self.centre - self.radius, self.centre + self.radius, precision)

    def contains(self, value: Real) -> bool:
        """Whether a number, or all of an interval, is known to lie within."""
        if isinstance(value, Interval):
            return value.is_near(self.centre, self.radius)
        low, high = self.centre - self.radius, self.centre + self.radius
        return compare(value, low) in (0, 1) and compare(value, high) in (-1, 0)


@dataclass(frozen=True, slots=True)
class RealFunctions:
    """`Functions` of exact numbers and enclosures: what is exact stays so, where the value is rational."""

    precision: int = PRECISION

    @property
    def pi(self) -> Interval:
        return self._enclosing.pi

    @property
    def _enclosing(self) -> IntervalFunctions:
        return IntervalFunctions(self.precision)

    def divide(self, a: Any, b: Any, /) -> Any:
        if isinstance(a, Interval) or isinstance(b, Interval):
            return self._enclosing.divide(a, b)
        return exact.divide(a, b)

    def sqrt(self, value: Rational, /) -> Any:
        return self._first("sqrt", value)

    def exp(self, z: Any, /) -> Any:
        return self._first("exp", z)

    def log(self, z: Any, /) -> Any:
        return self._first("log", z)

    def sin(self, z: Any, /) -> Any:
        return self._first("sin", z)

    def cos(self, z: Any, /) -> Any:
        return self._first("cos", z)

    def erf(self, z: Any, /) -> Any:
        return self._first("erf", z)

    def expm1(self, z: Any, /) -> Any:
        return self._first("expm1", z)

    def tanh(self, z: Any, /) -> Any:
        return self._first("tanh", z)

    def sigmoid(self, z: Any, /) -> Any:
        return self._first("sigmoid", z)

    def softplus(self, z: Any, /) -> Any:
        return self._first("softplus", z)

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        return self._enclosing.choose(z, joins, branches, at_joins)

    def _first(self, name: str, z: Any) -> Any:
        """The value where it is rational, else an enclosure."""
        if isinstance(z, int | Fraction):
            with suppress(NotClosed):
                value = _EXACTLY[name](z)
                if isinstance(value, int | Fraction):
                    return value
        return getattr(self._enclosing, name)(z)


_EXACTLY: Mapping[str, Callable[[Any], Any]] = {
    "sqrt": EXACT.sqrt,
    "exp": EXACT.exp,
    "log": EXACT.log,
    "sin": EXACT.sin,
    "cos": EXACT.cos,
    "erf": EXACT.erf,
    "expm1": partial(expm1, f=EXACT),
    "tanh": partial(tanh, f=EXACT),
    "sigmoid": partial(sigmoid, f=EXACT),
    "softplus": partial(softplus, f=EXACT),
}


def enclosed(value: Real, precision: int = PRECISION) -> Interval | Rational:
    """Rational numbers as they are, an enclosure of others."""
    if isinstance(value, Closed):
        return value.interval(precision)
    if isinstance(value, Algebraic):
        return Interval.between(*value.enclosure(_LEVEL), precision)
    return value


def sign(value: Real) -> int | None:
    """−1, 0 or 1; None where it is not known."""
    if isinstance(value, Interval):
        return value.sign()
    try:
        return exact.sign(value)
    except Straddles:
        return None


def compare(a: Real, b: Real) -> int | None:
    """The sign of a − b; None where it is not known."""
    if isinstance(a, Interval) and isinstance(b, int | Fraction):
        return a.side(b)
    if isinstance(a, Interval) or isinstance(b, Interval):
        a, b = enclosed(a), enclosed(b)
    return sign(a - b)


def is_as_told(value: Real, told: Exact | Ball) -> bool:
    """Whether a number is the one that is told, or lies in the ball that is."""
    return told.contains(value) if isinstance(told, Ball) else compare(value, told) == 0


def is_integer(value: Real) -> bool:
    """Whether a number is known to be an integer."""
    try:
        return not isinstance(value, Interval) and exact.is_integer(value)
    except Straddles:
        return False


def narrow(value: Real) -> Real:
    """The same number in its cheapest representation; an enclosure that is the point 0 as the int."""
    if isinstance(value, Interval):
        return value or 0
    return exact.narrow(value)


def format_real(value: Real) -> str:
    """For people: exact numbers in full, enclosures to the digits that are proved, ``0.73106 ± 1e-5``."""
    if not isinstance(value, Interval):
        return exact.format_exact(value)
    return str(rounded(value)) if is_moderate(value) else f"a number that may be beyond 10^{MAX_ORDER}"


def middle(value: Real) -> Exact:
    """The number itself, or the middle of an enclosure, for places in pictures."""
    return value.midpoint if isinstance(value, Interval) else value


def is_moderate(value: Real) -> bool:
    """Whether a number is known to be between ±10^`MAX_ORDER`, or exact."""
    if not isinstance(value, Interval):
        return True
    low, high = value.low_mantissa.bit_length(), value.high_mantissa.bit_length()
    if max(low + value.low_exponent, high + value.high_exponent) < _BITS_OF_LARGEST:
        return True
    return value.side(_LARGEST) == -1 and value.side(-_LARGEST) == 1


def ends(value: Interval) -> tuple[Fraction, Fraction]:
    """The ends; next to 0, bounds of them.

    Raises:
        OutOfDomain: they are beyond 2^`MAX_BITS`.
    """
    top = max(
        value.low_mantissa.bit_length() + value.low_exponent,
        value.high_mantissa.bit_length() + value.high_exponent,
    )
    if top > MAX_BITS:
        raise OutOfDomain(f"numbers may be beyond 2^{MAX_BITS}")
    low, high = value.low_mantissa, -value.high_mantissa
    return _bound_below(low, value.low_exponent), -_bound_below(high, value.high_exponent)


def _bound_below(mantissa: int, exponent: int) -> Fraction:
    if exponent < -MAX_BITS:
        mantissa, exponent = mantissa >> (-MAX_BITS - exponent), -MAX_BITS
    return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)


def rounded(value: Interval, digits: int = _SHOWN) -> Ball:
    """A ball around an interval, in decimals: at most so many significant digits, and all that are proved.

    The radius is a power of 10, one unit in the last place of the centre, and no less than 10^−`MAX_ORDER`.

    Raises:
        OutOfDomain: the interval reaches beyond 10^`MAX_ORDER`.
    """
    if (quick := _quickly_rounded(value, digits)) is not None:
        n, k = quick
        return Ball(n * Fraction(10) ** k, Fraction(10) ** k)
    if not is_moderate(value):
        raise OutOfDomain(f"a number may be beyond 10^{MAX_ORDER}")
    low, high = ends(value)
    middle, radius = (low + high) / 2, (high - low) / 2
    places = [-MAX_ORDER]
    if radius:
        places.append(order(2 * radius, up=True))
    if middle:
        places.append(order(abs(middle)) - digits + 1)
    unit = Fraction(10) ** max(places)
    while True:
        centre = round(middle / unit) * unit
        if abs(centre - middle) + radius <= unit:
            return Ball(centre, unit)
        unit *= 10


def _quickly_rounded(value: Interval, digits: int) -> tuple[int, int] | None:
    """(n, k) of the ball n·10^k ± 10^k that is `rounded`, by integers alone; None of what is not plain."""
    if not (value.low_mantissa > 0 or value.high_mantissa < 0):
        return None
    if (
        max(
            abs(value.low_exponent),
            abs(value.high_exponent - value.low_exponent),
            value.low_mantissa.bit_length(),
        )
        > _QUICK
    ):
        return None
    low, high, exponent = value.on_one_scale()
    top, spread, half = low + high, high - low, 1 - exponent  # (top ± spread)/2^half
    logarithm = log10(abs(top)) - half * _DIGITS_OF_BIT
    k = floor(logarithm) - digits + 1
    if not _CLEAR < logarithm % 1 < 1 - _CLEAR:
        return None
    bottom = 1
    if k < 0:
        top, spread = top * 10**-k, spread * 10**-k
    else:
        bottom = 10**k
    if half > 0:
        bottom <<= half
    else:
        top, spread = top << -half, spread << -half
    n, rest = divmod(top, bottom)
    if 2 * rest > bottom or (2 * rest == bottom and n % 2):
        n, rest = n + 1, rest - bottom
    return (n, k) if 2 * spread <= bottom and abs(rest) + spread <= bottom else None


_QUICK = 1000
"""Bits and exponents of what is plain: far from 10^`MAX_ORDER`."""
_CLEAR = 1e-9
"""How far a logarithm has to be from a whole number, for floats to tell its whole part."""


def order(value: int | Fraction, *, up: bool = False) -> int:
    """The largest n with 10^n ≤ value, or the smallest with value ≤ 10^n. The value is above 0."""
    n = int((value.numerator.bit_length() - value.denominator.bit_length()) * _DECIMALS_OF_BIT) + 1
    while Fraction(10) ** n > value:
        n -= 1
    return n + 1 if up and Fraction(10) ** n < value else n


_DECIMALS_OF_BIT = 0.30103
_DIGITS_OF_BIT = log10(2)
_CONTEXT = Context(prec=MAX_DIGITS * 2, Emax=10**9, Emin=-(10**9))


def decimal(value: int | Fraction) -> str:
    """``0.125``, ``1.5e-30``, of a number whose decimals end; ``p/q`` of others."""
    quotient = _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))
    top, bottom = quotient.as_integer_ratio()
    if top * value.denominator != bottom * value.numerator:
        return exact.format_exact(value)
    return _plain_text(quotient)


def _plain_text(value: Decimal) -> str:
    shown = value.normalize(_CONTEXT)
    return f"{shown:f}" if -6 <= shown.adjusted() <= 20 else f"{shown:e}"


def real_to_json(value: Real) -> Any:
    """An exact number as `exact_to_json` has it; of an enclosure a ball around it."""
    if not isinstance(value, Interval):
        return exact_to_json(value)
    if (quick := _quickly_rounded(value, _SHOWN)) is None:
        return ball_to_json(rounded(value))
    n, k = quick
    return {"centre": _plain_text(Decimal(n).scaleb(k, _CONTEXT)), "radius": _power_of_ten(k)}


@lru_cache(maxsize=128)
def _power_of_ten(exponent: int) -> str:
    return _plain_text(Decimal(1).scaleb(exponent, _CONTEXT))


def ball_to_json(ball: Ball) -> dict[str, str]:
    return {"centre": decimal(ball.centre), "radius": decimal(ball.radius)}


def real_from_json(data: object, field: NumberField | None = None) -> Exact | Ball:
    """The inverse of `real_to_json`, but for a ball where it was made of an enclosure.

    Raises:
        FormatError: neither an exact number nor a ball.
    """
    if not (isinstance(data, Mapping) and set(data) == {"centre", "radius"}):
        return exact_from_json(data, field)
    parts = []
    for name in ("centre", "radius"):
        try:
            if not isinstance(data[name], str | int):
                raise ValueError(f"{short(data[name])} is not a rational number")
            parts.append(parse_rational(data[name], MAX_DIGITS))
        except ValueError as error:
            raise FormatError(f"{name}: {error}") from None
    return Ball(*parts)
