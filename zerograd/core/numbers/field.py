"""Numbers of one real number field ℚ(α)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from fractions import Fraction
from functools import lru_cache

from zerograd.core.errors import FormatError
from zerograd.core.numbers import univariate as uni
from zerograd.core.numbers.irrational import Irrational
from zerograd.core.numbers.rationals import rational_from_json, rational_text
from zerograd.core.numbers.roots import FIRST, Root, sign_at, value_at

MAX_FIELD_DEGREE = 256


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
    root: Root = attribute(init=False, repr=False, compare=False)
    """α, with the digits that are known so far."""

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
        if not uni.is_square_free(p):
            raise FormatError("field: the polynomial is not square-free")
        for end in (self.low, self.high):
            if not uni.evaluate(p, end):
                raise FormatError(
                    f"field: the endpoint {rational_text(end)} is itself a root; choose another"
                )
        roots = uni.count_roots(p, self.low, self.high)
        if roots != 1:
            raise FormatError(
                f"field: the interval {self._interval} must hold exactly one root, found {roots}"
            )
        object.__setattr__(self, "root", Root(uni.cleared(p)[0], self.low, self.high))

    @property
    def _interval(self) -> str:
        return f"({rational_text(self.low)}, {rational_text(self.high)})"

    def enclosure(self, level: int) -> tuple[Fraction, Fraction]:
        """An interval around α that shrinks as ``level`` = 0, 1, 2, … grows."""
        return _enclosure(self, level)

    def is_root(self, p: uni.Polynomial) -> bool:
        """Whether p(α) = 0, decided exactly."""
        return Algebraic(self, uni.divide(p, self.polynomial)[1]).sign() == 0


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
class Algebraic(Irrational):
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
        return (self - other).sign() == 0

    __hash__ = None  # type: ignore[assignment]  # equal numbers may have different coefficients

    def sign(self) -> int:
        """−1, 0 or 1, decided exactly."""
        value = self.rational()
        if value is not None:
            return (value > 0) - (value < 0)
        return sign_at(uni.cleared(self.coefficients)[0], self.field.root)

    def enclosure(self, level: int) -> tuple[Fraction, Fraction]:
        """An interval around the number that shrinks as ``level`` = 0, 1, 2, … grows."""
        integers, bottom = uni.cleared(self.coefficients)
        digits = FIRST << level
        value = value_at(integers, self.field.root.interval(digits), 2 * digits + uni.longest(integers))
        ends = (value.low_mantissa, value.low_exponent), (value.high_mantissa, value.high_exponent)
        low, high = (Fraction(m) * Fraction(2) ** e / bottom for m, e in ends)
        return low, high

    def rational(self) -> Fraction | None:
        """The number where α does not occur in it."""
        if len(self.coefficients) > 1:
            return None
        return self.coefficients[0] if self.coefficients else Fraction(0)

    def __str__(self) -> str:
        """``1/2·α - 1``."""
        terms = []
        for power, c in enumerate(self.coefficients):
            if not c:
                continue
            symbol = "" if power == 0 else "α" if power == 1 else f"α^{power}"
            factor = "" if symbol and abs(c) == 1 else rational_text(abs(c))
            terms.append(("-" if c < 0 else "+", factor + ("·" if factor and symbol else "") + symbol))
        if not terms:
            return "0"
        terms.reverse()
        first = ("-" if terms[0][0] == "-" else "") + terms[0][1]
        return " ".join([first, *(f"{s} {t}" for s, t in terms[1:])])


def field_to_json(field: NumberField) -> dict[str, list[str]]:
    return {
        "polynomial": [rational_text(c) for c in field.polynomial],
        "interval": [rational_text(field.low), rational_text(field.high)],
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
    low, high = (Fraction(rational_from_json(c)) for c in data["interval"])
    return NumberField(uni.polynomial(rational_from_json(c) for c in data["polynomial"]), low, high)
