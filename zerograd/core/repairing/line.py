"""Places on the line of one unknown number, and the signs that polynomials in it have there.

A place is a rational number, the only root of a polynomial in an interval, or left of everything; and what is
meant is the place itself or the numbers right of it, up to the next root of any polynomial that is asked
about. So what is calculated there holds as far as that root: `Spot` keeps what it was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from math import gcd
from typing import Any, TypeAlias

from zerograd.core.errors import FormatError
from zerograd.core.numbers import univariate as uni
from zerograd.core.numbers.field import NumberField, field_from_json, field_to_json
from zerograd.core.numbers.functions import NotClosed, Rational
from zerograd.core.numbers.germs import Germ
from zerograd.core.numbers.plain import Ring, chosen
from zerograd.core.numbers.rationals import narrowed, rational_from_json, rational_text
from zerograd.core.numbers.roots import sign_at
from zerograd.core.numbers.work import spend
from zerograd.core.question.enclosures import ORDERS, EnclosureAlgebra, Known
from zerograd.core.question.language import Comparison
from zerograd.core.repairing.loose import LOOSE, Loose

Place: TypeAlias = int | Fraction | NumberField
"""A rational number, or the root α of a field."""
Integers: TypeAlias = tuple[int, ...]
"""A polynomial: coefficients from the constant on, without a common divisor, the last one not 0."""

UNKNOWN = Germ((0, 1))
"""The unknown number. (Germs are polynomials; how they are ordered is for a `Spot` to say.)"""
_BITS = 64


def integers_of(value: Germ | Rational) -> Integers:
    """Return a positive multiple of a polynomial, in integers."""
    coefficients = value.coefficients if isinstance(value, Germ) else (value,)
    cleared, _ = uni.cleared(uni.polynomial(coefficients))  # type: ignore[arg-type]
    content = gcd(*cleared)
    return tuple(c // content for c in cleared) if content > 1 else tuple(cleared)


@dataclass(eq=False)
class Spot:
    """A place, or the numbers right of it, with the polynomials whose signs were asked there.

    Attributes:
        place: None: left of every root.
        beyond: whether the numbers right of it are meant.
        asked: polynomials that are not constant.
    """

    place: Place | None
    beyond: bool
    asked: dict[Integers, None] = field(default_factory=dict)

    def sign(self, value: Germ | Rational) -> int:
        """The sign of a polynomial here."""
        if isinstance(value, int | Fraction):
            return (value > 0) - (value < 0)
        p = integers_of(value)
        if len(p) < 2:
            return (p[0] > 0) - (p[0] < 0) if p else 0
        self.asked[p] = None
        if self.place is None:
            last = p[-1] if len(p) % 2 else -p[-1]
            return (last > 0) - (last < 0)
        while True:
            order = sign_of(p, self.place)
            if order or not self.beyond:
                return order
            p = tuple(n * c for n, c in enumerate(p) if n)  # right of a root, the derivative tells

    def compare(self, a: Germ | Rational, b: Germ | Rational) -> int:
        """The sign of a − b here."""
        return self.sign(a - b)

    def end(self, roots: Callable[[Integers], Sequence[Place]]) -> Place | None:
        """The least root right of the place of any polynomial that was asked about; None: there is none.

        Args:
            roots: all real roots of a polynomial, the least first.
        """
        found = [
            next((root for root in roots(p) if self.place is None or order(root, self.place) > 0), None)
            for p in self.asked
        ]
        return reduce(_less, [root for root in found if root is not None], None)


def _less(a: Place | None, b: Place) -> Place:
    return b if a is None or order(b, a) < 0 else a


def sign_of(p: Integers, place: Place) -> int:
    """The sign of a polynomial at a place."""
    if isinstance(place, NumberField):
        return sign_at(p, place.root)
    value = uni.evaluate(tuple(map(Fraction, p)), Fraction(place))
    return (value > 0) - (value < 0)


def order(a: Place, b: Place) -> int:
    """The sign of a − b."""
    if not isinstance(a, NumberField) and not isinstance(b, NumberField):
        return (a > b) - (a < b)
    if not isinstance(a, NumberField):
        return -order(b, a)
    if not isinstance(b, NumberField):
        return sign_at(_less_than(Fraction(b)), a.root)
    if _equal(a, b):
        return 0
    digits = _BITS
    while True:
        (low, high), (least, most) = enclosure(a, digits), enclosure(b, digits)
        if high < least:
            return -1
        if most < low:
            return 1
        digits *= 2


def enclosure(place: Place, digits: int) -> tuple[Fraction, Fraction]:
    """An interval around a place that is not wider than 2^−digits."""
    if not isinstance(place, NumberField):
        return Fraction(place), Fraction(place)
    interval = place.root.interval(digits)
    low, high, exponent = interval.on_one_scale()
    scale = Fraction(2) ** exponent
    return low * scale, high * scale


def _equal(a: NumberField, b: NumberField) -> bool:
    """Whether two roots are the same number."""
    p, _ = uni.cleared(b.polynomial)
    if sign_at(p, a.root):
        return False
    return sign_at(_less_than(b.low), a.root) > 0 > sign_at(_less_than(b.high), a.root)


def _less_than(value: Fraction) -> Integers:
    """A multiple of t − value."""
    return -value.numerator, value.denominator


def real_roots(p: Integers) -> tuple[Place, ...]:
    """All real roots of a polynomial that is not constant, the least first; rational ones as such.

    The interval of an irrational root holds no other root of the polynomial.
    """
    if len(p) == 2:
        return (narrowed(Fraction(-p[0], p[1])),)
    q = uni.polynomial(p)
    shared = uni.gcd(q, uni.derivative(q))
    if len(shared) > 1:
        q = uni.divide(q, shared)[0]
    whole = uni.cleared(q)[0]
    bound = Fraction(1 + max(map(abs, whole[:-1]), default=0) // abs(whole[-1]) + 1)  # Cauchy's
    found: list[Place] = []
    waiting = [(-bound, bound)]
    while waiting:
        low, high = waiting.pop()
        spend(200)
        count = uni.count_roots(q, low, high)
        if count == 1:
            found.append(_only_root(q, low, high))
        elif count:
            middle = (low + high) / 2
            waiting += [(middle, high), (low, middle)]  # the left one is next
    return tuple(found)


def _only_root(q: uni.Polynomial, low: Fraction, high: Fraction) -> Place:
    """The root in (low, high]: a rational one is a multiple of 1 over the leading coefficient."""
    if not uni.evaluate(q, high):
        return narrowed(high)
    while not uni.evaluate(q, low):  # a root that does not belong
        middle = (low + high) / 2
        if not uni.evaluate(q, middle):
            return narrowed(middle)
        low, high = (low, middle) if uni.count_roots(q, low, middle) else (middle, high)
    place = NumberField(q, low, high)
    lead = abs(uni.cleared(q)[0][-1])
    near = sum(enclosure(place, lead.bit_length() + 2)) / 2
    guess = Fraction(round(near * lead), lead)
    return place if uni.evaluate(q, guess) or not low < guess < high else narrowed(guess)


def place_to_json(place: Place) -> Any:
    """A rational number as text, a root as its field."""
    return field_to_json(place) if isinstance(place, NumberField) else rational_text(place)


def place_from_json(data: object) -> Place:
    """Read a place. Raises FormatError."""
    if isinstance(data, dict):
        return field_from_json(data)
    if not isinstance(data, str):
        raise FormatError("expected a rational number as text, or a field")
    return rational_from_json(data)


@dataclass(frozen=True)
class SpotAlgebra:
    """Conditions over polynomials at a spot, and what is `LOOSE`, by Kleene's logic.

    `divide` raises NotClosed for a divisor that is not constant.
    """

    spot: Spot

    def constant(self, value: Rational) -> Any:
        return value

    def divide(self, a: Any, b: Any) -> Any:
        if LOOSE in (a, b):
            return LOOSE
        if isinstance(b, Germ):
            p = integers_of(b)
            if len(p) > 1:
                raise NotClosed("a quotient of polynomials")
            b = b.constant
        return a * (1 / Fraction(b))

    def absolute(self, a: Any) -> Any:
        return a if isinstance(a, Loose) or self.spot.sign(a) >= 0 else -a

    def minimum(self, values: Sequence[Any]) -> Any:
        if LOOSE in values:
            return LOOSE
        return reduce(lambda a, b: a if self.spot.compare(a, b) <= 0 else b, values)

    def maximum(self, values: Sequence[Any]) -> Any:
        if LOOSE in values:
            return LOOSE
        return reduce(lambda a, b: a if self.spot.compare(a, b) >= 0 else b, values)

    def compare(self, a: Any, operator: Comparison, b: Any) -> Known:
        return None if LOOSE in (a, b) else self.spot.compare(a, b) in ORDERS[operator]

    def distinct(self, values: Sequence[Any]) -> Known:
        return self.conjunction([self.compare(a, "!=", b) for i, a in enumerate(values) for b in values[:i]])

    def conjunction(self, parts: Sequence[Known]) -> Known:
        return _KLEENE.conjunction(parts)

    def disjunction(self, parts: Sequence[Known]) -> Known:
        return _KLEENE.disjunction(parts)

    def negation(self, part: Known) -> Known:
        return _KLEENE.negation(part)


_KLEENE = EnclosureAlgebra()


@dataclass(frozen=True)
class SpotFunctions(Ring):
    """The functions of polynomials that are given by cases; of others there are none."""

    spot: Spot

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        if isinstance(z, Loose):
            return z
        return chosen(self.spot.compare, z, joins, branches, at_joins)
