"""`zerograd export` to scripts, notebooks and SMT-LIB."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

import nbformat
import pytest
import z3

if TYPE_CHECKING:
    from tests.cli.conftest import Program, Run

NAMES = {"pytorch": "script.py", "jax": "script.py", "notebook": "answer.ipynb", "smtlib": "question.smt2"}


@pytest.fixture
def folder(program: Program, answered: Run) -> Program:
    """The program beside sat.json, unsat.json and irrational.json."""
    for name, result in zip(("sat", "unsat", "irrational"), answered.results, strict=True):
        program.file(f"{name}.json", json.dumps(result))
    return program


@pytest.mark.parametrize("form", NAMES)
def test_written_to_a_file_or_printed(folder: Program, form: str) -> None:
    """The same bytes either way, of a kind that its readers read."""
    printed = folder("export", "sat.json", "--to", form)
    assert (printed.code, printed.err) == (0, "")
    name = NAMES[form]
    assert folder("export", "sat.json", "--to", form, "-o", name) == (0, f"wrote {name}\n", "")
    assert (folder.folder / name).read_text(encoding="utf-8") == printed.out
    match form:
        case "notebook":
            nbformat.validate(json.loads(printed.out))
        case "smtlib":
            solver = z3.Solver()
            solver.from_string(printed.out)
            assert solver.check() == z3.sat
        case _:
            assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(printed.out)))


def test_notebook_of_an_answer_runs(folder: Program) -> None:
    """Its cells, one after another, for a rational witness and for an irrational one."""
    for name in ("sat", "irrational"):
        document = json.loads(folder("export", f"{name}.json", "--to", "notebook").out)
        cells = [cell["source"] for cell in document["cells"] if cell["cell_type"] == "code"]
        folder.file("cells.py", "\n".join(cells))
        done = folder.process(run=("-W", "error", "cells.py"))
        assert (done.code, done.err) == (0, "")
        assert done.out.endswith("All that is asked of the gradients holds.\n")


def test_impossible_question(folder: Program) -> None:
    """There is a question to write down, but no witness for a script."""
    question = folder("export", "unsat.json", "--to", "smtlib").out
    assert "(set-info :status unsat)" in question
    assert "get-value" not in question
    for form in ("pytorch", "jax", "notebook"):
        done = folder("export", "unsat.json", "--to", form)
        assert (done.code, done.out) == (2, "")
        assert "there is no witness" in done.err


def test_numbers_beyond_float64(program: Program) -> None:
    """No script in float64, and a message that says why; the notebook calculates with fractions."""
    program.file("p.yaml", "network: [1, 1, 1]\nsamples: 1\nzero: [w1]\ngiven: {x: [1e400]}\n")
    assert program("solve", "p.yaml", "-q", "-o", "r.json").code == 0
    for form in ("pytorch", "jax"):
        done = program("export", "r.json", "--to", form)
        assert (done.code, done.out) == (2, "")
        assert "beyond the range of float64" in done.err
    assert program("export", "r.json", "--to", "notebook").code == 0
