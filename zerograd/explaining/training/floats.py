"""What the run's own precision made of a gradient."""

from __future__ import annotations

from torch import Tensor

from zerograd.explaining.shadow.evaluation import cone
from zerograd.explaining.tape.nodes import Node, Source
from zerograd.explaining.training.explanation import Floats


def count_floats(gradient: Source, zero: Tensor, nonzero: Tensor, across_kink: int) -> Floats:
    """Return what floating point had of a gradient, beside what is exactly so.

    Args:
        zero: where entries are exactly zero.
        nonzero: where they certainly are not.
        across_kink: how many depend on a unit that rounding carried across a kink.
    """
    run = gradient.run
    finite = run.isfinite()
    nan = int((~finite).sum())
    return Floats(
        dtype=str(run.dtype).removeprefix("torch."),
        zero=int((run == 0).sum()),
        lost=int(((run == 0) & nonzero).sum()),
        noise=int(((run != 0) & finite & zero).sum()),
        across_kink=across_kink,
        nan=nan,
        nan_began=_began(gradient) if nan else None,
    )


def _began(gradient: Source) -> str | None:
    """Return the first operation that made a nan or an infinity of finite numbers, and where."""
    for node in cone([gradient]):
        if _finite(*_floats(node)):
            continue
        if node.operation == "leaf":
            return f"{node.origin or 'a tensor'} that was there before"
        inputs = [source.run for source in node.sources() if source.is_float]
        if _finite(*inputs):
            return f"{node.operation}, {describe_place(node)}"
    return None


def describe_place(node: Node) -> str:
    """Return where an operation ran, in words."""
    place = node.place
    if place.module is not None:
        path, kind = place.module
        return f"in {path} ({kind})" if path else f"in {kind}"
    if place.file is not None:
        return f"at {place.file}:{place.line}"
    return f"in the {node.phase} pass"


def _floats(node: Node) -> list[Tensor]:
    return [r for r in node.results if isinstance(r, Tensor) and r.is_floating_point()]


def _finite(*tensors: Tensor) -> bool:
    return all(bool(t.isfinite().all()) for t in tensors)
