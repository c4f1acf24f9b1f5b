"""Sweeps for people: a table as text, Markdown, LaTeX and HTML, and what it comes to in a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from zerograd.core.question.sweeps import Sweep, is_pattern, signs, value_text
from zerograd.core.verdict.sweep import SweepRow
from zerograd.document import html, latex, markdown, text
from zerograd.document.blocks import Block, Table, Terms, heading, paragraph, prose
from zerograd.document.escape import clean
from zerograd.show.words import count

SHOWN = 500
"""Rows that a terminal or a notebook shows; files have them all."""

LISTED = 8
"""Values of a parameter that are listed."""

_MARKS = {"zero": "0", "nonzero": "≠0"}


def samples_text(row: SweepRow) -> str:
    """``3``, ``≤ 3``, ``impossible``, ``none``, or ``?``."""
    if row.status == "sat":
        return str(row.samples) if row.decided else f"≤ {row.samples}"
    if row.status == "unknown":
        return "?"
    return "impossible" if row.evidence.endswith("(every M)") else "none"


class Summary:
    """Counts rows as they are seen, for a sentence at the end."""

    def __init__(self) -> None:
        self.rows = self.found = self.impossible = self.none = self.unknown = self.fewest = self.word = 0

    def seen(self, rows: Iterable[SweepRow]) -> Iterator[SweepRow]:
        """Yield the rows, counted."""
        for row in rows:
            self.rows += 1
            self.found += row.status == "sat"
            refuted = row.status == "unsat"
            self.impossible += refuted and samples_text(row) == "impossible"
            self.none += refuted and samples_text(row) == "none"
            self.unknown += row.status == "unknown"
            self.fewest += row.status == "sat" and not row.decided
            self.word += row.decided and not row.proved
            yield row

    def __str__(self) -> str:
        parts = [f"{count(self.rows, 'row')}: {self.found} with a witness"]
        parts += [
            f"{number} {words}"
            for number, words in (
                (self.impossible, "impossible"),
                (self.none, "without an answer for the samples asked"),
                (self.unknown, "unknown"),
                (self.fewest, "of which the fewest samples are not known"),
            )
            if number
        ]
        if self.word:
            verb = "row rests" if self.word == 1 else "rows rest"
            return f"{', '.join(parts)}. {self.word} {verb} on a solver's word."
        return f"{', '.join(parts)}. Nothing rests on a solver's word."


def sweep_text(sweep: Sweep, rows: Iterable[SweepRow], *, width: int = text.WIDTH) -> str:
    """A table of at most ``width`` columns where that is possible, of the first `SHOWN` rows."""
    title = [heading(sweep.title, level=0)] if sweep.title else []
    return text.written([*title, *_blocks(sweep, rows, SHOWN)], width=width, indent=0)


def sweep_markdown(sweep: Sweep, rows: Iterable[SweepRow]) -> str:
    """All rows, in Markdown."""
    return markdown.written([heading(sweep.title or "Sweep", level=0), *_blocks(sweep, rows)])


def sweep_html(sweep: Sweep, rows: Iterable[SweepRow]) -> str:
    """The first rows as a fragment of HTML, for notebooks."""
    return html.written([heading(sweep.title or "Sweep", level=0), *_blocks(sweep, rows, SHOWN)], "sweep")


def sweep_latex(sweep: Sweep, rows: Iterable[SweepRow]) -> str:
    """All rows as a document in LaTeX. Tables longer than a page are set with the package longtable."""
    body = latex.written([heading(sweep.title or "Sweep", level=0), *_blocks(sweep, rows)])
    long = "\\usepackage{longtable}\n" if len(sweep) > latex.LONG else ""
    packages = f"\\usepackage[margin=2cm]{{geometry}}\n{long}"
    return f"\\documentclass{{article}}\n{packages}\\begin{{document}}\n{body}\n\\end{{document}}\n"


def summary(rows: Iterable[SweepRow]) -> str:
    """What the table comes to, in a sentence or two."""
    counted = Summary()
    for _row in counted.seen(rows):
        pass
    return str(counted)


def _blocks(sweep: Sweep, rows: Iterable[SweepRow], most: int | None = None) -> Iterator[Block]:
    """The table, at most so many rows of it, and its summary."""
    counted = Summary()
    coming = counted.seen(rows)
    yield Terms(tuple((name, (_all_of(values),)) for name, values in sweep.parameters.items()))
    names = [column for name, values in sweep.parameters.items() for column in _columns(name, values)]
    cells = [
        (*_cells(sweep, row.parameters), samples_text(row), clean(row.evidence))
        for row in islice(coming, most)
    ]
    yield Table(
        tuple(map(prose, (*names, "samples", "evidence"))),
        tuple(tuple(map(prose, line)) for line in cells),
        words=1,
    )
    for _row in coming:
        pass
    if counted.rows > len(cells):
        yield paragraph(f"The first {len(cells)} of {counted.rows} rows; a file (-o rows.csv) has them all.")
    yield paragraph(str(counted))


def _all_of(values: Sequence[Any]) -> str:
    """The values of a parameter in a line."""
    if isinstance(values, range):
        return f"from {values[0]} to {values[-1]}"
    if _patterned(values):
        return f"all {len(values)} patterns of {', '.join(_names(values[0]))}"
    more = f", … ({len(values)} in all)" if len(values) > LISTED else ""
    return clean(", ".join(map(value_text, values[:LISTED]))) + more


def _patterned(values: Sequence[Any]) -> bool:
    """Whether the values are patterns of the same names: one column for each of these, then."""
    return (
        not isinstance(values, range)
        and all(map(is_pattern, values))
        and len({_names(v) for v in values}) == 1
    )


def _names(pattern: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(name for name, _ in signs(pattern))


def _columns(name: str, values: Sequence[Any]) -> list[str]:
    return [f"∂L/∂{each}" for each in _names(values[0])] if _patterned(values) else [name]


def _cells(sweep: Sweep, parameters: Mapping[str, Any]) -> Iterator[str]:
    for name, values in sweep.parameters.items():
        value = parameters[name]
        if _patterned(values):
            yield from (_MARKS[asked] for _, asked in signs(value))
        else:
            yield clean(value_text(value))
