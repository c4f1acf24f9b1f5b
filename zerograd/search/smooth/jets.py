"""Numbers that carry one derivative, over NumPy's arrays: a whole layer at once, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from zerograd.core.numbers.functions import Rational

Floats: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Jet:
    """A value and its derivative, arrays of one shape."""

    value: Floats
    slope: Floats

    __array_ufunc__ = None  # an array on the left leaves the operation to us

    @classmethod
    def variable(cls, value: Floats) -> Jet:
        """Return the number by which one differentiates."""
        return cls(value, np.ones_like(value))

    def __add__(self, other: Any) -> Jet:
        other = _jet(other, self)
        return Jet(self.value + other.value, self.slope + other.slope)

    __radd__ = __add__

    def __neg__(self) -> Jet:
        return Jet(-self.value, -self.slope)

    def __sub__(self, other: Any) -> Jet:
        other = _jet(other, self)
        return Jet(self.value - other.value, self.slope - other.slope)

    def __rsub__(self, other: Any) -> Jet:
        return _jet(other, self) - self

    def __mul__(self, other: Any) -> Jet:
        other = _jet(other, self)
        return Jet(self.value * other.value, self.slope * other.value + self.value * other.slope)

    __rmul__ = __mul__


def _jet(number: Any, like: Jet) -> Jet:
    if isinstance(number, Jet):
        return number
    value = number if isinstance(number, np.ndarray) else np.full(like.value.shape, float(number))
    return Jet(value, np.zeros(like.value.shape))


_erf = np.vectorize(math.erf, otypes=[float])


class JetFunctions:
    """`zerograd.core.numbers.functions.Functions` of jets; what has no value is nan."""

    pi = math.pi

    def divide(self, a: Any, b: Any, /) -> Any:
        """a/b."""
        if not isinstance(a, Jet) and not isinstance(b, Jet):
            return a / b
        a = _jet(a, b) if isinstance(b, Jet) else a
        b = _jet(b, a)
        quotient = a.value / b.value
        return Jet(quotient, (a.slope - quotient * b.slope) / b.value)

    def sqrt(self, value: Rational, /) -> float:
        """The root of a constant."""
        return math.sqrt(value)

    def exp(self, z: Any, /) -> Any:
        return _through(z, np.exp, np.exp)

    def log(self, z: Any, /) -> Any:
        return _through(z, np.log, lambda v: 1 / v)

    def sin(self, z: Any, /) -> Any:
        return _through(z, np.sin, np.cos)

    def cos(self, z: Any, /) -> Any:
        return _through(z, np.cos, lambda v: -np.sin(v))

    def erf(self, z: Any, /) -> Any:
        return _through(z, _erf, lambda v: 2 / math.sqrt(math.pi) * np.exp(-v * v))

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        """A function by cases; at a join without a value of its own, the branch on the left."""
        z = z if isinstance(z, Jet) else Jet.variable(np.asarray(float(z)))
        piece = np.searchsorted([float(join) for join in joins], z.value, side="left")
        parts = [_jet(branch(z), z) for branch in branches]
        value = np.choose(piece, [part.value for part in parts])
        slope = np.choose(piece, [part.slope for part in parts])
        for join, at in zip(joins, at_joins, strict=True):
            if at is not None:
                here = z.value == float(join)
                value = np.where(here, float(at), value)
                slope = np.where(here, 0.0, slope)
        return Jet(value, slope)


def _through(z: Any, function: Callable[[Floats], Floats], derivative: Callable[[Floats], Floats]) -> Any:
    if not isinstance(z, Jet):
        return float(function(np.asarray(float(z))))
    return Jet(function(z.value), derivative(z.value) * z.slope)
