"""What these strategies ask of a question beforehand."""

from __future__ import annotations

from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.model.losses.loss import ANY_SIGN, Reach
from zerograd.core.question.fitness import beyond_floats
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Relation


def reach(problem: Problem) -> Reach:
    """The adjoints that free targets reach, without F′."""
    return problem.model.loss.inner.reach(problem.targets, problem.derivative_at_kink)


def few_adjoints(problem: Problem) -> bool:
    """Whether the loss has but some adjoints."""
    return reach(problem).values is not None


def tied(problem: Problem) -> bool:
    """Whether targets are labels that leave adjoints no freedom: predictions tell them."""
    return problem.targets != "real" and not few_adjoints(problem)


def expected_signs(problem: Problem, relation: Relation) -> frozenset[int]:
    """The signs of a gradient over F′ under a relation; all of them where that of F′ is not known."""
    outer = problem.model.loss.outer_sign
    if outer is None:
        return ANY_SIGN
    return frozenset(outer * sign for sign in relation.signs)


def exact_elsewhere(problem: Problem) -> str | None:
    """Return why strategies for piecewise linear networks do the same, or why floats do not do; else None."""
    piecewise = all(isinstance(layer.activation, PiecewiseLinear) for layer in problem.network.layers)
    if piecewise and problem.reach.everything:
        return "all is piecewise linear, and free targets give every adjoint: others find exact witnesses"
    return beyond_floats(problem)
