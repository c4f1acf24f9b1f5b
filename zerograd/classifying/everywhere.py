"""Whether a point has the least loss of all parameters, for its data: looks for what shows either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from zerograd.classifying.kinds import kind_of
from zerograd.classifying.lowest import Least, TooManyError, find_least
from zerograd.core.errors import Refused
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.kinks import NoSlopeYet
from zerograd.core.model.point import Point
from zerograd.core.numbers.exact import Exact, compare
from zerograd.core.points.kinds import BestFunction, Evidence, PointKind, check_kind
from zerograd.core.points.lowest import squares, unfit
from zerograd.core.points.minimum import is_best_function
from zerograd.core.question.problem import Problem


def kind_asked(problem: Problem, point: Point[Exact]) -> PointKind:
    """Return the kind of a point, as far as the problem asks: among all parameters, or nearby."""
    return kind_among_all(point) if problem.minimum == "global" else kind_of(point)


def kind_among_all(
    point: Point[Exact], timely: Callable[[], bool] = lambda: True, known: Least | None = None
) -> PointKind:
    """Return the kind of a point, with what shows whether it has the least loss of all parameters.

    Args:
        timely: whether there is time.
        known: the least loss for the point's data, if it was found before.

    Raises:
        TooMuchWork: inside a budget.
    """
    found = kind_of(point)
    if found.is_global(point.model):
        return found
    evidence = _evidence(point, found.evidence, timely, known)
    return PointKind(check_kind(point, evidence), evidence)


def _evidence(
    point: Point[Exact], evidence: Evidence, timely: Callable[[], bool], known: Least | None
) -> Evidence:
    try:
        if is_best_function(point):
            return replace(evidence, minimum=BestFunction(), reason="")
    except (Refused, OnKink, NoSlopeYet, ArithmeticError):
        pass  # it is not known
    reason = unfit(point.model, (*point.x.entries, *point.y.entries))
    if reason is None:
        try:
            least = known or find_least(point.model, point.x, point.y, timely)
            if compare(squares(point), least.squares) > 0:
                return replace(evidence, better=least.parameters)
            if least.proof is not None:
                return replace(evidence, minimum=least.proof, reason="")
        except (TooManyError, Refused, OnKink, ArithmeticError) as error:
            reason = str(error)
    parts = (evidence.reason, f"whether other parameters have a lower loss is not known: {reason}")
    return replace(evidence, reason="; ".join(filter(None, parts)))
