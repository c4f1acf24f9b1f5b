"""Targets at which a prediction has a given adjoint, in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from zerograd.core.numbers.exact import narrow, sign
from zerograd.core.question.problem import Problem
from zerograd.search.linear_part import Row
from zerograd.search.smooth.drawing import Exacts
from zerograd.search.smooth.levels import FUNCTIONS
from zerograd.search.smooth.starts import labels


def targets_at(problem: Problem, outputs: Exacts, wanted: Row) -> Exacts | None:
    """The targets of one sample at which it has this adjoint; None where none is known.

    Raises:
        ArithmeticError: exact numbers do not hold them.
    """
    loss, kink = problem.model.loss.inner, problem.derivative_at_kink

    def adjoint(y: Exacts) -> Exacts:
        return [narrow(g) for g in loss.sample_adjoint(outputs, y, FUNCTIONS, kink)]

    for y in _proposals(problem, outputs, wanted):
        if any(sign(a - b) for a, b in zip(adjoint(y), wanted, strict=True)):
            continue
        if loss.shares and any(sign(v) < 0 or sign(1 - v) < 0 for v in y):
            continue
        return y
    return None


def _proposals(problem: Problem, outputs: Exacts, wanted: Row) -> Iterator[Exacts]:
    if problem.targets != "real":
        for row in labels(problem.targets, len(outputs)):
            yield [*row]
        return
    with suppress(TypeError):
        yield [narrow(v) for v in problem.model.loss.inner.sample_target(outputs, wanted, FUNCTIONS)]
