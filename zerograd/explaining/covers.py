"""Which roots explain which zero entries: each that does so alone, else a smallest set of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations
from typing import Any, Generic, TypeVar

_ALTOGETHER = 400
"""Sets of roots that are tried; then any set will do of which no root can be left out."""

Gradient = TypeVar("Gradient")


class Covering(ABC, Generic[Gradient]):
    """Roots by number, and which entries of a gradient are zero for some of them alone.

    Entries are *masks*: booleans of torch, or integers with a bit for each; both have ``&`` and ``~``.

    Attributes:
        genuine: roots that stand for themselves.
        derived: those that are themselves the work of others, wanted only where none of these suffices.
        mixed: roots of one layer that share its units and samples among them.
    """

    def __init__(
        self, genuine: Sequence[int], derived: Sequence[int], mixed: Sequence[Sequence[int]]
    ) -> None:
        self.genuine, self.derived, self.mixed = list(genuine), list(derived), list(mixed)
        self._of_one: dict[tuple[frozenset[int], Gradient], Any] = {}

    @abstractmethod
    def alone(self, roots: Sequence[int], gradient: Gradient) -> Any:
        """Return which entries are zero for these roots alone; it is kept for other gradients."""

    @abstractmethod
    def together(self, roots: frozenset[int], gradient: Gradient) -> Any:
        """Return the same of sets that are tried in turn."""

    @abstractmethod
    def concerns(self, root: int, gradient: Gradient) -> bool:
        """Return whether a gradient has anything to do with a root."""

    @abstractmethod
    def some(self, mask: Any) -> bool:
        """Return whether there is an entry."""

    @abstractmethod
    def first(self, mask: Any) -> Hashable:
        """Return where the first entry is."""

    @abstractmethod
    def has(self, mask: Any, one: Any) -> bool:
        """Return whether an entry is there."""

    def cover(self, gradient: Gradient, zeros: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
        """Yield sets of roots with the entries that they explain: alone, or else as smallest sets."""
        left = zeros
        for gates, together in self._mixtures(gradient, zeros):
            yield gates, together
            left = left & ~together
        for pool in (self.genuine, self.derived):
            before = zeros if pool is self.genuine else left
            for root in pool:
                if not self.some(before):
                    return
                alone = before & self.alone((root,), gradient)
                if self.some(alone):
                    yield (root,), alone
                    left = left & ~alone
        if self.some(left):
            yield from self._sets(gradient, left)

    def _mixtures(self, gradient: Gradient, zeros: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
        """Yield what a layer explains that is off on some samples and on the kink on others; each side is
        needed.
        """
        for gates in self.mixed:
            left = zeros & self.alone(gates, gradient)
            for size in range(1, len(gates) + 1):
                for some in combinations(gates, size):
                    together = left & self.alone(some, gradient) if self.some(left) else left
                    left = left & ~together
                    if size > 1 and self.some(together):
                        yield some, together

    def _sets(self, gradient: Gradient, left: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
        genuine = [i for i in self.genuine if self.concerns(i, gradient)]
        derived = [i for i in self.derived if self.concerns(i, gradient)]
        for pool in (genuine, [*genuine, *derived]):
            together = left & self._together(pool, gradient)
            if not self.some(together):
                continue
            left = left & ~together
            yield from self._smallest(gradient, together, pool)

    def _together(self, roots: Sequence[int], gradient: Gradient) -> Any:
        key = frozenset(roots), gradient
        if key not in self._of_one:
            self._of_one[key] = self.together(key[0], gradient)
        return self._of_one[key]

    def _smallest(
        self, gradient: Gradient, entries: Any, pool: Sequence[int]
    ) -> Iterator[tuple[tuple[int, ...], Any]]:
        """Yield smallest covers of entries that all roots of a pool explain together.

        A set that does not suffice, made as large as possible, shows roots of which every cover has one:
        those that are missing. A smallest set that has one of each such group is tried next; if it suffices,
        no smaller one does. That goes for all entries for which the same sets did not suffice.
        """
        while self.some(entries):
            one = self.first(entries)
            alike, groups = entries, [set(pool)]
            while True:
                cover = _hitting(groups, pool)
                zeros = self._together(cover, gradient)
                if not self.has(zeros, one) and len(self._of_one) >= _ALTOGETHER:
                    cover, alike = self._reduced(gradient, one, pool), entries
                    zeros = self._together(cover, gradient)
                if self.has(zeros, one):
                    yield cover, alike & zeros
                    entries = entries & ~(alike & zeros)
                    break
                short = self._grown(gradient, one, cover, pool)
                alike = alike & ~self._together(short, gradient)
                groups.append(set(pool) - set(short))

    def _grown(
        self, gradient: Gradient, one: Hashable, cover: Sequence[int], pool: Sequence[int]
    ) -> tuple[int, ...]:
        """Return a largest set that contains ``cover`` and does not explain an entry."""
        grown = list(cover)
        for root in pool:
            if root not in grown and not self.has(self._together([*grown, root], gradient), one):
                grown.append(root)
        return tuple(grown)

    def _reduced(self, gradient: Gradient, one: Hashable, pool: Sequence[int]) -> tuple[int, ...]:
        """Return a set that explains an entry, and of which no root can be left out."""
        chosen = list(pool)
        for root in pool:
            fewer = [i for i in chosen if i != root]
            if self.has(self._together(fewer, gradient), one):
                chosen = fewer
        return tuple(chosen)


def _hitting(groups: Sequence[set[int]], pool: Sequence[int]) -> tuple[int, ...]:
    """Return a smallest set that has a member of each group, of those that come first in the pool."""
    useful = [i for i in pool if any(i in group for group in groups[1:])] or list(pool)
    for size in range(1, len(useful)):
        for chosen in combinations(useful, size):
            if all(group.intersection(chosen) for group in groups):
                return chosen
    return tuple(useful)
