"""`export --to html`: the page as a file, and on standard output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Program, Run


def test_page_to_file_and_standard_output(program: Program, answered: Run) -> None:
    """`-o` writes the file and says so; without it the same page is printed."""
    result = program.file("result.json", answered.out.splitlines()[0])
    run = program("export", result, "--to", "html", "-o", "page.html")
    assert (run.code, run.out, run.err) == (0, "wrote page.html\n", "")
    page = (program.folder / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>\n")
    assert page.endswith("</html>\n")
    printed = program("export", result, "--to", "html")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out == page


def test_a_file_is_not_overwritten_unasked(program: Program, answered: Run) -> None:
    """A file that is there stays as it is, save with `--force`."""
    result = program.file("result.json", answered.out.splitlines()[0])
    program.file("page.html", "mine")
    refused = program("export", result, "--to", "html", "-o", "page.html")
    assert refused.code == 2
    assert "page.html" in refused.err
    assert (program.folder / "page.html").read_text() == "mine"
    assert program("export", result, "--to", "html", "-o", "page.html", "--force").code == 0
    assert (program.folder / "page.html").read_text().startswith("<!DOCTYPE html>")


def test_an_irrational_answer(program: Program, answered: Run) -> None:
    """A witness in a number field has its page as well, and the page the field."""
    result = program.file("result.json", answered.out.splitlines()[2])
    run = program("export", result, "--to", "html")
    assert run.code == 0
    assert json.dumps({"polynomial": ["-2", "0", "1"]}, separators=(",", ":"))[:-1] in run.out


def test_no_page_without_witness(program: Program, answered: Run) -> None:
    """Where there is none, the message says so."""
    result = program.file("result.json", answered.out.splitlines()[1])
    run = program("export", result, "--to", "html")
    assert run.code == 2
    assert "there is no witness" in run.err
