"""Sums whose terms are opposite by the way they were computed, such as those of two opposite losses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

from torch import Tensor

from zerograd.explaining.shadow.rules.table import bind
from zerograd.explaining.tape.nodes import Node, Origin, Phase, Source
from zerograd.explaining.training.causes.graph import base, whole_cone

PASSES = "one backward pass adds to the gradient the opposite of what another adds"
_GRADIENTS = ("grad_output", "grad_out", "grad")
_PRODUCTS = ("mul", "mm", "bmm", "div")
_LINEAR = ("neg", "sum", "mean", "clone", "_to_copy")
_SUMS = ("add", "_foreach_add")
_SMALL = 64
"""Entries of constants that are compared."""

Signed = tuple[int, int]
"""What a value is but for its sign, by number; and the sign."""


class Opposites:
    """Values numbered by how they were computed: those of one number are equal, or opposite.

    Derivatives are linear in what comes back, so the sign of that is theirs.
    """

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._known: dict[int, Signed] = {}

    def cancel(self, node: Node) -> bool:
        """Whether a node adds up terms of several backward passes that are opposite, whatever they are."""
        if base(node.operation) not in _SUMS or node.phase is not Phase.BACKWARD:
            return False
        for each in whole_cone([Source(node, 0)]):
            if each.number not in self._known:
                self._known[each.number] = self._signed(each)
        terms = [(term, factor) for term, factor in _terms(Source(node, 0)) if not _is_nothing(term)]
        totals: Counter[Hashable] = Counter()
        for term, factor in terms:
            key, sign = self._value(term)
            totals[key] += sign * factor
        return not any(totals.values()) and _of_several_passes([term.node for term, _ in terms])

    def _value(self, source: Source) -> tuple[Hashable, int]:
        number, sign = self._known[source.node.number]
        return (number, source.output, source.view), sign

    def _signed(self, node: Node) -> Signed:
        if node.operation == "leaf" or node.function is None:
            return self._number(_leaf(node)), 1
        operation, call = base(node.operation), bind(node)
        if operation in _PRODUCTS:
            free = tuple(call)[:2]
        elif operation in _LINEAR:
            free = tuple(call)[:1]
        else:
            free = tuple(name for name in _GRADIENTS if isinstance(call.get(name), Source))[:1]
        sign = -1 if operation == "neg" else 1
        key: list[Hashable] = [operation, node.layouts]
        for name, argument in call.items():
            part, mine = self._part(argument)
            if name in free:
                sign, mine = sign * mine, 1
            key.append((name, part, mine))
        source = call.get("self")
        if operation == "neg" and isinstance(source, Source) and _is_alike(source, node):
            return self._known[source.node.number][0], sign
        return self._number(tuple(key)), sign

    def _part(self, argument: Any) -> tuple[Hashable, int]:
        if isinstance(argument, Source):
            return self._value(argument)
        if isinstance(argument, tuple):
            return tuple(self._part(each) for each in argument), 1
        if isinstance(argument, int | float) and not isinstance(argument, bool):
            return (type(argument).__name__, abs(argument)), -1 if argument < 0 else 1
        return (type(argument).__name__, repr(argument)), 1

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))


def _is_alike(source: Source, node: Node) -> bool:
    """Whether a value is the only result of its node, as it is, and lies in its storage as another node's."""
    return source.view is None and len(source.node.results) == 1 and source.node.layouts == node.layouts


def _leaf(node: Node) -> Hashable:
    """Return what tells leaves apart: constants by their numbers."""
    result = node.results[0] if node.results else None
    if node.origin is Origin.CONSTANT and isinstance(result, Tensor) and result.numel() <= _SMALL:
        return "constant", str(result.dtype), tuple(result.shape), repr(result.tolist())
    return node.number


def _terms(source: Source, factor: int = 1) -> list[tuple[Source, int]]:
    """Return the terms of a sum; each counts ``factor`` times."""
    node = source.node
    if base(node.operation) not in _SUMS or source.view is not None or node.phase is not Phase.BACKWARD:
        return [(source, factor)]
    parts = [argument for argument in list(bind(node).values())[:2] if isinstance(argument, Source)]
    if len(parts) != 2 or bind(node).get("alpha", 1) != 1:
        return [(source, factor)]
    return [term for part in parts for term in _terms(part, factor)]


def _is_nothing(term: Source) -> bool:
    """Whether a term is what a gradient was before: 0."""
    return term.node.operation == "leaf" and not bool(term.run.any())


def _of_several_passes(nodes: Sequence[Node]) -> bool:
    """Whether some began after others had been computed."""
    starts = [
        min(n.number for n in whole_cone([Source(node, 0)]) if n.phase is Phase.BACKWARD) for node in nodes
    ]
    return bool(starts) and max(starts) > min(node.number for node in nodes)
