"""Answers to questions that ask for a local minimum.

A witness is looked for as for any other question, and then its kind is decided: it is an answer only if the
core accepts what shows that it is a local minimum. Narrower questions come first, of which more witnesses
are one: all gradients of parameters 0, no sample on a kink, and outgoing weights that are not 0.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from zerograd.answering import answer_of, with_proof
from zerograd.classifying.kinds import kind_of
from zerograd.core.errors import ProblemError, Refused
from zerograd.core.question.problem import Problem
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
    """Return the answer to a question that asks for a local minimum, among other things.

    Args:
        prover: looks for a certificate of a no; None: nobody does.
        start, until: when the call began, and when the search ends.
        proved: seconds, at most, for a proof.
    """
    tried = 0
    for question, share in zip(_narrower(problem), SHARES, strict=True):
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
            if isinstance(finding.verdict, Impossible) and last:
                return _refuted(problem, answer, prover, proved, progress)
            if not isinstance(finding.verdict, Found):
                break
            witness = finding.verdict.witness
            if witness in seen:
                break
            seen.append(witness)
            progress("deciding whether the point is a local minimum")
            accepted = _accepted(problem, witness, answer.run)
            if accepted is not None:
                return accepted
        tried += len(seen)
    return _open(problem, tried, start, until)


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


def _accepted(problem: Problem, witness: Witness, run: Run) -> Sat | None:
    """The answer by a witness of a narrower question, if it is a local minimum."""
    if isinstance(witness, EnclosedWitness):
        return None
    from zerograd.evaluate.recheck import recheck

    offered = witness.answering(problem)
    kind = kind_of(offered.point)
    if not kind.kind.is_minimum:
        return None
    try:
        answer = Sat(offered, problem=problem, kind=kind)
    except Refused:  # at a kink a narrower question may have another convention
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


def _open(problem: Problem, tried: int, start: float, until: float) -> Unknown:
    over = time.monotonic() >= until
    if not tried:
        detail = "no witness was found of which it could be asked whether it is a local minimum"
    else:
        plural = "witness was" if tried == 1 else "witnesses were"
        detail = f"{tried} {plural} found that answer all else; none is known to be a local minimum"
    run = Run(seconds=time.monotonic() - start)
    return Unknown("timeout" if over else "incomplete", detail, problem=problem, run=run)
