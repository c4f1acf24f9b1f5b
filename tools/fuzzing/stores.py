"""Atlas stores with changed rows or bytes, and what the program takes from them."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tools.fuzzing import seeds
from tools.fuzzing.mutations import JUNK, as_bytes, bytes_changed, dumped, mutated
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.atlas import Pattern, patterns, row_problem
from zerograd.core.verdict.row import Row
from zerograd.store import Store
from zerograd.sweeping.keeping import Keeper
from zerograd.sweeping.tasks import Settings, Task

Said = tuple[str, int | None]


@cache
def _rows() -> tuple[Row, ...]:
    problem = _problem()
    return tuple(
        Row(pattern, row_problem(problem, pattern), result)
        for pattern, result in zip(patterns(problem), seeds.atlas_rows(), strict=True)
    )


@cache
def _problem() -> Problem:
    return problem_from_json(seeds.ATLAS)


@cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        with Store(path) as store:
            for row in _rows():
                store.put(row, 0, 60.0)
        return path.read_bytes()


def kept_rows(path: Path) -> list[tuple[Pattern, Said, Said]] | None:
    """What is taken from a store, beside what is so; None if nothing is taken."""
    notices: list[str] = []
    result = []
    with Store(path) as store:
        kept = Keeper(store, Settings())
        for number, row in enumerate(_rows()):
            taken = kept.row(Task(number, row.pattern, row.problem, str(number)), notices.append)
            if taken is not None:
                result.append((row.pattern, (taken.status, taken.samples), (row.status, row.samples)))
    return result or None


def mutated_store(path: Path, chance: Random) -> None:
    """Write a store with one thing changed, or several."""
    path.write_bytes(_template())
    if chance.random() < 0.3:
        _bytes(path, chance)
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = MEMORY")
        for _ in range(chance.choice([1, 1, 3])):
            try:
                _row(connection, chance)
            except sqlite3.OperationalError:  # its table was renamed
                break


def _bytes(path: Path, chance: Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 1, 5, 50])):
        data[chance.randrange(chance.choice([100, len(data)]))] = chance.randrange(256)
    if chance.random() < 0.2:
        del data[chance.randrange(len(data)) :]
    path.write_bytes(bytes(data))


def _row(connection: sqlite3.Connection, chance: Random) -> None:
    rows = connection.execute("SELECT rowid, problem, document FROM rows").fetchall()
    if not rows:
        return
    number, problem, text = chance.choice(rows)
    match chance.randrange(8):
        case 0:  # a value of another kind
            column = chance.choice(["document", "sha256", "rank", "problem", "version", "seed", "timeout"])
            junk = chance.choice(
                [value for value in JUNK if isinstance(value, str | int | float) and abs_size(value)]
            )
            value: Any = as_bytes(junk) if isinstance(junk, str) else junk
            connection.execute(f"UPDATE OR REPLACE rows SET {column} = ? WHERE rowid = ?", (value, number))
        case 1:  # a row under the digest of another
            other = chance.choice(rows)[1]
            connection.execute("UPDATE OR REPLACE rows SET problem = ? WHERE rowid = ?", (other, number))
        case 2:
            _put(connection, number, as_bytes(bytes_changed(_text(text), chance, 3)))
        case 3:
            _put(connection, number, as_bytes(_text(chance.choice(rows)[2])))
        case 4:
            _put(connection, number, _told(_text(problem), chance))
        case 5:
            connection.execute("ALTER TABLE rows RENAME TO others")
        case _:
            result = (
                next(row.answer for row in _rows() if row.problem.digest == _text(problem))
                if _known(problem)
                else {}
            )
            _put(
                connection,
                number,
                as_bytes(dumped(mutated(dict(result), chance, ("sat", "unsat"), chance.choice([1, 2])))),
            )


def abs_size(value: object) -> bool:
    """Whether SQLite can hold it."""
    return not isinstance(value, int) or abs(value) < 2**63


def _known(problem: Any) -> bool:
    return any(row.problem.digest == _text(problem) for row in _rows())


def _told(digest: str, chance: Random) -> bytes:
    """A claim without a proof."""
    status = chance.choice(["unsat", "sat", "unknown"])
    return as_bytes(
        dumped(
            {
                "format": "zerograd.result/1",
                "problem": {"title": None, "digest": digest},
                "status": status,
                "reason": None,
                "samples": chance.choice([None, 1, 2]),
                "evidence": chance.choice(["solver", "certificate", "witness", None]),
                "every_samples": chance.choice([True, False]),
                "sufficient_samples": chance.choice([1, 2, 3, 4]),
                "attempts": [{"samples": m, "status": "unsat"} for m in (1, 2, 3)],
            }
        )
    )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _put(connection: sqlite3.Connection, number: int, data: bytes) -> None:
    """Put a document in place of another, its hash corrected."""
    digest = hashlib.sha256(data).hexdigest()
    connection.execute(
        "UPDATE rows SET document = CAST(? AS TEXT), sha256 = ? WHERE rowid = ?", (data, digest, number)
    )
