"""The gradients that PyTorch computes, in float64. Imported only where torch is installed."""

from __future__ import annotations

from functools import lru_cache
from types import CodeType
from typing import Any

import torch

from zerograd.core.model.activations import Activation
from zerograd.core.model.point import Model
from zerograd.evaluate.floats import Floats, Values
from zerograd.evaluate.passes import forward


def torch_gradients(model: Model, values: Values) -> tuple[list[Floats], Floats, dict[str, Floats]]:
    """Pre-activations per layer, ŷ, and ∂L/∂ of every parameter and of ``x``, by torch.autograd."""
    tensors: dict[str, Any] = {
        name: torch.tensor(array, dtype=torch.float64, requires_grad=name != "y")
        for name, array in values.items()
    }
    run = forward(model.network, tensors, _activate, torch.nn.functional.linear)
    written = model.loss.written(model.derivative_at_kink).torch
    _called(written, y_hat=run.y_hat, y=tensors["y"]).backward()
    names = [*model.network.shapes, "x"]
    gradients = {name: tensors[name].grad.numpy() for name in names}
    return [z.detach().numpy() for z in run.z], run.y_hat.detach().numpy(), gradients


def _activate(_number: int, activation: Activation, z: Any) -> tuple[Any, None]:
    """φ(z) by torch's own function; its derivative is torch's as well."""
    parameter = None if activation.parameter is None else float(activation.parameter)
    return _called(activation.names.torch_function, z=z, parameter=parameter), None


def _called(text: str, **arguments: Any) -> Any:
    """What scripts write as this text, with these arguments."""
    code = _compiled(text, tuple(arguments))
    return eval(code, {"torch": torch, **arguments})  # noqa: S307 - a constant of the core, no one's input


@lru_cache
def _compiled(text: str, names: tuple[str, ...]) -> CodeType:
    return compile(text.format(**{name: name for name in names}), "<written>", "eval")
