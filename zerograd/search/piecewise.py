"""The general strategy: the whole question, every activation pattern at once, to one solver."""

from __future__ import annotations

from zerograd.core.problem import Problem
from zerograd.search.encoding import encode
from zerograd.search.lift import lift
from zerograd.search.verdict import Found, Impossible, Undecided, Verdict
from zerograd.solvers.base import GaveUp, Model, NoModel
from zerograd.solvers.process import SolverProcess

NAME = "piecewise"


def piecewise(problem: Problem, samples: int, solver: SolverProcess, *, deadline: float, seed: int) -> Verdict:
    """Decide the problem for M = ``samples``, before ``deadline`` (of `time.monotonic`)."""
    encoding = encode(problem, samples)
    outcome = solver.check(encoding.script, deadline=deadline, seed=seed)
    match outcome:
        case NoModel():
            return Impossible("solver", NAME)
        case Model():
            witness = lift(encoding, outcome, solver, deadline=deadline, seed=seed)
            if witness is None:
                return Undecided("incomplete", "a solution was found that no single number field of low degree holds")
            return Found(witness, NAME)
        case GaveUp(reason="crashed", detail=detail):
            return Undecided("incomplete", detail)
        case GaveUp(reason=reason, detail=detail):
            return Undecided(reason, detail)  # type: ignore[arg-type]  # "crashed" is dealt with above
