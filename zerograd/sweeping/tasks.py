"""What a row is asked, and the pure function that answers it anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from zerograd.api import DEFAULT_TIMEOUT, solve
from zerograd.core.errors import ZerogradError
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.row import Row
from zerograd.proving.process import ProofProcess
from zerograd.search.process import SearchProcess
from zerograd.services.service import DEFAULT_MEMORY
from zerograd.solving import check_timeout

Document: TypeAlias = Mapping[str, Any]
Say: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """How every row is asked.

    Attributes:
        timeout: seconds for each row.
        seed: the same seed gives the same rows (a time limit that cuts in may not).
        memory: cap in bytes on each solver process.

    Raises:
        ValueError: a timeout that is not above 0.
    """

    timeout: float = DEFAULT_TIMEOUT
    seed: int = 0
    memory: int = DEFAULT_MEMORY

    def __post_init__(self) -> None:
        check_timeout(self.timeout)


@dataclass(frozen=True)
class Task:
    """A row that is to be answered. ``text`` names it in messages."""

    number: int
    parameters: Mapping[str, Any]
    problem: Problem
    text: str

    def __str__(self) -> str:
        return self.text


def answered(
    problem: Problem,
    settings: Settings,
    process: SearchProcess | None = None,
    prover: ProofProcess | None = None,
    progress: Say | None = None,
) -> dict[str, Any]:
    """Return the document of a row's answer. Raises as `solve`, where a bug was caught."""
    answer = solve(
        problem,
        timeout=settings.timeout,
        seed=settings.seed,
        memory=settings.memory,
        prefer="any",  # a table shows verdicts
        process=process,
        prover=prover,
        progress=progress,
    )
    return answer.to_json()


class Unusable(ZerogradError):  # noqa: N818 - named for what it says
    """Something outside the program, such as a cluster, that rows need and that cannot be used."""


class RowFailed(ZerogradError):  # noqa: N818 - named for what happened
    """A bug was caught before it became a row; ``error`` says which, and ``problem`` is the row's."""

    def __init__(self, problem: Problem, error: ZerogradError) -> None:
        self.problem, self.error = problem, error
        super().__init__(str(error))


@dataclass(frozen=True, slots=True)
class Line:
    """Progress of a row."""

    task: Task
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """A row that was checked and is kept."""

    task: Task
    row: Row


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no row. Its error is raised in the thread that waits."""

    task: Task
    error: BaseException


Event: TypeAlias = Line | Done | Failure
Keep: TypeAlias = Callable[[Sequence[tuple[Task, Document]]], Sequence[Row | Exception]]
"""Checks documents and keeps them together; of one that is refused, says why."""


class Crew(Protocol):
    """Who answers rows, several at once. It keeps what is finished before it tells of it."""

    @property
    def room(self) -> int:
        """How many tasks it has at once, those that wait for their turn included."""

    def give(self, task: Task) -> None:
        """Give it one more."""

    def event(self) -> Event:
        """Wait for what happens next."""
