"""The table of a witness's samples, whatever it is written in."""

from __future__ import annotations

from collections.abc import Iterator

from zerograd.core.model.activations import Activation
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.verdict.witness import Witness

MAX_ROWS = 40
"""Samples that are shown."""


def sample_columns(
    witness: Witness, residual: str, adjoint: str = "∂ℓ/∂ŷ"
) -> Iterator[tuple[str, Array[Exact], Activation | None]]:
    """x, z and a of every layer, ŷ, y and the residual or adjoint, as their headings and values.

    Beside pre-activations stands the activation that bends there: they are marked by its pieces.
    """
    run, network = witness.forward, witness.problem.network
    yield "x", witness.x, None
    for number, (layer, z, a) in enumerate(zip(network.layers, run.z, run.a, strict=True), start=1):
        last = number == network.depth
        if not layer.activation.is_linear:
            yield f"z{number}", z, layer.activation
            yield from () if last else ((f"a{number}", a, None),)
        elif not last:
            yield f"z{number} = a{number}", z, None
    yield from (("ŷ", run.y_hat, None), ("y", witness.y, None))
    loss = witness.problem.model.loss
    if loss.least_squares:
        yield residual, witness.point.residuals, None
    else:
        yield adjoint, witness.point.adjoint.map(lambda g: loss.plain_constant * g), None
