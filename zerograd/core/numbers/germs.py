"""Polynomials in ε, where ε is above 0 and as small as one likes.

They are ordered by their values for all small ε > 0: the sign of a polynomial is that of its lowest
coefficient that is not 0. So a piecewise polynomial function of them is one polynomial, and what it does
beside ε = 0 is decided exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from zerograd.core.numbers import exact
from zerograd.core.numbers.exact import Exact, narrow
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.irrational import Irrational
from zerograd.core.numbers.plain import Ring, chosen
from zerograd.core.numbers.work import bits, fractional, is_counted, spend

_NUMBERS = (int, Fraction, Irrational)


@dataclass(frozen=True, slots=True)
class Germ:
    """c₀ + c₁·ε + c₂·ε² + …, for all small ε > 0.

    Attributes:
        coefficients: from the constant on; the last one may be 0.
    """

    coefficients: tuple[Exact, ...]

    @property
    def constant(self) -> Exact:
        """The value at ε = 0."""
        return self.coefficients[0] if self.coefficients else 0

    @property
    def order(self) -> int | None:
        """The exponent of the lowest coefficient that is not 0; None where all are."""
        return next((n for n, c in enumerate(self.coefficients) if exact.sign(c)), None)

    def sign(self) -> int:
        """−1, 0 or 1: the sign for all small ε > 0."""
        order = self.order
        return 0 if order is None else exact.sign(self.coefficients[order])

    def __add__(self, other: Any) -> Germ:
        if isinstance(other, Germ):
            self._count(other, 1)
            pairs: Any = zip_longest(self.coefficients, other.coefficients, fillvalue=0)
            return Germ(tuple(a + b for a, b in pairs))
        if not isinstance(other, _NUMBERS):
            return NotImplemented
        start: Any = self.constant
        return Germ((start + other, *self.coefficients[1:]))

    __radd__ = __add__

    def __neg__(self) -> Germ:
        return Germ(tuple(-c for c in self.coefficients))

    def __sub__(self, other: Any) -> Germ:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> Germ:
        return (-self).__add__(other)

    def __mul__(self, other: Any) -> Germ:
        if isinstance(other, Germ):
            self._count(other, len(other.coefficients))
            result: list[Any] = [0] * max(0, len(self.coefficients) + len(other.coefficients) - 1)
            for i, a in enumerate(self.coefficients):
                for j, b in enumerate(other.coefficients) if _may_count(a) else ():
                    result[i + j] += a * b
            return Germ(tuple(result))
        if not isinstance(other, _NUMBERS):
            return NotImplemented
        coefficients: tuple[Any, ...] = self.coefficients
        return Germ(tuple(c * other for c in coefficients) if _may_count(other) else ())

    __rmul__ = __mul__

    def narrowed(self) -> Germ:
        """The same polynomial, each coefficient as short as may be, and none above the last that is not 0."""
        coefficients = [narrow(c) for c in self.coefficients]
        while coefficients and not exact.sign(coefficients[-1]):
            coefficients.pop()
        return Germ(tuple(coefficients))

    def _count(self, other: Germ, times: int) -> None:
        if is_counted():
            longest = max(map(bits, (*self.coefficients, *other.coefficients)), default=0)
            spend(max(len(self.coefficients), len(other.coefficients), 1) * times * fractional(longest))


def germ_of(value: Germ | Exact) -> Germ:
    """A germ, or a number as the germ that is constant."""
    return value if isinstance(value, Germ) else Germ((value,))


def _may_count(value: Any) -> bool:
    """Whether a number is not seen to be 0 at once."""
    return not (isinstance(value, int | Fraction) and value == 0)


def compare(a: Germ | Exact, b: Germ | Exact) -> int:
    """The sign of a − b, for all small ε > 0."""
    return germ_of(a - b).sign()


@dataclass(frozen=True, slots=True)
class GermFunctions(Ring):
    """The functions of germs that are given by cases; of others there are none."""

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        return chosen(compare, z, joins, branches, at_joins)
