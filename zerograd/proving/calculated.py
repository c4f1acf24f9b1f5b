"""The certificate that a claim about given numbers is wrong: one calculation. Loads no solver."""

from __future__ import annotations

from collections.abc import Sequence

from zerograd.core.question.problem import Problem
from zerograd.core.refuting.calculation import Wrong, refutation_of, system_of_wrong
from zerograd.core.refuting.certificate import Certificate, Part


def calculated(problem: Problem, wrong: Sequence[Wrong]) -> Certificate:
    """Return it, for a question in which everything is given, and to which that is no answer.

    Args:
        wrong: what is asked and is not so (`zerograd.core.refuting.calculation.wrong_at`).

    Raises:
        ValueError: nothing is wrong.
    """
    root = refutation_of(system_of_wrong(wrong))
    if root is None:
        raise ValueError("what is given is as asked")
    return Certificate(problem.digest, (Part("calculation", problem.samples.least, root),))
