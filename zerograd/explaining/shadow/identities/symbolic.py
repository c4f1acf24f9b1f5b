"""Tensors of rational functions of transcendental numbers: which entries are 0 whatever those numbers are.

For small graphs only. Denominators are shown not to be 0 in this run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from zerograd.explaining.shadow.balls import ZERO, BallDomain, Balls, is_exact
from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.evaluation import Evaluation, cone
from zerograd.explaining.shadow.identities.primitives import decides, take_apart
from zerograd.explaining.shadow.identities.quotients import Field
from zerograd.explaining.tape.nodes import Node, Origin, Source


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

    def free(self, tensor: Tensor) -> Balls:
        """Return an atom for each entry, whatever number it is."""
        return self._apply(self.field.free, self.leaf(tensor))

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


class SymbolicEvaluation(Evaluation[Balls]):
    """Values of a small graph.

    Attributes:
        symbolic: their arithmetic.
        is_free: whether parameters, inputs, targets and what was drawn are any numbers, not what they are in
            this run.
    """

    def __init__(self, domain: SymbolicDomain, is_free: bool) -> None:
        super().__init__(domain)
        self.symbolic, self.is_free = domain, is_free

    def holds_always(self, source: Source) -> bool:
        """Whether what is 0 in a value is so whatever inputs and targets are."""
        return self.is_free and not any(
            decides(node, take_apart(node)) for node in cone([source]) if node.operation != "leaf"
        )

    def _evaluate(self, node: Node) -> tuple[Balls | None, ...]:
        try:
            if self.is_free and node.operation == "leaf" and node.origin in _FREE:
                return tuple(self.symbolic.free(result) for result in node.results)
            return super()._evaluate(node)
        except Cannot as reason:
            self.reasons[node.number] = str(reason)
            return (None,) * len(node.results)


_FREE = (Origin.PARAMETER, Origin.DATA, Origin.RANDOM, Origin.OUTSIDE)
