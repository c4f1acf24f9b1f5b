"""The certificate that a claim about given numbers is wrong: one calculation. Loads no solver."""

from __future__ import annotations

from zerograd.core.model.point import Point
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.calculation import calculation_system, refutation_of
from zerograd.core.refuting.certificate import Certificate, Part


def calculated(problem: Problem, point: Point[Exact]) -> Certificate:
    """Return it, for a question in which everything is given, and to which that is no answer.

    Args:
        point: what is given (`zerograd.core.question.given`).

    Raises:
        ValueError: it is an answer.
    """
    samples = problem.samples.least
    root = refutation_of(calculation_system(problem, samples, point))
    if root is None:
        raise ValueError("what is given is as asked")
    return Certificate(problem.digest, (Part("calculation", samples, root),))
