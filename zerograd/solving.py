"""Answers to a problem, by as many witnesses as are wanted, and as they are preferred."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace

from zerograd.answering import (
    accepted_witness,
    answer_of,
    late,
    with_fewest,
    with_proof,
    with_smallest,
)
from zerograd.core.question.given import incomplete, unfit
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Answer, Sat
from zerograd.core.verdict.generic import against_generic
from zerograd.core.verdict.size import size_of
from zerograd.preferring import Preference
from zerograd.processes import shared_prover, shared_search
from zerograd.proving.process import ProofProcess
from zerograd.reserving import kept_for_checking
from zerograd.search import construct
from zerograd.search.comparison import Second
from zerograd.search.generic import generic_question
from zerograd.search.generic import unfit as unfit_for_generic
from zerograd.search.process import SearchProcess
from zerograd.search.verdict import Found, Progress
from zerograd.services.service import DEFAULT_MEMORY

MAX_TIMEOUT = 1e8
PROOF_TIME = 10.0
"""Seconds, at most, that `solve` spends on a proof of its no; never more than are left."""
TINY = 2
"""Height up to which a generic witness is not drawn anew."""
STRATEGIES = (
    "auto", "construct", "closed", "enclose", "fit", "identities", "facts", "piecewise", "guess", "regions",
)  # fmt: skip


def smallest_first(
    problem: Problem,
    count: int,
    *,
    timeout: float,
    preferred: Preference,
    strategy: str = "auto",
    seed: int = 0,
    memory: int = DEFAULT_MEMORY,
    cross_check: bool | Second = False,
    certify: bool = True,
    process: SearchProcess | None = None,
    prover: ProofProcess | None = None,
    progress: Progress | None = None,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[Answer]:
    """Answer as `solve` and `smallest`, by up to ``count`` different witnesses, the smallest first.

    Args:
        preferred: what is done for a pleasant witness once there is one.
        meanwhile: called while the last search is under way: to load what comes next.

    Raises:
        As `solve`.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"unknown strategy {strategy!r} (known: {', '.join(STRATEGIES)})")
    check_timeout(timeout)
    say = progress or _silent
    start = time.monotonic()
    if strategy == "auto" and not cross_check and incomplete(problem) is None:
        from zerograd.calculating import calculated_answer

        say("calculating: everything is given")
        if (calculated := calculated_answer(problem, start, timeout)) is not None:
            return late([calculated], start + timeout)
    process = process or shared_search(os.getpid(), memory)
    until = start + timeout - kept_for_checking(problem, timeout)
    if problem.minimum is not None:
        from zerograd.minima import Task, minimum_answer

        task = Task(
            process,
            (prover or shared_prover(os.getpid(), memory)) if certify else None,
            strategy=strategy,
            seed=seed,
            start=start,
            until=until,
            proved=PROOF_TIME,
            preferred=preferred,
            progress=say,
        )
        if problem.minimum == "global":
            from zerograd.global_minima import global_answer

            return late([global_answer(problem, task)], start + timeout)
        found = minimum_answer(problem, task)
        return late([found], start + timeout)
    small = preferred.seconds > 0  # the re-check is then made while smaller ones are looked for

    def both() -> None:
        from zerograd.evaluate import recheck  # noqa: F401  # NumPy: it takes longer than most answers

        meanwhile()

    finding = process.find(
        problem,
        strategy=strategy,
        seed=seed,
        deadline=until,
        progress=say,
        cross_check="cvc5" if cross_check is True else cross_check or None,
        meanwhile=_nothing if small else both,
    )
    answer = answer_of(problem, finding, start, recheck_now=not small)
    if isinstance(answer, Sat) and small and not cross_check:
        half = time.monotonic() + min(until - time.monotonic(), preferred.seconds) / 2
        answer = with_fewest(answer, process, strategy=strategy, seed=seed, deadline=half, progress=say)
    if certify:
        proved = min(start + timeout, time.monotonic() + PROOF_TIME)
        answer = with_proof(answer, prover or shared_prover(os.getpid(), memory), proved, say)
    if not (isinstance(answer, Sat) and small):
        return late([answer], start + timeout)
    ranked = by_preference(
        answer,
        process,
        preferred,
        count=count,
        strategy=strategy,
        seed=seed,
        deadline=until,
        progress=say,
        meanwhile=meanwhile,
    )
    return late(ranked, start + timeout)


def is_calculation(problem: Problem, *, strategy: str = "auto", cross_check: bool = False) -> bool:
    """Whether `solve` needs no search: everything is given and exact, and nobody asked for a search."""
    return strategy == "auto" and not cross_check and unfit(problem) is None


def check_timeout(timeout: float) -> None:
    """Raise ValueError for a time that nothing can be done in, or that is beyond all clocks."""
    if not 0 < timeout <= MAX_TIMEOUT:
        raise ValueError(f"timeout must be above 0 and at most {MAX_TIMEOUT:.0f} seconds, found {timeout}")


def _silent(_: str) -> None:
    pass


def _nothing() -> None:
    pass


def by_preference(
    answer: Sat,
    process: SearchProcess,
    preferred: Preference,
    *,
    count: int,
    strategy: str,
    seed: int,
    deadline: float,
    progress: Progress,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[Sat]:
    """Return answers by up to ``count`` witnesses that are as they are preferred, the smallest first."""
    within = None
    if preferred.generic is not None:
        until = time.monotonic() + min((deadline - time.monotonic()) / 2, preferred.generic)
        answer, within = with_generic(
            answer, process, strategy=strategy, seed=seed, deadline=until, progress=progress
        )
    ranked = with_smallest(
        answer,
        process,
        within=within,
        count=count,
        effort=preferred.effort,
        seed=seed,
        deadline=min(deadline, time.monotonic() + preferred.seconds),
        progress=progress,
        meanwhile=meanwhile,
    )
    if preferred.generic is None:
        return ranked
    return [sat.updated(generic=against_generic(sat.witness)) for sat in ranked]


def with_generic(
    answer: Sat, process: SearchProcess, *, strategy: str, seed: int, deadline: float, progress: Progress
) -> tuple[Sat, Problem | None]:
    """Answer by a generic witness with as many samples, if one is found.

    Returns:
        The answer, and the question narrowed to generic witnesses (None if its witness is not generic).
    """
    problem, samples = answer.problem, answer.witness.samples
    if unfit_for_generic(problem, samples) is not None:
        return answer, None
    began = time.monotonic()
    narrower = generic_question(problem, samples)
    size = size_of(answer.witness)
    generic = not against_generic(answer.witness)
    if generic and (size is None or size.height <= TINY):
        return answer, narrower
    progress("looking for a generic witness")
    if strategy in ("auto", construct.NAME):
        drawn = process.drawn_generic(
            problem.with_kink("forbid"), samples, seed=seed, deadline=deadline, progress=progress
        )
        if drawn is not None:
            run = replace(answer.run, seconds=answer.run.seconds + time.monotonic() - began)
            witness = drawn.answering(problem)
            smaller = size_of(witness)
            if not generic or (size is not None and smaller is not None and smaller < size):
                with accepted_witness(witness):
                    run = replace(run, strategy=construct.NAME)
                    return answer.updated(witness=witness, run=run), narrower
    if generic:
        return answer, narrower
    finding = process.find(
        narrower, strategy=strategy, seed=seed, deadline=deadline, progress=progress, cross_check=None
    )
    versions = {**answer.run.versions, **finding.versions}
    run = replace(answer.run, seconds=answer.run.seconds + time.monotonic() - began, versions=versions)
    if not isinstance(finding.verdict, Found):
        return answer.updated(run=run), None
    witness = finding.verdict.witness.answering(problem)
    with accepted_witness(witness):
        run = replace(run, strategy=finding.verdict.strategy)
        return answer.updated(witness=witness, run=run), narrower
