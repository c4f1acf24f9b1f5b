"""The gradients that PyTorch computes, in float64. Imported only where torch is installed."""

from __future__ import annotations

from typing import Any

import torch

from zerograd.core.model.activations import Activation
from zerograd.core.model.network import Network
from zerograd.numeric.floats import Floats, Values


def torch_gradients(network: Network, values: Values) -> tuple[list[Floats], dict[str, Floats]]:
    """Pre-activations per layer, and ∂L/∂ of every parameter and of ``x``, by torch.autograd."""
    tensors = {
        name: torch.tensor(array, dtype=torch.float64, requires_grad=name != "y")
        for name, array in values.items()
    }
    a = tensors["x"]
    pre_activations = []
    for number, layer in enumerate(network.layers, start=1):
        bias = tensors[f"b{number}"] if layer.bias else None
        z = torch.nn.functional.linear(a, tensors[f"w{number}"], bias)
        pre_activations.append(z.detach().numpy())
        a = _apply(layer.activation, z)
    torch.nn.MSELoss()(a, tensors["y"]).backward()
    names = [*network.shapes, "x"]
    return pre_activations, {name: _gradient(tensors[name]) for name in names}


def _gradient(tensor: Any) -> Floats:
    result: Floats = tensor.grad.numpy()
    return result


def _apply(activation: Activation, z: Any) -> Any:
    functional = torch.nn.functional
    match activation.name:
        case "linear":
            return z
        case "leaky_relu":
            assert activation.parameter is not None
            return functional.leaky_relu(z, float(activation.parameter))
        case "abs":
            return torch.abs(z)
    return getattr(functional, activation.name)(z)
