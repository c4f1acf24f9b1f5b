"""`zerograd sheet`, and the exports that lectures hand out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.questions import FOUNDING, IMPOSSIBLE
from zerograd.core.question.problem import Problem

if TYPE_CHECKING:
    from tests.cli.conftest import Program


@pytest.mark.slow
def test_a_sheet_of_different_networks(program: Program) -> None:
    """One command; the same seed gives the same file, another one another."""
    command = ("sheet", "-", "--count", "3", "-o", "sheet.tex", "--force")
    assert program.process(*command, stdin=FOUNDING) == (0, "wrote sheet.tex\n", "")
    first = (program.folder / "sheet.tex").read_text(encoding="utf-8")
    assert first.count(": sheet ") == 3
    assert first.count("Solution of sheet ") == 3
    parameters = [line for line in first.splitlines() if "Its parameters are" in line]
    assert len(set(parameters)) == 3
    assert "on a kink" not in first
    assert program(*command, stdin=FOUNDING).code == 0
    assert (program.folder / "sheet.tex").read_text(encoding="utf-8") == first
    other = program("sheet", "-", "--count", "3", "--seed", "1", "--no-solutions", stdin=FOUNDING)
    assert other.code == 0
    assert "Solution" not in other.out
    assert not {*other.out.splitlines()} >= {*parameters}


def test_a_sheet_in_markdown_and_html(program: Program) -> None:
    """The name of the file says which."""
    for name, start in (("sheet.md", "## "), ("sheet.html", "<!DOCTYPE html>")):
        assert program("sheet", "-", "--count", "2", "-o", name, stdin=FOUNDING).code == 0
        assert (program.folder / name).read_text(encoding="utf-8").startswith(start)
    run = program("sheet", "-", "-o", "sheet.doc", stdin=FOUNDING)
    assert run == (2, "", "error: sheet.doc: name a file ….tex, ….pdf, ….md, ….html\n")


@pytest.mark.needs("pdflatex")
def test_a_sheet_as_pdf(program: Program) -> None:
    """It is typeset."""
    assert program("sheet", "-", "--count", "2", "-o", "sheet.pdf", stdin=FOUNDING).code == 0
    assert (program.folder / "sheet.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.slow
def test_no_sheet_where_there_are_no_networks(program: Program) -> None:
    """None, or fewer than are asked for."""
    run = program("sheet", "-", stdin=IMPOSSIBLE)
    assert run == (2, "", "error: the answer is unsat: there is no network to ask about\n")
    lone = FOUNDING + "given: {w1: 1, b1: 1, w2: 1, b2: 0}\n"
    run = program("sheet", "-", "--count", "4", stdin=lone)
    assert run.code == 3
    assert run.out.count(": sheet ") == 1
    assert run.err.startswith(
        "found 1 different network, not 4: ask for fewer (--count), fix less, or allow more"
    )


def test_the_time_ran_out_before_any_network(program: Program) -> None:
    """It is said, and what to do: here a solver has to be loaded."""
    hard = FOUNDING + 'domain: integer\nwhere: ["y[0] * y[0] == 3 * y[1] * y[2] * y[2] + 2"]\n'
    run = program("sheet", "-", "--timeout", "0.01", stdin=hard)
    assert run.code == 2
    assert (
        "the time ran out after 0.01 s, before any network was found: allow more time (--timeout)" in run.err
    )


def test_networks_on_a_sheet_are_generic(program: Program) -> None:
    """No unit is a multiple of another, and no number is large; --prefer any takes what is found first."""
    from zerograd.core.verdict.generic import against_generic
    from zerograd.sheets import different

    problem = Problem(network=[1, 2, 1], samples=4, domain="integer", zero=["w2", "b2"], nonzero=["w1", "b1"])
    generic = different(problem, 2)
    assert len(generic) == 2
    assert not any(against_generic(answer.witness) for answer in generic)
    first = different(problem, 2, prefer="any")
    assert any(against_generic(answer.witness) for answer in first)


def test_exercise_worksheet_and_slides(program: Program) -> None:
    """Each goes into a file of its kind; --solution is for exercises."""
    assert program("solve", "-", "-q", "-o", "answer.json", stdin=FOUNDING).code == 0
    export = ("export", "answer.json", "--to")
    for form, name in (
        ("exercise", "e.html"),
        ("exercise", "e.tex"),
        ("slides", "s.tex"),
        ("worksheet", "w.ipynb"),
    ):
        assert program(*export, form, "-o", name) == (0, f"wrote {name}\n", "")
    assert json.loads((program.folder / "w.ipynb").read_text(encoding="utf-8"))["nbformat"] == 4
    asked, solved = (program(*export, "exercise", *more).out for more in ((), ("--solution",)))
    assert solved.startswith(asked.partition("\\end{sloppypar}")[0])
    assert "Why it works" in solved
    assert "Why it works" not in asked
    assert program(*export, "slides", "--solution").err == "error: --solution goes with --to exercise\n"
    assert program(*export, "worksheet", "-o", "w.py").code == 2


@pytest.mark.needs("pdflatex")
def test_proofs_exercises_and_slides_as_pdf(program: Program) -> None:
    """The ending asks for it; a proof by --to pdf."""
    assert program("solve", "-", "-q", "-o", "answer.json", stdin=FOUNDING).code == 0
    for form in ("exercise", "slides"):
        assert program("export", "answer.json", "--to", form, "-o", f"{form}.pdf").code == 0
        assert (program.folder / f"{form}.pdf").read_bytes().startswith(b"%PDF-")
    run = program("prove", "-", "--to", "pdf", "-o", "proof.pdf", stdin=IMPOSSIBLE)
    assert run.code == 0
    assert run.out.endswith("wrote proof.pdf\n")
    assert (program.folder / "proof.pdf").read_bytes().startswith(b"%PDF-")
    run = program("prove", "-", "--to", "pdf", stdin=IMPOSSIBLE)
    assert run == (2, "", "error: --to pdf is not for a terminal: name a file with -o FILE\n")
