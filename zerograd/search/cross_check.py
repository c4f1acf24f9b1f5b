"""The same question to a second solver, once the search has decided it: two programs rarely share a bug.

Both get the piecewise encoding (`zerograd.search.encoding`), so this cross-checks solvers and strategies,
not the encoding, which a ``sat`` of either is held to by the checker.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from zerograd.core.question.fitness import chosen
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Attempt
from zerograd.search.comparison import Comparison, decided
from zerograd.search.lift import lift
from zerograd.search.piecewise import whole_question
from zerograd.search.verdict import Progress
from zerograd.solvers.base import GaveUp, Model, NearModel, NoModel, Outcome
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.registry import solver as adapter
from zerograd.solvers.terms import Script

PATIENCE = (1.0, None)
"""Effort for each of the solver's modes, round by round: what one of them settles quickly need not wait."""


def cross_check(
    problem: Problem,
    attempts: Iterable[Attempt],
    solver: SolverProcess,
    *,
    deadline: float,
    seed: int,
    progress: Progress,
) -> Iterator[Comparison]:
    """Put each number of samples that was decided to ``solver``, each with its share of the time left.

    Raises:
        SolverUnusable: the solver cannot start.
    """
    pending = decided(attempts)
    for left, attempt in zip(range(len(pending), 0, -1), pending, strict=True):
        plural = "" if attempt.samples == 1 else "s"
        progress(f"cross-checking with {solver.name}, {attempt.samples} sample{plural}")
        now = time.monotonic()
        yield compare(problem, attempt, solver, deadline=now + (deadline - now) / left, seed=seed)


def compare(
    problem: Problem, attempt: Attempt, solver: SolverProcess, *, deadline: float, seed: int
) -> Comparison:
    """One number of samples, as the solver sees it before ``deadline`` (of `time.monotonic`)."""
    name, samples, ours = solver.name, attempt.samples, attempt.status
    if time.monotonic() >= deadline:
        return Comparison(name, samples, ours, "unknown", "timeout", solver.version)
    if chosen(problem):
        return Comparison(name, samples, ours, "unknown", "unsupported", solver.version)
    try:
        encoding, script = whole_question(problem, samples)
        outcome = _ask(script, solver, deadline=deadline, seed=seed)
        match outcome:
            case GaveUp(reason=reason):
                return Comparison(name, samples, ours, "unknown", reason, solver.version)
            case NoModel() if ours == "sat":
                return Comparison(
                    name, samples, ours, "unsat", version=solver.version, script=script.to_smtlib()
                )
            case Model() | NearModel() if ours == "unsat":
                version, witness = solver.version, None
                if isinstance(outcome, Model):
                    witness = lift(encoding, outcome, solver, deadline=deadline, seed=seed)
                return Comparison(
                    name, samples, ours, "sat", version=version, witness=witness, script=script.to_smtlib()
                )
    except MemoryError:
        return Comparison(name, samples, ours, "unknown", "memory", solver.version)
    return Comparison(name, samples, ours, ours, version=solver.version)


def _ask(script: Script, solver: SolverProcess, *, deadline: float, seed: int) -> Outcome:
    """What one of its modes comes to; else why the last of them gave up."""
    modes = adapter(solver.name).modes
    outcome: Outcome = GaveUp("timeout")
    for effort in PATIENCE:
        for left, mode in zip(range(len(modes), 0, -1), modes, strict=True):
            now = time.monotonic()
            until = deadline if effort is not None else now + (deadline - now) / left
            outcome = solver.check(script, deadline=until, mode=mode, seed=seed, effort=effort)
            if not isinstance(outcome, GaveUp):
                return outcome
            if time.monotonic() >= deadline:
                return GaveUp("timeout")
    return outcome
