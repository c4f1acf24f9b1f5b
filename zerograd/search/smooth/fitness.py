"""For which questions these strategies are not needed."""

from __future__ import annotations

from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.question.problem import Problem


def exact_elsewhere(problem: Problem) -> str | None:
    """Return why strategies for piecewise linear networks do the same; None if they do not."""
    reach = problem.model.loss.reach(problem.targets, problem.derivative_at_kink)
    piecewise = all(isinstance(layer.activation, PiecewiseLinear) for layer in problem.network.layers)
    if piecewise and reach.everything:
        return "all is piecewise linear, and free targets give every adjoint: others find exact witnesses"
    return None
