"""`zerograd atlas` as a user runs it: every form, the store, and runs that are killed."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import sqlite3
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.stores import BROKEN, killed_again_and_again
from tests.stores import decided, logged, written
from zerograd.core.question.documents import problem_from_json

if TYPE_CHECKING:
    from tests.cli.conftest import Program

PAIR = "title: Two | patterns\nnetwork: [1, 1, 1]\nsamples: 3\nzero: [b1, b2]\n"
SMALL = "network: [1, 1, 1]\nsamples: fewest\nzero: [w2, b2]\nnonzero: [w1, b1]\n"
HOPELESS = (
    "network: [1, 1, 1]\nsamples: any\nzero: [b2]\ndomain: integer\n"
    "where: ['grad(b2) == 0 or w1**3 + b1**3 + w2**3 == 114']\n"
)
TABLE = """\
Two | patterns

network   1 → 1 relu → 1 linear, mean squared error, ReLU'(0) = 0 (torch)
samples   fewest

  ∂L/∂b1   ∂L/∂b2   fewest samples   evidence
  ──────   ──────   ──────────────   ───────────────────────────
       0        0                1   witness
       0       ≠0                1   witness
      ≠0        0                2   witness; fewer: certificate
      ≠0       ≠0                1   witness

4 of 4 patterns possible, 0 impossible. Nothing rests on a solver's word: the checker accepted 4
witnesses and 1 certificate.
"""
SUMMARY = TABLE[TABLE.index("4 of 4") :].replace("\n", " ").strip() + "\n"
KEPT = "finished rows are kept in pair.atlas.sqlite\n"


def test_a_store_that_says_impossible(program: Program) -> None:
    """A store that a stranger sends along: rows that were rewritten to a solver's no change nothing."""
    name = program.file("pair.yaml", PAIR)
    assert program("atlas", name) == (0, TABLE, KEPT)
    connection = sqlite3.connect(program.folder / "pair.atlas.sqlite")
    rows = connection.execute("SELECT problem, document FROM rows").fetchall()
    for digest, document in rows:
        result = {key: value for key, value in json.loads(document).items() if key in ("format", "problem")}
        result |= {
            "status": "unsat",
            "reason": None,
            "samples": None,
            "evidence": "solver",
            "every_samples": True,
        }
        text = json.dumps(result | {"attempts": []})
        sha = hashlib.sha256(text.encode()).hexdigest()
        connection.execute("UPDATE rows SET document = ?, sha256 = ? WHERE problem = ?", (text, sha, digest))
    connection.commit()
    connection.close()
    assert len(rows) == 4
    assert program("atlas", name) == (0, TABLE, KEPT)


def test_every_form(program: Program) -> None:
    """The table, and from the store the same as Markdown, LaTeX and JSON, printed or in a file."""
    name = program.file("pair.yaml", PAIR)
    assert program("atlas", name) == (0, TABLE, KEPT)
    again = KEPT + "4 of 4 rows were there already\n"
    assert program("atlas", name) == (0, TABLE, again)
    markdown = program("atlas", name, "--to", "markdown")
    assert (markdown.code, markdown.err) == (0, again)
    assert markdown.out.startswith("# Two \\| patterns\n\n- network: ")
    assert "\n| ≠0 | 0 | 2 | witness; fewer: certificate |\n" in markdown.out
    done = program("atlas", "-q", name, "--to", "latex", "-o", "a.tex")
    assert done == (0, f"{SUMMARY}wrote a.tex\n", "")
    assert (program.folder / "a.tex").read_text().startswith("\\documentclass{article}\n")
    done = program("atlas", "-q", name, "--to", "latex", "-o", "a.tex")
    assert done == (2, "", "error: a.tex: exists already: name another file, or overwrite it with --force\n")
    assert program("atlas", "-q", name, "--json", "-o", "a.tex", "--force").code == 0
    document = json.loads((program.folder / "a.tex").read_text())
    assert program("atlas", "-q", name, "--to", "json").out == json.dumps(document, ensure_ascii=False) + "\n"
    assert document["format"] == "zerograd.atlas/1"
    assert [row["pattern"] for row in document["rows"]] == [
        {"b1": b1, "b2": b2} for b1 in ("zero", "nonzero") for b2 in ("zero", "nonzero")
    ]
    names = {path.name for path in program.folder.iterdir()}
    assert names == {"pair.yaml", "pair.atlas.sqlite", "a.tex"}


def test_atlases_are_verified(program: Program) -> None:
    """`verify` accepts them, so does the core alone, and each row is accepted by itself."""
    name = program.file("pair.yaml", PAIR)
    assert program("atlas", "--no-store", name, "--json", "-o", "atlas.json").err == ""
    line = "accepted: an atlas of 4 rows: 4 with a witness, 1 with a certificate, re-checked exactly\n"
    program.file("problem.json", program("problem", name).out)
    digest = problem_from_json(json.loads((program.folder / "problem.json").read_text())).digest
    question = f"question: {digest}\n"
    assert program("verify", name, "atlas.json") == (0, line + question, "")
    core = ("-m", "zerograd.core.check")
    assert program.process("problem.json", "atlas.json", run=core) == (0, line, "")
    document: Any = json.loads((program.folder / "atlas.json").read_text())
    row = document["rows"][2]
    program.file("row.json", json.dumps(row["problem"]))
    program.file("result.json", json.dumps(row["result"]))
    assert program.process("row.json", "result.json", run=core).code == 0
    assert problem_from_json(row["problem"]).digest == row["result"]["problem"]["digest"]
    del row["result"]["fewer"]
    program.file("less.json", json.dumps(document))
    less = line.replace("accepted", "unknown").replace("1 with", "0 with")
    less = less.replace("exactly\n", "exactly; of 1 there is more to show than it carries\n")
    assert program.process("problem.json", "less.json", run=core) == (3, less, "")
    assert program("verify", name, "less.json") == (3, less + question, "")
    row["result"]["samples"] = 1
    program.file("wrong.json", json.dumps(document))
    wrong = "refused: rows[2]: samples: expected 2, found 1\n"
    assert program.process("problem.json", "wrong.json", run=core) == (1, wrong, "")
    assert program("verify", name, "wrong.json") == (1, wrong, "")


def test_standard_input_and_other_stores(program: Program) -> None:
    """`-` has a store, too; `--store` names another, `--no-store` keeps none."""
    assert program("atlas", "-q", "-", stdin=PAIR) == (0, TABLE, "")
    assert list(decided(program.folder / "stdin.atlas.sqlite").values()) == [2] * 4
    (program.folder / "stdin.atlas.sqlite").rename(program.folder / "other")
    done = program("atlas", "--store", "other", "-", stdin=PAIR)
    assert done.err == "finished rows are kept in other\n4 of 4 rows were there already\n"
    assert program("atlas", "--no-store", "-", stdin=PAIR) == (0, TABLE, "")
    assert [path.name for path in program.folder.iterdir()] == ["other"]


def test_unusable_input(program: Program) -> None:
    """Exit code 2, a line that says what to do, and no file is touched."""
    name = program.file("pair.yaml", PAIR)
    notes = program.file("notes.txt", "dear diary")
    said = "error: notes.txt: is no store of rows: name another file (--store)\n"
    done = program("atlas", name, "--store", notes)
    assert (done.code, done.out, done.err.splitlines()[-1] + "\n") == (2, "", said)
    done = program("atlas", name, "--store", name)
    assert (done.code, done.out) == (2, "")
    assert program("atlas", name, "--store", "none/rows").err.startswith(
        "error: none/rows: there is no folder"
    )
    done = program("atlas", name, "--store", "rows", "--no-store")
    assert done == (2, "", "error: --store FILE and --no-store exclude each other: leave one of them out\n")
    done = program("atlas", name, "--store", "rows", "-o", "rows")
    assert done == (2, "", "error: rows: is where the rows are kept: name another file for the atlas\n")
    assert program("atlas", name, "--jobs", "0").code == 2
    assert program("atlas", "missing.yaml").code == 2
    condition = program.file("c.yaml", PAIR + "where: ['1 / grad(b2) == 2']\n")
    assert program("atlas", condition).code == 2
    entries = ", ".join(f'"w1[0,{n}]"' for n in range(11))
    many = program.file("many.yaml", f"network: [11, 1, 1]\nsamples: 2\nzero: [{entries}]\n")
    done = program("atlas", many)
    assert done.code == 2
    assert "many.yaml: error: zero: 11 groups make 2^11 patterns: name at most 10\n" in done.err
    assert (program.folder / notes).read_text() == "dear diary"
    assert (program.folder / name).read_text() == PAIR


def test_undecided_rows(program: Program) -> None:
    """Exit code 3: the table says which rows, and why."""
    done = program("atlas", "-q", "--timeout", "3s", program.file("hopeless.yaml", HOPELESS))
    assert done.code == 3
    assert "       0                1   witness\n" in done.out
    assert "      ≠0                ?   unknown: timeout\n" in done.out
    assert sorted(decided(program.folder / "hopeless.atlas.sqlite").values()) == [0, 2]


@pytest.mark.parametrize(
    ("number", "message"),
    [(signal.SIGINT, "interrupted"), pytest.param(signal.SIGTERM, "", marks=pytest.mark.slow)],
)
def test_interrupted_atlas(program: Program, number: signal.Signals, message: str) -> None:
    """Ctrl-C and SIGTERM: no table, and the finished row is kept."""
    store = program.folder / "hopeless.atlas.sqlite"
    process = program.start("atlas", "--timeout", "10m", program.file("hopeless.yaml", HOPELESS))
    end = time.monotonic() + 60
    while list(decided(store).values()) != [2]:
        assert time.monotonic() < end, "no row was finished"
        time.sleep(0.1)
    process.send_signal(number)
    out, err = process.communicate(timeout=15)
    said = [f"finished rows are kept in {store.name}", *([message] if message else [])]
    assert (process.returncode, out, [line for line in err.splitlines() if line]) == (128 + number, "", said)
    assert list(decided(store).values()) == [2]


@pytest.mark.slow
def test_killed_runs_go_on_where_they_stopped(program: Program) -> None:
    """SIGKILL at six random moments: in the end the same table, nothing lost, and nothing done twice."""
    name = program.file("small.yaml", SMALL)
    undisturbed = program("atlas", "--no-store", name)
    assert undisturbed.code == 0
    store = logged(program.folder / "small.atlas.sqlite")
    killed_again_and_again(program, "atlas", name, store, 16, 6, random.Random(20240))
    there = len(decided(store))
    last = program("atlas", name)
    assert (last.code, last.out) == (0, undisturbed.out)
    assert (f"{there} of 16 rows were there already\n" in last.err) == (there > 0)
    assert written(store) == [(1, 2)] * 16


@pytest.mark.slow
def test_two_runs_share_a_store(program: Program) -> None:
    """At the same time: both end with the same table."""
    name = program.file("pair.yaml", PAIR)
    both = [program.start("atlas", "-q", name) for _ in range(2)]
    for process in both:
        assert process.communicate(timeout=90) == (TABLE, "")
        assert process.returncode == 0
    assert list(decided(program.folder / "pair.atlas.sqlite").values()) == [2] * 4


def test_a_bug_in_a_row_is_reported(program: Program) -> None:
    """Exit code 70, no table, and a file with the row's own problem."""
    done = program.process("atlas", "-q", program.file("pair.yaml", PAIR), run=("-c", BROKEN))
    assert (done.code, done.out) == (70, "")
    assert done.err.startswith("bug: no answer is given, because out of order\n")
    (report,) = program.folder.glob("zerograd-bug-*.json")
    assert json.loads(report.read_text())["problem"]["samples"] == "fewest"
