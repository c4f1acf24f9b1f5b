"""A watched training step for people: a verdict, a table, and a sentence for each thing there is to say."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from zerograd.document import html, text
from zerograd.document.blocks import Block, Strong, Table, heading, paragraph, prose
from zerograd.document.layout import Layout
from zerograd.document.table import Column, table
from zerograd.explaining.training.explanation import Explanation, StepReport
from zerograd.show.explanation.findings import findings
from zerograd.show.explanation.grid import WORDS, grid
from zerograd.show.explanation.phrases import number
from zerograd.show.explanation.verdict import status, verdict
from zerograd.show.words import count

__all__ = ["explanation_html", "explanation_text", "verdict"]

_MOST = 40
"""Sentences that are written out."""


def explanation_text(explanation: Explanation, *, width: int = text.WIDTH, color: bool = False) -> str:
    """What a person wants to read of a training step; the first sentence is the verdict.

    Args:
        width: columns that are kept to where that is possible.
        color: whether to use escape codes; nothing from the watched program contains any.
    """
    layout, last = Layout(width, color), explanation.last
    lines = [layout.verdict(status(last), line) for line in layout.wrapped(text.prose((verdict(last),)))]
    lines += [line for about in _about(explanation) for line in layout.wrapped(text.prose((about,)))]
    if last.parameters or last.inputs:
        columns = [
            Column(name, [text.prose((cell,)) for cell in cells], left=name in WORDS)
            for name, cells in grid(last, findings(last)).items()
        ]
        lines += ["", *table(columns, width=width)]
    for title, sentences in _sections(explanation):
        lines += layout.heading(title)
        for sentence in sentences:
            lines += layout.wrapped(text.prose((sentence,)), 2, 4)
    return "\n".join(lines) + "\n"


def explanation_html(explanation: Explanation) -> str:
    """The same as a fragment of HTML, for notebooks."""
    return html.written(_blocks(explanation), "explanation")


def _blocks(explanation: Explanation) -> Iterator[Block]:
    last = explanation.last
    yield paragraph(Strong(verdict(last)))
    for about in _about(explanation):
        yield paragraph(about)
    if last.parameters or last.inputs:
        shown = grid(last, findings(last))
        rows = zip(*shown.values(), strict=True)
        yield Table(tuple(map(prose, shown)), tuple(tuple(map(prose, cells)) for cells in rows))
    for title, sentences in _sections(explanation):
        yield heading(title)
        for sentence in sentences:
            yield paragraph(sentence)


def _about(explanation: Explanation) -> Iterator[str]:
    """Which step this is, and what became of the others."""
    last, steps = explanation.last, explanation.steps
    parts = [f"{last.optimizer}, step {last.number}" if last.optimizer else "no optimiser stepped"]
    parts += [f"loss {number(last.loss)}"] if last.loss is not None else []
    parts += [count(last.batch, "sample")] if last.batch else []
    yield ", ".join(parts)
    if len(steps) > 1:
        yield f"{len(steps)} steps were watched; this is about the last one."
    for sentence, same in groupby(steps[:-1], verdict):
        numbers = [step.number for step in same]
        if sentence != verdict(last):
            which = f"Step {numbers[0]}" if len(numbers) == 1 else f"Steps {numbers[0]} to {numbers[-1]}"
            yield f"{which}: {sentence}"
    if explanation.error is not None:
        yield f"The watched code ended with an error; this is about what ran before it: {explanation.error}"


def _sections(explanation: Explanation) -> Iterator[tuple[str, list[str]]]:
    """Headings, each with what stands under it."""
    last = explanation.last
    found = findings(last)
    if sentences := [f"({n}) {finding.sentence()}" for n, finding in enumerate(found[:_MOST], start=1)]:
        more = [f"… and {len(found) - _MOST} more; to_json() has all."] if len(found) > _MOST else []
        yield "why", sentences + more
    if unsupported := list(_unsupported(last)):
        yield "operations without a rule", unsupported
    if last.messages:
        yield "also", list(last.messages)


def _unsupported(step: StepReport) -> Iterator[str]:
    for operation in step.unsupported:
        place = f" ({operation.where})" if operation.where else ""
        times = count(operation.times, "time")
        yield f"{operation.operation}{place}, {times}: what depends on it is only observed."
