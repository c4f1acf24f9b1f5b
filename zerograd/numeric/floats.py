"""The witness in float64: what NumPy computes, and how far rounding may carry it.

Beside the gradients runs a majorant: the same sums over absolute values. It bounds rounding
errors (Higham, Accuracy and Stability of Numerical Algorithms, §3.1), so that a deviation can be
told from rounding without a tolerance plucked from the air.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from zerograd.core.model.activations import Activation, Kink, piecewise
from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.verdict.witness import Witness

Floats: TypeAlias = NDArray[np.float64]
Values: TypeAlias = Mapping[str, Floats]

ROUNDING = 2.0**-40
"""Relative to the majorant: a generous multiple of 2**-53 for sums of up to a few thousand terms."""

SMALLEST = float(np.finfo(np.float64).tiny)
"""Below it a float64 has fewer digits than its error bound takes for granted."""


class NotComparable(Exception):  # noqa: N818 - a finding, not an error
    """Float64 cannot follow the exact computation here; the message says why."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Gradients and their majorants."""

    gradients: dict[str, Floats]
    bounds: dict[str, Floats]


def to_floats(array: Array[Exact]) -> Floats:
    """The nearest float64 values. Raises NotComparable beyond the range in which they are near."""
    try:
        flat = np.array([float(v) for v in array.entries], dtype=np.float64)
    except OverflowError:
        raise NotComparable("a value is beyond the range of float64") from None
    if any(abs(near) < SMALLEST and v != 0 for near, v in zip(flat, array.entries, strict=True)):
        raise NotComparable("a value is too near to 0 for float64")
    return flat.reshape(array.shape)


def exact_pieces(witness: Witness) -> list[NDArray[np.intp]]:
    """Per layer, shape (M, units): 2·piece, or 2·kink + 1 for a pre-activation on that kink."""
    layers = []
    for layer, z in zip(witness.problem.network.layers, witness.forward.z, strict=True):
        places = [piecewise(layer.activation).locate(v) for v in z.entries]
        codes = [2 * number + on_kink for number, on_kink in places]
        layers.append(np.array(codes, dtype=np.intp).reshape(z.shape))
    return layers


def pieces(activation: Activation, z: Floats) -> NDArray[np.intp]:
    """`exact_pieces` of float pre-activations."""
    if not activation.has_kinks:
        return np.zeros(z.shape, dtype=np.intp)
    kinks = np.array([float(kink) for kink in piecewise(activation).kinks], dtype=np.float64)
    left = np.searchsorted(kinks, z, side="left")
    right = np.searchsorted(kinks, z, side="right")
    codes: NDArray[np.intp] = (2 * left + (left != right)).astype(np.intp)
    return codes


def forward(network: Network, values: Values) -> list[Floats]:
    """The pre-activations per layer, each of shape (M, units)."""
    a = values["x"]
    result = []
    for number, layer in enumerate(network.layers, start=1):
        z = a @ values[f"w{number}"].T + (values[f"b{number}"] if layer.bias else 0.0)
        result.append(z)
        a = _apply(layer.activation, z, pieces(layer.activation, z))
    return result


def loss_at(network: Network, values: Values) -> tuple[float, float, list[NDArray[np.intp]]]:
    """The mean squared error, its majorant, and the pieces that every pre-activation lies on."""
    z = forward(network, values)
    codes = [pieces(layer.activation, row) for layer, row in zip(network.layers, z, strict=True)]
    y_hat = _apply(network.layers[-1].activation, z[-1], codes[-1])
    bound = majorants(network, values)[-1] + np.abs(values["y"])
    return float(np.mean((y_hat - values["y"]) ** 2)), float(np.mean(bound**2)), codes


def majorants(network: Network, values: Values) -> list[Floats]:
    """What bounds x and the activations of each layer: the same sums over absolute values."""
    result = [np.abs(values["x"])]
    for number, layer in enumerate(network.layers, start=1):
        bias = np.abs(values[f"b{number}"]) if layer.bias else 0.0
        steep = max(abs(float(s)) for s in piecewise(layer.activation).slopes)
        lift = max(abs(float(t)) for t in piecewise(layer.activation).offsets)
        result.append(steep * (result[-1] @ np.abs(values[f"w{number}"]).T + bias) + lift)
    return result


def evaluate(network: Network, values: Values, codes: list[NDArray[np.intp]], convention: Kink) -> Evaluation:
    """Gradients on the given pieces, with majorants."""
    a, big = [values["x"]], majorants(network, values)
    slopes = []
    for number, layer in enumerate(network.layers, start=1):
        z = a[-1] @ values[f"w{number}"].T + (values[f"b{number}"] if layer.bias else 0.0)
        a.append(_apply(layer.activation, z, codes[number - 1]))
        slopes.append(_slopes(layer.activation, codes[number - 1], convention))
    r, r_big = a[-1] - values["y"], big[-1] + np.abs(values["y"])
    g, g_big = 2 * r / r.size, 2 * r_big / r.size
    gradients: dict[str, Floats] = {}
    bounds: dict[str, Floats] = {}
    for number in range(network.depth, 0, -1):
        w = values[f"w{number}"]
        d, d_big = g * slopes[number - 1], g_big * np.abs(slopes[number - 1])
        gradients[f"w{number}"], bounds[f"w{number}"] = d.T @ a[number - 1], d_big.T @ big[number - 1]
        if network.layers[number - 1].bias:
            gradients[f"b{number}"], bounds[f"b{number}"] = d.sum(axis=0), d_big.sum(axis=0)
        g, g_big = d @ w, d_big @ np.abs(w)
    gradients["x"], bounds["x"] = g, g_big
    return Evaluation(gradients, bounds)


def _apply(activation: Activation, z: Floats, code: NDArray[np.intp]) -> Floats:
    slopes = np.array([float(s) for s in piecewise(activation).slopes])
    offsets = np.array([float(t) for t in piecewise(activation).offsets])
    piece = code // 2
    result: Floats = slopes[piece] * z + offsets[piece]
    return result


def _slopes(activation: Activation, code: NDArray[np.intp], convention: Kink) -> Floats:
    table = []
    for piece, slope in enumerate(piecewise(activation).slopes):
        table.append(float(slope))
        if piece < len(piecewise(activation).kinks):
            at_kink = piecewise(activation).derivative_at_kink(piece, convention)
            table.append(float("nan") if at_kink is None else float(at_kink))
    return np.array(table)[code]


def largest_deviation(
    witness: Witness, found: Mapping[str, Floats], bounds: Mapping[str, Floats], scale: float
) -> tuple[float, list[str]]:
    """The largest |found − exact|, and the entries that deviate by more than ``scale``·majorant."""
    largest, wrong = 0.0, []
    for name, values in found.items():
        exact = to_floats(witness.gradients[name])
        deviation = np.abs(values - exact)
        largest = max(largest, float(deviation.max(initial=0.0)))
        for index in zip(*np.nonzero(~(deviation <= scale * bounds[name])), strict=True):
            where = ",".join(str(int(i)) for i in index)
            wrong.append(f"∂L/∂{name}[{where}]: exactly {float(exact[index])}, found {float(values[index])}")
    return largest, wrong
