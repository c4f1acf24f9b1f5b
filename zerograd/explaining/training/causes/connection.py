"""Whether a parameter is connected with the loss, and where the way is cut if it is not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path as File

from zerograd.explaining.explanation import Cause, Kind
from zerograd.explaining.shadow.evaluation import is_decision
from zerograd.explaining.tape.nodes import Node, Origin, Phase, Source
from zerograd.explaining.training.causes.graph import base, operands, whole_cone
from zerograd.explaining.training.causes.places import place_of


def connection(loss: Source | None, leaves: Collection[Node], entries: int, requires_grad: bool) -> Cause:
    """Return why ``backward`` left no gradient for a parameter.

    Args:
        loss: what ``backward`` started from.
        leaves: the nodes that are this parameter.
        entries: how many it has.
    """
    if not requires_grad:
        return Cause(Kind.FROZEN, "", None, entries, True)
    if loss is None:
        return Cause(Kind.NOT_CONNECTED, "", None, entries, True)
    by_floats = _path(loss, leaves, through_decisions=False)
    if by_floats is not None:
        where, operation = _cut(by_floats)
        return Cause(Kind.DETACHED, where, None, entries, True, details={"operation": operation})
    node = decision_between(loss, leaves)
    if node is not None:
        operation = base(node.operation)
        return Cause(
            Kind.PIECEWISE_CONSTANT,
            place_of(node, operation),
            None,
            entries,
            True,
            details={"operation": operation},
        )
    return Cause(Kind.NOT_CONNECTED, "", None, entries, True)


def decision_between(loss: Source, leaves: Collection[Node]) -> Node | None:
    """Return the last decision, such as argmax, by which the loss depends on some leaves; None if by none."""
    numbers = {leaf.number for leaf in leaves}
    nodes = [node for node in whole_cone([loss], past=True) if node.phase is not Phase.BACKWARD]
    dependent = set(numbers)
    for node in nodes:
        if any(source.node.number in dependent for source in operands(node)):
            dependent.add(node.number)
    useful = {loss.node.number}
    last = None
    for node in reversed(nodes):
        if node.number not in useful or node.number not in dependent or node.number in numbers:
            continue
        useful.update(source.node.number for source in operands(node))
        if is_decision(node) and any(s.is_float and s.node.number in dependent for s in node.sources()):
            last = last or node
    return last


def _path(loss: Source, leaves: Collection[Node], through_decisions: bool) -> Sequence[Node] | None:
    """Return nodes from a leaf to the loss, each read by the next; None if there is no way."""
    numbers = {leaf.number for leaf in leaves}
    after: dict[int, Node | None] = {loss.node.number: None}
    waiting = [loss.node]
    while waiting:
        node = waiting.pop()
        if node.number in numbers:
            path: list[Node] = [node]
            while (following := after[path[-1].number]) is not None:
                path.append(following)
            return path
        if is_decision(node) and not through_decisions and node.operation != "leaf":
            continue
        for source in operands(node):
            if source.node.number not in after and (source.is_float or through_decisions):
                after[source.node.number] = node
                waiting.append(source.node)
    return None


_DETACH = "detach() or .data"
"""What cuts a way; the recorder sees both as one operation."""


def _cut(path: Sequence[Node]) -> tuple[str, str]:
    """Return where a way is cut, and by what, as far as can be told."""
    for before, after in pairwise(path):
        if not after.enabled:
            drawn, file = after.origin is Origin.RANDOM, after.place.file
            where = f"{File(file).name}:{after.place.line}" if drawn and file else place_of(after)
            return where, "a random draw under no_grad()" if drawn else "no_grad()"
        if not _follows(before, after):
            if before.detached is not None and before.detached.file is not None:
                return f"{File(before.detached.file).name}:{before.detached.line}", _DETACH
            leaf = before.operation == "leaf" or before.detached is not None
            return place_of(after) if leaf else f"the result of {place_of(before)}", _DETACH
    return place_of(path[-1]), "detach() or no_grad()"


def _follows(before: Node, after: Node) -> bool:
    """Whether autograd follows the way from one node to the next, as far as is known."""
    sources = after.sources()
    if not after.enabled or len(sources) != len(after.required):
        return after.enabled
    return any(
        required for source, required in zip(sources, after.required, strict=True) if source.node is before
    )
