"""Proved enclosures of smooth functions, over float64 tensors and of single numbers at any precision.

The functions of a floating-point library have no proved error bounds. Here only +, −, ×, ÷ and √ are trusted,
which IEEE 754 rounds correctly, and the balls of python-flint, from which tables are made at their first use.
The proofs are in docs/theory/enclosures.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from .algebraic import RECIPROCAL, RSQRT, SQRT
from .circular import COS, SIN
from .exponential import EXP, EXPM1, SIGMOID, TANH
from .gaussian import CUMULATIVE, DENSITY, ERF, ERFC
from .logarithm import LOG, LOG1P, SOFTPLUS
from .points import Function, enclosed
from .single import ball
from .tables import UnprovedTableError

__all__ = ["NAMES", "UnprovedTableError", "ball", "enclose"]

_FUNCTIONS: dict[str, Function] = {
    "exp": EXP,
    "expm1": EXPM1,
    "log": LOG,
    "log1p": LOG1P,
    "sigmoid": SIGMOID,
    "tanh": TANH,
    "softplus": SOFTPLUS,
    "erf": ERF,
    "erfc": ERFC,
    "sin": SIN,
    "cos": COS,
    "sqrt": SQRT,
    "rsqrt": RSQRT,
    "reciprocal": RECIPROCAL,
    "Phi": CUMULATIVE,
    "phi": DENSITY,
}
NAMES = tuple(_FUNCTIONS)
_AT_ONCE = 8192
"""Entries whose intermediate results fit into a processor's cache."""


def enclose(name: str, middle: torch.Tensor, radius: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return middles and radii of balls that contain f(x) for every number x in the balls middle ± radius.

    A radius 0 says that the value is exact; the radius inf, that nothing is known: where a ball leaves the
    domain or is not finite, and where the value is beyond the floats. The middle is 0 then. An infinite
    middle with radius 0 stands for the limit: exp(−∞) is exactly 0.

    Args:
        middle: float64, any shape.
        radius: float64, the same shape, not negative.

    Raises:
        KeyError: no function has this name.
        TypeError: the tensors are not float64.
        ValueError: their shapes differ.
        UnprovedTableError: a table is not what it should be (python-flint or the processor is faulty).
    """
    function = _FUNCTIONS[name]
    if middle.dtype != torch.float64 or radius.dtype != torch.float64:
        raise TypeError(f"float64 is needed, not {middle.dtype} and {radius.dtype}")
    if middle.shape != radius.shape:
        raise ValueError(f"shapes {tuple(middle.shape)} and {tuple(radius.shape)} differ")
    middles, radii = (np.ascontiguousarray(part.numpy(force=True)).reshape(-1) for part in (middle, radius))
    values, errors = np.empty(middles.shape), np.empty(middles.shape)
    with _gradual_underflow(), np.errstate(all="ignore"):
        for start in range(0, len(middles), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            values[part], errors[part] = enclosed(function, middles[part], radii[part])
    shape = tuple(middle.shape)
    return torch.from_numpy(values.reshape(shape)), torch.from_numpy(errors.reshape(shape))


@contextmanager
def _gradual_underflow() -> Iterator[None]:
    """Have subnormal numbers kept in this thread, although `torch.set_flush_denormal(True)` was called."""
    least = float(np.finfo(np.float64).tiny)
    if least * 0.5 != 0:
        yield
        return
    torch.set_flush_denormal(False)
    try:
        yield
    finally:
        torch.set_flush_denormal(True)
