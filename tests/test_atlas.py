"""Atlases: the table of the smallest network against brute force, the store, interruptions, and the check."""

from __future__ import annotations

import copy
import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.errors import FormatError
from zerograd.core.question.vocabulary import Samples
from zerograd.core.verdict.answer import Answer, Sat, Unknown
from zerograd.core.verdict.atlas import check_atlas, groups, patterns, row_problem
from zerograd.core.verdict.row import Row, accepted_rows_line
from zerograd.services.wire import ServiceFailed
from zerograd.store import Store, StoreError
from zerograd.sweeping import tasks
from zerograd.sweeping.tasks import RowFailed

EARLIER = Path(__file__).parent / "corpus" / "atlases"
SMALL = zg.Problem(network=[1, 1, 1], samples="fewest", zero=["w2", "b2"], nonzero=["w1", "b1"])
PAIR = zg.Problem(network=[1, 1, 1], samples="any", zero=["w2", "b2"])
TABLE = """
0000 1 witness                      n000 2 witness; fewer: certificate
000n 1 witness                      n00n impossible certificate (every M)
00n0 2 witness; fewer: certificate  n0n0 2 witness; fewer: certificate
00nn 1 witness                      n0nn 3 witness; fewer: certificate
0n00 3 witness; fewer: certificate  nn00 3 witness; fewer: certificate
0n0n 2 witness; fewer: certificate  nn0n 2 witness; fewer: certificate
0nn0 2 witness; fewer: certificate  nnn0 2 witness; fewer: certificate
0nnn 1 witness                      nnnn 1 witness
"""


@pytest.fixture(scope="module")
def small() -> zg.Atlas:
    """The atlas of the smallest network."""
    return zg.atlas(SMALL)


def key(row: Row) -> str:
    return "".join("0" if asked == "zero" else "n" for asked in row.pattern.values())


def fewest_by_brute_force(most: int) -> dict[str, int]:
    """The fewest samples with which small whole numbers show a pattern (of w1, b1, w2, b2).

    The gradients are computed here, from nothing but the definition (and without their factor 2/M).
    """
    found: dict[str, int] = {}
    for samples in range(1, most + 1):
        for w1, b1, w2 in product((-1, 0, 1), (-1, 0, 1), (0, 1)):
            for x in product((-1, 0, 1, 2), repeat=samples):
                z = [w1 * v + b1 for v in x]
                for r in product((-2, -1, 0, 1), repeat=samples):
                    back = [w2 * e if v > 0 else 0 for v, e in zip(z, r, strict=True)]
                    gradients = (
                        sum(d * v for d, v in zip(back, x, strict=True)),
                        sum(back),
                        sum(e * max(v, 0) for v, e in zip(z, r, strict=True)),
                        sum(r),
                    )
                    found.setdefault("".join("n" if g else "0" for g in gradients), samples)
    return found


def test_the_atlas_of_the_smallest_network(small: zg.Atlas) -> None:
    """Sixteen rows, in order, as brute force over small numbers says; what it does not find is impossible."""
    from zerograd.show.say.atlas import evidence_cell, samples_cell

    expected = {
        cell[:4]: cell[5:].strip() for line in TABLE.strip().splitlines() for cell in (line[:36], line[36:])
    }
    assert {key(row): f"{samples_cell(row)} {evidence_cell(row)}" for row in small.rows} == expected
    assert [key(row) for row in small.rows] == sorted(expected)
    assert {key(row): row.samples for row in small.rows if row.samples} == fewest_by_brute_force(3)
    assert small.decided
    assert all(row.proved for row in small.rows)


def test_every_row_verifies_alone(small: zg.Atlas) -> None:
    """A row's problem and result are what `verify` takes."""
    for row in json.loads(json.dumps(small.to_json()))["rows"]:
        problem = zg.Problem(
            **{k: v for k, v in row["problem"].items() if k not in ("version", "network")}, network=[1, 1, 1]
        )
        zg.verify(problem, row["result"])


def test_groups() -> None:
    """They are what a query names, in the network's order; entries only where the whole is not named."""
    assert groups(SMALL) == ("w1", "b1", "w2", "b2")
    assert groups(zg.Problem(network=[2, 1, 1], samples=2)) == ("w1", "b1", "w2", "b2")
    named = zg.Problem(
        network=[2, 1, 1], samples=3, positive=["x"], zero=["w1[0,1]", "w1[0]"], some_nonzero=["w2"],
        nonzero=["w2[0]"],
    )  # fmt: skip
    assert groups(named) == ("w1[0,0]", "w1[0,1]", "w2", "x")
    many = zg.Problem(network=[11, 1, 1], samples=3, zero=[f"w1[0,{n}]" for n in range(11)])
    with pytest.raises(zg.ProblemError, match=r"11 groups make 2\^11 patterns: name at most 10"):
        groups(many)


def test_rows_keep_what_else_is_said() -> None:
    """Conditions, values, bounds, domain and convention stay; the number of samples becomes the fewest."""
    problem = zg.Problem(
        network=[1, 1, 1], samples=3, zero=["w2"], positive=["b1"], where=["x[0] < x[1]"], expect="sat",
        given={"x": [0, 2, 3]}, bounds={"y": (-5, 5)}, domain="integer", derivative_at_kink="right",
        title="T",
    )  # fmt: skip
    row = row_problem(problem, {"b1": "zero", "w2": "nonzero"})
    document = row.to_json()
    assert document["samples"] == "fewest"
    assert (document["zero"], document["nonzero"]) == (["b1"], ["w2"])
    assert not {"positive", "expect", "title"} & document.keys()
    kept = ("where", "bounds", "domain", "derivative_at_kink", "network")
    assert {k: document[k] for k in kept} == {k: problem.to_json()[k] for k in kept}
    assert document["given"] == {"x[0,0]": "0", "x[1,0]": "2", "x[2,0]": "3"}
    ranged = row_problem(problem.with_query().with_samples(Samples(3, 5)), {"b1": "zero"})
    assert ranged.to_json()["samples"] == {"from": 3, "to": 5}


def test_a_pattern_that_cannot_be_asked() -> None:
    """What else is said may need a gradient that is not zero."""
    problem = zg.Problem(network=[1, 1, 1], samples=2, nonzero=["b2"], where=["1 / grad(b2) == 2"])
    with pytest.raises(zg.ProblemError, match=r"where\[0\].*\(where b2 zero\)"):
        zg.atlas(problem)


# --- the store --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, int], Answer]:
    """Decided answers by problem and seed: what is done with rows takes no new search each time."""
    return {}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, known: dict[tuple[str, int], Answer]) -> list[str]:
    """The patterns that were searched, as they are searched."""
    made: list[str] = []
    solve = zg.solve

    def counting(problem: zg.Problem, *, seed: int = 0, **options: Any) -> Answer:
        made.append(str(problem.to_json().get("zero", [])))
        key = (problem.digest, seed)
        if key not in known:
            answer = solve(problem, seed=seed, **options)
            if isinstance(answer, Unknown):
                return answer
            known[key] = answer
        return known[key]

    monkeypatch.setattr(tasks, "solve", counting)
    return made


def rows_in(path: Path) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT * FROM rows ORDER BY problem").fetchall()
    finally:
        connection.close()


def change(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_decided_rows_are_taken_from_the_store(tmp_path: Path, calls: list[str]) -> None:
    """The second time nothing is searched, whatever the time limit, and the table is the same."""
    path = tmp_path / "rows"
    first = zg.atlas(PAIR, store=path, jobs=1)
    assert (len(calls), first.reused) == (4, 0)
    before = rows_in(path)
    again = zg.atlas(PAIR, store=path, timeout=7)
    assert (len(calls), again.reused) == (4, 4)
    assert again.to_json() == first.to_json()
    assert rows_in(path) == before
    zg.atlas(PAIR, store=path, seed=1)
    assert len(calls) == 8  # another seed may find other witnesses


def test_undecided_rows_are_tried_again(
    tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is decided is taken from the store."""
    solve: Callable[..., Answer] = vars(tasks)["solve"]  # it counts

    def no_time(problem: zg.Problem, **options: Any) -> Answer:
        answer = solve(problem, **options)
        return Unknown("timeout", problem=problem) if len(calls) in (1, 3) else answer

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "solve", no_time)
        first = zg.atlas(PAIR, store=tmp_path / "rows", jobs=1)
    assert [row.status for row in first.rows] == ["unknown", "sat", "unknown", "sat"]
    assert not first.decided
    again = zg.atlas(PAIR, store=tmp_path / "rows", jobs=1)
    assert (len(calls), again.reused, again.decided) == (6, 2, True)


DAMAGE: dict[str, Callable[[Path, str, dict[str, Any]], None]] = {
    "cut off": lambda path, digest, _: change(
        path, "UPDATE rows SET document = substr(document, 1, 99) WHERE problem = ?", digest
    ),
    "no text": lambda path, digest, _: change(
        path, "UPDATE rows SET document = x'00ff' WHERE problem = ?", digest
    ),
    "no UTF-8": lambda path, digest, _: change(
        path,
        "UPDATE rows SET document = CAST(x'7b22ff227d' AS TEXT), sha256 = ? WHERE problem = ?",
        hashlib.sha256(bytes.fromhex("7b22ff227d")).hexdigest(),
        digest,
    ),
    "another number": lambda path, digest, result: forge(path, digest, {**result, "samples": 2}),
    "no longer decided": lambda path, digest, result: forge(
        path, digest, {**result, "status": "unknown", "reason": "timeout"}
    ),
    "no result": lambda path, digest, _: forge(path, digest, {"format": "zerograd.witness/1"}),
    "no object": lambda path, digest, _: forge(path, digest, [1]),
    "attempts": lambda path, digest, result: forge(path, digest, {**result, "attempts": [7]}),
}


def forge(path: Path, digest: str, document: object) -> None:
    """Put another document in place, its checksum, too."""
    text = json.dumps(document)
    sha = hashlib.sha256(text.encode()).hexdigest()
    change(path, "UPDATE rows SET document = ?, sha256 = ? WHERE problem = ?", text, sha, digest)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, zg.Atlas]:
    """A store with four rows, and the atlas."""
    path = tmp_path_factory.mktemp("kept") / "rows"
    atlas = zg.atlas(PAIR, store=path)
    return path.read_bytes(), atlas


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_rows_are_said_and_computed_again(
    kept: tuple[bytes, zg.Atlas], tmp_path: Path, calls: list[str], kind: str
) -> None:
    """Nothing that is read back is believed unchecked."""
    path = tmp_path / "rows"
    path.write_bytes(kept[0])
    row = kept[1].rows[1]
    DAMAGE[kind](path, row.problem.digest, dict(row.answer))
    said: list[str] = []
    again = zg.atlas(PAIR, store=path, jobs=1, notice=said.append)
    assert len(said) == len(calls) == 1
    assert said[0].startswith(f"{path}: the row w2 = 0, b2 ≠ 0 is damaged and computed again: ")
    assert [(row.status, row.samples) for row in again.rows] == [
        (row.status, row.samples) for row in kept[1].rows
    ]
    zg.atlas(PAIR, store=path, jobs=1, notice=said.append)
    assert len(said) == len(calls) == 1


@pytest.mark.parametrize("samples", [None, 3])
def test_a_word_in_a_store_is_not_believed(
    kept: tuple[bytes, zg.Atlas], tmp_path: Path, calls: list[str], samples: int | None
) -> None:
    """A no without a proof, or a fewest number of samples without one, is asked again, and replaced."""
    path = tmp_path / "rows"
    path.write_bytes(kept[0])
    row = kept[1].rows[2]
    if samples is None:
        told: dict[str, Any] = {"format": "zerograd.result/1", "status": "unsat", "evidence": "solver"}
        told |= {"samples": None, "problem": row.answer["problem"], "every_samples": True, "attempts": []}
    else:
        told = dict(row.answer) | {"attempts": [{"samples": m, "status": "unsat"} for m in range(1, samples)]}
        told.pop("fewer", None)
    forge(path, row.problem.digest, told)
    again = zg.atlas(PAIR, store=path, jobs=1)
    assert [row.status for row in again.rows] == [row.status for row in kept[1].rows]
    assert (len(calls), again.reused) == (1, 3)
    assert all(row.proved for row in again.rows)
    assert zg.atlas(PAIR, store=path, jobs=1).reused == 4


def test_what_an_earlier_build_wrote_is_read(tmp_path: Path, calls: list[str]) -> None:
    """An atlas of before they were sweeps: its rows are taken from its store, and its document is checked."""
    asked = zg.Problem(network=[1, 1, 1], samples="fewest", zero=["w1", "w2"])
    path = tmp_path / "rows"
    text = (EARLIER / "founding.sql").read_text(encoding="utf-8")
    connection = sqlite3.connect(path)
    connection.executescript(text.replace("'0.1.0'", f"'{zg.__version__}'"))  # rows are a version's own
    connection.close()
    again = zg.atlas(asked, store=path, jobs=1)
    assert (again.reused, calls) == (4, [])
    document = json.loads((EARLIER / "founding.json").read_text(encoding="utf-8"))
    rows = check_atlas(asked, document)
    assert [(row.status, row.samples, row.proved) for row in rows] == [
        (row.status, row.samples, row.proved) for row in again.rows
    ]
    assert [row.samples for row in rows] == [1, 1, 2, 1]


def test_damage_is_a_warning_by_default(kept: tuple[bytes, zg.Atlas], tmp_path: Path) -> None:
    """Whoever calls it from Python hears of it, too."""
    path = tmp_path / "rows"
    path.write_bytes(kept[0])
    DAMAGE["cut off"](path, kept[1].rows[0].problem.digest, {})
    with pytest.warns(UserWarning, match="the row w2 = 0, b2 = 0 is damaged"):
        zg.atlas(PAIR, store=path)


def new(path: Path) -> Path:
    """A store without rows."""
    Store(path).close()
    return path


OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("network: [1, 1, 1]\n"), "is no store of rows"),
    "short": (lambda path: path.write_bytes(b"SQLite format 3\0"), "is no store of rows"),
    "another database": (lambda path: change(path, "CREATE TABLE t (a)"), "a database of another program"),
    "newer": (
        lambda path: change(new(path), "PRAGMA user_version = 9"),
        r"another version of this program \(its schema is 9, this one reads 1\)",
    ),
    "malformed": (
        lambda path: new(path).write_bytes(path.read_bytes()[:100] + b"\xff" * 8092),
        "cannot be used to keep rows",
    ),
    "folder": (lambda path: path.mkdir(), "is no file: name another one"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_files_are_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
    """What is no store of this version is not touched."""
    path = tmp_path / "file"
    make, message = OTHERS[kind]
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError, match=message):
        zg.atlas(PAIR, store=path)
    assert (path.read_bytes() if path.is_file() else None) == before
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    """A run that was killed before it wrote anything leaves one."""
    path = tmp_path / "rows"
    path.touch()
    Store(path).close()
    Store(path).close()
    assert rows_in(path) == []


def test_a_store_serves_two_at_once(kept: tuple[bytes, zg.Atlas], tmp_path: Path) -> None:
    """What one has decided, the other leaves as it is; both end well."""
    path = tmp_path / "rows"
    rows = kept[1].rows
    with Store(path) as one, Store(path) as other:
        one.put(rows[0], 0, 60)
        other.put(rows[1], 0, 60)
        before = rows_in(path)
        unknown = Unknown("timeout", problem=rows[0].problem)
        other.put(Row(rows[0].pattern, rows[0].problem, unknown.to_json()), 0, 60)
        other.put(rows[0], 0, 5)
        assert rows_in(path) == before
        assert one.get(rows[1].problem.digest, 0) == (rows[1].answer, True)
        assert one.get(rows[2].problem.digest, 0) is None


# --- threads ----------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    """Whatever happens, the jobs have ended when the function has."""
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_interrupted_atlas_keeps_what_was_finished(
    tmp_path: Path, calls: list[str], error: type[BaseException]
) -> None:
    """An interrupt ends the jobs and their processes; what was finished is in the store, and nothing else."""
    hopeless = zg.Problem(
        network=[1, 1, 1], samples="any", zero=["b2"], domain="integer",
        where=["grad(b2) == 0 or w1**3 + b1**3 + w2**3 == 114"],
    )  # fmt: skip

    def interrupt(line: str) -> None:
        if line.startswith("1 of 2 rows; "):
            raise error

    path = tmp_path / "rows"
    with pytest.raises(error):
        zg.atlas(hopeless, store=path, jobs=2, progress=interrupt)
    assert len(calls) == 2
    assert [row[4] for row in rows_in(path)] == [2]


def test_a_bug_in_a_row_is_raised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It names the row's problem, so that it can be reported; no table is made."""

    def broken(problem: zg.Problem, **_: Any) -> Answer:
        raise ServiceFailed("out of order")

    monkeypatch.setattr(tasks, "solve", broken)
    with pytest.raises(RowFailed, match="out of order") as caught:
        zg.atlas(PAIR, store=tmp_path / "rows")
    assert caught.value.problem.digest in {row_problem(PAIR, p).digest for p in patterns(PAIR)}
    assert isinstance(caught.value.error, ServiceFailed)


def test_a_store_that_fails_is_no_bug(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A full disk, say."""

    def full(*_: object) -> None:
        raise StoreError("database or disk is full")

    monkeypatch.setattr(Store, "put", full)
    with pytest.raises(StoreError, match="disk is full"):
        zg.atlas(PAIR, store=tmp_path / "rows")


def test_options_that_make_no_sense() -> None:
    """They are refused before anything is started."""
    with pytest.raises(ValueError, match="timeout must be above 0"):
        zg.atlas(PAIR, timeout=0)
    with pytest.raises(ValueError, match="jobs must be from 1 to 64, found 0"):
        zg.atlas(PAIR, jobs=0)


# --- the check --------------------------------------------------------------------------


@pytest.fixture
def document(small: zg.Atlas) -> Any:
    """The atlas of the smallest network, to be tampered with."""
    return copy.deepcopy(json.loads(json.dumps(small.to_json())))


def test_atlas_documents_are_checked(document: Any) -> None:
    """A document that was not touched is accepted in all its rows."""
    rows = check_atlas(SMALL, document)
    line = "accepted: an atlas of 16 rows: 15 with a witness, 11 with a certificate, re-checked exactly"
    assert accepted_rows_line("an atlas", rows) == line
    del document["rows"][4]["result"]["fewer"]
    rows = check_atlas(SMALL, document)
    assert [row.proved for row in rows].count(False) == 1
    assert accepted_rows_line("an atlas", rows).endswith("; of 1 there is more to show than it carries")


def swap(document: Any) -> None:
    rows = document["rows"]
    rows[0], rows[1] = rows[1], rows[0]


TAMPERED: dict[str, tuple[Callable[[Any], object], str]] = {
    "a row missing": (lambda d: d["rows"].pop(), "rows: expected one for each of 16 patterns, found 15"),
    "rows swapped": (swap, r"rows\[0\]\.pattern: expected"),
    "another answer": (
        lambda d: d["rows"][2].update(result=d["rows"][1]["result"]), r"rows\[2\]: problem: expected sha256"
    ),
    "another row's problem": (
        lambda d: d["rows"][2].update(problem=d["rows"][1]["problem"]), r"rows\[2\]\.problem: expected"
    ),
    "another problem": (
        lambda d: d["problem"].update(derivative_at_kink="right"), "problem: expected sha256"
    ),
    "a witness": (
        lambda d: d["rows"][7]["result"]["witness"]["y"].__setitem__(0, ["77"]), r"rows\[7\]: "
    ),
    "fewer samples": (lambda d: d["rows"][4]["result"].update(samples=2), r"rows\[4\]: samples: expected 3"),
    "the proof": (
        lambda d: d["rows"][4]["result"].update(fewer=d["rows"][12]["result"]["fewer"]), r"rows\[4\]: problem"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAMPERED)
def test_tampered_atlases_are_refused(document: Any, kind: str) -> None:
    """Each with what was expected, and where."""
    tamper, message = TAMPERED[kind]
    tamper(document)
    with pytest.raises(zg.Refused, match=message):
        check_atlas(SMALL, document)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda d: d.update(format="zerograd.result/1"),
        lambda d: d.update(rows={}),
        lambda d: d["rows"].__setitem__(3, 5),
        lambda d: d["rows"][3].update(result=None),
        lambda d: d["rows"][3]["result"].update(format="zerograd.witness/1"),
        lambda d: d["rows"][3]["result"].update(attempts=5),
        lambda d: d.update(problem=None),
    ],
)
def test_malformed_atlases(document: Any, tamper: Callable[[Any], object]) -> None:
    """They are no atlases."""
    tamper(document)
    with pytest.raises(FormatError):
        check_atlas(SMALL, document)


def test_rows_that_are_not_quite_decided() -> None:
    """A witness, and a smaller number of samples that was not ruled out: at most so many."""
    problem = row_problem(PAIR, {"w2": "nonzero", "b2": "zero"})
    answer = zg.solve(problem)
    assert isinstance(answer, Sat)
    document = answer.to_json()
    del document["fewer"]
    pattern = patterns(PAIR)[2]
    assert Row(pattern, problem, document).decided  # on the solver's word
    document["attempts"][0] = {"samples": 1, "status": "unknown", "reason": "memory"}
    assert Row(pattern, problem, document).left_open == "memory"
    document["attempts"] = []
    assert Row(pattern, problem, document).left_open == "incomplete"
