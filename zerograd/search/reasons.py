"""Why questions cannot be put into a solver's terms."""

from __future__ import annotations

from zerograd.core.question.fitness import no_least_squares, smooth, unreached
from zerograd.core.question.problem import Problem
from zerograd.search.mentions import speaks_of, speaks_of_targets


def no_terms(problem: Problem) -> str | None:
    """Return why the question cannot be encoded for solvers, whose terms are polynomials on each side.

    Where nothing is said of targets or the loss, every adjoint that they reach is an unknown.
    """
    spoken = speaks_of_targets(problem) or problem.domain == "integer" or speaks_of(problem, {"r", "loss"})
    return smooth(problem) or (no_least_squares(problem) if spoken else unreached(problem))
