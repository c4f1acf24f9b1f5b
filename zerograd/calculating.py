"""Answers that are one calculation: everything is given, and neither search nor solver is asked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from zerograd._version import __version__
from zerograd.answering import accepted
from zerograd.core.errors import Refused
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.enclosing import BITS_OF_POINTS, UNDECIDED
from zerograd.core.numbers.work import DEFAULT, budget
from zerograd.core.question.given import enclosed_point, given_point
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.calculation import Wrong, wrong_at
from zerograd.core.verdict.answer import Answer, Run, Sat, Unknown, Unsat
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness

UNITS = 200_000
"""Units of exact work for each second that there is: they take a fifth of it or so."""

UNDECIDED_CHOICE = "it was not decided whether all that is asked holds under every choice of slopes at kinks"

CALCULATION = "calculation"
"""The strategy of a question in which everything is given."""


def calculated_answer(problem: Problem, start: float) -> Answer:
    """Return the answer to a question in which everything is given (`zerograd.core.question.given`).

    It takes neither search nor solver. A no always carries its certificate: it would rest on nobody's word.
    """
    from zerograd.evaluate.recheck import recheck, recheck_floats

    point = given_point(problem)
    witness = Witness(problem, point.parameters, point.x, point.y)

    try:
        answer = Sat(witness, problem=problem)
    except Refused:
        with suppress(OnKink):  # then there are no gradients
            recheck_floats(witness)  # search and checker are one calculation here: floats are another
        wrong = wrong_at(problem, witness.point)
        if not wrong:  # under every choice of slopes, gradients may take turns in not being 0
            return Unknown("incomplete", UNDECIDED_CHOICE, problem=problem, run=_calculated_run(start))
        return _refuted(problem, wrong, _calculated_run(start))
    return answer.updated(checks=recheck(witness), run=_calculated_run(start))


def enclosed_no(problem: Problem, start: float, timeout: float) -> Unsat | None:
    """Return the no to a question in which everything is given, if enclosures decide it; else None.

    A yes, what enclosures leave open, and what would take a good part of the time, is for the search.
    """
    from zerograd.evaluate.recheck import recheck_floats

    try:
        with budget(min(DEFAULT, int(UNITS * timeout))):
            wrong = wrong_at(problem)
    except Refused:
        return None
    if not wrong:
        return None
    point = enclosed_point(problem, BITS_OF_POINTS)
    witness = EnclosedWitness(problem, point.variables, ())
    with suppress(*UNDECIDED):  # then there are no gradients
        recheck_floats(witness)
    return _refuted(problem, wrong, _calculated_run(start))


def _calculated_run(start: float) -> Run:
    return Run(
        strategy=CALCULATION,
        tried=(CALCULATION,),
        seconds=time.monotonic() - start,
        versions={"zerograd": __version__},
    )


def _refuted(problem: Problem, wrong: Sequence[Wrong], run: Run) -> Unsat:
    """The no, with its calculation."""
    from zerograd.proving.calculated import calculated

    certificate = calculated(problem, wrong)
    with accepted(certificate):
        return Unsat("certificate", certificate=certificate, instead=tuple(wrong), problem=problem, run=run)
