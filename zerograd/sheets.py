"""Several different witnesses of one question, for sheets with other numbers for each student."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from zerograd.answering import accepted_witness
from zerograd.api import solve
from zerograd.core.errors import ZerogradError
from zerograd.core.model.places import some_on_kink
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Answer, Sat, Unknown
from zerograd.processes import shared_search
from zerograd.search.generic import unfit as unfit_for_generic
from zerograd.search.process import SearchProcess
from zerograd.services.service import DEFAULT_MEMORY

_TRIES = 6
"""Seeds that are tried for each network that is wanted."""

_MISSES = 2
"""Seeds one after another that lead to no new generic network, before others are taken."""


class TooFew(ZerogradError):  # noqa: N818 - named for what happened
    """There is no network, or none was found."""


def different(
    problem: Problem,
    count: int,
    *,
    prefer: str = "generic",
    seed: int = 0,
    timeout: float = 60.0,
    process: SearchProcess | None = None,
    **options: Any,
) -> list[Sat]:
    """Return up to ``count`` checked witnesses, no two with the same parameters.

    Generic ones come first, then those off all kinks. The same seed gives the same witnesses, unless the
    time limit cuts in.

    Args:
        prefer: ``"generic"`` looks for generic ones first; ``"any"`` takes those that are found first.
        options: those of `zerograd.api.solve` for the search: a strategy.

    Raises:
        TooFew: none was found.
    """
    end = time.monotonic() + timeout
    seeds = range(seed * _TRIES * count, (seed + 1) * _TRIES * count)
    process = process or shared_search(os.getpid(), DEFAULT_MEMORY)

    def solved(number: int) -> Answer:
        left = max(end - time.monotonic(), 0.01)
        return solve(
            problem, timeout=left, seed=number, certify=False, shrink=0.0, process=process, **options
        )

    answer = solved(seeds[0])
    if not isinstance(answer, Sat):
        raise TooFew(_none(answer, timeout))
    found: dict[object, Sat] = {}
    if prefer == "generic":
        _take(found, count, seeds, end, lambda number: _generic(answer, process, number, end), misses=_MISSES)
    generic = len(found)
    if generic < count:
        _keep(found, answer)
        _take(found, count, seeds[1:], end, solved, misses=len(seeds))
    return [*found.values()][:generic] + sorted([*found.values()][generic:], key=_on_kink)[: count - generic]


def _take(
    found: dict[object, Sat],
    count: int,
    seeds: range,
    end: float,
    search: Callable[[int], Answer | None],
    *,
    misses: int,
) -> None:
    """Put into ``found`` what a search finds with one seed after another, until enough are off kinks."""
    missed = 0
    for number in seeds:
        enough = sum(not _on_kink(answer) for answer in found.values()) >= count
        if enough or missed >= misses or time.monotonic() >= end:
            return
        answer = search(number)
        missed = 0 if isinstance(answer, Sat) and _keep(found, answer) else missed + 1


def _keep(found: dict[object, Sat], answer: Sat) -> bool:
    """Whether no answer with these parameters was found before."""
    before = len(found)
    found.setdefault(tuple(array.entries for array in answer.witness.parameters.values()), answer)
    return len(found) > before


def _generic(answer: Sat, process: SearchProcess, seed: int, end: float) -> Sat | None:
    """Answer by another generic witness with as many samples, if one is drawn."""
    from zerograd.evaluate.recheck import recheck

    problem, samples = answer.problem, answer.witness.samples
    if unfit_for_generic(problem, samples) is not None:
        return None
    drawn = process.drawn_generic(
        problem.with_kink("forbid"), samples, seed=seed, deadline=end, progress=lambda _: None
    )
    if drawn is None:
        return None
    witness = drawn.answering(problem)
    with accepted_witness(witness):
        return answer.updated(witness=witness, checks=recheck(witness))


def _none(answer: Answer, timeout: float) -> str:
    if isinstance(answer, Unknown) and answer.reason == "timeout":
        return (
            f"the time ran out after {timeout:g} s, before any network was found: allow more time (--timeout)"
        )
    return f"the answer is {answer.status}: there is no network to ask about"


def _on_kink(answer: Sat) -> bool:
    return some_on_kink(answer.problem.network, answer.witness.forward.z)
