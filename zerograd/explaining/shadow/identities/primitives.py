"""One operation of the run, taken apart into the operations of an arithmetic.

The table's rules are run in an arithmetic whose values are expressions, so that every rule says how its
operation can be taken apart, without being written again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot, Domain, Number
from zerograd.explaining.shadow.evaluation import is_decision
from zerograd.explaining.shadow.identities.laws import ROWS, forward_of
from zerograd.explaining.shadow.rules.table import Call, find
from zerograd.explaining.tape.nodes import Node, Source, see


@dataclass(eq=False, slots=True)
class Expression:
    """One operation of the arithmetic on other expressions.

    Attributes:
        kind: ``source``, ``leaf``, or the name of the operation.
        order: place in the order in which the expressions of one node were made.
        age: number of the latest node that it depends on directly.
        extra: what the operation needs beside: the source, a tensor, a number, where entries come from, …
    """

    kind: str
    arguments: tuple[Expression, ...]
    shape: tuple[int, ...]
    order: int
    age: int
    extra: Any = None


class ExpressionDomain(Domain[Expression]):
    """Expressions."""

    def __init__(self) -> None:
        self._made = 0

    def _make(
        self, kind: str, arguments: Sequence[Expression], shape: Sequence[int], extra: Any
    ) -> Expression:
        self._made += 1
        age = max((argument.age for argument in arguments), default=-1)
        return Expression(kind, tuple(arguments), tuple(shape), self._made, age, extra)

    def source(self, source: Source) -> Expression:
        """Return the expression for a tensor that the operation read."""
        expression = self._make("source", (), source.run.shape, source)
        expression.age = source.node.number
        return expression

    def leaf(self, tensor: Tensor) -> Expression:
        return self._make("leaf", (), tensor.shape, tensor)

    def constant(self, number: Number, shape: Sequence[int]) -> Expression:
        return self._make("constant", (), shape, number)

    def shape(self, v: Expression) -> tuple[int, ...]:
        return v.shape

    def move(self, f: Callable[[Tensor], Tensor], v: Expression) -> Expression:
        origin = f(_counted(v.shape, 1))
        return self._make("move", (v,), origin.shape, (f, origin))

    def join(self, f: Callable[[list[Tensor]], Tensor], vs: Sequence[Expression]) -> Expression:
        numbers, start = [], 1
        for v in vs:
            numbers.append(_counted(v.shape, start))
            start += torch.Size(v.shape).numel()
        origin = f(numbers)
        return self._make("join", vs, origin.shape, (f, origin))

    def select(self, mask: Tensor, a: Expression, b: Expression) -> Expression:
        return self._make("select", (a, b), _broadcast(mask.shape, a.shape, b.shape), mask)

    def put(self, v: Expression, positions: Tensor, w: Expression) -> Expression:
        size = torch.Size(v.shape).numel()
        return self._make("put", (v, w), (size,), positions)

    def spread(self, v: Expression, positions: Tensor, size: int) -> Expression:
        return self._make("spread", (v,), (size,), (positions, size))

    def sum(self, v: Expression, dims: Sequence[int], keepdim: bool = False) -> Expression:
        dims = sorted({d % len(v.shape) for d in dims}) if v.shape else []
        if not dims:
            return v
        kept = [1 if d in dims else n for d, n in enumerate(v.shape) if keepdim or d not in dims]
        return self._make("sum", (v,), kept, (tuple(dims), keepdim))

    def _pair(self, kind: str, a: Expression, b: Expression) -> Expression:
        return self._make(kind, (a, b), _broadcast(a.shape, b.shape), None)

    def add(self, a: Expression, b: Expression) -> Expression:
        return self._pair("add", a, b)

    def neg(self, a: Expression) -> Expression:
        return self._make("neg", (a,), a.shape, None)

    def mul(self, a: Expression, b: Expression) -> Expression:
        return self._pair("mul", a, b)

    def scale(self, a: Expression, number: Number) -> Expression:
        return a if number == 1 else self._make("scale", (a,), a.shape, number)

    def div(self, a: Expression, b: Expression) -> Expression:
        return self._pair("div", a, b)

    def matmul(self, a: Expression, b: Expression) -> Expression:
        batch = _broadcast(a.shape[:-2], b.shape[:-2])
        return self._make("matmul", (a, b), (*batch, a.shape[-2], b.shape[-1]), None)

    def unary(self, name: str, v: Expression) -> Expression:
        return self._make("unary", (v,), v.shape, name)


def _broadcast(*shapes: Sequence[int]) -> tuple[int, ...]:
    return tuple(torch.broadcast_shapes(*map(tuple, shapes)))


def _counted(shape: Sequence[int], start: int) -> Tensor:
    n = torch.Size(shape).numel()
    return torch.arange(start, start + n, dtype=torch.float64).reshape(tuple(shape))


def take_apart(node: Node) -> tuple[Expression | None, ...] | None:
    """Return expressions for a node's results; None for leaves, decisions, and where there is no rule."""
    if node.operation == "leaf" or is_decision(node):
        return None
    domain = ExpressionDomain()

    def read(source: Source) -> Expression:
        return domain.source(source) if source.is_float else domain.leaf(source.run)

    try:
        if node.operation == "write":
            whole, positions, part = node.arguments
            parts: Any = domain.put(read(whole), positions, read(part))
        else:
            f = find(node.operation)
            if f is None:
                return None
            parts = f(Call(node, domain, read))
    except Cannot:
        return None
    return parts if isinstance(parts, tuple) else (parts,) + (None,) * (len(node.results) - 1)


def decides(node: Node, parts: Sequence[Expression | None] | None) -> bool:
    """Whether results depend on what the run decided: masks, indices, which number is the largest.

    Those of a softmax do not, though its rule looks for the largest entry.
    """
    if any(not source.is_float for source in node.sources()):
        return True
    if any(isinstance(r, Tensor) and not r.is_floating_point() and r.numel() for r in node.results):
        return True
    if forward_of(node).operation in ROWS:
        return False
    waiting, seen = [part for part in parts or () if part is not None], set[int]()
    while waiting:
        e = waiting.pop()
        if e.kind in ("select", "leaf"):
            return True
        if e.order not in seen:
            seen.add(e.order)
            waiting.extend(e.arguments)
    return False


def compute(
    domain: Domain[Any], e: Expression, read: Callable[[Source], Any], memo: dict[Expression, Any]
) -> Any:
    """Return the value of an expression in another arithmetic."""
    if e not in memo:
        a = [compute(domain, argument, read, memo) for argument in e.arguments]
        memo[e] = _apply(domain, e, a, read)
    return memo[e]


def _apply(domain: Domain[Any], e: Expression, a: list[Any], read: Callable[[Source], Any]) -> Any:
    match e.kind:
        case "source":
            return read(e.extra)
        case "leaf":
            return domain.leaf(e.extra)
        case "constant":
            return domain.constant(e.extra, e.shape)
        case "move":
            return domain.move(e.extra[0], a[0])
        case "join":
            return domain.join(e.extra[0], a)
        case "select":
            return domain.select(e.extra, a[0], a[1])
        case "put":
            return domain.put(a[0], e.extra, a[1])
        case "spread":
            return domain.spread(a[0], *e.extra)
        case "sum":
            return domain.sum(a[0], *e.extra)
        case "scale":
            return domain.scale(a[0], e.extra)
        case "unary":
            return domain.unary(e.extra, a[0])
        case _:
            return getattr(domain, e.kind)(*a)


def origin_of(source: Source) -> Tensor:
    """Return, for each entry of a source, the flat position in its node's result."""
    whole = source.node.results[source.output]
    places = _counted(whole.shape, 0)
    if source.view is not None:
        layout = source.node.layouts[source.output]
        if layout is None:
            raise Cannot("no layout")
        places = see(places, layout, source.view)
    return places.to(torch.int64)
