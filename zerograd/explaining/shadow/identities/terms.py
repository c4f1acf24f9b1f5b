"""Sums of terms: a whole number times known factors times one entry, many sums at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import lcm

import numpy as np

from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.identities.labels import Integers, Mask

MOST_PRODUCTS = 400_000  # at a time
_LARGEST = 2**52  # of coefficients
_AT_A_TIME = 4096  # between two looks at the clock


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms coefficient/denominator · factors · entry, each in a row; the arrays have one length.

    Attributes:
        row: the sum that the term belongs to.
        entry: flat position in the tensor that these terms are of.
        factors: number of the product of labels (`Products`).
    """

    row: Integers
    entry: Integers
    factors: Integers
    coefficient: Integers
    denominator: int = 1

    def __len__(self) -> int:
        return len(self.row)

    def at(self, which: Mask | Integers, entry: Integers | None = None) -> Terms:
        """Return some of the terms, of other entries if given."""
        chosen = self.entry[which] if entry is None else entry
        return Terms(self.row[which], chosen, self.factors[which], self.coefficient[which], self.denominator)

    def of(self, entry: Integers, factors: Integers | None = None) -> Terms:
        """Return the same terms of other entries; those at negative positions are dropped."""
        whole = Terms(
            self.row,
            entry,
            self.factors if factors is None else factors,
            self.coefficient,
            self.denominator,
        )
        kept = entry >= 0
        return whole if kept.all() else whole.at(kept)

    def times(self, numerator: int, denominator: int = 1) -> Terms:
        """Return the terms times a rational number."""
        top = int(np.abs(self.coefficient).max()) if len(self) else 0
        if top * abs(numerator) > _LARGEST or self.denominator * denominator > _LARGEST:
            raise Cannot("coefficients become too large")
        return Terms(
            self.row, self.entry, self.factors, self.coefficient * numerator, self.denominator * denominator
        )

    def weighted(self, weights: Integers) -> Terms:
        """Return each term times its own whole number."""
        top = int(np.abs(self.coefficient).max()) if len(self) else 0
        if top * (int(np.abs(weights).max()) if len(self) else 0) > _LARGEST:
            raise Cannot("coefficients become too large")
        return Terms(self.row, self.entry, self.factors, self.coefficient * weights, self.denominator)

    def repeated(self, times: int) -> Terms:
        """Return each term so many times in succession."""
        return self.at(np.repeat(np.arange(len(self)), times))


def join(parts: Sequence[Terms]) -> Terms:
    """Return all terms of several, with one denominator."""
    common = lcm(*(part.denominator for part in parts))
    scaled = [part.times(common // part.denominator) for part in parts]
    row, entry, factors, coefficient = (
        np.concatenate([getattr(part, name) for part in scaled])
        for name in ("row", "entry", "factors", "coefficient")
    )
    return Terms(row, entry, factors, coefficient, common)


def collect(terms: Terms) -> tuple[Terms, Integers]:
    """Return terms of which no two are alike but for the coefficient, and rows in which some cancelled."""
    if not len(terms):
        return terms, terms.row
    order, starts = groups(terms.row, terms.entry, terms.factors)
    if float(np.abs(terms.coefficient).astype(np.float64).sum()) > _LARGEST:
        raise Cannot("coefficients become too large")
    totals = np.add.reduceat(terms.coefficient[order], starts)
    kept, first = totals != 0, order[starts]
    cancelled = terms.row[first[~kept]]
    first = first[kept]
    left = Terms(terms.row[first], terms.entry[first], terms.factors[first], totals[kept], terms.denominator)
    return left, cancelled


def groups(*keys: Integers) -> tuple[Integers, Integers]:
    """Return an order that brings equal keys together, and where each group starts in it."""
    order = np.lexsort(keys)
    changes = np.zeros(len(order), bool)
    changes[:1] = True
    for key in keys:
        ordered = key[order]
        changes[1:] |= ordered[1:] != ordered[:-1]
    return order.astype(np.int64), np.flatnonzero(changes)


class Products:
    """Products of powers of labels, numbered; the empty one is 0.

    Args:
        tick: called now and then; may raise to stop.
    """

    def __init__(self, tick: Callable[[], None] = lambda: None) -> None:
        self._tick = tick
        self._numbers: dict[tuple[tuple[int, int], ...], int] = {(): 0}
        self._products: list[tuple[tuple[int, int], ...]] = [()]
        self._known: dict[tuple[int, int, int], int] = {}

    def times(self, factors: Integers, labels: Integers, exponent: int = 1) -> Integers:
        """Return the numbers of products with one more factor each, label^exponent; the label of 1 changes
        nothing.
        """
        pairs, inverse = np.unique(factors * 2**31 + labels, return_inverse=True)
        if len(pairs) > MOST_PRODUCTS:
            raise Cannot("too many products")
        new: list[int] = []
        for start in range(0, len(pairs), _AT_A_TIME):
            self._tick()
            some = pairs[start : start + _AT_A_TIME].tolist()
            new += [self._times(pair // 2**31, pair % 2**31, exponent) for pair in some]
        return np.array(new, np.int64)[inverse.reshape(-1)] if new else factors

    def _times(self, product: int, label: int, exponent: int) -> int:
        if label == 1:
            return product
        key = (product, label, exponent)
        if key not in self._known:
            powers = dict(self._products[product])
            powers[label] = powers.get(label, 0) + exponent
            both = tuple(sorted((each, power) for each, power in powers.items() if power))
            if both not in self._numbers:
                self._numbers[both] = len(self._products)
                self._products.append(both)
            self._known[key] = self._numbers[both]
        return self._known[key]
