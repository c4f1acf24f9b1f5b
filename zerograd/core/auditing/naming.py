"""What names in claims stand for at a point."""

from __future__ import annotations

from typing import Any

from zerograd.core.auditing.claims import PROBABILITIES
from zerograd.core.auditing.grading import Lookup
from zerograd.core.model.enclosing import BITS_OF_POINTS
from zerograd.core.model.losses.labels import softmax
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact_functions import ExactFunctions
from zerograd.core.numbers.functions import sigmoid
from zerograd.core.numbers.real import RealFunctions, narrow
from zerograd.core.numbers.work import spend_on

PRECISIONS = (BITS_OF_POINTS, 4 * BITS_OF_POINTS)
"""Bits of enclosures, one after the other."""


def lookup_at(point: Point[Any]) -> Lookup:
    """Return what gives the numbers that a name stands for at a point, exact or enclosed."""

    def named(name: str) -> Array[Any]:
        if name == PROBABILITIES:
            name = f"{point.model.loss.probabilities}(y_hat)"
        if name in ("softmax(y_hat)", "sigmoid(y_hat)"):
            return _probabilities(point, name.partition("(")[0])
        inner = name.removeprefix("grad(").removesuffix(")")
        if inner == name or inner in point.gradients:
            return point.quantity(name)
        factor = point.model.loss.factor(*point.y.shape)
        layer = point.model.network.depth if inner == "y_hat" else int(inner[1:])
        adjoint = point.adjoints[layer - 1]
        array = adjoint.delta if inner[0] == "z" else adjoint.arriving
        return array.map(lambda value: value * factor)

    return named


def _probabilities(point: Point[Any], function: str) -> Array[Any]:
    """What softmax, sample by sample, or the logistic function makes of ŷ, exact or enclosed."""
    functions = point.functions
    if isinstance(functions, ExactFunctions):  # probabilities at an exact point are not exact
        functions = RealFunctions(PRECISIONS[-1])
    y_hat, outputs = point.forward.y_hat, point.model.network.outputs
    spend_on(y_hat.entries, 20 * outputs)
    if function == "sigmoid":
        return y_hat.map(lambda z: narrow(sigmoid(z, functions)))
    rows = (y_hat.entries[start : start + outputs] for start in range(0, len(y_hat.entries), outputs))
    return Array(y_hat.shape, tuple(narrow(share) for row in rows for share in softmax(row, functions)))
