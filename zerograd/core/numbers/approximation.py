"""Rationals that stand near exact numbers, for those who show them. No verdict rests on this."""

from __future__ import annotations

from collections.abc import Callable, Collection
from fractions import Fraction
from math import ceil, floor, inf

from zerograd.core.errors import FormatError
from zerograd.core.numbers.closed import Closed
from zerograd.core.numbers.exact import Exact, sign
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.irrational import Irrational
from zerograd.core.numbers.real import Real, ends

_SMALL_DEGREE = 12


def bits(value: Exact) -> int:
    """The length of the longest numerator or denominator."""
    parts = coefficients(value)
    return max((max(p.numerator.bit_length(), p.denominator.bit_length()) for p in parts), default=0)


def coefficients(value: Exact) -> Collection[int | Fraction]:
    """The rational numbers that a number is written with."""
    if isinstance(value, Algebraic):
        return value.coefficients
    return value.polynomial.terms.values() if isinstance(value, Closed) else (value,)


def nearest_float(value: Real) -> float:
    """The nearest float64, of an enclosure that to its middle; an infinity beyond their range."""
    if isinstance(value, Interval):
        low, high = ends(value)
        value = (low + high) / 2
    try:
        return float(value)
    except OverflowError:
        return inf if sign(value) > 0 else -inf


def near(value: Irrational, digits: int) -> Fraction:
    """A rational that agrees with the number in so many significant digits."""
    if value.sign() == 0:
        return Fraction(0)
    level = 0
    while True:
        low, high = value.enclosure(level)
        if (low > 0 or high < 0) and (high - low) * 10**digits < min(abs(low), abs(high)):
            return (low + high) / 2
        level += 1


def simpler_interval(
    field: NumberField, fits: Callable[[Fraction], bool]
) -> tuple[Fraction, Fraction] | None:
    """The field's interval, or a simpler one around it that holds no other root; None if no end fits."""
    if fits(field.low) and fits(field.high):
        return field.low, field.high
    for scale in (1, 10, 100, 1000) if len(field.polynomial) <= _SMALL_DEGREE + 1 else ():
        low, high = Fraction(floor(field.low * scale), scale), Fraction(ceil(field.high * scale), scale)
        if not (fits(low) and fits(high)):
            break
        try:
            NumberField(field.polynomial, low, high)
        except FormatError:  # another root inside, or one at an end
            continue
        return low, high
    return None
