"""Answers to questions that ask for a global minimum: no parameters have a lower loss on the same data.

Where the data are given, the least loss of all parameters is found beforehand, if it is known how; then a
witness is one of the question in which the loss is that number. Else witnesses with a loss of 0 are looked
for, then any, with better parameters on their own data in place of those that they have.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any

from zerograd.answering import accepted
from zerograd.classifying.everywhere import kind_among_all
from zerograd.classifying.lowest import Least, TooManyError, find_least
from zerograd.core.errors import ProblemError, Refused
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.kinks import NoSlopeYet
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.rationals import narrowed, rational_text
from zerograd.core.points.curves import arrays_to_lists
from zerograd.core.points.lowest import unfit
from zerograd.core.question.given import given_data, incomplete_data
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Rational
from zerograd.core.refuting.at_most import at_most
from zerograd.core.verdict.answer import Answer, Run, Sat, Unknown, Unsat
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness
from zerograd.minima import Task, findings, refuted, run_alone, run_of
from zerograd.search.verdict import Impossible

NAME = "least loss"
"""The strategy of an answer by parameters that have the least loss of all."""
SHARE = 0.4
"""Part of the time that is left for each question but the last one."""


def global_answer(problem: Problem, task: Task) -> Answer:
    """Return the answer to a question that asks for a global minimum, among other things."""
    task.progress("looking for the least loss of all parameters")
    least = _least(problem, task.until)
    known = least if isinstance(least, Least) else None
    if known is not None:
        run = replace(run_of(task), strategy=NAME, tried=(NAME,))
        if (found := _accepted(problem, _with(problem, known), run, known)) is not None:
            return found
    questions = [*_narrower(problem, known)]
    for question in questions:
        last = question is questions[-1]
        deadline = time.monotonic() + task.time_left() * (1.0 if last else SHARE)
        for verdict, run in findings(question, task, deadline):
            if isinstance(verdict, Impossible):
                if not last:
                    break
                no = Unsat(verdict.evidence, problem=problem, run=run)
                if known is None or question.digest == problem.anywhere().digest:
                    return refuted(no, task)
                return _without(no, known, task)
            task.progress("deciding whether the point is a global minimum")
            if (found := _accepted(problem, verdict.witness, run, known)) is not None:
                return found
    return _open(problem, task, least)


def _without(answer: Unsat, known: Least, task: Task) -> Unsat:
    """The no, where no point that has the least loss answers all else; with a proof, if one is found."""
    if task.prover is None:
        return answer
    better = arrays_to_lists(known.parameters)
    question = at_most(answer.problem, better)
    deadline = time.monotonic() + task.proved
    found = task.prover.find(question, deadline=deadline, fixed=False, progress=task.progress)
    if found.certificate is None:
        return answer.updated(open=found.open)
    certificate = replace(found.certificate, problem=answer.problem.digest, better=better)
    with accepted(certificate):
        return answer.updated(evidence="certificate", certificate=certificate)


def _least(problem: Problem, until: float) -> Least | str:
    """The least loss of all parameters for the given data, or why it is not known."""
    if reason := incomplete_data(problem):
        return reason
    x, y = given_data(problem)
    if reason := unfit(problem.model, (*x.entries, *y.entries)):
        return reason
    try:
        return find_least(problem.model, x, y, lambda: time.monotonic() < until)
    except TooManyError as error:
        return str(error)


def _with(problem: Problem, least: Least) -> Witness:
    """The given data, with parameters that have the least loss."""
    x, y = given_data(problem)
    return Witness.of(problem.anywhere(), {**least.parameters, "x": x, "y": y})


def _narrower(problem: Problem, known: Least | None) -> Iterator[Problem]:
    """Questions whose witnesses may be global minima."""
    plain, loss = problem.anywhere(), problem.model.loss
    if known is not None:
        share = loss.inner.share(problem.samples.least, problem.network.outputs)
        with suppress(ArithmeticError):
            value = loss.outer(narrowed(known.squares * share), EXACT)
            if isinstance(value, int | Fraction):
                yield plain.with_conditions([f"loss == {rational_text(value)}"])
                return
        yield plain
        return
    if loss.is_nonnegative and loss.is_rational:
        with suppress(ProblemError):  # what is asked excludes it
            yield plain.with_conditions([f"loss == {rational_text(_irreducible(problem))}"])
    if problem.network.depth == 1:
        with suppress(ProblemError):  # the loss may be convex in the parameters
            yield plain.with_zeros([*problem.network.shapes])
    yield plain


def _irreducible(problem: Problem) -> Rational:
    """The least loss of all functions of the inputs, of squares on given data; else 0."""
    loss = problem.model.loss
    if incomplete_data(problem) is not None or not loss.least_squares:
        return 0
    x, y = given_data(problem)
    alike: dict[Any, list[Any]] = {}
    for inputs, targets in zip(x.rows(), y.rows(), strict=True):
        for k, target in enumerate(targets):
            alike.setdefault((k, *inputs), []).append(Fraction(target))
    squares = (sum((v - sum(each) / len(each)) ** 2 for v in each) for each in alike.values())
    return narrowed(sum(squares, Fraction(0)) * loss.share(*y.shape))


def _accepted(problem: Problem, witness: Witness, run: Run, known: Least | None) -> Sat | None:
    """The answer by a witness of a narrower question, if it is a global minimum."""
    if isinstance(witness, EnclosedWitness):
        return None
    from zerograd.evaluate.recheck import recheck

    offered = witness.answering(problem)
    try:
        kind = kind_among_all(offered.point, known=known)
        if kind.evidence.better is not None and known is None:  # on the witness's own data
            offered = replace(offered, parameters=kind.evidence.better, slopes={})
            kind = kind_among_all(offered.point)
        if not kind.is_global(problem.model):
            return None
        answer = Sat(offered, problem=problem, kind=kind)
    except (Refused, OnKink, NoSlopeYet):  # the parameters do not answer what else is asked
        return None
    return answer.updated(checks=recheck(offered), run=run_alone(run))


def _open(problem: Problem, task: Task, least: Least | str) -> Unknown:
    if isinstance(least, Least):
        detail = "the least loss of all parameters is known, but no witness was found that has it"
    elif not task.tried:
        detail = f"no witness was found of which it could be asked whether it is a global minimum ({least})"
    else:
        plural = "witness was" if task.tried == 1 else "witnesses were"
        detail = f"{task.tried} {plural} found that answer all else; none is known to be a global minimum"
        detail += f" ({least})"
    over = time.monotonic() >= task.until
    return Unknown("timeout" if over else "incomplete", detail, problem=problem, run=run_of(task))
