"""What a problem speaks of."""

from __future__ import annotations

from collections.abc import Collection

from zerograd.core.question.conditions import Condition
from zerograd.core.question.language import Call, Name, walk
from zerograd.core.question.problem import Problem


def calls(condition: Condition, function: str) -> bool:
    """Whether a condition uses a function."""
    return any(isinstance(node, Call) and node.function == function for node in walk(condition.node))


def speaks_of(problem: Problem, names: Collection[str]) -> bool:
    """Whether any condition mentions one of the names."""
    return any(not condition.names.isdisjoint(names) for condition in problem.where)


def speaks_of_targets(problem: Problem) -> bool:
    """Whether anything but the domain is said of the targets: values, bounds, or conditions."""
    bounded = any(reference.name == "y" for reference in problem.bounds)
    return speaks_of(problem, {"y"}) or bounded or "y" in problem.given


def targets_are_free(problem: Problem) -> bool:
    """Whether nothing is said of the targets, so that they may be chosen freely."""
    return not speaks_of_targets(problem) and problem.domain == "real"


def gradients_used(problem: Problem) -> set[str]:
    """The names whose gradient the problem speaks of."""
    asked = {reference.name for references in problem.query.values() for reference in references}
    for condition in problem.where:
        for node in walk(condition.node):
            if isinstance(node, Call) and node.function == "grad":
                asked |= {n.name for n in walk(node.arguments[0]) if isinstance(n, Name)}
    return asked
