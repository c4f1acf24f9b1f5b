"""Equations that say what smooth activations are, and their derivatives: σ′(z) = σ(z) (1 − σ(z))."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sympy as sp

from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Network
from zerograd.derive.functions import activation_function, derivative_function
from zerograd.derive.naming import function
from zerograd.derive.notation import Notation
from zerograd.document.blocks import Equation
from zerograd.document.formula import Call, Letter, Quantity

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
