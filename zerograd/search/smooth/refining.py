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
from zerograd.core.model.losses import Loss
from zerograd.core.model.point import Model
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.functions import Rational
from zerograd.search.smooth.newton import Square
from zerograd.search.smooth.passes import Entry

BITS = 256
DIGITS = 45
"""Digits after the point to which a solution is known in the end."""

STEPS = 12


class BallFunctions:
    """`zerograd.core.numbers.functions.Functions` of balls, by the pieces on which their middles lie."""

    @property
    def pi(self) -> Any:
        return flint.arb.pi()

    def divide(self, a: Any, b: Any, /) -> Any:
        """a/b."""
        return _ball(a) / _ball(b)

    def sqrt(self, value: Rational, /) -> Any:
        """The root of a constant."""
        return _ball(value).sqrt()

    def exp(self, z: Any, /) -> Any:
        return _ball(z).exp()

    def log(self, z: Any, /) -> Any:
        return _ball(z).log()

    def sin(self, z: Any, /) -> Any:
        return _ball(z).sin()

    def cos(self, z: Any, /) -> Any:
        return _ball(z).cos()

    def erf(self, z: Any, /) -> Any:
        return _ball(z).erf()

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        """A function by cases."""
        middle = _ball(z).mid()
        for join, branch, at in zip(joins, branches, at_joins, strict=False):
            end = _ball(join).mid()
            if middle == end and at is not None:
                return _ball(at)
            if middle <= end:
                return branch(z)
        return branches[-1](z)


def _ball(number: Any) -> Any:
    if isinstance(number, flint.arb):
        return number
    exact = Fraction(number)
    return flint.arb(flint.fmpq(exact.numerator, exact.denominator))


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
    balls = {name: [_ball(v) for v in array.entries] for name, array in exact.items()}
    shapes = {name: array.shape for name, array in exact.items()}
    places = [(name, _flat(index, shapes[name])) for name, index in system.unknowns]
    for (name, place), (_, index) in zip(places, system.unknowns, strict=True):
        balls[name][place] = flint.arb(float(system.pass_.values[name][index]))
    last = np.inf
    for _ in range(STEPS):
        values = {name: Array(shapes[name], tuple(column)) for name, column in balls.items()}
        gradients = _gradients(system.pass_.model, values)
        value = np.array([float(gradients[name][index].mid()) for name, index in system.equations])
        if not np.isfinite(value).all():
            return None
        step = -(system.inverse @ value)
        size = float(np.abs(step).max())
        for (name, place), by in zip(places, step, strict=True):
            balls[name][place] = (balls[name][place] + flint.arb(float(by))).mid()
        if size < 10.0 ** -(DIGITS + 2):
            return {
                site: _rounded(balls[name][place])
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


def _gradients(model: Model, values: Mapping[str, Array[Any]]) -> Mapping[str, Array[Any]]:
    """∂L/∂ of everything over `Loss.factor`, in balls."""
    functions = BallFunctions()

    def activate(activation: Activation, site: Site, z: Any) -> tuple[Any, Any]:
        return (
            _ball(activation.value(z, functions)),
            _ball(activation.slope(z, functions, model.derivative_at_kink)),
        )

    run = forward(model.network, values, values["x"], activate)
    return backward(model.network, values, run, _adjoint(model.loss, run.y_hat, values["y"]))


def _adjoint(loss: Loss, y_hat: Array[Any], y: Array[Any]) -> Array[Any]:
    return loss.adjoint(y_hat, y)
