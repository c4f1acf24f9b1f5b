"""What a search sends back, as JSON: a verdict and how it came about. Not trusted, and checked by others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Attempt
from zerograd.core.verdict.witness import witness_from_json
from zerograd.search.comparison import Comparison
from zerograd.search.verdict import Found, Impossible, Undecided, Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, each number of samples that was tried, and what was used.

    Attributes:
        sufficient: see `zerograd.core.verdict.answer.Run.sufficient_samples`.
        tried: each strategy, in the order in which they were first turned to; sent one by one.
        compared: what a second solver says of it, if that was asked for; it is sent by itself.
    """

    verdict: Verdict
    attempts: tuple[Attempt, ...] = ()
    sufficient: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    tried: tuple[str, ...] = ()
    compared: tuple[Comparison, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": _verdict_to_json(self.verdict),
            "attempts": [attempt.to_json() for attempt in self.attempts],
            "sufficient": self.sufficient,
            "versions": dict(self.versions),
        }

    @classmethod
    def from_json(cls, problem: Problem, data: Mapping[str, Any]) -> Finding:
        """The inverse of `to_json`, for the problem that was asked."""
        return cls(
            _verdict_from_json(problem, data["verdict"]),
            tuple(Attempt(**attempt) for attempt in data["attempts"]),
            data["sufficient"],
            data["versions"],
        )


def _verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    match verdict:
        case Found(witness=witness, strategy=strategy):
            return {"witness": witness.to_json(), "strategy": strategy}
        case Impossible(evidence=evidence, strategy=strategy, every=every):
            return {"evidence": evidence, "strategy": strategy, "every": every}
        case Undecided(reason=reason, detail=detail):
            return {"reason": reason, "detail": detail}


def _verdict_from_json(problem: Problem, data: Mapping[str, Any]) -> Verdict:
    if "witness" in data:
        return Found(witness_from_json(problem, data["witness"]), data["strategy"])
    if "evidence" in data:
        return Impossible(data["evidence"], data["strategy"], data["every"])
    return Undecided(data["reason"], data["detail"])
