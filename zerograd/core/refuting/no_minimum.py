"""That a given point is not the minimum that is asked for: the loss falls from it, or is lower elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.backprop import OnKink
from zerograd.core.points.documents import check_kind_document
from zerograd.core.question import given
from zerograd.core.question.question import Question


def check_no_minimum(problem: Question, told: Mapping[str, Any]) -> None:
    """Return quietly if a document about the given point shows that it is not the minimum that is asked for.

    Raises:
        Refused: it does not, no minimum is asked for, or not everything is given.
        FormatError: it is not of the documented form.
    """
    if problem.minimum is None:
        raise Refused([Violation("point", "a problem that asks for a minimum", "another")])
    if reason := given.unfit(problem):
        raise Refused([Violation("point", "one that is given", reason)])
    try:
        found = check_kind_document(given.given_point(problem), told)
    except (OnKink, ArithmeticError) as obstacle:
        raise Refused([Violation("point", "one whose kind is known", str(obstacle))]) from None
    if problem.spurious and found.is_global(problem.model):
        return
    if found.is_asked(problem.minimum, problem.model) is not False:
        what = "spurious" if problem.spurious else problem.minimum
        raise Refused([Violation("point", f"one that is no {what} minimum", str(found.kind))])
