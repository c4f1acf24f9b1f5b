"""Sine and cosine: reduction modulo π/2 in three parts, and two polynomials in the square of the rest.

π/2 = p₁ + p₂ + p₃, where p₁ and p₂ are multiples of 2^-31 and 2^-63 with 32 bits at most: for integers k up
to 2^20 the products k·p₁, k·p₂ and the difference x − k·p₁ are exact. Where that is not enough (greater
arguments, and those next to a multiple of π/2), python-flint computes the value, entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import factorial, pi
from typing import NamedTuple

import flint
import numpy as np
import numpy.typing as npt

from .points import Function, Points
from .single import rounded
from .tables import TINY, UNIT, Array, Expansion, Table, above, sum_of_errors, table, working

_FAR = 2.0**20
_CLOSE = 2.0**-30
_TERMS = 10
_QUARTER = 0.7854
"""More than π/4 and what its rounding adds."""


class _Circle(NamedTuple):
    parts: tuple[float, float, float]
    inverse: float
    sine: Table
    cosine: Table


@cache
def _circle() -> _Circle:
    """Return the parts of π/2, and tables of sin(√z)/√z and cos(√z).

    Their remainders after N terms are at most z^N/(2N + 1)! and z^N/(2N)!, by Lagrange's form.
    """
    with working(256):
        quarter = flint.arb.pi() / 2
        first = float((quarter * 2**31).floor().mid()) * 2.0**-31
        second = float(((quarter - flint.arb(first)) * 2**63).floor().mid()) * 2.0**-63
        third = float((quarter - flint.arb(first) - flint.arb(second)).mid())
        if above(quarter - flint.arb(first) - flint.arb(second) - flint.arb(third)) > 2.0**-114:
            raise ArithmeticError("π/2 is not the sum of its parts")
        factorials = [flint.arb(factorial(n)) for n in range(2 * _TERMS + 2)]
        signs = [(-1) ** n for n in range(_TERMS)]
        half = _QUARTER**2 * (1 + 2.0**-40)
        sine = Expansion(
            [s / factorials[2 * n + 1] for n, s in enumerate(signs)], 1 / factorials[2 * _TERMS + 1], half
        )
        cosine = Expansion(
            [s / factorials[2 * n] for n, s in enumerate(signs)], 1 / factorials[2 * _TERMS], half
        )
        inverse = float((1 / quarter).mid())
    return _Circle(
        (first, second, third), inverse, table([sine], inexact=True), table([cosine], inexact=True)
    )


def _reduced(x: Array) -> tuple[Array, npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return x − k·π/2, k, and where the relative error of the first may be more than 4 roundings."""
    circle = _circle()
    far = np.abs(x) > _FAR
    x = np.where(far, 0.0, x)
    k = np.rint(x * circle.inverse)
    first, second, third = circle.parts
    rest = ((x - k * first) - k * second) - k * third
    return rest, k.astype(np.int64), far | ((np.abs(rest) < _CLOSE) & (k != 0))


def _points(quarters: int, name: str) -> Callable[[Array], Points]:
    """Return the function whose values are those of sine, so many quarters of a turn later."""

    def values_at(x: Array) -> Points:
        circle = _circle()
        rest, k, uncertain = _reduced(x)
        squares = rest * rest
        k = k + quarters
        values = circle.sine.alone(squares) * rest
        np.copyto(values, circle.cosine.alone(squares), where=(k & 1).astype(bool))
        values *= 1 - (k & 2)
        # an error of the rest grows at most by |r/tan r| ≤ 1 or |r·tan r| ≤ 0.79
        error = sum_of_errors(max(circle.sine.error, circle.cosine.error), 5 * UNIT, UNIT)
        errors = np.abs(values) * (error * (1 + 2.0**-40)) + TINY
        for place in np.flatnonzero(uncertain):
            values[place], errors[place] = rounded(name, float(x[place]))
        return Points(values, errors, values)

    return values_at


def _spread(_: Array, radii: Array, __: Points) -> Array:
    return radii


def _reach(middles: Array) -> Array:
    return np.full_like(middles, 1.0)


def _extremes(least: float, greatest: float) -> Callable[[Array, Array], tuple[Array, Array]]:
    """Return the function whose values are two floats where sine or cosine is next to −1 and 1.

    It differs from these by less than 2^-100, so that an interval whose ends are floats contains −1 and 1
    with it.
    """
    return lambda middles, _: (np.full_like(middles, least), np.full_like(middles, greatest))


SIN = Function(_points(0, "sin"), _spread, _reach, ends=_extremes(-pi / 2, pi / 2), exact={0.0: 0.0})
COS = Function(_points(1, "cos"), _spread, _reach, ends=_extremes(pi, 0.0), exact={0.0: 1.0})
