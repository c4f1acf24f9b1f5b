"""What the run's own precision made of a gradient."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from zerograd.explaining.explanation import Floats
from zerograd.explaining.shadow.bounded import Bounded
from zerograd.explaining.shadow.deciding import Classes
from zerograd.explaining.shadow.evaluation import Evaluation, cone
from zerograd.explaining.tape.nodes import Node, Origin, Phase, Source, dtype_name
from zerograd.explaining.training.causes.places import place_of

_UNDERFLOW = 1e-60
_WRITERS = ("leaf", "fill", "full", "full_like", "masked_fill", "where")
"""Operations by which a program writes an infinity."""
BEFORE = "in a parameter, before the step"
"""Where a nan or infinity was that the step found."""
_LEAVES = {
    Origin.BUFFER: "a buffer",
    Origin.DATA: "the data",
    Origin.CONSTANT: "a constant",
    Origin.RANDOM: "random numbers",
}


def count_floats(
    gradient: Source, classes: Classes, across_kink: int, bounded: Evaluation[Bounded]
) -> Floats:
    """Return what floating point had of a gradient, beside what is exactly so.

    Args:
        classes: which entries are exactly zero, and which are not.
        across_kink: how many depend on a unit that rounding carried across a kink.
    """
    zero, nonzero = classes.zero, classes.nonzero
    run = gradient.run.to_dense() if gradient.run.layout is not torch.strided else gradient.run
    if run.is_meta:
        return Floats(dtype=dtype_name(run.dtype))
    finite = run.abs() < torch.inf
    nan = run.numel() - int(finite.sum())
    lost = int(((run == 0) & nonzero).sum())
    return Floats(
        dtype=dtype_name(run.dtype),
        zero=int((run == 0).sum()),
        lost=lost,
        noise=int(((run != 0) & finite & zero).sum()),
        across_kink=across_kink,
        nan=nan,
        nan_began=_nan_began(gradient) if nan else None,
        lost_began=_lost_began(gradient, bounded) if lost else None,
    )


def _lost_began(gradient: Source, bounded: Evaluation[Bounded]) -> str | None:
    """Return the first operation whose result is 0 in floating point, and is not known to be so exactly."""
    for node in cone([gradient]):
        values = bounded.known(node)
        if node.operation == "leaf" or values is None or values[0] is None:
            continue
        # what is open because terms nearly cancel may well be 0; what underflowed has a tiny bound
        lost = values[0].nonzero() | (~values[0].zero() & (values[0].errors < _UNDERFLOW))
        if bool(((node.results[0] == 0) & lost).any()):
            name = node.operation.removesuffix("_data").removesuffix("_backward")
            forward = next((s.node for s in node.sources() if s.node.operation == name), None)
            return (
                f"the result of {place_of(node)}" if forward is None else f"the slope of {place_of(forward)}"
            )
    return None


def _nan_began(gradient: Source) -> str | None:
    """Return the first operation that made a nan or an infinity of finite numbers, and where.

    An infinity that the program wrote, as masks do, is named only if nothing after it made one.
    """
    for writers in (_WRITERS, _WRITERS[:1], ()):
        if began := _first_nan(gradient, writers):
            return began
    return None


def _first_nan(gradient: Source, writers: tuple[str, ...]) -> str | None:
    for node in cone([gradient]):
        results = _floats(node)
        if _finite(*results):
            continue
        if node.operation in writers and not any(bool(r.isnan().any()) for r in results):
            continue
        if node.operation == "leaf":
            return (
                BEFORE
                if node.origin is Origin.PARAMETER
                else f"in {_LEAVES.get(node.origin or Origin.OUTSIDE, 'a tensor')}"
            )
        inputs = [source.run for source in node.sources() if source.is_float]
        if _finite(*inputs) or node.operation in _WRITERS:
            return f"{node.operation}, {_place_with_forward(node)}"
    return None


def _place_with_forward(node: Node) -> str:
    """Return where an operation ran; of one of the backward pass, whose derivative it computes, if clear."""
    if node.place.module is not None or node.place.file is not None:
        return describe_place(node)
    level = [node]
    for _ in range(2):  # such as a division by twice the square root
        level = [source.node for each in level for source in each.sources()]
        forward = {id(n): n for n in level if n.phase is Phase.FORWARD and n.operation != "leaf"}
        if len(forward) == 1:
            (of,) = forward.values()
            return f"in the backward pass of {of.operation}, {describe_place(of)}"
    return describe_place(node)


def describe_place(node: Node) -> str:
    """Return where an operation ran, in words."""
    place = node.place
    if place.module is not None:
        path, kind = place.module
        return f"in {path} ({kind})" if path else f"in {kind}"
    if place.file is not None:
        return f"at {Path(place.file).name}:{place.line}"
    return f"in the {node.phase} pass"


def _floats(node: Node) -> list[Tensor]:
    return [r for r in node.results if isinstance(r, Tensor) and r.is_floating_point()]


def _finite(*tensors: Tensor) -> bool:
    return all(bool(t.isfinite().all()) for t in tensors)
