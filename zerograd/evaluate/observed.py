"""What float64 has of the gradients at an exact point, beside what they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zerograd.core.model.point import Point
from zerograd.core.numbers.approximation import nearest_float
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, sign
from zerograd.evaluate.floats import (
    ROUNDING,
    Floats,
    Values,
    evaluate,
    forward,
    pieces,
    pieces_at,
)


@dataclass(frozen=True, slots=True)
class Observed:
    """Entries of one gradient.

    Attributes:
        zero: how many are 0 in float64.
        lost: how many of these are not zero.
        noise: how many are zero, and not 0 there.
        across_kink: how many have another value there because rounding carries a unit across a kink.
        nan: how many are nan or infinite there.
    """

    zero: int
    lost: int
    noise: int
    across_kink: int
    nan: int


def observed(point: Point[Exact]) -> dict[str, Observed]:
    """Return what float64 makes of each gradient, on the sides that it takes itself."""
    model = point.model
    values: Values = {name: _floats(array) for name, array in point.variables.items()}
    exact = pieces_at(model.network, point.forward)
    with np.errstate(all="ignore"):
        run = forward(model.network, values)
        taken = [pieces(layer.activation, z) for layer, z in zip(model.network.layers, run.z, strict=True)]
        own = evaluate(model, values, taken)
        crossed = not all(np.array_equal(a, b) for a, b in zip(taken, exact, strict=True))
        there = evaluate(model, values, exact) if crossed else own
        result = {}
        for name, gradient in own.gradients.items():
            zero = np.array([sign(v) == 0 for v in point.gradients[name].entries]).reshape(gradient.shape)
            across = np.abs(gradient - there.gradients[name]) > ROUNDING * own.bounds[name]
            finite = np.isfinite(gradient)
            nothing = gradient == 0
            result[name] = Observed(
                int(nothing.sum()),
                int((nothing & ~zero & ~across).sum()),
                int((~nothing & finite & zero & ~across).sum()),
                int(across.sum()),
                int((~finite).sum()),
            )
    return result


def _floats(array: Array[Exact]) -> Floats:
    return np.array([nearest_float(v) for v in array.entries], dtype=np.float64).reshape(array.shape)
