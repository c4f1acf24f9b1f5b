"""Atlases: a question for each zero/nonzero pattern of some gradients, their answers, and the check of all.

Whoever has the problem can derive the rows' problems from it: `check_atlas` believes nothing that
stands in a document beside a witness or a certificate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Literal

from zerograd.core.errors import (
    FormatError,
    Issue,
    ProblemError,
    Refused,
    Violation,
    short,
)
from zerograd.core.model.references import Reference
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import ATLAS_FORMAT
from zerograd.core.verdict.row import Row, refusals_at

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
        with refusals_at(place):
            checked = Row(pattern, question, row["result"])
        yield checked
