"""Values of functions at floats with error bounds, and how balls are enclosed with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .tables import TINY, Array

LARGEST = float(np.finfo(np.float64).max)
LEAST = 2.0**-1074


class Points(NamedTuple):
    """Values at floats, bounds on their absolute errors (inf: nothing is known), and an aid for the slope."""

    values: Array
    errors: Array
    aid: Array


def points(values: Array, error: float, aid: Array) -> Points:
    """Return values with one bound on their relative errors, and on what the subnormal range adds."""
    errors = np.abs(values)
    errors *= error * (1 + 2.0**-40)
    errors += TINY
    return Points(values, errors, aid)


def curved(slopes: Array | float, rates: Array | float, radii: Array) -> Array:
    """Return bounds on |f(x) − f(m)| for |x − m| ≤ ρ, where |f′(x)| ≤ slope·e^(rate·|x − m|).

    The integral of the latter is slope·(e^(rate·ρ) − 1)/rate ≤ slope·(ρ + rate·ρ²) if rate·ρ ≤ 1.
    """
    spread: Array = slopes * (radii + rates * radii * radii)
    spread *= 1 + 2.0**-48
    spread += TINY
    return spread


def whole(middles: Array, radii: Array) -> tuple[Array, Array]:
    """Return the ends of balls, outwards."""
    return np.nextafter(middles - radii, -np.inf), np.nextafter(middles + radii, np.inf)


@dataclass(frozen=True)
class Function:
    """A function with proved values at floats.

    `points` is given floats in the domain. `spread` bounds how far the values in a ball are from the one at
    its middle; it holds where the radius is at most `reach(middles)`. Elsewhere the values lie between those
    at the two arguments that `ends` returns: where the function is least, and where it is greatest.
    """

    points: Callable[[Array], Points]
    spread: Callable[[Array, Array, Points], Array]
    reach: Callable[[Array], Array]
    ends: Callable[[Array, Array], tuple[Array, Array]] = whole
    low: float = -LARGEST
    high: float = LARGEST
    limits: tuple[float | None, float | None] = (None, None)
    """Limits at −∞ and ∞."""
    exact: Mapping[float, float] = field(default_factory=dict)
    """Values that are known exactly."""

    def at(self, x: Array) -> Points:
        """Return values at any floats: limits at infinities, nothing outside the domain."""
        outside = ~((x >= self.low) & (x <= self.high))
        some = bool(outside.any())
        values, errors, aid = self.points(np.where(outside, 1.0, x) if some else x)
        for argument, value in self.exact.items():
            here = x == argument
            if here.any():
                values[here], errors[here] = value, 0.0
        if some:
            values[outside], errors[outside] = 0.0, np.inf
            for infinity, limit in zip((-np.inf, np.inf), self.limits, strict=True):
                if limit is not None:
                    here = x == infinity
                    values[here], errors[here] = limit, 0.0
        return Points(values, errors, aid)


def enclosed(function: Function, middles: Array, radii: Array) -> tuple[Array, Array]:
    """Return balls that contain the values of a function on balls; all arrays have one dimension."""
    at = function.at(middles)
    values, errors = at.values, at.errors
    if radii.any():
        near = radii <= function.reach(middles)
        spread = np.where(radii == 0, 0.0, function.spread(middles, radii, at))
        errors = (errors + spread) * (1 + 2.0**-50)
        far = ~near
        far &= radii != 0
        if far.any():
            values[far], errors[far] = _between(function, middles[far], radii[far])
    unknown = ~((errors < np.inf) & np.isfinite(values) & (radii >= 0) & (radii < np.inf))
    unknown |= np.isinf(middles) & (radii != 0)
    if unknown.any():
        values[unknown], errors[unknown] = 0.0, np.inf
    return values, errors


def _between(function: Function, middles: Array, radii: Array) -> tuple[Array, Array]:
    """Return balls about the least and the greatest value."""
    least, greatest = (function.at(x) for x in function.ends(middles, np.where(radii < 0, np.nan, radii)))
    low, high = least.values - least.errors, greatest.values + greatest.errors
    # One rounding each, outwards; what is exact stays so.
    low = np.where(least.errors == 0, low, np.nextafter(low, -np.inf))
    high = np.where(greatest.errors == 0, high, np.nextafter(high, np.inf))
    values = 0.5 * low + 0.5 * high
    errors = np.maximum(high - values, values - low) * (1 + 2.0**-50) + TINY
    return values, errors
