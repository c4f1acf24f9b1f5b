"""Fractions of numbers that have no common factor: a hundred thousand of them in a tenth of a second."""

from __future__ import annotations

from fractions import Fraction


def in_lowest_terms(top: int, bottom: int) -> Fraction:
    """top / bottom, which have no common factor; bottom is above 0.

    `Fraction` looks for one again, which takes most of the time where there are a hundred thousand.
    """
    if not _PLAIN:
        return Fraction(top, bottom)
    value = object.__new__(Fraction)
    value._numerator, value._denominator = top, bottom  # type: ignore[attr-defined]
    return value


def odd_part(number: int) -> tuple[int, int]:
    """(odd, twos) with number = odd·2^twos, of a number above 0."""
    twos = (number & -number).bit_length() - 1
    return number >> twos, twos


_PLAIN = tuple(Fraction.__slots__) == ("_numerator", "_denominator")
