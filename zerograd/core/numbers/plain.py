"""Functions of exact numbers that stay what they are, and functions of a ring of which nothing is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Any

from zerograd.core.numbers.exact import compare, divide, narrow
from zerograd.core.numbers.functions import NotClosed, OutOfDomain, Rational


class Ring:
    """The functions of numbers that have + − · alone: none. (A class, so that points can be pickled.)"""

    @property
    def pi(self) -> Any:
        raise NotClosed("pi")

    def divide(self, a: Any, b: Any, /) -> Any:
        if isinstance(b, int | Fraction):
            return a * (Fraction(1) / b)
        raise NotClosed("a quotient")

    def sqrt(self, value: Rational, /) -> Any:
        top, bottom = isqrt(value.numerator), isqrt(value.denominator)
        if (top * top, bottom * bottom) != (value.numerator, value.denominator):
            raise NotClosed(f"the root of {value}")
        return narrow(Fraction(top, bottom))

    def exp(self, z: Any, /) -> Any:
        return self._known(z, "exp", 0, 1)

    def log(self, z: Any, /) -> Any:
        return self._known(z, "log", 1, 0)

    def sin(self, z: Any, /) -> Any:
        return self._known(z, "sin", 0, 0)

    def cos(self, z: Any, /) -> Any:
        return self._known(z, "cos", 0, 1)

    def erf(self, z: Any, /) -> Any:
        return self._known(z, "erf", 0, 0)

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        raise NotClosed("a function that is given by cases")

    def _known(self, z: Any, name: str, at: int, value: int) -> Any:
        raise NotClosed(f"{name} of {z}")


def chosen(
    compare: Callable[[Any, Any], int],
    z: Any,
    joins: Sequence[Rational],
    branches: Sequence[Callable[[Any], Any]],
    at_joins: Sequence[Rational | None],
) -> Any:
    """Return a function of z that is given by cases, as `Functions.choose` does.

    Args:
        compare: the sign of the difference of two numbers, which is always known.
    """
    for number, join in enumerate(joins):
        order = compare(z, join)
        if order < 0:
            return branches[number](z)
        if order == 0:
            value = at_joins[number]
            return branches[number](z) if value is None else value
    return branches[-1](z)


@dataclass(frozen=True, slots=True)
class PlainFunctions(Ring):
    """Functions of exact numbers, where the value is rational."""

    def divide(self, a: Any, b: Any, /) -> Any:
        return divide(a, b)

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        return chosen(compare, z, joins, branches, at_joins)

    def _known(self, z: Any, name: str, at: int, value: int) -> Any:
        if name == "log" and compare(z, 0) <= 0:
            raise OutOfDomain(f"log of {z}")
        if compare(z, at) == 0:
            return value
        raise NotClosed(f"{name} of {z}")


RING = Ring()
