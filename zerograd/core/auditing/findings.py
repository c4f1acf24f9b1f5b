"""What became of claims about an example, as data and as a document."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from zerograd.core.auditing.claims import Claim, Printed, Step
from zerograd.core.model.kinks import Kink
from zerograd.core.model.point import Point
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.rationals import rational_text
from zerograd.core.numbers.real import Real, real_to_json
from zerograd.core.points.documents import kind_to_json
from zerograd.core.points.kinds import PointKind
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Rational
from zerograd.core.verdict.answer import Answer, Unsat

FORMAT = "zerograd.audit/1"


class Grade(StrEnum):
    """How right a claim is, the best first."""

    RIGHT = "right"
    ROUNDED = "rounded"
    CUT = "cut off"
    OPEN = "open"
    WRONG = "wrong"
    UNDECIDED = "undecided"
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True)
class Value:
    """A number that a claim speaks of, as it is.

    Attributes:
        name: ``grad(w1)[0,1]``.
        claimed: ``~ 0.0394``, ``== 0``; empty where the claim does not compare it with a number.
        grade: None where only the claim as a whole is right or wrong.
        printed: how the claim prints it, of one that does.
    """

    name: str
    value: Real
    claimed: str = ""
    grade: Grade | None = None
    printed: Printed | None = None

    def to_json(self) -> dict[str, Any]:
        data = {"name": self.name, "value": real_to_json(self.value)}
        if self.claimed:
            data["claimed"] = self.claimed
        if self.grade is not None:
            data["grade"] = str(self.grade)
        return data


@dataclass(frozen=True, slots=True)
class FoundKind:
    """What kind of point the parameters are, with all that shows it."""

    point: Point[Exact] = field(compare=False)
    found: PointKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A slip: with it all numbers of a wrong claim are right.

    Attributes:
        factor: by which what is printed of some ``entries`` has to be multiplied, the others being right.
        transposed: the matrix.
        swapped: ``rows``, ``columns`` or ``entries``: those at two ``places``.
        step: the step of gradient descent that was taken, in place of the one that is claimed.
    """

    factor: Rational | None = None
    entries: tuple[str, ...] = ()
    transposed: bool = False
    swapped: str = ""
    places: tuple[int, ...] = ()
    step: Step | None = None

    def to_json(self) -> dict[str, Any]:
        if self.factor is not None:
            return {"factor": rational_text(self.factor), "entries": list(self.entries)}
        if self.step is not None:
            return self.step.to_json()
        if self.transposed:
            return {"transposed": True}
        return {"swapped": self.swapped, "places": [*self.places]}


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a claim.

    Attributes:
        values: the numbers that it speaks of; of a claim that is wrong, those at which it is.
        reason: why it is undecided, or has no meaning at this point.
        kind: what kind of point it is, of a claim about that.
        factor: where all numbers of a wrong claim become right by the same one: what is so over what is
            claimed, such as 2 or −1.
        hint: a slip by which all numbers of a wrong claim are right.
        everywhere: whether the values are the same for all numbers that fit, where not everything is given.
        answers: on which it rests, where not everything is given, by what was asked.
    """

    grade: Grade
    values: tuple[Value, ...] = ()
    reason: str = ""
    factor: Rational | None = None
    kind: FoundKind | None = None
    hint: Hint | None = None
    everywhere: bool = False
    answers: tuple[tuple[str, Answer], ...] = field(default=(), compare=False)

    @property
    def on_word(self) -> tuple[str, ...]:
        """Return the strategies on whose word it rests: their no has no certificate."""
        return tuple(
            dict.fromkeys(
                answer.run.strategy or "a solver"
                for _, answer in self.answers
                if isinstance(answer, Unsat) and answer.certificate is None
            )
        )

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"grade": str(self.grade)}
        if self.kind is not None:
            data["kind"] = kind_to_json(self.kind.point, self.kind.found)
        if self.values:
            data["values"] = [value.to_json() for value in self.values]
        if self.reason:
            data["reason"] = self.reason
        if self.factor is not None:
            data["factor"] = rational_text(self.factor)
        if self.hint is not None:
            data["hint"] = self.hint.to_json()
        if self.everywhere:
            data["everywhere"] = True
        if self.answers:
            data["answers"] = {asked: answer.to_json() for asked, answer in self.answers}
        return data


@dataclass(frozen=True, slots=True)
class Column:
    """What became of all claims under one convention.

    Attributes:
        convention: None: under every one, since no sample is on a kink.
    """

    convention: Kink | None
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "derivative_at_kink": self.convention,
            "claims": [finding.to_json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Audit:
    """Claims about an example, judged.

    Attributes:
        kink: the first number that is on a kink, such as ``z1[0,1]``, perhaps after a step; None if none is.
        columns: one, or one for each convention; the problem's own first.
    """

    problem: Problem
    claims: tuple[Claim, ...]
    kink: str | None
    columns: tuple[Column, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What became of each claim under the problem's own convention."""
        return self.columns[0].findings

    @property
    def proved(self) -> bool:
        """Whether all of it can be checked: nothing rests on a solver's word."""
        return not any(finding.on_word for column in self.columns for finding in column.findings)

    def to_json(self) -> dict[str, Any]:
        """The document, ``zerograd.audit/1``."""
        return {
            "format": FORMAT,
            "problem": self.problem.digest,
            "question": self.problem.to_json(),
            "claims": [claim.to_json() for claim in self.claims],
            "kink": self.kink,
            "findings": [column.to_json() for column in self.columns],
        }
