"""An explanation as a document: ``zerograd.explanation/1``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from fractions import Fraction
from math import isfinite
from numbers import Integral, Real
from typing import Any

from zerograd.explaining.explanation import Cause, Explanation, Row, Step, StepReport

FORMAT = "zerograd.explanation/1"


def to_json(explanation: Explanation, verdicts: Sequence[str]) -> dict[str, Any]:
    """Return the document (docs/FORMATS.md): the last step at the top level, and all of them under ``steps``.

    Args:
        verdicts: a sentence for each step.
    """
    steps = [_step_report(*each) for each in zip(explanation.steps, verdicts, strict=True)]
    return {
        "format": FORMAT,
        **steps[-1],
        "error": explanation.error,
        "torch": explanation.torch,
        "seconds": clean(explanation.seconds),
        "steps": steps,
    }


def _step_report(step: StepReport, verdict: str) -> dict[str, Any]:
    kind = {} if step.kind is None else {"kind": step.kind}
    return {
        "number": step.number,
        "verdict": verdict,
        "setting": step.setting,
        "optimizer": step.optimizer,
        "loss": clean(step.loss),
        "batch": step.batch,
        "parameters": {name: _row(row) for name, row in step.parameters.items()},
        "inputs": {name: _row(row) for name, row in step.inputs.items()},
        "unsupported": [
            {"operation": one.operation, "where": one.where, "times": one.times} for one in step.unsupported
        ],
        "messages": list(step.messages),
        **kind,
        "units": [{"where": one.where, "states": list(one.states)} for one in step.units],
        "graph": {
            "vertices": [
                {"name": one.name, "kind": one.kind, "reach": one.reach.value} for one in step.graph.vertices
            ],
            "edges": [list(edge) for edge in step.graph.edges],
        },
    }


def _row(row: Row) -> dict[str, Any]:
    entries, floats = row.entries, row.floats
    return {
        "shape": list(row.shape),
        "entries": {
            "zero": entries.zero,
            "nonzero": entries.nonzero,
            "undecided": entries.undecided,
            "observed": entries.observed,
        },
        "precision": entries.precision,
        "float": {
            "dtype": floats.dtype,
            "zero": floats.zero,
            "lost": floats.lost,
            "noise": floats.noise,
            "across_kink": floats.across_kink,
            "nan": floats.nan,
            "nan_began": floats.nan_began,
            "lost_began": floats.lost_began,
        },
        "causes": [_cause(cause) for cause in row.causes],
        "step": _step(row.step or Step()),
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "kind": cause.kind.value,
        "where": cause.where,
        "samples": None if cause.samples is None else list(cause.samples),
        "all_samples": cause.all_samples,
        "entries": cause.entries,
        "structural": cause.structural,
        "alone": cause.alone,
        "details": clean(cause.details),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "held": step.held,
        "moved": step.moved,
        "reasons": [reason.value for reason in step.reasons],
        "notes": [note.value for note in step.notes],
        "details": clean(step.details),
    }


def clean(value: object) -> Any:
    """Return a value that JSON can hold: fractions, nan, infinities and all that it does not know as text."""
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case Integral():
            return int(value)
        case Fraction():
            return str(value)
        case Real():
            return float(value) if isfinite(value) else str(float(value))
        case Mapping():
            return {str(key): clean(item) for key, item in value.items()}
        case Sequence() | Set():
            return [clean(item) for item in value]
    return str(value)
