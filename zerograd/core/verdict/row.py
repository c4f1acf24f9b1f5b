"""A row of a table: one question among many, its answer's document, and how far it is decided and proved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from zerograd.core.errors import FormatError, NothingToCheck, Refused, TooMuchWork, Violation, short
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import RESULT_FORMAT, check_result


@dataclass(frozen=True)
class Row:
    """The values of some parameters, their question, and the answer's document.

    The checker has accepted what the document carries. In an atlas the parameters are the groups, and their
    values ``zero`` or ``nonzero``.

    Raises:
        Refused, FormatError: when made with a document that the checker does not accept.
    """

    parameters: Mapping[str, Any]
    problem: Problem
    answer: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.answer.get("format") != RESULT_FORMAT:
            raise FormatError(f"format: expected {RESULT_FORMAT!r}, found {short(self.answer.get('format'))}")
        _check_attempts(self.answer.get("attempts", []))
        with suppress(NothingToCheck):  # unknown, or an unsat on a solver's word: so says `proved`
            check_result(self.problem, self.answer)

    @property
    def pattern(self) -> Mapping[str, Any]:
        """The parameters, of an atlas."""
        return self.parameters

    @property
    def status(self) -> str:
        """``sat``, ``unsat`` or ``unknown``."""
        return str(self.answer["status"])

    @property
    def samples(self) -> int | None:
        """The number of samples of the witness: the fewest there are if the row is decided."""
        return self.answer["samples"] if self.status == "sat" else None

    @property
    def smaller(self) -> range:
        """Numbers of samples below that of the witness that are asked for before it; of ``any`` none."""
        if self.problem.samples.every:
            return range(0)
        return range(self.problem.samples.least, self.samples or 0)

    @property
    def left_open(self) -> str | None:
        """Why the row is not decided; None if it is."""
        if self.status == "unknown":
            return str(self.answer.get("reason"))
        if not self.smaller or "fewer" in self.answer:
            return None
        tried = {attempt["samples"]: attempt for attempt in self.answer.get("attempts", ())}
        for samples in self.smaller:
            attempt = tried.get(samples, {"status": "unknown"})
            if attempt["status"] != "unsat":
                return str(attempt.get("reason", "incomplete"))
        return None

    @property
    def decided(self) -> bool:
        """Whether the fewest samples are known, or that there are none."""
        return self.left_open is None

    @property
    def proved(self) -> bool:
        """Whether all that the row says was checked, so that nothing rests on a solver's word."""
        if self.status == "sat":
            return not self.smaller or "fewer" in self.answer
        return self.answer.get("evidence") == "certificate"

    @property
    def certified(self) -> bool:
        """Whether a certificate is part of it."""
        return {"sat": "fewer", "unsat": "certificate"}.get(self.status) in self.answer

    @property
    def evidence(self) -> str:
        """What the row rests on, in a few words; of a row that is not decided, why."""
        if self.status == "unknown":
            return f"unknown: {self.left_open}"
        if self.status == "unsat":
            evidence = "certificate" if self.proved else "solver"
            return f"{evidence} (every M)" if self.impossible else evidence
        if not self.smaller:
            return "witness"
        if self.proved:
            return "witness; fewer: certificate"
        return "witness; fewer: solver" if self.decided else f"witness; fewer: unknown ({self.left_open})"

    @property
    def impossible(self) -> bool:
        """Whether it says that no dataset of any size (that its conditions allow) does what is asked."""
        every = self.problem.samples.most is None or self.answer.get("every_samples") is True
        return self.status == "unsat" and every

    def to_json(self) -> dict[str, Any]:
        """The row's part of the atlas's document."""
        problem, answer = self.problem.to_json(), dict(self.answer)
        return {"pattern": dict(self.pattern), "problem": problem, "result": answer}


@contextmanager
def refusals_at(place: str) -> Iterator[None]:
    """Have what is refused say in which row of a table it stands."""
    try:
        yield
    except TooMuchWork:
        raise
    except Refused as refusal:
        violations = [Violation(f"{place}: {v.entry}", v.expected, v.found) for v in refusal.violations]
        raise Refused(violations) from None


def accepted_rows_line(what: str, rows: Sequence[Row]) -> str:
    """What of a table was accepted, in a line."""
    witnesses = sum(row.status == "sat" for row in rows)
    certificates = sum(row.certified for row in rows)
    line = f"{what} of {len(rows)} rows: {witnesses} with a witness, {certificates} with a certificate"
    unproved = sum(not row.proved for row in rows)
    if not unproved:
        return f"accepted: {line}, re-checked exactly"
    return f"unknown: {line}, re-checked exactly; of {unproved} there is more to show than it carries"


def _check_attempts(attempts: object) -> None:
    """Nobody can check them; they are only read. Raises FormatError."""
    if not isinstance(attempts, list) or not all(
        isinstance(attempt, Mapping)
        and type(attempt.get("samples")) is int
        and attempt.get("status") in ("sat", "unsat", "unknown")
        for attempt in attempts
    ):
        raise FormatError('attempts: expected a list of {"samples": …, "status": …}')
