"""Sums, means and the like over dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from zerograd.explaining.models.errors import OperatorError
from zerograd.explaining.models.operators.table import Call, add, checked_axis, operator

_Reduction = Callable[[Tensor, list[int], bool], Tensor]
_SHARED = "in equal parts"
"""The derivative of `amax` and `amin` at ties."""


def _axes(call: Call) -> list[int] | None:
    """Return the dimensions to reduce; None to leave the input as it is."""
    given = call.either_ints("axes", 1)
    rank = call[0].dim()
    if not given:
        return None if call.attribute("noop_with_empty_axes", 0) else list(range(rank))
    axes = [checked_axis(axis, rank, "an axis") for axis in given]
    if len(set(axes)) != len(axes):
        raise OperatorError(f"has the axes {given}, with one of them twice")
    return axes


def _reduction(
    kind: str, function: _Reduction, words: str, before: Callable[[Tensor], Tensor] | None = None
) -> None:
    def run(call: Call) -> Tensor:
        axes, kept = _axes(call), bool(call.attribute("keepdims", 1))
        x = call[0]
        if axes is None:
            return x if before is None else before(x)
        return function(x, axes, kept) if axes else function(x.reshape(1), [0], False)

    add(kind, run, words)


def _product(x: Tensor, axes: list[int], kept: bool) -> Tensor:
    for axis in sorted(axes, reverse=True):
        x = x.prod(axis, keepdim=kept)
    return x


def _sum(x: Tensor, axes: list[int], kept: bool) -> Tensor:
    return x.sum(axes, keepdim=kept, dtype=x.dtype)


def _mean(x: Tensor, axes: list[int], kept: bool) -> Tensor:
    return x.mean(axes, keepdim=kept)


_ENTRY_BY_ENTRY: dict[str, Callable[[Tensor], Tensor]] = {
    "ReduceLogSum": torch.log,
    "ReduceSumSquare": torch.square,
}
"""What is left of reductions over no axes, of those that do not give the input itself."""

for _kind, _function, _words in (
    ("ReduceSum", _sum, "`sum`"),
    ("ReduceMean", _mean, "`mean`"),
    ("ReduceProd", _product, "`prod`"),
    ("ReduceSumSquare", lambda x, axes, kept: _sum(x * x, axes, kept), "`mul`, `sum`"),
    ("ReduceLogSum", lambda x, axes, kept: _sum(x, axes, kept).log(), "`sum`, `log`"),
    ("ReduceLogSumExp", torch.logsumexp, "`logsumexp`"),
):
    _reduction(_kind, _function, _words, _ENTRY_BY_ENTRY.get(_kind))


def _choice(kind: str, function: Callable[[Tensor, int], Tensor], words: str) -> None:
    def run(call: Call) -> Tensor:
        x = call[0]
        axis = call.axis(0, x.dim())
        if call.attribute("select_last_index", 0):
            raise OperatorError("takes the last of equal entries (select_last_index), which is not explained")
        result = function(x, axis)
        return result.unsqueeze(axis) if call.attribute("keepdims", 1) else result

    add(kind, run, words)


def _extremum(kind: str, function: _Reduction, words: str) -> None:
    def run(call: Call) -> Tensor:
        axes, kept = _axes(call), bool(call.attribute("keepdims", 1))
        x = call[0]
        if axes is None or not x.dim():
            return x
        call.ties(x, lambda: function(x.detach(), axes, True), axes, _SHARED)
        return function(x, axes, kept)

    add(kind, run, words)


_extremum("ReduceMax", torch.amax, "`amax`: at ties, equal parts of the derivative")
_extremum("ReduceMin", torch.amin, "`amin`: at ties, equal parts of the derivative")
_choice("ArgMax", torch.argmax, "`argmax`")
_choice("ArgMin", torch.argmin, "`argmin`")


@operator("ReduceL1", "`abs`, `sum`")
def _l1(call: Call) -> Tensor:
    axes = _axes(call)
    sizes = call.bend(call[0], torch.abs, 0.0)
    if axes is None or not sizes.dim():
        return sizes
    return _sum(sizes, axes, bool(call.attribute("keepdims", 1)))


@operator("ReduceL2", "`linalg.vector_norm`: derivative 0 at 0")
def _l2(call: Call) -> Tensor:
    axes, x = _axes(call), call[0]
    if axes is None or not x.dim():
        return call.bend(x, torch.abs, 0.0)
    norm: Tensor = torch.linalg.vector_norm(x, 2, axes, bool(call.attribute("keepdims", 1)))
    call.note(0.0, lambda t: torch.linalg.vector_norm(t.reshape(1), 2), lambda: norm.detach() == 0)
    return norm


@operator("CumSum", "`cumsum`")
def _cumsum(call: Call) -> Tensor:
    x, axis = call[0], call.number(1)
    if call.attribute("exclusive", 0) or call.attribute("reverse", 0):
        raise OperatorError("is exclusive or in reverse, which is not explained")
    return torch.cumsum(x, checked_axis(int(axis or 0), x.dim()), dtype=x.dtype)


@operator("TopK", "`sort`, stable: of equal entries the first, as ONNX has it; `torch.topk` may take others")
def _topk(call: Call) -> Sequence[Tensor]:
    x, numbers = call[0], [int(call.attribute("k"))] if call.attribute("k") is not None else call.ints(1)
    axis = call.axis(-1, x.dim())
    if not numbers or len(numbers) != 1 or not 0 <= numbers[0] <= x.shape[axis]:
        raise OperatorError(f"takes {numbers} entries of {x.shape[axis]}")
    largest = bool(call.attribute("largest", 1))
    values, positions = torch.sort(x, dim=axis, descending=largest, stable=True)
    values, positions = (each.narrow(axis, 0, numbers[0]) for each in (values, positions))
    if numbers[0] and x.requires_grad:
        last = values.detach().select(axis, -1).unsqueeze(axis) if x.dim() else values.detach()
        call.note(
            None,
            "1 for the first",
            lambda: (x.detach() == last).sum(axis) > (values.detach() == last).sum(axis),
            "torch.topk, which is exported so, may take others",
        )
    return values, positions
