"""Conditions over enclosures: they hold, they do not, or it is not known."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce

from zerograd.core.numbers import exact
from zerograd.core.numbers.enclosure import IntervalFunctions
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.real import Real, ends
from zerograd.core.question.language import Comparison

Known = bool | None
"""Kleene's three values; None is not known."""

ORDERS: dict[Comparison, frozenset[int]] = {
    "<": frozenset({-1}),
    "<=": frozenset({-1, 0}),
    "==": frozenset({0}),
    "!=": frozenset({-1, 1}),
    ">=": frozenset({0, 1}),
    ">": frozenset({1}),
}
"""The signs of a − b that make a comparison of a with b true."""


class EnclosureAlgebra:
    """Exact numbers and enclosures; Kleene's logic.

    `divide` raises ZeroDivisionError where the denominator may be 0.
    """

    def constant(self, value: int | Fraction) -> Real:
        return value

    def divide(self, a: Real, b: Real) -> Real:
        if isinstance(a, Interval) or isinstance(b, Interval):
            return IntervalFunctions().divide(_rational(a), _rational(b))
        return exact.divide(a, b)

    def absolute(self, a: Real) -> Real:
        if not isinstance(a, Interval):
            return a if exact.sign(a) >= 0 else -a
        if (sign := a.sign()) is not None:
            return a if sign >= 0 else -a
        low, high = ends(a)
        return Interval.between(0, max(-low, high), a.precision)

    def minimum(self, values: Sequence[Real]) -> Real:
        return reduce(_smaller, values)

    def maximum(self, values: Sequence[Real]) -> Real:
        return -reduce(_smaller, [-value for value in values])

    def compare(self, a: Real, operator: Comparison, b: Real) -> Known:
        orders = _possible_orders(a - b)
        if orders <= ORDERS[operator]:
            return True
        return None if orders & ORDERS[operator] else False

    def distinct(self, values: Sequence[Real]) -> Known:
        return self.conjunction([self.compare(v, "!=", w) for i, v in enumerate(values) for w in values[:i]])

    def conjunction(self, parts: Sequence[Known]) -> Known:
        if any(part is False for part in parts):
            return False
        return None if any(part is None for part in parts) else True

    def disjunction(self, parts: Sequence[Known]) -> Known:
        if any(part is True for part in parts):
            return True
        return None if any(part is None for part in parts) else False

    def negation(self, part: Known) -> Known:
        return None if part is None else not part


def _possible_orders(difference: Real) -> set[int]:
    """The signs that a number may have."""
    if not isinstance(difference, Interval):
        return {exact.sign(difference)}
    low, high = difference.low_mantissa, difference.high_mantissa
    return {order for order, may in ((-1, low < 0), (0, low <= 0 <= high), (1, high > 0)) if may}


def _smaller(a: Real, b: Real) -> Real:
    if not isinstance(a, Interval) and not isinstance(b, Interval):
        return a if exact.compare(a, b) <= 0 else b
    (low, high), (other_low, other_high) = _ends(a), _ends(b)
    precision = max(v.precision for v in (a, b) if isinstance(v, Interval))
    return Interval.between(min(low, other_low), min(high, other_high), precision)


def _ends(value: Real) -> tuple[int | Fraction, int | Fraction]:
    known = _rational(value)
    return ends(known) if isinstance(known, Interval) else (known, known)


def _rational(value: Real) -> Interval | int | Fraction:
    if isinstance(value, Interval | int | Fraction):
        return value
    raise TypeError("irrational exact numbers stand beside no enclosures")
