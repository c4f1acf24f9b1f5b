"""Which activation patterns can occur together in one dataset, whatever the parameters.

Each test is a necessary condition that any part of a possible dataset meets as well, so a search
that adds samples one by one may stop at the first that fails. What passes may still be impossible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import combinations

Row = tuple[int, ...]
"""The number of the side, for each unit in order."""

Cut = tuple[int, int, bool]
"""(first, last) position of a layer's units in a row, and whether each of them has two sides."""


def possible(rows: Collection[Row], inputs: int, cuts: Sequence[Cut]) -> bool:
    """Whether samples with these patterns may occur together.

    Args:
        inputs: D, the dimension of the inputs.
        cuts: of the layers that have sides, from the first layer on.
    """
    if not cuts or len(rows) < 2:
        return True
    (first, last, two_sided), *deeper = cuts
    groups = defaultdict(set)
    for row in rows:
        groups[row[first:last]].add(row)
    layer = list(groups)
    if not (_on_a_line(layer) if inputs == 1 else not two_sided or _unshattered(layer, inputs)):
        return False
    # Samples that agree on this layer see the next one's pre-activations as affine functions of x.
    return all(possible(group, inputs, deeper) for group in groups.values())


def _on_a_line(rows: Sequence[Row]) -> bool:
    """D = 1: along the line, each unit's pre-activation is monotone, and so are its sides.

    From the leftmost pattern on, the distance Σ|side − side| grows with x, so it gives the order.
    """
    if len(rows) < 3:
        return True
    for leftmost in rows:
        order = sorted(rows, key=lambda row: sum(abs(a - b) for a, b in zip(row, leftmost, strict=True)))
        if all(_monotone(sides) for sides in zip(*order, strict=True)):
            return True
    return False


def _monotone(sides: Sequence[int]) -> bool:
    ordered = sorted(sides)
    return list(sides) == ordered or list(sides) == ordered[::-1]


def _unshattered(rows: Sequence[Row], inputs: int) -> bool:
    """No D + 1 units show all 2^(D+1) combinations of their two sides.

    D + 1 hyperplanes cut a space of D dimensions into at most 2^(D+1) − 1 parts (Schläfli); for
    finitely many points it makes no difference to which part a hyperplane itself belongs.
    """
    size = inputs + 1
    if len(rows) < 2**size:
        return True
    units = range(len(rows[0]))
    return all(
        len({tuple(row[i] for i in few) for row in rows}) < 2**size for few in combinations(units, size)
    )
