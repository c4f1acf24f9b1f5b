"""Facts that are derived ahead of a check, while somebody else looks for a certificate.

They are the checker's own, made by the same functions; those of the last question are kept. What making them
took counts when they are used, so that no answer depends on what was ready.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from zerograd.core.errors import Refused, TooMuchWork
from zerograd.core.numbers.work import budget, remembered_of_last, spend
from zerograd.core.question.question import Question
from zerograd.core.refuting.certificate import Kind
from zerograd.core.refuting.system import System

MOST = 50_000
"""Units of work for one system; what takes longer is made when it is asked for."""


def derive_ahead(problem: Question, kind: Kind, samples: int | None, derive: Callable[[], System]) -> None:
    """Keep what ``derive`` makes, unless that is refused, or takes long."""
    with suppress(Refused, TooMuchWork, ValueError), budget(MOST) as meter:  # whatever a process asks for
        system = derive()
        _kept(problem)[kind, samples] = system, meter.spent


def derived(problem: Question, kind: Kind, samples: int | None) -> System | None:
    """Return the facts of this very object, if they were derived ahead."""
    made = _kept(problem).get((kind, samples))
    if made is None:
        return None
    system, units = made
    spend(units)
    return system


@remembered_of_last
def _kept(_problem: Question) -> dict[tuple[Kind, int | None], tuple[System, int]]:
    """The facts of one question, and the work that they took."""
    return {}
