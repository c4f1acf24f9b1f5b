"""Where on an activation a pre-activation lies, exact or enclosed, and what one says of a unit there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zerograd.core.model.activations import Activation
from zerograd.core.model.curves import Smooth
from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.real import Real, compare


def on_kink(activation: Activation, z: Real) -> bool:
    """Whether z is known to be a kink."""
    if isinstance(z, Interval):
        return any(z.side(kink) == 0 for kink in activation.kinks)
    return activation.is_kink(z)


def some_on_kink(network: Network, pre_activations: Sequence[Array[Any]]) -> bool:
    """Whether the pre-activation of some unit, on some sample, is known to be a kink.

    Args:
        pre_activations: of each layer, exact or enclosed, shape (M, units).
    """
    layers = zip(network.layers, pre_activations, strict=True)
    return any(on_kink(layer.activation, z) for layer, array in layers for z in array.entries)


def word(activation: Activation, z: Real) -> str:
    """What one says of a unit there: active, inactive, saturated; nothing on a kink, or if no word fits."""
    if isinstance(activation, Smooth):
        number = _part(activation.joins, z)
        return "" if number is None else activation.branches[number].word
    number = _part(activation.kinks, z)
    return "" if number is None else activation.words[number]


def _part(joins: Sequence[Rational], z: Real) -> int | None:
    """The number of the part strictly between joins on which z lies; None where it is not known to do so."""
    orders = [compare(z, join) for join in joins]
    return None if None in orders or 0 in orders else orders.count(1)
