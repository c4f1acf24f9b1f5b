"""The general strategy: the whole question, every activation pattern at once, to one solver."""

from __future__ import annotations

from itertools import pairwise

from zerograd.core.question.problem import Problem
from zerograd.search.encoding import Encoding, encode, no_terms
from zerograd.search.lift import lift
from zerograd.search.symmetry import samples_interchangeable
from zerograd.search.verdict import Found, Impossible, Undecided, Verdict
from zerograd.solvers.base import GaveUp, Mode, Model, NearModel, NoModel
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import Script, relate

NAME = "piecewise"


def unfit(problem: Problem) -> str | None:
    """Return why this strategy cannot answer the question."""
    return no_terms(problem)


def whole_question(problem: Problem, samples: int) -> tuple[Encoding, Script]:
    """The encoding for M = ``samples``, and the script that a solver is given."""
    encoding = encode(problem, samples)
    # Interchangeable samples may as well be in order: it spares the solver their permutations.
    order = []
    if samples_interchangeable(problem, samples):
        order = [relate(a, "<=", b) for a, b in pairwise(row[0] for row in encoding.inputs.rows())]
    return encoding, encoding.script.copy(order)


def piecewise(
    problem: Problem,
    samples: int,
    solver: SolverProcess,
    *,
    mode: Mode,
    effort: float | None,
    deadline: float,
    seed: int,
) -> Verdict:
    """Decide the problem for M = ``samples``, before ``deadline`` (of `time.monotonic`)."""
    encoding, script = whole_question(problem, samples)
    outcome = solver.check(script, deadline=deadline, mode=mode, seed=seed, effort=effort)
    match outcome:
        case NoModel():
            return Impossible("solver", NAME)
        case Model():
            witness = lift(encoding, outcome, solver, deadline=deadline, seed=seed)
            if witness is None:
                return Undecided(
                    "incomplete", "a solution was found, in no single number field of low degree"
                )
            return Found(witness, NAME)
        case NearModel():
            return Undecided("incomplete", "a solution was found, in rounded numbers")
        case GaveUp(reason="crashed", detail=detail):
            return Undecided("incomplete", detail)
        case GaveUp(reason=reason, detail=detail):
            return Undecided(reason, detail)  # type: ignore[arg-type]  # "crashed" is dealt with above
