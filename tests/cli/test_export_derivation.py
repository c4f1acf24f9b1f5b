"""`zerograd export --to markdown`, `--to latex` and `--to pdf` of a witness: worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Program, Run


@pytest.fixture
def result(program: Program, answered: Run) -> str:
    """The answers to the founding question, to an impossible one, and one that is irrational."""
    return program.file("r.json", answered.out)


def test_markdown_and_latex(program: Program, result: str) -> None:
    """The page, a document and a fragment; a result read from standard input gives the same."""
    markdown = program("export", result, "--pick", "1", "--to", "markdown")
    assert (markdown.code, markdown.err) == (0, "")
    assert "## A worked example\n" in markdown.out
    assert "### The backward pass\n" in markdown.out
    assert markdown.out.count("as asked") == 4
    document = program("export", result, "--pick", "1", "--to", "latex").out
    fragment = program("export", result, "--pick", "1", "--to", "latex", "--fragment").out
    assert document.startswith("\\documentclass")
    assert "\\documentclass" not in fragment
    assert fragment.startswith("\\begingroup\n") and fragment.endswith("\\endgroup\n")
    assert document.endswith("\\endgroup\n\\end{document}\n")
    lines = (program.folder / result).read_text(encoding="utf-8").splitlines()
    assert program("export", "-", "--to", "markdown", stdin=lines[0]) == markdown


def test_irrational_numbers_are_explained(program: Program, result: str) -> None:
    """What α is, in words."""
    assert (
        r"The number $\alpha$ is about " in program("export", result, "--pick", "3", "--to", "markdown").out
    )


@pytest.mark.needs("pdflatex")
def test_pdf(program: Program, result: str) -> None:
    """A file, which is not overwritten unless that is asked for."""
    arguments = ("export", result, "--pick", "1", "--to", "pdf", "-o", "page.pdf")
    assert program(*arguments) == (0, "wrote page.pdf\n", "")
    first = (program.folder / "page.pdf").read_bytes()
    assert first.startswith(b"%PDF-")
    assert program(*arguments).code == 2
    assert program(*arguments, "--force").code == 0
    assert (program.folder / "page.pdf").read_bytes() == first


def test_pdf_without_pdflatex(program: Program, result: str) -> None:
    """One line that says what to do; no file is left."""
    run = program.process(
        "export", result, "--pick", "1", "--to", "pdf", "-o", "page.pdf", environment={"PATH": "/nowhere"}
    )
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("error: pdflatex is not installed (Debian and Ubuntu: apt-get install texlive")
    assert not (program.folder / "page.pdf").exists()
