"""A network at many inputs in float64: for backgrounds, never for a number that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from zerograd.core.model.activations import Activation, piecewise
from zerograd.core.verdict.witness import Witness
from zerograd.show.plot.style import near

Floats: TypeAlias = npt.NDArray[np.float64]


def outputs_at(witness: Witness, inputs: Sequence[Sequence[float]] | Floats) -> Floats:
    """ŷ of shape (N, outputs) at inputs of shape (N, inputs); infinite, or not a number, beyond float64."""
    a: Any = np.asarray(inputs, dtype=np.float64)
    for number, layer in enumerate(witness.problem.network.layers, start=1):
        weights = witness.parameters[f"w{number}"]
        w = np.array([near(v, "a weight") for v in weights.entries]).reshape(weights.shape)
        biases = witness.parameters[f"b{number}"].entries if layer.bias else ()
        with np.errstate(over="ignore", invalid="ignore"):
            z = a @ w.T + np.array([near(v, "a bias") for v in biases] or [0.0])
            a = _activated(layer.activation, z)
    result: Floats = a
    return result


def _activated(activation: Activation, z: Floats) -> Floats:
    pieces = piecewise(activation).pieces
    place = np.searchsorted([float(piece.high) for piece in pieces if piece.high is not None], z)
    slope = np.array([float(piece.slope) for piece in pieces])[place]
    result: Floats = slope * z + np.array([float(piece.offset) for piece in pieces])[place]
    return result
