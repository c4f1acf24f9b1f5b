"""A network on one input is piecewise linear: its pieces, exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise

from zerograd.core.model.activations import PiecewiseLinear, piecewise
from zerograd.core.model.backprop import forward
from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, compare, divide, narrow, sign
from zerograd.core.numbers.field import Algebraic

MOST_STEPS, MOST_IRRATIONAL_STEPS = 400_000, 8_000
"""Products that are computed before the whole is given up."""

Row = Sequence[Exact]


@dataclass(frozen=True, slots=True)
class Piece:
    """An interval of inputs on which every unit stays on one piece of its activation.

    Attributes:
        low, high: its ends.
        sides: per layer, per unit, the number of the activation's piece.
        ends: ŷ at both ends; linear between them.
    """

    low: Exact
    high: Exact
    sides: tuple[tuple[int, ...], ...]
    ends: tuple[Row, Row]


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
    known = [Piece(low, high, (), ((low,), (high,)))]
    for number, (layer, width) in enumerate(zip(network.layers, network.widths, strict=False), start=1):
        layer_parameters = {
            name[0] + "1": parameters[name] for name in network.shapes if name[1:] == str(number)
        }
        refined: list[Piece] = []
        for piece in known:
            left -= layer.units * width
            if left < 0:
                return None
            run = forward(
                Network(width, (layer,)), layer_parameters, Array.of(piece.ends, width), lambda *z: (z[-1], 1)
            )
            first, last = run.y_hat.rows()
            parts = _split(piece, first, last, piecewise(layer.activation))
            refined += parts
            left -= layer.units * len(parts)
        known = refined
    return tuple(known)


def _split(piece: Piece, first: Row, last: Row, activation: PiecewiseLinear) -> list[Piece]:
    """A piece after a further layer, with these pre-activations at its ends."""

    def values(share: Exact, sides: Sequence[int]) -> Row:
        return [narrow(activation.on_piece(*unit)) for unit in zip(sides, z(share), strict=True)]

    def z(share: Exact) -> Row:
        return _between(first, last, share)

    parts = []
    for share, following in pairwise([0, *_crossings(first, last, activation.kinks), 1]):
        sides = tuple(activation.locate(value)[0] for value in z(divide(share + following, 2)))
        low, high = (_between((piece.low,), (piece.high,), at)[0] for at in (share, following))
        ends = values(share, sides), values(following, sides)
        parts.append(Piece(low, high, (*piece.sides, sides), ends))
    return parts


def _between(start: Row, end: Row, share: Exact) -> list[Exact]:
    """What is reached after a share of the way."""
    return [narrow(a + share * (b - a)) for a, b in zip(start, end, strict=True)]


def _crossings(start: Row, end: Row, kinks: Row) -> list[Exact]:
    """The shares of the way at which a pre-activation meets a kink, in order; none at its ends."""
    inside: list[Exact] = []
    for a, b in zip(start, end, strict=True):
        if compare(a, b) == 0:
            continue
        shares = (divide(kink - a, b - a) for kink in kinks)
        inside += (share for share in shares if sign(share) > 0 > compare(share, 1))
    inside.sort(key=cmp_to_key(compare))
    return [share for n, share in enumerate(inside) if n == 0 or compare(inside[n - 1], share) != 0]


def knots(every: Sequence[Piece]) -> list[int]:
    """Where the slope of an output changes: the numbers of the pieces that begin there."""

    def rises(piece: Piece, times: Exact) -> list[Exact]:
        return [times * (b - a) for a, b in zip(*piece.ends, strict=True)]

    return [
        number
        for number, (left, right) in enumerate(pairwise(every), start=1)
        if any(map(compare, rises(left, right.high - right.low), rises(right, left.high - left.low)))
    ]


def sides_of(every: Sequence[Piece], layer: int, unit: int) -> list[tuple[Exact, Exact, int]]:
    """(low, high, side) of a unit (layers from 1, units from 0), neighbours of one side joined."""
    joined: list[tuple[Exact, Exact, int]] = []
    for piece in every:
        side = piece.sides[layer - 1][unit]
        if joined and joined[-1][2] == side:
            joined[-1] = (joined[-1][0], piece.high, side)
        else:
            joined.append((piece.low, piece.high, side))
    return joined
