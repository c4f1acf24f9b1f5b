"""One table from ONNX's operators to operations of PyTorch, each as its version in the file has it."""

from __future__ import annotations

from zerograd.explaining.models.operators import (  # noqa: F401  # they enter their operators
    activations,
    elementwise,
    layers,
    linear,
    norms,
    reductions,
    shapes,
)
from zerograd.explaining.models.operators.table import Call, Kink, Operator, find, kinds

__all__ = ["Call", "Kink", "Operator", "find", "kinds"]
