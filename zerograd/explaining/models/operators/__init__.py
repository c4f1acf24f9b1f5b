"""One table from ONNX's operators to operations of PyTorch, each as its version in the file has it."""

from __future__ import annotations

from collections.abc import Mapping

from zerograd.explaining.models.operators import (  # noqa: F401  # they enter their operators
    activations,
    elementwise,
    layers,
    linear,
    norms,
    reductions,
    shapes,
)
from zerograd.explaining.models.operators.table import Call, Kink, Operator, lookup, table


def find(kind: str) -> Operator | None:
    """Return an operator; None if there is none of that name."""
    return lookup(kind)


def kinds() -> Mapping[str, Operator]:
    """Return all operators by name."""
    return table()


__all__ = ["Call", "Kink", "Operator", "find", "kinds"]
