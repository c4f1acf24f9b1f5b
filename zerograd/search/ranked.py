"""What a search for small witnesses sends back, as JSON. Not trusted, and checked by others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.witness import Witness, witness_from_json


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a search for small witnesses found.

    Attributes:
        witnesses: different ones, the smallest first.
        exhausted: all numerators and denominators up to this one were gone through, so that those of up to
            this height are the smallest there are.
    """

    witnesses: tuple[Witness, ...]
    exhausted: int

    def to_json(self) -> dict[str, Any]:
        return {
            "witnesses": [witness.to_json() for witness in self.witnesses],
            "exhausted": self.exhausted,
        }

    @classmethod
    def from_json(cls, problem: Problem, data: Mapping[str, Any]) -> Ranked:
        """The inverse of `to_json`, for the problem that was asked."""
        witnesses = tuple(witness_from_json(problem, witness) for witness in data["witnesses"])
        return cls(witnesses, data["exhausted"])
