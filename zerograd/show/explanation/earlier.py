"""The steps before the last: one line for all, and one for each kind of step that the last is not."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby

from zerograd.explaining.explanation import Backward, StepReport
from zerograd.show.explanation.findings import Finding, findings
from zerograd.show.explanation.steps import UPDATE_LOST
from zerograd.show.explanation.verdict import verdict

_FEW = 3
"""More kinds than these are put together where they are of one sort."""
_MOST = 7
"""Kinds of steps that have a line."""


def earlier(steps: Sequence[StepReport]) -> Iterator[str]:
    """What is to be said of several steps; nothing of a single one."""
    if len(steps) < 2:
        return
    kinds: dict[Hashable, list[StepReport]] = {}
    for step in steps:
        kinds.setdefault(_kind(step), []).append(step)
    watched = f"{len(steps)} steps were watched; "
    if len(kinds) == 1 and None in kinds:
        rows = [row for step in steps for row in step.to_move if row.step is not None]
        held = " that the optimiser holds" * any(row.step and row.step.held is False for row in rows)
        nothing = (
            f"{'nothing' if steps[-1].moves_inputs else 'no parameter'}{held} stood still"
            if steps[-1].optimizer
            else "no whole gradient was found to be zero"
        )
        yield f"{watched}{nothing} in any of them; this is about the last."
        return
    if len(kinds) > _FEW:  # rows change from step to step: what they share is enough
        last, kinds = steps[-1], {}
        for step in steps:
            kinds.setdefault((_kind(step) == _kind(last), _label(step)), []).append(step)
    yield f"{watched}this is about the last{', which all the others are like' * (len(kinds) == 1)}."
    others = [same for same in kinds.values() if steps[-1] not in same]
    for same in others[:_MOST]:
        several = "s" * (len(same) > 1)
        first = ", here the first of them" if len({verdict(step) for step in same}) > 1 else ""
        yield f"Step{several} {ranges([step.number for step in same])}{first}: {verdict(same[0])}"
    if len(others) > _MOST:
        yield f"… and {sum(map(len, others[_MOST:]))} more steps of other kinds: see to_json()."


def ranges(numbers: Sequence[int]) -> str:
    """``3–9, 12``."""
    runs = [list(run) for _, run in groupby(enumerate(numbers), lambda place: place[1] - place[0])]
    return ", ".join(f"{run[0][1]}–{run[-1][1]}" if len(run) > 1 else str(run[0][1]) for run in runs)


def _kind(step: StepReport) -> Hashable:
    """What two steps share that need not be told apart: the worst that is so of whole parameters, or None."""
    if step.backward is not Backward.DONE or not (step.parameters or step.inputs):
        return step.backward
    worst = _worst(step)
    return worst and (worst.label, *(row.name for row, _ in worst.concerned))


def _label(step: StepReport) -> Hashable:
    """The kind; updates lost to rounding are one, whichever parameters lose theirs."""
    worst = _worst(step) if step.backward is Backward.DONE else None
    return UPDATE_LOST if worst and worst.label == UPDATE_LOST else _kind(step)


def _worst(step: StepReport) -> Finding | None:
    return next((finding for finding in findings(step) if finding.whole), None)
