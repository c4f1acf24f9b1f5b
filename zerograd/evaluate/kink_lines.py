"""Where the first layer of a network on two inputs bends, exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.numbers.exact import Exact, divide, narrow, sign
from zerograd.core.numbers.real import middle
from zerograd.core.verdict.witness import Witness


@dataclass(frozen=True, slots=True)
class KinkLine:
    """The line u·x0 + v·x1 = c, on which units have a kink.

    Attributes:
        place: u, v and c.
        units: (unit, kink) of each with this line.
        sides: 1 where a unit is active towards (u, v) and inactive on the other side, −1 the other way.
    """

    place: tuple[Exact, Exact, Exact]
    units: tuple[tuple[int, Exact], ...]
    sides: frozenset[int]


def kink_lines(witness: Witness) -> tuple[list[KinkLine], list[int]]:
    """The lines on which units of layer 1 have a kink, and the units that have kinks and no line."""
    layer = witness.problem.network.layers[0]
    biases = witness.parameters["b1"].map(middle).entries if layer.bias else (0,) * layer.units
    if not isinstance(layer.activation, PiecewiseLinear):
        return [], []  # of smooth units no side is told
    parts = layer.activation.pieces
    lines: dict[str, KinkLine] = {}
    flat: list[int] = []
    for unit, ((u, v), b) in enumerate(zip(witness.parameters["w1"].map(middle).rows(), biases, strict=True)):
        lead = u if sign(u) else v
        if sign(lead) == 0:
            flat += [unit] if parts[1:] else []
            continue
        for left, right in pairwise(parts):
            kink: Exact = right.low or 0
            place = (narrow(divide(u, lead)), narrow(divide(v, lead)), narrow(divide(kink - b, lead)))
            below, above = left.slope != 0, right.slope != 0
            sides = frozenset() if below == above else frozenset({sign(lead) * (1 if above else -1)})
            key = str([*map(str, place)])
            old = lines.get(key, KinkLine(place, (), frozenset()))
            lines[key] = replace(old, units=(*old.units, (unit, kink)), sides=old.sides | sides)
    return list(lines.values()), flat
