"""Atlases: a question for each zero/nonzero pattern of some gradients, their answers, and the check of all.

Whoever has the problem can derive the rows' problems from it: `check_atlas` believes nothing that
stands in a document beside a witness or a certificate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

from zerograd.core.errors import (
    FormatError,
    Issue,
    NothingToCheck,
    ProblemError,
    Refused,
    TooMuchWork,
    Violation,
    short,
)
from zerograd.core.model.references import Reference
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import ATLAS_FORMAT, RESULT_FORMAT, check_result

Asked = Literal["zero", "nonzero"]
Pattern = Mapping[str, Asked]
"""What is asked of all gradient entries of each group, in the network's order."""

MAX_GROUPS = 10
"""There are 2^n patterns of n groups."""


def groups(problem: Problem) -> tuple[str, ...]:
    """What the problem's query names, in the network's order; all parameters if it names nothing.

    A group is a parameter, ``x``, or an entry of one that is not named as a whole.

    Raises:
        ProblemError: more than `MAX_GROUPS`.
    """
    named = {reference for references in problem.query.values() for reference in references}
    order = [*problem.network.shapes, "x"]
    whole = {reference.name for reference in named if reference.index is None}
    kept = [reference for reference in named if reference.index is None or reference.name not in whole]
    kept.sort(key=lambda reference: (order.index(reference.name), reference.index or ()))
    asked = kept or [Reference(name) for name in problem.network.shapes]
    if len(asked) > MAX_GROUPS:
        message = f"{len(asked)} groups make 2^{len(asked)} patterns: name at most {MAX_GROUPS}"
        raise ProblemError([Issue(("zero",), message)])
    return tuple(map(str, asked))


def patterns(problem: Problem) -> list[Pattern]:
    """All patterns of the problem's groups, from zero everywhere on. Raises ProblemError as `groups`."""
    names = groups(problem)
    kinds: tuple[Asked, Asked] = ("zero", "nonzero")
    return [dict(zip(names, asked, strict=True)) for asked in product(kinds, repeat=len(names))]


def row_problem(problem: Problem, pattern: Pattern) -> Problem:
    """The question of a row: the pattern in place of the problem's query, with as few samples as possible.

    A range of samples stays as it is.

    Raises:
        ProblemError: what else the problem says cannot be asked together with this pattern.
    """
    samples = problem.samples
    try:
        return problem.with_query(
            zero=[name for name, asked in pattern.items() if asked == "zero"],
            nonzero=[name for name, asked in pattern.items() if asked == "nonzero"],
        ).with_samples("fewest" if samples.most is None or samples.fixed is not None else samples)
    except ProblemError as error:
        described = ", ".join(f"{name} {asked}" for name, asked in pattern.items())
        raise ProblemError(
            Issue(issue.path, f"{issue.message} (where {described})") for issue in error.issues
        ) from None


@dataclass(frozen=True)
class Row:
    """A pattern, its question, and the answer's document. The checker has accepted what it carries.

    Raises:
        Refused, FormatError: when made with a document that the checker does not accept.
    """

    pattern: Pattern
    problem: Problem
    answer: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.answer.get("format") != RESULT_FORMAT:
            raise FormatError(f"format: expected {RESULT_FORMAT!r}, found {short(self.answer.get('format'))}")
        _check_attempts(self.answer.get("attempts", []))
        with suppress(NothingToCheck):  # unknown, or an unsat on a solver's word: so says `proved`
            check_result(self.problem, self.answer)

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
        """Numbers of samples that are asked for and below that of the witness."""
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
    def impossible(self) -> bool:
        """Whether it says that no dataset of any size (that its conditions allow) does what is asked."""
        every = self.problem.samples.most is None or self.answer.get("every_samples") is True
        return self.status == "unsat" and every

    def to_json(self) -> dict[str, Any]:
        """The row's part of the atlas's document."""
        problem, answer = self.problem.to_json(), dict(self.answer)
        return {"pattern": dict(self.pattern), "problem": problem, "result": answer}


def _check_attempts(attempts: object) -> None:
    """Nobody can check them; they are only read. Raises FormatError."""
    if not isinstance(attempts, list) or not all(
        isinstance(attempt, Mapping)
        and type(attempt.get("samples")) is int
        and attempt.get("status") in ("sat", "unsat", "unknown")
        for attempt in attempts
    ):
        raise FormatError('attempts: expected a list of {"samples": …, "status": …}')


def check_atlas(problem: Problem, data: object) -> tuple[Row, ...]:
    """Check an atlas's document: that it has a row for each pattern, and what each of them carries.

    Returns:
        The rows. Of one that is not `Row.proved` there was nothing (or not all) that could be checked.

    Raises:
        FormatError: not an atlas document.
        Refused: it is of another problem, a row is missing, or the answer of one is refused.
    """
    if not isinstance(data, Mapping) or data.get("format") != ATLAS_FORMAT:
        raise FormatError(f"format: expected {ATLAS_FORMAT!r}")
    digest = problem_from_json(data.get("problem")).digest
    if digest != problem.digest:
        raise Refused([Violation("problem", f"{problem.digest} (the problem at hand)", digest)])
    rows = data.get("rows")
    if not isinstance(rows, list):
        raise FormatError("rows: expected a list")
    asked = patterns(problem)
    if len(rows) != len(asked):
        raise Refused([Violation("rows", f"one for each of {len(asked)} patterns", str(len(rows)))])
    return tuple(_checked_rows(problem, asked, rows))


def _checked_rows(problem: Problem, asked: list[Pattern], rows: list[Any]) -> Iterator[Row]:
    for number, (pattern, row) in enumerate(zip(asked, rows, strict=True)):
        place = f"rows[{number}]"
        if not isinstance(row, Mapping) or not isinstance(row.get("result"), Mapping):
            raise FormatError(f"{place}: expected a pattern, a problem and a result")
        if row.get("pattern") != pattern:
            raise Refused([Violation(f"{place}.pattern", short(pattern), short(row.get("pattern")))])
        question = row_problem(problem, pattern)
        if problem_from_json(row.get("problem")).digest != question.digest:
            raise Refused([Violation(f"{place}.problem", f"the question {question.digest}", "another")])
        try:
            yield Row(pattern, question, row["result"])
        except TooMuchWork:
            raise
        except Refused as refusal:
            raise Refused(
                Violation(f"{place}: {v.entry}", v.expected, v.found) for v in refusal.violations
            ) from None


def accepted_atlas_line(rows: tuple[Row, ...]) -> str:
    """What of an atlas was accepted, in a line."""
    witnesses = sum(row.status == "sat" for row in rows)
    certificates = sum(row.certified for row in rows)
    line = f"an atlas of {len(rows)} rows: {witnesses} with a witness, {certificates} with a certificate"
    unproved = sum(not row.proved for row in rows)
    if not unproved:
        return f"accepted: {line}, re-checked exactly"
    return f"unknown: {line}, re-checked exactly; of {unproved} there is more to show than it carries"
