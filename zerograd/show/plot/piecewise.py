"""A network on one input is piecewise linear: its pieces, exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise

from zerograd.core.model.activations import Piece as Side
from zerograd.core.model.activations import piecewise
from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Algebraic, Exact, compare, divide, narrow, sign

Affine = tuple[Exact, Exact]
"""(slope, intercept): x ↦ slope·x + intercept."""

MOST_STEPS, MOST_IRRATIONAL_STEPS = 400_000, 8_000
"""Products that are computed before the whole is given up."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An interval of inputs on which every unit stays on one piece of its activation.

    Attributes:
        low, high: its ends.
        sides: per layer, per unit, the number of the activation's piece (see `Activation`).
        output: ŷ, per output.
    """

    low: Exact
    high: Exact
    sides: tuple[tuple[int, ...], ...]
    output: tuple[Affine, ...]


def pieces(
    network: Network, parameters: Mapping[str, Array[Exact]], low: Exact, high: Exact
) -> tuple[Piece, ...] | None:
    """The network on the interval from ``low`` to ``high``, from left to right.

    Args:
        network: with one input.
        low, high: with low < high.

    Returns:
        Pieces that cover the interval; None if they are too many to be computed in a moment.
    """
    irrational = any(isinstance(v, Algebraic) for array in parameters.values() for v in array.entries)
    left = MOST_IRRATIONAL_STEPS if irrational else MOST_STEPS
    found = [Piece(low, high, (), ((1, 0),))]
    for number, layer in enumerate(network.layers, start=1):
        activation = piecewise(layer.activation)
        weights = parameters[f"w{number}"].rows()
        biases = parameters[f"b{number}"].entries if layer.bias else (0,) * layer.units
        refined = []
        for piece in found:
            left -= layer.units * len(weights[0])
            if left < 0:
                return None
            z = tuple(_combined(row, piece.output, bias) for row, bias in zip(weights, biases, strict=True))
            ends = [piece.low, *_crossings(z, activation.kinks, piece), piece.high]
            for start, end in pairwise(ends):
                left -= layer.units
                middle = divide(start + end, 2)
                sides = tuple(activation.locate(narrow(at(line, middle)))[0] for line in z)
                output = tuple(
                    _activated(line, activation.pieces[side]) for line, side in zip(z, sides, strict=True)
                )
                refined.append(Piece(start, end, (*piece.sides, sides), output))
        found = refined
    return tuple(found)


def at(line: Affine, x: Exact) -> Exact:
    """The value at x."""
    return line[0] * x + line[1]


def _combined(row: Sequence[Exact], lines: Sequence[Affine], bias: Exact) -> Affine:
    slope: Exact = 0
    intercept: Exact = bias
    for weight, (s, c) in zip(row, lines, strict=True):
        slope, intercept = slope + weight * s, intercept + weight * c
    return narrow(slope), narrow(intercept)


def _activated(line: Affine, side: Side) -> Affine:
    return narrow(side.slope * line[0]), narrow(side.slope * line[1] + side.offset)


def _crossings(z: Sequence[Affine], kinks: Sequence[Exact], piece: Piece) -> list[Exact]:
    """Where a pre-activation meets a kink, strictly inside the piece, in order."""
    inside: list[Exact] = []
    for slope, intercept in z:
        if sign(slope) == 0:
            continue
        for kink in kinks:
            x = divide(kink - intercept, slope)
            if compare(piece.low, x) < 0 < compare(piece.high, x):
                inside.append(x)
    inside.sort(key=cmp_to_key(compare))
    return [x for n, x in enumerate(inside) if n == 0 or compare(inside[n - 1], x) != 0]


def knots(found: Sequence[Piece]) -> list[int]:
    """Where the slope of an output changes: the numbers of the pieces that begin there."""
    return [
        number
        for number, (left, right) in enumerate(pairwise(found), start=1)
        if any(compare(a[0], b[0]) for a, b in zip(left.output, right.output, strict=True))
    ]


def sides_of(found: Sequence[Piece], layer: int, unit: int) -> list[tuple[Exact, Exact, int]]:
    """(low, high, side) of a unit (layers from 1, units from 0), neighbours of one side joined."""
    joined: list[tuple[Exact, Exact, int]] = []
    for piece in found:
        side = piece.sides[layer - 1][unit]
        if joined and joined[-1][2] == side:
            joined[-1] = (joined[-1][0], piece.high, side)
        else:
            joined.append((piece.low, piece.high, side))
    return joined
