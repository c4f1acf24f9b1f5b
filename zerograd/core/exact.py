"""Exact numbers: rationals, and elements of one real number field ℚ(α).

Integers are kept as ``int``: Python's integers are many times faster than ``Fraction``, and
most witnesses are integer. So an exact number is ``int | Fraction | Algebraic``; `sign` and
`compare` decide its order, and no float is ever involved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from zerograd.core import univariate as uni
from zerograd.core.errors import FormatError

MAX_DIGITS = 4000
"""Longest number text that is read (Python itself converts at most 4300 digits)."""
MAX_EXPONENT = 1000
MAX_FIELD_DEGREE = 256

_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<p>\d+)\s*/\s*(?P<q>\d+)|(?P<decimal>\d+\.?\d*|\.\d+)(?:[eE](?P<exp>[+-]?\d+))?)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class NumberField:
    """ℚ(α), where α is the only root of ``polynomial`` in the open interval (low, high).

    The polynomial (coefficients from the constant up) must be square-free; it need not be
    irreducible: zero is decided by whether α is a root of a common divisor.

    Raises:
        FormatError: not square-free, an endpoint is a root, or not exactly one root inside.
    """

    polynomial: uni.Polynomial
    low: Fraction
    high: Fraction

    def __post_init__(self) -> None:
        p = self.polynomial
        if not 2 <= len(p) <= MAX_FIELD_DEGREE + 1 or not p[-1]:
            raise FormatError(
                f"field: the polynomial must have a degree from 1 to {MAX_FIELD_DEGREE} "
                "and a leading coefficient other than 0"
            )
        if not self.low < self.high:
            raise FormatError(f"field: the interval ({self.low}, {self.high}) is empty")
        if len(uni.gcd(p, uni.derivative(p))) > 1:
            raise FormatError("field: the polynomial is not square-free")
        for end in (self.low, self.high):
            if not uni.evaluate(p, end):
                raise FormatError(f"field: the endpoint {end} is itself a root; choose a wider interval")
        roots = uni.count_roots(p, self.low, self.high)
        if roots != 1:
            raise FormatError(
                f"field: the interval ({self.low}, {self.high}) must hold exactly one root, found {roots}"
            )

    def enclosure(self, level: int) -> tuple[Fraction, Fraction]:
        """An interval around α that shrinks as ``level`` = 0, 1, 2, … grows."""
        return _enclosure(self, level)

    def is_root(self, p: uni.Polynomial) -> bool:
        """Whether p(α) = 0, decided exactly."""
        divisor = uni.gcd(p, self.polynomial)
        # A divisor of a square-free polynomial with one root inside has a simple root there or none.
        return not p or (
            len(divisor) > 1
            and (uni.evaluate(divisor, self.low) < 0) != (uni.evaluate(divisor, self.high) < 0)
        )


@lru_cache(maxsize=1024)
def _enclosure(field: NumberField, level: int) -> tuple[Fraction, Fraction]:
    if level == 0:
        return field.low, field.high
    low, high = _enclosure(field, level - 1)
    left_negative = uni.evaluate(field.polynomial, field.low) < 0
    for _ in range(8 * level):
        middle = (low + high) / 2
        value = uni.evaluate(field.polynomial, middle)
        if not value:
            quarter = (high - low) / 4  # α itself: stay around it, so that endpoints are never roots
            low, high = middle - quarter, middle + quarter
        elif (value < 0) == left_negative:
            low = middle
        else:
            high = middle
    return low, high


@dataclass(frozen=True, slots=True, eq=False)
class Algebraic:
    """The element c0 + c1·α + c2·α² + … of a number field (``coefficients`` reduced modulo its polynomial)."""

    field: NumberField
    coefficients: uni.Polynomial

    def _lift(self, other: object) -> uni.Polynomial | None:
        if isinstance(other, Algebraic):
            if other.field != self.field:
                raise FormatError("numbers of two different fields cannot be combined")
            return other.coefficients
        if isinstance(other, int | Fraction):
            return uni.polynomial([other])
        return None

    def __add__(self, other: object) -> Algebraic:
        q = self._lift(other)
        return NotImplemented if q is None else Algebraic(self.field, uni.add(self.coefficients, q))

    __radd__ = __add__

    def __neg__(self) -> Algebraic:
        return Algebraic(self.field, uni.scale(self.coefficients, -1))

    def __sub__(self, other: object) -> Algebraic:
        q = self._lift(other)
        return (
            NotImplemented
            if q is None
            else Algebraic(self.field, uni.add(self.coefficients, uni.scale(q, -1)))
        )

    def __rsub__(self, other: object) -> Algebraic:
        return -(self - other)

    def __mul__(self, other: object) -> Algebraic:
        q = self._lift(other)
        if q is None:
            return NotImplemented
        product = uni.multiply(self.coefficients, q)
        return Algebraic(self.field, uni.divide(product, self.field.polynomial)[1])

    __rmul__ = __mul__

    def inverse(self) -> Algebraic:
        """1/self. Raises ZeroDivisionError for zero."""
        if self.field.is_root(self.coefficients):
            raise ZeroDivisionError("division by zero in a number field")
        # The modulus may be reducible: α is no root of what it shares with this element.
        shared = uni.gcd(self.coefficients, self.field.polynomial)
        modulus = uni.divide(self.field.polynomial, shared)[0]
        return Algebraic(self.field, uni.inverse(self.coefficients, modulus))

    def __truediv__(self, other: object) -> Algebraic:
        q = self._lift(other)
        return NotImplemented if q is None else self * Algebraic(self.field, q).inverse()

    def __rtruediv__(self, other: object) -> Algebraic:
        q = self._lift(other)
        return NotImplemented if q is None else Algebraic(self.field, q) * self.inverse()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int | Fraction | Algebraic):
            return NotImplemented
        return sign(self - other) == 0

    __hash__ = None  # type: ignore[assignment]  # equal numbers may have different coefficients

    def __float__(self) -> float:
        level = 0
        while True:
            low, high = uni.enclose(self.coefficients, *self.field.enclosure(level))
            if float(low) == float(high) or level > 12:
                return float((low + high) / 2)
            level += 1

    def __str__(self) -> str:
        return format_exact(self)


Exact: TypeAlias = int | Fraction | Algebraic
"""An exact number."""


def sign(value: Exact) -> int:
    """−1, 0 or 1, decided exactly."""
    if not isinstance(value, Algebraic):
        return (value > 0) - (value < 0)
    if value.field.is_root(value.coefficients):
        return 0
    level = 0
    while True:
        low, high = uni.enclose(value.coefficients, *value.field.enclosure(level))
        if low > 0:
            return 1
        if high < 0:
            return -1
        level += 1


def compare(a: Exact, b: Exact) -> int:
    """The sign of a − b."""
    return sign(a - b)


def divide(a: Exact, b: Exact) -> Exact:
    """a / b, exactly. Raises ZeroDivisionError if b = 0."""
    if isinstance(a, Algebraic) or isinstance(b, Algebraic):
        return a / b
    return narrow(Fraction(a) / b)


def narrow(value: Exact) -> Exact:
    """The same number in its cheapest representation (int, then Fraction)."""
    if isinstance(value, Algebraic):
        if len(value.coefficients) > 1:
            return value
        value = value.coefficients[0] if value.coefficients else 0
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def is_integer(value: Exact) -> bool:
    """Whether the number is an integer (for irrational numbers: no)."""
    if isinstance(value, Algebraic):
        # An integer inside a sufficiently narrow enclosure is the only candidate.
        level = 0
        while True:
            low, high = uni.enclose(value.coefficients, *value.field.enclosure(level))
            if high - low < 1:
                candidate = -((-low) // 1)
                return candidate <= high and sign(value - candidate) == 0
            level += 1
    return value == int(value)


def parse_rational(text: str | int) -> int | Fraction:
    """``"-2/3"``, ``"0.1"``, ``"1e-3"`` or an integer as an exact number.

    Raises:
        ValueError: the text is no number, is longer than `MAX_DIGITS`, or divides by zero.
    """
    if isinstance(text, bool):
        raise ValueError(f"{str(text).lower()} is not a number")
    if isinstance(text, int):
        return text
    stripped = text.strip()
    if len(stripped) > MAX_DIGITS:
        raise ValueError(f"a number of {len(stripped)} characters (at most {MAX_DIGITS} are read)")
    match = _NUMBER.fullmatch(stripped)
    if match is None:
        raise ValueError(f"{text!r} is not a number (write 3, -2/3, 0.1 or 1e-3)")
    negative = match["sign"] == "-"
    if match["p"] is not None:
        if int(match["q"]) == 0:
            raise ValueError(f"{text!r} divides by zero")
        value = Fraction(int(match["p"]), int(match["q"]))
    else:
        if match["exp"] is not None and (len(match["exp"]) > 6 or abs(int(match["exp"])) > MAX_EXPONENT):
            raise ValueError(f"{text!r} has an exponent beyond {MAX_EXPONENT}")
        value = Fraction(match["decimal"] + (f"e{match['exp']}" if match["exp"] else ""))
    return narrow(-value if negative else value)  # type: ignore[return-value]  # rational in, rational out


def format_exact(value: Exact) -> str:
    """For people: ``-2/3``, or ``1/2·α - 1`` for an element of a number field."""
    if not isinstance(value, Algebraic):
        return str(value)
    terms = []
    for power, c in enumerate(value.coefficients):
        if not c:
            continue
        symbol = "" if power == 0 else "α" if power == 1 else f"α^{power}"
        factor = "" if symbol and abs(c) == 1 else str(abs(c))
        terms.append(("-" if c < 0 else "+", factor + ("·" if factor and symbol else "") + symbol))
    if not terms:
        return "0"
    terms.reverse()
    first = ("-" if terms[0][0] == "-" else "") + terms[0][1]
    return " ".join([first, *(f"{s} {t}" for s, t in terms[1:])])


def exact_to_json(value: Exact) -> str | dict[str, list[str]]:
    """``"p/q"``, or ``{"alpha": [c0, c1, …]}`` for an element of a number field."""
    value = narrow(value)
    if isinstance(value, Algebraic):
        return {"alpha": [str(c) for c in value.coefficients]}
    return str(value)


def exact_from_json(data: object, field: NumberField | None) -> Exact:
    """The inverse of `exact_to_json`; plain JSON integers are read too.

    Raises:
        FormatError: no exact number, or ``alpha`` without a field.
    """
    if isinstance(data, str | int) and not isinstance(data, bool):
        try:
            return parse_rational(data)
        except ValueError as error:
            raise FormatError(str(error)) from None
    if isinstance(data, Mapping) and set(data) == {"alpha"} and isinstance(data["alpha"], list):
        if field is None:
            raise FormatError('a value {"alpha": …} needs the witness to name its "field"')
        coefficients = uni.polynomial(_rational(c) for c in data["alpha"])
        return narrow(Algebraic(field, uni.divide(coefficients, field.polynomial)[1]))
    raise FormatError(f'{_short(data)} is not an exact number (write "p/q", an integer, or {{"alpha": […]}})')


def field_to_json(field: NumberField) -> dict[str, list[str]]:
    return {
        "polynomial": [str(c) for c in field.polynomial],
        "interval": [str(field.low), str(field.high)],
    }


def field_from_json(data: object) -> NumberField:
    """Raises FormatError for anything but a well-formed field (see `NumberField`)."""
    if not (
        isinstance(data, Mapping)
        and set(data) == {"polynomial", "interval"}
        and isinstance(data["polynomial"], list)
        and isinstance(data["interval"], list)
        and len(data["interval"]) == 2
    ):
        raise FormatError('field: expected {"polynomial": [c0, c1, …], "interval": [low, high]}')
    if len(data["polynomial"]) > MAX_FIELD_DEGREE + 1:
        raise FormatError(f"field: the degree is above {MAX_FIELD_DEGREE}")
    low, high = (Fraction(_rational(c)) for c in data["interval"])
    return NumberField(uni.polynomial(_rational(c) for c in data["polynomial"]), low, high)


def _rational(data: object) -> int | Fraction:
    if isinstance(data, str | int) and not isinstance(data, bool):
        try:
            return parse_rational(data)
        except ValueError as error:
            raise FormatError(str(error)) from None
    raise FormatError(f"{_short(data)} is not a rational number")


def _short(data: object) -> str:
    text = repr(data)
    return text if len(text) <= 60 else text[:57] + "..."
