"""Targets at which a prediction has a given adjoint, in closed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product

from zerograd.core.numbers.exact import narrow, sign
from zerograd.core.question.problem import Problem
from zerograd.search.smooth.drawing import Exacts
from zerograd.search.smooth.levels import FUNCTIONS


def targets_at(problem: Problem, outputs: Exacts, wanted: Exacts) -> Exacts | None:
    """The targets of one sample at which it has this adjoint; None where none is known.

    Raises:
        ArithmeticError: exact numbers do not hold them.
    """
    loss, kink = problem.model.loss, problem.derivative_at_kink

    def adjoint(y: Exacts) -> Exacts:
        return [narrow(g) for g in loss.sample_adjoint(outputs, y, FUNCTIONS, kink)]

    for y in _proposals(problem, outputs, wanted, adjoint):
        if any(sign(a - b) for a, b in zip(adjoint(y), wanted, strict=True)):
            continue
        if loss.shares and any(sign(v) < 0 or sign(1 - v) < 0 for v in y):
            continue
        return y
    return None


def _proposals(
    problem: Problem, outputs: Exacts, wanted: Exacts, adjoint: Callable[[Exacts], Exacts]
) -> Iterator[Exacts]:
    loss, count = problem.model.loss, len(outputs)
    match problem.targets:
        case "binary":
            yield from (list(row) for row in product((0, 1), repeat=count))
        case "sign":
            yield from (list(row) for row in product((-1, 1), repeat=count))
        case "class":
            yield from ([int(j == k) for j in range(count)] for k in range(count))
        case _:
            with suppress(TypeError):
                yield [narrow(loss.target(p, g)) for p, g in zip(outputs, wanted, strict=True)]
            low, high = adjoint([0] * count), adjoint([1] * count)  # mostly they are linear in the targets
            slopes = [narrow(b - a) for a, b in zip(low, high, strict=True)]
            if all(map(sign, slopes)):
                yield [
                    narrow(FUNCTIONS.divide(g - a, s)) for g, a, s in zip(wanted, low, slopes, strict=True)
                ]
