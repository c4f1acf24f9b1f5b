"""Numbers that torch rounds before any tensor meets them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isfinite
from typing import Any

import torch

_SPREADS = ("VarBackward", "VarMeanBackward", "StdBackward", "StdMeanBackward")
_LARGEST = 2**31
_running: Callable[[], Any] = getattr(torch._C, "_current_autograd_node", lambda: None)


def unrounded(operation: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return arguments of an operation, with 2 / (n − correction) as it is in the derivative of a variance.

    torch computes that factor as a double; with its rounding, terms that cancel exactly would not.
    """
    if operation != "mul" or not any(isinstance(a, float) for a in arguments):
        return arguments
    node = _running()
    if node is None or not node.name().startswith(_SPREADS):
        return arguments
    return tuple(_two_over(a) if isinstance(a, float) else a for a in arguments)


def _two_over(number: float) -> Fraction | float:
    """Return 2 / q for the simplest q whose quotient is rounded to a number; else the number."""
    if not number or not isfinite(number):
        return number
    q = (2 / Fraction(number)).limit_denominator(64)
    return 2 / q if 0 < q < _LARGEST and float(2 / q) == number else number
