"""Why a gate is closed: on which side of which kink its activation's argument lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import torch
from torch import Tensor

from zerograd.explaining.explanation import Kind
from zerograd.explaining.shadow.bounded import Bounded
from zerograd.explaining.shadow.evaluation import Evaluation
from zerograd.explaining.shadow.rules.table import bind
from zerograd.explaining.shadow.zeros import broadcasts
from zerograd.explaining.tape.nodes import Node, Phase, Source
from zerograd.explaining.training.causes.graph import Graph, base
from zerograd.explaining.training.causes.masks import is_attention
from zerograd.explaining.training.causes.places import place_of

Bound: TypeAlias = float | Tensor


@dataclass(frozen=True, slots=True)
class Kink:
    """A kink with a flat side.

    Attributes:
        side: −1 if the function is flat below, 1 if above.
        kind: what a unit on the flat side is.
        slope: on the other side; None where it is not known.
    """

    bound: Bound
    side: int
    kind: Kind
    slope: Fraction | None = Fraction(1)


@dataclass(frozen=True, slots=True)
class Activation:
    """A piecewise function that was applied.

    Attributes:
        argument: its argument.
        name: what one calls it.
        kinks: those beside which it is flat.
    """

    argument: Source
    name: str
    kinks: tuple[Kink, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Closed entries of one kind.

    Attributes:
        anchor: the node at which they are named: the activation that ran forward, else its argument.
        argument: the activation's argument; None for masks that are no activation's.
        slope, side: on a kink, the slope on its other side, and which one that is.
    """

    kind: Kind
    zeros: Tensor
    anchor: Node
    name: str
    argument: Source | None = None
    slope: Fraction | None = None
    side: str = ""


_FAMILY = {
    "threshold_backward": ("relu", "threshold"),
    "relu": ("relu", "threshold_backward"),
    "threshold": ("threshold",),
    "hardtanh": ("hardtanh", "relu6"),
    "relu6": ("relu6", "hardtanh"),
    "hardsigmoid": ("hardsigmoid",),
    "hardswish": ("hardswish",),
    "hardshrink": ("hardshrink",),
    "softshrink": ("softshrink",),
    "leaky_relu": ("leaky_relu",),
    "elu": ("elu",),
}
_CLAMPS = ("clamp", "clamp_min", "clamp_max")
_CHOICES = (
    "clamp",
    "clamp_min",
    "clamp_max",
    "maximum",
    "minimum",
    "where",
    "masked_fill",
    "abs",
    "max",
    "min",
    "mul",
)
_ORDER = {"gt": -1, "ge": -1, "lt": 1, "le": 1}
_TURNS = ("logical_not", "bitwise_not", "__invert__")
_JOINS = (
    "logical_and",
    "bitwise_and",
    "__and__",
    "logical_or",
    "bitwise_or",
    "__or__",
    "mul",
    "_to_copy",
    "clone",
)


class Gates:
    """Classification of closed gates in one graph."""

    def __init__(
        self, graph: Graph, zero: Callable[[Source], Tensor], bounded: Evaluation[Bounded] | None = None
    ) -> None:
        self._graph, self._zero, self._bounded = graph, zero, bounded
        self._forward: dict[int, list[Node]] = {}
        for node in graph.nodes:
            if node.phase is not Phase.BACKWARD:
                for source in node.sources():
                    self._forward.setdefault(source.node.number, []).append(node)

    def result_of(self, node: Node) -> str:
        """Return what one calls the result of a node that ran forward: a layer has others than its output."""
        place, module = place_of(node), node.place.module
        within = any(reader.place.module == module for reader in self._forward.get(node.number, ()))
        if module is not None and place.endswith(module[1] + ")" * bool(module[0])) and within:
            return f"what {base(node.operation).lstrip('_')} gives inside {place}"
        return f"the output of {place}"

    def parts(self, node: Node, closed: Tensor) -> Iterator[Part]:
        """Yield the closed entries of a gate in ``node`` by kind, with the activation to which it belongs."""
        activation = self._named(node)
        if activation is None:
            mask = self._mask(node)
            if mask is None:
                yield Part(Kind.ZERO_FACTOR, closed, node, _mask_name(node))
                return
            turned = bool((mask.run & closed).any())  # closed where the mask is true, as in masked_fill
            yield from self.masked(mask, closed, turned)
            return
        yield from self._sorted(
            activation, closed, self._anchor(activation, _FAMILY.get(_root(node), _CHOICES))
        )

    def masked(self, mask: Source, closed: Tensor, turned: bool = False) -> Iterator[Part]:
        """Yield closed entries of a mask by kind: comparisons with a bound are activations.

        Args:
            turned: whether the mask is true where nothing passes.
        """
        compared = list(self._comparisons(mask, -1 if turned else 1))
        arguments = {source.node.number: source for source, _, _ in compared}
        if len(arguments) == 1:
            (argument,) = arguments.values()
            bounds = [(bound, side) for _, bound, side in compared]
            kinks = tuple(Kink(bound, side, _kind_of(bound, side, len(bounds))) for bound, side in bounds)
            anchor = self._reader(argument, _CHOICES)
            name = base(anchor.operation) if anchor is not None else "a comparison"
            activation = Activation(argument, name, kinks)
            yield from self._sorted(activation, closed, anchor or argument.node)
            return
        name = _mask_name(mask.node)
        if mask.run.dtype is not torch.bool:  # numbers that the run decided, as pixels divided by //
            name = "whole numbers" if mask.node.number in self._graph.parametric else "the input"
        yield Part(Kind.ZERO_FACTOR, closed, mask.node, name)

    def sign(self, node: Node, zeros: Tensor) -> Iterator[Part]:
        """Yield the entries at which the sign of a number is 0: the kink of its absolute value."""
        (argument, *_) = node.sources()
        anchor = self._reader(argument, ("abs",)) or argument.node
        yield Part(Kind.AT_KINK, zeros, anchor, "abs", argument, Fraction(1))

    def _named(self, node: Node) -> Activation | None:
        """Return the activation that an operation is, or is the backward pass of."""
        root = _root(node)
        if root not in _FAMILY and root not in _CLAMPS:
            return None
        call = bind(node)
        argument = call.get("self", call.get("input"))
        if not isinstance(argument, Source):
            return None
        if node.phase is Phase.BACKWARD and _root(argument.node) in _FAMILY.get(root, ()):
            before = bind(argument.node).get("self")  # the result was kept, not the argument
            if isinstance(before, Source) and before.run.shape == argument.run.shape:
                argument = before
        return Activation(argument, *_shape(root, call))

    def _sorted(self, activation: Activation, closed: Tensor, anchor: Node) -> Iterator[Part]:
        z = activation.argument
        run = z.run
        if not broadcasts(run.shape, closed.shape):
            yield Part(Kind.ZERO_FACTOR, closed, anchor, activation.name)
            return
        left = closed
        exactly = self._zero(z)
        at_kinks: list[tuple[Tensor, Fraction | None, str]] = []
        rounded: list[tuple[Tensor, Kind]] = []  # on the kink in the run, and exactly not
        for kink in activation.kinks:
            at = (run == kink.bound) & left
            if not isinstance(kink.bound, Tensor) and kink.bound == 0:
                at = (at | exactly) & left
            left = left & ~at
            beside = at & self._beside(z, kink.bound)
            rounded.append((beside, kink.kind))
            at_kinks.append((at & ~beside, kink.slope, "right" if kink.side < 0 else "left"))
        for at, slope, side in at_kinks:
            if bool(at.any()):
                yield Part(Kind.AT_KINK, at, anchor, activation.name, z, slope, side)
        for beside, kind in rounded:
            if bool(beside.any()):
                yield Part(kind, beside, anchor, activation.name, z)
        for kink in activation.kinks:
            beyond = left & (run < kink.bound if kink.side < 0 else run > kink.bound)
            left = left & ~beyond
            if bool(beyond.any()):
                yield Part(kink.kind, beyond, anchor, activation.name, z)
        if bool(left.any()):
            yield Part(Kind.ZERO_FACTOR, left, anchor, activation.name, z)

    def _beside(self, source: Source, bound: Bound) -> Tensor:
        """Return where a value is exactly not the bound, by error bounds."""
        value = self._bounded(source) if self._bounded is not None else None
        if value is None:
            return torch.zeros(source.run.shape, dtype=torch.bool)
        distance = (value.value - bound).abs()
        return distance > value.errors * (1 + 2.0**-40) + distance * 2.0**-50

    def _anchor(self, activation: Activation, names: tuple[str, ...]) -> Node:
        return self._reader(activation.argument, names) or activation.argument.node

    def _reader(self, argument: Source, names: tuple[str, ...]) -> Node | None:
        """Return the node of the forward pass that applies one of some operations to a value."""
        for node in self._forward.get(argument.node.number, ()):
            if base(node.operation) in names:
                return node
        for node in self._forward.get(argument.node.number, ()):
            # a comparison whose result is used: z * (z > 0)
            if base(node.operation) in _ORDER:
                return next(iter(self._forward.get(node.number, [node])))
        return None

    def _mask(self, node: Node) -> Source | None:
        call = bind(node)
        for name in ("condition", "mask"):
            if isinstance(call.get(name), Source):
                source: Source = call[name]
                return source
        return None

    def _comparisons(self, mask: Source, turn: int) -> Iterator[tuple[Source, Bound, int]]:
        """Yield (value, bound, flat side) of the comparisons that a mask is made of."""
        node = mask.node
        operation = base(node.operation)
        if operation in _ORDER:
            call = bind(node)
            value, bound, side = call["self"], call["other"], _ORDER[operation] * turn
            if isinstance(bound, Source) and bound.node.number in self._graph.parametric:
                if isinstance(value, Source) and value.node.number in self._graph.parametric:
                    return
                value, bound, side = bound, value, -side
            if isinstance(value, Source) and value.node.number in self._graph.parametric:
                yield value, _bound(bound), side
        elif operation in _TURNS:
            for source in node.sources():
                yield from self._comparisons(source, -turn)
        elif operation in _JOINS:
            for source in node.sources():
                yield from self._comparisons(source, turn)


def _mask_name(node: Node) -> str:
    return "the dropout mask" if "dropout" in node.operation else "a mask"


def flat_sides(node: Node) -> tuple[str, tuple[Kink, ...]] | None:
    """Return what one calls a piecewise function that a node applies, and beside which kinks it is flat."""
    root = _root(node)
    return _shape(root, bind(node)) if root in _FAMILY or root in _CLAMPS else None


def is_gate(node: Node) -> bool:
    """Whether an operation lets some entries pass and others not: an activation, a mask."""
    root = _root(node)
    if root in _FAMILY or root in _CLAMPS or "dropout" in root or is_attention(node):
        return True
    names = {a.name for a in node.function._schema.arguments} if node.function is not None else ()
    return "condition" in names or "mask" in names


def _root(node: Node) -> str:
    name = base(node.operation)
    return name if name in _FAMILY else name.removesuffix("_backward")


def _bound(bound: Any) -> Bound:
    if isinstance(bound, Source):
        run = bound.run
        return float(run) if run.dim() == 0 else run
    return float(bound)


def _kind_of(bound: Bound, side: int, kinks: int) -> Kind:
    """Return what a unit beyond a bound is: off below the only kink or below 0, else beyond its range."""
    zero = not isinstance(bound, Tensor) and bound == 0
    return Kind.DEAD if side < 0 and (kinks == 1 or zero) else Kind.SATURATED


def _shape(root: str, call: Any) -> tuple[str, tuple[Kink, ...]]:
    """Return an activation's name and kinks, from its operation and arguments."""
    match root:
        case "relu":
            return "relu", (Kink(0.0, -1, Kind.DEAD),)
        case "threshold_backward" | "threshold":
            threshold = float(call["threshold"])
            return "relu" if threshold == 0 else "threshold", (Kink(threshold, -1, Kind.DEAD),)
        case "hardtanh" | "relu6":
            low, high = float(call.get("min_val", 0)), float(call.get("max_val", 6))
            name = "relu6" if (low, high) == (0, 6) else "hardtanh"
            return name, (Kink(low, -1, _kind_of(low, -1, 2)), Kink(high, 1, Kind.SATURATED))
        case "hardsigmoid":
            sixth = Fraction(1, 6)
            return root, (Kink(-3.0, -1, Kind.SATURATED, sixth), Kink(3.0, 1, Kind.SATURATED, sixth))
        case "hardswish":
            return root, (Kink(-3.0, -1, Kind.DEAD, Fraction(-1, 2)),)
        case "hardshrink" | "softshrink":
            reach = float(call["lambd"])
            return root, (Kink(-reach, 1, Kind.DEAD), Kink(reach, -1, Kind.DEAD))
        case "leaky_relu" | "elu":
            return root, (Kink(0.0, -1, Kind.DEAD),)
        case _:  # clamp and its halves
            bounds = [(call.get("min"), -1), (call.get("max"), 1)]
            given = [(_bound(bound), side) for bound, side in bounds if bound is not None]
            return "clamp", tuple(Kink(b, side, _kind_of(b, side, len(given))) for b, side in given)
