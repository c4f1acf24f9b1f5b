"""Files of finished rows, read without the program, and with a log of what is written to them."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def decided(path: Path) -> dict[str, int]:
    """The rows that a store holds, by problem, with what they are."""
    if not path.exists() or not path.stat().st_size:
        return {}
    connection = sqlite3.connect(path)
    try:
        return dict(connection.execute("SELECT problem, rank FROM rows"))
    finally:
        connection.close()


def logged(path: Path) -> Path:
    """A store that keeps a log of what is written to it."""
    from zerograd.store import Store

    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE log (problem TEXT, rank INTEGER)")
    for event in ("INSERT", "UPDATE"):
        connection.execute(
            f"CREATE TRIGGER log_{event} AFTER {event} ON rows "
            "BEGIN INSERT INTO log VALUES (new.problem, new.rank); END"
        )
    connection.commit()
    connection.close()
    return path


def written(path: Path) -> list[tuple[int, int]]:
    """How often each row was written to a store with a log, and the least that it was (2: decided)."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT count(*), min(rank) FROM log GROUP BY problem").fetchall()
    finally:
        connection.close()
