"""Documents that say more than one answer, each checked as a whole: atlases, levels, audits, repairs.

A result is for `zerograd.core.verdict.checking.check_result`. A sweep carries its questions, and is for
`zerograd.core.verdict.sweep.check_sweep`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from zerograd.core.auditing import findings, judging
from zerograd.core.landscape import documents
from zerograd.core.question.problem import Problem
from zerograd.core.repairing import repairs
from zerograd.core.verdict.atlas import check_atlas
from zerograd.core.verdict.checking import ATLAS_FORMAT
from zerograd.core.verdict.row import accepted_rows_line

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """What is done with the documents of a format.

    Attributes:
        check: reads one, and accepts it if all that it says of this problem is so; else it raises Refused,
            or FormatError if it is not of the documented form.
        line: what was accepted, in a line.
        proved: whether it leaves nothing open.
    """

    check: Callable[[Problem, object], T]
    line: Callable[[T], str]
    proved: Callable[[T], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Accepted:
    """A document that was accepted: what it says, in a line too, and whether it leaves nothing open."""

    content: Any
    line: str
    proved: bool


KINDS: Mapping[str, Kind[Any]] = {
    ATLAS_FORMAT: Kind(
        check_atlas,
        lambda rows: accepted_rows_line("an atlas", rows),
        lambda rows: all(row.proved for row in rows),
    ),
    documents.FORMAT: Kind(
        documents.check_document,
        documents.accepted_levels_line,
        lambda levels: levels.proof is not None,
    ),
    findings.FORMAT: Kind(judging.check_audit, judging.accepted_audit_line, lambda audit: audit.proved),
    repairs.FORMAT: Kind(repairs.check_repair, repairs.accepted_repair_line, lambda found: not found.open),
}
"""Each format, with what is done with its documents."""


def is_whole(data: object) -> bool:
    """Whether a document says of itself that it is for `check_whole`."""
    return isinstance(data, Mapping) and isinstance(form := data.get("format"), str) and form in KINDS


def is_audited(data: object) -> bool:
    """Whether a document is about claims: an audit of them, or repairs."""
    return is_whole(data) and data["format"] in (findings.FORMAT, repairs.FORMAT)  # type: ignore[index]


def check_whole(problem: Problem, data: Any) -> Accepted:
    """Accept a document that `is_whole` if all that it says is so.

    Raises:
        Refused: something that is not so.
        FormatError: it is not of the documented form.
    """
    kind = KINDS[data["format"]]
    content = kind.check(problem, data)
    return Accepted(content, kind.line(content), kind.proved(content))
