"""Exact numbers: rationals, elements of one real number field ℚ(α), and closed forms such as 1/2 + 3·log 2.

Integers are kept as ``int``: Python's integers are many times faster than ``Fraction``, and
most witnesses are integer. So an exact number is ``int | Fraction | Algebraic | Closed``; `sign` and
`compare` decide its order, and no float is ever involved. Elements of a field and closed forms do not mix.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeAlias

from zerograd.core.errors import FormatError, short
from zerograd.core.numbers import univariate as uni
from zerograd.core.numbers.closed import Closed
from zerograd.core.numbers.closed_text import looks_closed, parse_closed
from zerograd.core.numbers.field import MAX_FIELD_DEGREE, Algebraic, NumberField
from zerograd.core.numbers.irrational import Irrational
from zerograd.core.numbers.rationals import rational_from_json, rational_text

Exact: TypeAlias = int | Fraction | Algebraic | Closed
"""An exact number."""


def sign(value: Exact) -> int:
    """−1, 0 or 1, decided exactly. Raises Straddles for closed forms of which it is not known."""
    if isinstance(value, Irrational):
        return value.sign()
    top = value.numerator
    return (top > 0) - (top < 0)


def compare(a: Exact, b: Exact) -> int:
    """The sign of a − b. Raises what `sign` does."""
    if isinstance(a, int | Fraction) and isinstance(b, int | Fraction):
        return 0 if a == b else 1 if a > b else -1
    return sign(a - b)


def divide(a: Exact, b: Exact) -> Exact:
    """a / b, exactly.

    Raises:
        ZeroDivisionError: b = 0.
        NotClosed: the quotient of two closed forms is none.
    """
    return narrow((Fraction(a) if isinstance(a, int) else a) / b)


def narrow(value: Exact) -> Exact:
    """The same number in its cheapest representation (int, then Fraction)."""
    if isinstance(value, Irrational):
        rational = value.rational()
        if rational is None:
            return value
        value = rational
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def is_integer(value: Exact) -> bool:
    """Whether the number is an integer (for irrational numbers: no). Raises what `sign` does."""
    return value.is_integer() if isinstance(value, Irrational) else value == int(value)


def format_exact(value: Exact) -> str:
    """For people: ``-2/3``, ``1/2·α - 1`` for an element of a number field, ``1/2 + 3·log(2)``."""
    return str(value) if isinstance(value, Irrational) else rational_text(value)


def exact_to_json(value: Exact) -> str | dict[str, list[str]]:
    """``"p/q"``, ``"1/2 + 3*log(2)"``, or ``{"alpha": [c0, c1, …]}`` for an element of a number field."""
    value = narrow(value)
    if isinstance(value, Algebraic):
        return {"alpha": [rational_text(c) for c in value.coefficients]}
    return value.written("*", "pi", "**") if isinstance(value, Closed) else rational_text(value)


def exact_from_json(data: object, field: NumberField | None) -> Exact:
    """The inverse of `exact_to_json`; plain JSON integers are read too.

    Raises:
        FormatError: no exact number, or ``alpha`` without a field.
    """
    if isinstance(data, str) and looks_closed(data):
        return parse_closed(data)
    if isinstance(data, str | int) and not isinstance(data, bool):
        return rational_from_json(data)
    if isinstance(data, Mapping) and set(data) == {"alpha"} and isinstance(data["alpha"], list):
        if field is None:
            raise FormatError('a value {"alpha": …} needs the witness to name its "field"')
        if len(data["alpha"]) > MAX_FIELD_DEGREE + 1:
            raise FormatError(f'a value {{"alpha": …}} of degree above {MAX_FIELD_DEGREE}')
        coefficients = uni.polynomial(rational_from_json(c) for c in data["alpha"])
        return narrow(Algebraic(field, uni.divide(coefficients, field.polynomial)[1]))
    raise FormatError(f'{short(data)} is not an exact number (write "p/q", an integer, or {{"alpha": […]}})')
