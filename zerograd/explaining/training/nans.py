"""Where the nan and infinities of a step came from that its parameters already had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zerograd.explaining.explanation import Row, StepReport
from zerograd.explaining.training.floats import BEFORE


def with_origin(report: StepReport, earlier: Sequence[StepReport]) -> StepReport:
    """Return a report that says which step parameters have been nan or infinite since, and why.

    Args:
        earlier: the reports of the steps before.
    """
    began = _origin(earlier) if any(row.floats.nan_began == BEFORE for row in report.rows) else None
    if began is None:
        return report

    def told(rows: Mapping[str, Row]) -> dict[str, Row]:
        return {
            name: replace(row, floats=replace(row.floats, nan_began=began))
            if row.floats.nan_began == BEFORE
            else row
            for name, row in rows.items()
        }

    return replace(report, parameters=told(report.parameters), inputs=told(report.inputs))


def _origin(steps: Sequence[StepReport]) -> str | None:
    """Return where the first nan or infinity arose in the first step that left one in a parameter."""
    made = [step for step in steps if any(row.step and row.step.details.get("made_nan") for row in step.rows)]
    seen = [step for step in steps if any(row.floats.nan_began for row in step.rows)]
    if not made and not seen:
        return None
    step = (made or seen)[0]
    began = next((row.floats.nan_began for row in step.rows if row.floats.nan_began), None)
    if began is None:
        return f"{step.optimizer}.step(), in step {step.number}"
    if began == BEFORE:
        return f"in a parameter, before step {step.number}"
    return began if ", in step " in began else f"{began}, in step {step.number}"
