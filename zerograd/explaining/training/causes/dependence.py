"""Which values stay as they are whatever the data are: what is zero among them is structural."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot, Domain, Number
from zerograd.explaining.shadow.evaluation import is_decision
from zerograd.explaining.shadow.rules.table import Call, find
from zerograd.explaining.shadow.zeros import Pattern, ZeroDomain, broadcasts
from zerograd.explaining.tape.nodes import Node, Phase, Source, see
from zerograd.explaining.training.causes.walking import Values, Walk

_NONE = torch.zeros((), dtype=torch.bool)


class Fate:
    """What other data could do: entries that can be non-zero for some, and entries that change with them."""

    __slots__ = ("changes", "live")

    def __init__(self, live: Pattern, changes: Pattern) -> None:
        self.live, self.changes = live, changes


class FateDomain(Domain[Fate]):
    """Fates: a product with what is 0 for all data does not change with them.

    Attributes:
        masked: whether the program gave the operation at hand its masks; else it chooses by its arguments.
    """

    def __init__(self) -> None:
        self._d, self.masked = ZeroDomain(), False

    def leaf(self, tensor: Tensor) -> Fate:
        return _fixed(self._d.leaf(tensor))

    def constant(self, number: Number, shape: Sequence[int]) -> Fate:
        return _fixed(self._d.constant(number, shape))

    def shape(self, v: Fate) -> tuple[int, ...]:
        return v.live.shape

    def move(self, f: Callable[[Tensor], Tensor], v: Fate) -> Fate:
        return Fate(self._d.move(f, v.live), self._d.move(f, v.changes))

    def join(self, f: Callable[[list[Tensor]], Tensor], vs: Sequence[Fate]) -> Fate:
        return Fate(self._d.join(f, [v.live for v in vs]), self._d.join(f, [v.changes for v in vs]))

    def select(self, mask: Tensor, a: Fate, b: Fate) -> Fate:
        changes = self._d.select(mask, a.changes, b.changes)
        if not self.masked:  # an argument that changes may be on the other side with other data
            changes = self._d.add(changes, self._d.add(a.changes, b.changes))
        return Fate(self._d.select(mask, a.live, b.live), changes)

    def gate(self, mask: Tensor, v: Fate) -> Fate:
        # a gate that its own argument closes may open with other data
        live = v.live.mask & (mask | v.changes.mask)
        return Fate(Pattern.of(live), Pattern.of(v.changes.mask.expand(live.shape)))

    def put(self, v: Fate, positions: Tensor, w: Fate) -> Fate:
        return Fate(self._d.put(v.live, positions, w.live), self._d.put(v.changes, positions, w.changes))

    def spread(self, v: Fate, positions: Tensor, size: int) -> Fate:
        return Fate(self._d.spread(v.live, positions, size), self._d.spread(v.changes, positions, size))

    def sum(self, v: Fate, dims: Sequence[int], keepdim: bool = False) -> Fate:
        return Fate(self._d.sum(v.live, dims, keepdim), self._d.sum(v.changes, dims, keepdim))

    def add(self, a: Fate, b: Fate) -> Fate:
        return Fate(self._d.add(a.live, b.live), self._d.add(a.changes, b.changes))

    def neg(self, a: Fate) -> Fate:
        return a

    def mul(self, a: Fate, b: Fate) -> Fate:
        return self._product(self._d.mul, a, b)

    def scale(self, a: Fate, number: Number) -> Fate:
        return Fate(self._d.scale(a.live, number), self._d.scale(a.changes, number))

    def div(self, a: Fate, b: Fate) -> Fate:
        changes = self._d.add(self._d.div(a.changes, b.live), self._d.mul(a.live, b.changes))
        return Fate(self._d.div(a.live, b.live), changes)

    def matmul(self, a: Fate, b: Fate) -> Fate:
        return self._product(self._d.matmul, a, b)

    def unary(self, name: str, v: Fate) -> Fate:
        return Fate(self._d.unary(name, v.live), v.changes)

    def _product(self, f: Callable[[Pattern, Pattern], Pattern], a: Fate, b: Fate) -> Fate:
        return Fate(f(a.live, b.live), self._d.add(f(a.changes, b.live), f(a.live, b.changes)))


def _fixed(live: Pattern) -> Fate:
    return Fate(live, Pattern.of(torch.zeros(live.shape, dtype=torch.bool)))


class Dependence:
    """What the values of the forward pass would be with other data: the same, or not."""

    def __init__(self, walk: Walk, exact: dict[int, Values]) -> None:
        self._graph, self._domain = walk.graph, FateDomain()
        self._fates: dict[int, tuple[Fate, ...]] = {}
        for node in walk.nodes:
            if node.phase is not Phase.BACKWARD or node.operation == "leaf":
                self._fates[node.number] = self._evaluate(node, exact[node.number])

    def changes(self, source: Source) -> Tensor:
        """Return which entries of a value may change with the data."""
        fates = self._fates.get(source.node.number)
        if fates is None:
            return torch.ones(source.run.shape, dtype=torch.bool)
        return self._see(source, fates[source.output]).changes.mask

    def _evaluate(self, node: Node, exact: Values) -> tuple[Fate, ...]:
        if node.number not in self._graph.from_data:
            return tuple(_fixed(p) for p in exact)
        changing = tuple(Fate(Pattern(p.shape), Pattern(p.shape)) for p in exact)
        rule = find(node.operation)
        if is_decision(node) and node.operation != "leaf":
            return tuple(self._decided(node, p) for p in exact)
        if node.operation == "write":
            whole, positions, part = node.arguments
            value = self._domain.put(self._read(whole), positions, self._read(part))
            return (value,)
        if node.operation == "leaf" or rule is None:
            return changing
        self._domain.masked = any(not source.is_float for source in node.sources())
        try:
            value = rule(Call(node, self._domain, self._read))
        except Cannot:
            return changing
        several = value if isinstance(value, tuple) else (value,)
        fates = []
        for i, pattern in enumerate(exact):
            fate = several[i] if i < len(several) and several[i] is not None else changing[i]
            changes = fate.changes.mask
            for source in node.sources():
                if not source.is_float:
                    changes = changes | _fitted(self.changes(source), changes.shape)
            live = Pattern.of((fate.live.mask & pattern.mask) | changes)
            fates.append(Fate(live, Pattern.of(changes)))
        return tuple(fates)

    def _decided(self, node: Node, exact: Pattern) -> Fate:
        changes = torch.zeros(exact.shape, dtype=torch.bool)
        for source in node.sources():
            changes = changes | _fitted(self.changes(source), exact.shape)
        return Fate(Pattern.of(exact.mask | changes), Pattern.of(changes))

    def _read(self, source: Source) -> Fate:
        fates = self._fates.get(source.node.number)
        if fates is None:  # of a backward pass that the loss is computed from
            return Fate(Pattern(source.run.shape), Pattern(source.run.shape))
        return self._see(source, fates[source.output])

    def _see(self, source: Source, fate: Fate) -> Fate:
        layout, view = source.node.layouts[source.output], source.view
        if view is None or layout is None:
            return fate
        return self._domain.move(
            lambda t: see(t.clone(memory_format=torch.contiguous_format), layout, view), fate
        )


def _fitted(changes: Tensor, shape: Sequence[int]) -> Tensor:
    """Return the entries that change in a result of some shape, given those of a decision that made it."""
    if broadcasts(changes.shape, shape):
        return changes
    return changes.any().expand(tuple(shape)) if bool(changes.any()) else _NONE


__all__ = ["Dependence", "Fate"]
