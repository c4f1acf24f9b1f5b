"""Convolutions and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from zerograd.explaining.models.errors import OperatorError, shape_text
from zerograd.explaining.models.operators.table import Call, bounded, operator

_POOLS: dict[str, tuple[Any, ...]] = {
    "max": (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d),
    "average": (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d),
}

_MOST_COMPARED = 2**34
"""Entries in all windows of a pool: PyTorch looks at each of them, about half a minute for so many."""


@dataclass(frozen=True, slots=True)
class _Window:
    """How a window moves over an image of one to three dimensions.

    Attributes:
        before, after: what is added at each end.
    """

    kernel: list[int]
    stride: list[int]
    dilation: list[int]
    before: list[int]
    after: list[int]

    def reach(self, i: int) -> int:
        """Return how far the kernel reaches from its first entry to its last."""
        return self.dilation[i] * (self.kernel[i] - 1)

    @property
    def even(self) -> bool:
        """Whether as much is added at both ends."""
        return self.before == self.after


def _window(call: Call, kernel: Sequence[int], x: Tensor) -> _Window:
    image = x.shape[2:]
    rank = len(image)
    if rank not in (1, 2, 3):
        raise OperatorError(f"works on images of {rank} dimensions; one to three are explained")
    stride = call.attribute("strides") or [1] * rank
    dilation = call.attribute("dilations") or [1] * rank
    pads = call.attribute("pads") or [0] * (2 * rank)
    for name, numbers, least in (("kernel", kernel, 1), ("strides", stride, 1), ("dilations", dilation, 1)):
        if len(numbers) != rank or any(number < least for number in numbers):
            raise OperatorError(f"has {name} {list(numbers)} for {rank} dimensions")
    if len(pads) != 2 * rank or any(pad < 0 for pad in pads):
        raise OperatorError(f"has pads {pads} for {rank} dimensions")
    before, after = list(pads[:rank]), list(pads[rank:])
    match call.attribute("auto_pad", "NOTSET"):
        case "NOTSET":
            pass
        case "VALID":
            before, after = [0] * rank, [0] * rank
        case "SAME_UPPER" | "SAME_LOWER" as which:
            for i in range(rank):
                steps = -(-image[i] // stride[i])
                total = max(0, (steps - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1 - image[i])
                less, more = total // 2, total - total // 2
                before[i], after[i] = (less, more) if which == "SAME_UPPER" else (more, less)
        case other:
            raise OperatorError(f"has auto_pad={other!r}")
    padded = [length + a + b for length, a, b in zip(image, before, after, strict=True)]
    bounded([*x.shape[:2], *padded])
    return _Window(list(kernel), list(stride), list(dilation), before, after)


def _sides(window: _Window) -> list[int]:
    """Return what is added, as ``functional.pad`` reads it."""
    return [n for i in reversed(range(len(window.kernel))) for n in (window.before[i], window.after[i])]


@operator("Conv", "`conv1d`, `conv2d`, `conv3d`")
def _conv(call: Call) -> Tensor:
    x, weight, bias = call[0], call[1], call.get(2)
    groups = int(call.attribute("group", 1))
    _channels(x, weight, groups, weight.shape[1] * groups if weight.dim() > 1 else 0)
    _bias(bias, weight.shape[0])
    kernel = call.attribute("kernel_shape") or list(weight.shape[2:])
    if list(kernel) != list(weight.shape[2:]):
        raise OperatorError(
            f"has kernel_shape {kernel}, and a weight of shape {shape_text(tuple(weight.shape))}"
        )
    window = _window(call, kernel, x)
    if weight.shape[0] % groups:
        raise OperatorError(f"has {weight.shape[0]} channels for {groups} groups")
    if not window.even:
        x = functional.pad(x, _sides(window))
    padding = window.before if window.even else [0] * len(window.before)
    _fits(x, padding, window)
    lengths = [
        (length + 2 * padding[i] - window.reach(i) - 1) // window.stride[i] + 1
        for i, length in enumerate(x.shape[2:])
    ]
    bounded((x.shape[0], weight.shape[0], *lengths))
    conv = (functional.conv1d, functional.conv2d, functional.conv3d)[len(window.kernel) - 1]
    return conv(x, weight, bias, window.stride, padding, window.dilation, groups)


def _channels(x: Tensor, weight: Tensor, groups: int, channels: int) -> None:
    if groups < 1 or x.dim() != weight.dim() or x.dim() < 3 or x.shape[1] != channels:
        raise OperatorError(
            f"cannot apply a weight of shape {shape_text(tuple(weight.shape))} in {groups} groups to "
            f"{shape_text(tuple(x.shape))}"
        )


def _bias(bias: Tensor | None, channels: int) -> None:
    if bias is not None and tuple(bias.shape) != (channels,):
        raise OperatorError(f"has a bias of shape {shape_text(tuple(bias.shape))} for {channels} channels")


def _fits(x: Tensor, padding: Sequence[int], window: _Window) -> None:
    for i, length in enumerate(x.shape[2:]):
        if length + 2 * padding[i] < window.reach(i) + 1:
            raise OperatorError(
                f"has a kernel of {window.kernel}, larger than its input of {shape_text(tuple(x.shape))}"
            )


@operator("ConvTranspose", "`conv_transpose1d`, `conv_transpose2d`, `conv_transpose3d`")
def _conv_transpose(call: Call) -> Tensor:
    x, weight, bias = call[0], call[1], call.get(2)
    groups = int(call.attribute("group", 1))
    _channels(x, weight, groups, weight.shape[0])
    if x.shape[1] % groups:
        raise OperatorError(f"has {x.shape[1]} channels for {groups} groups")
    _bias(bias, weight.shape[1] * groups)
    if call.attribute("output_shape") or call.attribute("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise OperatorError("asks for an output shape or for automatic padding, which is not explained")
    window = _window(call, list(weight.shape[2:]), x)
    extra = call.attribute("output_padding") or [0] * len(window.kernel)
    if not window.even:
        raise OperatorError("pads its ends differently, which is not explained")
    lengths = [
        (length - 1) * window.stride[i] - 2 * window.before[i] + window.reach(i) + extra[i] + 1
        for i, length in enumerate(x.shape[2:])
    ]
    bounded((x.shape[0], weight.shape[1] * groups, *lengths))
    conv = (functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d)
    return conv[len(window.kernel) - 1](
        x, weight, bias, window.stride, window.before, extra, groups, window.dilation
    )


@operator("MaxPool", "`max_pool1d`, `max_pool2d`, `max_pool3d`: at ties, the first")
def _max_pool(call: Call) -> tuple[Tensor, Tensor | None]:
    x, window, ceil = _pooled(call)
    if call.attribute("storage_order", 0):
        raise OperatorError("has storage_order=1, which is not explained")
    if len(call.operation.outputs) > 1 and call.operation.outputs[1]:
        raise OperatorError("gives its indices as well, which is not explained")
    if not window.even or any(2 * pad > size for pad, size in zip(window.before, window.kernel, strict=True)):
        x = functional.pad(x, _sides(window), value=-torch.inf)
        window = _Window(window.kernel, window.stride, window.dilation, [0] * len(window.before), [])
    _fits(x, window.before, window)
    pool = _POOLS["max"][len(window.kernel) - 1]
    result: Tensor = pool(x, window.kernel, window.stride, window.before, window.dilation, ceil)
    if x.requires_grad:
        call.note(None, "1 for the first", lambda: _most(x.detach(), result.detach(), window) > 1)
    return result, None


def _most(x: Tensor, result: Tensor, window: _Window) -> Tensor:
    """Return how many entries of each window are the largest."""
    lengths = [
        (length - 1) * window.stride[i] + window.reach(i) + 1 for i, length in enumerate(result.shape[2:])
    ]
    more = [lengths[i] - length - window.before[i] for i, length in enumerate(x.shape[2:])]
    sides = [n for i in reversed(range(len(more))) for n in (window.before[i], more[i])]
    padded = functional.pad(x, sides, value=-torch.inf)
    count = torch.zeros_like(result, dtype=torch.int32)
    if prod(window.kernel) > prod(result.shape[2:]):  # few windows: one after another
        for place in product(*map(range, result.shape[2:])):
            starts = [index * stride for index, stride in zip(place, window.stride, strict=True)]
            inside: list[Any] = [
                slice(s, s + window.reach(i) + 1, window.dilation[i]) for i, s in enumerate(starts)
            ]
            entries = padded[(..., *inside)].flatten(2)
            at: tuple[Any, ...] = (..., *place)
            count[at] = (entries == result[at].unsqueeze(-1)).sum(-1)
        return count
    for offsets in product(*map(range, window.kernel)):
        places: list[Any] = [
            slice(offset * dilation, offset * dilation + (length - 1) * stride + 1, stride)
            for offset, dilation, length, stride in zip(
                offsets, window.dilation, result.shape[2:], window.stride, strict=True
            )
        ]
        count += padded[(..., *places)] == result
    return count


@operator("AveragePool", "`avg_pool1d`, `avg_pool2d`, `avg_pool3d`")
def _average_pool(call: Call) -> Tensor:
    x, window, ceil = _pooled(call)
    if set(window.dilation) != {1}:
        raise OperatorError("is dilated, which is not explained")
    counted = bool(call.attribute("count_include_pad", 0))
    whole = all(2 * pad <= size for pad, size in zip(window.before, window.kernel, strict=True))
    pool: Any = _POOLS["average"][len(window.kernel) - 1]
    if window.even and whole:
        _fits(x, window.before, window)
        return pool(x, window.kernel, window.stride, window.before, ceil, counted)  # type: ignore[no-any-return]
    if ceil:
        raise OperatorError("pads its ends differently and rounds up, which is not explained")
    padded = functional.pad(x, _sides(window))
    _fits(padded, [0] * len(window.kernel), window)
    means: Tensor = pool(padded, window.kernel, window.stride)
    if counted:
        return means
    shares: Tensor = pool(functional.pad(torch.ones_like(x), _sides(window)), window.kernel, window.stride)
    return means / shares


def _pooled(call: Call) -> tuple[Tensor, _Window, bool]:
    x = call[0]
    if x.dim() < 3:
        raise OperatorError(f"needs an input N × C × …, and has {shape_text(tuple(x.shape))}")
    window = _window(call, call.attribute("kernel_shape"), x)
    steps = [
        max(0, length + window.before[i] + window.after[i] - window.reach(i) - 1) // window.stride[i] + 1
        for i, length in enumerate(x.shape[2:])
    ]
    if (work := prod(x.shape[:2]) * prod(steps) * prod(window.kernel)) > _MOST_COMPARED:
        raise OperatorError(f"would look at {work} entries in all its windows; at most {_MOST_COMPARED} are")
    return x, window, bool(call.attribute("ceil_mode", 0))


@operator("GlobalAveragePool", "`mean`")
def _global_average_pool(call: Call) -> Tensor:
    return call[0].mean(list(range(2, call[0].dim())), keepdim=True)


@operator("GlobalMaxPool", "`amax`: at ties, equal parts of the derivative")
def _global_max_pool(call: Call) -> Tensor:
    x, axes = call[0], list(range(2, call[0].dim()))
    call.ties(x, lambda: torch.amax(x.detach(), axes, keepdim=True), axes, "in equal parts")
    return torch.amax(x, axes, keepdim=True)
