"""A point of which nothing but values is asked, such as the loss at other parameters.

The loss does not depend on the derivative that is taken at a kink: it has its value under ``forbid``, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zerograd.core.model.activations import Activation
from zerograd.core.model.backprop import Site
from zerograd.core.model.point import Model, Point
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.functions import Functions


@dataclass(frozen=True, slots=True)
class _Values:
    """φ of exact or enclosed numbers; slopes are of no interest."""

    functions: Functions

    def __call__(self, activation: Activation, _site: Site, z: Any, /) -> tuple[Any, Any]:
        return activation.value(z, self.functions), 0


def valued(
    model: Model,
    parameters: Mapping[str, Array[Any]],
    x: Array[Any],
    y: Array[Any],
    functions: Functions = EXACT,
) -> Point[Any]:
    """Return the point with these numbers, on whatever kinks it is; its derivatives mean nothing."""
    return Point(model, parameters, x, y, _Values(functions), functions)
