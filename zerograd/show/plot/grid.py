"""A network at many inputs in float64: for backgrounds, never for a number that is shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zerograd.core.verdict.witness import Witness
from zerograd.evaluate.floats import Floats, forward
from zerograd.show.plot.style import near


def outputs_at(witness: Witness, inputs: Sequence[Sequence[float]] | Floats) -> Floats:
    """ŷ of shape (N, outputs) at inputs of shape (N, inputs); infinite, or not a number, beyond float64."""
    values = {"x": np.asarray(inputs, dtype=np.float64)}
    for name, array in witness.parameters.items():
        what = "a weight" if name[0] == "w" else "a bias"
        values[name] = np.array([near(v, what) for v in array.entries]).reshape(array.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        return forward(witness.problem.network, values).y_hat
