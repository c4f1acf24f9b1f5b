"""Finished rows in a file, so that a sweep or an atlas that was stopped can go on: an SQLite database.

Each row is one transaction: whatever kills the program, a row is kept whole or not at all. What is read
back is no more than a claim; whoever reads it checks it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, Self

from zerograd._version import __version__
from zerograd.core.errors import ZerogradError
from zerograd.core.verdict.row import Row
from zerograd.streams import printable

APPLICATION = 0x7A67_4154
"""``zgAT``, in the file's header, by which it is known as ours."""
SCHEMA = 1
BUSY = 20.0
"""Seconds to wait for another run that writes; it takes milliseconds."""

_TABLE = """
CREATE TABLE rows (
    problem TEXT NOT NULL,     -- digest
    version TEXT NOT NULL,     -- of this program
    seed TEXT NOT NULL,        -- of any size, which INTEGER is not
    timeout REAL NOT NULL,     -- seconds that the row was given
    rank INTEGER NOT NULL,     -- 2: decided, 1: a witness, perhaps not with the fewest samples, 0: neither
    document TEXT NOT NULL,
    sha256 TEXT NOT NULL,      -- of the document
    PRIMARY KEY (problem, version, seed)
)
"""
_PUT = """
INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (problem, version, seed) DO UPDATE SET
    timeout = excluded.timeout, rank = excluded.rank, document = excluded.document, sha256 = excluded.sha256
    WHERE excluded.rank >= rows.rank AND rows.rank < 2
RETURNING rank
"""
_ABOUT = "CREATE TABLE IF NOT EXISTS about (sweep TEXT NOT NULL)"
_KEY = "problem = ? AND version = ? AND seed = ?"


class StoreError(ZerogradError):
    """A file that is no store, or that cannot be read or written."""


class Damaged(ZerogradError):  # noqa: N818 - named for what happened
    """A stored document is not what was written."""


class Store:
    """A file with the rows that were finished. Use it as a context manager; threads may share it.

    Args:
        durable: whether a finished row has to outlive a power failure: no, if the file ends with the run.

    Raises:
        StoreError: it is another kind of file, which is left as it is, or cannot be opened.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path, self._durable = path, durable
        self._lock = RLock()
        _refuse_others(path)
        try:
            self._connection = sqlite3.connect(
                path, timeout=BUSY, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._error(error) from None
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise self._error(error) from None
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _prepare(self) -> None:
        self._connection.text_factory = bytes  # what is damaged may be no UTF-8
        # FULL: a finished row outlives a power failure, too. A journal of its own, not WAL: one file, and
        # folders on other machines work.
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'OFF'}")
        if self._pragma("application_id") != APPLICATION:  # new, else it would have been refused
            self._connection.execute("BEGIN IMMEDIATE")
            if self._pragma("application_id") != APPLICATION:  # another run may have been faster
                self._connection.execute(_TABLE)
                self._connection.execute(f"PRAGMA user_version = {SCHEMA}")
                self._connection.execute(f"PRAGMA application_id = {APPLICATION}")
            self._connection.execute("COMMIT")

    def _pragma(self, name: str) -> int:
        with closing(self._connection.execute(f"PRAGMA {name}")) as cursor:
            return int(cursor.fetchone()[0])

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of what is done inside: the disk is waited for once. Raises StoreError."""
        with self._lock:
            self._execute("BEGIN IMMEDIATE", ())
            try:
                yield
            except BaseException:
                self._execute("ROLLBACK", ())
                raise
            self._execute("COMMIT", ())

    def claim(self, sweep: str) -> None:
        """Say which sweep the rows are of.

        Raises:
            StoreError: they are of another one, or of an atlas; or the file cannot be used.
        """
        try:
            with self._lock:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    other = self._claimed(sweep)
                finally:
                    self._connection.execute("COMMIT")
        except (sqlite3.Error, UnicodeError) as error:
            raise self._error(error) from None
        if other:
            raise StoreError(
                f"{printable(str(self.path))}: keeps the rows of {other}: name another file (--store)"
            )

    def _claimed(self, sweep: str) -> str | None:
        """Write down whose the rows are, or say whose else they are."""
        self._connection.execute(_ABOUT)
        if kept := self._connection.execute("SELECT sweep FROM about").fetchall():
            return None if kept[0][0] == sweep.encode() else "another sweep"
        if self._connection.execute("SELECT 1 FROM rows LIMIT 1").fetchall():
            return "an atlas"
        self._connection.execute("INSERT INTO about VALUES (?)", (sweep,))
        return None

    def get(self, problem: str, seed: int) -> tuple[dict[str, Any], bool] | None:
        """Return the document of a problem (by its digest) and whether it was decided, if there is one.

        Raises:
            Damaged: there is one, and it is not what was written.
            StoreError: the file cannot be read.
        """
        query = f"SELECT document, sha256, rank FROM rows WHERE {_KEY}"  # noqa: S608 - no input in it
        rows = self._execute(query, (problem, __version__, str(seed)))
        if not rows:
            return None
        text, digest, rank = rows[0]
        if not isinstance(text, bytes) or _sha256(text) != digest:
            raise Damaged("it is not what was written")
        try:
            document = json.loads(text.decode())
        except UnicodeDecodeError:
            raise Damaged("it is not UTF-8 text") from None
        except (ValueError, RecursionError) as error:
            raise Damaged(str(error)) from None
        if not isinstance(document, dict):
            raise Damaged("it is no result")
        return document, rank == 2

    def put(self, row: Row, seed: int, timeout: float) -> bool:
        """Keep a row, unless what is kept already says more; return whether it is kept. Raises StoreError."""
        text = json.dumps(dict(row.answer), ensure_ascii=False)
        data = text.encode("utf-8", "surrogatepass")
        rank = 2 if row.decided else 1 if row.status == "sat" else 0
        key = (row.problem.digest, __version__, str(seed))
        return bool(self._execute(_PUT, (*key, timeout, rank, text, _sha256(data).decode())))

    def forget(self, problem: str, seed: int) -> None:
        """Drop a row. Raises StoreError."""
        self._execute(f"DELETE FROM rows WHERE {_KEY}", (problem, __version__, str(seed)))  # noqa: S608

    def _execute(self, statement: str, values: tuple[object, ...]) -> list[Any]:
        """Run one statement, which is one transaction."""
        try:
            with self._lock, closing(self._connection.execute(statement, values)) as cursor:
                return cursor.fetchall()
        except (sqlite3.Error, UnicodeError) as error:
            raise self._error(error) from None

    def _error(self, error: Exception) -> StoreError:
        return StoreError(f"{printable(str(self.path))}: cannot be used to keep rows: {error}")


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def _refuse_others(path: Path) -> None:
    """Look at the header alone: SQLite might repair the file of another program. Raises StoreError."""
    name = printable(str(path))
    if path.exists() and not path.is_file():
        raise StoreError(f"{name}: is no file: name another one (--store)")
    try:
        with path.open("rb") as stream:
            header = stream.read(100)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"{name}: cannot be read: {error.strerror or error}") from None
    if not header:
        return  # as SQLite leaves a file in which nothing was written yet
    if not header.startswith(b"SQLite format 3\0") or len(header) < 100:
        raise StoreError(f"{name}: is no store of rows: name another file (--store)")
    schema, application = (int.from_bytes(header[at : at + 4], "big") for at in (60, 68))
    if application != APPLICATION:
        raise StoreError(f"{name}: is a database of another program: name another file (--store)")
    if schema != SCHEMA:
        raise StoreError(
            f"{name}: was written by another version of this program (its schema is {schema}, this one reads "
            f"{SCHEMA}): name another file (--store)"
        )
