"""Many digits of a solution: Newton's method with the inverse of float64, in FLINT's balls.

Each step gains the digits of float64. Balls serve as long floats here: their middles are taken, and
nothing rests on their radii.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from zerograd.core.model.activations import Activation
from zerograd.core.model.backprop import Site, backward, forward
from zerograd.core.model.point import Model
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.functions import Rational
from zerograd.search.smooth.newton import Square
from zerograd.search.smooth.passes import Entry

BITS = 256
DIGITS = 45
"""Digits after the point to which a solution is known in the end."""

STEPS = 12


class Long:
    """A long float: a ball of FLINT that also takes part in sums and products with fractions."""

    __slots__ = ("ball",)

    def __init__(self, ball: Any) -> None:
        self.ball = ball

    def __add__(self, other: Any) -> Long:
        return Long(self.ball + _ball(other))

    __radd__ = __add__

    def __neg__(self) -> Long:
        return Long(-self.ball)

    def __sub__(self, other: Any) -> Long:
        return Long(self.ball - _ball(other))

    def __rsub__(self, other: Any) -> Long:
        return Long(_ball(other) - self.ball)

    def __mul__(self, other: Any) -> Long:
        return Long(self.ball * _ball(other))

    __rmul__ = __mul__


def _ball(number: Any) -> Any:
    if isinstance(number, Long):
        return number.ball
    return number if isinstance(number, int) else flint.arb(flint.fmpq(number.numerator, number.denominator))


def _long(number: Any) -> Long:
    return number if isinstance(number, Long) else Long(flint.arb(1) * _ball(number))


class LongFunctions:
    """`zerograd.core.numbers.functions.Functions` of long floats."""

    @property
    def pi(self) -> Long:
        return Long(flint.arb.pi())

    def divide(self, a: Any, b: Any, /) -> Long:
        """a/b."""
        return Long(_long(a).ball / _ball(b))

    def sqrt(self, value: Rational, /) -> Long:
        """The root of a constant."""
        return Long(_long(value).ball.sqrt())

    def exp(self, z: Any, /) -> Long:
        return Long(_long(z).ball.exp())

    def log(self, z: Any, /) -> Long:
        return Long(_long(z).ball.log())

    def sin(self, z: Any, /) -> Long:
        return Long(_long(z).ball.sin())

    def cos(self, z: Any, /) -> Long:
        return Long(_long(z).ball.cos())

    def erf(self, z: Any, /) -> Long:
        return Long(_long(z).ball.erf())

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        """A function by cases."""
        middle = _long(z).ball.mid()
        for join, branch, at in zip(joins, branches, at_joins, strict=False):
            end = _long(join).ball.mid()
            if middle == end and at is not None:
                return at
            if middle <= end:
                return branch(z)
        return branches[-1](z)


def refined(system: Square, exact: Mapping[str, Array[Fraction]]) -> dict[Entry, Fraction] | None:
    """Return the unknowns with `DIGITS` digits after the point; None where the steps do not shrink.

    Args:
        exact: all variables, by name; what it has for the unknowns plays no part.
    """
    before = flint.ctx.prec
    flint.ctx.prec = BITS
    try:
        return _refined(system, exact)
    finally:
        flint.ctx.prec = before


def _refined(system: Square, exact: Mapping[str, Array[Fraction]]) -> dict[Entry, Fraction] | None:
    balls = {name: [_long(v) for v in array.entries] for name, array in exact.items()}
    shapes = {name: array.shape for name, array in exact.items()}
    places = [(name, _flat(index, shapes[name])) for name, index in system.unknowns]
    for (name, place), (_, index) in zip(places, system.unknowns, strict=True):
        balls[name][place] = Long(flint.arb(float(system.pass_.values[name][index])))
    last = np.inf
    for _ in range(STEPS):
        values = {name: Array(shapes[name], tuple(column)) for name, column in balls.items()}
        gradients = _gradients(system.pass_.model, values)
        value = np.array(
            [float(_long(gradients[name][index]).ball.mid()) for name, index in system.equations]
        )
        if not np.isfinite(value).all():
            return None
        step = -(system.inverse @ value)
        size = float(np.abs(step).max())
        for (name, place), by in zip(places, step, strict=True):
            balls[name][place] = Long((balls[name][place].ball + flint.arb(float(by))).mid())
        if size < 10.0 ** -(DIGITS + 2):
            return {
                site: _rounded(balls[name][place].ball)
                for site, (name, place) in zip(system.unknowns, places, strict=True)
            }
        if size > last / 2 and size > 1e-6:
            return None
        last = size
    return None


def _flat(index: Sequence[int], shape: Sequence[int]) -> int:
    return int(np.ravel_multi_index(tuple(index), tuple(shape)))


def _rounded(ball: Any) -> Fraction:
    scaled = (ball * flint.arb(10) ** DIGITS + flint.arb(1) / 2).mid().floor().unique_fmpz()
    return Fraction(int(scaled), 10**DIGITS)


def _gradients(model: Model, values: Mapping[str, Array[Long]]) -> Mapping[str, Array[Any]]:
    """∂L/∂ of everything over F′ and `Loss.factor`."""
    functions, kink = LongFunctions(), model.derivative_at_kink

    def activate(activation: Activation, _: Site, z: Any) -> tuple[Any, Any]:
        return activation.value(z, functions), activation.slope(z, functions, kink)

    run = forward(model.network, values, values["x"], activate)
    adjoint = model.loss.inner.adjoint(run.y_hat, values["y"], functions, kink)
    return backward(model.network, values, run, adjoint)
