"""What the units of each activation did on each sample: active, exactly on a kink, off, saturated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from zerograd.explaining.explanation import Kind, State, Units
from zerograd.explaining.shadow.bounded import Bounded
from zerograd.explaining.shadow.evaluation import Evaluation
from zerograd.explaining.shadow.rules.table import bind
from zerograd.explaining.tape.nodes import Node, Phase, Source, is_plain
from zerograd.explaining.training.causes.gates import Kink, flat_sides
from zerograd.explaining.training.causes.graph import Graph, base
from zerograd.explaining.training.causes.places import Frame, place_of
from zerograd.explaining.training.kinks import shifted

MOST = 200_000
"""Letters of a step; of more, only the first samples have theirs."""
_ORDER = (State.ACTIVE, State.UNKNOWN, State.AT_KINK, State.SATURATED, State.OFF)
"""What is said of several numbers at once, such as a channel's: the first of these that one of them is."""
_LETTERS = "".join(state.value for state in _ORDER)
_CODES = {state: code for code, state in enumerate(_ORDER)}
_SHRINKS = ("hardshrink", "softshrink")
_SMOOTH = ("sigmoid", "tanh")


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is known of an activation.

    Attributes:
        argument: what it is applied to.
        name: what one calls it.
        flat: its kinks with a flat side.
        bends: its other kinks.
        joint: whether a unit has to be on the flat side of all of them.
    """

    argument: Source
    name: str
    flat: tuple[Kink, ...]
    bends: tuple[float, ...] = ()
    joint: bool = False


def unit_states(
    graph: Graph,
    bounded: Evaluation[Bounded],
    signs: Callable[[Source], Tensor],
    batch: int | None,
) -> tuple[Units, ...]:
    """Return the states of all units of the activations that ran going forward, in order.

    A unit is a column of a layer, or a channel. It is what the most alive of its numbers on a sample is: a
    channel is off where it is off at every position, a unit that ran several times where it was off each
    time. Activations in which no dimension is that of the samples are left out. The side of a kink is that of
    the exact argument, wherever that is known; slopes of sigmoid and tanh, which are never 0, count as
    saturated where they are 0 in floating point.

    Args:
        signs: asked where error bounds do not tell on which side of a kink an argument lies.
    """
    merged: dict[tuple[str, torch.Size], Tensor] = {}
    for node in graph.nodes:
        if node.phase is Phase.BACKWARD or not node.has_floats or node.operation == "leaf":
            continue
        found = _codes(node, graph, bounded, signs)
        if found is None:
            continue
        name, codes = found
        frame = Frame.of_value(node, codes.shape, batch)
        if frame.samples is None and codes.dim() > 1:
            continue
        states = frame.split(codes).amin(-1)
        key = place_of(node, name), states.shape
        merged[key] = torch.minimum(merged[key], states) if key in merged else states
    known = {key: states for key, states in merged.items() if bool((states != _CODES[State.UNKNOWN]).any())}
    return tuple(_letters(known))


def _letters(states: dict[tuple[str, torch.Size], Tensor]) -> Iterator[Units]:
    """Yield states as texts; of very many, those of the first samples, and of too many units none."""
    table = torch.tensor(list(_LETTERS.encode()), dtype=torch.uint8)
    width, fitting = 0, {}
    for key, codes in states.items():
        if width + codes.shape[1] <= MOST:
            width += codes.shape[1]
            fitting[key] = codes
    for (where, _), codes in fitting.items():
        rows = table[codes[: max(MOST // max(width, 1), 1)].long()]
        yield Units(where, tuple(bytes(row.tolist()).decode() for row in rows))


def _codes(
    node: Node, graph: Graph, bounded: Evaluation[Bounded], signs: Callable[[Source], Tensor]
) -> tuple[str, Tensor] | None:
    """Return what one calls an activation, and the state of each of its numbers; None of anything else."""
    result = node.results[0]
    if base(node.operation) in _SMOOTH and node.number in graph.parametric and is_plain(result):
        return base(node.operation), _of_smooth(node)
    shape = _shape(node, graph)
    if shape is None or shape.argument.run.shape != result.shape or not is_plain(result):
        return None
    value = bounded(shape.argument)
    if value is None:
        return None
    codes = torch.full(result.shape, _CODES[State.ACTIVE], dtype=torch.int8)
    unknown = torch.zeros(result.shape, dtype=torch.bool)
    at_kink = unknown.clone()
    off: list[tuple[Tensor, State]] = []
    for kink in shape.flat:
        side = _sides(shape.argument, value, kink.bound, signs)
        off.append((side == kink.side, State.OFF if kink.kind is Kind.DEAD else State.SATURATED))
        at_kink, unknown = at_kink | (side == 0), unknown | (side == _UNKNOWN)
    for bend in shape.bends:
        side = _sides(shape.argument, value, bend, signs)
        at_kink, unknown = at_kink | (side == 0), unknown | (side == _UNKNOWN)
    if shape.joint:
        codes[torch.stack([mask for mask, _ in off]).all(0)] = _CODES[State.OFF]
    else:
        for mask, state in off:
            codes[mask] = _CODES[state]
    codes[at_kink] = _CODES[State.AT_KINK]
    codes[unknown] = _CODES[State.UNKNOWN]
    return shape.name, codes


def _of_smooth(node: Node) -> Tensor:
    """Return the states of a sigmoid or a tanh: saturated where its slope is 0 in the run's floats."""
    y = node.results[0].detach()
    slope = y * (1 - y) if base(node.operation) == "sigmoid" else 1 - y * y
    codes = torch.full(y.shape, _CODES[State.ACTIVE], dtype=torch.int8)
    codes[slope == 0] = _CODES[State.SATURATED]
    codes[~slope.isfinite()] = _CODES[State.UNKNOWN]
    return codes


_UNKNOWN = 2


def _sides(
    argument: Source, value: Bounded, bound: float | Tensor, signs: Callable[[Source], Tensor]
) -> Tensor:
    """Return on which side of a bound the exact argument lies: −1, 0 (there), 1, or 2 (not known)."""
    distance = value.value - bound
    # the error of the difference is at most half an ulp of it
    certain = distance.abs() > value.errors * (1 + 2.0**-40) + distance.abs() * 2.0**-50
    exact = value.errors == 0
    sides = torch.where(certain | exact, distance.sign(), _UNKNOWN).to(torch.int8)
    open_ = ~certain & ~exact & value.value.isfinite()
    if bool(open_.any()) and not isinstance(bound, Tensor):
        known = signs(argument if bound == 0 else shifted(argument, bound))
        sides = torch.where(open_, known.to(torch.int8), sides)
    sides[~value.value.isfinite()] = _UNKNOWN
    return sides


def _shape(node: Node, graph: Graph) -> _Shape | None:
    """Return what is known of the activation that a node applies."""
    operation = base(node.operation)
    if operation in ("maximum", "minimum"):
        return _chosen(node, graph)
    call = bind(node) if node.function is not None else {}
    argument = call.get("self", call.get("input"))
    if not isinstance(argument, Source) or argument.node.number not in graph.parametric:
        return None
    if operation == "abs":
        return _Shape(argument, "abs", (), (0.0,))
    if operation == "_prelu_kernel" or (operation == "leaky_relu" and call["negative_slope"] != 0):
        return _Shape(argument, operation.removesuffix("_kernel"), (), (0.0,))
    sides = flat_sides(node)
    if sides is None or operation == "elu":
        return None
    name, flat = sides
    bends = (3.0,) if operation == "hardswish" else ()
    return _Shape(argument, name, flat, bends, operation in _SHRINKS)


def _chosen(node: Node, graph: Graph) -> _Shape | None:
    """Return what is known of the larger, or the smaller, of a value and a bound."""
    sources: Sequence[Source] = node.sources()
    values = [source for source in sources if source.node.number in graph.parametric]
    bounds = [source for source in sources if source.node.number not in graph.parametric]
    if len(values) != 1 or len(bounds) != 1:
        return None
    run = bounds[0].run
    bound: float | Tensor = float(run) if run.numel() == 1 else run.double()
    larger = base(node.operation) == "maximum"
    kink = Kink(bound, -1, Kind.DEAD) if larger else Kink(bound, 1, Kind.SATURATED)
    return _Shape(values[0], base(node.operation), (kink,))
