"""A question without what the theorem on small datasets forbids: its no is a no to the question as well."""

from __future__ import annotations

from typing import Any

from zerograd.core.errors import ProblemError
from zerograd.core.question.language import names_in
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import each_sample_alone


def loosened(problem: Problem, *, with_adjoints: bool = True) -> Problem | None:
    """The problem without all that stands in the way of the theorem; None where that is no problem.

    Whoever answers the problem answers the loosened one, with the same parameters and samples: so if
    the loosened one has no witness for any number of samples, neither has the problem.

    Args:
        with_adjoints: whether it keeps what each sample's adjoint has to fulfil.
    """
    kept = [
        condition
        for condition in problem.where
        if each_sample_alone(condition.node, problem)
        and (with_adjoints or not names_in(condition.node) & {"r", "grad"})
    ]
    query: dict[str, Any] = {
        relation: [
            reference
            for reference in references
            if reference.name != "x" or (with_adjoints and reference.index is None)
        ]
        for relation, references in problem.query.items()
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
