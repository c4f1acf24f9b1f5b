"""Several different witnesses of one question, for sheets with other numbers for each student."""

from __future__ import annotations

import time
from typing import Any

from zerograd.api import solve
from zerograd.core.errors import ZerogradError
from zerograd.core.model.places import some_on_kink
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat

_TRIES = 6
"""Seeds that are tried for each network that is wanted."""


class TooFew(ZerogradError):  # noqa: N818 - named for what happened
    """There are not so many different networks, or they were not found."""


def different(
    problem: Problem, count: int, *, seed: int = 0, timeout: float = 60.0, **options: Any
) -> list[Sat]:
    """Return ``count`` checked witnesses, no two with the same parameters; first those off all kinks.

    The same seed gives the same witnesses, unless the time limit cuts in.

    Args:
        options: those of `zerograd.api.solve` for the search: processes, a strategy.

    Raises:
        TooFew: the question has no answer, or too few networks were found.
    """
    end = time.monotonic() + timeout
    found: dict[object, Sat] = {}
    for tried in range(_TRIES * count):
        left = end - time.monotonic()
        if left <= 0 or sum(not _on_kink(answer) for answer in found.values()) >= count:
            break
        answer = solve(
            problem, timeout=left, seed=seed * _TRIES * count + tried, certify=False, shrink=0.0, **options
        )
        if not isinstance(answer, Sat):
            if not found:
                raise TooFew(f"the answer is {answer.status}: there is no network to ask about")
            break
        parameters = answer.witness.parameters
        found.setdefault(tuple(array.entries for array in parameters.values()), answer)
    ranked = sorted(found.values(), key=_on_kink)  # which keeps their order otherwise
    if len(ranked) < count:
        raise TooFew(
            f"found {len(ranked)} different networks, not {count}: ask for fewer (--count), fix less, "
            "or allow more time (--timeout)"
        )
    return ranked[:count]


def _on_kink(answer: Sat) -> bool:
    return some_on_kink(answer.problem.network, answer.witness.forward.z)
