"""From what was recorded of a step to what is reported of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from zerograd.explain.shadow.bounded import BoundedDomain
from zerograd.explain.shadow.evaluation import Evaluation
from zerograd.explain.tape.nodes import Source
from zerograd.explain.training.explanation import Entries, Floats, Row, StepReport


@dataclass(frozen=True, slots=True)
class Subject:
    """A tensor that is reported on."""

    name: str
    tensor: Tensor


@dataclass(frozen=True, slots=True)
class Gradient:
    """A gradient: its value in the graph, and the run's own numbers."""

    source: Source
    run: Tensor


def report_step(
    *,
    number: int,
    parameters: Sequence[Subject],
    inputs: Sequence[Subject],
    gradients: Mapping[int, Gradient],
    loss: Source | None,
    optimizer: str | None,
) -> StepReport:
    """Return the report of one step."""
    evaluation = Evaluation(BoundedDomain())

    def row(subject: Subject) -> Row:
        gradient = gradients.get(id(subject.tensor))
        shape = tuple(subject.tensor.shape)
        dtype = str(subject.tensor.dtype).removeprefix("torch.")
        size = subject.tensor.numel()
        if gradient is None:
            return Row(subject.name, shape, Entries(zero=size), Floats(dtype, zero=size))
        value = evaluation(gradient.source)
        zero = value.zero() if value is not None else torch.zeros(shape, dtype=torch.bool)
        nonzero = value.nonzero() if value is not None else torch.zeros(shape, dtype=torch.bool)
        left = size - int(zero.sum()) - int(nonzero.sum())
        entries = Entries(
            zero=int(zero.sum()),
            nonzero=int(nonzero.sum()),
            undecided=left if value is not None else 0,
            observed=left if value is None else 0,
        )
        return Row(subject.name, shape, entries, count_floats(gradient.run, zero, nonzero))

    value = None
    if loss is not None and loss.run.numel() == 1:
        value = float(loss.run)
    return StepReport(
        number=number,
        parameters={s.name: row(s) for s in parameters},
        inputs={s.name: row(s) for s in inputs},
        optimizer=optimizer,
        loss=value,
    )


def count_floats(run: Tensor, zero: Tensor, nonzero: Tensor) -> Floats:
    """Return what the run's precision had: zeros that are none, and numbers that are exactly zero."""
    finite = run.isfinite()
    return Floats(
        dtype=str(run.dtype).removeprefix("torch."),
        zero=int((run == 0).sum()),
        lost=int(((run == 0) & nonzero).sum()),
        noise=int(((run != 0) & finite & zero).sum()),
        nan=int((~finite).sum()),
    )
