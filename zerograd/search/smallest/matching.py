"""Choices of all samples whose contributions cancel: two halves of the dataset that meet in the middle.

The entries that must vanish are put together into one number by fixed odd factors, modulo 2^64. That is a
ring homomorphism, so what cancels is never missed; what merely seems to is sorted out by looking at
every single entry.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import comb, prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from zerograd.evaluate.whole import Bools, Ints
from zerograd.search.smallest.costs import Limits
from zerograd.search.smallest.pool import Pool

MAX_HALF = 500_000
"""Ways to choose the samples of one half: sorting more takes longer than a deadline may be late."""
_BLOCK = 300_000
"""Pairs of halves that are looked at at once."""

Keys: TypeAlias = NDArray[np.uint64]
Members: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Half:
    """All ways to choose some of the samples, in order of cost.

    Attributes:
        members: shape (n, samples of this half), each a number of a choice in the pool of its sample.
        cost: shape (n,).
    """

    members: Members
    cost: Ints

    @classmethod
    def of(cls, pools: Sequence[Pool], *, alike: bool, most: float = MAX_HALF) -> Half | None:
        """All ways for samples with these pools; None if they are too many.

        Args:
            alike: the samples may be exchanged: each multiset is listed once.
        """
        sizes, samples = [len(pool.cost) for pool in pools], len(pools)
        if not samples:
            return cls(np.zeros((1, 0), dtype=np.intp), np.zeros(1, dtype=np.int64))
        if (comb(sizes[0] + samples - 1, samples) if alike else prod(sizes)) > min(most, MAX_HALF):
            return None
        members = _multisets(sizes[0], samples) if alike else np.indices(sizes).reshape(samples, -1).T
        cost = sum(pool.cost[members[:, position]] for position, pool in enumerate(pools))
        order = np.argsort(cost, kind="stable")
        return cls(members[order], np.asarray(cost)[order])

    def among(self, allowed: Sequence[Bools], most: int | None) -> Half:
        """Those of allowed choices up to a cost."""
        end = len(self.cost) if most is None else int(np.searchsorted(self.cost, most, "right"))
        members, cost = self.members[:end], self.cost[:end]
        if all(mask.all() for mask in allowed):
            return Half(members, cost)
        fine = np.ones(end, dtype=bool)
        for position, mask in enumerate(allowed):
            fine &= mask[members[:, position]]
        return Half(members[fine], cost[fine])

    def any(self, masks: Sequence[Bools]) -> Bools:
        """Which ways have a choice that is in the mask of its sample."""
        found = np.zeros(len(self.cost), dtype=bool)
        for position, mask in enumerate(masks):
            found |= mask[self.members[:, position]]
        return found

    def keys(self, keys: Sequence[Keys]) -> Keys:
        """The sums of the keys of the choices, modulo 2^64."""
        total = np.zeros(len(self.cost), dtype=np.uint64)
        for position, key in enumerate(keys):
            total += key[self.members[:, position]]
        return total


def _multisets(size: int, samples: int) -> Members:
    """Numbers below ``size`` that do not fall, row by row."""
    members: Members = np.arange(size, dtype=np.intp)[:, None]
    for _ in range(samples - 1):
        counts = size - members[:, -1]
        starts = np.cumsum(counts) - counts
        last = np.arange(counts.sum()) + np.repeat(members[:, -1] - starts, counts)
        members = np.concatenate([np.repeat(members, counts, axis=0), last[:, None]], axis=1)
    return members


def key(rows: Ints) -> Keys:
    """A number for each choice, of entries of shape (entries, n); additive, and 0 where all are 0."""
    found: Keys = (rows.astype(np.uint64) * _factors(len(rows))[:, None]).sum(axis=0, dtype=np.uint64)
    return found


@cache
def _factors(count: int) -> Keys:
    dice = random.Random("the entries that must vanish")  # noqa: S311 - reproducible, not secret
    return np.array([dice.getrandbits(64) | 1 for _ in range(count)], dtype=np.uint64)


def meeting(
    left: Half,
    right: Half,
    keys: Sequence[Keys],
    kinked: Sequence[Bools],
    limits: Callable[[], Limits],
) -> Iterator[tuple[int, Ints, Bools, Members]]:
    """Pairs of halves whose keys cancel, block by block.

    Args:
        keys: of each sample's choices, those of the left half first.
        kinked: which choices of each sample are on a kink.
        limits: the costs of both that are of interest, asked before each block.

    Yields:
        For each block, how many pairs cancel; of those that are of interest, the smallest first, their costs,
        whether a sample is on a kink, and the choices of all samples, shape (pairs, samples).
    """
    middle = left.members.shape[1]
    sums = left.keys(keys[:middle])
    order = np.argsort(sums, kind="stable")
    sums = sums[order]
    wanted = -right.keys(keys[middle:])  # modulo 2^64
    first, last = np.searchsorted(sums, wanted, "left"), np.searchsorted(sums, wanted, "right")
    counts = last - first
    ends = np.cumsum(counts)
    of_left, of_right = left.any(kinked[:middle]), right.any(kinked[middle:])
    begin = 0
    while begin < len(counts):
        limit = (int(ends[begin - 1]) if begin else 0) + _BLOCK
        end = max(begin + 1, int(np.searchsorted(ends, limit, "right")))
        number = counts[begin:end]
        which = np.repeat(np.arange(begin, end), number)
        chosen = order[first[which] + np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number)]
        begin = end
        cost = left.cost[chosen] + right.cost[which]
        on_kink = of_left[chosen] | of_right[which]
        near = np.flatnonzero(limits().allow(cost, on_kink))
        near = near[np.lexsort([cost[near], on_kink[near]])]
        members = np.concatenate([left.members[chosen[near]], right.members[which[near]]], axis=1)
        yield len(cost), cost[near], on_kink[near], members
