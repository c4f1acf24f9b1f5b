"""The check of a sweep's document: that it has every row, and what each of them carries.

Whoever has the sweep can derive the rows' problems from it: nothing that stands in a document beside a witness
or a certificate is believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zerograd.core.errors import FormatError, Refused, TooMuchWork, Violation, short
from zerograd.core.question.sweeps import Sweep
from zerograd.core.verdict.row import Row

FORMAT = "zerograd.sweep/1"


def is_sweep(data: object) -> bool:
    """Whether a document says of itself that it is for `check_sweep`."""
    return isinstance(data, Mapping) and data.get("format") == FORMAT


def claims(row: Row) -> dict[str, Any]:
    """What a document says of a row beside its parameters and its result."""
    return {
        "status": row.status,
        "samples": row.samples,
        "evidence": row.evidence,
        "decided": row.decided,
        "proved": row.proved,
    }


def check_sweep(sweep: Sweep, data: object) -> tuple[Row, ...]:
    """Check a sweep's document.

    Returns:
        The rows. Of one that is not `Row.proved` there was nothing (or not all) that could be checked.

    Raises:
        FormatError: no document of a sweep.
        Refused: a row is missing or another one, the answer of one is refused, or something else is so than
            what it says of itself.
    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise FormatError(f"format: expected {FORMAT!r}")
    rows = data.get("rows")
    if not isinstance(rows, list):
        raise FormatError("rows: expected a list")
    if len(rows) != len(sweep):
        raise Refused([Violation("rows", str(len(sweep)), str(len(rows)))])
    return tuple(_checked_rows(sweep, rows))


def _checked_rows(sweep: Sweep, rows: list[Any]) -> Iterator[Row]:
    for number, row in enumerate(rows):
        place = f"rows[{number}]"
        if not isinstance(row, Mapping) or not isinstance(row.get("result"), Mapping):
            raise FormatError(f"{place}: expected parameters and a result")
        values = sweep.values(number)
        if row.get("parameters") != values:
            raise Refused([Violation(f"{place}.parameters", short(values), short(row.get("parameters")))])
        try:
            checked = Row(values, sweep.problem(number), row["result"])
        except TooMuchWork:
            raise
        except Refused as refusal:
            raise Refused(
                Violation(f"{place}: {v.entry}", v.expected, v.found) for v in refusal.violations
            ) from None
        for name, expected in claims(checked).items():
            if name not in row or row[name] != expected or type(row[name]) is not type(expected):
                raise Refused([Violation(f"{place}.{name}", short(expected), short(row.get(name)))])
        yield checked
