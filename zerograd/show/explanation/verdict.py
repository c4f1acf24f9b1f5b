"""The verdict: one sentence, the most important thing first."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from zerograd.document.layout import listed
from zerograd.explaining.explanation import NOT_IMPORTED, Backward, Kind, Note, Reason, Row, Step, StepReport
from zerograd.show.explanation.causes import ALL, ONE, SEVERAL, cause_words
from zerograd.show.explanation.findings import ASIDE, LOST, MADE_NAN, OPEN, SINGLE, Finding, findings
from zerograd.show.explanation.phrases import entries_text, names_text, subjects
from zerograd.show.explanation.steps import note_words
from zerograd.show.words import count

_MOST = 3
"""Different things that a verdict names."""
_NAMES = 3


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows whose worst finding is the same."""

    finding: Finding
    rows: tuple[Row, ...]
    batch: int | None

    @property
    def names(self) -> str:
        return names_text([row.name for row in self.rows], _NAMES)

    @property
    def entries(self) -> int:
        return sum(entries for row, entries in self.finding.concerned if any(row is r for r in self.rows))

    @property
    def clause(self) -> str:
        """What is so; of zeros for no single reason, all reasons together."""
        about = SEVERAL if len(self.rows) > 1 else ONE
        if not self.finding.joint:
            return self.finding.words(about).clause + self._crossed
        causes = [cause for cause in self.rows[0].causes if not cause.alone]
        clauses = [
            cause_words(cause, self.batch, about).clause + " for some of the terms" * (not cause.samples)
            for cause in causes[:_MOST]
        ]
        return (
            listed([*clauses, *["other causes below for the rest"] * (len(causes) > _MOST)]) + self._crossed
        )

    @property
    def because(self) -> str:
        """What is so; and of how many entries, where the others are zero for other reasons."""
        size = sum(row.size for row in self.rows)
        if self.finding.joint or self.finding.cause is None or self.entries >= size:
            return self.clause
        return f"{self.clause} (in {self.entries:,} of {size:,} entries; why the others are zero is below)"

    @property
    def _crossed(self) -> str:
        """What to doubt about zeros that depend on nothing but units that rounding put where they are."""
        floats = [row.floats for row in self.rows]
        if not self.finding.zero or not all(
            f.across_kink >= row.entries.zero > 0 for f, row in zip(floats, self.rows, strict=True)
        ):
            return ""
        crossed = f"rounding in {floats[0].dtype} carried a unit across its kink"
        return f" ({crossed}; exactly, it is on the kink or on the other side)"

    @property
    def zero(self) -> str:
        """How far what is zero is."""
        return "zero as the run chose" if self._crossed else "exactly zero"

    @property
    def stepped(self) -> bool:
        """Whether a step left them where they were, or would have moved them, had it been called."""
        steps = [row.step for row in self.rows]
        return all(step is not None and not step.moved and step != Step() for step in steps)

    @property
    def moved(self) -> str:
        """What moved them although their gradients are zero, as the end of a sentence."""
        for row in self.rows if self.finding.zero else ():
            if row.step is not None and row.step.moved and Note.MOVED_WITHOUT_GRADIENT in row.step.notes:
                about = SEVERAL if len(self.rows) > 1 else ONE
                return f"; {note_words(Note.MOVED_WITHOUT_GRADIENT, row.step, about).clause}"
        if self.finding.zero and any(row.floats.noise and row.step and row.step.moved for row in self.rows):
            return f"; what {self.rows[0].floats.dtype} has there is rounding, and moved {self.names}"
        return ""


def verdict(step: StepReport) -> str:
    """What is so, in one sentence."""
    if NOT_IMPORTED in step.messages:
        return NOT_IMPORTED
    if not step.parameters and not step.inputs:
        return (
            "No gradient was seen: nothing that was watched used a parameter or an input that requires one."
        )
    if step.backward is Backward.NONE:
        return "No gradient was seen: neither backward() nor torch.autograd.grad() was called."
    if step.backward is Backward.FAILED:
        causes = [cause for row in step.parameters.values() for cause in row.causes]
        cut = dict.fromkeys(cause_words(cause, step.batch, SEVERAL).clause for cause in causes)
        why = f": {listed(list(cut))}" if cut and len(cut) <= _MOST else ""
        return f"The backward pass ended with an error before it left a gradient{why}."
    if step.backward is Backward.LATE:
        return (
            "Nothing is known of the gradients: the forward pass ran before the watch began, not in `with`."
        )
    groups = _groups(step)
    if all(group.finding.rank == SINGLE for group in groups):
        return _fine(step, sum(group.entries for group in groups))
    first = groups[0]
    if first.finding.rank == 0:
        gradients = "gradients of" if len(first.rows) > 1 else "gradient of"
        return f"The {gradients} {first.names} {'are' if len(first.rows) > 1 else 'is'} {first.clause}."
    if first.finding.label == MADE_NAN:
        why = "".join(f"; {clause}" for clause in first.finding.words(ONE).more)
        return f"The step made {count(first.entries, 'weight')} nan or infinite, in {first.names}{why}."
    standing = [group for group in groups if group.finding.whole]
    if not standing:
        return _partly(first, step)
    names = {row.name for group in standing for row in group.rows}
    aside = {row.name for group in groups if ASIDE <= group.finding.rank < OPEN for row in group.rows}
    if step.parameters and names | aside >= {row.name for row in step.to_move}:
        if step.setting is not None:
            standing = [group for group in standing if group.rows[0].name in step.parameters]
        return _nothing(standing, step)
    return f"{_some(standing[0])}{''.join(_beside(standing[1:]))}."


def status(step: StepReport) -> str:
    """``fine``, ``fault``, or ``open`` where no more is wrong than that something is not decided."""
    if step.backward is not Backward.DONE:
        return "fault"
    groups = _groups(step)
    worst = min((group.finding.rank for group in groups), default=100)
    return "fault" if worst < ASIDE else "open" if worst < SINGLE else "fine"


def _groups(step: StepReport) -> tuple[_Group, ...]:
    """All rows by what is worst of them; those of which the same is said are one group."""
    seen: set[int] = set()
    groups: dict[Hashable, _Group] = {}
    for finding in findings(step):
        rows = tuple(row for row, _ in finding.concerned if id(row) not in seen)
        seen |= {id(row) for row in rows}
        if step.setting is not None:  # an input is named for what no parameter shares
            rows = tuple(row for row in rows if row.name in step.parameters) or rows
        if not rows:
            continue
        group = _Group(finding, rows, step.batch)
        key = (
            finding.zero,
            finding.whole,
            finding.label,
            group.stepped,
            replace(group, rows=rows * 2).clause,
        )
        if key in groups:
            first = groups[key]
            both = replace(first.finding, concerned=first.finding.concerned + finding.concerned)
            group = _Group(both, first.rows + rows, step.batch)
        groups[key] = group
    return tuple(groups.values())


def _fine(step: StepReport, lost: int) -> str:
    """Nothing is wrong, though the updates of a few entries were lost to rounding."""
    moved = [row.step.moved for row in step.to_move if row.step is not None]
    if any(row.step for row in step.parameters.values()) and all(moved):
        but = f", but for {entries_text(lost)} whose update was lost to rounding" if lost else ""
        return f"Nothing stands still: every parameter has a gradient that is not zero, and moved{but}."
    if step.optimizer or step.setting:
        return "No gradient is zero."
    return "No gradient is zero; no optimiser stepped."


def _nothing(groups: Sequence[_Group], step: StepReport) -> str:
    """All parameters stand still, or have no gradient."""
    stepped = all(group.stepped for group in groups)
    if all(group.finding.zero for group in groups):
        rows = [row for row in step.rows if row.asked]
        zero = groups[0].zero
        start = f"every gradient is {zero}"
        if any(row.entries.zero < row.size for row in rows):
            names = [row.name for group in groups for row in group.rows]
            start = f"the gradients of {names_text(names, _NAMES)} are {zero}"
            if len(names) == 1:
                start = f"the gradient of {names[0]} is {zero}"
        start = f"Nothing moves: {start}" if stepped else f"{start[0].upper()}{start[1:]}"
        because = [f"because {group.because}" for group in groups[:_MOST]]
        if len(groups) > _MOST:
            because.append("for the other reasons below")
        return f"{start}, {', and '.join(because)}{groups[0].moved}."
    if len(groups) == 1:
        (group,) = groups
        fine = all(row.entries.nonzero and row.floats.zero < row.size for row in group.rows)
        start = "Gradients are not zero, but nothing moves" if fine else "Nothing moves"
        clause = group.finding.words(ALL).clause
        if stepped:
            return f"{start}: {clause}."
        return (
            f"{clause[0].upper()}{clause[1:]}."
            if clause.startswith("every")
            else f"Nothing has a gradient: {clause}."
        )
    ran = [row for row in step.parameters.values() if Kind.NOT_CONNECTED not in {c.kind for c in row.causes}]
    if stepped and ran and all(row.step and row.step.reasons == (Reason.NOT_HELD,) for row in ran):
        return "Nothing moves: the optimiser holds none of the parameters that ran."
    return f"{'Nothing moves: ' * stepped}{_some(groups[0])}{''.join(_beside(groups[1:]))}."


def _some(group: _Group) -> str:
    """The first group, as the beginning of a sentence."""
    many = len(group.rows) > 1
    moves = f"{group.names} {'do' if many else 'does'} not move"
    if not group.finding.zero:
        return f"{moves}: {group.clause}" if group.stepped else f"{group.names}: {group.clause}"
    gradients = "gradients are" if many else "gradient is"
    if group.stepped:
        return f"{moves}: {'their' if many else 'its'} {gradients} {group.zero}, because {group.because}"
    of = f"The gradients of {group.names} are" if many else f"The gradient of {group.names} is"
    return f"{of} {group.zero}, because {group.because}{group.moved}"


def _beside(groups: Sequence[_Group]) -> Iterator[str]:
    for group in groups[: _MOST - 1]:
        said = f"gradient zero, because {group.because}" if group.finding.zero else group.clause
        yield f"; {group.names}: {said}"
    if len(groups) >= _MOST:
        rest = sum(len(group.rows) for group in groups[_MOST - 1 :])
        yield f"; and {count(rest, 'other')} below"


def _partly(group: _Group, step: StepReport) -> str:
    """No parameter stands still as a whole: the worst of what is left."""
    watched = any(row.step is not None and row.step.moved is not None for row in step.to_move)
    held = " that the optimiser holds" * any(row.step and row.step.held is False for row in step.rows)
    asked = [row for row in step.rows if row.asked]
    known = "" if all(row.entries.nonzero or row.entries.zero for row in asked) else " known to be"
    what = "Nothing" if step.moves_inputs else "No parameter"
    start = f"{what}{held} stands still" if watched else f"No whole gradient is{known} zero"
    if not all(row.asked for row in group.rows):
        return f"{start}, but no backward pass was asked for {group.names}."
    if group.finding.rank == LOST:
        return f"{start}, but in {entries_text(group.entries)} of {group.names} {group.clause}."
    entries = f"{entries_text(group.entries)} of {group.names}"
    are = "is" if group.entries == 1 else "are"
    if group.finding.zero:
        because = f"because {group.clause}"
        whole = sum(row.entries.zero for row in group.rows)
        if whole > group.entries and not group.finding.joint:
            because = f"{group.entries:,} of them {because}"
            entries = f"{entries_text(whole)} of {group.names}"
        return f"{start}, but the gradient is {group.zero} in {entries}, {because}."
    if group.finding.rank == ASIDE:
        return f"{start}; {group.names}: {group.clause}; if that is meant, all is well."
    if group.finding.rank < 50:
        return f"{start}, but {subjects(group.finding.concerned)}: {group.clause}."
    return f"{start}, but {entries} {are} {group.finding.label}: {group.clause}."
