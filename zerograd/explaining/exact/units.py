"""Units that let nothing back on any sample."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from zerograd.core.model.places import word
from zerograd.core.model.point import Point
from zerograd.core.numbers.exact import Exact


class Flat(IntEnum):
    """Why the slope of a unit is 0 on every sample."""

    DEAD = 1  # off on all of them
    SATURATED = 2  # at a bound on all of them
    MIXED = 3  # on a kink on some, or each on some


def flat_units(point: Point[Exact]) -> Iterator[tuple[int, int, Flat]]:
    """Yield (layer, unit, why) of every unit with φ′(z) = 0 on every sample."""
    layers = zip(point.model.network.layers, point.forward.z, point.forward.derivatives, strict=True)
    for number, (layer, z, derivatives) in enumerate(layers, start=1):
        columns = zip(zip(*z.rows(), strict=True), zip(*derivatives.rows(), strict=True), strict=True)
        for unit, (values, back) in enumerate(columns):
            if any(back):
                continue
            yield number, unit, _why({word(layer.activation, value) for value in values})


def _why(words: set[str]) -> Flat:
    if words == {"inactive"}:
        return Flat.DEAD
    return Flat.SATURATED if words == {"saturated"} else Flat.MIXED
