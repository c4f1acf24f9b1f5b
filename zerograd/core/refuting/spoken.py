"""Which question a certificate speaks of: the problem's own, or a weaker one that has no answer either."""

from __future__ import annotations

from zerograd.core.errors import Refused, Violation, short
from zerograd.core.model.slopes import conventions_between
from zerograd.core.question.necessary import necessary
from zerograd.core.question.question import Question
from zerograd.core.refuting.at_most import at_most
from zerograd.core.refuting.certificate import Certificate


def spoken_of(problem: Question, certificate: Certificate) -> Question:
    """Return the question that a certificate shows to have no answer, so that the problem has none.

    That is the problem itself, or `necessary` for it if it asks for a spurious minimum; or, of one that asks
    of all choices of slopes at kinks, the same question under one convention that lies between both slopes at
    every kink: what answers under all choices answers under it. Of one that asks for a global minimum it may
    be the same question of points with a loss of at most that of some parameters.

    Raises:
        Refused: it names a convention that does not, or the problem asks no such thing.
    """
    if certificate.better is not None:
        problem = at_most(problem, certificate.better)
    problem = necessary(problem)
    convention = certificate.convention
    if convention is None:
        return problem
    if problem.derivative_at_kink != "all":
        what = "none: the problem does not ask of all choices of slopes"
        raise Refused([Violation("derivative_at_kink", what, short(convention))])
    between = conventions_between(problem.network)
    if convention not in between:
        raise Refused([Violation("derivative_at_kink", f"one of {', '.join(between)}", short(convention))])
    return problem.under(convention)
