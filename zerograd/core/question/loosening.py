"""A question without what the theorem on small datasets forbids: its no is a no to the question as well."""

from __future__ import annotations

from typing import Any

from zerograd.core.errors import ProblemError
from zerograd.core.question.conditions import Condition
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import condition_signs, each_sample_alone, speaks_of_adjoints


def loosened(problem: Problem, *, signs: bool = True, with_adjoints: bool = True) -> Problem | None:
    """The problem without all that stands in the way of the theorem; None where that is no problem.

    Whoever answers the problem answers the loosened one, with the same parameters and samples: so if
    the loosened one has no witness for any number of samples, neither has the problem.

    Args:
        signs: whether it keeps conditions on signs of parameter gradients.
        with_adjoints: whether it keeps what each sample's adjoint has to fulfil.
    """
    kept = [
        condition
        for condition in problem.where
        if (condition_signs(condition.node, problem) is not None if signs else _alone(condition, problem))
        and (with_adjoints or not speaks_of_adjoints(condition.node))
    ]
    query: dict[str, Any] = {
        relation: [
            reference
            for reference in references
            if reference.name != "x" or (with_adjoints and reference.index is None)
        ]
        for relation, references in problem.query.items()
        # Of several together, those that are left would be asked for more.
        if not (relation.joint and any(reference.name == "x" for reference in references))
    }
    try:
        return Problem(
            network=problem.network,
            samples="any",
            where=kept,
            given={
                name: values
                for name, values in problem.given_to_json().items()
                if name in problem.network.shapes
            },
            bounds={
                reference: bound
                for reference, bound in problem.bounds.items()
                if reference.name != "y" and (reference.name != "x" or reference.index is None)
            },
            derivative_at_kink=problem.derivative_at_kink,
            loss=problem.loss,
            targets=problem.targets,
            **query,
        )
    except ProblemError:  # a condition that is left divides by what another one kept from zero
        return None


def _alone(condition: Condition, problem: Problem) -> bool:
    return each_sample_alone(condition.node, problem)
