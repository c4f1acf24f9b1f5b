"""What libraries and texts call an activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zerograd.core.model.activations import Activation


@dataclass(frozen=True, slots=True)
class Names:
    """What an activation is called.

    Attributes:
        symbol: in formulas; ``word`` in running mathematics, where it differs.
        torch: the module in ``torch.nn``, None where there is none; ``torch_arguments``: what it is made
            with, beside the parameter.
        torch_function, jax: calls, of ``{z}`` and where there is one of ``{parameter}``.
        torch_error: the relative error of PyTorch's float64 function and its derivative, beside rounding
            (measured for torch 2.13).
    """

    symbol: str
    torch: str | None
    torch_function: str
    jax: str
    word: str | None = None
    torch_arguments: str = ""
    torch_error: float = 0.0


def function_name(activation: Activation, *, parameter: bool = True) -> str:
    """``ReLU``, ``σ``, ``leaky_relu(1/10)``; the parameter may be left out."""
    name = activation.names.symbol
    return f"{name}({activation.parameter})" if parameter and activation.parameter is not None else name
