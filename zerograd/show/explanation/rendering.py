"""A watched training step for people: a verdict, a table, and a sentence for each thing there is to say."""

from __future__ import annotations

from collections.abc import Iterator

from zerograd.document import html, text
from zerograd.document.blocks import Block, Strong, Table, heading, paragraph, prose
from zerograd.document.layout import Layout
from zerograd.document.table import LONG, Column, table
from zerograd.explaining.explanation import Explanation, Row, StepReport
from zerograd.show.explanation.earlier import earlier
from zerograd.show.explanation.findings import findings
from zerograd.show.explanation.grid import MOST_CAUSES, WORDS, grid, left_out
from zerograd.show.explanation.phrases import number, placed
from zerograd.show.explanation.verdict import status, verdict
from zerograd.show.words import count

__all__ = ["about", "explanation_html", "explanation_text", "row_text", "unsupported_lines", "verdict"]


def explanation_text(explanation: Explanation, *, width: int = text.WIDTH, color: bool = False) -> str:
    """What a person wants to read of a training step; the first sentence is the verdict.

    Args:
        width: columns that are kept to where that is possible.
        color: whether to use escape codes; nothing from the watched program contains any.
    """
    layout, last = Layout(width, color), explanation.last
    lines = [layout.verdict(status(last), line) for line in layout.wrapped(text.prose((verdict(last),)))]
    lines += [line for each in about(explanation) for line in layout.wrapped(text.prose((each,)))]
    tables: list[str] = []
    if last.parameters or last.inputs:
        tables += ["", *_table(last, width)]
        tables += [
            line for more in left_out(last, findings(last)) for line in layout.wrapped(text.prose((more,)), 2)
        ]
    sections: list[str] = []
    for title, sentences in _sections(explanation):
        sections += layout.heading(title)
        for sentence in sentences:
            sections += layout.wrapped(text.prose((sentence,)), 2, 4)
    lines += [*sections, *tables] if len(tables) > LONG else [*tables, *sections]
    return "\n".join(lines) + "\n"


def _table(step: StepReport, width: int) -> list[str]:
    columns = [
        Column(name, [text.prose((cell,)) for cell in cells], left=name in WORDS)
        for name, cells in grid(step, findings(step)).items()
    ]
    return table(columns, width=width)


def row_text(row: Row, *, width: int = text.WIDTH) -> str:
    """What a person wants to read of one parameter: its line of the table, and its sentences."""
    step, layout = StepReport(1, {row.name: row}), Layout(width, False)
    lines = _table(step, width)
    for n, finding in enumerate(findings(step), start=1):
        lines += layout.wrapped(text.prose((f"({n}) {finding.sentence()}",)), 2, 4)
    return "\n".join(lines) + "\n"


def explanation_html(explanation: Explanation) -> str:
    """The same as a fragment of HTML, for notebooks."""
    return html.written(_blocks(explanation), "explanation")


def _blocks(explanation: Explanation) -> Iterator[Block]:
    last = explanation.last
    yield paragraph(Strong(verdict(last)))
    yield from map(paragraph, about(explanation))
    if last.parameters or last.inputs:
        shown = grid(last, findings(last))
        rows = zip(*shown.values(), strict=True)
        yield Table(tuple(map(prose, shown)), tuple(tuple(map(prose, cells)) for cells in rows))
        yield from map(paragraph, left_out(last, findings(last)))
    for title, sentences in _sections(explanation):
        yield heading(title)
        for sentence in sentences:
            yield paragraph(sentence)


def about(explanation: Explanation) -> Iterator[str]:
    """Which step this is, and what became of the others."""
    last = explanation.last
    moved = any(row.step is not None and row.step.moved for row in last.to_move)
    unseen = f"step {last.number}, by no optimiser of PyTorch" if moved else "no optimiser stepped"
    step = f"{last.optimizer}, step {last.number}" if last.optimizer else unseen
    parts = [last.setting or step]
    parts += [f"loss {number(last.loss)}{_at_first(explanation)}"] if last.loss is not None else []
    parts += [count(last.batch, "sample")] if last.batch else []
    yield ", ".join(parts)
    yield from earlier(explanation.steps)
    if explanation.error is not None:
        ended = f"The watched code ended with an error; this is about what ran before it: {explanation.error}"
        yield "Interrupted." if explanation.error == "KeyboardInterrupt" else ended


def _at_first(explanation: Explanation) -> str:
    """The loss of the first step, where several were watched and it is another."""
    first, last = explanation.steps[0], explanation.last
    if first.loss is None or number(first.loss) == number(last.loss):
        return ""
    return f" ({number(first.loss)} in step {first.number})"


def _sections(explanation: Explanation) -> Iterator[tuple[str, list[str]]]:
    """Headings, each with what stands under it."""
    last = explanation.last
    found = findings(last)
    if sentences := [f"({n}) {finding.sentence()}" for n, finding in enumerate(found[:MOST_CAUSES], 1)]:
        more = len(found) - MOST_CAUSES
        sentences += [f"… and {count(more, 'more cause')}: --json or to_json() has all."] * (more > 0)
        yield "why", sentences
    if unsupported := list(unsupported_lines(last)):
        yield "operations without a rule", unsupported
    if messages := [message for message in last.messages if message != verdict(last)]:
        yield "also", messages


def unsupported_lines(step: StepReport) -> Iterator[str]:
    """A sentence for each operation that has no rule."""
    for operation in step.unsupported:
        times = count(operation.times, "time")
        yield f"{placed(operation.operation, operation.where)}, {times}: what depends on it is only observed."
