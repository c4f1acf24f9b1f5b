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

from zerograd.core.errors import FormatError, short
from zerograd.core.numbers import univariate as uni

MAX_DIGITS = 4000
"""Longest number in a problem: as text, and the numerator and denominator once written out."""
MAX_DOCUMENT_DIGITS = 100_000
"""Longest number in a witness or result, where exact solutions and their losses grow."""
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
        p = uni.polynomial(self.polynomial)
        object.__setattr__(self, "polynomial", p)
        object.__setattr__(self, "low", Fraction(self.low))
        object.__setattr__(self, "high", Fraction(self.high))
        if not 2 <= len(p) <= MAX_FIELD_DEGREE + 1:
            raise FormatError(
                f"field: expected a polynomial of degree 1 to {MAX_FIELD_DEGREE}, found {max(len(p) - 1, 0)}"
            )
        if not self.low < self.high:
            raise FormatError(f"field: the interval {self._interval} is empty")
        if len(uni.gcd(p, uni.derivative(p))) > 1:
            raise FormatError("field: the polynomial is not square-free")
        for end in (self.low, self.high):
            if not uni.evaluate(p, end):
                raise FormatError(f"field: the endpoint {_text(end)} is itself a root; choose another")
        roots = uni.count_roots(p, self.low, self.high)
        if roots != 1:
            raise FormatError(
                f"field: the interval {self._interval} must hold exactly one root, found {roots}"
            )

    @property
    def _interval(self) -> str:
        return f"({_text(self.low)}, {_text(self.high)})"

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
    """The element c0 + c1·α + c2·α² + … of a number field.

    ``coefficients`` are reduced modulo the field's polynomial.
    """

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
        """The nearest float (where the number all but ties between two: one of them)."""
        if self.field.is_root(self.coefficients):
            return 0.0
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
        top = value.numerator
        return (top > 0) - (top < 0)
    if not value.coefficients:
        return 0
    level = 0
    while True:
        low, high = uni.enclose(value.coefficients, *value.field.enclosure(level))
        if low > 0:
            return 1
        if high < 0:
            return -1
        # Most numbers are told from 0 by a look; to see that one is 0 takes a greatest common divisor.
        if level == 3 and value.field.is_root(value.coefficients):
            return 0
        level += 1


def compare(a: Exact, b: Exact) -> int:
    """The sign of a − b."""
    return sign(a - b)


def divide(a: Exact, b: Exact) -> Exact:
    """a / b, exactly. Raises ZeroDivisionError if b = 0."""
    if isinstance(b, Algebraic):
        return a * b.inverse()
    return a / b if isinstance(a, Algebraic) else narrow(Fraction(a) / b)


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


def parse_rational(text: str | int, limit: int = MAX_DIGITS) -> int | Fraction:
    """``"-2/3"``, ``"0.1"``, ``"1e-3"`` or an integer as an exact number.

    Raises:
        ValueError: the text is no number, divides by zero, or is longer than ``limit`` digits,
            as written or written out.
    """
    if isinstance(text, bool):
        raise ValueError(f"{str(text).lower()} is not a number")
    value = text if isinstance(text, int) else _read(text.strip(), limit)
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > limit * _BITS_PER_DIGIT:
        raise ValueError(f"a number of more than {limit} digits")
    return value


_BITS_PER_DIGIT = 3.33  # a little more than log2(10)


def _read(text: str, limit: int) -> int | Fraction:
    if len(text) > limit:
        raise ValueError(f"a number of {len(text)} characters (at most {limit} are read)")
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
    half = int(number.bit_length() / _BITS_PER_DIGIT) // 2
    high, low = divmod(number, 10**half)
    return digits(high) + digits(low).zfill(half)


def _text(value: int | Fraction) -> str:
    top = digits(value.numerator)
    return top if value.denominator == 1 else f"{top}/{digits(value.denominator)}"


def format_exact(value: Exact) -> str:
    """For people: ``-2/3``, or ``1/2·α - 1`` for an element of a number field."""
    if not isinstance(value, Algebraic):
        return _text(value)
    terms = []
    for power, c in enumerate(value.coefficients):
        if not c:
            continue
        symbol = "" if power == 0 else "α" if power == 1 else f"α^{power}"
        factor = "" if symbol and abs(c) == 1 else _text(abs(c))
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
        return {"alpha": [_text(c) for c in value.coefficients]}
    return _text(value)


def exact_from_json(data: object, field: NumberField | None) -> Exact:
    """The inverse of `exact_to_json`; plain JSON integers are read too.

    Raises:
        FormatError: no exact number, or ``alpha`` without a field.
    """
    if isinstance(data, str | int) and not isinstance(data, bool):
        return _rational(data)
    if isinstance(data, Mapping) and set(data) == {"alpha"} and isinstance(data["alpha"], list):
        if field is None:
            raise FormatError('a value {"alpha": …} needs the witness to name its "field"')
        if len(data["alpha"]) > MAX_FIELD_DEGREE + 1:
            raise FormatError(f'a value {{"alpha": …}} of degree above {MAX_FIELD_DEGREE}')
        coefficients = uni.polynomial(_rational(c) for c in data["alpha"])
        return narrow(Algebraic(field, uni.divide(coefficients, field.polynomial)[1]))
    raise FormatError(f'{short(data)} is not an exact number (write "p/q", an integer, or {{"alpha": […]}})')


def field_to_json(field: NumberField) -> dict[str, list[str]]:
    return {
        "polynomial": [_text(c) for c in field.polynomial],
        "interval": [_text(field.low), _text(field.high)],
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
            return parse_rational(data, MAX_DOCUMENT_DIGITS)
        except ValueError as error:
            raise FormatError(str(error)) from None
    raise FormatError(f"{short(data)} is not a rational number")
