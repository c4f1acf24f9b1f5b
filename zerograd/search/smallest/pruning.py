"""With the parameters fixed: datasets that cannot be answers, or not the smallest."""

from __future__ import annotations

import numpy as np

from zerograd.evaluate.whole import Bools, Ints

_MOST = 50_000
"""Products of whole numbers of any length, at most, to see what is spanned."""


def cheapest(rows: Ints, cost: Ints, allowed: Bools) -> Bools:
    """Which allowed choices contribute what no cheaper one does.

    In a smallest dataset there are no others: a cheaper one that contributes the same could take the place.

    Args:
        rows: what each contributes to all entries that are asked for, shape (entries, n).
    """
    numbers = np.flatnonzero(allowed)
    order = numbers[np.lexsort([cost[numbers], *rows[:, numbers]])]
    ordered, costs = rows[:, order], cost[order]
    starts = np.ones(len(order), dtype=bool)
    starts[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    least = costs[starts][np.cumsum(starts) - 1]
    kept = np.zeros(len(allowed), dtype=bool)
    kept[order[costs == least]] = True
    return kept


def spanned(zero: Ints, other: Ints) -> bool:
    """Whether some of the other rows is a combination of rows whose sums vanish: then its sum does as well.

    Exact, by elimination without fractions; False if that is too long.

    Args:
        zero, other: what choices contribute, shape (entries, n).
    """
    entries, count = zero.shape
    if not len(other) or (entries + len(other)) * entries * count > _MOST:
        return False
    basis: list[tuple[int, Ints]] = []

    def reduced(row: Ints) -> Ints:
        for column, pivot in basis:
            if row[column]:
                row = row * pivot[column] - pivot * row[column]
        return row

    for row in zero.astype(object):
        rest = reduced(row)
        columns = np.flatnonzero(rest)
        if len(columns):
            basis.append((int(columns[0]), rest))
    return any(not reduced(row).any() for row in other.astype(object))
