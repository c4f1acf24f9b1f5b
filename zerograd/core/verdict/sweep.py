"""The check of a sweep's document: that it has every row, and what each of them carries.

Whoever has the sweep can derive the rows' problems from it: nothing that stands in a document beside a
witness or a certificate is believed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zerograd.core.errors import FormatError, Refused, Violation, short
from zerograd.core.numbers.work import spend
from zerograd.core.question.problem import Problem
from zerograd.core.question.sweeps import Places, Sweep, documented
from zerograd.core.verdict.checking import carried_question
from zerograd.core.verdict.row import Row, refusals_at

FORMAT = "zerograd.sweep/1"
MAX_DEPTH = 20
"""Levels of lists and mappings in the values of a parameter."""


@dataclass(frozen=True, slots=True)
class SweepRow:
    """A row of a sweep's table, without its evidence itself.

    Attributes:
        parameters: their values in this row.
        status: ``sat``, ``unsat`` or ``unknown``.
        samples: the number of samples of the witness, if there is one: the fewest, if these are asked for and
            the row is decided.
        evidence: what that rests on, in a few words; of a row that is not decided, why.
        decided: whether nothing of what is asked is left open.
        proved: whether nothing of what it says rests on a solver's word.
    """

    parameters: Mapping[str, Any]
    status: str
    samples: int | None
    evidence: str
    decided: bool
    proved: bool

    @staticmethod
    def of(row: Row) -> SweepRow:
        """Return what a row comes to."""
        return SweepRow(row.parameters, row.status, row.samples, row.evidence, row.decided, row.proved)

    def to_json(self) -> dict[str, Any]:
        """The row's part of the document, but for its result."""
        return {"parameters": documented(self.parameters), **self.answered()}

    def answered(self) -> dict[str, Any]:
        """What stands beside the parameters, by column."""
        return {
            "status": self.status,
            "samples": self.samples,
            "evidence": self.evidence,
            "decided": self.decided,
            "proved": self.proved,
        }


def is_sweep(data: object) -> bool:
    """Whether this is a sweep's document, rather than a result."""
    return isinstance(data, Mapping) and data.get("format") == FORMAT


def carried_sweep(data: object) -> Sweep:
    """Return the sweep that a document tells of itself: its values, and the question that each row carries.

    That these are the questions of somebody's sweep it cannot tell; whoever has the sweep can.

    Raises:
        FormatError: no document of a sweep.
        ProblemError: what it tells makes no sweep.
    """
    if not isinstance(data, Mapping) or not is_sweep(data):
        raise FormatError(f"format: expected {FORMAT!r}")
    values, rows = data.get("sweep"), data.get("rows")
    if not isinstance(values, Mapping) or not all(isinstance(each, list) for each in values.values()):
        raise FormatError("sweep: expected a list of values for each parameter")
    if not isinstance(rows, list):
        raise FormatError("rows: expected a list")
    if not all(_is_shallow(each, MAX_DEPTH) for each in values.values()):
        raise FormatError("sweep: nested too deeply")
    title = data.get("title")
    sizes = [len(each) for each in values.values()]

    def question(places: Places) -> Problem:
        number = 0
        spend(len(sizes))
        for place, size in zip(places, sizes, strict=True):
            number = number * size + place
        row = rows[number] if number < len(rows) else None
        carried = carried_question(row.get("result")) if isinstance(row, Mapping) else None
        if carried is None:
            raise FormatError(f"rows[{number}]: expected a result that carries its question")
        return carried

    return Sweep(dict(values), question, title if isinstance(title, str) else None)


def _is_shallow(value: object, levels: int) -> bool:
    match value:
        case Mapping():
            inner: Collection[object] = value.values()
        case list():
            inner = value
        case _:
            return True
    spend(len(inner))
    return levels > 0 and all(_is_shallow(each, levels - 1) for each in inner)


def check_sweep(sweep: Sweep, data: object) -> tuple[Row, ...]:
    """Check a sweep's document.

    Returns:
        The rows. Of one that is not `Row.proved` there was nothing (or not all) that could be checked.

    Raises:
        FormatError: no document of a sweep.
        Refused: a row is missing or another one, the answer of one is refused, or something else is so than
            what it says of itself.
    """
    if not isinstance(data, Mapping) or not is_sweep(data):
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
        values = documented(sweep.values(number))
        if row.get("parameters") != values:
            raise Refused([Violation(f"{place}.parameters", short(values), short(row.get("parameters")))])
        with refusals_at(place):
            checked = Row(values, sweep.problem(number), row["result"])
        for name, expected in SweepRow.of(checked).answered().items():
            if name not in row or row[name] != expected or type(row[name]) is not type(expected):
                raise Refused([Violation(f"{place}.{name}", short(expected), short(row.get(name)))])
        yield checked
