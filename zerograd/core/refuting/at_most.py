"""What a global minimum implies: a question without it, of points whose loss is at most a known one.

Let some parameters have the loss L on the given data. A global minimum has a loss of at most L. So the
question has no answer if there is none with a loss of at most L.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from zerograd.core.errors import FormatError, Refused, Violation
from zerograd.core.numbers.rationals import rational_text
from zerograd.core.points.documents import parameters_from_json
from zerograd.core.points.elsewhere import valued
from zerograd.core.question.given import given_data, incomplete_data
from zerograd.core.question.problem import Problem
from zerograd.core.question.question import Question


def at_most(problem: Question, told: Mapping[str, Any]) -> Problem:
    """Return the question without the minimum, and with ``loss <= L``.

    Args:
        told: parameters that have the loss L, as documents have them.

    Raises:
        Refused: no global minimum is asked for, not all data are given, or the loss is not rational.
        FormatError: no parameters of this network.
    """
    if not isinstance(problem, Problem) or problem.minimum != "global":
        raise Refused([Violation("better", "a problem that asks for a global minimum", "another")])
    parameters = parameters_from_json(problem.network, told)
    if missing := [name for name in problem.network.shapes if name not in parameters]:
        raise FormatError(f"better: {missing[0]} is missing")
    if reason := incomplete_data(problem):
        raise Refused([Violation("better", "all of x and y given", reason)])
    x, y = given_data(problem)
    try:
        loss: Any = valued(problem.model, parameters, x, y).loss
    except ArithmeticError as error:
        raise Refused([Violation("better: the loss", "a rational number", str(error))]) from None
    if not isinstance(loss, int | Fraction):
        raise Refused([Violation("better: the loss", "a rational number", str(loss))])
    return problem.anywhere().with_conditions([f"loss <= {rational_text(loss)}"])
