"""Computing the values of a graph in one domain, on demand."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any, Generic

import torch

from zerograd.explaining.shadow.domain import Cannot, Domain, V
from zerograd.explaining.shadow.rules.table import DECIDED, Call, find
from zerograd.explaining.tape.nodes import Node, Source, is_plain, see

OURS = ("leaf", "write")


def is_supported(node: Node) -> bool:
    """Whether there is a rule for a node, or it is a leaf or a decision."""
    return node.operation in OURS or is_decision(node) or find(node.operation) is not None


def is_decision(node: Node) -> bool:
    """Whether a node's results are taken from the run as they are: integers, booleans, and rounded floats."""
    return not node.has_floats or node.operation in DECIDED


def reads(node: Node) -> Iterable[Source]:
    """Return what a node's value is computed from; nothing for leaves and decisions."""
    if node.operation == "leaf" or is_decision(node):
        return ()
    return [source for source in node.sources() if source.is_float]


def cone(sources: Iterable[Source], known: Container[int] = ()) -> list[Node]:
    """Return every node that some values depend on, through floats, in the order of execution.

    Args:
        known: numbers of nodes at which to stop.
    """
    seen: dict[int, Node] = {}
    waiting = [source.node for source in sources]
    while waiting:
        node = waiting.pop()
        if node.number in seen or node.number in known:
            continue
        seen[node.number] = node
        waiting.extend(source.node for source in reads(node))
    return [seen[number] for number in sorted(seen)]


class Evaluation(Generic[V]):
    """Values in one domain, computed once and kept as long as this object lives.

    Attributes:
        reasons: why a node has no value in this domain, by its number.
    """

    def __init__(self, domain: Domain[V], tick: Callable[[], None] | None = None) -> None:
        self.domain = domain
        self.reasons: dict[int, str] = {}
        self._values: dict[int, tuple[V | None, ...]] = {}
        self._views: dict[Source, V] = {}
        self._tick = tick

    def __call__(self, source: Source) -> V | None:
        """Return the value of a source; None where it is unknown in this domain."""
        for node in cone([source], self._values):
            if self._tick:
                self._tick()
            self._values[node.number] = self._evaluate(node)
        try:
            return self._read(source)
        except Cannot:
            return None

    def known(self, node: Node) -> tuple[V | None, ...] | None:
        """Return a node's values if they were computed."""
        return self._values.get(node.number)

    def _evaluate(self, node: Node) -> tuple[V | None, ...]:
        if node.operation == "leaf" or is_decision(node):
            return tuple(self._decision(result) for result in node.results)
        try:
            values = self._write(node) if node.operation == "write" else self._by_rule(node)
        except Cannot as reason:
            self.reasons[node.number] = str(reason)
            return (None,) * len(node.results)
        several = values if isinstance(values, tuple) else (values,)
        return several + (None,) * (len(node.results) - len(several))

    def _decision(self, result: Any) -> V | None:
        if not isinstance(result, torch.Tensor) or not is_plain(result):
            return None
        return self.domain.leaf(result)

    def _by_rule(self, node: Node) -> Any:
        f = find(node.operation)
        if f is None:
            raise Cannot(f"no rule for {node.operation}")
        return f(Call(node, self.domain, self._read))

    def _write(self, node: Node) -> V:
        whole, positions, part = node.arguments
        flat = self._read(whole)
        return self.domain.put(flat, positions, self._read(part))

    def _read(self, source: Source) -> V:
        if not source.is_float:
            return self.domain.leaf(source.run)
        value = self._values[source.node.number][source.output]
        if value is None:
            raise Cannot(self.reasons.get(source.node.number, f"{source.node.operation} is unknown"))
        if source.view is None:
            return value
        if source not in self._views:
            layout, view = source.node.layout(source.output), source.view
            self._views[source] = self.domain.move(lambda t: see(t, layout, view), value)
        return self._views[source]


def observed(sources: Sequence[Source]) -> list[Node]:
    """Return the nodes without a rule on which some values depend."""
    return [node for node in cone(sources) if not is_supported(node)]
