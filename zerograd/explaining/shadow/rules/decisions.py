"""What rules take from the run: which side of a kink an entry was on, and what was nan there."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.rules.table import Call


def in_type(tensor: Tensor, number: float) -> float:
    """Return a number as torch compares the tensor with it: rounded to the tensor's type."""
    return float(torch.tensor(number, dtype=tensor.dtype)) if tensor.is_floating_point() else number


def opened(c: Call[Any], name: str) -> Tensor:
    """Return where the run's kernel lets through what comes back: asked of the kernel itself, with ones."""
    ones = torch.ones_like(c.run(name), memory_format=torch.contiguous_format)
    mask: Tensor = c.again({name: ones}) != 0
    return mask


def unless_nan(c: Call[Any], run: Tensor, v: Any) -> Any:
    """Return ``v``, unknown where the run decided on a nan: no side of a kink was chosen there."""
    nan = run.isnan()
    if not bool(nan.any()):
        return v
    return c.domain.select(nan, c.domain.leaf(torch.tensor(torch.nan, dtype=torch.float64)), v)


def passed(c: Call[Any], run: Tensor, mask: Tensor, v: Any) -> Any:
    """Let ``v`` through where the mask is true, which the run computed from ``run``."""
    return unless_nan(c, run, c.domain.gate(mask, v))


def chosen(c: Call[Any], run: Tensor, mask: Tensor, a: Any, b: Any) -> Any:
    """Return ``a`` where the mask is true, which the run computed from ``run``, else ``b``."""
    return unless_nan(c, run, c.domain.select(mask, a, b))


def only(c: Call[Any], mask: Tensor, v: Any) -> Any:
    """Return ``v`` where the mask is true, and 0 elsewhere, where it will not be used: what is costly
    there, or not defined, is not computed.
    """
    return c.domain.select(mask, v, c.domain.constant(0, ()))
