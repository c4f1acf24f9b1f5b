"""Answers in which slopes at kinks are chosen, as answers under one convention, for whoever shows but one."""

from __future__ import annotations

from dataclasses import replace

from zerograd.core.model.slopes import is_chosen, ranges_at
from zerograd.core.verdict.answer import Answer, Sat
from zerograd.core.verdict.chosen import under_one_convention


def unfit(answer: Answer) -> str | None:
    """Return why a witness cannot be shown under one convention; None if it can, or there is none."""
    if not isinstance(answer, Sat) or not is_chosen(answer.problem.derivative_at_kink):
        return None
    if answer.problem.derivative_at_kink == "any":
        if under_one_convention(answer.witness) is None:
            return "slopes at kinks are chosen for each unit and sample by itself (derivative_at_kink: any)"
        return None
    if ranges_at(answer.witness.point) is not None:
        return (
            "a sample is on a kink, and the question is about all slopes there (derivative_at_kink: all), "
            "of which this would show one"
        )
    return None


def shown_plainly(answer: Sat) -> Sat:
    """Return the same numbers as an answer to the question under one convention, with the same gradients.

    Raises:
        ValueError: there is none (`unfit`).
    """
    if not is_chosen(answer.problem.derivative_at_kink):
        return answer
    if reason := unfit(answer):
        raise ValueError(reason)
    witness = under_one_convention(answer.witness)
    if witness is None or witness.problem.derivative_at_kink == "all":  # on no kink
        witness = answer.witness.answering(answer.problem.with_kink("forbid"))
    run = replace(answer.run, sufficient_samples=None)
    return Sat(
        witness, problem=witness.problem, checks=answer.checks, run=run, kind=answer.kind, lower=answer.lower
    )
