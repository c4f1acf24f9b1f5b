"""What activations are called in formulas. Needs no SymPy."""

from __future__ import annotations

from zerograd.core.model.activations import Activation

_FORMULA_NAMES = {"relu": "ReLU", "relu6": "ReLU6"}


def function_name(activation: Activation, *, parameter: bool = True) -> str:
    """``ReLU``, ``hardtanh``, ``leaky_relu(1/10)``; the parameter may be left out."""
    name = _FORMULA_NAMES.get(activation.name, activation.name)
    return f"{name}({activation.parameter})" if parameter and activation.parameter is not None else name
