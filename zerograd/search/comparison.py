"""What a second solver says of a number of samples that the search has decided.

This module loads neither SymPy nor any solver.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from zerograd.core.verdict.answer import Attempt, CrossCheck, Status
from zerograd.core.verdict.witness import Witness

Second: TypeAlias = Literal["cvc5", "yices"]
"""A solver that can be asked, by its name in `zerograd.solvers.registry`."""

SECONDS: tuple[Second, ...] = get_args(Second)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One number of samples, decided by the search and put to the second solver.

    Attributes:
        solver: the second solver.
        ours: ``sat`` or ``unsat``, as the search has it.
        theirs: what the second solver says; ``unknown`` has its ``reason``.
        version: of the second solver, once it has answered.
        witness: where it contradicts an ``unsat``: what its model amounts to, for the checker to judge.
        script: where it contradicts: what it was asked, as SMT-LIB text.
    """

    solver: str
    samples: int
    ours: Status
    theirs: Status
    reason: str | None = None
    version: str | None = None
    witness: Witness | None = None
    script: str | None = None

    @property
    def contradicts(self) -> bool:
        """Whether one of the two is wrong."""
        return self.theirs not in ("unknown", self.ours)

    def to_json(self) -> dict[str, Any]:
        return {
            "solver": self.solver,
            "samples": self.samples,
            "ours": self.ours,
            "theirs": self.theirs,
            "reason": self.reason,
            "version": self.version,
            "witness": None if self.witness is None else self.witness.to_json(),
            "script": self.script,
        }


def decided(attempts: Iterable[Attempt]) -> list[Attempt]:
    """The attempts that there is something to compare with."""
    return [attempt for attempt in attempts if attempt.status != "unknown"]


def completed(
    made: Iterable[Comparison], attempts: Iterable[Attempt], reason: str, solver: str
) -> tuple[Comparison, ...]:
    """The comparisons that were made; those that were not are left open, for this reason."""
    known = {comparison.samples: comparison for comparison in made}
    return tuple(
        known.get(attempt.samples, Comparison(solver, attempt.samples, attempt.status, "unknown", reason))
        for attempt in decided(attempts)
    )


def summary(comparisons: Iterable[Comparison], solver: str) -> CrossCheck:
    """Sum up comparisons, none of which contradicts."""
    version = None
    agrees: list[int] = []
    undecided: list[tuple[int, str]] = []
    for comparison in comparisons:
        version = comparison.version or version
        if comparison.theirs == comparison.ours:
            agrees.append(comparison.samples)
        else:
            undecided.append((comparison.samples, comparison.reason or "incomplete"))
    return CrossCheck(solver, version, tuple(agrees), tuple(undecided))
