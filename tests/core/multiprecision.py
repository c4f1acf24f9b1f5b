"""Numbers of mpmath with many digits, as `Functions`: an oracle for formulas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import mpmath

DIGITS = 60


def number(value: int | Fraction | str) -> Any:
    """The number, to so many digits."""
    exact = Fraction(value)
    return mpmath.mpf(exact.numerator) / exact.denominator


class Mp:
    """Functions of numbers of mpmath, which carry `DIGITS` digits while ``mpmath.workdps`` says so."""

    @property
    def pi(self) -> Any:
        return +mpmath.pi

    def divide(self, a: Any, b: Any) -> Any:
        return _mp(a) / _mp(b)

    def sqrt(self, value: int | Fraction) -> Any:
        return mpmath.sqrt(_mp(value))

    def exp(self, z: Any) -> Any:
        return mpmath.exp(_mp(z))

    def log(self, z: Any) -> Any:
        return mpmath.log(_mp(z))

    def sin(self, z: Any) -> Any:
        return mpmath.sin(_mp(z))

    def cos(self, z: Any) -> Any:
        return mpmath.cos(_mp(z))

    def erf(self, z: Any) -> Any:
        return mpmath.erf(_mp(z))

    def choose(
        self,
        z: Any,
        joins: Sequence[int | Fraction],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[int | Fraction | None],
    ) -> Any:
        for join, branch, there in zip(joins, branches, at_joins, strict=False):
            if z < _mp(join):
                return branch(z)
            if z == _mp(join):
                return branch(z) if there is None else there
        return branches[-1](z)


def _mp(value: Any) -> Any:
    return number(value) if isinstance(value, Fraction) else mpmath.mpf(value)
