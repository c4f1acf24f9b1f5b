"""Answers made of what searches send back: checked, proved, with fewer samples and smaller numbers.

Nothing that a search says is believed: what the checker refuses is an error, and never an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from zerograd._version import __version__
from zerograd.core.errors import Refused, ZerogradError
from zerograd.core.model.slopes import is_chosen
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Samples
from zerograd.core.verdict.answer import Answer, CrossCheck, Run, Sat, Smallest, Unknown, Unsat
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.chosen import answering, slopes_of, under_one_convention
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.size import size_of
from zerograd.core.verdict.witness import Witness
from zerograd.proving.process import ProofProcess
from zerograd.search.comparison import Comparison, summary
from zerograd.search.messages import Finding
from zerograd.search.process import SearchProcess
from zerograd.search.verdict import Found, Impossible, Progress, Undecided

if TYPE_CHECKING:
    from zerograd.core.refuting.certificate import Certificate

TOLERANCE = 1.0
"""Seconds by which an answer may be late without saying so."""


class WitnessRefused(ZerogradError):  # noqa: N818 - named for what happened
    """The search offered a witness that the checker refuses: a bug, and never an answer."""

    def __init__(self, witness: Witness, refusal: Refused) -> None:
        self.witness, self.refusal = witness, refusal
        super().__init__(f"the checker refused the witness that the search found:\n{refusal}")


class CertificateRefused(ZerogradError):  # noqa: N818 - named for what happened
    """The search for proofs offered a certificate that the checker refuses: a bug, and never an answer."""

    def __init__(self, certificate: Certificate, refusal: Refused) -> None:
        self.certificate, self.refusal = certificate, refusal
        super().__init__(f"the checker refused the certificate that was found:\n{refusal}")


class SolversDisagree(ZerogradError):  # noqa: N818 - named for what happened
    """A second solver contradicts the search: a bug in one of the two, and never an answer.

    Attributes:
        comparison: what each of them says, and the question as it was put to the second.
        witness: one that the checker accepts, if either has one.
    """

    def __init__(self, problem: Problem, comparison: Comparison, witness: Witness | None) -> None:
        self.comparison = comparison
        self.witness = witness
        if comparison.ours == "sat":
            detail = "the checker accepts the witness that was found"
        elif comparison.witness is None:
            detail = f"the model of {comparison.solver} could not be made exact"
        else:
            try:
                check_witness(problem, comparison.witness)
            except Refused as refusal:
                detail = f"the checker refuses the model of {comparison.solver}:\n{refusal}"
            else:
                self.witness = comparison.witness
                detail = f"the checker accepts the model of {comparison.solver}"
        super().__init__(
            f"the solvers disagree about M = {comparison.samples}: {comparison.ours} for the search, "
            f"{comparison.theirs} for {comparison.solver}; {detail}"
        )


def answer_of(problem: Problem, finding: Finding, start: float, *, recheck_now: bool) -> Answer:
    """Return the answer that a finding amounts to, once it is checked."""
    verdict = finding.verdict

    def run() -> Run:
        return Run(
            strategy=verdict.strategy if isinstance(verdict, Found | Impossible) else None,
            tried=finding.tried,
            seconds=time.monotonic() - start,
            versions={"zerograd": __version__, **finding.versions},
            attempts=finding.attempts,
            sufficient_samples=finding.sufficient,
            every_samples=isinstance(verdict, Impossible) and verdict.every,
            cross_check=_cross_check(problem, finding),
        )

    match verdict:
        case Found(witness=witness):
            with accepted_witness(witness):
                answer = Sat(witness, problem=problem)
            checks = {}
            if recheck_now:
                from zerograd.evaluate.recheck import recheck

                checks = recheck(witness)
            return answer.updated(checks=checks, run=run())
        case Impossible(evidence=evidence):
            return Unsat(evidence, problem=problem, run=run())
        case Undecided(reason=reason, detail=detail):
            return Unknown(reason, detail, problem=problem, run=run())
        case _:  # what a process sent
            raise TypeError(f"no verdict: {verdict!r}")


def _cross_check(problem: Problem, finding: Finding) -> CrossCheck | None:
    """Sum up what the second solver said, if it was asked. Raises SolversDisagree."""
    if finding.compared is None or finding.second is None:
        return None
    for comparison in finding.compared:
        if comparison.contradicts:
            witness = finding.verdict.witness if isinstance(finding.verdict, Found) else None
            raise SolversDisagree(problem, comparison, witness)
    return summary(finding.compared, finding.second)


def with_proof(answer: Answer, prover: ProofProcess, deadline: float, progress: Progress) -> Answer:
    """Add a certificate, if one is found: that there is no witness, or none with fewer samples."""
    match answer:
        case Unsat(problem=problem):
            finding = prover.find(problem, deadline=deadline, fixed=False, progress=progress)
            certificate = finding.certificate
            if certificate is None:  # a calculation has one already
                return answer if answer.certificate is not None else answer.updated(open=finding.open)
            from zerograd.core.refuting.refutation import every_samples  # not before it is needed

            run = replace(answer.run, every_samples=every_samples(problem, certificate))
            with accepted(certificate):
                return answer.updated(evidence="certificate", certificate=certificate, run=run)
        case Sat(problem=problem, witness=witness) if _is_fewest(answer):
            smaller = problem.with_samples(Samples(problem.samples.least, witness.samples - 1))
            certificate = prover.find(smaller, deadline=deadline, fixed=False, progress=progress).certificate
            if certificate is not None:
                with accepted(certificate):
                    return answer.updated(fewer=certificate)
    return answer


def _is_fewest(answer: Sat) -> bool:
    """Whether the least number of samples was asked for, and all smaller ones were ruled out."""
    asked, samples = answer.problem.samples, answer.witness.samples
    ruled_out = {attempt.samples for attempt in answer.run.attempts if attempt.status == "unsat"}
    return not asked.every and asked.least < samples and ruled_out >= set(range(asked.least, samples))


@contextmanager
def accepted_witness(witness: Witness) -> Iterator[None]:
    """Inside, a witness is checked: a refusal is a bug of the search."""
    try:
        yield
    except Refused as refusal:
        raise WitnessRefused(witness, refusal) from refusal


@contextmanager
def accepted(certificate: Certificate) -> Iterator[None]:
    """Inside, a certificate is checked: a refusal is a bug of the search."""
    try:
        yield
    except Refused as refusal:
        raise CertificateRefused(certificate, refusal) from refusal


def with_fewest(
    answer: Sat, process: SearchProcess, *, strategy: str, seed: int, deadline: float, progress: Progress
) -> Sat:
    """Answer ``samples: any`` with as few samples as are found to do: the first answer may have more."""
    problem, samples = answer.problem, answer.witness.samples
    least = problem.samples.least
    if not problem.samples.every or least == samples:
        return answer
    began = time.monotonic()
    fewer = problem.with_samples(Samples(least, samples - 1))
    finding = process.find(
        fewer, strategy=strategy, seed=seed, deadline=deadline, progress=progress, cross_check=None
    )
    run = replace(
        answer.run,
        seconds=answer.run.seconds + time.monotonic() - began,
        versions={**answer.run.versions, **finding.versions},
    )
    match finding.verdict:
        case Found(witness=smaller, strategy=strategy):
            witness = smaller.answering(problem)
            run = replace(run, strategy=strategy, attempts=finding.attempts)
            with accepted_witness(witness):
                return answer.updated(witness=witness, run=run)
        case Impossible():
            first = [attempt for attempt in answer.run.attempts if attempt.samples == samples]
            return answer.updated(run=replace(run, attempts=(*finding.attempts, *first)))
    return answer


def with_smallest(
    answer: Sat,
    process: SearchProcess,
    *,
    within: Problem | None = None,
    count: int,
    effort: int | None,
    seed: int,
    deadline: float,
    progress: Progress,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[Sat]:
    """Return answers by the smallest witnesses that can be found until the deadline.

    Args:
        within: the question with further conditions, which all these witnesses meet; of the question itself
            nothing is then said to be the smallest.
        meanwhile: called while the search is under way.
    """

    def recheck(witness: Witness) -> dict[str, Any]:
        from zerograd.evaluate.recheck import recheck  # NumPy: while the search is under way

        return recheck(witness)

    if is_chosen(answer.problem.derivative_at_kink):
        plain = _comparable(answer.witness) if within is None else answer.witness.answering(within)
        if plain is not None:
            answer = _smaller_under_one_convention(
                answer, plain, process, effort=effort, seed=seed, deadline=deadline, progress=progress
            )
        return [answer.updated(checks=recheck(answer.witness))]
    if size_of(answer.witness) is None:  # irrational: not to be compared by numerators
        return [answer.updated(checks=recheck(answer.witness))]
    began = time.monotonic()
    problem = answer.problem
    known = cache(lambda: recheck(answer.witness))

    def beside() -> None:
        known()
        meanwhile()

    ranked = process.smallest(
        within or problem,
        answer.witness.answering(within or problem),
        count=count,
        effort=effort,
        seed=seed,
        deadline=deadline,
        progress=progress,
        meanwhile=beside,  # loading what that takes is half of the time
    )
    run = replace(answer.run, seconds=answer.run.seconds + time.monotonic() - began)
    answers = []
    for number, found in enumerate(ranked.witnesses or (answer.witness,)):
        witness = found.answering(problem)
        size = size_of(witness)
        if size is None:
            return [answer.updated(checks=known(), run=run)]
        small = Smallest(size, ranked.exhausted if within is None else 0, number + 1)
        with accepted_witness(witness):
            if witness == answer.witness:
                answers.append(answer.updated(checks=known(), smallest=small, run=run))
            else:
                answers.append(
                    answer.updated(witness=witness, checks=recheck(witness), smallest=small, run=run)
                )
    return answers


def _smaller_under_one_convention(
    answer: Sat,
    plain: Witness,
    process: SearchProcess,
    *,
    effort: int | None,
    seed: int,
    deadline: float,
    progress: Progress,
) -> Sat:
    """Answer by a smaller witness, if one is found under the convention of ``plain``, the witness so far.

    That it is the smallest is not said: other choices of slopes may have smaller ones.
    """
    ranked = process.smallest(
        plain.problem, plain, count=1, effort=effort, seed=seed, deadline=deadline, progress=progress
    )
    if not ranked.witnesses:
        return answer
    smallest = ranked.witnesses[0]
    with accepted_witness(smallest):
        return answer.updated(witness=answering(answer.problem, smallest))


def _comparable(witness: Witness) -> Witness | None:
    """Return the same under one convention, of which every witness answers the question; None without one."""
    plain = under_one_convention(witness)
    if plain is None or isinstance(plain, EnclosedWitness) or size_of(plain) is None:
        return None
    if plain.problem.derivative_at_kink != "all":
        return plain
    # Which of those on kinks answer under every choice, the search for small ones does not know.
    return None if slopes_of(plain, "left") else plain.answering(plain.problem.with_kink("forbid"))


def late(answers: Sequence[Answer], deadline: float) -> list[Answer]:
    """Return the answers, which say by how much they are late: checks are never cut short."""
    beyond = time.monotonic() - deadline
    if beyond < TOLERANCE:
        return [*answers]
    return [answer.updated(run=replace(answer.run, beyond=beyond)) for answer in answers]
