"""Atlases for people: a table as text, Markdown and LaTeX, and what it comes to in a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.atlas import Row
from zerograd.document.escape import clean, latex_escape, markdown_escape
from zerograd.document.layout import Layout
from zerograd.document.table import Column, table
from zerograd.show.question import question_lines
from zerograd.show.words import activations, count, kink_line, network_line

_MARKS = {"zero": "0", "nonzero": "≠0"}
_LONG = 40
"""Rows that fit on a page of LaTeX."""
_HEADINGS = ("fewest samples", "evidence")


def samples_cell(row: Row) -> str:
    """``3``, ``≤ 3``, ``impossible``, or ``?``."""
    if row.status == "sat":
        return str(row.samples) if row.decided else f"≤ {row.samples}"
    if row.status == "unknown":
        return "?"
    return "impossible" if row.impossible else f"none {row.problem.samples}"


def evidence_cell(row: Row) -> str:
    """On whose word it rests."""
    open_reason = clean(row.left_open or "")
    if row.status == "unknown":
        return f"unknown: {open_reason}"
    if row.status == "unsat":
        evidence = "certificate" if row.proved else "solver"
        return f"{evidence} (every M)" if row.impossible else evidence
    if not row.smaller:
        return "witness"
    if row.proved:
        return "witness; fewer: certificate"
    return "witness; fewer: solver" if row.decided else f"witness; fewer: unknown ({open_reason})"


def summary(rows: Sequence[Row]) -> str:
    """What the table comes to, in a sentence or two."""
    statuses = [row.status for row in rows]
    parts = [f"{statuses.count('sat')} of {count(len(rows), 'pattern')} possible"]
    impossible = sum(row.impossible for row in rows)
    parts.append(f"{impossible} impossible")
    if none := statuses.count("unsat") - impossible:
        parts.append(f"{none} without an answer in the range of samples")
    if unknown := statuses.count("unknown"):
        parts.append(f"{unknown} unknown")
    if perhaps := sum(row.status == "sat" and not row.decided for row in rows):
        parts.append(f"of {perhaps} the fewest samples are not known")
    proved = sum(row.proved for row in rows)
    checked = [_plural(statuses.count("sat"), "witness", "witnesses")] if "sat" in statuses else []
    if certified := sum(row.certified for row in rows):
        checked.append(_plural(certified, "certificate", "certificates"))
    accepted = f"the checker accepted {' and '.join(checked)}"
    if proved == len(rows):
        return f"{', '.join(parts)}. Nothing rests on a solver's word: {accepted}."
    if checked:
        parts[-1] += f"; {accepted}"
    if word := sum(row.decided and not row.proved for row in rows):
        parts[-1] += f"; {_plural(word, 'row rests', 'rows rest')} on a solver's word"
    return f"{', '.join(parts)}."


def _plural(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def atlas_text(problem: Problem, rows: Sequence[Row], *, width: int = 100, colour: bool = False) -> str:
    """A table of at most ``width`` columns where that is possible, under what it is about."""
    layout = Layout(width, colour)
    lines = []
    if problem.title:
        lines += [*layout.wrapped(clean(problem.title)), ""]
    for label, text in _about(problem, rows):
        lines += layout.labelled(label, text)
    headings, cells = _cells(rows)
    last = len(headings) - 1
    columns = [
        Column(heading, column, left=number == last)
        for number, (heading, column) in enumerate(zip(headings, zip(*cells, strict=True), strict=True))
    ]
    lines += ["", *table(columns, width=width), "", *layout.wrapped(summary(rows))]
    return "\n".join(lines) + "\n"


def atlas_markdown(problem: Problem, rows: Sequence[Row]) -> str:
    """The same, with a table in Markdown."""
    headings, cells = _cells(rows)
    lines = [f"# {markdown_escape(problem.title or 'Atlas')}", ""]
    lines += [f"- {label}: {markdown_escape(part)}" for label, text in _about(problem, rows) for part in text]
    lines += ["", _bars(map(markdown_escape, headings)), _bars([*["---:"] * (len(headings) - 1), ":---"])]
    lines += [_bars(map(markdown_escape, row)) for row in cells]
    return "\n".join([*lines, "", markdown_escape(summary(rows))]) + "\n"


def atlas_latex(problem: Problem, rows: Sequence[Row], *, document: bool = True) -> str:
    """The same in LaTeX. Tables longer than a page are set with the package longtable."""
    headings, cells = _cells(rows)
    long = len(rows) > _LONG
    environment = "longtable" if long else "tabular"
    head = " & ".join(_latex_heading(heading) for heading in headings)
    body = [" & ".join(map(_latex_cell, row)) + r" \\" for row in cells]
    lines = [r"\noindent"] if not long else []
    lines += [
        rf"\begin{{{environment}}}{{{'r' * (len(headings) - 1)}l}}",
        rf"\hline {head} \\ \hline" + (r" \endhead" if long else ""),
        *body,
        r"\hline",
        rf"\end{{{environment}}}",
    ]
    said = [f"{label}: {latex_escape(part)}" for label, text in _about(problem, rows) for part in text]
    paragraphs = [rf"\section*{{{latex_escape(problem.title or 'Atlas')}}}"]
    paragraphs += [rf"\noindent {line}\par" for line in said]
    paragraphs += ["", *lines, "", rf"\medskip\noindent {latex_escape(summary(rows))}"]
    text = "\n".join(paragraphs)
    if not document:
        return text + "\n"
    packages = "\\usepackage[margin=2cm]{geometry}\n" + ("\\usepackage{longtable}\n" if long else "")
    return f"\\documentclass{{article}}\n{packages}\\begin{{document}}\n{text}\n\\end{{document}}\n"


def _about(problem: Problem, rows: Sequence[Row]) -> Iterator[tuple[str, list[str]]]:
    """What all rows have in common, by label."""
    kinks = kink_line(activations(problem.network), problem.derivative_at_kink)
    yield "network", [f"{network_line(problem.network)}, mean squared error, {kinks}"]
    asked = rows[0].problem
    yield "samples", [str(asked.samples)]
    if said := list(question_lines(asked.with_query())):
        yield "always", said


def _cells(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    headings = [*(f"∂L/∂{name}" for name in rows[0].pattern), *_HEADINGS]
    return headings, [
        [*(_MARKS[asked] for asked in row.pattern.values()), samples_cell(row), evidence_cell(row)]
        for row in rows
    ]


def _bars(cells: Iterator[str] | Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _latex_heading(heading: str) -> str:
    name = heading.removeprefix("∂L/∂")
    return heading if name == heading else rf"\(\partial_{{\mathtt{{{name}}}}}L\)"


def _latex_cell(cell: str) -> str:
    return rf"\({cell.replace('≠', chr(92) + 'neq ')}\)" if cell in _MARKS.values() else latex_escape(cell)
