"""Units in pictures: their names, and which of them do the same."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from zerograd.core.model.network import Network
from zerograd.core.verdict.witness import Witness
from zerograd.show.words import label

K = TypeVar("K", bound=Hashable)

Unit = tuple[int, int]
"""(layer 1..L, unit 0..)."""


def bent_units(network: Network) -> Iterator[Unit]:
    """Every unit whose activation bends, from the inputs on."""
    for layer, described in enumerate(network.layers, start=1):
        if not described.activation.is_linear:
            yield from ((layer, unit) for unit in range(described.units))


def unit_name(witness: Witness, unit: Unit) -> str:
    """``z1`` where the layer has one unit, else ``z1[0]``."""
    layer, index = unit
    units = witness.problem.network.layers[layer - 1].units
    return label(f"z{layer}", (0, index), (1, units))


def grouped(items: Iterable[tuple[K, Unit]]) -> dict[K, list[Unit]]:
    """Units by what they have in common."""
    groups: dict[K, list[Unit]] = {}
    for key, unit in items:
        groups.setdefault(key, []).append(unit)
    return groups
