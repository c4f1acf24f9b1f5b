"""Rules of pooling: maxima at the run's own indices, means over windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.rules.parts import given, size, taken
from zerograd.explaining.shadow.rules.table import Call, rule


# maxima
@rule("max_pool2d_with_indices", "adaptive_max_pool2d", "fractional_max_pool2d")
def max_pool2d(c: Call[Any]) -> Any:
    """The entries that the run chose, and which."""
    return _chosen(c, 2)


@rule("max_pool3d_with_indices", "adaptive_max_pool3d", "fractional_max_pool3d")
def max_pool3d(c: Call[Any]) -> Any:
    """The entries that the run chose, and which."""
    return _chosen(c, 3)


def _chosen(c: Call[Any], dims: int) -> Any:
    indices = c.result(1)

    def f(t: Tensor) -> Tensor:
        return t.flatten(-dims).gather(-1, indices.flatten(-dims)).reshape(indices.shape)

    return c.domain.move(f, c.value("self")), c.domain.leaf(indices)


@rule("max_pool2d_with_indices_backward", "adaptive_max_pool2d_backward", "fractional_max_pool2d_backward")
def max_pool2d_backward(c: Call[Any]) -> Any:
    """What comes back goes where the maximum was."""
    return _returned(c, 2)


@rule("max_pool3d_with_indices_backward", "adaptive_max_pool3d_backward", "fractional_max_pool3d_backward")
def max_pool3d_backward(c: Call[Any]) -> Any:
    """What comes back goes where the maximum was."""
    return _returned(c, 3)


def _returned(c: Call[Any], dims: int) -> Any:
    d, shape = c.domain, c.shape("self")
    flat = d.spread(c.value("grad_output"), _in_planes(c.run("indices"), shape[-dims:]), size(shape))
    return d.move(lambda t: t.reshape(shape), flat)


def _in_planes(indices: Tensor, space: Sequence[int]) -> Tensor:
    """Return positions in the whole flat tensor, from indices into its planes."""
    dims = len(space)
    front = indices.shape[:-dims]
    return indices + (torch.arange(size(front)) * size(space)).reshape(*front, *[1] * dims)


@rule("max_unpool2d", "max_unpool3d")
def max_unpool(c: Call[Any]) -> Any:
    """Entries at the places that the indices name, zeros elsewhere."""
    d, shape = c.domain, c.result().shape
    places = _in_planes(c.run("indices"), shape[-len(c["output_size"]) :])
    flat = d.put(d.constant(0, (size(shape),)), places, c.value("self"))
    return d.move(lambda t: t.reshape(shape), flat)


# means
@rule("avg_pool2d", "avg_pool3d", "avg_pool1d")
def avg_pool(c: Call[Any]) -> Any:
    """Mean over each window."""
    return _means(c, *_windows(c, c.result().shape))


@rule("avg_pool2d_backward", "avg_pool3d_backward")
def avg_pool_backward(c: Call[Any]) -> Any:
    """What comes back is shared among the window."""
    return _shares(c, *_windows(c, c.shape("grad_output")))


@rule("_adaptive_avg_pool2d", "_adaptive_avg_pool3d")
def adaptive_avg_pool(c: Call[Any]) -> Any:
    """Mean over each window."""
    return _means(c, *_adaptive_windows(c, c["output_size"]))


@rule("_adaptive_avg_pool2d_backward", "_adaptive_avg_pool3d_backward")
def adaptive_avg_pool_backward(c: Call[Any]) -> Any:
    """What comes back is shared among the window."""
    dims = 2 if c.node.operation == "_adaptive_avg_pool2d_backward" else 3
    return _shares(c, *_adaptive_windows(c, c.shape("grad_output")[-dims:]))


def _means(c: Call[Any], positions: Tensor, divisors: Tensor) -> Any:
    d = c.domain
    sums = d.sum(taken(d, c.value("self"), positions, positions.dim() - 1), (-1,))
    return d.div(sums, d.leaf(divisors))


def _shares(c: Call[Any], positions: Tensor, divisors: Tensor) -> Any:
    d = c.domain
    share = d.div(c.value("grad_output"), d.leaf(divisors))
    shares = d.move(lambda t: t.unsqueeze(-1).expand(*t.shape, positions.shape[-1]), share)
    return given(d, shares, positions, c.shape("self")[-(positions.dim() - 1) :])


def _windows(c: Call[Any], out: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return the positions in a plane that each window meets, (P…, K), −1 beyond it, and its divisor."""
    dims = len(c["kernel_size"])
    kernel, padding = _several(c["kernel_size"], dims), _several(c["padding"], dims)
    stride = _several(c["stride"] or kernel, dims)
    ranges, counts = [], []
    for n, o, k, s, p in zip(c.shape("self")[-dims:], out[-dims:], kernel, stride, padding, strict=True):
        starts = [i * s - p for i in range(o)]
        ends = [min(start + k, n + p) for start in starts]
        ranges.append([range(max(a, 0), min(b, n)) for a, b in zip(starts, ends, strict=True)])
        counts.append([b - a for a, b in zip(starts, ends, strict=True)])
    if not c["count_include_pad"]:
        counts = [[len(r) for r in along] for along in ranges]
    positions, divisors = _positions(ranges, counts, c.shape("self")[-dims:])
    if c.has("divisor_override"):
        divisors = torch.full_like(divisors, c["divisor_override"])
    return positions, divisors


def _adaptive_windows(c: Call[Any], out: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return the same for windows that share the plane evenly: from ⌊i·n/o⌋ to ⌈(i+1)·n/o⌉."""
    space = c.shape("self")[-len(out) :]
    ranges = [
        [range(i * n // o, -((i + 1) * n // -o)) for i in range(o)] for n, o in zip(space, out, strict=True)
    ]
    return _positions(ranges, [[len(r) for r in along] for along in ranges], space)


def _several(numbers: Any, dims: int) -> list[int]:
    each = list(numbers) if isinstance(numbers, list | tuple) else [numbers]
    return each * dims if len(each) == 1 else each


def _positions(
    ranges: list[list[range]], counts: list[list[int]], space: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Combine windows along each dimension to windows in the plane."""
    dims = len(space)
    positions, divisors = (
        torch.zeros([1] * (2 * dims), dtype=torch.int64),
        torch.ones([1] * dims, dtype=torch.int64),
    )
    inside = torch.ones([1] * (2 * dims), dtype=torch.bool)
    for i, (along, count) in enumerate(zip(ranges, counts, strict=True)):
        reach = max(len(r) for r in along)
        table = torch.tensor([[*r, *[-1] * (reach - len(r))] for r in along], dtype=torch.int64)
        view = [1] * (2 * dims)
        view[i], view[dims + i] = len(along), reach
        table = table.reshape(view)
        inside = inside & (table >= 0)
        positions = positions * space[i] + table
        divisors = divisors * torch.tensor(count).reshape([-1 if j == i else 1 for j in range(dims)])
    return torch.where(inside, positions, -1).flatten(dims), divisors
