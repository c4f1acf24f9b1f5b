"""Which of many witnesses is wanted: the first one found, a small one, or a generic one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Prefer

SHRINK_EFFORT = 6000
"""Steps, at most, for a smaller witness where nobody asked for the smallest: they take a second or two."""
SHRINK_TIME = 10.0
"""Seconds, at most, for the same on a slow machine."""
GENERIC_TIME = 20.0
"""Seconds, at most, for looking for a generic witness; never more than half of those that are left."""


@dataclass(frozen=True, slots=True)
class Preference:
    """What is done for a pleasant witness once there is one.

    Attributes:
        seconds: at most, for making it small; without any it is the one found first.
        effort: a limit in steps beside, which gives the same witness on any machine that is not too slow for
            ``seconds``; None for none.
        generic: seconds, at most, for finding a generic one first; None if any will do.
    """

    seconds: float = SHRINK_TIME
    effort: int | None = SHRINK_EFFORT
    generic: float | None = None


FIRST = Preference(0.0)
"""The witness that is found first, as it is."""


def preference(problem: Problem, prefer: str | None = None) -> Preference:
    """Return what is done for a pleasant witness of a problem.

    Args:
        prefer: in place of the problem's own; ``small`` if neither says anything.

    Raises:
        ValueError: it is no preference.
    """
    wanted = prefer or problem.prefer or "small"
    if wanted not in get_args(Prefer):
        raise ValueError(f"unknown preference {wanted!r} (known: {', '.join(get_args(Prefer))})")
    if wanted == "any":
        return FIRST
    return Preference(generic=GENERIC_TIME if wanted == "generic" else None)
