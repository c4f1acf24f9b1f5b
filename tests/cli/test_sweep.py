"""`zerograd sweep` as a user runs it: every form, the store, mistakes, and runs that are killed."""

from __future__ import annotations

import csv
import json
import random
from typing import TYPE_CHECKING

import pytest

from tests.cli.stores import BROKEN, killed_again_and_again
from tests.stores import decided, logged, written

if TYPE_CHECKING:
    from tests.cli.conftest import Program

PAIR = """\
title: Two | kinks
sweep: {kink: [torch, right], pattern: {patterns: [w1]}}
problem:
  network: [1, 1, 1]
  samples: 2
  derivative_at_kink: $kink
  zero: [$pattern.zero, w2]
"""
PAIR = PAIR.replace("zero: [$pattern.zero, w2]", "zero: $pattern.zero\n  nonzero: $pattern.nonzero")
FOUNDING = """\
sweep: {H: {from: 1, to: 2}, kink: [torch, right]}
problem:
  network: [1, $H, 1]
  samples: fewest
  derivative_at_kink: $kink
  zero: [w2, b2]
  nonzero: [w1, b1]
"""
TABLE = """\
H         from 1 to 2
kink      torch, right

  H    kink   samples   evidence
  ─   ─────   ───────   ───────────────────────────
  1   torch         3   witness; fewer: certificate
  1   right         2   witness; fewer: certificate
  2   torch         3   witness; fewer: certificate
  2   right         2   witness; fewer: certificate

4 rows: 4 with a witness. Nothing rests on a solver's word.
"""
KEPT = "finished rows are kept in founding.sweep.sqlite\n"


@pytest.mark.needs("pyarrow")
def test_one_file_one_command(program: Program) -> None:
    """A table, a heat map, and files for other programs; the second time nothing is asked."""
    name = program.file("founding.yaml", FOUNDING)
    files = ["rows.csv", "rows.parquet", "rows.json", "rows.md", "rows.tex", "map.svg", "map.png", "map.pdf"]
    done = program("sweep", name, *(part for file in files for part in ("-o", file)))
    assert done == (0, TABLE + "".join(f"wrote {file}\n" for file in files), KEPT)
    assert {path.name for path in program.folder.iterdir()} == {*files, name, "founding.sweep.sqlite"}
    with (program.folder / "rows.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["samples"] for line in lines] == ["3", "2", "3", "2"]
    document = json.loads((program.folder / "rows.json").read_text())
    printed = program("sweep", name, "--json")
    assert (printed.code, json.loads(printed.out)) == (0, document)
    assert printed.err == KEPT + "4 of 4 rows were there already\n"
    assert [row["samples"] for row in document["rows"]] == [3, 2, 3, 2]
    line = "accepted: a sweep of 4 rows: 4 with a witness, 4 with a certificate, re-checked exactly\n"
    assert program.process("verify", name, "rows.json") == (0, line, "")
    done = program("sweep", name, "-q", "-o", "rows.md")
    assert done == (
        2,
        "",
        "error: rows.md: exists already: name another file, or overwrite it with --force\n",
    )
    assert program("sweep", name, "-q", "-o", "rows.md", "--force").code == 0


@pytest.mark.needs("matplotlib")
def test_a_document_is_drawn(program: Program) -> None:
    """The same heat map as `sweep` draws, after every row was checked."""
    name = program.file("founding.yaml", FOUNDING)
    assert program("sweep", name, "-q", "-o", "rows.json", "-o", "one.svg").code == 0
    assert program("plot", "rows.json", "-o", "other.svg") == (0, "wrote other.svg\n", "")
    one, other = ((program.folder / file).read_bytes() for file in ("one.svg", "other.svg"))
    assert one == other
    message = "error: a sweep is drawn as a heat map, without --kind, --width, --no-title and --problem\n"
    assert program("plot", "rows.json", "-o", "loss.svg", "--kind", "loss") == (2, "", message)
    document = json.loads((program.folder / "rows.json").read_text())
    document["rows"][0]["samples"] = 2
    program.file("changed.json", json.dumps(document))
    refused = "changed.json: error: refused: rows[0].samples: expected 3, found 2\n"
    assert program("plot", "changed.json", "-o", "map.svg") == (2, "", refused)
    assert not (program.folder / "map.svg").exists()


def test_verify_refuses_what_was_changed(program: Program) -> None:
    """A row that says what its result does not, and the document of another sweep."""
    name = program.file("founding.yaml", FOUNDING.replace("to: 2", "to: 1"))
    document = json.loads(program("sweep", name, "--no-store", "--json").out)
    document["rows"][1]["samples"] = 1
    program.file("changed.json", json.dumps(document))
    assert program("verify", name, "changed.json") == (
        1,
        "refused: rows[1].samples: expected 2, found 1\n",
        "",
    )
    other = program.file("other.yaml", FOUNDING)
    assert program("verify", other, "changed.json") == (1, "refused: rows: expected 4, found 2\n", "")


def test_unusable_input(program: Program) -> None:
    """Exit code 2, a line with its place, and nothing is lost."""
    name = program.file("founding.yaml", FOUNDING)
    unused = program.file("unused.yaml", FOUNDING.replace("$H", "2"))
    message = "unused.yaml:1:9: error: sweep.H: is used nowhere: write $H in the problem, or take it out\n"
    assert program("sweep", unused) == (2, "", message)
    large = program.file("large.yaml", FOUNDING.replace("to: 2", "to: 600000"))
    message = "large.yaml:1:1: error: sweep: 600000 · 2 = 1200000 rows: at most 1000000 are asked\n"
    assert program("sweep", large) == (2, "", message)
    row = program.file("row.yaml", FOUNDING.replace("from: 1", "from: 0"))
    done = program("sweep", row, "--no-store")
    assert done.code == 2
    assert done.err.startswith(
        "row.yaml:1:12: error: problem.network[1]: expected a whole number of at least 1"
    )
    assert done.err.endswith("(where H = 0, kink = torch)\n")
    assert program("sweep", "missing.yaml").err == (
        "missing.yaml: error: no such file: check its name and folder\n"
    )
    single = program.file("single.yaml", "network: [1, 1, 1]\nsamples: 2\nzero: w1\n")
    assert "a single problem is answered by zerograd solve" in program("sweep", single).err
    assert "this is a sweep, and no single problem" in program("solve", name).err
    done = program("sweep", name, "-o", "rows.txt")
    endings = ".json, .csv, .parquet, .md, .tex, .svg, .png, .pdf"
    assert done == (2, "", f"error: rows.txt: name a file that ends in {endings}\n")
    assert program("sweep", name, "-o", "a.csv", "-o", "./a.csv").code == 2
    assert program("sweep", name, "--store", "a.json", "-o", "a.json").code == 2
    assert program("sweep", name, "--store", "a", "--no-store").code == 2
    assert program("sweep", name, "--store", name).code == 2
    assert program("sweep", name, "--jobs", "0").code == 2
    assert (program.folder / name).read_text() == FOUNDING
    assert not list(program.folder.glob("*.sqlite"))


def test_a_store_of_another_sweep(program: Program) -> None:
    """It is refused and left as it is; a sweep that was extended goes on with its own."""
    name = program.file("pair.yaml", PAIR)
    assert program("sweep", name, "-q").code == 0
    store = program.folder / "pair.sweep.sqlite"
    before = store.read_bytes()
    other = program.file("founding.yaml", FOUNDING)
    done = program("sweep", other, "-q", "--store", store.name)
    assert done == (
        2,
        "",
        f"error: {store.name}: keeps the rows of another sweep: name another file (--store)\n",
    )
    assert store.read_bytes() == before
    program.file("pair.yaml", PAIR.replace("[torch, right]", "[left, right, torch]"))
    assert "4 of 6 rows were there already\n" in program("sweep", name).err


def test_rows_that_are_left_open(program: Program) -> None:
    """Exit code 3; the table says why."""
    text = (
        "sweep: {n: [2, 114]}\nproblem:\n  network: [1, 1, 1]\n  samples: 1\n  domain: integer\n"
        "  where: [w1**3 + b1**3 + w2**3 == $n]\n"
    )
    done = program("sweep", "-", "--no-store", "-q", "--timeout", "4s", stdin=text)
    assert done.code == 3
    assert "114         ?   unknown: timeout\n" in done.out


def test_standard_input(program: Program) -> None:
    """`-` has a store, too."""
    assert program("sweep", "-", stdin=PAIR).err == "finished rows are kept in stdin.sweep.sqlite\n"
    assert list(decided(program.folder / "stdin.sweep.sqlite").values()) == [2] * 4


@pytest.mark.slow
def test_killed_runs_go_on_where_they_stopped(program: Program) -> None:
    """SIGKILL at random moments: in the end the same table, nothing lost, and nothing done twice."""
    name = program.file("founding.yaml", FOUNDING.replace("to: 2", "to: 4"))
    undisturbed = program("sweep", "--no-store", "-q", name)
    store = logged(program.folder / "founding.sweep.sqlite")
    killed_again_and_again(program, "sweep", name, store, 8, 4, random.Random(18))
    assert program("sweep", "-q", name) == undisturbed
    assert written(store) == [(1, 2)] * 8


WITHOUT = """
import sys
from importlib import util

found = util.find_spec
util.find_spec = lambda name, *more: None if name in ("pyarrow", "matplotlib") else found(name, *more)
from zerograd.cli import main
main()
"""


@pytest.mark.parametrize(("file", "extra"), [("rows.parquet", "parquet"), ("map.svg", "plot")])
def test_a_library_that_is_missing_is_told_first(program: Program, file: str, extra: str) -> None:
    """Before any row is asked, with the command that installs it."""
    done = program.process("sweep", "-q", program.file("pair.yaml", PAIR), "-o", file, run=("-c", WITHOUT))
    assert (done.code, done.out) == (2, "")
    assert f"[{extra}]'\n" in done.err
    assert [path.name for path in program.folder.iterdir()] == ["pair.yaml"]


@pytest.mark.needs("matplotlib")
def test_too_many_panels_are_told_first(program: Program) -> None:
    """Before any row is asked, with the numbers."""
    many = "sweep: {H: [1, 2], D: [1, 2], seed: {from: 1, to: 30}}\n"
    text = f"{many}problem: {{title: $seed, network: [$D, $H, 1], samples: 1, zero: w1}}\n"
    done = program("sweep", "-q", program.file("many.yaml", text), "-o", "map.svg")
    assert (done.code, done.out) == (2, "")
    assert "at most 24 are drawn" in done.err
    assert [path.name for path in program.folder.iterdir()] == ["many.yaml"]


def test_a_bug_in_a_row_is_reported(program: Program) -> None:
    """Exit code 70, no table, and a file with the row's own problem."""
    done = program.process("sweep", "-q", program.file("pair.yaml", PAIR), run=("-c", BROKEN))
    assert (done.code, done.out) == (70, "")
    assert done.err.startswith("bug: no answer is given, because out of order\n")
    (report,) = program.folder.glob("zerograd-bug-*.json")
    assert json.loads(report.read_text())["problem"]["samples"] == 2
