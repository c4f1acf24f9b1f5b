"""Why a strategy cannot answer a question: what several of them have to say.

Every strategy has an ``unfit(problem)``: its reason, or None where it can be tried.
"""

from __future__ import annotations

from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.question.problem import Problem
from zerograd.search.mentions import speaks_of, speaks_of_targets


def smooth(problem: Problem) -> str | None:
    """Return which activation is not piecewise linear."""
    for layer in problem.network.layers:
        if not isinstance(layer.activation, PiecewiseLinear):
            return f"the activation {layer.activation} is not piecewise linear"
    return None


def unreached(problem: Problem) -> str | None:
    """Return why free targets do not give the loss every adjoint."""
    loss = problem.model.loss
    return None if loss.reach == (None, None) else f"free targets do not reach every adjoint of {loss.words}"


def no_least_squares(problem: Problem) -> str | None:
    """Return why the adjoint is not ŷ − y."""
    loss = problem.model.loss
    return None if loss.least_squares else f"the loss is not one of least squares: {loss.words}"


def no_terms(problem: Problem) -> str | None:
    """Return why the question cannot be encoded for solvers, whose terms are polynomials on each side.

    Where nothing is said of targets or the loss, every adjoint that they reach is an unknown.
    """
    spoken = speaks_of_targets(problem) or problem.domain == "integer" or speaks_of(problem, {"r", "loss"})
    return smooth(problem) or (no_least_squares(problem) if spoken else unreached(problem))
