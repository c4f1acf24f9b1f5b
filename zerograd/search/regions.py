"""One activation pattern after another: each region is a conjunction that nlsat settles quickly.

Complete: all regions impossible means that the problem is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, repeat
from threading import Event

from zerograd.core.arrays import Array
from zerograd.core.exact import Exact
from zerograd.core.problem import Problem
from zerograd.core.witness import Witness
from zerograd.derive.sample import derive
from zerograd.search.crew import Crew
from zerograd.search.encoding import encode
from zerograd.search.geometry import Row
from zerograd.search.lift import lift
from zerograd.search.patterns import Patterns, TooManyPatterns
from zerograd.search.verdict import Found, Impossible, Progress, Undecided, Verdict
from zerograd.solvers.base import GaveUp, Mode, Model, NoModel
from zerograd.solvers.process import SolverProcess

NAME = "regions"
MAX_REGIONS = 20_000


@dataclass(frozen=True, slots=True)
class Round:
    """How each region that is still open is looked at."""

    mode: Mode
    effort: float


REAL = (
    Round("polynomial", 0.25),
    Round("elimination", 0.25),
    Round("polynomial", 2.0),
    Round("elimination", 2.0),
    Round("polynomial", 16.0),
    Round("elimination", 16.0),
)
"""What is hard waits until all others are settled."""

INTEGER = (
    Round("polynomial", 0.25),
    Round("small-integers", 0.3),
    Round("general", 0.3),
    Round("small-integers", 3.0),
    Round("general", 3.0),
    Round("small-integers", 20.0),
    Round("general", 20.0),
)
"""Most regions are impossible for real numbers already, which is all that nlsat looks at."""

CHUNKS = (1, 1, 2, 3)
"""Regions that a process settles in one go, first of all; then always as many as the last number.

A fresh context takes about as long as a region; but where the first has a witness, the rest was in vain.
"""

Rows = tuple[Row, ...]


@dataclass(slots=True)
class _Outcome:
    """Of a few regions: a witness, or those that are left open."""

    regions: int
    witness: Witness | None = None
    hard: list[Rows] = field(default_factory=list)
    late: bool = False
    memory: bool = False


def regions(
    problem: Problem,
    samples: int,
    crew: Crew,
    *,
    deadline: float,
    seed: int,
    progress: Progress,
    rounds: int | None = None,
    most: int = MAX_REGIONS,
) -> Verdict:
    """Decide the problem for M = ``samples``, region by region.

    Args:
        rounds: of `REAL` or `INTEGER`; all of them by default.
        most: give up at once where there are more regions than that.
    """
    patterns = Patterns.of(problem, samples)
    pending: list[Rows] = []
    try:
        for rows in patterns:
            pending.append(rows)
            if len(pending) > most:
                raise TooManyPatterns
            if time.monotonic() >= deadline:
                return Undecided("timeout", "the regions were still being listed")
    except TooManyPatterns:
        return Undecided("unsupported", f"more than {most} activation patterns")
    derive(problem.network)  # once, before several threads ask for it
    total = len(pending)
    pending.sort(key=patterns.idle)  # where there is a witness, it is found sooner
    for way in (INTEGER if problem.domain == "integer" else REAL)[:rounds]:
        stop = Event()
        hard: list[Rows] = []
        late = memory = False
        before, done = total - len(pending), 0
        tasks = (
            partial(_settle, patterns, chunk, deadline=deadline, seed=seed, way=way, stop=stop)
            for chunk in _chunks(pending)
        )
        with closing(crew.in_order(tasks)) as results:
            for outcome in results:
                if outcome.witness is not None:
                    stop.set()
                    return Found(_padded(problem, outcome.witness, samples), NAME)
                hard += outcome.hard
                late, memory = late or outcome.late, memory or outcome.memory
                done += outcome.regions
                progress(f"{before + done - len(hard)} of {total} regions done")
        if not hard:
            return Impossible("solver", NAME)
        if late:
            return Undecided("timeout", f"{len(hard)} of {total} regions were left")
        if memory:
            return Undecided("memory", f"{len(hard)} of {total} regions were left")
        pending = hard
    return Undecided("incomplete", f"the solver gave up on {len(pending)} of {total} regions")


def _chunks(pending: Sequence[Rows]) -> Iterator[Sequence[Rows]]:
    start = 0
    for size in chain(CHUNKS, repeat(CHUNKS[-1])):
        if start >= len(pending):
            return
        yield pending[start : start + size]
        start += size


def _settle(
    patterns: Patterns,
    chunk: Sequence[Rows],
    solver: SolverProcess,
    *,
    deadline: float,
    seed: int,
    way: Round,
    stop: Event,
) -> _Outcome:
    outcome = _Outcome(len(chunk))
    solver.forget()
    for position, rows in enumerate(chunk):
        if stop.is_set():
            break
        if time.monotonic() >= deadline:
            outcome.hard += chunk[position:]
            outcome.late = True
            break
        encoding = encode(patterns.problem, len(rows), pattern=patterns.pattern(rows))
        found = solver.check(encoding.script, deadline=deadline, mode=way.mode, seed=seed, effort=way.effort)
        match found:
            case NoModel():
                continue
            case Model():
                outcome.witness = lift(encoding, found, solver, deadline=deadline, seed=seed)
                if outcome.witness is not None:
                    break
            case GaveUp(reason="memory"):
                outcome.memory = True
        outcome.hard.append(rows)
    return outcome


def _padded(problem: Problem, witness: Witness, samples: int) -> Witness:
    """The witness with copies of its first sample, of residual 0, up to M samples (`Patterns`)."""
    missing = samples - witness.samples
    if not missing:
        return witness

    def more(array: Array[Exact], copy: Sequence[Exact]) -> Array[Exact]:
        return Array.of([*array.rows(), *([copy] * missing)], array.shape[1])

    values = dict(witness.variables)
    values["x"] = more(witness.x, witness.x.rows()[0])
    values["y"] = more(witness.y, witness.forward.y_hat.rows()[0])
    return Witness.of(problem, values)
