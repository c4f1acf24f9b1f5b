"""Proofs that sums are zero for all values, by expanding them backwards through the graph."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import inf
from typing import Any
from weakref import WeakMethod

import torch
from torch import Tensor

from zerograd.explaining.shadow.bounded import Bounded
from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.evaluation import Evaluation, cone
from zerograd.explaining.shadow.identities.expansion import Expansion
from zerograd.explaining.shadow.identities.labels import ZERO, Integers, LabelDomain, Labels
from zerograd.explaining.shadow.identities.laws import ROWS
from zerograd.explaining.shadow.identities.primitives import Expression, compute, decides, take_apart
from zerograd.explaining.shadow.identities.terms import Products
from zerograd.explaining.tape.nodes import Node, Origin, Source, see

_OTHERS = (Origin.DATA, Origin.RANDOM, Origin.OUTSIDE)
"""What another run would have otherwise."""


class Sums:
    """What is known of a graph's values for expanding sums; kept for several of them.

    Args:
        bounded: shows that denominators are not 0.
        any_data: whether inputs and targets are taken as any numbers, not as what they are in this run.

    Attributes:
        until: when to give up, by the monotonic clock.

    An entry is written as a sum of terms: coefficient · factors · entry of an earlier value. Going backwards,
    each value is replaced by what its operation computed it from; of a product one side becomes a factor. A
    sum is zero if all terms cancel, or are complete groups of an operation's law. Every replacement is an
    equation, so the order in which they are tried cannot make a wrong claim.
    """

    def __init__(self, bounded: Evaluation[Bounded], any_data: bool = False) -> None:
        self._bounded, self._any_data = bounded, any_data
        self.domain = LabelDomain()
        self._labels: dict[tuple[int, int], Labels] = {}
        self._labelled: set[int] = set()
        self._twins: dict[object, Node] = {}  # the first node that computed something, by what that is
        self._first: dict[int, int] = {}  # its number, for those that computed the same
        self.products = Products()
        self.until = inf

    @property
    def is_late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.until

    def tick(self) -> None:
        """Give up if it is too late.

        Raises:
            Cannot: it is.
        """
        if self.is_late:
            raise Cannot("no time is left")

    # labels
    def labels(self, source: Source) -> Labels:
        """Return labels of a source's entries."""
        if not source.is_float:
            return self.domain.leaf(source.run)
        if source.node.number not in self._labelled:
            for node in cone([source]):
                if node.number not in self._labelled:
                    self._label(node)
        labels = self._labels[source.node.number, source.output]
        if source.view is None:
            return labels
        layout = source.node.layouts[source.output]
        if layout is None:
            raise Cannot("no layout")
        return see(labels, layout, source.view)

    def zeros(self, source: Source) -> Tensor:
        """Return where the labels alone show a 0."""
        try:
            return self.labels(source) == ZERO
        except Cannot:
            return torch.zeros(source.run.shape, dtype=torch.bool)

    def _label(self, node: Node) -> None:
        """Label the results of a node; where that cannot be done, each entry is equal to itself only."""
        self._labelled.add(node.number)
        twin = self._twins.setdefault(self._key(node), node)
        self._first[node.number] = twin.number
        if twin is not node and _are_equal(twin.results, node.results):
            for output in range(len(node.results)):
                if (twin.number, output) in self._labels:
                    self._labels[node.number, output] = self._labels[twin.number, output]
            return
        parts = take_apart(node)
        is_any = self._any_data and (node.origin in _OTHERS or decides(node, parts))
        memo: dict[Expression, Any] = {}
        for output, result in enumerate(node.results):
            if not isinstance(result, Tensor) or not result.is_floating_point():
                continue
            part = parts[output] if parts is not None and output < len(parts) else None
            try:
                if (part is None and node.operation != "leaf") or is_any:
                    raise Cannot("unknown")
                labels = (
                    self.domain.leaf(result)
                    if part is None
                    else compute(self.domain, part, self.labels, memo).reshape(result.shape)
                )
            except (Cannot, RuntimeError):
                labels = self.domain.fresh(result.shape)
            if not bool(result.isfinite().all()):
                labels = torch.where(result.isfinite(), labels, self.domain.fresh(result.shape))
            if node.operation in ROWS:
                labels = self._with_zeros(labels, Source(node, output))
            self._labels[node.number, output] = labels

    def _key(self, node: Node) -> object:
        """Return what a node computes: equal for two that do the same with the same values."""
        if node.operation == "leaf":
            return node.number

        def key(value: Any) -> object:
            if isinstance(value, Source):
                return (self._first.get(value.node.number, value.node.number), value.output, value.view)
            if isinstance(value, list | tuple):
                return (type(value), *map(key, value))
            return id(value) if isinstance(value, Tensor) else (type(value), value)

        return (node.operation, key(node.arguments), *((k, key(v)) for k, v in sorted(node.keywords.items())))

    def _with_zeros(self, labels: Labels, source: Source) -> Labels:
        """Return labels that say which entries are 0: those of a softmax where a mask put −∞."""
        value = None if self._any_data else self._bounded(source)
        return labels if value is None else torch.where(value.zero(), torch.zeros_like(labels), labels)

    def expand(self, source: Source, entries: Integers, keeps_older: bool = True) -> Expansion:
        """Expand the entries at some flat positions of a source, each a row.

        Raises:
            Cannot: there are too many products, coefficients become too large, or no time is left.
        """
        tick = WeakMethod(self.tick)  # a cycle would keep the whole graph in memory
        self.products = Products(lambda: tick()())  # type: ignore[misc]  # noqa: PLW0108
        expansion = Expansion(self, len(entries), keeps_older)
        expansion.run(source, entries)
        return expansion

    def nonzero(self, e: Expression, memo: dict[Expression, Any]) -> Tensor:
        """Return where an expression is certainly not zero."""

        def read(source: Source) -> Bounded:
            value = self._bounded(source)
            if value is None:
                raise Cannot("unknown")
            return value

        value: Bounded = compute(self._bounded.domain, e, read, memo)
        return value.nonzero().expand(e.shape)


def _are_equal(some: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether two nodes also had the same numbers, and decided alike."""
    return len(some) == len(others) and all(
        torch.equal(a, b) if isinstance(a, Tensor) and isinstance(b, Tensor) else a is None and b is None
        for a, b in zip(some, others, strict=True)
    )
