"""Normalisations, all as in evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor
from torch.nn import functional

from zerograd.explaining.models.errors import OperatorError
from zerograd.explaining.models.operators.table import Call, broadcast, operator


def _epsilon(call: Call) -> float:
    return float(call.attribute("epsilon", float(torch.tensor(1e-5, dtype=torch.float32))))


@operator("BatchNormalization", "`batch_norm`, with the file's mean and variance", constants=(3, 4))
def _batch_norm(call: Call) -> Sequence[Tensor | None]:
    x, mean, variance = call[0], call.setting(3), call.setting(4)
    if call.attribute("training_mode", 0) or len(call.operation.outputs) > 1:
        raise OperatorError("normalises by the batch, as in training: export the model after model.eval()")
    if call.attribute("spatial", 1) != 1:
        raise OperatorError("has spatial=0, which newer versions do not have")
    channels = x.shape[1] if x.dim() > 1 else -1
    for value in (call[1], call[2], mean, variance):
        if tuple(value.shape) != (channels,):
            raise OperatorError(f"has an input of shape {tuple(value.shape)} for {channels} channels")
    mean, variance = mean.to(x.dtype), variance.to(x.dtype)
    scale, shift = call[1].to(x.dtype), call[2].to(x.dtype)
    return (functional.batch_norm(x, mean, variance, scale, shift, eps=_epsilon(call)),)


@operator("LayerNormalization", "`layer_norm`; with another scale, `mul` and `add`")
def _layer_norm(call: Call) -> Sequence[Tensor | None]:
    x, scale, shift = call[0], call[1], call.get(2)
    _single(call)
    axis = call.axis(-1, x.dim())
    shape = tuple(x.shape[axis:])
    _fits(x, scale, shift)
    plain = tuple(scale.shape) == shape and (shift is None or tuple(shift.shape) == shape)
    if plain:
        return (functional.layer_norm(x, shape, scale, shift, _epsilon(call)),)
    y = functional.layer_norm(x, shape, eps=_epsilon(call)) * scale
    return (y if shift is None else y + shift,)


@operator("RMSNormalization", "`rms_norm`; with another scale, `mul`")
def _rms_norm(call: Call) -> Tensor:
    x, scale = call[0], call[1]
    shape = tuple(x.shape[call.axis(-1, x.dim()) :])
    _fits(x, scale, None)
    axes = list(range(x.dim() - len(shape), x.dim()))
    return x * torch.rsqrt(x.square().mean(axes, keepdim=True) + _epsilon(call)) * scale


def _fits(x: Tensor, scale: Tensor, shift: Tensor | None) -> None:
    others = (scale,) if shift is None else (scale, shift)
    if broadcast(x, *others) != tuple(x.shape):
        raise OperatorError("has a scale or a bias with more entries than its input")


def _single(call: Call) -> None:
    if any(call.operation.outputs[1:]):
        raise OperatorError("gives its mean or its deviation as well, as in training: export for evaluation")


@operator("InstanceNormalization", "`instance_norm`")
def _instance_norm(call: Call) -> Tensor:
    x = call[0]
    if x.dim() < 3 or any(tuple(call[i].shape) != (x.shape[1],) for i in (1, 2)):
        raise OperatorError("needs an input N × C × … and a scale and a bias of C entries")
    return functional.instance_norm(x, weight=call[1], bias=call[2], eps=_epsilon(call))


@operator("GroupNormalization", "`group_norm`, from opset 21 on; before, ONNX itself withdrew it")
def _group_norm(call: Call) -> Tensor:
    x, scale, shift, groups = call[0], call[1], call[2], int(call.attribute("num_groups"))
    if x.dim() < 2 or groups < 1 or x.shape[1] % groups:
        raise OperatorError(f"cannot split the channels of {tuple(x.shape)} into {groups} groups")
    if any(tuple(value.shape) != (x.shape[1],) for value in (scale, shift)):
        raise OperatorError(f"needs a scale and a bias of {x.shape[1]} entries")
    return functional.group_norm(x, groups, scale, shift, _epsilon(call))


@operator("LpNormalization", "`abs` or `square`, `sum`, `sqrt`, `div`")
def _lp_normalization(call: Call) -> Tensor:
    x, axis, p = call[0], call.axis(-1, call[0].dim()), call.attribute("p", 2)
    if p not in (1, 2):
        raise OperatorError(f"has p={p}; there are 1 and 2")
    if p == 1:
        return x / call.bend(x, torch.abs, 0.0).sum(axis, keepdim=True)
    size: Tensor = torch.linalg.vector_norm(x, 2, axis, keepdim=True)
    return x / size


@operator("LRN", "`local_response_norm`, by `avg_pool3d`")
def _lrn(call: Call) -> Tensor:
    x, size = call[0], int(call.attribute("size"))
    if size < 1 or size > max(x.shape[1], 1) * 2 + 1 or prod(x.shape) == 0:
        raise OperatorError(f"has size={size} for {x.shape[1]} channels")
    alpha = call.attribute("alpha", float(torch.tensor(1e-4, dtype=torch.float32)))
    beta, bias = call.attribute("beta", 0.75), call.attribute("bias", 1.0)
    squares = functional.pad(x.square().transpose(1, -1), ((size - 1) // 2, size // 2))
    around = squares.unfold(-1, size, 1).sum(-1).transpose(1, -1)
    return torch.div(x, torch.pow(bias + alpha / size * around, beta))
