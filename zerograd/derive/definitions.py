"""Equations that say what smooth activations are, and their derivatives: σ′(z) = σ(z) (1 − σ(z))."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sympy as sp

from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Network
from zerograd.core.model.point import Model
from zerograd.derive.functions import activation_function, derivative_function
from zerograd.derive.lettered import OUTPUT, InRegion
from zerograd.derive.naming import function, quantity
from zerograd.derive.notation import Notation
from zerograd.document.blocks import Equation
from zerograd.document.formula import Call, Letter, Quantity, derivative

MOST_OUTPUTS = 4
"""Outputs of a loss that is no sum over them, of which a formula speaks."""

_Z = sp.Symbol("z", real=True)
_WRITE = Notation(Network.mlp(1, 1))


def smooth(network: Network) -> Iterable[Smooth]:
    """The smooth activations of a network, each once."""
    layers = [layer.activation for layer in network.layers]
    return dict.fromkeys(activation for activation in layers if isinstance(activation, Smooth))


def values(network: Network) -> Iterator[Equation]:
    """What each smooth φ is."""
    for activation in smooth(network):
        left, right = (
            Call(function(activation), Letter("z")),
            _WRITE(activation_function(activation).formula(_Z)),
        )
        if right != Call(function(activation), Quantity("z", scalar=True)):
            yield Equation(left, (right,))


def derivatives(network: Network, convention: Kink) -> Iterator[Equation]:
    """What each φ′ is, in terms of φ where the two are tied together."""
    for activation in smooth(network):
        tie, phi = activation.derivative_of_value, activation_function(activation)
        formula = tie(phi(_Z)) if tie else derivative_function(activation, convention).formula(_Z)
        yield Equation(Call(function(activation), Letter("z"), prime=True), (_WRITE(sp.sympify(formula)),))


def of_loss(model: Model) -> Iterator[Equation]:
    """What ℓ of one sample is, output by output where it is a sum over them, and each ∂ℓ/∂ŷ.

    What is long, for many outputs that stand together, is left out.
    """
    network, loss = model.network, model.loss
    write, chain, last = Notation(network), InRegion(model, {}), network.depth
    several = network.outputs > 1
    name = quantity(network, "ℓ")
    if loss.by_output and several:
        part = chain.quantity("ℓ", last, OUTPUT)
        yield Equation(name, (write(sp.Sum(part, (OUTPUT, 0, network.outputs - 1))),))
        yield Equation(write(part), (write(chain.loss_of(OUTPUT)),))
    elif network.outputs <= MOST_OUTPUTS:
        yield Equation(name, (write(chain.loss),))
    units = (OUTPUT,) if loss.by_output and several else range(min(network.outputs, MOST_OUTPUTS))
    for unit in units:
        g, y_hat = (write(chain.quantity(letter, last, unit)) for letter in "gŷ")
        yield Equation(g, (derivative(name, y_hat), write(chain.adjoint_formula(unit))))
