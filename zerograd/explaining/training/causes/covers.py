"""Which roots explain which zero entries: each that does so alone, else a smallest set of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations

from torch import Tensor

from zerograd.explaining.explanation import Kind
from zerograd.explaining.tape.nodes import Source
from zerograd.explaining.training.causes.origins import Root
from zerograd.explaining.training.causes.walking import Walk, union

_ALTOGETHER = 400
"""Sets of roots that are tried; then any set will do of which no root can be left out."""


class Covers:
    """Walks with sets of roots closed, each walked once for all gradients."""

    def __init__(self, walk: Walk, roots: Sequence[Root]) -> None:
        self._walk = walk
        self.genuine = [i for i, root in enumerate(roots) if not root.derived]
        self.derived = [i for i, root in enumerate(roots) if root.derived]
        anchors: dict[int, list[int]] = {}
        for i, root in enumerate(roots):
            if root.kind in (Kind.DEAD, Kind.AT_KINK, Kind.SATURATED):
                anchors.setdefault(root.anchor.number, []).append(i)
        self._mixed = [kinds for kinds in anchors.values() if len(kinds) > 1]
        self._closed = [root.closed for root in roots]
        self._nodes = [{site.node.number for site in root.sites} for root in roots]
        self._known: dict[tuple[frozenset[int], bool], Callable[[Source], Tensor]] = {}
        self._of_one: dict[tuple[frozenset[int], Source], Tensor] = {}
        self._walks = 0

    def zeros(self, roots: Iterable[int], gradient: Source, open_constants: bool = False) -> Tensor:
        """Return which entries are zero for these roots alone.

        Args:
            open_constants: count zeros that the program wrote as non-zero.
        """
        key = frozenset(roots), open_constants
        if key not in self._known:
            self._known[key] = self._walk.walk(union(self._closed[i] for i in key[0]), open_constants)
        return ~self._known[key](gradient)

    def _together(self, roots: Iterable[int], gradient: Source) -> Tensor:
        """Return which entries are zero for some roots; the walk is not kept for other gradients."""
        key = frozenset(roots), gradient
        if key not in self._of_one:
            self._walks += 1
            closed = union(self._closed[i] for i in key[0])
            self._of_one[key] = ~self._walk.walk(closed, only=gradient)(gradient)
        return self._of_one[key]

    def beside(self, gradient: Source, zeros: Tensor) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """Yield roots that explain entries which constants explain as well."""
        for root in self.genuine:
            alone = zeros & self.zeros((root,), gradient, open_constants=True)
            if bool(alone.any()):
                yield (root,), alone

    def cover(self, gradient: Source, zeros: Tensor) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """Yield sets of roots with the entries that they explain: alone, or else as smallest sets."""
        left = zeros.clone()
        for gates, together in self._mixtures(gradient, zeros):
            yield gates, together
            left = left & ~together
        for pool in (self.genuine, self.derived):
            before = zeros if pool is self.genuine else left.clone()
            for root in pool:
                if not bool(before.any()):
                    return
                alone = before & self.zeros((root,), gradient)
                if bool(alone.any()):
                    yield (root,), alone
                    left = left & ~alone
        if bool(left.any()):
            yield from self._sets(gradient, left)

    def _mixtures(self, gradient: Source, zeros: Tensor) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """Yield what a layer explains that is off on some samples and on the kink on others; each side is
        needed.
        """
        for gates in self._mixed:
            left = zeros & self.zeros(gates, gradient)
            for size in range(1, len(gates) + 1):
                for some in combinations(gates, size):
                    together = left & self.zeros(some, gradient) if bool(left.any()) else left
                    left = left & ~together
                    if size > 1 and bool(together.any()):
                        yield some, together

    def _sets(self, gradient: Source, left: Tensor) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        here = {node.number for node in self._walk.cone_of(gradient)}
        genuine = [i for i in self.genuine if here & self._nodes[i]]
        derived = [i for i in self.derived if here & self._nodes[i]]
        for pool in (genuine, [*genuine, *derived]):
            together = left & self._together(pool, gradient)
            if not bool(together.any()):
                continue
            left = left & ~together
            yield from self._smallest(gradient, together, pool)

    def _smallest(
        self, gradient: Source, entries: Tensor, pool: Sequence[int]
    ) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """Yield smallest covers of entries that all roots of a pool explain together.

        A set that does not suffice, made as large as possible, shows roots of which every cover has one:
        those that are missing. A smallest set that has one of each such group is tried next; if it suffices,
        no smaller one does. That goes for all entries for which the same sets did not suffice.
        """
        entries = entries.clone()
        while bool(entries.any()):
            one = tuple(entries.nonzero()[0].tolist())
            alike, groups = entries, [set(pool)]
            while True:
                cover = _hitting(groups, pool)
                zeros = self._together(cover, gradient)
                if not bool(zeros[one]) and self._walks >= _ALTOGETHER:
                    cover, alike = self._reduced(gradient, one, pool), entries
                    zeros = self._together(cover, gradient)
                if bool(zeros[one]):
                    yield cover, alike & zeros
                    entries = entries & ~(alike & zeros)
                    break
                short = self._grown(gradient, one, cover, pool)
                alike = alike & ~self._together(short, gradient)
                groups.append(set(pool) - set(short))

    def _grown(
        self, gradient: Source, one: tuple[int, ...], cover: Sequence[int], pool: Sequence[int]
    ) -> tuple[int, ...]:
        """Return a largest set that contains ``cover`` and does not explain an entry."""
        grown = list(cover)
        for root in pool:
            if root not in grown and not bool(self._together([*grown, root], gradient)[one]):
                grown.append(root)
        return tuple(grown)

    def _reduced(self, gradient: Source, one: tuple[int, ...], pool: Sequence[int]) -> tuple[int, ...]:
        """Return a set that explains an entry, and of which no root can be left out."""
        chosen = list(pool)
        for root in pool:
            fewer = [i for i in chosen if i != root]
            if bool(self._together(fewer, gradient)[one]):
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
