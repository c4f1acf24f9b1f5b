"""Answers to questions that ask for a minimum, local or global.

A witness is looked for as for any other question, and then its kind is decided: it is an answer only if the
core accepts what shows that it is such a minimum. Narrower questions come first, of which more witnesses
are one: all gradients of parameters 0, no sample on a kink, and outgoing weights that are not 0. The least
loss of all parameters for given data is found beforehand, where it is known how; then it is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from math import prod
from typing import Any

from zerograd.answering import answer_of, with_proof
from zerograd.classifying.everywhere import kind_among_all
from zerograd.classifying.kinds import kind_of
from zerograd.classifying.lowest import Least, TooManyError, find_least
from zerograd.core.errors import ProblemError, Refused
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.kinks import NoSlopeYet
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import format_exact
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.rationals import narrowed
from zerograd.core.points.lowest import unfit
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.answer import Answer, Run, Sat, Unknown
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness
from zerograd.proving.process import ProofProcess
from zerograd.search.process import SearchProcess
from zerograd.search.verdict import Found, Impossible, Progress

SEEDS = 4
"""Searches for one question, each with another seed."""
SHARES = (0.4, 0.3, 1.0)
"""Parts of the time that is left for each question in turn."""


def minimum_answer(
    problem: Problem,
    process: SearchProcess,
    prover: ProofProcess | None,
    *,
    strategy: str,
    seed: int,
    start: float,
    until: float,
    proved: float,
    progress: Progress,
) -> Answer:
    """Return the answer to a question that asks for a minimum, among other things.

    Args:
        prover: looks for a certificate of a no; None: nobody does.
        start, until: when the call began, and when the search ends.
        proved: seconds, at most, for a proof.
    """
    tried = 0
    known: Least | str = ""
    questions = _narrower(problem)
    if problem.minimum == "global":
        progress("looking for the least loss of all parameters")
        known = _least(problem, until)
        questions = _with_loss(problem, known)
        if isinstance(known, Least):
            offered = _given_data(problem, known)
            accepted = _accepted(problem, offered, Run(seconds=time.monotonic() - start), known)
            if accepted is not None:
                return accepted
    for question, share in zip(questions, SHARES, strict=True):
        if question is None:
            continue
        last = question.digest == problem.anywhere().digest
        deadline = time.monotonic() + max(0.0, until - time.monotonic()) * share
        seen: list[Witness] = []
        for number in range(SEEDS):
            if time.monotonic() >= deadline:
                break
            finding = process.find(
                question,
                strategy=strategy,
                seed=seed + number,
                deadline=deadline,
                progress=progress,
                cross_check=None,
            )
            answer = answer_of(question, finding, start, recheck_now=False)
            if isinstance(finding.verdict, Impossible) and last and isinstance(known, str):
                return _refuted(problem, answer, prover, proved, progress)
            if not isinstance(finding.verdict, Found):
                break
            witness = finding.verdict.witness
            if witness in seen:
                break
            seen.append(witness)
            progress(f"deciding whether the point is a {problem.minimum} minimum")
            accepted = _accepted(problem, witness, answer.run, known if isinstance(known, Least) else None)
            if accepted is not None:
                return accepted
        tried += len(seen)
    return _open(problem, tried, start, until, known)


def _least(problem: Problem, until: float) -> Least | str:
    """The least loss of all parameters for the given data, or why it is not known."""
    shapes = variable_shapes(problem.network, problem.samples.least)
    for name in ("x", "y"):
        if problem.samples.fixed is None or len(problem.given.get(name, {})) < prod(shapes[name]):
            return f"{name} is not given in full"
    x, y = (Array.build(shapes[name], problem.given[name].__getitem__) for name in ("x", "y"))
    if reason := unfit(problem.model, (*x.entries, *y.entries)):
        return reason
    try:
        return find_least(problem.model, x, y, lambda: time.monotonic() < until)
    except TooManyError as error:
        return str(error)


def _given_data(problem: Problem, least: Least) -> Witness:
    """The given data, with parameters that have the least loss."""
    shapes = variable_shapes(problem.network, problem.samples.least)
    x, y = (Array.build(shapes[name], problem.given[name].__getitem__) for name in ("x", "y"))
    arrays: dict[str, Array[Any]] = {**least.parameters, "x": x, "y": y}
    return Witness.of(problem.anywhere(), arrays)


def _with_loss(problem: Problem, known: Least | str) -> Iterator[Problem | None]:
    """Questions whose witnesses may be global minima; None in place of what is none."""
    plain, loss = problem.anywhere(), problem.model.loss
    yield None
    if isinstance(known, Least):
        share = loss.inner.share(problem.samples.least, problem.network.outputs)
        value = loss.outer(narrowed(known.squares * share), EXACT)
        yield None
        yield plain.with_conditions([f"loss == {format_exact(value)}"])
        return
    yield plain.with_conditions(["loss == 0"]) if loss.is_nonnegative and loss.is_rational else None
    yield plain


def _narrower(problem: Problem) -> Iterator[Problem | None]:
    """Questions whose witnesses answer all of it but that they are minima; None in place of what is none."""
    plain = problem.anywhere()
    zeros = [*problem.network.shapes]
    conditions = ["w2 != 0"] if problem.network.depth == 2 else []
    for convention, where in (("forbid", conditions), (None, [])):
        try:
            critical = plain.with_zeros(zeros).with_conditions(where)
            yield critical if convention is None else critical.with_kink(convention)
        except ProblemError:  # some gradient is asked not to be 0
            yield None
    yield plain


def _accepted(problem: Problem, witness: Witness, run: Run, known: Least | None = None) -> Sat | None:
    """The answer by a witness of a narrower question, if it is the minimum that is asked for."""
    if isinstance(witness, EnclosedWitness):
        return None
    from zerograd.evaluate.recheck import recheck

    offered = witness.answering(problem)
    try:
        if problem.minimum == "global":
            kind = kind_among_all(offered.point, known=known)
            if kind.evidence.better is not None and known is None:  # on the witness's own data
                offered = replace(offered, parameters=kind.evidence.better, slopes={})
                kind = kind_among_all(offered.point)
        else:
            kind = kind_of(offered.point)
        if not kind.is_asked(problem.minimum, problem.model):
            return None
        answer = Sat(offered, problem=problem, kind=kind)
    except (Refused, OnKink, NoSlopeYet):  # at a kink a narrower question may have another convention
        return None
    # What became of other numbers of samples is so of the narrower question alone.
    run = replace(run, attempts=(), sufficient_samples=None, every_samples=False)
    return answer.updated(checks=recheck(offered), run=run)


def _refuted(
    problem: Problem, answer: Answer, prover: ProofProcess | None, proved: float, progress: Progress
) -> Answer:
    """The no to the question without the minimum, which is one to the question."""
    changed = answer.updated(problem=problem)
    if prover is None:
        return changed
    return with_proof(changed, prover, time.monotonic() + proved, progress)


def _open(problem: Problem, tried: int, start: float, until: float, known: Least | str) -> Unknown:
    over = time.monotonic() >= until
    if isinstance(known, Least):
        detail = "the least loss of all parameters is known, but no witness was found that has it"
    elif not tried:
        detail = f"no witness was found of which it could be asked whether it is a {problem.minimum} minimum"
    else:
        plural = "witness was" if tried == 1 else "witnesses were"
        detail = (
            f"{tried} {plural} found that answer all else; none is known to be a {problem.minimum} minimum"
        )
    if isinstance(known, str) and known:
        detail += f" ({known})"
    run = Run(seconds=time.monotonic() - start)
    return Unknown("timeout" if over else "incomplete", detail, problem=problem, run=run)
