"""The table of an explanation: a row for each parameter and each watched input, the troubled ones first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zerograd.explaining.explanation import Backward, Floats, Row, StepReport
from zerograd.show.explanation.findings import Finding
from zerograd.show.words import count

_LONGEST_NAME = 32
"""Columns of a name; the middle of a longer one is left out where that leaves it the only one of its kind."""
WORDS = ("name", "shape", "in floats", "why")
"""The columns that hold words."""
_MOST_ROWS = 40
MOST_CAUSES = 12
"""Findings that have a sentence, and so a number in the table."""

_BACKWARD = {
    Backward.DONE: "",
    Backward.NONE: "no backward",
    Backward.FAILED: "backward failed",
    Backward.LATE: "forward not seen",
}


def grid(
    step: StepReport, found: Sequence[Finding], most_rows: int = _MOST_ROWS, most_causes: int = MOST_CAUSES
) -> dict[str, list[str]]:
    """The columns of the table, without those in which nothing stands."""
    first = _first(found, most_causes)
    rows = ordered_rows(step, found)[:most_rows]
    asked = {id(row) for row in rows if row.asked and step.backward is Backward.DONE}
    names = _names([row.name for row in rows])
    columns = {
        "name": names,
        "shape": [_shape(row.shape) for row in rows],
        "zero": [_count(row.entries.zero if id(row) in asked else None) for row in rows],
        "not zero": [_count(row.entries.nonzero if id(row) in asked else None) for row in rows],
        "undecided": [_count(row.entries.undecided if id(row) in asked else None) for row in rows],
        "observed": [_count(row.entries.observed if id(row) in asked else None) for row in rows],
        "in floats": [_floats(row.floats) for row in rows],
        "moved": [_moved(row) for row in rows],
        "why": [first[id(row)][1] if id(row) in first else _BACKWARD[step.backward] for row in rows],
    }
    optional = ("undecided", "observed", "in floats", "moved", "why")
    empty = {"", "0", "–"}
    return {name: cells for name, cells in columns.items() if name not in optional or set(cells) - empty}


def left_out(step: StepReport, found: Sequence[Finding], most_rows: int = _MOST_ROWS) -> Iterator[str]:
    """What the table does not show of a large model."""
    first = _first(found)
    if more := ordered_rows(step, found)[most_rows:]:
        trouble = "" if any(id(row) in first for row in more) else " without trouble"
        yield f"… and {count(len(more), 'more parameter')}{trouble}"


def _first(found: Sequence[Finding], most_causes: int = MOST_CAUSES) -> dict[int, tuple[int, str]]:
    """The worst finding of each row: how bad it is, and the words for the table."""
    first: dict[int, tuple[int, str]] = {}
    for number, finding in enumerate(found, start=1):
        told = f"{finding.label} ({number})" if number <= most_causes else finding.label
        for row, _ in finding.concerned:
            first.setdefault(id(row), (finding.rank, told))
    return first


def ordered_rows(step: StepReport, found: Sequence[Finding]) -> list[Row]:
    """All rows, the troubled ones first."""
    first = _first(found)
    return sorted(step.rows, key=lambda row: first[id(row)][0] if id(row) in first else 100)


def _names(names: Sequence[str]) -> list[str]:
    """Names short enough for a table, each still the only one of its kind."""
    half = _LONGEST_NAME // 2
    short = [name if len(name) <= _LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}" for name in names]
    return [cut if short.count(cut) == 1 else name for name, cut in zip(names, short, strict=True)]


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "()"


def _count(entries: int | None) -> str:
    return "–" if entries is None else f"{entries:,}"


def _floats(floats: Floats) -> str:
    """What its own precision made of it: ``3 lost, 1 nan``."""
    counts = {
        "lost": floats.lost,
        "noise": floats.noise,
        "across a kink": floats.across_kink,
        "nan": floats.nan,
    }
    return ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)


def _moved(row: Row) -> str:
    """``all``, ``none``, ``12``; a dash where no step was seen."""
    if row.step is None or row.step.moved is None:
        return "–"
    return {0: "none", row.size: "all"}.get(row.step.moved, f"{row.step.moved:,}")
