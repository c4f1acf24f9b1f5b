"""Activation functions."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from zerograd.explaining.models.errors import OperatorError
from zerograd.explaining.models.operators.table import Call, broadcast, operator

_ITS_SLOPE = "the slope for negative values"
_SIXTH = float(torch.tensor(1 / 6, dtype=torch.float32))


def _float(number: float) -> float:
    """Return a number as attributes have them, in single precision."""
    return float(torch.tensor(number, dtype=torch.float32))


@operator("Relu", "`relu`")
def _relu(call: Call) -> Tensor:
    return call.bend(call[0], torch.relu, 0.0)


@operator("LeakyRelu", "`leaky_relu`")
def _leaky_relu(call: Call) -> Tensor:
    alpha = call.attribute("alpha", _float(0.01))
    return call.bend(call[0], lambda x: functional.leaky_relu(x, alpha), 0.0)


@operator("PRelu", "`prelu`; with slopes of several dimensions, `where`")
def _prelu(call: Call) -> Tensor:
    x, slope = call[0], call[1]
    alone = slope.numel() == 1
    if not alone and tuple(broadcast(x, slope)) != tuple(x.shape):
        raise OperatorError("has more slopes than entries")
    derivative = (lambda t: functional.prelu(t, slope.detach().double().reshape(1))) if alone else _ITS_SLOPE
    call.note(0.0, derivative, lambda: (x.detach() == 0) & (slope.detach() != 1))
    if alone:
        return functional.prelu(x, slope.reshape(1))
    channels = x.shape[1] if x.dim() > 1 else 1
    across = [1] * (slope.dim() + max(0, x.dim() - slope.dim()))
    if x.dim() > 1:
        across[1] = channels
    padded = (1,) * (x.dim() - slope.dim()) + tuple(slope.shape)
    if list(padded) == across:
        return functional.prelu(x, slope.reshape(channels))
    return torch.where(x > 0, x, slope * x)


@operator("ThresholdedRelu", "`threshold`")
def _thresholded_relu(call: Call) -> Tensor:
    alpha = call.attribute("alpha", 1.0)
    return call.bend(call[0], lambda x: functional.threshold(x, alpha, 0.0), alpha)


@operator("Elu", "`elu`")
def _elu(call: Call) -> Tensor:
    alpha = call.attribute("alpha", 1.0)
    bounds = (0.0,) if alpha != 1 else ()
    return call.bend(call[0], lambda x: functional.elu(x, alpha), *bounds)


@operator("Selu", "`selu`; with other constants, `elu` and `mul`")
def _selu(call: Call) -> Tensor:
    alpha = call.attribute("alpha", _float(1.67326319217681884765625))
    gamma = call.attribute("gamma", _float(1.05070102214813232421875))
    if (alpha, gamma) == (_float(1.67326319217681884765625), _float(1.05070102214813232421875)):
        return call.bend(call[0], torch.selu, 0.0)
    return call.bend(call[0], lambda x: gamma * functional.elu(x, alpha), 0.0)


@operator("Celu", "`celu`")
def _celu(call: Call) -> Tensor:
    return functional.celu(call[0], call.attribute("alpha", 1.0))


@operator("Softplus", "`softplus`, without the linear part that PyTorch's module has above 20")
def _softplus(call: Call) -> Tensor:
    return torch.logaddexp(call[0], torch.zeros_like(call[0]))


@operator("Softsign", "`softsign`")
def _softsign(call: Call) -> Tensor:
    return functional.softsign(call[0])


@operator("Mish", "`mish`")
def _mish(call: Call) -> Tensor:
    return functional.mish(call[0])


@operator("Gelu", "`gelu`, exact or with tanh")
def _gelu(call: Call) -> Tensor:
    how = call.attribute("approximate", "none")
    if how not in ("none", "tanh"):
        raise OperatorError(f"has approximate={how!r}; there are none and tanh")
    return functional.gelu(call[0], approximate=how)


@operator("Swish", "`silu`; with another alpha, `mul` and `sigmoid`")
def _swish(call: Call) -> Tensor:
    alpha = call.attribute("alpha", 1.0)
    return functional.silu(call[0]) if alpha == 1 else call[0] * torch.sigmoid(alpha * call[0])


@operator("HardSigmoid", "`hardsigmoid`; with another alpha or beta, `mul`, `add`, `clamp`")
def _hard_sigmoid(call: Call) -> Tensor:
    alpha, beta = call.attribute("alpha", _float(0.2)), call.attribute("beta", 0.5)
    if alpha == _SIXTH and beta == 0.5:
        return call.bend(call[0], functional.hardsigmoid, -3.0, 3.0)
    return call.bend(alpha * call[0] + beta, lambda x: torch.clamp(x, 0.0, 1.0), 0.0, 1.0)


@operator("HardSwish", "`hardswish`")
def _hard_swish(call: Call) -> Tensor:
    return call.bend(call[0], functional.hardswish, -3.0, 3.0)


@operator("Shrink", "`hardshrink`; with a bias, `where`")
def _shrink(call: Call) -> Tensor:
    bias, reach = call.attribute("bias", 0.0), call.attribute("lambd", 0.5)
    if bias == 0:
        return call.bend(call[0], lambda x: functional.hardshrink(x, reach), -reach, reach)
    if bias == reach:
        return call.bend(call[0], lambda x: functional.softshrink(x, reach), -reach, reach)

    def shrunk(x: Tensor) -> Tensor:
        return torch.where(x > reach, x - bias, torch.where(x < -reach, x + bias, torch.zeros_like(x)))

    return call.bend(call[0], shrunk, -reach, reach)


_HARDTANH = ("hardtanh", "relu6", "hardtanh_", "relu6_")
"""Operations of PyTorch whose derivative at both ends is 0."""


@operator("Clip", "`clamp`; `hardtanh`, where the exporter noted that it was one", constants=(1, 2))
def _clip(call: Call) -> Tensor:
    x = call[0]
    if not x.is_floating_point():  # exact bounds of the same type; nothing is differentiated
        least, most = (None if call.get(i) is None else call.setting(i) for i in (1, 2))
        if any(each is not None and (each.dtype, each.numel()) != (x.dtype, 1) for each in (least, most)):
            raise OperatorError("needs bounds of one entry, of its input's type")
        return x if least is None and most is None else torch.clamp(x, least, most).reshape(x.shape)
    low, high = (
        (call.attribute("min"), call.attribute("max"))
        if call.opset < 11
        else (call.number(1), call.number(2))
    )
    origin = call.operation.origin
    operation = None if origin is None else origin.operation
    if operation in _HARDTANH and low is not None and high is not None and low <= high:
        bottom, top = low, high
        return call.bend(x, lambda t: functional.hardtanh(t, bottom, top), low, high)
    if low is None and high is None:
        return x
    unlike = "" if operation else "relu6 and hardtanh, which are exported as Clip as well, have 0"
    bounds = [number for number in (low, high) if number is not None]
    return call.bend(x, lambda t: torch.clamp(t, low, high), *bounds, unlike=unlike)


@operator("Softmax", "`softmax`; before opset 13, of the input flattened to a matrix")
def _softmax(call: Call) -> Tensor:
    return _over_classes(call, torch.softmax)


@operator("LogSoftmax", "`log_softmax`; before opset 13, of the input flattened to a matrix")
def _log_softmax(call: Call) -> Tensor:
    return _over_classes(call, torch.log_softmax)


def _over_classes(call: Call, function: Callable[[Tensor, int], Tensor]) -> Tensor:
    x = call[0]
    if call.opset >= 13:
        return function(x, call.axis(-1, x.dim()))
    axis = call.axis(1, x.dim())
    rows = 1
    for length in x.shape[:axis]:
        rows *= length
    result = function(x.reshape(rows, -1), 1)
    return result.reshape(x.shape)
