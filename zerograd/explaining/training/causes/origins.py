"""Where zeros begin: leaves, closed gates, sums that cancel, what does not come back from the loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple
from weakref import WeakMethod

import torch
from torch import Tensor

from zerograd.explaining.explanation import Kind
from zerograd.explaining.shadow.bounded import Bounded
from zerograd.explaining.shadow.evaluation import Evaluation, is_decision
from zerograd.explaining.shadow.identities.laws import ALONE, forward_of, words_of
from zerograd.explaining.shadow.zeros import broadcasts
from zerograd.explaining.tape.nodes import Node, Origin, Phase, Place, Source, see
from zerograd.explaining.training.causes.dependence import Dependence
from zerograd.explaining.training.causes.gates import Gates, Part
from zerograd.explaining.training.causes.graph import base
from zerograd.explaining.training.causes.masks import CLOSED, EMPTY, SINGLE, masked
from zerograd.explaining.training.causes.opposites import PASSES, Opposites
from zerograd.explaining.training.causes.places import place_of
from zerograd.explaining.training.causes.walking import BACKWARD, FORWARD, Closed, Site, Slot, Walk


class Law(NamedTuple):
    """Why something is zero for all values that it is computed from.

    Attributes:
        text: a sentence without its full stop.
        operation: the operation of the forward pass that it is a law of.
        place: where that ran.
        structural: whether it holds for all data, not only for those of this run.
    """

    text: str
    operation: str
    place: Place
    structural: bool = True


@dataclass(slots=True, eq=False)
class Root:
    """What can make zeros by itself: a layer's dead units, the zeros of one weight, of one input.

    Attributes:
        anchor: the node at which it is named.
        sites: where it makes zeros.
        structural: where these are zeros whatever the data are, by slot.
        derived: whether it is itself the work of others, and wanted only where none of these suffices.
        factor: what is zero, in words.
    """

    kind: Kind
    anchor: Node
    name: str
    derived: bool = False
    factor: str | None = None
    law: Law | None = None
    slope: Fraction | None = None
    side: str = ""
    sites: list[Site] = field(default_factory=list)
    structural: dict[Slot, Tensor] = field(default_factory=dict)

    @property
    def closed(self) -> dict[Slot, Tensor]:
        """Where its sites make zeros."""
        closed: dict[Slot, Tensor] = {}
        for site in self.sites:
            closed[site.slot] = closed[site.slot] | site.zeros if site.slot in closed else site.zeros
        return closed

    def fixed(self, closed: Closed) -> dict[Slot, Tensor]:
        """Return those of its zeros that do not depend on data."""
        return {slot: zeros & self.structural[slot] for slot, zeros in closed.items()}


_MOST_ENTRIES = 1024
"""Entries of one value of which laws are asked for."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a graph beside the graph.

    Attributes:
        zeros: where each of some values is certainly zero.
        name: what a leaf is called; None where it has no name.
        identity: the laws that make entries of a value zero, of those that are, and which entries.
        inputs: names of leaves that are data, though they require a gradient.
        batch: number of samples; None where it is to be found out.
        bounded: the values in float64 with error bounds, to tell what other slopes would give.
    """

    zeros: Callable[[Sequence[Source]], Sequence[Tensor]]
    name: Callable[[Node], str | None] = lambda _node: None
    identity: Callable[[Source, Tensor], Mapping[Law, Tensor]] = lambda _source, _zeros: {}
    inputs: frozenset[str] = frozenset()
    batch: int | None = None
    bounded: Evaluation[Bounded] | None = None

    def is_input(self, node: Node) -> bool:
        """Whether a node is an input that requires a gradient."""
        return bool(self.inputs) and node.operation == "leaf" and self.name(node) in self.inputs

    def laws(self, source: Source, zeros: Tensor) -> Mapping[Law, Tensor]:
        """Return the laws that make entries of a value zero.

        A law of all of the first entries is taken as that of the rest, which are zero, too.
        """
        asked = torch.zeros(zeros.numel(), dtype=torch.bool)
        asked[zeros.flatten().nonzero().flatten()[:_MOST_ENTRIES]] = True
        asked = asked.reshape(zeros.shape)
        found = self.identity(source, asked)
        if len(found) == 1:
            ((law, entries),) = found.items()
            if torch.equal(entries & asked, asked):
                return {law: zeros}
        return found


class Origins:
    """All roots of zeros in one walk."""

    def __init__(self, walk: Walk, facts: Facts, known: Mapping[Source, Tensor] | None = None) -> None:
        """Find all roots.

        Args:
            known: where some values are zero, beside what the facts tell.
        """
        self._walk, self._facts, self._graph = walk, facts, walk.graph
        self._zeros: dict[Source, Tensor] = {}
        self._ask([Source(node, i) for node in walk.nodes for i in floats_of(node)])
        for source, zeros in (known or {}).items():
            whole = Source(source.node, source.output)
            self._zeros[whole] = self.zero(whole) | _on_whole(source, zeros)
        self.exact, self._local, self._sums = walk.exact(self.zero)
        zero = WeakMethod(self.zero)  # a cycle would keep the whole step in memory
        self._gates = Gates(walk.graph, lambda v: zero()(v), facts.bounded)  # type: ignore[misc]  # noqa: PLW0108
        self._dependence = Dependence(walk, self.exact)
        self._opposites = Opposites()
        self._roots: dict[tuple[object, ...], Root] = {}
        for add in (self._leaves, self._closed_gates, self._decisions, self._cancellations, self._adjoints):
            add()
        self._values()
        self.roots = list(self._roots.values())

    def zero(self, source: Source) -> Tensor:
        """Return where a value is certainly zero."""
        if source not in self._zeros:
            self._ask([source])
        return self._zeros[source]

    def _ask(self, sources: list[Source]) -> None:
        self._zeros.update(zip(sources, self._facts.zeros(sources), strict=True))

    def _add(self, root: Root, site: Site, changes: Tensor) -> None:
        place = root.anchor.place
        at: object = root.anchor.number
        if place.file or place.module:
            # steps of a loop are one place; two layers on one line are not
            weights = frozenset(self._weights(root.anchor, _REACH))
            at = (place.module, place.file, place.line, weights)
        key = (root.kind, root.name, root.factor, root.derived, root.law, at)
        side, root = root.side, self._roots.setdefault(key, root)
        root.side = side if root.side == side else ""
        root.sites.append(site)
        if not broadcasts(changes.shape, site.zeros.shape):  # of a gate inside a rule
            changes = changes.any()
        fixed = (~changes).expand(site.zeros.shape)
        known = root.structural.get(site.slot)
        root.structural[site.slot] = fixed if known is None else known & fixed

    def _weights(self, node: Node, reach: int) -> Iterator[str | int]:
        """Yield what tells parameters apart that a value was computed with a few operations before."""
        for source in node.sources() if reach else ():
            other = source.node
            if self._graph.is_parameter(other):
                yield self._facts.name(other) or other.number
            elif other.phase is not Phase.BACKWARD and other.operation != "leaf":
                yield from self._weights(other, reach - 1)

    def _leaves(self) -> None:
        for node in self._walk.nodes:
            pattern = self.exact[node.number]
            if node.operation != "leaf" or self._walk.is_given(node) or pattern[0].is_full:
                continue
            zeros = ~pattern[0].mask
            phases = {BACKWARD if n.phase is Phase.BACKWARD else FORWARD for n in self._readers(node)}
            if self._graph.is_parameter(node):
                name = self._facts.name(node) or "a weight"
                for phase in sorted(phases):
                    kind = Kind.ZERO_WEIGHT if phase == BACKWARD else Kind.ZERO_FACTOR
                    root = Root(kind, node, name, factor=name)
                    self._add(root, Site(node, (node.number, "leaf", phase), zeros), _NEVER)
                continue
            name = self._leaf_name(node)
            changes = _ALWAYS if self._graph.is_data(node) else _NEVER
            for phase in sorted(phases):
                root = Root(Kind.ZERO_FACTOR, node, name, factor=name)
                self._add(root, Site(node, (node.number, "leaf", phase), zeros), changes)

    def _leaf_name(self, node: Node) -> str:
        name = self._facts.name(node)
        if name is not None:
            return name
        if node.origin is Origin.RANDOM:
            drops = any(
                "dropout" in n.operation
                or (n.place.module is not None and n.place.module[1].find("Dropout") >= 0)
                for n in (node, *self._readers(node))
            )
            return "the dropout mask" if drops or base(node.operation) == "bernoulli" else "a random number"
        if node.origin is Origin.BUFFER:
            return "a buffer"
        if node.results[0].dim() == 0:
            return "a constant"
        return "a mask" if node.results[0].dtype is torch.bool else "the input"

    def _readers(self, node: Node) -> list[Node]:
        return self._walk.readers.get(node.number, [])

    def _closed_gates(self) -> None:
        for gate in self._walk.gates.values():
            if not bool(gate.closed.any()):
                continue
            if self._masked(Site(gate.node, gate.slot, gate.closed)) is not None:
                continue
            for part in self._gates.parts(gate.node, gate.closed):
                if part.kind is Kind.AT_KINK and gate.node.phase is not Phase.BACKWARD:
                    continue  # nothing is lost there: the argument itself is 0
                self._add_part(part, Site(gate.node, gate.slot, part.zeros))

    def _add_part(self, part: Part, site: Site) -> None:
        factor = f"{part.name} at {place_of(part.anchor)}" if part.kind is Kind.ZERO_FACTOR else None
        if part.argument is None:
            changes = self._dependence.changes(Source(part.anchor, 0)) if part.anchor.results else _ALWAYS
            factor = part.name
        else:
            changes = self._dependence.changes(part.argument)
        root = Root(part.kind, part.anchor, part.name, factor=factor, slope=part.slope, side=part.side)
        self._add(root, site, changes)

    def _decisions(self) -> None:
        for node in self._walk.nodes:
            if node.number not in self._walk.factors or node.operation == "leaf":
                continue
            pattern = self.exact[node.number][0]
            if pattern.is_full:
                continue
            zeros, slot = ~pattern.mask, (node.number, "output", 0)
            if node.operation in ("sgn", "sign"):
                parts: Iterator[Part] = self._gates.sign(node, zeros)
            else:
                parts = self._gates.masked(Source(node, 0), zeros)
            for part in parts:
                self._add_part(part, Site(node, slot, part.zeros))

    def _cancellations(self) -> None:
        for site in self._local:
            node = site.node
            source = Source(node, site.slot[2])
            if node.number in self._graph.loss_forward:
                continue
            if node.phase is not Phase.BACKWARD:
                left = self._masked(site)
                if left is not None and not bool(left.any()):
                    continue
                root = Root(Kind.ZERO_FACTOR, node, base(node.operation), factor=self._gates.result_of(node))
                self._add(root, site, self._dependence.changes(source))
                continue
            if self._opposites.cancel(node):
                law, whole = Law(PASSES, "", Place()), torch.ones_like(site.zeros)
                self._add(Root(Kind.IDENTITY, node, "", law=law), Site(node, site.slot, whole), _NEVER)
                continue
            rest = self._lawful(source, site)
            if not bool(rest.zeros.any()):
                continue
            if _is_slope(node):
                name = node.operation.removesuffix("_backward")
                root = Root(Kind.ZERO_FACTOR, node, name, factor=f"the slope of {name}")
                self._add(root, rest, _ALWAYS)
            elif site.slot in self._sums:
                self._add(Root(Kind.CANCELLATION, node, str(node.number)), rest, _ALWAYS)

    def _masked(self, site: Site) -> Tensor | None:
        """Add the zeros that a mask makes among weights of attention, and return those that it does not.

        None where these are no such weights.
        """
        weights = masked(self._graph, site.node, site.zeros)
        if weights is None:
            return None
        changes = _NEVER if weights.fixed else _ALWAYS
        forward = forward_of(site.node)
        law = Law(SINGLE, forward.operation, forward.place, weights.fixed)
        for root, zeros in (
            (Root(Kind.IDENTITY, site.node, forward.operation, law=law), weights.single),
            (Root(Kind.ZERO_FACTOR, forward, "mask", factor=EMPTY), weights.empty),
            (Root(Kind.ZERO_FACTOR, forward, "mask", factor=CLOSED), weights.others),
        ):
            if bool(zeros.any()):
                self._add(root, Site(site.node, site.slot, zeros), changes)
        return site.zeros & ~weights.single & ~weights.empty & ~weights.others

    def _adjoints(self) -> None:
        for node in self._walk.nodes:
            if node.number not in self._graph.loss_backward:
                continue
            for i, pattern in enumerate(self.exact[node.number]):
                if pattern.is_full or not isinstance(node.results[i], Tensor):
                    continue
                site = Site(node, (node.number, "output", i), ~pattern.mask)
                forward = forward_of(node)
                if words_of(forward) == ALONE:
                    law = Law(ALONE, forward.operation, forward.place)
                    self._add(Root(Kind.IDENTITY, node, law.operation, law=law), site, _NEVER)
                    continue
                self._add(Root(Kind.ZERO_ADJOINT, node, "loss"), site, _ALWAYS)

    def _lawful(self, source: Source, site: Site) -> Site:
        """Add what laws make zero at a site, and return the rest."""
        rest = site.zeros
        for law, zeros in self._facts.laws(source, rest).items():
            here = Site(site.node, site.slot, zeros & rest)
            changes = _NEVER if law.structural else _ALWAYS
            self._add(Root(Kind.IDENTITY, site.node, law.operation, law=law), here, changes)
            rest = rest & ~zeros
        return Site(site.node, site.slot, rest)

    def _values(self) -> None:
        """Add values of the forward pass that the backward pass multiplies by: whatever made them zero."""
        for node in self._walk.nodes:
            if node.operation == "leaf" or node.phase is Phase.BACKWARD or is_decision(node):
                continue
            if node.number in self._graph.loss_forward:
                continue
            if not any(n.phase is Phase.BACKWARD for n in self._readers(node)):
                continue
            for i, pattern in enumerate(self.exact[node.number]):
                if pattern.is_full or not isinstance(node.results[i], Tensor):
                    continue
                source = Source(node, i)
                site = Site(node, (node.number, "output", i), ~pattern.mask)
                factor = self._gates.result_of(node)
                root = Root(Kind.ZERO_FACTOR, node, "value", derived=True, factor=factor)
                self._add(root, site, self._dependence.changes(source))


def _on_whole(source: Source, zeros: Tensor) -> Tensor:
    """Return zeros of a view as zeros of the value that it is a view of."""
    if source.view is None:
        return zeros
    whole = source.node.results[source.output]
    layout = source.node.layout(source.output)
    positions = see(torch.arange(whole.numel()).reshape(whole.shape), layout, source.view)
    flat = torch.zeros(whole.numel(), dtype=torch.bool)
    flat[positions[zeros]] = True
    return flat.reshape(whole.shape)


def floats_of(node: Node) -> list[int]:
    """Return which results of a node are floats that were computed."""
    if node.operation == "leaf" or is_decision(node):
        return []
    return [i for i, r in enumerate(node.results) if isinstance(r, Tensor) and r.is_floating_point()]


_REACH = 3
"""Operations between an activation and the weights of its layer."""
_ALWAYS = torch.ones((), dtype=torch.bool)
_NEVER = torch.zeros((), dtype=torch.bool)


def _is_slope(node: Node) -> bool:
    """Whether an operation multiplies by an activation's derivative, entry by entry."""
    return node.operation.removesuffix("_backward") in _SMOOTH and node.operation.endswith("_backward")


_SMOOTH = frozenset(
    [
        "elu",
        "gelu",
        "hardsigmoid",
        "hardswish",
        "hardtanh",
        "log_sigmoid",
        "mish",
        "sigmoid",
        "silu",
        "softplus",
        "tanh",
        "celu",
        "selu",
    ]
)
