"""Explanations that nobody computed: one of each kind of cause, reason and note."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from zerograd.explaining.explanation import (
    Cause,
    Entries,
    Explanation,
    Floats,
    Graph,
    Kind,
    Note,
    Reach,
    Reason,
    Row,
    Step,
    StepReport,
    Units,
    Unsupported,
    Vertex,
)

BATCH = 32


def row(
    name: str,
    *shape: int,
    zero: int = 0,
    undecided: int = 0,
    observed: int = 0,
    floats: Floats | None = None,
    causes: tuple[Cause, ...] = (),
    step: Step | None = None,
) -> Row:
    """A row; what is not said to be zero, undecided or observed is not zero, and moves."""
    made = Row(name, shape, Entries(), floats or Floats("float32", zero=zero), causes, step)
    nonzero = made.size - zero - undecided - observed
    precision = 4096 if undecided else None
    entries = Entries(zero, nonzero, undecided, observed, precision)
    return Row(name, shape, entries, made.floats, causes, step or Step(held=True, moved=made.size - zero))


def cause(kind: Kind, where: str, entries: int, *, all_samples: bool = False, **details: Any) -> Cause:
    """A cause; ``samples``, ``structural`` and ``alone`` are taken out of the details."""
    samples = details.pop("samples", tuple(range(BATCH)) if all_samples else None)
    structural, alone = details.pop("structural", False), details.pop("alone", True)
    return Cause(kind, where, samples, entries, structural, alone, all_samples, details)


def unmoved(*reasons: Reason, notes: tuple[Note, ...] = (), held: bool = True, **details: Any) -> Step:
    """A step that moved nothing."""
    return Step(held, 0, reasons, notes, details)


def explanation(
    *rows: Row, inputs: tuple[Row, ...] = (), error: str | None = None, **step: Any
) -> Explanation:
    """One step of SGD with these parameters."""
    made = StepReport(
        step.pop("number", 1),
        {one.name: one for one in rows},
        {one.name: one for one in inputs},
        optimizer=step.pop("optimizer", "SGD"),
        loss=step.pop("loss", 0.5),
        batch=step.pop("batch", BATCH),
        **step,
    )
    return Explanation((made,), torch="2.13.0", error=error, seconds=0.25)


W1, B1, W2, B2 = ("fc1.weight", 8, 4), ("fc1.bias", 8), ("fc2.weight", 1, 8), ("fc2.bias", 1)
HEALTHY = explanation(row(*W1), row(*B1), row(*W2), row(*B2))


def _all_zero(kind: Kind, where: str, **details: Any) -> Explanation:
    """All of fc1 is zero for this cause, and fc2 is healthy."""
    step = unmoved(Reason.ZERO_GRADIENT)
    return explanation(
        row(*W1, zero=32, causes=(cause(kind, where, 32, **details),), step=step),
        row(*B1, zero=8, causes=(cause(kind, where, 8, **details),), step=step),
        row(*W2),
        row(*B2),
    )


KINDS: Mapping[Kind, Explanation] = {
    Kind.DEAD: _all_zero(
        Kind.DEAD, "relu1 (ReLU), units 0, 1, 2, 3, 4, 5, 6, 7", units=tuple(range(8)), of=8, all_samples=True
    ),
    Kind.AT_KINK: _all_zero(
        Kind.AT_KINK,
        "relu1 (ReLU), unit 0",
        samples=(1,),
        other_slope=1.0,
        other_gradient=Fraction(-5, 2),
        other_side="right",
        other_entry="fc1.weight[2]",
    ),
    Kind.SATURATED: _all_zero(Kind.SATURATED, "clamp (Hardtanh), units 0, 1", samples=(0, 4, 7)),
    Kind.ZERO_WEIGHT: _all_zero(
        Kind.ZERO_WEIGHT, "relu1 (ReLU), unit 3", weight="fc2.weight", structural=True
    ),
    Kind.ZERO_FACTOR: _all_zero(
        Kind.ZERO_FACTOR, "gate (Mul)", factor="fc2.weight", both=True, structural=True, all_samples=True
    ),
    Kind.ZERO_ADJOINT: _all_zero(
        Kind.ZERO_ADJOINT, "mse_loss", all_samples=True, why="the prediction equals the target"
    ),
    Kind.CANCELLATION: _all_zero(
        Kind.CANCELLATION, "fc1 (Linear)", samples=(0, 2), terms=(Fraction(3, 2), Fraction(-3, 2))
    ),
    Kind.IDENTITY: _all_zero(
        Kind.IDENTITY,
        "softmax (Softmax)",
        identity="the sum over a softmax's row is 1 whatever its inputs are",
        structural=True,
    ),
    Kind.NOT_CONNECTED: _all_zero(Kind.NOT_CONNECTED, "", structural=True),
    Kind.DETACHED: _all_zero(Kind.DETACHED, "train.py:12", operation="detach", structural=True),
    Kind.PIECEWISE_CONSTANT: _all_zero(
        Kind.PIECEWISE_CONSTANT, "train.py:9", operation="argmax", structural=True
    ),
    Kind.FROZEN: _all_zero(Kind.FROZEN, "", structural=True),
}
"""For each kind, an explanation in which it makes the first layer's gradients zero."""


def _unmoved(
    *reasons: Reason, notes: tuple[Note, ...] = (), held: bool = True, **details: Any
) -> Explanation:
    step = unmoved(*reasons, notes=notes, held=held, **details)
    return explanation(*(row(*named, step=step) for named in (W1, B1, W2, B2)))


REASONS: Mapping[Reason, Explanation] = {
    Reason.NOT_HELD: _unmoved(Reason.NOT_HELD, notes=(Note.REPLACED_AFTER,), held=False, old=(4, 4)),
    Reason.NO_GRADIENT: _unmoved(Reason.NO_GRADIENT),
    Reason.ZERO_GRADIENT: explanation(
        *(
            row(
                name,
                *shape,
                floats=Floats("float32", zero=size, lost=size),
                step=unmoved(Reason.ZERO_GRADIENT),
            )
            for (name, *shape), size in ((W1, 32), (B1, 8), (W2, 8), (B2, 1))
        )
    ),
    Reason.FROZEN: _unmoved(Reason.FROZEN),
    Reason.STEP_SIZE_ZERO: _unmoved(Reason.STEP_SIZE_ZERO, step_size=0.0, group=0),
    Reason.BELOW_HALF_ULP: _unmoved(
        Reason.BELOW_HALF_ULP, update=6.0e-4, half_ulp=2.0e-3, dtype="bfloat16", weight=1.0
    ),
    Reason.CLEARED: _unmoved(Reason.CLEARED, by="zero_grad()"),
    Reason.CLIPPED: _unmoved(
        Reason.CLIPPED, clipped={"norm": float("inf"), "by": "clip_grad_norm_", "zero": 32}
    ),
    Reason.STATE: _unmoved(Reason.STATE, state="the second moment overflowed"),
    Reason.SKIPPED: _unmoved(Reason.SKIPPED),
    Reason.NOT_CALLED: explanation(
        *(row(*named, step=Step(True, None, (Reason.NOT_CALLED,))) for named in (W1, B1, W2, B2)),
        optimizer=None,
    ),
}
"""For each reason, an explanation in which it keeps everything where it is."""


def _noted(note: Note, **details: Any) -> Explanation:
    """A note on the first weight; the others are healthy."""
    return explanation(row(*W1, step=Step(True, 32, (), (note,), details)), row(*B1), row(*W2), row(*B2))


NOTES: Mapping[Note, Explanation] = {
    Note.LISTED_TWICE: _noted(Note.LISTED_TWICE, times=2),
    Note.MOVED_WITHOUT_GRADIENT: explanation(
        row(
            *W1,
            zero=32,
            causes=(cause(Kind.ZERO_FACTOR, "the input", 32, all_samples=True),),
            step=Step(True, 32, (), (Note.MOVED_WITHOUT_GRADIENT,), {"by": "weight decay"}),
        ),
        row(*B1),
    ),
    Note.MOVED_BY_STALE_GRADIENT: _noted(Note.MOVED_BY_STALE_GRADIENT),
    Note.REPLACED_AFTER: _noted(Note.REPLACED_AFTER),
}
"""For each note, an explanation that has it."""

MIXED = explanation(
    row(
        *W1,
        zero=12,
        causes=(
            cause(Kind.DEAD, "relu1 (ReLU), units 3, 7", 8, units=(3, 7), of=8, all_samples=True),
            cause(Kind.AT_KINK, "relu1 (ReLU), unit 5", 4, samples=(0, 9), other_slope=1, alone=False),
            cause(Kind.ZERO_ADJOINT, "mse_loss", 4, samples=(1, 2), alone=False),
        ),
    ),
    row(
        *B1,
        zero=3,
        causes=(
            cause(Kind.DEAD, "relu1 (ReLU), units 3, 7", 2, units=(3, 7), of=8, all_samples=True),
            cause(Kind.AT_KINK, "relu1 (ReLU), unit 5", 1, samples=(0, 9), other_slope=1, alone=False),
            cause(Kind.ZERO_ADJOINT, "mse_loss", 1, samples=(1, 2), alone=False),
        ),
    ),
    row("encoder.layers.0.self_attn.in_proj_weight", 12, 4, floats=Floats("float32", zero=5, lost=5)),
    row("encoder.layers.0.self_attn.out_proj.weight", 4, 4, undecided=2, observed=3),
    row("norm.weight", 4, floats=Floats("float32", noise=1, across_kink=2), zero=1,
        causes=(cause(Kind.IDENTITY, "norm (LayerNorm)", 1, structural=True),)),
    row(*W2, step=unmoved(Reason.NOT_HELD, held=False)),
    row(*B2, step=unmoved(Reason.BELOW_HALF_ULP, dtype="float32", update=1e-9, half_ulp=5.96e-8)),
    row("head.weight", 2, 8),
    inputs=(Row("x", (32, 4), Entries(4, 124), Floats("float32", zero=4),
                (cause(Kind.ZERO_ADJOINT, "mse_loss", 4, samples=(1, 2)),)),),
    unsupported=(Unsupported("aten.bessel_j0", "train.py:31", 2),),
    messages=("The tensor fc2.weight was changed outside of what can be watched.",),
    error="RuntimeError: mat1 and mat2 shapes cannot be multiplied",
)  # fmt: skip
"""Many things at once."""

NAN = explanation(
    row(*W1, observed=32, floats=Floats("float32", nan=32, nan_began="log, at train.py:8")),
    row(*B1),
    loss=float("nan"),
)
NOTHING = explanation(optimizer=None, loss=None, batch=None)
UNDECIDED = explanation(row(*W1, undecided=3), row(*B1, observed=8))
INPUT = explanation(
    inputs=(Row("x", (1, 1), Entries(1), Floats("float32", zero=1), (
        cause(Kind.DEAD, "relu (ReLU), unit 0", 1, units=(0,), of=1, all_samples=True),)),),
    batch=1,
    optimizer=None,
)  # fmt: skip
STEPS = Explanation(
    (
        KINDS[Kind.DEAD].last,
        *(StepReport(number, HEALTHY.last.parameters, optimizer="Adam") for number in (2, 3)),
    ),
    torch="2.13.0",
)

PAGE = explanation(
    Row("0.weight", (1, 1), Entries(1), Floats("float32", zero=1), (
        cause(Kind.DEAD, "1 (ReLU), unit 0", 1, samples=(0, 1), all_samples=True, units=(0,), of=1),),
        unmoved(Reason.ZERO_GRADIENT, entries={"zero_gradient": 1})),
    row("2.bias", 1),
    loss=25.0,
    batch=2,
    units=(Units("1 (ReLU)", ("o", "o")),),
    graph=Graph(
        (Vertex("0.weight", "parameter", Reach.ZERO), Vertex("1 (ReLU)", "module", Reach.NONZERO)), ((0, 1),)
    ),
)  # fmt: skip
"""The one that docs/FORMATS.md shows."""

ALL: Mapping[str, Explanation] = {
    **{kind.value: made for kind, made in KINDS.items()},
    **{f"step-{reason.value}": made for reason, made in REASONS.items()},
    **{f"note-{note.value}": made for note, made in NOTES.items()},
    "healthy": HEALTHY,
    "mixed": MIXED,
    "nan": NAN,
    "nothing": NOTHING,
    "undecided": UNDECIDED,
    "input": INPUT,
    "steps": STEPS,
    "page": PAGE,
}
"""All of them, by name."""
