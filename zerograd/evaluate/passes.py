"""The way through a network and back over whole arrays, of whatever numbers they hold.

Arrays are NumPy's or torch's: they multiply as matrices, have ``T``, and broadcast. What the numbers are is
told by the ``activate`` that the caller passes. (`zerograd.core.model.backprop` does the same for single
numbers.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from zerograd.core.model.activations import Activation
from zerograd.core.model.network import Network

A = TypeVar("A")

Activate = Callable[[int, Activation, A], tuple[A, Any]]
"""(layer from 1, φ, z) to φ(z), and φ′(z): an array, one number for all, or None where no one goes back."""


@dataclass(frozen=True, slots=True)
class Run(Generic[A]):
    """A forward pass over M samples. Layer l's arrays stand at position l − 1, shape (M, units_l).

    Attributes:
        below: x and the activations of all layers but the last: what each layer is fed.
        derivatives: φ′(z).
    """

    below: tuple[A, ...]
    z: tuple[A, ...]
    derivatives: tuple[Any, ...]
    y_hat: A


def affine(a: Any, w: Any, b: Any) -> Any:
    """Return z of a layer; ``b`` is None where it has no bias."""
    z = a @ w.T
    return z if b is None else z + b


def forward(
    network: Network,
    values: Mapping[str, A],
    activate: Activate[A],
    affine: Callable[[A, A, A | None], A] = affine,
) -> Run[A]:
    """Evaluate the network on all samples.

    Args:
        values: ``w{l}`` of shape (units_l, units_{l-1}), ``b{l}`` of shape (units_l,), ``x`` of shape
            (M, inputs).
    """
    a = values["x"]
    below, pre, derivatives = [], [], []
    for number, layer in enumerate(network.layers, start=1):
        below.append(a)
        z = affine(a, values[f"w{number}"], values[f"b{number}"] if layer.bias else None)
        a, derivative = activate(number, layer.activation, z)
        pre.append(z)
        derivatives.append(derivative)
    return Run(tuple(below), tuple(pre), tuple(derivatives), a)


def deltas(network: Network, values: Mapping[str, A], run: Run[A], adjoint: A) -> tuple[list[A], A]:
    """∂L/∂z of every layer, shape (M, units_l), and ∂L/∂x, shape (M, inputs), from ∂L/∂ŷ."""
    found: list[Any] = []
    upstream: Any = adjoint
    for number in range(network.depth, 0, -1):
        found.insert(0, upstream * run.derivatives[number - 1])
        upstream = found[0] @ values[f"w{number}"]
    return found, upstream


def gradients(network: Network, values: Mapping[str, A], run: Run[A], adjoint: A) -> dict[str, A]:
    """∂L/∂ of every parameter and of ``x``, in the shapes of ``values``."""
    found, of_x = deltas(network, values, run, adjoint)
    result: dict[str, Any] = {}
    delta: Any
    for number, delta in enumerate(found, start=1):
        result[f"w{number}"] = delta.T @ run.below[number - 1]
        if network.layers[number - 1].bias:
            result[f"b{number}"] = delta.sum(axis=0)
    return {**result, "x": of_x}
