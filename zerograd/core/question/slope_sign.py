"""The sign of the derivative of a rational function that is given as a formula in one name."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from zerograd.core.numbers.arrays import Array
from zerograd.core.question.conditions import number_of
from zerograd.core.question.language import Node
from zerograd.core.question.vetting import ShapesAlone


def slope_sign(node: Node, nonnegative: bool) -> int | None:
    """Return the sign of the derivative of a rational function, at all u (or u ≥ 0) where it has a value.

    It is that of N′D − ND′, and known if all coefficients of that polynomial have one sign.
    """
    whole = _rational(node)
    back = _times((Fraction(-1),), _times(whole[0], _slope(whole[1])))
    top = _plus(_times(_slope(whole[0]), whole[1]), back)
    signs = {1 if c > 0 else -1 for c in top if c}
    if len(signs) != 1 or (len(top) > 1 and not nonnegative):
        return None
    at_zero = top[0] == 0 and whole[1][0] != 0
    return None if at_zero else signs.pop()


_Polynomial = tuple[Fraction, ...]


def _rational(node: Node) -> tuple[_Polynomial, _Polynomial]:
    """Return numerator and denominator in the one name, coefficients from the constant one on."""
    one = (Fraction(1),)

    class Ratios(ShapesAlone):
        def constant(self, value: int | Fraction, /) -> Any:
            return _Ratio((Fraction(value),), one)

        def divide(self, a: Any, b: Any, /) -> Any:
            return _Ratio(_times(a.top, b.bottom), _times(a.bottom, b.top))

    variable: Array[Any] = Array((), (_Ratio((Fraction(0), Fraction(1)), one),))
    result: Any = number_of(node, Ratios(), lambda _: variable)[()]
    return result.top, result.bottom


@dataclass(frozen=True)
class _Ratio:
    top: _Polynomial
    bottom: _Polynomial

    def __add__(self, other: _Ratio) -> _Ratio:
        top = _plus(_times(self.top, other.bottom), _times(other.top, self.bottom))
        return _Ratio(top, _times(self.bottom, other.bottom))

    def __sub__(self, other: _Ratio) -> _Ratio:
        return self + _Ratio((Fraction(-1),), (Fraction(1),)) * other

    def __mul__(self, other: _Ratio) -> _Ratio:
        return _Ratio(_times(self.top, other.top), _times(self.bottom, other.bottom))


def _plus(a: _Polynomial, b: _Polynomial) -> _Polynomial:
    size = max(len(a), len(b))
    pad = (Fraction(0),)
    return _trimmed(x + y for x, y in zip(a + pad * (size - len(a)), b + pad * (size - len(b)), strict=True))


def _times(a: _Polynomial, b: _Polynomial) -> _Polynomial:
    result = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return _trimmed(result)


def _slope(a: _Polynomial) -> _Polynomial:
    return _trimmed(i * c for i, c in enumerate(a) if i) or (Fraction(0),)


def _trimmed(coefficients: Any) -> _Polynomial:
    kept = list(coefficients)
    while len(kept) > 1 and kept[-1] == 0:
        kept.pop()
    return tuple(kept)
