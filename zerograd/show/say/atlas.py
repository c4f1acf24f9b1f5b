"""Atlases for people: a table as text, Markdown and LaTeX, and what it comes to in a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.row import Row
from zerograd.document import html, latex, markdown, text
from zerograd.document.blocks import Block, Table, Terms, heading, paragraph, prose
from zerograd.document.escape import clean
from zerograd.document.formula import PARTIAL, RELATIONS, ZERO, Letter, Name, Node, Script, row
from zerograd.show.question import question_lines, setting_line
from zerograd.show.words import count


def samples_cell(row: Row) -> str:
    """``3``, ``≤ 3``, ``impossible``, or ``?``."""
    if row.status == "sat":
        return str(row.samples) if row.decided else f"≤ {row.samples}"
    if row.status == "unknown":
        return "?"
    return "impossible" if row.impossible else f"none {row.problem.samples}"


def evidence_cell(row: Row) -> str:
    """The evidence that a row rests on."""
    return clean(row.evidence)


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


def atlas_text(problem: Problem, rows: Sequence[Row], *, width: int = text.WIDTH) -> str:
    """A table of at most ``width`` columns where that is possible, under what it is about."""
    title = [heading(problem.title, level=0)] if problem.title else []
    return text.written([*title, *_blocks(problem, rows), paragraph(summary(rows))], width=width, indent=0)


def atlas_markdown(problem: Problem, rows: Sequence[Row]) -> str:
    """The same, with a table in Markdown."""
    title = heading(problem.title or "Atlas", level=0)
    return markdown.written([title, *_blocks(problem, rows), paragraph(summary(rows))])


def atlas_html(problem: Problem, rows: Sequence[Row]) -> str:
    """The same as a fragment of HTML, for notebooks."""
    title = heading(problem.title or "Atlas", level=0)
    return html.written([title, *_blocks(problem, rows), paragraph(summary(rows))], "atlas")


def atlas_latex(problem: Problem, rows: Sequence[Row], *, document: bool = True) -> str:
    """The same in LaTeX. Tables longer than a page are set with the package longtable."""
    title = heading(problem.title or "Atlas", level=0)
    body = latex.written([title, *_blocks(problem, rows, formulas=True)])
    body += rf"\medskip\noindent {latex.prose((summary(rows),))}"
    if not document:
        return body + "\n"
    long = "\\usepackage{longtable}\n" if len(rows) > latex.LONG else ""
    packages = f"\\usepackage[margin=2cm]{{geometry}}\n{long}"
    return f"\\documentclass{{article}}\n{packages}\\begin{{document}}\n{body}\n\\end{{document}}\n"


def _blocks(problem: Problem, rows: Sequence[Row], *, formulas: bool = False) -> Iterator[Block]:
    """What all rows have in common, and the table; with gradients and marks as formulas, or in plain text."""
    yield Terms(tuple(_about(problem, rows)))
    names = list(rows[0].pattern)
    head = [_gradient(name) if formulas else f"∂L/∂{name}" for name in names]
    marks = {"zero": "0", "nonzero": "≠0"}
    signs: dict[str, Node] = {"zero": ZERO, "nonzero": row(RELATIONS["!="], ZERO)}
    cells = (
        (*((signs if formulas else marks)[asked] for asked in line.pattern.values()), *_ends(line))
        for line in rows
    )
    yield Table(
        tuple(map(prose, (*head, "fewest samples", "evidence"))),
        tuple(tuple(map(prose, line)) for line in cells),
        words=1,
    )


def _ends(line: Row) -> tuple[str, str]:
    return samples_cell(line), evidence_cell(line)


def _gradient(name: str) -> Node:
    return row(Script(PARTIAL, Name(name)), Letter("L"))


def _about(problem: Problem, rows: Sequence[Row]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What all rows have in common, by label."""
    yield "network", (setting_line(problem),)
    asked = rows[0].problem
    yield "samples", (str(asked.samples),)
    if lines := tuple(question_lines(asked.with_query())):
        yield "always", lines
