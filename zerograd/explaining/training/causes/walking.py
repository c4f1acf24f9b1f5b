"""Walking a graph with some zeros taken as they are, and all others as if they could be anything.

A *site* is a place where zeros begin: entries of a leaf, a gate that is closed, a sum whose terms cancel.
Walking with some sites closed and all others open tells which gradient entries these sites alone make zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.evaluation import is_decision
from zerograd.explaining.shadow.identities.laws import forward_of
from zerograd.explaining.shadow.rules.table import Call, find
from zerograd.explaining.shadow.zeros import Pattern, ZeroDomain, broadcast
from zerograd.explaining.tape.nodes import Node, Origin, Phase, Source, see
from zerograd.explaining.training.causes.gates import is_gate
from zerograd.explaining.training.causes.graph import Graph, base
from zerograd.explaining.training.causes.masks import is_attention

Slot = tuple[int, str, int]
"""A node's number, what begins there (``leaf``, ``gate``, ``output``), and which one: the phase that reads a
leaf, a gate's number within its rule, an output."""
FORWARD, BACKWARD = 0, 1
Closed = Mapping[Slot, Tensor]
"""Where sites are closed."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A place where zeros begin.

    Attributes:
        zeros: true where it makes a zero.
    """

    node: Node
    slot: Slot
    zeros: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """A gate that some rule asked about.

    Attributes:
        closed: true where it lets nothing through.
        second: whether what it lets through is the second side of a selection.
    """

    node: Node
    slot: Slot
    closed: Tensor
    second: bool


class _Call(Call[Pattern]):
    """A call in which zeros among the arguments count as any numbers, where all constants do."""

    def of(self, argument: Any) -> Pattern:
        if isinstance(argument, bool | int | float) and isinstance(self.domain, ZeroDomain):
            return Pattern(()) if self.domain.open_constants else self.domain.constant(argument, ())
        return super().of(argument)


Values = tuple[Pattern, ...]


class Walk:
    """Patterns of all values that some gradients depend on.

    Attributes:
        nodes: all of them, in the order of execution; what comes back from the loss counts as a leaf.
        gates: by slot, those that were asked about with all sites open.
        readers: by number, the nodes that read a value.
        factors: numbers of decisions (masks, signs) whose values are multiplied by, or added.
    """

    def __init__(
        self, graph: Graph, gradients: Sequence[Source], tick: Callable[[], None] | None = None
    ) -> None:
        self.graph, self._tick = graph, tick
        self.nodes = self._cone(gradients)
        self.gates: dict[Slot, Gate] = {}
        self._domain = ZeroDomain()
        self.factors: set[int] = set()
        self._cones: dict[int, list[Node]] = {}
        self.readers: dict[int, list[Node]] = {}
        for node in self.nodes:
            for source in self._reads(node):
                self.readers.setdefault(source.node.number, []).append(node)
        self._base: dict[int, Values] = {}
        for node in self.nodes:
            if self._tick:
                self._tick()
            self._base[node.number] = self._evaluate(node, self._base_read, self._discover(node))

    def _cone(self, gradients: Sequence[Source]) -> list[Node]:
        seen: dict[int, Node] = {}
        waiting = [source.node for source in gradients]
        while waiting:
            node = waiting.pop()
            if node.number not in seen:
                seen[node.number] = node
                waiting.extend(source.node for source in self._reads(node))
        return [seen[number] for number in sorted(seen)]

    def _reads(self, node: Node) -> Iterable[Source]:
        """Return what a pattern is computed from: floats, and decisions that are multiplied by."""
        if node.number in self.graph.loss_backward or node.operation == "leaf" or is_decision(node):
            return ()
        return node.sources()

    def born(self, source: Source) -> dict[Node, frozenset[int]]:
        """Return the operations on which a value depends and which give zeros whatever they read.

        An operation of the backward pass is one with that of the forward pass that it belongs to, by which it
        is given, with the numbers of both.
        """
        groups: dict[Node, list[Node]] = {}
        for node in self.cone_of(source):
            if not self._is_start(node) and any(not p.is_full for p in self._base[node.number]):
                groups.setdefault(forward_of(node), []).append(node)
        born: dict[Node, frozenset[int]] = {}
        for forward, nodes in groups.items():
            numbers = frozenset(node.number for node in nodes)
            read = [s.node.number for node in nodes for s in self._reads(node)]
            if all(p.is_full for n in read if n not in numbers for p in self._base[n]):
                born[forward] = numbers
        return born

    # one node

    def _evaluate(self, node: Node, read: Callable[[Source], Pattern], closing: Any) -> Values:
        earlier = node.origin is not Origin.CONSTANT  # a gradient of earlier passes, which stays as it is
        if node.operation == "leaf" and self.is_given(node) and (earlier or not self._domain.open_constants):
            return tuple(self._domain.leaf(r) for r in node.results)
        rule = None if self._is_start(node) else find(node.operation)
        if rule is None and (node.operation != "write" or self._is_start(node)):
            return _full(node)
        self._domain.start(closing)
        try:
            if node.operation == "write":
                whole, positions, part = node.arguments
                value: Any = self._domain.put(read(whole), positions, read(part))
            else:
                value = rule(_Call(node, self._domain, read)) if rule else None
        except Cannot:
            return _full(node)
        finally:
            self._domain.end()
        several = value if isinstance(value, tuple) else (value,)
        rest = _full(node)[len(several) :]
        full = _full(node)
        return (*[v if v is not None else full[i] for i, v in enumerate(several)], *rest)

    def is_given(self, node: Node) -> bool:
        """Whether a leaf's zeros are the program's: constants, and gradients that others are added to."""
        if node.origin is Origin.CONSTANT:
            return True
        readers = self.readers.get(node.number, ())
        return all(
            n.phase is Phase.BACKWARD and base(n.operation) in ("add", "_foreach_add") for n in readers
        )

    def _is_start(self, node: Node) -> bool:
        return node.operation == "leaf" or is_decision(node) or node.number in self.graph.loss_backward

    def _base_read(self, source: Source) -> Pattern:
        if is_decision(source.node):
            self.factors.add(source.node.number)
        return self._see(source, self._base[source.node.number][source.output])

    def _see(self, source: Source, whole: Pattern) -> Pattern:
        if source.view is None:
            return whole
        if whole.is_full:
            return Pattern(source.view.size)
        layout, view = source.node.layout(source.output), source.view
        # `see` needs memory of its own: not expanded, nor a part of something else
        return Pattern.of(see(whole.mask.clone(memory_format=torch.contiguous_format), layout, view))

    def _discover(self, node: Node) -> Callable[..., Any]:
        """Return what notes the gates of a node with all of them open; other choices are within a rule."""
        return self._open(node) if is_gate(node) else self._closing(node, None)

    def chooses(self, node: Node) -> bool:
        """Whether zeros that a node gives whatever it reads are its own choice, not places that it fills."""
        known = set(self.gates)
        opened = self._evaluate(node, self._base_read, self._open(node))
        self.gates = {slot: gate for slot, gate in self.gates.items() if slot in known}
        return any(not a.same(b) for a, b in zip(opened, self._base[node.number], strict=True))

    def _open(self, node: Node) -> Callable[..., Any]:
        def closing(number: int, mask: Tensor, a: Pattern, b: Pattern | None) -> tuple[Tensor, bool] | None:
            if is_attention(node) and b is not None:
                return None
            if b is None or (b.is_zero and not a.is_zero):
                closed, second, through = ~mask, False, a
            elif a.is_zero and not b.is_zero:
                closed, second, through = mask, True, b
            else:
                return None
            slot = (node.number, "gate", number)
            shape = broadcast(mask.shape, through.shape, b.shape if b is not None else ())
            self.gates[slot] = Gate(node, slot, closed.expand(shape), second)
            return torch.zeros((), dtype=torch.bool), second

        return closing

    # what is exactly so

    def exact(self, zero: Callable[[Source], Tensor]) -> tuple[dict[int, Values], list[Site], set[Slot]]:
        """Return the exact patterns, the sites of zeros that no factor explains, and which of them are sums.

        Args:
            zero: where a value is certainly zero.
        """
        exact: dict[int, Values] = {}
        local: list[Site] = []
        sums: set[Slot] = set()
        for node in self.nodes:
            if self._tick:
                self._tick()

            def read(source: Source) -> Pattern:
                return self._see(source, exact[source.node.number][source.output])

            if self._is_start(node):
                if node.number in self.graph.loss_backward:
                    exact[node.number] = tuple(
                        Pattern.of(~zero(Source(node, i))) if _is_float(r) else p
                        for i, (r, p) in enumerate(zip(node.results, _full(node), strict=True))
                    )
                else:
                    exact[node.number] = tuple(
                        Pattern.of(r != 0) if isinstance(r, Tensor) else Pattern(()) for r in node.results
                    )
                continue
            values = list(self._evaluate(node, read, self._closing(node, None)))
            summed = self._domain.summed
            for i, result in enumerate(node.results):
                if not _is_float(result) or values[i].is_zero:
                    continue
                zeros = values[i].mask & zero(Source(node, i))
                if bool(zeros.any()):
                    slot = (node.number, "output", i)
                    local.append(Site(node, slot, zeros))
                    if summed:
                        sums.add(slot)
                    values[i] = values[i].without(zeros)
            exact[node.number] = tuple(values)
        return exact, local, sums

    def _closing(self, node: Node, closed: Closed | None) -> Callable[..., Any]:
        """Return what tells a rule where its gates are closed: everywhere where they were, or as told."""

        def closing(number: int, *_: object) -> tuple[Tensor, bool] | None:
            slot = (node.number, "gate", number)
            gate = self.gates.get(slot)
            if gate is None:
                return None
            if closed is None:
                return gate.closed, gate.second
            return closed.get(slot, torch.zeros((), dtype=torch.bool)), gate.second

        return closing

    # walks

    def walk(
        self,
        closed: Closed,
        open_constants: bool = False,
        only: Source | None = None,
        opened: frozenset[int] = frozenset(),
    ) -> Callable[[Source], Tensor]:
        """Return which entries can be non-zero when the given sites are closed and all others are open.

        Args:
            open_constants: count zeros that the program wrote as non-zero.
            only: the value that will be asked about.
            opened: numbers of nodes whose results are taken to be anything.
        """
        slots: dict[int, list[Slot]] = {}
        for slot in closed:
            slots.setdefault(slot[0], []).append(slot)
        changed: dict[int, Values] = {}
        leaves: dict[tuple[int, int], Pattern] = {}
        self._domain.open_constants = open_constants
        try:
            for node in self.nodes if only is None else self.cone_of(only):
                here = slots.get(node.number, ())
                if self._tick:
                    self._tick()
                if node.number in opened:
                    changed[node.number] = _full(node)
                else:
                    self._step(node, here, closed, changed=changed, leaves=leaves, everything=open_constants)
        finally:
            self._domain.open_constants = False

        def result(source: Source) -> Tensor:
            values = changed.get(source.node.number, self._base[source.node.number])
            return self._see(source, values[source.output]).mask

        return result

    def cone_of(self, source: Source) -> list[Node]:
        """Return the nodes on which a value depends."""
        if source.node.number not in self._cones:
            self._cones[source.node.number] = self._cone([source])
        return self._cones[source.node.number]

    def _step(
        self,
        node: Node,
        here: Sequence[Slot],
        closed: Closed,
        *,
        changed: dict[int, Values],
        leaves: dict[tuple[int, int], Pattern],
        everything: bool,
    ) -> None:
        base = self._base[node.number]
        touched = everything or any(kind == "gate" for _, kind, _ in here)
        if not self._is_start(node) and not touched:
            phase = _phase(node)
            touched = any(
                s.node.number in changed or (s.node.number, phase) in leaves for s in self._reads(node)
            )
        values = base
        if touched:

            def read(source: Source) -> Pattern:
                leaf = leaves.get((source.node.number, _phase(node)))
                if leaf is not None:
                    return self._see(source, leaf)
                known = changed.get(source.node.number, self._base[source.node.number])
                return self._see(source, known[source.output])

            values = self._evaluate(node, read, self._closing(node, closed))
        for slot in here:
            _, kind, which = slot
            if kind == "leaf":
                leaves[node.number, which] = values[0].without(closed[slot])
            elif kind == "output":
                values = tuple(v.without(closed[slot]) if i == which else v for i, v in enumerate(values))
        if any(not v.same(b) for v, b in zip(values, base, strict=True)):
            changed[node.number] = values


def _phase(node: Node) -> int:
    return BACKWARD if node.phase is Phase.BACKWARD else FORWARD


def _is_float(result: Any) -> bool:
    return isinstance(result, Tensor) and result.is_floating_point()


def _full(node: Node) -> Values:
    return tuple(Pattern(r.shape if isinstance(r, Tensor) else ()) for r in node.results)


def union(closings: Iterable[Closed]) -> dict[Slot, Tensor]:
    """Return what is closed where any of some is."""
    together: dict[Slot, Tensor] = {}
    for closed in closings:
        for slot, zeros in closed.items():
            together[slot] = together[slot] | zeros if slot in together else zeros
    return together
