"""Which gradient entries depend on a unit that rounding carried across a kink."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.bounded import Bounded
from zerograd.explaining.shadow.evaluation import Evaluation, cone, is_decision
from zerograd.explaining.shadow.rules.table import bind
from zerograd.explaining.shadow.zeros import Pattern, broadcast
from zerograd.explaining.tape.nodes import Node, Source
from zerograd.explaining.training.causes.dependence import Fate, FateDomain
from zerograd.explaining.training.causes.graph import base

Signs = Callable[[Source], Tensor]
"""From a value to the signs of its entries: −1, 0, 1, and 2 where they are not known."""


@dataclass(frozen=True, slots=True)
class _Kink:
    """A place at which a derivative jumps; ``upper``: the value there belongs to the side above."""

    at: float
    upper: bool = False


def count_across(
    gradients: Mapping[str, Source], bounded: Evaluation[Bounded], signs: Signs
) -> dict[str, int]:
    """Return how many entries of each gradient have a term whose slope the exact argument would change.

    Args:
        signs: asked where error bounds do not tell on which side of a kink an argument lies.
    """
    nodes = cone(gradients.values())
    crossed = {node.number: mask for node in nodes if (mask := _crossed(node, bounded, signs)) is not None}
    if not crossed:
        return {}
    carried = _Carried(crossed, bounded)
    fates = {name: carried(source) for name, source in gradients.items()}
    return {name: int(fate.changes.mask.sum()) for name, fate in fates.items() if fate is not None}


def _crossed(node: Node, bounded: Evaluation[Bounded], signs: Signs) -> Tensor | None:
    """Return where a backward operation took the slope of a side on which the exact argument is not; None:
    nowhere.
    """
    slopes = _slopes(node)
    if slopes is None:
        return None
    argument, kinks = slopes
    value, run = bounded(argument), argument.run.to(torch.float64)
    if value is None:
        return None
    crossed = torch.zeros(run.shape, dtype=torch.bool)
    for kink in kinks:
        distance = value.value - kink.at
        certain = distance.abs() > value.errors * (1 + 2.0**-40) + distance.abs() * 2.0**-50
        exact = distance.sign()
        if not bool(certain.all()):
            known = signs(argument if kink.at == 0 else shifted(argument, kink.at))
            exact = torch.where(certain, exact, known.to(torch.float64))
        side = _side(run - kink.at, kink.upper)
        crossed |= (side != _side(exact, kink.upper)) & (exact != 2) & run.isfinite()
    if not bool(crossed.any()):
        return None
    comes_back = next((bounded(source) for source in node.sources()), None)
    if comes_back is not None and comes_back.value.shape == crossed.shape:
        crossed &= ~comes_back.zero()
    return crossed if bool(crossed.any()) else None


def _side(distance: Tensor, upper: bool) -> Tensor:
    return distance >= 0 if upper else distance > 0


def shifted(argument: Source, at: float) -> Source:
    """Return the argument minus a kink's place, as a value of the graph.

    Its number is none that the recorder gives: evaluations keep values by number.
    """
    function, run = torch.ops.aten.sub.Scalar, argument.run - at
    return Source(Node(next(_NUMBERS), "sub", function, (argument, at), {}, (run,), (None,)), 0)


_NUMBERS = count(2**62)
"""Numbers of nodes that did not run."""


def _slopes(node: Node) -> tuple[Source, tuple[_Kink, ...]] | None:
    """Return the argument whose side of some kinks a backward operation asks about."""
    if not node.operation.endswith("_backward"):
        return None
    call = bind(node)
    kinks = _kinks(node.operation, call) if "self" in call else ()
    if not kinks:
        return None
    argument = call.get("self")
    if not isinstance(argument, Source):
        return None
    if base(argument.node.operation) in ("relu", "leaky_relu", "threshold", "hardtanh"):
        before = bind(argument.node).get("self")  # the result was kept, not the argument
        if isinstance(before, Source) and before.run.shape == argument.run.shape:
            argument = before
    return argument, kinks


def _kinks(operation: str, call: Mapping[str, Any]) -> tuple[_Kink, ...]:
    """Return where a backward operation changes the slope, and to which side torch counts the kink itself."""
    match operation:
        case "threshold_backward":
            return (_Kink(float(call["threshold"])),)
        case "leaky_relu_backward" | "_prelu_kernel_backward":
            return (_Kink(0.0),)
        case "hardtanh_backward":
            return _Kink(float(call["min_val"])), _Kink(float(call["max_val"]), True)
        case "hardsigmoid_backward" | "hardswish_backward":
            return _Kink(-3.0), _Kink(3.0, True)
        case "softshrink_backward" | "hardshrink_backward":
            reach = float(call["lambd"])
            return _Kink(-reach, True), _Kink(reach)
        case _:
            return ()


class _Carry(FateDomain):
    """What is touched by some entries; gates and choices are as the run had them."""

    def gate(self, mask: Tensor, v: Fate) -> Fate:
        shape = broadcast(mask.shape, v.live.shape)
        masked = [Pattern.of((p.mask & mask).expand(shape)) for p in (v.live, v.changes)]
        return Fate(masked[0], masked[1])


class _Carried(Evaluation[Fate]):
    """What the crossed entries reach, through the backward pass as it was run."""

    def __init__(self, crossed: Mapping[int, Tensor], bounded: Evaluation[Bounded]) -> None:
        super().__init__(_Carry())
        self._crossed, self._bounded = crossed, bounded
        self._touched = set(crossed)

    def _evaluate(self, node: Node) -> tuple[Fate | None, ...]:
        if any(source.node.number in self._touched for source in node.sources()) and not is_decision(node):
            self._touched.add(node.number)
            fates = super()._evaluate(node)
        else:
            fates = self._untouched(node)
        if node.number not in self._crossed:
            return fates
        mask, first = self._crossed[node.number], fates[0]
        changes = mask if first is None else mask | first.changes.mask
        return (Fate(Pattern(mask.shape), Pattern.of(changes)), *fates[1:])

    def _untouched(self, node: Node) -> tuple[Fate | None, ...]:
        values = self._bounded.known(node) or (None,) * len(node.results)
        fates: list[Fate | None] = []
        for value, result in zip(values, node.results, strict=True):
            if not isinstance(result, Tensor):
                fates.append(None)
                continue
            live = Pattern(result.shape) if value is None else Pattern.of(~value.zero())
            fates.append(Fate(live, Pattern.of(torch.zeros(live.shape, dtype=torch.bool))))
        return tuple(fates)
