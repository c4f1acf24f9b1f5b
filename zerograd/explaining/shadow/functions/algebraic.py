"""Functions that IEEE arithmetic rounds correctly, or nearly: square root, its reciprocal, and reciprocal."""

from __future__ import annotations

from math import isqrt

import numpy as np
import numpy.typing as npt

from .points import LEAST, Function, Points, curved, points
from .tables import UNIT, Array, sum_of_errors

_FRACTION = (1 << 52) - 1
_ROOT_OF_TWO = isqrt(1 << 105) - (1 << 52)
"""The fraction of √2, rounded down."""


def _power_of_two(x: Array) -> npt.NDArray[np.bool_]:
    """Return where normal floats are powers of two."""
    bits = x.view(np.int64)
    powers: npt.NDArray[np.bool_] = ((bits & _FRACTION) == 0) & ((bits << 1) != 0)
    return powers


def _root(x: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return rounded square roots, and where they are exact.

    A root y that is exact has at most 27 significant bits, as its square has at most 53. With 26 bits its
    square is a float; with 27 it is if its mantissa in [1, 2) is less than √2 (else it has 54 bits, the last
    of them odd, and no float is its square). So rounding does not hide a difference between y² and x.
    """
    small = x < 2.0**-500
    scaled = np.where(small, x * 2.0**600, x) if small.any() else x
    roots = np.sqrt(scaled)
    bits = roots.view(np.int64)
    short = ((bits & ((1 << 27) - 1)) == 0) | (
        ((bits & ((1 << 26) - 1)) == 0) & ((bits & _FRACTION) <= _ROOT_OF_TWO)
    )
    exact = short & (roots * roots == scaled)
    if small.any():
        roots = np.where(small, roots * 2.0**-300, roots)
    return roots, exact


def _sqrt_points(x: Array) -> Points:
    roots, exact = _root(x)
    at = points(roots, UNIT * 1.001, roots)
    at.errors[exact] = 0.0
    return at


def _sqrt_spread(middles: Array, radii: Array, at: Points) -> Array:
    """Use √m − √(m − ρ) = ρ/(√m + √(m − ρ))."""
    lower = np.sqrt(np.maximum((middles - radii) * (1 - UNIT), 0.0))
    spread: Array = radii / (at.values + lower)
    spread *= 1 + 2.0**-40
    return np.where(middles >= radii, spread, np.inf)


def _rsqrt_points(x: Array) -> Points:
    roots, exact = _root(x)
    at = points(1.0 / roots, sum_of_errors(UNIT, UNIT), x)
    at.errors[exact & _power_of_two(roots)] = 0.0
    return at


def _rsqrt_spread(middles: Array, radii: Array, at: Points) -> Array:
    """Use that the slope is −x^(−3/2)/2, and x at least three quarters of the middle."""
    return at.values * curved(0.5, 2.1, radii / middles)


def _reciprocal_points(x: Array) -> Points:
    at = points(1.0 / x, UNIT * 1.001, x)
    at.errors[_power_of_two(x) & np.isfinite(at.values)] = 0.0
    return at


def _reciprocal_spread(middles: Array, radii: Array, at: Points) -> Array:
    """Use that the slope is −1/x², and |x| at least three quarters of the middle's."""
    return np.abs(at.values) * curved(1.0, 3.0, radii / np.abs(middles))


def _down(middles: Array, radii: Array) -> tuple[Array, Array]:
    """Return the right and the left ends of balls; nan where 0 is in the ball."""
    around = np.abs(middles) <= radii
    right, left = np.nextafter(middles + radii, np.inf), np.nextafter(middles - radii, -np.inf)
    around |= (left <= 0) & (right >= 0)
    return np.where(around, np.nan, right), np.where(around, np.nan, left)


def _quarter(middles: Array) -> Array:
    quarter: Array = 0.25 * np.abs(middles)
    return quarter


SQRT = Function(_sqrt_points, _sqrt_spread, lambda m: m, low=0.0, exact={0.0: 0.0})
RSQRT = Function(_rsqrt_points, _rsqrt_spread, _quarter, ends=_down, low=LEAST, limits=(None, 0.0))
RECIPROCAL = Function(_reciprocal_points, _reciprocal_spread, _quarter, ends=_down, limits=(0.0, 0.0))
