"""What libraries return at kinks, measured.

Each with the version that was measured, on the CPU, in reverse mode, in eager mode where there is another. A
convention belongs to an operation: the same function by other operations (a ReLU by ``clamp`` or ``maximum``)
may have another derivative. The test suite measures again what is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Choice = Literal["left", "right", "mean"] | int | Fraction


@dataclass(frozen=True, slots=True)
class Library:
    """What a library returns at kinks.

    Attributes:
        choices: for each kink of an activation or a loss, from left to right. What was not measured is not
            there.
    """

    version: str
    choices: Mapping[str, tuple[Choice, ...]]


_ZERO = (0,)

LIBRARIES: Mapping[str, Library] = {
    "jax": Library(
        "0.10.2",
        {
            "relu": ("left",),
            "leaky_relu": ("right",),
            "abs": ("right",),
            "relu6": ("left", "right"),
            "hardtanh": ("right", "left"),
            "hardsigmoid": ("left", "right"),
            "elu": ("left",),
            "selu": ("left",),
            "hardswish": ("left", "right"),
            "mae": ("right",),  # of optax 0.2.8, as jnp.abs
            "hinge": ("mean",),
        },
    ),
    "tensorflow": Library(
        "2.21.0",  # leaky_relu, elu, selu in eager mode; hard ones by Keras 3.15.1
        {
            "relu": ("left",),
            "leaky_relu": ("left",),
            "abs": _ZERO,
            "relu6": ("left", "right"),
            "hardtanh": ("right", "left"),
            "hardsigmoid": ("left", "right"),
            "elu": ("left",),
            "selu": ("right",),
            "hardswish": ("left", "right"),
            "mae": _ZERO,
        },
    ),
    "mlx": Library(
        "0.32.4",
        {
            "relu": ("left",),
            "abs": _ZERO,
            "relu6": ("left", "right"),
            "hardtanh": ("left", "right"),
            "elu": ("left",),
            "hardswish": ("left", "right"),
            "mae": _ZERO,
            "hinge": _ZERO,
        },
    ),
    "tinygrad": Library(
        "0.14.0",
        {
            "relu": ("left",),
            "leaky_relu": ("right",),
            "abs": _ZERO,
            "relu6": ("left", "left"),
            "hardtanh": ("right", "left"),
            "hardsigmoid": ("left", "right"),
            "elu": _ZERO,
            "selu": ("right",),
            "hardswish": ("left", "left"),
        },
    ),
    "paddle": Library(
        "3.3.1",
        {
            "relu": ("left",),
            "leaky_relu": ("right",),
            "abs": _ZERO,
            "relu6": ("left", "right"),
            "hardtanh": ("left", "right"),
            "hardsigmoid": ("left", "right"),
            "elu": ("left",),
            "selu": ("left",),
            "hardswish": ("left", "right"),
            "mae": _ZERO,
        },
    ),
    "mindspore": Library(
        "2.10.0",
        {
            "relu": ("left",),
            "leaky_relu": ("mean",),
            "abs": _ZERO,
            "relu6": ("left", "left"),
            "hardtanh": ("mean", "mean"),
            "hardsigmoid": ("left", "right"),
            "selu": ("right",),
            "hardswish": ("right", "left"),
            "mae": _ZERO,
        },
    ),
}
