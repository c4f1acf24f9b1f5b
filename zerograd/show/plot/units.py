"""Hidden units in pictures: their names, what they do on a piece, and which of them do the same."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from zerograd.core.model.activations import Activation, piecewise
from zerograd.core.model.network import Network
from zerograd.core.verdict.witness import Witness
from zerograd.show.plot.style import number
from zerograd.show.words import label

K = TypeVar("K", bound=Hashable)

Unit = tuple[int, int]
"""(layer 1..L, unit 0..)."""


def bent_units(network: Network) -> Iterator[Unit]:
    """Every unit whose activation has a kink, from the inputs on."""
    for layer, described in enumerate(network.layers, start=1):
        if described.activation.has_kinks:
            yield from ((layer, unit) for unit in range(described.units))


def unit_name(witness: Witness, unit: Unit) -> str:
    """``z1`` where the layer has one unit, else ``z1[0]``."""
    layer, index = unit
    units = witness.problem.network.layers[layer - 1].units
    return label(f"z{layer}", (0, index), (1, units))


def side_text(activation: Activation, side: int) -> str:
    """What a unit does on a piece of its activation."""
    slope = piecewise(activation).slopes[side]
    if slope == 0:
        return "inactive" if side == 0 and activation.name.startswith("relu") else "saturated"
    return "active" if activation.name in ("relu", "relu6", "hardtanh") else f"slope {number(slope)}"


def dead(witness: Witness, unit: Unit) -> bool:
    """Whether the slope is 0 on every sample."""
    layer, index = unit
    slopes = witness.forward.derivatives[layer - 1]
    return not any(slopes.entries[index :: slopes.shape[1]])


def grouped(items: Iterable[tuple[K, Unit]]) -> dict[K, list[Unit]]:
    """Units by what they have in common."""
    groups: dict[K, list[Unit]] = {}
    for key, unit in items:
        groups.setdefault(key, []).append(unit)
    return groups
