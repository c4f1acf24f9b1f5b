"""From one number of samples to all that a problem asks about."""

from __future__ import annotations

import time
from collections.abc import Callable

from zerograd.core.answer import Attempt
from zerograd.core.problem import Problem
from zerograd.search.verdict import Found, Impossible, Progress, Undecided, Verdict

Decide = Callable[[int, float], Verdict]
"""(M, deadline) to a verdict."""


def over_samples(
    problem: Problem,
    decide: Decide,
    *,
    sufficient: int | None,
    deadline: float,
    progress: Progress,
    record: Callable[[Attempt], None] = lambda _: None,
) -> tuple[Verdict, tuple[Attempt, ...]]:
    """Try M from the least on, and stop at the first witness.

    A number of samples that stays undecided gets half of the time that is left, so that a larger
    one may still be answered. All of a finite range impossible is `Impossible`. An endless range is
    finite where small datasets suffice (``sufficient``: what has no witness there has none anywhere);
    else it is `Undecided` without a witness, and the attempts say what was ruled out.
    """
    wanted = problem.samples
    most = wanted.most if wanted.most is not None else sufficient
    attempts: list[Attempt] = []

    def add(attempt: Attempt) -> None:
        attempts.append(attempt)
        record(attempt)  # at once: whoever has to stop this search still knows how far it came

    open_question: Undecided | None = None
    last: Verdict = Undecided("timeout")
    samples = wanted.least
    while most is None or samples <= most:
        if wanted.fixed is None:
            progress(f"trying {samples} {'sample' if samples == 1 else 'samples'}")
        now = time.monotonic()
        if now >= deadline:
            open_question = open_question or Undecided("timeout")
            break
        only = samples == most
        last = decide(samples, deadline if only else now + (deadline - now) / 2)
        match last:
            case Found():
                add(Attempt(samples, "sat"))
                return last, tuple(attempts)
            case Impossible():
                add(Attempt(samples, "unsat"))
            case Undecided(reason=reason):
                add(Attempt(samples, "unknown", reason))
                open_question = last
        samples += 1
    # By padding, what is impossible for a sufficient number is so for each smaller one.
    complete = open_question is None or wanted.most is None
    if complete and isinstance(last, Impossible) and attempts[-1].samples == most:
        return last, tuple(attempts)
    if open_question is None:
        return Undecided("incomplete", "no number of samples that was tried has a witness"), tuple(attempts)
    return open_question, tuple(attempts)
