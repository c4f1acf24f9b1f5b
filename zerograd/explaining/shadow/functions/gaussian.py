"""The error function and its complement, the normal distribution function and its density.

Tails are a product e^(−x²)·g(x), with g from a table: g(x) = erfcx(x) = e^(x²)·erfc(x) and Mills' ratio
g(x) = e^(x²/2)·Φ(−x). Both are Laplace transforms of positive functions: completely monotone.
"""

from __future__ import annotations

from functools import cache

import flint
import numpy as np

from .exponential import Scaled, scaled_exp
from .ladders import Ladder, ladder
from .points import Function, Points, curved, points
from .tables import TINY, UNIT, Array, floats, sum_of_errors, working

_ERF_END, _ERFC_END, _PHI_END = 6.0, 28.0, 40.0
"""Beyond the first, erf is 1 but for 2^-54; beyond the others the tails are below all positive floats."""
_DEGREE = 10


@cache
def _erf() -> Ladder:
    return ladder(lambda s: s.erf(), _ERF_END, _DEGREE)


@cache
def _erfcx() -> Ladder:
    return ladder(lambda s: (s * s).exp() * s.erfc(), _ERFC_END, _DEGREE, monotone=True)


@cache
def _mills() -> Ladder:
    def function(s: flint.arb_series) -> flint.arb_series:
        return (s * s / 2).exp() * (s / flint.arb(2).sqrt()).erfc() / 2

    return ladder(function, _PHI_END, _DEGREE, monotone=True)


@cache
def _constants() -> tuple[float, float]:
    """Return 2/√π and 1/√(2π), rounded to the nearest float."""
    with working():
        pi = flint.arb.pi()
        values, error = floats([2 / pi.sqrt(), 1 / (2 * pi).sqrt()])
    if error > UNIT * 1.001:
        raise ArithmeticError("constants are not rounded to the nearest float")
    return float(values[0]), float(values[1])


def _bell(y: Array, factor: float) -> tuple[Scaled, float]:
    """Return e^(−factor·y²) for 0 ≤ y ≤ 40 and a factor 1 or 1/2, with a bound on the relative error.

    y is the sum of a multiple h of 2^-20, whose square is a float, and at most 2^-21, and
    y² = h² + (y − h)(y + h).
    """
    high = np.rint(y * 2.0**20) * 2.0**-20
    more = (y - high) * (y + high)  # at most 2^-14, with an error of 3 roundings
    scaled, error = scaled_exp(-factor * high * high, -factor * more)
    return scaled, sum_of_errors(error, 2.0**-12 * UNIT)


def _erf_points(x: Array) -> Points:
    """Return the value from the table, and the slope at y = c + t from that at the cell's centre.

    The slope is (2/√π)·e^(−c²)·e^w with w = −t·(2y − t), |w| ≤ 1, and the terms of the
    series of e^w from w⁴ on are at most 0.0517·w⁴.
    """
    table = _erf()
    y = np.minimum(np.abs(x), _ERF_END)
    cells, offsets = table.rungs(y)
    w = offsets * (offsets - 2.0 * y)
    slopes = table.slopes.take(cells) * (1.0 + w * (1.0 + w * (0.5 + w * (1 / 6 + w * 0.0517))))
    slopes *= 1 + 2.0**-40
    values = np.copysign(table.table.at(cells, offsets), x)
    return points(values, sum_of_errors(table.table.error, 2.0**-54), slopes)


def _erf_spread(middles: Array, radii: Array, at: Points) -> Array:
    """Use that the logarithm of the slope has the slope −2x."""
    return curved(at.aid, 2.0 * (np.abs(middles) + radii), radii)


def _tail(x: Array, table: Ladder, factor: float) -> tuple[Array, Array, float]:
    """Return e^(−factor·x²)·g(|x|) and e^(−factor·x²), with a bound on the relative errors."""
    y = np.minimum(np.abs(x), table.end)
    bell, error = _bell(y, factor)
    values = table.at(y)
    values *= bell.mantissas
    return Scaled(values, bell.powers).floats(), bell.floats(), sum_of_errors(error, table.table.error, UNIT)


def _erfc_points(x: Array) -> Points:
    """Return the tail of x ≥ 0, and 2 minus the tail of −x."""
    values, bell, error = _tail(x, _erfcx(), 1.0)
    np.copyto(values, 2.0 - values, where=x < 0)
    return points(values, sum_of_errors(error, UNIT), bell * (_constants()[0] * (1 + 2.0**-40)) + TINY)


def _cumulative_points(x: Array) -> Points:
    """Return the tail of x ≤ 0, and 1 minus the tail of x > 0."""
    values, bell, error = _tail(x, _mills(), 0.5)
    np.copyto(values, 1.0 - values, where=x > 0)
    return points(values, sum_of_errors(error, UNIT), bell * (_constants()[1] * (1 + 2.0**-40)) + TINY)


def _cumulative_spread(middles: Array, radii: Array, at: Points) -> Array:
    """Use that the logarithm of the slope φ has the slope −x."""
    return curved(at.aid, np.abs(middles) + radii, radii)


def _density_points(x: Array) -> Points:
    scaled, error = _bell(np.minimum(np.abs(x), _PHI_END), 0.5)
    values = Scaled(scaled.mantissas * _constants()[1], scaled.powers).floats()
    return points(values, sum_of_errors(error, 3 * UNIT), values)


def _density_spread(middles: Array, radii: Array, at: Points) -> Array:
    """Use φ(m + s) = φ(m)·e^w with |w| ≤ v = |m|ρ + ρ²/2, and |e^w − 1| ≤ v + v² for v ≤ 1."""
    v = radii * (np.abs(middles) + 0.5 * radii)
    spread: Array = (at.values + at.errors) * (v + v * v) * (1 + 2.0**-48) + TINY
    return spread


def _hill(middles: Array, radii: Array) -> tuple[Array, Array]:
    """Return the points of balls that are farthest from 0 and nearest to it."""
    sizes = np.abs(middles)
    nearest = np.nextafter(np.maximum(sizes - radii, 0.0), 0.0)
    return np.nextafter(sizes + radii, np.inf), nearest


def _down(middles: Array, radii: Array) -> tuple[Array, Array]:
    return np.nextafter(middles + radii, np.inf), np.nextafter(middles - radii, -np.inf)


def _reach(middles: Array) -> Array:
    """Return radii for which (|m| + ρ)·2ρ ≤ 1/2, as they are at most 1/4."""
    return 0.25 / (1.0 + np.abs(middles))


ERF = Function(_erf_points, _erf_spread, _reach, limits=(-1.0, 1.0), exact={0.0: 0.0})
ERFC = Function(_erfc_points, _erf_spread, _reach, ends=_down, limits=(2.0, 0.0), exact={0.0: 1.0})
CUMULATIVE = Function(_cumulative_points, _cumulative_spread, _reach, limits=(0.0, 1.0), exact={0.0: 0.5})
DENSITY = Function(_density_points, _density_spread, _reach, ends=_hill, limits=(0.0, 0.0))
