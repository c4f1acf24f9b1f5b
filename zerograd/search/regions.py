"""One activation pattern after another: each region is a conjunction that nlsat settles quickly.

Complete: all regions impossible means that the problem is.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from math import inf

from zerograd.core.errors import present
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import signs_of_adjoints
from zerograd.core.verdict.witness import Witness
from zerograd.search.crew import Crew
from zerograd.search.encoding import Encoding, encode, no_terms
from zerograd.search.geometry import Row
from zerograd.search.lift import lift
from zerograd.search.patterns import Patterns, TooManyPatterns
from zerograd.search.verdict import Found, Impossible, Progress, Undecided, Verdict
from zerograd.solvers.base import GaveUp, Mode, Model, NoModel
from zerograd.solvers.terms import Script

NAME = "regions"
MAX_REGIONS = 20_000


@dataclass(frozen=True, slots=True)
class Round:
    """How each region that is still open is looked at."""

    mode: Mode
    effort: float


REAL = (
    Round("polynomial", 0.05),
    Round("polynomial", 0.25),
    Round("elimination", 0.25),
    Round("polynomial", 2.0),
    Round("elimination", 2.0),
    Round("polynomial", 16.0),
    Round("elimination", 16.0),
)
"""What is hard waits until all others are settled."""

INTEGER = (
    Round("polynomial", 0.05),
    Round("polynomial", 0.25),
    Round("small-integers", 0.3),
    Round("general", 0.3),
    Round("small-integers", 3.0),
    Round("general", 3.0),
    Round("small-integers", 20.0),
    Round("general", 20.0),
)
"""Most regions are impossible for real numbers already, which is all that nlsat looks at."""

Rows = tuple[Row, ...]


def unfit(problem: Problem) -> str | None:
    """Return why this strategy cannot answer the question."""
    return no_terms(problem)


def regions(
    problem: Problem,
    samples: int,
    crew: Crew,
    *,
    deadline: float,
    seed: int,
    progress: Progress,
    least: int = 0,
    most: int = MAX_REGIONS,
) -> Verdict:
    """Decide the problem for M = ``samples``, region by region.

    Args:
        least, most: give up at once where there are fewer or more regions than that.
    """
    search = RegionSearch(problem, samples, crew, seed, progress, least, most)
    return search.go(deadline)


@dataclass(slots=True)
class RegionSearch:
    """A search region by region that can be left, and taken up again with more patience.

    Attributes:
        least, most: give up at once where there are fewer or more regions than that.
        pending: regions that are still open; None before they are listed.
        total: how many regions there are.
        rounds: how many rounds have been made.
    """

    problem: Problem
    samples: int
    crew: Crew
    seed: int
    progress: Progress
    least: int = 0
    most: int = MAX_REGIONS
    pending: list[Rows] | None = None
    total: int = 0
    rounds: int = 0

    def go(self, deadline: float, patience: float = inf) -> Verdict:
        """Make the rounds that are left and have no more effort than ``patience`` for a region."""
        patterns = Patterns.of(self.problem, self.samples)
        if self.pending is None and (obstacle := self._listed(patterns, deadline)) is not None:
            return obstacle
        pending = present(self.pending, "regions")
        if self.total < self.least:
            return Undecided("incomplete")  # they were looked at before, and that said how far it came
        ways = INTEGER if self.problem.domain == "integer" else REAL
        for way in ways[self.rounds :]:
            if way.effort > patience:
                return Undecided("incomplete", f"{len(pending)} of {self.total} regions were left")
            sweep = _Sweep(patterns, pending, self._say)
            while (found := sweep.next_model(self.crew, way, deadline=deadline, seed=self.seed)) is not None:
                self.crew.forget()  # how far the processes had come by then depends on their speed
                witness = lift(*found, self.crew.lead, deadline=deadline, seed=self.seed)
                if witness is not None:
                    return Found(_padded(self.problem, witness, self.samples), NAME)
            self.pending = pending = [*sweep.hard, *sweep.pending]
            if not pending:
                return Impossible("solver", NAME)
            if time.monotonic() >= deadline:
                return Undecided("timeout", f"{len(pending)} of {self.total} regions were left")
            if sweep.memory:
                return Undecided("memory", f"{len(pending)} of {self.total} regions were left")
            self.rounds += 1
        return Undecided("incomplete", f"the solver gave up on {len(pending)} of {self.total} regions")

    def _say(self, left: int) -> None:
        self.progress(f"{self.total - left} of {self.total} regions done")

    def _listed(self, patterns: Patterns, deadline: float) -> Undecided | None:
        """List the regions; what stands in the way."""
        pending: list[Rows] = []
        try:
            for rows in patterns:
                pending.append(rows)
                if len(pending) > self.most:
                    raise TooManyPatterns
                if time.monotonic() >= deadline:
                    return Undecided("timeout", "the regions were still being listed")
        except TooManyPatterns:
            return Undecided("unsupported", "too many activation patterns to go through one by one")
        self.total = len(pending)
        pending.sort(key=patterns.idle)  # where there is a witness, it is found sooner
        self.pending = pending
        return None


class _Sweep:
    """One round over the pending regions: those that were settled are gone, the ``hard`` ones set aside."""

    def __init__(self, patterns: Patterns, pending: Sequence[Rows], left: Callable[[int], None]) -> None:
        self.patterns, self.left = patterns, left
        self.pending = deque(pending)
        self.hard: list[Rows] = []
        self.memory = False

    def next_model(
        self, crew: Crew, way: Round, *, deadline: float, seed: int
    ) -> tuple[Encoding, Model] | None:
        """The first region with a model, set aside with the hard ones in case it cannot be made exact."""
        encodings: deque[Encoding] = deque()
        scripts = self._scripts(tuple(self.pending), encodings)
        outcomes = crew.outcomes(scripts, deadline=deadline, mode=way.mode, seed=seed, effort=way.effort)
        with closing(outcomes):
            for outcome in outcomes:
                if time.monotonic() >= deadline:
                    return None
                rows, encoding = self.pending.popleft(), encodings.popleft()
                if not isinstance(outcome, NoModel):
                    self.hard.append(rows)
                if isinstance(outcome, Model):
                    return encoding, outcome
                if isinstance(outcome, GaveUp) and outcome.reason == "memory":
                    self.memory = True
                self.left(len(self.pending) + len(self.hard))
        return None

    def _scripts(self, regions: Sequence[Rows], encodings: deque[Encoding]) -> Iterator[Script]:
        """The regions' scripts, lazily; each encoding is left in ``encodings``."""
        for rows in regions:
            pattern = self.patterns.pattern(rows)
            encodings.append(encode(self.patterns.problem, len(rows), pattern=pattern))
            yield encodings[-1].script


def _padded(problem: Problem, witness: Witness, samples: int) -> Witness:
    """The witness with copies of its first sample up to M samples (`Patterns`).

    Their adjoint is 0, or where signs of adjoints are asked they share that of the first sample equally.
    """
    missing = samples - witness.samples
    if not missing:
        return witness

    def more(array: Array[Exact], copy: Sequence[Exact]) -> Array[Exact]:
        return Array.of([*array.rows(), *([copy] * missing)], array.shape[1])

    target, (y_hat, *_), (y, *_) = problem.model.loss.target, witness.forward.y_hat.rows(), witness.y.rows()
    values = dict(witness.variables)
    copy = [target(p, 0) for p in y_hat]
    if signs_of_adjoints(problem):
        share, (adjoint, *_) = Fraction(1, 1 + missing), witness.point.adjoint.rows()
        copy = [target(p, g * share) for p, g in zip(y_hat, adjoint, strict=True)]
        values["y"] = Array.of([copy, *witness.y.rows()[1:]], len(y))
    values["x"] = more(witness.x, witness.x.rows()[0])
    values["y"] = more(values["y"], copy)
    return Witness.of(problem, values)
