"""Rules of what writes, or adds, entries of one tensor into another at positions that the run was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.rules.table import Call, given, rule
from zerograd.explaining.tape.nodes import Source

_PARTS = ("src", "source", "values", "value")


def _labels(shape: tuple[int, ...]) -> Tensor:
    return torch.arange(torch.Size(shape).numel()).reshape(shape)


def _part(c: Call[Any]) -> str:
    return next(name for name in _PARTS if c.has(name))


@rule(
    "_index_put_impl", "diagonal_scatter", "index_copy", "index_fill", "index_put", "masked_scatter", "put",
    "scatter", "select_scatter", "slice_scatter",
)  # fmt: skip
def written(c: Call[Any]) -> Any:
    """Entries of ``self``, some replaced: found by doing the same to their numbers in order.

    Raises:
        Cannot: one position was written twice, and not by the one that came last here.
    """
    if c.arguments.get("accumulate"):
        return _accumulated(c)
    if c.has("reduce"):
        return _reduced(c)
    d, name, shape = c.domain, _part(c), c.shape("self")
    part = c.of(c[name])
    n = torch.Size(shape).numel()
    if isinstance(c[name], Source):
        labels = _labels(d.shape(part)) + n
        seen = given(c[name])
    else:
        labels, seen = torch.tensor(n), torch.tensor(c[name])
    picks = c.again({"self": _labels(shape), name: labels if isinstance(c[name], Source) else n})
    run = torch.cat([c.run("self").flatten().double(), seen.flatten().double()])
    if not torch.equal(run[picks].nan_to_num(), c.result().double().nan_to_num()) and seen.numel() > 1:
        raise Cannot(f"{c.node.operation}: a position was written twice")
    return d.join(lambda ts: torch.cat([t.flatten() for t in ts])[picks], [c.value("self"), part])


def _added(c: Call[Any], part: Any, positions: Tensor) -> Any:
    """Return ``self`` with the entries of ``part``, in the shape of ``positions``, added there."""
    d, shape = c.domain, c.shape("self")
    sums = d.spread(part, positions, torch.Size(shape).numel())
    return d.add(c.value("self"), d.move(lambda t: t.reshape(shape), sums))


def _accumulated(c: Call[Any]) -> Any:
    """index_put or put with ``accumulate``."""
    labels = _labels(c.shape("self"))
    if "indices" in c.arguments:
        positions = torch.ops.aten.index(labels, given(c["indices"]))
        part = c.domain.move(lambda t: t.expand(positions.shape), c.value("values"))
    else:
        positions = labels.flatten()[c.run("index")]
        part = c.value("source")
    return _added(c, part, positions)


def _rows(c: Call[Any]) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Positions that scatter writes to, and the part of ``src`` that it reads."""
    index = c.run("index")
    labels = _labels(c.shape("self"))
    if labels.dim() == 0:
        return labels.expand(index.shape), lambda t: t.expand(index.shape)
    inside = tuple(slice(0, n) for n in index.shape)
    return labels.gather(c["dim"], index), lambda t: t[inside] if t.dim() else t.expand(index.shape)


@rule("scatter_add")
def scatter_add(c: Call[Any]) -> Any:
    """self with entries of src added at the positions of index along a dimension."""
    positions, read = _rows(c)
    return _added(c, c.domain.move(read, c.value("src")), positions)


@rule("scatter_reduce")
def scatter_reduce(c: Call[Any]) -> Any:
    """The sum or mean of self and of the entries of src that go to a position."""
    return _reduced(c)


def _reduced(c: Call[Any]) -> Any:
    d, how = c.domain, c["reduce"]
    if how in ("amax", "amin"):
        return _extreme(c)
    if how not in ("sum", "add", "mean"):
        raise Cannot(f"scatter with {how}")
    positions, read = _rows(c)
    name = _part(c)
    part = d.move(read, c.value(name))
    n = torch.Size(c.shape("self")).numel()
    counts = torch.zeros(n, dtype=torch.int64)
    counts.index_add_(0, positions.flatten(), torch.ones(positions.numel(), dtype=torch.int64))
    counts = counts.reshape(c.shape("self"))
    kept = c.value("self")
    if not c.arguments.get("include_self", True):
        kept = d.select(counts > 0, d.constant(0, ()), kept)
    else:
        counts = counts + 1
    sums = d.add(kept, d.move(lambda t: t.reshape(c.shape("self")), d.spread(part, positions, n)))
    return d.div(sums, d.leaf(counts.clamp(min=1))) if how == "mean" else sums


def _extreme(c: Call[Any]) -> Any:
    """The entry of self, or else the first of src, that is the run's extreme at each position."""
    positions, read = _rows(c)
    runs = torch.cat([c.run("self").flatten(), read(c.run("src")).flatten()])
    result = c.result().flatten()
    n = len(result)
    goes = torch.cat([torch.arange(n), positions.flatten()])
    equal = runs == result[goes]
    if not c.arguments.get("include_self", True):
        equal[:n] &= torch.bincount(positions.flatten(), minlength=n) == 0
    last = len(runs)
    order = torch.where(equal, torch.arange(last), last)
    picks = torch.full((n,), last).scatter_reduce(0, goes, order, "amin")
    if bool((picks == last).any()):
        raise Cannot("an extreme that is no entry")
    picks = picks.reshape(c.shape("self"))
    vs = [c.value("self"), c.domain.move(read, c.value("src"))]
    return c.domain.join(lambda ts: torch.cat([t.flatten() for t in ts])[picks], vs)


@rule("index_add")
def index_add(c: Call[Any]) -> Any:
    """self with alpha · the slices of source added at the positions of index along a dimension."""
    shape, d = c.shape("self"), c.domain
    positions = _labels(shape).index_select(c["dim"], c.run("index").flatten())
    part = d.scale(c.value("source"), c.number("alpha"))
    return _added(c, d.move(lambda t: t.reshape(positions.shape), part), positions)


@rule("unfold_backward")
def unfold_backward(c: Call[Any]) -> Any:
    """Every entry goes back to where it was taken from."""
    d, shape = c.domain, tuple(c["input_sizes"])
    positions = _labels(shape).unfold(c["dim"], c["size"], c["step"])
    sums = d.spread(c.value("grad_in"), positions, torch.Size(shape).numel())
    return d.move(lambda t: t.reshape(shape), sums)


@rule("masked_scatter_backward")
def masked_scatter_backward(c: Call[Any]) -> Any:
    """What comes back at the places of the mask, in front; zeros after it."""
    shape = tuple(c["sizes"])
    mask = c.run("mask")
    n = torch.Size(shape).numel()

    def taken(t: Tensor) -> Tensor:
        kept = t[mask.expand(t.shape)]
        return torch.nn.functional.pad(kept, (0, n - len(kept))).reshape(shape)

    return c.domain.move(taken, c.value("grad_output"))
