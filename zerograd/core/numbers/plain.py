"""Functions of a ring of which nothing is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isqrt
from typing import Any

from zerograd.core.numbers.exact import narrow
from zerograd.core.numbers.functions import NotClosed, Rational


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
        raise NotClosed(f"exp of {z}")

    def log(self, z: Any, /) -> Any:
        raise NotClosed(f"log of {z}")

    def sin(self, z: Any, /) -> Any:
        raise NotClosed(f"sin of {z}")

    def cos(self, z: Any, /) -> Any:
        raise NotClosed(f"cos of {z}")

    def erf(self, z: Any, /) -> Any:
        raise NotClosed(f"erf of {z}")

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        raise NotClosed("a function that is given by cases")


RING = Ring()
