"""Logarithms: log, log1p, and softplus, which is log1p of an exponential.

log x = e·log 2 + log m for x = 2^e·m and m between 45/64 and 90.5/64; a table has cells about the multiples
of 1/64. For 1 + x in that range the same table gives log1p, as the offset of 1 + x from the cell's centre is
exact although 1 + x is not.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import flint
import numpy as np
import numpy.typing as npt

from .exponential import DEEPEST, scaled_exp
from .points import LEAST, Function, Points, curved, points
from .tables import TINY, UNIT, Array, Table, floats, sum_of_errors, table, taylor, working

_FIRST, _LAST = 45, 90
_HALF = 1 / 128 * (1 + 2.0**-40)  # 1 + x is rounded before the cell is chosen


@cache
def _table() -> tuple[Table, float]:
    """Return the table of log on the cells, and log 2."""
    cells = [
        # log⁽ⁿ⁾ is ±(n − 1)!/xⁿ: steepest at the left
        taylor(lambda s: s.log(), k / 64, _HALF, 8, steepest_at=k / 64 - _HALF)
        for k in range(_FIRST, _LAST + 1)
    ]
    with working():
        (two,), error = floats([flint.arb(2).log()])
    if error > UNIT * 1.001:
        raise ArithmeticError("log 2 is not rounded to the nearest float")
    return table(cells), float(two)


class _Parts(NamedTuple):
    exponents: npt.NDArray[np.int64]
    mantissas: Array
    cells: npt.NDArray[np.int64]
    centres: Array


def _parts(x: Array) -> _Parts:
    """Take positive floats apart, exactly."""
    subnormal = x < 2.0**-1022
    some = bool(subnormal.any())
    if some:
        x = np.where(subnormal, x * 2.0**54, x)
    bits = x.view(np.int64) if x.flags.c_contiguous else np.ascontiguousarray(x).view(np.int64)
    exponents = (bits >> 52) - 1023
    mantissas = ((bits & ((1 << 52) - 1)) | (1023 << 52)).view(np.float64)
    upper = mantissas > 90.5 / 64
    mantissas *= 1.0 - 0.5 * upper
    exponents += upper
    if some:
        exponents -= 54 * subnormal
    centres = np.rint(mantissas * 64.0)
    cells = centres.astype(np.int64) - _FIRST
    centres *= 1 / 64
    return _Parts(exponents, mantissas, cells, centres)


def _log(x: Array) -> tuple[Array, float]:
    """Return log x with a bound on the relative error."""
    logs, two = _table()
    parts = _parts(x)
    values = logs.at(parts.cells, parts.mantissas - parts.centres)
    values += parts.exponents * two
    # |log m| ≤ 0.353, so that |e·log 2| ≤ 2.05·|log x| and |log m| ≤ 1.05·|log x| for e ≠ 0;
    # e = 0 adds exactly 0.
    return values, sum_of_errors(2.05 * 2.01 * UNIT, 1.05 * logs.error, UNIT)


def _log1p(x: Array) -> tuple[Array, float]:
    """Return log(1 + x) with a bound on the relative error."""
    logs, two = _table()
    parts = _parts(1.0 + x)
    offsets = parts.mantissas - parts.centres
    near = parts.exponents == 0
    np.copyto(offsets, x - (parts.centres - 1.0), where=near)
    values = logs.at(parts.cells, offsets)
    values += parts.exponents * two
    # Elsewhere 1 + x is rounded, and |log(1 + x)| ≥ 0.34.
    return values, sum_of_errors(2.05 * 2.01 * UNIT, 1.05 * logs.error, UNIT, 3 * UNIT)


def _log_points(x: Array) -> Points:
    values, error = _log(x)
    return points(values, error, x)


def _log1p_points(x: Array) -> Points:
    values, error = _log1p(x)
    return points(values, error, (1.0 + x) * (1 - 2.0**-50))


def _spread(_: Array, radii: Array, at: Points) -> Array:
    """Use that the slope at s is 1/s, and s at least three quarters of the middle."""
    return curved(1.0, 1.5, radii / at.aid)


def _softplus_points(x: Array) -> Points:
    """Return max(x, 0) + log1p(z) with z = e^−|x|.

    A relative error of z does not grow in log1p(z), as z/(1 + z) ≤ log1p(z).
    """
    scaled, of_exp = scaled_exp(np.maximum(-np.abs(x), DEEPEST))
    z = scaled.floats()
    logs, of_log = _log1p(z)
    positive = x >= 0
    slopes = z / (1.0 + z)
    np.copyto(slopes, 1.0 / (1.0 + z), where=positive)
    slopes *= 1 + 2.0**-40
    slopes += TINY
    return points(np.maximum(x, 0.0) + logs, sum_of_errors(of_exp, of_log, UNIT), slopes)


def _softplus_spread(_: Array, radii: Array, at: Points) -> Array:
    """Use that the slope is the sigmoid function, and the slope of its logarithm is at most 1."""
    return curved(at.aid, 1.0, radii)


LOG = Function(_log_points, _spread, lambda m: 0.25 * m, low=LEAST, exact={1.0: 0.0})
LOG1P = Function(
    _log1p_points,
    _spread,
    lambda m: 0.25 * (1.0 + m) * (1 - 2.0**-50),
    low=-1 + UNIT,
    exact={0.0: 0.0},
)
SOFTPLUS = Function(_softplus_points, _softplus_spread, lambda m: np.full_like(m, 0.5), limits=(0.0, None))
