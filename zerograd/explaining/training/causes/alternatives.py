"""What gradients would be with the slope on the other side of a kink."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from zerograd.explaining.shadow.bounded import Bounded, BoundedDomain
from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.evaluation import Evaluation
from zerograd.explaining.shadow.rules.table import Call, find
from zerograd.explaining.tape.nodes import Node, Source, see
from zerograd.explaining.training.causes.origins import Root
from zerograd.explaining.training.causes.walking import Gate, Slot, Walk


class _OpenDomain(BoundedDomain):
    """Float64 with error bounds, in which some gates let more through: on kinks, with the other slope."""

    def __init__(self, gates: Mapping[Slot, Gate]) -> None:
        self._gates = gates
        self._node, self._count = 0, 0
        self._opened: Mapping[Slot, Tensor] = {}

    def start(self, node: Node, opened: Mapping[Slot, Tensor]) -> None:
        """Begin a rule."""
        self._node, self._count, self._opened = node.number, 0, opened

    def _mask(self, mask: Tensor) -> Tensor:
        slot = (self._node, "gate", self._count)
        self._count += 1
        opened = self._opened.get(slot)
        if opened is None:
            return mask
        return mask & ~opened if self._gates[slot].second else mask | opened

    def gate(self, mask: Tensor, v: Bounded) -> Bounded:
        return super().select(self._mask(mask), v, self.constant(0, ()))

    def select(self, mask: Tensor, a: Bounded, b: Bounded) -> Bounded:
        return super().select(self._mask(mask), a, b)


class Alternatives:
    """Gradients with the gates of some root open."""

    def __init__(self, walk: Walk, bounded: Evaluation[Bounded]) -> None:
        self._walk, self._bounded = walk, bounded
        self._domain = _OpenDomain(walk.gates)

    def largest(self, root: Root, gradient: Source, entries: Tensor) -> float | None:
        """Return the largest of some entries of a gradient with the other slope; None if it is not known."""
        try:
            value = self._gradient(root.closed, gradient)
        except Cannot:
            return None
        there = value.value[entries]
        if not there.numel() or not bool(value.errors[entries].isfinite().all()):
            return None
        return float(there[there.abs().argmax()])

    def _gradient(self, opened: Mapping[Slot, Tensor], gradient: Source) -> Bounded:
        changed: dict[int, tuple[Any, ...]] = {}
        numbers = {slot[0] for slot in opened if slot[1] == "gate"}

        def read(source: Source) -> Bounded:
            if source.node.number not in changed:
                value = self._bounded(source)
                if value is None:
                    raise Cannot(source.node.operation)
                return value
            whole = changed[source.node.number][source.output]
            if whole is None:
                raise Cannot(source.node.operation)
            layout, view = source.node.layouts[source.output], source.view
            if view is None or layout is None:
                return whole  # type: ignore[no-any-return]
            return self._domain.move(lambda t: see(t.contiguous(), layout, view), whole)

        for node in self._walk.cone_of(gradient):
            rule = find(node.operation)
            depends = any(source.node.number in changed for source in node.sources())
            if node.number not in numbers and not depends:
                continue
            if rule is None and node.operation != "write":
                raise Cannot(node.operation)
            self._domain.start(node, opened)
            if rule is None:
                whole, positions, part = node.arguments
                value: Any = self._domain.put(read(whole), positions, read(part))
            else:
                value = rule(Call(node, self._domain, read))
            changed[node.number] = value if isinstance(value, tuple) else (value,)
        return read(gradient)
