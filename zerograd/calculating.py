"""Answers that are one calculation: everything is given, and neither search nor solver is asked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf

from zerograd._version import __version__
from zerograd.answering import accepted
from zerograd.core.errors import Refused, TooMuchWork
from zerograd.core.model.enclosing import UNDECIDED
from zerograd.core.model.slopes import conventions_between
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.work import Meter, budget
from zerograd.core.points.documents import kind_to_json
from zerograd.core.points.kinds import PointKind
from zerograd.core.question.given import given_arrays, given_point, unfit
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.calculation import Wrong, wrong_at
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.verdict.answer import Answer, Run, Sat, Unknown, Unsat
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.chosen import answering
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness

UNITS = 500_000
"""Units of exact work for each second that there is.

Calculations that take more than a tenth of a second did 0.8 to 2.6 million units in one, on a busy machine of
two cores (six activations, several losses, 5-8-8-1 to 784-64-10): this is half of the time, or less. A slower
machine is stopped by the clock (`SHARE`).
"""
SHARE = 0.5
"""The part of a time limit that a calculation takes at most: the rest is for re-checks, or for the search."""

NONE_LOWER = "no parameters have a lower loss"
NO_LOWER = "no parameters with a lower loss were found"
UNDECIDED_CHOICE = "it was not decided whether all that is asked holds under every choice of slopes at kinks"

CALCULATION = "calculation"
"""The strategy of a question in which everything is given."""


@dataclass(slots=True)
class Timed(Meter):
    """A meter that also ends work at a moment of `time.monotonic`: units take longer on a slow machine."""

    until: float = inf

    def spend(self, units: int) -> None:
        """Raises TooMuchWork beyond the limit, or after the moment."""
        Meter.spend(self, units)
        if time.monotonic() > self.until:
            raise TooMuchWork(int(self.limit))

    def rest(self) -> Timed:
        """Return the meter of a part of the work, which ends at the same moment."""
        return Timed(self.limit - self.spent, until=self.until)


def calculated_answer(problem: Problem, start: float, timeout: float) -> Answer | None:
    """Return the answer to a question in which everything is given (`zerograd.core.question.given`).

    It takes neither search nor solver. A no always carries its certificate: it would rest on nobody's word.
    None where one calculation leaves it open, or takes a good part of the time: that is for the search.
    """
    if unfit(problem) is None:
        return _exact_answer(problem, start)
    meter = Timed(int(UNITS * timeout), until=start + SHARE * timeout)
    with suppress(Refused, ArithmeticError), budget(meter):
        if problem.derivative_at_kink == "any" and (witness := _with_slopes(problem)) is not None:
            return _accepted(problem, witness, start)
        return _enclosed_answer(problem, start)
    return None


def _exact_answer(problem: Problem, start: float) -> Answer:
    point = given_point(problem)
    witness = Witness(problem, point.parameters, point.x, point.y)
    if wrong := wrong_at(problem, witness.point):
        return _refuted(witness, wrong, start)
    try:
        return _accepted(problem, witness, start)
    except Refused:  # under every choice of slopes, gradients may take turns in not being 0
        return Unknown("incomplete", UNDECIDED_CHOICE, problem=problem, run=_run(start))


def _enclosed_answer(problem: Problem, start: float) -> Answer | None:
    arrays = given_arrays(problem)
    enclosed = EnclosedWitness(problem, arrays, ())
    wrong: tuple[Wrong, ...] = ()
    if not enclosed.solution.violations:
        wrong = wrong_at(problem, enclosed.point)
        if not wrong:
            witness = Witness.of(problem, arrays) if _is_rational(enclosed) else enclosed
            with suppress(Refused):
                return _accepted(problem, witness, start)
    wrong = wrong or wrong_at(problem)  # narrower enclosures may tell
    return _refuted(enclosed, wrong, start) if wrong else None


def _is_rational(enclosed: EnclosedWitness) -> bool:
    """Whether all that is calculated is rational: squares of rational numbers are."""
    arrays = (*enclosed.point.forward.a, enclosed.point.adjoint)
    return not any(isinstance(value, Interval) for array in arrays for value in array.entries)


def _with_slopes(problem: Problem) -> Witness | None:
    """Return the given numbers with the slopes of a convention that answers; None if none is known to."""
    arrays = given_arrays(problem)
    for convention in conventions_between(problem.network):
        under = problem.with_kink(convention)
        if unfit(under) is None:
            witness = Witness.of(under, arrays)
            if not wrong_at(under, witness.point):
                return answering(problem, witness)
    return None


def _accepted(problem: Problem, witness: Witness, start: float) -> Answer:
    """The yes; where a minimum is asked for and this is none, the no; or that it is not known to be one.

    Raises:
        Refused: the checker does not accept it.
    """
    from zerograd.evaluate.recheck import recheck

    kind = lower = None
    if problem.minimum is not None and not isinstance(witness, EnclosedWitness):
        from zerograd.classifying.everywhere import kind_among_all
        from zerograd.classifying.judged import judged
        from zerograd.show.kinds import kind_text

        found = judged(problem, witness)
        kind, lower = found.kind, found.lower
        if kind is not None and not found.answers:
            check_witness(problem.anywhere(), witness.answering(problem.anywhere()))
            if unfit(problem) is None:
                if kind.is_asked(problem.minimum, problem.model) is False:
                    return _no_minimum(problem, kind, start)
                if problem.spurious and (least := kind_among_all(witness.point)).is_global(problem.model):
                    return _no_minimum(problem, least, start)
            detail = f"the point that is given is {kind_text(witness.point, kind)}"
            if problem.spurious and kind.kind.is_minimum:
                detail += f"; {NONE_LOWER if found.answers is False else NO_LOWER}"
            return Unknown("incomplete", detail, problem=problem, run=_run(start))
    answer = Sat(witness, problem=problem, kind=kind, lower=lower)
    return answer.updated(checks=recheck(witness), run=_run(start))


def _no_minimum(problem: Problem, kind: PointKind, start: float) -> Unsat:
    """The no, where the point that is given is not the minimum that is asked for."""
    shown = kind_to_json(given_point(problem), kind)
    certificate = Certificate(problem.digest, (), point=shown)
    with accepted(certificate):
        return Unsat("certificate", certificate=certificate, problem=problem, run=_run(start))


def _refuted(witness: Witness, wrong: Sequence[Wrong], start: float) -> Unsat:
    """The no, with its calculation."""
    from zerograd.evaluate.recheck import recheck_floats
    from zerograd.proving.calculated import calculated

    with suppress(*UNDECIDED):  # then there are no gradients
        recheck_floats(witness)  # search and checker are one calculation here: floats are another
    certificate = calculated(witness.problem, wrong)
    with accepted(certificate):
        return Unsat(
            "certificate",
            certificate=certificate,
            instead=tuple(wrong),
            problem=witness.problem,
            run=_run(start),
        )


def _run(start: float) -> Run:
    return Run(
        strategy=CALCULATION,
        tried=(CALCULATION,),
        seconds=time.monotonic() - start,
        versions={"zerograd": __version__},
    )
