"""Closed forms from text: ``1/2 + 3*log(2)``, ``-pi/2``, ``log(2)*log(3)``, ``log(2)**2``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from zerograd.core.errors import FormatError, short
from zerograd.core.numbers import closed
from zerograd.core.numbers.functions import NotClosed
from zerograd.core.numbers.rationals import MAX_DOCUMENT_DIGITS, rational_from_json

_FACTOR = r"(?:pi|log\(\d+(?:/\d+)?\))(?:\*\*\d{1,2})?"
_TERM = re.compile(
    rf"(?P<rational>\d+(?:/\d+)?)|(?:(?P<size>\d+(?:/\d+)?)\*)?(?P<factors>{_FACTOR}(?:\*{_FACTOR})*)"
    r"(?:/(?P<divisor>\d+))?",
    re.ASCII,
)
_SIGN = re.compile(r" ?([+-]) ?", re.ASCII)
_HINT = "write 1/2 + 3*log(2), -pi/2 or log(2)*log(3)"


def looks_closed(text: str) -> bool:
    """Whether a text is meant to be a closed form."""
    return "log" in text or "pi" in text


def parse_closed(text: str) -> closed.Value:
    """A closed form, or the rational number that it comes to.

    Raises:
        FormatError: no closed form, or one beyond the bounds of `zerograd.core.numbers.closed`.
    """
    if len(text) > MAX_DOCUMENT_DIGITS:
        raise FormatError(f"a closed form of {len(text)} characters (at most {MAX_DOCUMENT_DIGITS} are read)")
    try:
        total: closed.Value = 0
        for sign, term in _terms(text):
            total = total + _value(term) if sign == "+" else total - _value(term)
    except (NotClosed, _NoClosedForm) as error:
        raise FormatError(f"{short(text)}: {error}") from None
    return total


class _NoClosedForm(Exception):  # noqa: N818  # becomes a FormatError that names the whole text
    pass


def _terms(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Signs, and the terms behind them."""
    parts = _SIGN.split(text.strip(" "))
    parts = ["+", *parts] if parts[0] else parts[1:]
    if len(parts) > 2 * closed.MAX_TERMS:
        raise _NoClosedForm(f"a closed form has more than {closed.MAX_TERMS} terms")
    for sign, part in zip(parts[::2], parts[1::2], strict=True):
        term = _TERM.fullmatch(part)
        if term is None:
            raise _NoClosedForm(f"{short(part)} is no term of a closed form ({_HINT})")
        yield sign, term


def _value(term: re.Match[str]) -> closed.Value:
    if term["rational"]:
        return rational_from_json(term["rational"])
    factors = re.findall(r"(pi|log\(([^)]*)\))(?:\*\*(\d+))?", term["factors"])
    degree = sum(int(power or 1) for *_, power in factors)
    if degree > closed.MAX_DEGREE:
        raise _NoClosedForm(f"a closed form has a degree above {closed.MAX_DEGREE}")
    value: closed.Value = rational_from_json(term["size"] or "1")
    divisor = rational_from_json(term["divisor"] or "1")
    if not divisor:
        raise _NoClosedForm("a division by zero")
    value = value * Fraction(1, divisor)
    for name, argument, power in factors:
        factor = closed.pi() if name == "pi" else _logarithm(argument)
        for _ in range(int(power or 1)):
            value = value * factor
    return value


def _logarithm(argument: str) -> closed.Value:
    number = rational_from_json(argument)
    if not number:
        raise _NoClosedForm("log(0) is no number")
    return closed.log(number)
