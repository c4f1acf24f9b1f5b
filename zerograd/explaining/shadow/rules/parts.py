"""What rules share: results that may be unknown one by one, and entries picked by their positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import AnyDomain, Cannot
from zerograd.explaining.shadow.rules.table import Call


def each(*results: Callable[[], Any] | None) -> tuple[Any, ...]:
    """Return several results; None for those not asked for (None), or that this arithmetic cannot do.

    Raises:
        Cannot: it can do none of them.
    """
    values: list[Any] = []
    reason: Cannot | None = None
    for result in results:
        try:
            values.append(result() if result else None)
        except Cannot as r:
            values.append(None)
            reason = reason or r
    if reason and all(value is None for value in values):
        raise reason
    return tuple(values)


def optional(c: Call[Any], name: str) -> Any:
    """Return the value of an argument, None if it was not given."""
    return c.value(name) if c.has(name) else None


def channels(d: AnyDomain, v: Any, dims: int, at: int = 1) -> Any:
    """View a vector as a tensor of ``dims`` dimensions that lies along dimension ``at``."""
    return d.move(lambda t: t.reshape([-1 if i == at else 1 for i in range(dims)]), v)


def size(shape: Sequence[int]) -> int:
    """Return the number of entries."""
    return torch.Size(shape).numel()


def fractions(d: AnyDomain, numbers: Sequence[Fraction], shape: Sequence[int]) -> Any:
    """Return a tensor of rational numbers."""
    if any(max(abs(n.numerator), n.denominator) >= 2**53 for n in numbers):
        single = [d.constant(n, ()) for n in numbers]
        return d.move(lambda t: t.reshape(tuple(shape)), d.join(torch.stack, single))
    above = torch.tensor([n.numerator for n in numbers], dtype=torch.float64).reshape(tuple(shape))
    below = torch.tensor([n.denominator for n in numbers], dtype=torch.float64).reshape(tuple(shape))
    return d.leaf(above) if bool((below == 1).all()) else d.div(d.leaf(above), d.leaf(below))


def taken(d: AnyDomain, v: Any, positions: Tensor, dims: int) -> Any:
    """Return the entries at flat ``positions`` of the last ``dims`` dimensions; 0 where that is −1."""

    def f(t: Tensor) -> Tensor:
        flat = torch.nn.functional.pad(t.flatten(-dims), (0, 1))
        return flat[..., positions.flatten()].reshape(*t.shape[:-dims], *positions.shape)

    return d.move(f, v)


def given(d: AnyDomain, v: Any, positions: Tensor, shape: Sequence[int]) -> Any:
    """Return the transpose of `taken`: entries are added up at their flat positions in ``shape``.

    ``v`` has dimensions that stay, then those of ``positions``.
    """
    front = d.shape(v)[: len(d.shape(v)) - positions.dim()]
    planes = torch.arange(size(front)).reshape(*front, *[1] * positions.dim()) * size(shape)
    target = torch.where(positions < 0, -1, planes + positions)
    return d.move(lambda t: t.reshape(*front, *shape), d.spread(v, target, size(front) * size(shape)))
