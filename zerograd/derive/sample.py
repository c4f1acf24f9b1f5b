"""One generic sample with a name for every step of the chain rule.

Each pre-activation is given in terms of the layer below, each adjoint in terms of the layer above: so a
search stays small in deep networks. Putting the steps into one another, in a fixed activation region,
gives closed formulas (`zerograd.derive.regions`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from zerograd.core.model.point import Model
from zerograd.core.numbers.arrays import Array
from zerograd.derive.chain import Chain, Index, Row
from zerograd.derive.ring import Expr


@dataclass(frozen=True, slots=True)
class Sample:
    """The steps of the chain rule for one generic sample. Rows are per layer, from layer 1.

    All that is said of adjoints is linear in ∂ℓ/∂ŷ, so a factor may be left out of it, and of them.

    Attributes:
        parameters: a symbol for every entry of every parameter.
        x, y, adjoint: symbols for the input, the target and ∂ℓ/∂ŷ.
        z, a, delta: symbols per layer and unit: pre-activation, activation, ∂ℓ/∂z.
        pre_activation: what each z is, in terms of parameters and the a's below (or x).
        arriving: what each ∂ℓ/∂a is: that of ŷ, or in terms of the weights and deltas above; each delta
            is φ'(z) times it.
        contribution: ∂ℓ/∂θ of every parameter (and of ``x``, shape (inputs,)) in terms of the deltas.
    """

    parameters: dict[str, Array[Expr]]
    x: Row
    y: Row
    adjoint: Row
    z: tuple[Row, ...]
    a: tuple[Row, ...]
    delta: tuple[Row, ...]
    pre_activation: tuple[Row, ...]
    arriving: tuple[Row, ...]
    contribution: dict[str, Array[Expr]]


class _Steps(Chain):
    """Everything by name."""

    @property
    def named(self) -> bool:
        return True

    def activation(self, layer: int, unit: Index) -> Expr:
        return self.quantity(f"a{layer}" if layer else "x", layer, unit)

    def adjoint(self, unit: Index) -> Expr:
        return self.quantity("g", self.network.depth, unit)

    def derivative(self, layer: int, unit: Index) -> Expr:
        return self.quantity(f"φ'{layer}", layer, unit)


@lru_cache(maxsize=32)
def derive(model: Model) -> Sample:
    """The steps for this model."""
    chain, network, last = _Steps(model), model.network, model.network.depth

    def row(layer: int, formula: Callable[[int, Index], Expr]) -> Row:
        return tuple(formula(layer, unit) for unit in chain.axis(layer))

    def rows(formula: Callable[[int, Index], Expr]) -> tuple[Row, ...]:
        return tuple(row(layer, formula) for layer in range(1, last + 1))

    return Sample(
        parameters={
            name: Array.build(shape, lambda index, name=name: chain.parameter(name, index))  # type: ignore[misc]
            for name, shape in network.shapes.items()
        },
        x=row(0, chain.activation),
        y=row(last, lambda layer, unit: chain.quantity("y", layer, unit)),
        adjoint=row(last, lambda _, unit: chain.adjoint(unit)),
        z=rows(lambda layer, unit: chain.quantity(f"z{layer}", layer, unit)),
        a=rows(chain.activation),
        delta=rows(chain.delta),
        pre_activation=rows(chain.pre_activation),
        arriving=rows(chain.arriving),
        contribution={name: chain.contributions(name) for name in chain.shapes},
    )
