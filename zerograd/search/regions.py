"""One activation pattern after another: each region is a conjunction that nlsat settles quickly.

Complete: all regions impossible means that the problem is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

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
from zerograd.solvers.base import GaveUp, Model, NoModel
from zerograd.solvers.process import SolverProcess

NAME = "regions"
MAX_REGIONS = 20_000
PATIENCE = (0.25, 2.0, 16.0)
"""Effort for each region, round by round: what is hard waits until all others are settled."""

CHUNK = 6
"""Regions that a process settles in one go, in the first round: a fresh context takes longer than one."""

Rows = tuple[Row, ...]


@dataclass(slots=True)
class _Outcome:
    """Of a few regions: a witness, or those that are left open."""

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
    rounds: int = len(PATIENCE),
    most: int = MAX_REGIONS,
) -> Verdict:
    """Decide the problem for M = ``samples``, region by region.

    Args:
        rounds: of `PATIENCE`.
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
    for number, patience in enumerate(PATIENCE[:rounds]):
        size = CHUNK if number == 0 else 1
        chunks = [pending[i : i + size] for i in range(0, len(pending), size)]
        hard: list[Rows] = []
        late = memory = False
        tasks = (_task(patterns, chunk, deadline, seed, patience) for chunk in chunks)
        results = crew.in_order(tasks)
        for done, outcome in enumerate(results, start=1):
            if outcome.witness is not None:
                results.close()  # type: ignore[attr-defined]  # a generator
                return Found(_padded(problem, outcome.witness, samples), NAME)
            hard += outcome.hard
            late, memory = late or outcome.late, memory or outcome.memory
            settled = total - len(pending) + min(done * size, len(pending)) - len(hard)
            progress(f"{settled} of {total} regions done")
        if not hard:
            return Impossible("solver", NAME)
        if late:
            return Undecided("timeout", f"{len(hard)} of {total} regions were left")
        if memory:
            return Undecided("memory", f"{len(hard)} of {total} regions were left")
        pending = hard
    return Undecided("incomplete", f"the solver gave up on {len(pending)} of {total} regions")


def _task(
    patterns: Patterns, chunk: Sequence[Rows], deadline: float, seed: int, patience: float
) -> Callable[[SolverProcess], _Outcome]:
    def settle(solver: SolverProcess) -> _Outcome:
        outcome = _Outcome()
        solver.forget()
        for position, rows in enumerate(chunk):
            if time.monotonic() >= deadline:
                outcome.hard += chunk[position:]
                outcome.late = True
                break
            encoding = encode(patterns.problem, len(rows), pattern=patterns.pattern(rows))
            found = solver.check(
                encoding.script, deadline=deadline, mode="polynomial", seed=seed, effort=patience
            )
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

    return settle


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
