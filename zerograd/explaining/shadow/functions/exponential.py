"""The exponential function, and sigmoid, tanh and expm1, whose values are made from it.

e^x = e^n · e^(j/64) · e^t, where n and j < 64 are integers with n + j/64 nearest to x among the multiples of
1/64, so that t is exact and at most 1/128. Two tables hold the first two factors, a polynomial gives the
third. The first factor is kept as a float in [1, 2) and a power of two, so that tails can be multiplied
before they underflow.
"""

from __future__ import annotations

from functools import cache
from math import floor, log
from typing import NamedTuple

import flint
import numpy as np
import numpy.typing as npt

from .points import Function, Points, curved, points
from .tables import TINY, UNIT, Array, Table, floats, sum_of_errors, table, taylor, working

DEEPEST = -800.0
"""Arguments below count as this one: its value is less than all positive floats."""
_LOWEST, _HIGHEST = -801, 710


class Scaled(NamedTuple):
    """Numbers mantissa · 2^power."""

    mantissas: Array
    powers: npt.NDArray[np.int64]

    def floats(self) -> Array:
        """Return the numbers, rounded once where they are subnormal, and otherwise not."""
        least, most = (int(self.powers.min()), int(self.powers.max())) if len(self.powers) else (0, 0)
        if least > -1000 and most < 1000:
            return self.mantissas * _powers_of_two(self.powers)
        half = self.powers >> 1
        return self.mantissas * _powers_of_two(half) * _powers_of_two(self.powers - half)


def _powers_of_two(powers: npt.NDArray[np.int64]) -> Array:
    return ((powers + 1023) << 52).view(np.float64)


class _Tables(NamedTuple):
    heads: Array
    powers: npt.NDArray[np.int64]
    parts: Array
    rest: Table
    error: float


@cache
def _tables() -> _Tables:
    numbers = range(_LOWEST, _HIGHEST + 1)
    powers = [floor(n / log(2)) for n in numbers]
    with working():
        two = flint.arb(2)
        heads, of_heads = floats([flint.arb(n).exp() * two**-k for n, k in zip(numbers, powers, strict=True)])
        parts, of_parts = floats([(flint.arb(j) / 64).exp() for j in range(64)])
    rest = table([taylor(lambda s: s.exp(), 0.0, 1 / 128 + 2.0**-10, 6)])
    error = sum_of_errors(of_heads, of_parts, rest.error, 2 * UNIT)  # the factors, and two multiplications
    return _Tables(heads, np.array(powers, dtype=np.int64), parts, rest, error)


def scaled_exp(x: Array, more: Array | None = None) -> tuple[Scaled, float]:
    """Return e^(x + more) with a bound on the relative error.

    Args:
        x: from DEEPEST to 709.8.
        more: at most 2^-10 in absolute value; an error in it is to be added by the caller.
    """
    tables = _tables()
    nearest = np.rint(x * 64.0)
    offsets = x - nearest * (1 / 64)  # exact
    if more is not None:
        offsets += more  # rounded: this changes the value by 2^-6 roundings at most
    cells = nearest.astype(np.int64)
    heads = (cells >> 6) - _LOWEST
    mantissas = tables.rest.alone(offsets)
    mantissas *= tables.parts.take(cells & 63)
    mantissas *= tables.heads.take(heads)
    error = tables.error if more is None else sum_of_errors(tables.error, UNIT)
    return Scaled(mantissas, tables.powers.take(heads)), error


def exp_points(x: Array) -> Points:
    """Return e^x."""
    scaled, error = scaled_exp(np.maximum(x, DEEPEST))
    values = scaled.floats()
    return points(values, error, values)


def _exp_spread(_: Array, radii: Array, at: Points) -> Array:
    return curved(at.values + at.errors, 1.0, radii)


SMALL = 0.25


@cache
def _expm1_table() -> Table:
    def function(s: flint.arb_series) -> flint.arb_series:
        return s.exp() - 1

    return table([taylor(function, 0.0, SMALL, 13)])


def _expm1(x: Array) -> tuple[Array, Array, float]:
    """Return e^x − 1 and e^x with a bound on the relative error of both.

    The subnormal range adds an absolute error.
    """
    small = np.abs(x) < SMALL
    near = _expm1_table()
    scaled, error = scaled_exp(np.maximum(x, DEEPEST))
    powers = scaled.floats()
    values = powers - 1.0
    # e^x ≤ 4.53·|e^x − 1| for |x| ≥ 1/4, so that an error of e^x grows so much
    np.copyto(values, near.alone(np.where(small, x, 0.0)), where=small)
    return values, powers, sum_of_errors(max(4.6 * error + UNIT, near.error))


def _expm1_points(x: Array) -> Points:
    values, powers, error = _expm1(x)
    return points(values, error, powers)


def _expm1_spread(_: Array, radii: Array, at: Points) -> Array:
    return curved(at.aid * (1 + 2.0**-40) + TINY, 1.0, radii)


def _sigmoid_points(x: Array) -> Points:
    """Return 1/(1 + z) for x ≥ 0 and z/(1 + z) for x < 0, with z = e^−|x|."""
    scaled, error = scaled_exp(np.maximum(-np.abs(x), DEEPEST))
    z = scaled.floats()
    denominators = 1.0 + z  # an error of z, as a part of 1 + z, is at most half as great
    values = Scaled(scaled.mantissas / denominators, scaled.powers).floats()
    np.copyto(values, 1.0 / denominators, where=x >= 0)
    slopes = z / (denominators * denominators)
    slopes *= 1 + 2.0**-40
    slopes += TINY
    return points(values, sum_of_errors(1.5 * error, 3 * UNIT), slopes)


def _sigmoid_spread(_: Array, radii: Array, at: Points) -> Array:
    """Use σ′ = σ(1 − σ), whose logarithm has the slope 1 − 2σ, at most 1."""
    return curved(at.aid, 1.0, radii)


FLAT = 30.0
"""Beyond it tanh is 1 but for 2^-85."""


def _tanh_points(x: Array) -> Points:
    """Return −E/(2 + E), E = e^(−2|x|) − 1: a relative error of E grows at most twofold."""
    differences, _, error = _expm1(-2.0 * np.minimum(np.abs(x), FLAT))
    values = np.copysign(differences / (2.0 + differences), x)
    rest = (1.0 + differences) + 2.0**-45  # at least e^(−2|x|)
    below = 2.0 + differences
    slopes = 4.0 * rest / (below * below)
    slopes *= 1 + 2.0**-40
    return points(values, sum_of_errors(2 * error, 2 * UNIT, 2.0**-80), slopes)


def _tanh_spread(_: Array, radii: Array, at: Points) -> Array:
    """Use tanh′ = 1 − tanh², whose logarithm has the slope −2·tanh."""
    return curved(at.aid, 2.0, radii)


def _half(x: Array) -> Array:
    return np.full_like(x, 0.5)


EXP = Function(exp_points, _exp_spread, _half, high=709.79, limits=(0.0, None), exact={0.0: 1.0})
EXPM1 = Function(_expm1_points, _expm1_spread, _half, high=709.79, limits=(-1.0, None), exact={0.0: 0.0})
SIGMOID = Function(_sigmoid_points, _sigmoid_spread, _half, limits=(0.0, 1.0), exact={0.0: 0.5})
TANH = Function(_tanh_points, _tanh_spread, _half, limits=(-1.0, 1.0), exact={0.0: 0.0})
