"""The loss of one generic sample and its derivatives, by SymPy, layer by layer.

For one sample let ℓ = Σₖ (ŷₖ − yₖ)², so that L is the mean of ℓ over samples, divided by the
number of outputs. The chain rule is kept in steps: each pre-activation in terms of the layer
below, and each adjoint δ = ∂ℓ/∂z in terms of the layer above. Substituting the steps into one
another, in a fixed activation region, gives closed formulas (`zerograd.derive.regions`);
a search gives each step a name instead, and stays small in deep networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import sympy as sp

from zerograd.core.model.network import Network
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array, indices

Expr: TypeAlias = sp.Expr
Row: TypeAlias = tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """The steps of the chain rule for one generic sample. Rows are per layer, from layer 1.

    Attributes:
        parameters: a symbol for every entry of every parameter.
        x, y, r: symbols for the input, the target and the residual r = ŷ − y.
        z, a, slope, delta: symbols per layer and unit: pre-activation, activation, φ'(z), ∂ℓ/∂z.
        pre_activation: what each z is, in terms of parameters and the a's below (or x).
        upstream: what each ∂ℓ/∂a is, in terms of r, or of the weights and deltas above;
            each delta is its slope times its upstream.
        contribution: ∂ℓ/∂θ of every parameter (and of ``x``, shape (inputs,)) in terms of the deltas.
    """

    network: Network
    parameters: dict[str, Array[Expr]]
    x: Row
    y: Row
    r: Row
    z: tuple[Row, ...]
    a: tuple[Row, ...]
    slope: tuple[Row, ...]
    delta: tuple[Row, ...]
    pre_activation: tuple[Row, ...]
    upstream: tuple[Row, ...]
    contribution: dict[str, Array[Expr]]


def _symbols(name: str, count: int) -> Row:
    if count == 1:
        return (sp.Symbol(name, real=True),)
    return tuple(sp.Symbol(entry(name, (i,)), real=True) for i in range(count))


@lru_cache(maxsize=32)
def derive(network: Network) -> Sample:
    """Differentiate one generic sample's loss with SymPy."""
    parameters = {
        name: Array.build(
            shape,
            lambda index, name=name, shape=shape: sp.Symbol(  # type: ignore[misc]
                name if set(shape) == {1} else entry(name, index), real=True
            ),
        )
        for name, shape in network.shapes.items()
    }
    x, y, r = (
        _symbols("x", network.inputs),
        _symbols("y", network.outputs),
        _symbols("r", network.outputs),
    )
    rows = [
        tuple(_symbols(f"{kind}{number}", layer.units) for kind in ("z", "a", "s", "δ"))
        for number, layer in enumerate(network.layers, start=1)
    ]
    z, a, slope, delta = (tuple(column) for column in zip(*rows, strict=True))

    pre_activation = []
    for number, layer in enumerate(network.layers, start=1):
        below = a[number - 2] if number > 1 else x
        weights = parameters[f"w{number}"].rows()
        bias = parameters[f"b{number}"].entries if layer.bias else (sp.Integer(0),) * layer.units
        pre_activation.append(
            tuple(
                sp.Add(*(w * v for w, v in zip(row, below, strict=True)), b)
                for row, b in zip(weights, bias, strict=True)
            )
        )

    sample_loss = sp.Add(*(residual**2 for residual in r))
    upstream: list[Row] = [tuple(sp.diff(sample_loss, residual) for residual in r)]  # ∂r/∂ŷ = 1
    for number in range(network.depth, 1, -1):
        above = list(zip(delta[number - 1], pre_activation[number - 1], strict=True))
        upstream.append(tuple(sp.Add(*(d * sp.diff(f, unit) for d, f in above)) for unit in a[number - 2]))
    upstream.reverse()

    contribution: dict[str, Array[Expr]] = {}
    for number, _ in enumerate(network.layers, start=1):
        for name in (f"w{number}", f"b{number}"):
            if name in parameters:
                # Row i of w and entry i of b act on unit i alone.
                contribution[name] = Array(
                    parameters[name].shape,
                    tuple(
                        delta[number - 1][index[0]]
                        * sp.diff(pre_activation[number - 1][index[0]], parameters[name][index])
                        for index in indices(parameters[name].shape)
                    ),
                )
    first = list(zip(delta[0], pre_activation[0], strict=True))
    inward = tuple(sp.Add(*(d * sp.diff(f, v) for d, f in first)) for v in x)
    contribution["x"] = Array((network.inputs,), inward)
    return Sample(
        network, parameters, x, y, r, z, a, slope, delta, tuple(pre_activation), tuple(upstream), contribution
    )
