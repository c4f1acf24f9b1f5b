"""What the page says, step by step, ready for its template: texts that are clean and not escaped yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from zerograd.document.escape import clean
from zerograd.explaining.explanation import Cause, Explanation, StepReport
from zerograd.show.explanation.findings import Finding, findings
from zerograd.show.explanation.grid import WORDS, grid, left_out, ordered_rows
from zerograd.show.explanation.phrases import place_of
from zerograd.show.explanation.rendering import about, unsupported_lines
from zerograd.show.explanation.verdict import status, verdict
from zerograd.show.report_page.bars import Bars, bars
from zerograd.show.report_page.drawing import Drawing, drawing
from zerograd.show.report_page.units import Map, unit_map

MOST_ROWS = 1000
"""Rows of the table."""
MOST_CAUSES = 200
"""Causes that have a sentence."""
MOST_STEPS = 50
"""Steps that the page shows: the last ones."""
MOST_LETTERS = 1_000_000
"""States of units that the page holds, over all steps."""
OPEN_MAPS = 4
"""Maps of a step that are open at first, beside those that a cause speaks of."""

_FIRST = {"name": 0, "why": 1}
"""Columns that stand first: on a telephone the others are off the edge."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table.

    Attributes:
        cells: in the order of the headings.
        link: the number of the cause that the last cell names; None where it names none.
        about: all that is known of the row, for the step's other parts to be marked: numbers of vertices.
    """

    cells: tuple[str, ...]
    link: int | None
    vertices: str


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of why something is so, and what it is about.

    Attributes:
        map: the number of the map that shows its units; None where none does.
        units, samples: numbers that are marked there, with spaces between; empty for all.
        vertices: numbers of the vertices that are marked in the graph.
        rows: numbers of the table's rows that are marked.
    """

    number: int
    sentence: str
    bars: Bars | None
    map: int | None
    units: str
    samples: str
    vertices: str
    rows: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        status: ``fine``, ``fault`` or ``open``.
        headings: of the table, each with whether it is of words.
    """

    number: int
    title: str
    verdict: str
    status: str
    headings: tuple[tuple[str, bool], ...]
    lines: tuple[Line, ...]
    left_out: tuple[str, ...]
    told: tuple[Told, ...]
    more_told: int
    maps: tuple[Map, ...]
    graph: Drawing | None
    unsupported: tuple[str, ...]
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """The whole page.

    Attributes:
        about: what is said once: which optimiser, how many steps, an error.
        earlier: how many steps are left out.
    """

    verdict: str
    status: str
    about: tuple[str, ...]
    earlier: int
    steps: tuple[Step, ...]
    torch: str | None


def content(explanation: Explanation) -> Content:
    """The texts of an explanation."""
    shown = explanation.steps[-MOST_STEPS:]
    mapped = _mapped(shown)
    return Content(
        verdict=clean(verdict(explanation.last)),
        status=status(explanation.last),
        about=tuple(map(clean, about(explanation))),
        earlier=len(explanation.steps) - len(shown),
        steps=tuple(_step(step, step in mapped) for step in shown),
        torch=explanation.torch and clean(explanation.torch),
    )


def _mapped(steps: Sequence[StepReport]) -> list[StepReport]:
    """Return the steps whose units are shown: the last ones, as many as a page can hold."""
    letters, mapped = 0, []
    for step in reversed(steps):
        letters += sum(len(states) for units in step.units for states in units.states)
        if letters > MOST_LETTERS:
            break
        mapped.append(step)
    return mapped


def _step(step: StepReport, mapped: bool) -> Step:
    found = findings(step)
    columns = grid(step, found, most_rows=MOST_ROWS, most_causes=MOST_CAUSES)
    columns = {name: columns[name] for name in sorted(columns, key=lambda name: _FIRST.get(name, 2))}
    rows = ordered_rows(step, found)[:MOST_ROWS]
    numbers = {id(row): i for i, row in enumerate(rows)}
    told = tuple(
        _told(number, finding, step, numbers) for number, finding in enumerate(found[:MOST_CAUSES], start=1)
    )
    links = {int(row): one.number for one in reversed(told) for row in one.rows.split()}
    optimizer = f", {clean(step.optimizer)}" if step.optimizer else ""
    return Step(
        number=step.number,
        title=f"Step {step.number}{optimizer}",
        verdict=clean(verdict(step)),
        status=status(step),
        headings=tuple((name, name in WORDS) for name in columns),
        lines=tuple(
            Line(
                (clean(row.name), *map(clean, cells[1:])),
                links.get(i),
                _numbers(_vertices(step, (row.name,))),
            )
            for i, (row, cells) in enumerate(zip(rows, zip(*columns.values(), strict=True), strict=True))
        ),
        left_out=tuple(left_out(step, found, most_rows=MOST_ROWS)),
        told=told,
        more_told=len(found) - len(told),
        maps=tuple(
            unit_map(units, i < OPEN_MAPS or any(one.map == i for one in told))
            for i, units in enumerate(step.units)
        )
        if mapped
        else (),
        graph=drawing(step.graph),
        unsupported=tuple(map(clean, unsupported_lines(step))),
        messages=tuple(map(clean, step.messages)),
    )


def _told(number: int, finding: Finding, step: StepReport, rows: dict[int, int]) -> Told:
    cause, concerned = finding.cause, [row for row, _ in finding.concerned]
    place = place_of(cause) if cause is not None else None
    maps = [i for i, units in enumerate(step.units) if units.where == place]
    marked = [name for name in (place, *(row.name for row in concerned)) if name]
    return Told(
        number=number,
        sentence=clean(finding.sentence()),
        bars=bars(cause) if cause is not None else None,
        map=maps[0] if maps else None,
        units=_numbers(_units(cause)) if cause is not None else "",
        samples=_numbers(cause.samples or ()) if cause is not None and not cause.all_samples else "",
        vertices=_numbers(_vertices(step, marked)),
        rows=_numbers(rows[id(row)] for row in concerned if id(row) in rows),
    )


def _units(cause: Cause) -> Sequence[int]:
    units = cause.details.get("units")
    return tuple(units) if isinstance(units, Sequence) and not isinstance(units, str) else ()


def _vertices(step: StepReport, names: Collection[str]) -> list[int]:
    return [i for i, vertex in enumerate(step.graph.vertices) if vertex.name in names]


def _numbers(numbers: Iterable[int]) -> str:
    return " ".join(map(str, numbers))
