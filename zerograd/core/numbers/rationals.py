"""Rational numbers as text, of bounded length.

Integers are kept as ``int``: Python's integers are many times faster than ``Fraction``, and most witnesses
are integer.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import gcd

from zerograd.core.errors import FormatError, short
from zerograd.core.numbers.lowest import in_lowest_terms
from zerograd.core.numbers.work import fractional, spend

MAX_DIGITS = 4000
"""Longest number in a problem: as text, and the numerator and denominator once written out."""
MAX_DOCUMENT_DIGITS = 100_000
"""Longest number in a witness or result, where exact solutions and their losses grow."""
MAX_EXPONENT = 1000

_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<p>\d+)\s*/\s*(?P<q>\d+)|(?P<decimal>\d+\.?\d*|\.\d+)(?:[eE](?P<exp>[+-]?\d+))?)",
    re.ASCII,
)
_WHOLE = re.compile(r"-?[0-9]+")
_QUOTIENT = re.compile(r"(-?[0-9]{1,200})/([1-9][0-9]{0,199})")
_SPACES = " \t\n\r\f\v"
"""What may stand around a number: ASCII, as around its stroke."""


def narrowed(value: Fraction) -> int | Fraction:
    """The same number, as an integer if it is one."""
    return value.numerator if value.denominator == 1 else value


def parse_rational(text: str | int, limit: int = MAX_DIGITS) -> int | Fraction:
    """``"-2/3"``, ``"0.1"``, ``"1e-3"`` or an integer as an exact number.

    Raises:
        ValueError: the text is no number, divides by zero, or is longer than ``limit`` digits,
            as written or written out.
    """
    if isinstance(text, bool):
        raise ValueError(f"{str(text).lower()} is not a number")
    value = text if isinstance(text, int) else _read(text.strip(_SPACES), limit)
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > limit * _BITS_PER_DIGIT:
        raise ValueError(f"a number of more than {limit} digits")
    return value


_BITS_PER_DIGIT = 3.33  # a little more than log2(10)


def plain_rational(text: str) -> int | Fraction | None:
    """The number that a short text ``p/q`` is, as `rational_text` writes most; None of others.

    It counts no work: whoever reads a hundred thousand of them counts them together.
    """
    match = _QUOTIENT.fullmatch(text)
    if match is None:
        return None
    top, bottom = int(match[1]), int(match[2])
    shared = gcd(top, bottom)
    if shared != 1:
        top, bottom = top // shared, bottom // shared
    return top if bottom == 1 else in_lowest_terms(top, bottom)


def _read(text: str, limit: int) -> int | Fraction:
    if len(text) > limit:
        raise ValueError(f"a number of {len(text)} characters (at most {limit} are read)")
    spend(3 if len(text) <= 64 else fractional(2 * len(text)))
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"{short(text)} is not a number (write 3, -2/3, 0.1 or 1e-3)")
    if match["p"] is not None:
        top, bottom = _integer(match["p"]), _integer(match["q"])
        if bottom == 0:
            raise ValueError(f"{short(text)} divides by zero")
    else:
        if match["exp"] is not None and (len(match["exp"]) > 6 or abs(int(match["exp"])) > MAX_EXPONENT):
            raise ValueError(f"{short(text)} has an exponent beyond {MAX_EXPONENT}")
        whole, _, decimals = match["decimal"].partition(".")
        shift = int(match["exp"] or 0) - len(decimals)
        top, bottom = _integer(whole + decimals), 1
        if shift > 0:
            top *= 10**shift
        else:
            bottom = 10**-shift
    value = Fraction(-top if match["sign"] == "-" else top, bottom)
    return value.numerator if value.denominator == 1 else value


_CHUNK = 512
"""Digits that ``int`` and ``str`` convert at once. Python may refuse more than 640 (4300 by default)."""


def _integer(digits: str) -> int:
    if len(digits) <= _CHUNK:
        return int(digits)
    half = len(digits) // 2
    shift: int = 10**half
    return _integer(digits[:-half]) * shift + _integer(digits[-half:])


def digits(number: int) -> str:
    """``str(number)`` of a number of any length."""
    if number < 0:
        return "-" + digits(-number)
    if number.bit_length() <= 3 * _CHUNK:
        return str(number)
    spend(fractional(number.bit_length()) // 4)
    half = int(number.bit_length() / _BITS_PER_DIGIT) // 2
    high, low = divmod(number, 10**half)
    return digits(high) + digits(low).zfill(half)


def rational_text(value: int | Fraction) -> str:
    top = digits(value.numerator)
    return top if value.denominator == 1 else f"{top}/{digits(value.denominator)}"


def rational_from_json(data: object) -> int | Fraction:
    """The number that `parse_rational` reads, of a document. Raises FormatError."""
    if isinstance(data, str) and len(data) <= _CHUNK and _WHOLE.fullmatch(data):
        return int(data)  # most numbers of large documents
    if isinstance(data, str) and (quotient := plain_rational(data)) is not None:
        return quotient  # and most others
    if isinstance(data, str | int) and not isinstance(data, bool):
        try:
            return parse_rational(data, MAX_DOCUMENT_DIGITS)
        except ValueError as error:
            raise FormatError(str(error)) from None
    raise FormatError(f"{short(data)} is not a rational number")
