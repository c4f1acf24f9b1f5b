"""One budget for all exact work of reading and checking a document.

Whoever reads what strangers wrote opens a `budget`; whatever takes long below it says beforehand, by `spend`,
how much it is about to do. Units are counted, not timed, so that the same document is always accepted, or
always refused. A unit is about a microsecond: a small step such as a sum of two short fractions. Nothing is
counted where no budget is open, as in the search, which has deadlines.

What a step costs grows with its numbers as the time that Python takes: products of long integers by
Karatsuba's method, greatest common divisors and divisions quadratically.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce, wraps
from math import inf, isqrt
from operator import add
from typing import Any, ParamSpec, TypeVar
from weakref import ref

from zerograd.core.errors import TooMuchWork
from zerograd.core.numbers.interval import Interval

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")

DEFAULT = 5_000_000
"""Units, where nothing else is said."""


@dataclass(slots=True)
class Meter:
    """The work of one budget.

    Attributes:
        limit: units that may be spent.
        spent: units that were.
    """

    limit: int | float
    spent: int = 0

    def spend(self, units: int) -> None:
        """Raises TooMuchWork beyond the limit."""
        self.spent += units
        if self.spent > self.limit:
            raise TooMuchWork(int(self.limit))

    def rest(self) -> Meter:
        """Return the meter of a part of the work, which may spend what is left."""
        return Meter(self.limit - self.spent)


_METER: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def budget(units: int | Meter = DEFAULT) -> Iterator[Meter]:
    """All work inside counts, up to so many units; inside another budget, on this one alone.

    Args:
        units: the limit; or the meter of an earlier budget, of which the rest may be spent.

    Raises:
        TooMuchWork: inside, as soon as more would be done.
    """
    meter = Meter(units) if isinstance(units, int) else units
    token = _METER.set(meter)
    try:
        yield meter
    finally:
        _METER.reset(token)


def spend(units: int) -> None:
    """Count work that is about to be done. Raises TooMuchWork if the budget does not allow it."""
    meter = _METER.get()
    if meter is not None:
        meter.spend(units)


def is_counted() -> bool:
    """Whether a budget is open."""
    return _METER.get() is not None


def bits(value: Any) -> int:
    """The length of the longer of a rational's numerator and denominator; of an interval, half its precision.

    0 of other numbers, which count their own work.
    """
    if isinstance(value, int):
        return value.bit_length()
    if isinstance(value, Fraction):
        return max(value.numerator.bit_length(), value.denominator.bit_length())
    return value.precision // 2 if isinstance(value, Interval) else 0


def longest(values: Iterable[Any]) -> int:
    """The largest of their `bits`."""
    together = other = 0  # what is in any of the integers: as long as the longest
    for value in values:
        if type(value) is int:
            together |= abs(value)
        elif type(value) is Fraction:
            top, bottom = value.as_integer_ratio()
            together |= abs(top) | bottom
        else:
            other = max(other, bits(value))
    return max(together.bit_length(), other)


def fractional(length: int) -> int:
    """What a sum, product, quotient or comparison of fractions costs, whose integers have so many bits."""
    return 1 + length // 128 + (length // 32) ** 2 // 512


def whole(length: int, other: int) -> int:
    """What a product of two integers of these lengths in bits costs."""
    short, long = sorted((length // 1024, other // 1024))
    return 1 + long * (1 + 2 * isqrt(short))


def remembered(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """`functools.lru_cache` of a function whose work counts every time, so that no answer depends on another.

    Args:
        most: how many values are kept.
    """

    def wrapped(function: Callable[P, T]) -> Callable[P, T]:
        @lru_cache(maxsize=most)
        def kept(*args: P.args, **kwargs: P.kwargs) -> tuple[T, int]:
            meter = _rest()
            token = _METER.set(meter)
            try:
                return function(*args, **kwargs), meter.spent
            finally:
                _METER.reset(token)

        @wraps(function)
        def again(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                value, units = kept(*args, **kwargs)  # type: ignore[arg-type]
            except TooMuchWork:
                spend(int(_left()) + 1)
                raise
            spend(units)
            return value

        return again

    return wrapped


def remembered_of_last(function: Callable[[A], T]) -> Callable[[A], T]:
    """A function of one object, which keeps its value for the last one; its work counts every time, too.

    The object is told by what it is, not by what it equals, and is not kept alive.
    """
    last: list[tuple[ref[A], T, int]] = []

    @wraps(function)
    def again(argument: A) -> T:
        for known, value, units in tuple(last):
            if known() is argument:
                spend(units)
                return value
        meter = _rest()
        token = _METER.set(meter)
        try:
            value = function(argument)
        finally:
            _METER.reset(token)
            spend(meter.spent)
        last[:] = [(ref(argument), value, meter.spent)]
        return value

    return again


def _rest() -> Meter:
    meter = _METER.get()
    return Meter(inf) if meter is None else meter.rest()


def _left() -> int | float:
    """Units that may still be spent."""
    meter = _METER.get()
    return inf if meter is None else meter.limit - meter.spent


def spend_on(values: Iterable[Any], steps: int = 1) -> None:
    """Count so many steps with each of these numbers."""
    if is_counted():
        spend(steps * sum(map(fractional, map(bits, values))))


def total(values: Iterable[Any]) -> Any:
    """Σ of numbers of any kind; of fractions halves first: sums grow, and long ones are few that way."""
    parts = list(values)
    kinds = {*map(type, parts)}
    if kinds == {int}:
        return sum(parts)
    if not kinds <= {int, Fraction}:
        return reduce(add, parts) if parts else 0  # no 0 first: not everything can be added to the int 0
    while len(parts) > 1:
        pairs = len(parts) // 2
        spend_on(parts)
        summed = [*map(add, parts[0 : 2 * pairs : 2], parts[1 : 2 * pairs : 2])]
        parts = summed + parts[2 * pairs :]
    return parts[0] if parts else 0
