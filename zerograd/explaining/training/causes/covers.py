"""Covers of a training step's zeros: walks with sets of roots closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from torch import Tensor

from zerograd.explaining.covers import Covering
from zerograd.explaining.explanation import Kind
from zerograd.explaining.tape.nodes import Source
from zerograd.explaining.training.causes.origins import Root
from zerograd.explaining.training.causes.walking import Walk, union


class Covers(Covering[Source]):
    """Walks with sets of roots closed, each walked once for all gradients."""

    def __init__(self, walk: Walk, roots: Sequence[Root]) -> None:
        anchors: dict[int, list[int]] = {}
        for i, root in enumerate(roots):
            if root.kind in (Kind.DEAD, Kind.AT_KINK, Kind.SATURATED):
                anchors.setdefault(root.anchor.number, []).append(i)
        super().__init__(
            [i for i, root in enumerate(roots) if not root.derived],
            [i for i, root in enumerate(roots) if root.derived],
            [kinds for kinds in anchors.values() if len(kinds) > 1],
        )
        self._walk = walk
        self._closed = [root.closed for root in roots]
        self._nodes = [{site.node.number for site in root.sites} for root in roots]
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

    def alone(self, roots: Sequence[int], gradient: Source) -> Tensor:
        return self.zeros(roots, gradient)

    def together(self, roots: frozenset[int], gradient: Source) -> Tensor:
        closed = union(self._closed[i] for i in roots)
        return ~self._walk.walk(closed, only=gradient)(gradient)

    def concerns(self, root: int, gradient: Source) -> bool:
        return any(node.number in self._nodes[root] for node in self._walk.cone_of(gradient))

    def some(self, mask: Tensor) -> bool:
        return bool(mask.any())

    def first(self, mask: Tensor) -> tuple[int, ...]:
        return tuple(mask.nonzero()[0].tolist())

    def has(self, mask: Tensor, one: tuple[int, ...]) -> bool:
        return bool(mask[one])

    def beside(self, gradient: Source, zeros: Tensor) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """Yield roots that explain entries which constants explain as well."""
        for root in self.genuine:
            alone = zeros & self.zeros((root,), gradient, open_constants=True)
            if bool(alone.any()):
                yield (root,), alone
