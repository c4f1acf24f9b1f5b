"""Smooth activations over NumPy's float64: the formulas of the core, by functions that keep their digits.

Numbers that come near to 0 or leave the range of float64 on the way are no errors here: what saturates is
0 or infinite. Without SciPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink
from zerograd.core.numbers.functions import Rational

Floats: TypeAlias = NDArray[np.float64]

_erf = np.frompyfunc(math.erf, 1, 1)


class _Array(np.ndarray[Any, np.dtype[np.float64]]):
    """An array to which int and Fraction are the nearest float64; NumPy would keep them as objects."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: Any, *inputs: Any, **settings: Any) -> Any:
        plain = [float(v) if isinstance(v, int | Fraction) else np.asarray(v) for v in inputs]
        return np.asarray(getattr(ufunc, method)(*plain, **settings)).view(_Array)


class FloatFunctions:
    """Functions of arrays of float64, entry by entry (see `zerograd.core.numbers.functions`)."""

    pi = math.pi

    def divide(self, a: Any, b: Any, /) -> Any:
        return np.true_divide(_float(a), _float(b))

    def sqrt(self, value: Rational, /) -> Any:
        return math.sqrt(value)

    def exp(self, z: Any, /) -> Any:
        return np.exp(_float(z))

    def log(self, z: Any, /) -> Any:
        return np.log(_float(z))

    def sin(self, z: Any, /) -> Any:
        return np.sin(_float(z))

    def cos(self, z: Any, /) -> Any:
        return np.cos(_float(z))

    def erf(self, z: Any, /) -> Any:
        return as_floats(np.asarray(_erf(np.asarray(_float(z))), dtype=np.float64))

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        """Each branch sees its own entries alone, so that none overflows where another holds."""
        ends = np.array([float(join) for join in joins])
        below, upto = np.searchsorted(ends, z, side="left"), np.searchsorted(ends, z, side="right")
        result = np.full(z.shape, np.nan)
        for number, branch in enumerate(branches):
            here = below == number
            if here.any():
                result[here] = _float(branch(z[here]))
        for number, there in enumerate(at_joins):
            if there is not None:
                result[(below == number) & (upto == number + 1)] = float(there)
        return as_floats(result)

    def sigmoid(self, z: Any, /) -> Any:
        """1/(1 + e⁻ᶻ) without overflow: e^−|z| is at most 1."""
        e = np.exp(-np.abs(z))
        return np.where(np.asarray(z) >= 0, 1.0, np.asarray(e)).view(_Array) / (1 + e)

    def tanh(self, z: Any, /) -> Any:
        return np.tanh(_float(z))

    def softplus(self, z: Any, /) -> Any:
        return np.logaddexp(0.0, z)

    def expm1(self, z: Any, /) -> Any:
        return np.expm1(_float(z))


FLOATS = FloatFunctions()


def as_floats(values: Floats) -> Any:
    """Return an array in which int and Fraction may take part."""
    return values.view(_Array)


def _float(value: Any) -> Any:
    return float(value) if isinstance(value, int | Fraction) else value


def _plain(result: Any, shape: tuple[int, ...]) -> Floats:
    """A plain array: formulas may return one number for all."""
    return np.broadcast_to(np.asarray(_float(result), dtype=np.float64), shape).copy()


def value(activation: Smooth, z: Floats) -> Floats:
    """φ(z)."""
    with np.errstate(all="ignore"):
        return _plain(activation.value(as_floats(z), FLOATS), z.shape)


def slope(activation: Smooth, z: Floats, convention: Kink) -> Floats:
    """φ′(z). At a kink under ``forbid`` it says nothing: 0."""
    with np.errstate(all="ignore"):
        return _plain(activation.slope(as_floats(z), FLOATS, convention), z.shape)


def slope_on_side(activation: Smooth, z: Floats, code: NDArray[np.intp], convention: Kink) -> Floats:
    """φ′ where it is known between which kinks z lies, which rounding may have carried across one.

    Args:
        code: as in `zerograd.evaluate.floats.pieces`, of kinks.

    Returns:
        NaN where z is on a kink under ``forbid``.
    """
    ends = np.array([-np.inf, *map(float, activation.kinks), np.inf])
    low, high = ends[code // 2], ends[code // 2 + 1]
    inside = np.clip(z, low, high)
    result = slope(activation, inside, "right")
    from_left = inside == high
    result[from_left] = slope(activation, inside, "left")[from_left]
    for number, derivative in enumerate(activation.derivatives_at_kinks(convention)):
        result[code == 2 * number + 1] = np.nan if derivative is None else float(derivative)
    return result


def bend(activation: Smooth, z: Floats) -> Floats:
    """|φ″(z)|, estimated by difference quotients to both sides: no bound of it is known."""
    step = 2.0**-13 * np.maximum(1, np.abs(z))
    here = slope(activation, z, "right"), slope(activation, z, "left")
    there = slope(activation, z + step, "left"), slope(activation, z - step, "right")
    result: Floats = np.maximum(*(np.abs(a - b) / step for a, b in zip(here, there, strict=True)))
    return result


def at_most(activation: Smooth, z: Floats) -> tuple[Floats, Floats]:
    """What bounds |φ| and |φ′| where ``z`` bounds |z|, by the mean value theorem."""
    at_nought = abs(float(value(activation, np.zeros(1))[0]))
    if activation.steepest is not None:
        steepest = np.full(z.shape, float(activation.steepest))
    else:
        ends = slope(activation, z, "right"), slope(activation, -z, "left")
        steepest = np.maximum(*map(np.abs, ends))
    return steepest * z + at_nought, steepest
