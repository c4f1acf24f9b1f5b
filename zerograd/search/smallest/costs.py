"""The order of sizes among witnesses of one height as one whole number, a sum over the values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from zerograd.core.verdict.size import Size
from zerograd.evaluate.whole import Bools, Ints
from zerograd.search.smallest.choices import Choices

MAX_SUMS = 1_000_000
"""Sums of costs of parameters that are listed."""
_WIDEST = 2**62


@dataclass(frozen=True, slots=True)
class Costs:
    """How many values are not whole, the sum of absolute values, and how many are not 0, in one number.

    They are its digits, (i · ``sums`` + t) · ``counts`` + z, so costs add up as their digits do, and are
    compared digit by digit.

    Attributes:
        scale: of the values, and of their sum.
        sums: more than the sum of any choice of all values.
        counts: more than there are values.
    """

    scale: int
    sums: int
    counts: int

    @classmethod
    def of(cls, choices: Choices) -> Costs | None:
        """Return the costs of all that can be chosen; None where a number of 64 bits does not hold them."""
        entries = choices.entries
        widest = sum(max(map(abs, values)) for values in entries)
        costs = cls(choices.scale, widest + 1, len(entries) + 1)
        return costs if costs._of(len(entries), widest, len(entries)) < _WIDEST else None

    def _of(self, fractions: int, total: int, nonzeros: int) -> int:
        return (fractions * self.sums + total) * self.counts + nonzeros

    def value(self, value: int) -> int:
        """Return the cost of one value, given times the scale."""
        return self._of(value % self.scale != 0, abs(value), value != 0)

    def rows(self, rows: Ints) -> Ints:
        """Return the cost of each row of values, shape (n,)."""
        fractions, nonzeros = np.count_nonzero(rows % self.scale, axis=1), np.count_nonzero(rows, axis=1)
        found: Ints = (fractions * self.sums + np.abs(rows).sum(axis=1)) * self.counts + nonzeros
        return found

    def bound(self, size: Size) -> int:
        """Return the largest cost of a choice of all values no larger than ``size``, kinked or not."""
        total, entries = size.total * self.scale, self.counts - 1
        if total.denominator == 1 and total < self.sums:
            return self._of(size.non_integers, int(total), size.nonzeros)
        return self._of(size.non_integers, min(int(total), self.sums - 1), entries)


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest costs that are of interest, −1 where none is; None where all are.

    Attributes:
        clean: of choices with no sample on a kink.
        kinked: of choices with a sample on a kink; never more than of the others.
    """

    clean: int | None
    kinked: int | None

    def allow(self, cost: Ints, kinked: Bools) -> Bools:
        """Return which choices are of interest."""
        fine = np.ones(len(cost), dtype=bool)
        for limit, which in ((self.clean, ~kinked), (self.kinked, kinked)):
            if limit is not None:
                fine &= ~which | (cost <= limit)
        return fine


NONE, ALL = Limits(-1, -1), Limits(None, None)


def limits(worst: Size | None, height: int, bound: int, spent: int) -> Limits:
    """Return what is of interest among witnesses of one height.

    Args:
        worst: the size that a witness must not exceed, if any.
        bound: `Costs.bound` of it.
        spent: the cost of the values that are chosen already.
    """
    if worst is None or worst.height > height:
        return ALL
    if worst.height < height:
        return NONE
    rest = max(-1, bound - spent)
    return Limits(None, rest) if worst.on_kink else Limits(rest, -1)


def fewest_non_integers(choices: Choices) -> int:
    """Return how many values are not whole in every choice."""
    return sum(all(value % choices.scale for value in values) for values in choices.entries)


def ascending(sets: Sequence[Sequence[int]], cost: Callable[[int], int]) -> Iterator[tuple[int, ...]] | None:
    """Return one of each set, in order of the sum of costs; None where there are too many sums."""
    priced = [[(value, cost(value)) for value in values] for values in sets]
    reach: list[frozenset[int]] = [frozenset({0})]  # sums of the last entries
    for values in reversed(priced):
        prices = {price for _, price in values}
        if len(prices) * len(reach[-1]) > MAX_SUMS:
            return None
        reach.append(frozenset(price + rest for price in prices for rest in reach[-1]))
    reach.reverse()

    def extend(place: int, rest: int) -> Iterator[tuple[int, ...]]:
        if place == len(priced):
            yield ()
            return
        for value, price in priced[place]:
            if rest - price in reach[place + 1]:
                for tail in extend(place + 1, rest - price):
                    yield (value, *tail)

    return (values for total in sorted(reach[0]) for values in extend(0, total))
