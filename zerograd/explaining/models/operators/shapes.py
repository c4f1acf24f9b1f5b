"""Operators that move entries and change none."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils._python_dispatch import _disable_current_modes

from zerograd.core.errors import present
from zerograd.explaining.models.errors import OperatorError, shape_text
from zerograd.explaining.models.operators.table import Call, bounded, checked_axis, operator


def _shape(value: Tensor) -> str:
    return shape_text(tuple(value.shape))


@operator("Reshape", "`reshape`", constants=(1,))
def _reshape(call: Call) -> Tensor:
    x, shape = call[0], call.either_ints("shape", 1) or []
    keep_zero = call.attribute("allowzero", 0)
    lengths = [
        x.shape[i] if length == 0 and not keep_zero and i < x.dim() else length
        for i, length in enumerate(shape)
    ]
    if any(length < -1 for length in lengths) or lengths.count(-1) > 1:
        raise OperatorError(f"asks for the shape {shape}")
    rest = prod(length for length in lengths if length != -1)
    fits = rest == x.numel() if -1 not in lengths else rest > 0 and x.numel() % rest == 0
    if not fits:
        raise OperatorError(
            f"cannot make {shape_text(tuple(shape))} of {_shape(x)}: the numbers of entries differ"
        )
    return x.reshape(lengths)


@operator("Flatten", "`reshape`")
def _flatten(call: Call) -> Tensor:
    x, axis = call[0], int(call.attribute("axis", 1))
    if not -x.dim() <= axis <= x.dim():
        raise OperatorError(f"axis is {axis}, and its input has {x.dim()} dimensions")
    axis = axis + x.dim() if axis < 0 else axis
    return x.reshape(prod(x.shape[:axis]), prod(x.shape[axis:]))


@operator("Transpose", "`permute`")
def _transpose(call: Call) -> Tensor:
    x = call[0]
    order = call.attribute("perm") or list(reversed(range(x.dim())))
    if sorted(order) != list(range(x.dim())):
        raise OperatorError(f"has perm={order} for an input of {x.dim()} dimensions")
    return x.permute(order)


@operator("Concat", "`cat`")
def _concat(call: Call) -> Tensor:
    values = [call[i] for i in range(len(call.values))]
    axis = call.axis(0, values[0].dim())
    shapes = [list(value.shape) for value in values]
    for shape in shapes:
        if len(shape) != len(shapes[0]) or any(
            a != b for i, (a, b) in enumerate(zip(shape, shapes[0], strict=True)) if i != axis
        ):
            raise OperatorError(f"cannot join {' and '.join(map(_shape, values))} along dimension {axis}")
    whole = list(shapes[0])
    if whole:
        whole[axis] = sum(shape[axis] for shape in shapes)
    bounded(whole)
    return torch.cat(values, axis)


@operator("Split", "`split`", constants=(1,))
def _split(call: Call) -> Sequence[Tensor]:
    x, count = call[0], len(call.operation.outputs)
    axis = call.axis(0, x.dim())
    lengths = call.either_ints("split", 1)
    if lengths is None:
        if (parts := int(call.attribute("num_outputs", count))) != count:
            raise OperatorError(f"has num_outputs={parts}, and {count} outputs")
        each = -(-x.shape[axis] // count)
        lengths = [min(each, max(0, x.shape[axis] - each * i)) for i in range(count)]
    if sum(lengths) != x.shape[axis] or len(lengths) != count or min(lengths) < 0:
        raise OperatorError(f"cannot split a length of {x.shape[axis]} into {lengths}, for {count} outputs")
    return torch.split(x, lengths, axis)


@operator("Slice", "`slice`; backwards, `index_select`", constants=(1, 2, 3, 4))
def _slice(call: Call) -> Tensor:
    x = call[0]
    starts, ends = call.either_ints("starts", 1), call.either_ints("ends", 2)
    axes = call.either_ints("axes", 3)
    steps = call.ints(4)
    starts, ends = starts or [], ends or []
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise OperatorError("has different numbers of starts, ends, axes and steps")
    for start, end, number, step in zip(starts, ends, axes, steps, strict=True):
        axis = checked_axis(number, x.dim(), "an axis")
        if step == 0:
            raise OperatorError("has a step of 0")
        length = x.shape[axis]
        # ONNX keeps a start before the first entry there, where Python takes none.
        first = max(start, -length) if step < 0 and length else start
        last = None if step < 0 and end < -length else end
        chosen = range(*slice(first, last, step).indices(length))
        if step > 0:
            index = [slice(None)] * x.dim()
            index[axis] = slice(chosen.start, max(chosen.stop, chosen.start), step)
            x = x[tuple(index)]
        else:
            x = x.index_select(axis, torch.tensor(list(chosen), dtype=torch.int64))
    return x


@operator("Gather", "`embedding` of the rows of a matrix, else `index`")
def _gather(call: Call) -> Tensor:
    x, axis = call[0], call.axis(0, call[0].dim())
    indices = _indices(call[1], x.shape[axis])
    bounded((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))
    if axis == 0 and x.dim() == 2 and x.is_floating_point():
        return functional.embedding(indices, x)
    return x[(slice(None),) * axis + (indices,)]


@operator("GatherElements", "`gather`")
def _gather_elements(call: Call) -> Tensor:
    x, axis = call[0], call.axis(0, call[0].dim())
    return torch.gather(x, axis, _indices(call[1], x.shape[axis]))


def _indices(value: Tensor, length: int) -> Tensor:
    """Return positions from 0 on.

    Raises:
        OperatorError: some are beyond the length.
    """
    with _disable_current_modes():
        wrong = (value >= length) | (value < -length)
        if bool(wrong.any()):
            raise OperatorError(f"has the index {int(value[wrong][0])} for a length of {length}")
        negative = bool((value < 0).any())
    return torch.where(value < 0, value + length, value).long() if negative else value.long()


@operator("Unsqueeze", "`unsqueeze`", constants=(1,))
def _unsqueeze(call: Call) -> Tensor:
    x, axes = call[0], call.either_ints("axes", 1) or []
    rank = x.dim() + len(axes)
    chosen = sorted(checked_axis(axis, rank, "an axis") for axis in axes)
    if len(set(chosen)) != len(chosen):
        raise OperatorError(f"has the axes {axes}, with one of them twice")
    for axis in chosen:
        x = x.unsqueeze(axis)
    return x


@operator("Squeeze", "`squeeze`", constants=(1,))
def _squeeze(call: Call) -> Tensor:
    x, axes = call[0], call.either_ints("axes", 1)
    if axes is None:
        axes = [i for i, length in enumerate(x.shape) if length == 1]
    for axis in sorted({checked_axis(axis, x.dim(), "an axis") for axis in axes}, reverse=True):
        if x.shape[axis] != 1:
            raise OperatorError(f"cannot drop dimension {axis} of {_shape(x)}: its length is not 1")
        x = x.squeeze(axis)
    return x


@operator("Expand", "`expand`", constants=(1,))
def _expand(call: Call) -> Tensor:
    x, shape = call[0], call.ints(1) or []
    if any(length < 0 for length in shape):
        raise OperatorError(f"asks for the shape {shape}")
    try:
        whole = torch.broadcast_shapes(tuple(x.shape), tuple(shape))
    except RuntimeError:
        raise OperatorError(f"cannot expand {_shape(x)} to {shape_text(tuple(shape))}") from None
    return x.expand(bounded(whole))


@operator("Tile", "`repeat`", constants=(1,))
def _tile(call: Call) -> Tensor:
    x, times = call[0], call.ints(1) or []
    if len(times) != x.dim() or any(each < 0 for each in times):
        raise OperatorError(f"repeats {times} times along {x.dim()} dimensions")
    bounded([a * b for a, b in zip(x.shape, times, strict=True)])
    return x.repeat(times)


@operator("Shape", "the shape")
def _shape_of(call: Call) -> Tensor:
    lengths = list(call[0].shape)
    start, end = int(call.attribute("start", 0)), call.attribute("end")
    return torch.tensor(lengths[slice(start, None if end is None else int(end))], dtype=torch.int64)


@operator("Size", "the number of entries")
def _size(call: Call) -> Tensor:
    return torch.tensor(call[0].numel(), dtype=torch.int64)


@operator("Range", "`arange`", constants=(0, 1, 2))
def _range(call: Call) -> Tensor:
    start, limit, step = (present(call.number(i), "number of a range") for i in range(3))
    if step == 0 or not all(abs(each) < 2**53 for each in (start, limit, step)):
        raise OperatorError(f"goes from {start} to {limit} by {step}")
    bounded([max(0, int(-(-(limit - start) // step)))])
    if call[0].is_floating_point():
        return torch.arange(start, limit, step, dtype=call[0].dtype)
    return torch.arange(int(start), int(limit), int(step), dtype=call[0].dtype)


@operator("Pad", "`pad`", constants=(1, 2, 3))
def _pad(call: Call) -> Tensor:
    x = call[0]
    mode = call.attribute("mode", "constant")
    pads, axes = call.either_ints("pads", 1) or [], call.ints(3)
    value = call.attribute("value") if call.opset < 11 else call.number(2)
    chosen = list(range(x.dim())) if axes is None else [checked_axis(a, x.dim(), "an axis") for a in axes]
    if len(pads) != 2 * len(chosen):
        raise OperatorError(f"has {len(pads)} pads for {len(chosen)} dimensions")
    around = [(0, 0)] * x.dim()
    for i, axis in enumerate(chosen):
        around[axis] = (pads[i], pads[i + len(chosen)])
    bounded([max(0, length + a + b) for length, (a, b) in zip(x.shape, around, strict=True)])
    if mode == "constant":
        return functional.pad(x, [n for pair in reversed(around) for n in pair], value=value or 0.0)
    if mode not in ("reflect", "edge"):
        raise OperatorError(f"pads by {mode!r}; constant, reflect and edge are explained")
    while around and around[0] == (0, 0) and len(around) > 1:
        around = around[1:]
    flat = [n for pair in reversed(around) for n in pair]
    lead = x.dim() - len(around)
    if len(around) > 3 or min(flat) < 0:
        raise OperatorError("pads more than three dimensions, or by less than nothing")
    shape = x.shape
    whole = x.reshape(1, prod(shape[:lead]), *shape[lead:])
    padded = functional.pad(whole, flat, "reflect" if mode == "reflect" else "replicate")
    return padded.reshape(*shape[:lead], *padded.shape[2:])


@operator("Trilu", "`triu` or `tril`", constants=(1,))
def _trilu(call: Call) -> Tensor:
    diagonal = int(call.number(1) or 0)
    return (torch.triu if call.attribute("upper", 1) else torch.tril)(call[0], diagonal)


@operator("DepthToSpace", "`pixel_shuffle`, or `reshape` and `permute`")
def _depth_to_space(call: Call) -> Tensor:
    x, block, mode = call[0], int(call.attribute("blocksize")), call.attribute("mode", "DCR")
    if x.dim() != 4 or block < 1 or x.shape[1] % (block * block):
        raise OperatorError(f"cannot spread {_shape(x)} over blocks of {block}")
    if mode == "CRD":
        return functional.pixel_shuffle(x, block)
    n, c, h, w = x.shape
    parts = x.reshape(n, block, block, c // block**2, h, w).permute(0, 3, 4, 1, 5, 2)
    return parts.reshape(n, c // block**2, h * block, w * block)


@operator("SpaceToDepth", "`reshape` and `permute`")
def _space_to_depth(call: Call) -> Tensor:
    x, block = call[0], int(call.attribute("blocksize"))
    if x.dim() != 4 or block < 1 or x.shape[2] % block or x.shape[3] % block:
        raise OperatorError(f"cannot gather {_shape(x)} by blocks of {block}")
    n, c, h, w = x.shape
    parts = x.reshape(n, c, h // block, block, w // block, block).permute(0, 3, 5, 1, 2, 4)
    return parts.reshape(n, c * block**2, h // block, w // block)
