"""Tensors of rational functions of transcendental numbers: which entries are 0 whatever those numbers are.

For small graphs only. Denominators are shown not to be 0 in this run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from zerograd.explaining.shadow.balls import BallDomain, Balls
from zerograd.explaining.shadow.balls import ZERO as ZERO
from zerograd.explaining.shadow.balls import is_exact
from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.quotients import Field


class SymbolicDomain(BallDomain):
    """Exact numbers, and rational functions of atoms (`quotients`) where others have balls.

    Args:
        most: how many operations may be done on entries.

    Raises:
        Exhausted: by the operations, beyond ``most``.
    """

    def __init__(self, most: float) -> None:
        super().__init__(64, most)
        self.field = Field()

    def leaf(self, tensor: Tensor) -> Balls:
        if not bool(tensor.isfinite().all()):
            raise Cannot("not finite")
        return super().leaf(tensor)

    def matmul(self, a: Balls, b: Balls) -> Balls:
        shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
        with self._working(float(np.prod(shape)) * a.shape[-1]):
            if not a.shape[-1]:
                return np.full(shape, ZERO, dtype=object)
            product: Balls = np.matmul(a, b)
            return product

    def unary(self, name: str, v: Balls) -> Balls:
        return self._apply(lambda x: self.field.function(name, x), v)


def zeros(v: Balls) -> Tensor:
    """Return which entries are 0 whatever the atoms are."""
    zero: list[Any] = [is_exact(x) and not x for x in v.reshape(-1).tolist()]
    return torch.tensor(zero, dtype=torch.bool).reshape(v.shape)
