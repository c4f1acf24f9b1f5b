"""Rule of the operation behind bilinear layers."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from zerograd.explaining.shadow.rules.table import Call, rule


@rule("_trilinear")
def trilinear(c: Call[Any]) -> Any:
    """Σ i1 · i2 · i3 over some dimensions, after each got new dimensions of size 1."""
    d = c.domain

    def factor(k: int) -> Any:
        def f(t: Tensor) -> Tensor:
            for dim in sorted(c[f"expand{k}"]):
                t = t.unsqueeze(dim)
            return t

        return d.move(f, c.value(f"i{k}"))

    product = d.mul(d.mul(factor(1), factor(2)), factor(3))
    return d.sum(product, tuple(c["sumdim"]))
