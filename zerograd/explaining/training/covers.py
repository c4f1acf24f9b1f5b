"""Which roots explain which zero entries: each that does so alone, else a smallest set of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations

import torch
from torch import Tensor

from zerograd.explaining.tape.nodes import Source
from zerograd.explaining.training.explanation import Kind
from zerograd.explaining.training.origins import Root
from zerograd.explaining.training.walking import Walk, union

_MOST_WALKS = 200
"""Sets of roots that are tried for one gradient; then any set that suffices will do."""
_MOST_GROUPS = 24


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
        self._mixed = [tuple(several) for several in anchors.values() if len(several) > 1]
        self._closed = [root.closed for root in roots]
        self._known: dict[tuple[frozenset[int], bool], Callable[[Source], Tensor]] = {}

    def zeros(self, roots: Iterable[int], gradient: Source, open_constants: bool = False) -> Tensor:
        """Return which entries are zero for these roots alone.

        Args:
            open_constants: count zeros that the program wrote as non-zero.
        """
        key = frozenset(roots), open_constants
        if key not in self._known:
            self._known[key] = self._walk.walk(union(self._closed[i] for i in key[0]), open_constants)
        return ~self._known[key](gradient)

    def beside(self, gradient: Source, zeros: Tensor) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """Yield roots that explain entries which constants explain as well."""
        for root in self.genuine:
            alone = zeros & self.zeros((root,), gradient, open_constants=True)
            if bool(alone.any()):
                yield (root,), alone

    def cover(self, gradient: Source, zeros: Tensor) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """Yield sets of roots with the entries that they explain: those that do so alone, then smallest sets."""
        left = zeros.clone()
        for gates, together in self._mixtures(gradient, zeros):
            yield gates, together
            left = left & ~together
        for kind, before in ((self.genuine, zeros), (self.derived, None)):
            before = left.clone() if before is None else before
            for root in kind:
                if not bool(before.any()):
                    return
                alone = before & self.zeros((root,), gradient)
                if bool(alone.any()):
                    yield (root,), alone
                    left = left & ~alone
        if bool(left.any()):
            yield from self._sets(gradient, left)

    def _mixtures(self, gradient: Source, zeros: Tensor) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """Yield what a layer explains that is off on some samples and on the kink on others; each side is needed."""
        for gates in self._mixed:
            left = zeros & self.zeros(gates, gradient)
            for size in range(1, len(gates) + 1):
                for some in combinations(gates, size):
                    together = left & self.zeros(some, gradient) if bool(left.any()) else left
                    left = left & ~together
                    if size > 1 and bool(together.any()):
                        yield some, together

    def _sets(self, gradient: Source, left: Tensor) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        for pool in (self.genuine, [*self.genuine, *self.derived]):
            together = left & self.zeros(pool, gradient)
            if not bool(together.any()):
                continue
            left = left & ~together
            for needed, entries in self._needs(gradient, together, pool):
                yield from self._smallest(gradient, entries, needed, pool)

    def _needs(
        self, gradient: Source, entries: Tensor, pool: Sequence[int]
    ) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """Yield roots without which no cover is possible, with the entries that need just these."""
        needs = torch.stack(
            [~self.zeros([j for j in pool if j != i], gradient)[entries] for i in pool], dim=1
        )
        rows, group = torch.unique(needs, dim=0, return_inverse=True)
        for number, row in enumerate(rows[:_MOST_GROUPS].tolist()):
            mask = torch.zeros_like(entries)
            mask[entries] = group == number
            yield tuple(i for i, need in zip(pool, row, strict=True) if need), mask

    def _smallest(
        self, gradient: Source, entries: Tensor, needed: tuple[int, ...], pool: Sequence[int]
    ) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        others = [i for i in pool if i not in needed]
        walks = 0
        for more in range(len(others) + 1):
            for added in combinations(others, more):
                if walks >= _MOST_WALKS:
                    chosen = self._reduced(gradient, entries, needed, others)
                    yield chosen, entries
                    return
                walks += 1
                chosen = (*needed, *added)
                explained = entries & self.zeros(chosen, gradient)
                if bool(explained.any()):
                    yield chosen, explained
                    entries = entries & ~explained
                    if not bool(entries.any()):
                        return

    def _reduced(
        self, gradient: Source, entries: Tensor, needed: tuple[int, ...], others: Sequence[int]
    ) -> tuple[int, ...]:
        """Return a set of which no root can be left out."""
        chosen = [*needed, *others]
        for root in others:
            fewer = [i for i in chosen if i != root]
            if bool((self.zeros(fewer, gradient) | ~entries).all()):
                chosen = fewer
        return tuple(chosen)
