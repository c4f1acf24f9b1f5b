"""Sweeps at work: rows are the single questions' answers, in whatever form, whatever a store has."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.question.sweeps import Sweep
from zerograd.core.verdict.answer import Answer, Sat, Unknown
from zerograd.core.verdict.sweep import check_sweep
from zerograd.spec.sweep import loads
from zerograd.store import Store, StoreError
from zerograd.sweeping import tasks
from zerograd.sweeping.keeping import Keeper
from zerograd.sweeping.local import LocalCrew
from zerograd.sweeping.running import Run
from zerograd.sweeping.tasks import Crew, Keep, Settings

ROOT = Path(__file__).resolve().parents[2]
TEXT = """\
title: Two | kinks
sweep:
  kink: [torch, right]
  pattern: {patterns: [w2, b2]}
  H: {from: 1, to: 2}
problem:
  network: [1, $H, 1]
  samples: fewest
  derivative_at_kink: $kink
  zero: $pattern.zero
  nonzero: $pattern.nonzero
"""


@pytest.fixture(scope="module")
def asked() -> Sweep:
    return loads(TEXT)


@pytest.fixture(scope="module")
def table(asked: Sweep) -> zg.SweepTable:
    return zg.sweep(asked)


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    """Whatever happens, the jobs have ended when the function has."""
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that were searched, by digest."""
    made: list[str] = []
    solve = zg.solve

    def counting(problem: zg.Problem, **options: Any) -> Answer:
        made.append(problem.digest)
        return solve(problem, **options)

    monkeypatch.setattr(tasks, "solve", counting)
    return made


def test_rows_are_the_single_questions_answers(asked: Sweep, table: zg.SweepTable) -> None:
    """The same status and number of samples as `solve` gives, with evidence that the checker accepts."""
    assert (len(table), table.decided, table.reused) == (16, True, 0)
    for number, (row, result) in enumerate(zip(table, table.results(), strict=True)):
        alone = zg.solve(asked.problem(number), prefer="any")
        assert row.status == alone.status
        assert row.samples == (alone.witness.samples if isinstance(alone, Sat) else None)
        assert row.parameters == asked.values(number)
        assert (row.decided, row.proved) == (True, True)
        zg.verify(table.problem(number), result)
    assert table[-1 % 16].parameters == {
        "kink": "right",
        "pattern": {"zero": [], "nonzero": ["w2", "b2"]},
        "H": 2,
    }


def test_an_atlas_has_the_same_rows(table: zg.SweepTable) -> None:
    """Its rows are those of a sweep over patterns."""
    atlas = zg.atlas(zg.Problem(network=[1, 1, 1], samples="fewest", zero=["w2", "b2"]))
    mine = [row for row in table if row.parameters["H"] == 1 and row.parameters["kink"] == "torch"]
    assert [(row.status, row.samples, row.evidence) for row in mine] == [
        (row.status, row.samples, row.evidence) for row in atlas.rows
    ]
    assert [
        {name: each for each in ("zero", "nonzero") for name in row.parameters["pattern"][each]}
        for row in mine
    ] == [dict(row.pattern) for row in atlas.rows]


@pytest.mark.needs("pyarrow")
def test_every_form_has_the_same_values(table: zg.SweepTable, tmp_path: Path) -> None:
    """JSON, CSV, Parquet and Markdown, read back."""
    from pyarrow import parquet

    records = list(table.records())
    document = table.to_json()
    assert document["format"] == "zerograd.sweep/1"
    assert document["sweep"]["H"] == [1, 2]
    assert [
        {**row["parameters"], **{k: row[k] for k in list(records[0])[3:]}} for row in document["rows"]
    ] == records

    lines = list(csv.DictReader(io.StringIO(table.to_csv())))
    read = [
        {
            **line, "H": int(line["H"]), "pattern": json.loads(line["pattern"]),
            "samples": int(line["samples"]) if line["samples"] else None,
            "decided": line["decided"] == "true", "proved": line["proved"] == "true",
        }
        for line in lines
    ]  # fmt: skip
    assert read == records

    table.save(tmp_path / "rows.parquet")
    columns = parquet.read_table(tmp_path / "rows.parquet")
    assert [str(columns.schema.field(name).type) for name in ("kink", "H", "samples")] == [
        "string",
        "int64",
        "int64",
    ]
    rows = columns.to_pylist()
    results = [json.loads(row.pop("result")) for row in rows]
    assert results == [row["result"] for row in document["rows"]]
    assert [{**row, "pattern": json.loads(row["pattern"])} for row in rows] == records

    cells = [line.split("|")[1:-1] for line in table.to_markdown().splitlines() if line.startswith("| ")][2:]
    assert [[cell.strip() for cell in line][-2:] for line in cells] == [
        [str(record["samples"] or "impossible"), record["evidence"]] for record in records
    ]


def test_documents_are_checked(asked: Sweep, table: zg.SweepTable) -> None:
    """Nothing that is said beside a witness or a certificate is believed."""
    document = table.to_json()
    assert all(row.proved for row in check_sweep(asked, document))

    def refused(change: Callable[[Any], object], message: str) -> None:
        other = json.loads(json.dumps(document))
        change(other)
        with pytest.raises(zg.Refused, match=message):
            check_sweep(asked, other)

    refused(lambda d: d["rows"].pop(), "rows: expected 16, found 15")
    refused(lambda d: d["rows"].insert(0, d["rows"].pop()), r"rows\[0\]\.parameters: expected")
    refused(lambda d: d["rows"][2].update(samples=7), r"rows\[2\]\.samples: expected 1, found 7")
    refused(lambda d: d["rows"][2].update(evidence="told"), r"rows\[2\]\.evidence")
    refused(lambda d: d["rows"][2].update(proved=1), r"rows\[2\]\.proved")
    refused(lambda d: d["rows"][0].update(result=d["rows"][3]["result"]), r"rows\[0\]: problem")


# --- the store --------------------------------------------------------------------------


def rows_in(path: Path) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT problem, rank FROM rows ORDER BY problem").fetchall()
    finally:
        connection.close()


def small(values: str = "[torch, right]", asked: str = "zero: [w2]") -> Sweep:
    common = "network: [1, 1, 1], samples: 2, derivative_at_kink: $k"
    return loads(f"sweep: {{k: {values}}}\nproblem: {{{common}, {asked}}}")


def test_a_second_run_asks_nothing(tmp_path: Path, calls: list[str]) -> None:
    """Decided rows come from the store, re-checked; a sweep that was extended asks for what is new."""
    path = tmp_path / "rows"
    first = zg.sweep(small(), store=path)
    assert (len(calls), first.reused) == (2, 0)
    again = zg.sweep(small(), store=path)
    assert (len(calls), again.reused) == (2, 2)
    assert again.to_json() == first.to_json()
    more = zg.sweep(small("[left, right, torch]"), store=path)
    assert (len(calls), more.reused) == (3, 2)
    assert [row.parameters["k"] for row in more] == ["left", "right", "torch"]


def test_a_store_of_another_sweep_is_refused(tmp_path: Path, calls: list[str]) -> None:
    """So is that of an atlas; both are left as they are."""
    path = tmp_path / "rows"
    zg.sweep(small(), store=path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"keeps the rows of another sweep: name another file \(--store\)"):
        zg.sweep(small(asked="zero: [b2]"), store=path)
    atlas = tmp_path / "atlas"
    zg.atlas(zg.Problem(network=[1, 1], samples="any", zero=["b1"]), store=atlas)
    with pytest.raises(StoreError, match="keeps the rows of an atlas"):
        zg.sweep(small(), store=atlas)
    assert path.read_bytes() == before
    assert len(calls) == 4
    assert len(rows_in(atlas)) == 2


def test_damage_is_told_and_mended(tmp_path: Path, calls: list[str]) -> None:
    """A row that is not what was written is computed again; the line names its parameters."""
    path = tmp_path / "rows"
    first = zg.sweep(small(), store=path, jobs=1)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE rows SET document = 'x' WHERE problem = ?", (first.problem(1).digest,))
    connection.close()
    said: list[str] = []
    again = zg.sweep(small(), store=path, notice=said.append)
    assert len(calls) == 3
    assert said == [f"{path}: the row k = right is damaged and computed again: it is not what was written"]
    assert [row.status for row in again] == [row.status for row in first]


def test_results_are_those_that_were_accepted(tmp_path: Path) -> None:
    """A store that was changed after the run is noticed when its documents are read."""
    path = tmp_path / "rows"
    table = zg.sweep(small(), store=path)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DELETE FROM rows WHERE problem = ?", (table.problem(1).digest,))
    connection.close()
    results = table.results()
    next(results)
    with pytest.raises(zg.ZerogradError, match="row 1 is not what it was when the run ended: run it again"):
        next(results)


def test_rows_that_say_more_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An undecided row does not take the place of one with a witness: the table says what the store has."""
    path = tmp_path / "rows"
    one = small("[torch]")
    solve = zg.solve
    first = zg.sweep(one, store=path)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE rows SET rank = 1")  # as if it had been left open
    connection.close()
    monkeypatch.setattr(tasks, "solve", lambda problem, **_: Unknown("timeout", problem=problem))
    second = zg.sweep(one, store=path)
    assert second[0] == first[0]
    assert list(second.results()) == list(first.results())
    monkeypatch.setattr(tasks, "solve", solve)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_interrupted_sweeps_keep_what_was_finished(
    tmp_path: Path, calls: list[str], error: type[BaseException]
) -> None:
    """And go on from there."""
    path = tmp_path / "rows"
    sweep = loads(TEXT.replace("[torch, right]", "[torch]").replace("to: 2", "to: 1"))

    def interrupt(line: str) -> None:
        if line.startswith("2 of 4 rows"):
            raise error

    with pytest.raises(error):
        zg.sweep(sweep, store=path, jobs=1, progress=interrupt)
    kept = rows_in(path)
    assert len(kept) >= 2
    table = zg.sweep(sweep, store=path)
    assert 1 <= table.reused <= len(kept)  # on a busy machine, a proof may have had no time
    assert sorted(set(calls)) == sorted(table.problem(number).digest for number in range(4))


def test_mistakes_in_rows_are_told_before_anything_is_asked(calls: list[str], tmp_path: Path) -> None:
    """With their places; nothing is started."""
    sweep = loads("sweep: {H: [1, 2, 0]}\nproblem: {network: [1, $H, 1], samples: 2, zero: w1}")
    with pytest.raises(zg.ZerogradError, match=r"1:19: error: problem\.network.*\(where H = 0\)"):
        zg.sweep(sweep, store=tmp_path / "rows")
    assert calls == []
    with pytest.raises(ValueError, match="jobs must be from 1 to 64"):
        zg.sweep(sweep, jobs=65)
    with pytest.raises(ValueError, match="timeout must be above 0"):
        zg.sweep(sweep, timeout=0)


# --- many rows --------------------------------------------------------------------------


@pytest.mark.slow
def test_memory_does_not_grow_with_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Rows are made, kept and written a few at a time: ten times as many take a few bytes more for each."""
    answer = zg.solve(zg.Problem(network=[1, 1], samples=1, zero=["b1"]), prefer="any")
    assert isinstance(answer, Sat)

    def known(problem: zg.Problem, **_: Any) -> Answer:
        return Sat(answer.witness.answering(problem), problem=problem)

    monkeypatch.setattr(tasks, "solve", known)

    runs = count()

    def peak(rows: int) -> int:
        folder = tmp_path / str(next(runs))

        def question(n: int) -> zg.Problem:
            return zg.Problem(network=[1, 1], samples=1, zero=["b1"], bounds={"x": (-n - 1000, n + 1000)})

        tracemalloc.start()
        table = zg.sweep(Sweep.of({"n": range(rows)}, question), store=folder, jobs=1)
        for form in ("csv", "json"):
            table.save(folder.with_suffix(f".{form}"))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(rows_in(folder)) == rows
        return most

    peak(10)
    few, many = (min(peak(rows) for _ in range(3)) for rows in (40, 240))  # other threads take memory, too
    assert many < few + 200 * 600, (few, many)  # an answer takes kilobytes


class Shrinking:
    """A crew that has room for fewer rows than it has, as when workers are gone."""

    def __init__(self, crew: Crew, rooms: Iterator[int]) -> None:
        self._crew, self._rooms = crew, rooms
        self.give, self.event = crew.give, crew.event

    @property
    def room(self) -> int:
        return next(self._rooms, 1)


def test_a_crew_may_shrink(tmp_path: Path) -> None:
    """It then gets no more rows until it has room again; all of them are answered."""

    @contextmanager
    def gather(_: int, settings: Settings, keep: Keep) -> Iterator[Crew]:
        with LocalCrew(1, settings, keep) as crew:
            yield Shrinking(crew, iter([4]))

    asked = Sweep.of({"n": range(6)}, lambda n: zg.Problem(network=[1, 1, 1], samples=n + 1, zero=["w2"]))
    numbers: list[int] = []
    with Store(tmp_path / "rows") as store:
        keeper = Keeper(store, Settings())
        run = Run(
            asked,
            keeper,
            gather,
            lambda number, *_: numbers.append(number),
            progress=lambda _: None,
            notice=print,
        )
        run.finish()
    assert sorted(numbers) == list(range(6))
