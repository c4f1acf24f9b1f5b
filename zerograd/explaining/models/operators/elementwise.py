"""Operators that work entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from zerograd.core.errors import article, present
from zerograd.explaining.models.errors import OperatorError
from zerograd.explaining.models.operators.table import Call, add, bounded, broadcast, given, operator
from zerograd.explaining.models.tensors import dtype_of
from zerograd.explaining.tape.nodes import dtype_name


def _unary(kind: str, function: Callable[[Tensor], Tensor], words: str) -> None:
    add(kind, lambda call: function(call[0]), words)


_UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "Acos": torch.acos,
    "Acosh": torch.acosh,
    "Asin": torch.asin,
    "Asinh": torch.asinh,
    "Atan": torch.atan,
    "Atanh": torch.atanh,
    "Ceil": torch.ceil,
    "Cos": torch.cos,
    "Cosh": torch.cosh,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "IsNaN": torch.isnan,
    "Log": torch.log,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Reciprocal": torch.reciprocal,
    "Round": torch.round,
    "Sigmoid": torch.sigmoid,
    "Sign": torch.sign,
    "Sin": torch.sin,
    "Sinh": torch.sinh,
    "Sqrt": torch.sqrt,
    "Tan": torch.tan,
    "Tanh": torch.tanh,
}
for _kind, _function in _UNARY.items():
    _unary(_kind, _function, f"`{_function.__name__}`")


@operator("Abs", "`abs`")
def _abs(call: Call) -> Tensor:
    return call.bend(call[0], torch.abs, 0.0)


def _binary(kind: str, function: Callable[[Tensor, Tensor], Tensor], words: str) -> None:
    def run(call: Call) -> Tensor:
        a, b = call[0], call[1]
        broadcast(a, b)
        if a.dtype is not b.dtype:
            raise OperatorError(
                f"combines {dtype_name(a.dtype)} and {dtype_name(b.dtype)}, which ONNX does not allow"
            )
        return function(a, b)

    add(kind, run, words)


def _divide(a: Tensor, b: Tensor) -> Tensor:
    if a.is_floating_point():
        return torch.div(a, b)
    if bool((b == 0).any()):
        raise OperatorError("divides integers by 0")
    return torch.div(a, b, rounding_mode="trunc")


for _kind, _both, _words in (
    ("Add", torch.add, "`add`"),
    ("And", torch.logical_and, "`logical_and`"),
    ("Div", _divide, "`div`; of integers, rounded towards 0"),
    ("Equal", torch.eq, "`eq`"),
    ("Greater", torch.gt, "`gt`"),
    ("GreaterOrEqual", torch.ge, "`ge`"),
    ("Less", torch.lt, "`lt`"),
    ("LessOrEqual", torch.le, "`le`"),
    ("Mul", torch.mul, "`mul`"),
    ("Or", torch.logical_or, "`logical_or`"),
    ("Sub", torch.sub, "`sub`"),
    ("Xor", torch.logical_xor, "`logical_xor`"),
):
    _binary(_kind, _both, _words)


@operator("Mod", "`fmod` or `remainder`, by `fmod`")
def _mod(call: Call) -> Tensor:
    broadcast(call[0], call[1])
    if not call[0].is_floating_point() and bool((call[1] == 0).any()):
        raise OperatorError("divides integers by 0")
    return (torch.fmod if call.attribute("fmod", 0) else torch.remainder)(call[0], call[1])


@operator("Pow", "`pow`", constants=(1,))
def _pow(call: Call) -> Tensor:
    base, exponent = call[0], call[1]
    broadcast(base, exponent)
    if exponent.numel() == 1 and exponent.dim() <= base.dim() and not exponent.requires_grad:
        number = present(call.number(1), "exponent")
        if base.is_floating_point() or (number >= 0 and number == int(number)):
            whole = number == int(number) if abs(number) < 2**53 else False
            return torch.pow(base, int(number) if whole else number)
    return torch.pow(base, exponent).to(base.dtype)


def _extremum(kind: str, function: Callable[[Tensor, Tensor], Tensor], words: str) -> None:
    def run(call: Call) -> Tensor:
        values = list(given(call.values))
        shape = broadcast(*values)
        bounds = [i for i, value in enumerate(values) if value.numel() == 1 and not value.requires_grad]
        origin = call.operation.origin
        if origin is not None and origin.operation in _CLAMPS and len(values) == 2 and len(bounds) == 1:
            bound = present(call.number(bounds[0]), "bound")
            low, high = (bound, None) if kind == "Max" else (None, bound)
            return call.bend(values[1 - bounds[0]].expand(shape), lambda x: torch.clamp(x, low, high), bound)

        def pair(a: Tensor, b: Tensor) -> Tensor:
            return call.tie(a, b, function, _CLAMPED)

        return reduce(pair, values) if len(values) > 1 else values[0].expand(shape)

    add(kind, run, words)


_CLAMPS = ("clamp", "clamp_min", "clamp_max")
_CLAMPED = "torch.clamp, which PyTorch's exporter writes so for one bound, has 1"

for _kind, _both, _words in (("Max", torch.maximum, "maximum"), ("Min", torch.minimum, "minimum")):
    _extremum(
        _kind,
        _both,
        f"`{_words}`, for two inputs after another; `clamp`, where the exporter noted that it was one",
    )


@operator("Sum", "`add`, for two inputs after another")
def _sum(call: Call) -> Tensor:
    values = list(given(call.values))
    broadcast(*values)
    return reduce(torch.add, values)


@operator("Mean", "`add`, for two inputs after another, and `div`")
def _mean(call: Call) -> Tensor:
    values = list(given(call.values))
    broadcast(*values)
    return reduce(torch.add, values) / len(values)


@operator("Where", "`where`")
def _where(call: Call) -> Tensor:
    broadcast(call[0], call[1], call[2])
    return torch.where(call[0], call[1], call[2])


@operator("IsInf", "`isposinf`, `isneginf`")
def _isinf(call: Call) -> Tensor:
    positive, negative = call.attribute("detect_positive", 1), call.attribute("detect_negative", 1)
    nothing = torch.zeros_like(call[0], dtype=torch.bool)
    above = torch.isposinf(call[0]) if positive else nothing
    return above | (torch.isneginf(call[0]) if negative else nothing)


@operator("Cast", "`to`")
def _cast(call: Call) -> Tensor:
    return _to(call[0], dtype_of(int(call.attribute("to"))))


@operator("CastLike", "`to`")
def _cast_like(call: Call) -> Tensor:
    return _to(call[0], call[1].dtype)


def _to(value: Tensor, dtype: torch.dtype) -> Tensor:
    return value.to(dtype) if value.dtype is not dtype else value


@operator("Identity", "the value itself")
def _identity(call: Call) -> Tensor:
    return call[0]


@operator("Dropout", "the value itself, as in evaluation", constants=(1, 2))
def _dropout(call: Call) -> tuple[Tensor, Tensor]:
    return call[0], torch.ones_like(call[0], dtype=torch.bool)


@operator("Constant", "a tensor of the file")
def _constant(call: Call) -> Tensor:
    attributes: dict[str, Any] = dict(call.operation.attributes)
    if len(attributes) != 1:
        raise OperatorError("should have one value")
    ((name, value),) = attributes.items()
    match name:
        case "value":
            return value if isinstance(value, Tensor) else _unreadable(name)
        case "value_float" | "value_floats":
            return torch.tensor(value, dtype=torch.float32)
        case "value_int" | "value_ints":
            return torch.tensor(value, dtype=torch.int64)
        case _:
            return _unreadable(name)


def _unreadable(name: str) -> Tensor:
    raise OperatorError(f"has {article(name.replace('_', ' '))}, which cannot be explained")


@operator("ConstantOfShape", "`full`")
def _constant_of_shape(call: Call) -> Tensor:
    shape = bounded(call.ints(0) or [])
    value = call.attribute("value")
    if value is None:
        return torch.zeros(shape, dtype=torch.float32)
    if value.numel() != 1:
        raise OperatorError(f"should have a value of one entry, and has {value.numel()}")
    return torch.full(shape, value.item(), dtype=value.dtype)
