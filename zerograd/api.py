"""What the program does, as functions: load, solve, prove, verify, gradients."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from zerograd.answering import accepted, with_proof
from zerograd.core.numbers.work import DEFAULT as DEFAULT_WORK
from zerograd.core.numbers.work import budget
from zerograd.core.question.documents import read_json
from zerograd.core.question.given import incomplete, unfit
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Samples
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.refuting.refutation import check_certificate
from zerograd.core.verdict.answer import Answer, Sat, Unknown, Unsat
from zerograd.core.verdict.checking import check_result, check_witness
from zerograd.core.verdict.witness import Witness
from zerograd.preferring import Preference, preference
from zerograd.processes import first_of, shared_prover, shared_search
from zerograd.proof import Proof
from zerograd.proving.messages import ProofFinding
from zerograd.proving.process import ProofProcess
from zerograd.search.comparison import Second
from zerograd.search.process import SearchProcess
from zerograd.search.verdict import Progress
from zerograd.services.service import DEFAULT_MEMORY
from zerograd.solving import check_timeout, smallest_first

if TYPE_CHECKING:
    from zerograd.derive.gradients import SymbolicGradients

ProblemOrPath: TypeAlias = "Problem | str | os.PathLike[str]"
DEFAULT_TIMEOUT = 60.0
MAX_SPLITS = 100
"""Values of units up to which a proof by cases is looked for where a calculation is one."""


def load(path: str | os.PathLike[str]) -> Problem:
    """Read a problem file.

    Raises:
        SpecError: with one ``file:line:column: error: …`` line for everything that is wrong.
    """
    from zerograd.spec.read import load as read

    return read(path)


def _as_problem(problem: ProblemOrPath) -> Problem:
    return problem if isinstance(problem, Problem) else load(problem)


def load_answer(
    path: str | os.PathLike[str], problem: Problem | None = None, *, work: int = DEFAULT_WORK
) -> Answer:
    """Read a result that ``solve --json`` printed, or ``Answer.to_json`` wrote, and check it.

    A file with several results, such as ``solve --count`` writes, is refused: write one of them to a file
    of its own (``zerograd export several.json --pick 2 --to json -o one.json``), or go through them with
    `zerograd.core.question.documents.read_documents` and
    `zerograd.core.verdict.results.answer_from_json`. What the file can only tell, an unsat on a solver's word
    or how long the search took, is marked: ``answer.run.told``.

    Args:
        problem: the question; by default the one that the result carries.
        work: what may be spent on reading and checking it (``verify --work``).

    Raises:
        FormatError: the file cannot be read, or does not hold one result.
        ProblemError: the question that it carries is none.
        Refused: it answers another question, or the checker does not accept what it carries or claims;
            a TooMuchWork where that takes more than ``work``.
    """
    from zerograd.core.verdict.results import answer_from_json

    with budget(work):
        return answer_from_json(read_json(Path(path)), problem)


def solve(
    problem: ProblemOrPath,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    samples: int | str | Samples | None = None,
    strategy: str = "auto",
    seed: int = 0,
    memory: int = DEFAULT_MEMORY,
    cross_check: bool | Second = False,
    certify: bool = True,
    prefer: str | None = None,
    shrink: float | None = None,
    process: SearchProcess | None = None,
    prover: ProofProcess | None = None,
    progress: Progress | None = None,
) -> Answer:
    """Answer a problem: `Sat` with a checked witness, `Unsat`, or `Unknown` with its reason.

    Where the answer is no, a proof is looked for in the time that is left, for at most `PROOF_TIME` seconds;
    where it is the fewest samples with an answer, a proof that fewer have none.

    Args:
        problem: one, or the path of a problem file.
        timeout: seconds for the whole answer; kept to about a second.
        samples: in place of the problem's own.
        strategy: one of `STRATEGIES`.
        seed: the same seed gives the same answer (a time limit that cuts in may not).
        memory: cap in bytes on each solver process.
        cross_check: put every number of samples that was decided to a second solver, cvc5 or the one
            named, in the time that the search leaves; what it says is in ``answer.run.cross_check``.
        certify: whether to look for proofs. Without, a no rests on the solver's word.
        prefer: ``"small"`` looks for a smaller witness in a fixed number of steps, so that any machine finds
            the same one; ``"generic"`` before that for a generic one, if there is none it says so
            (``answer.generic``); ``"any"`` takes the first. By default what the problem prefers, else small.
        shrink: seconds, at most, for looking for the smallest witness, in place of so many steps (none if it
            is not above 0).
        process: of the search; by default one that is started by the first call, serves all later ones,
            and ends with the program.
        prover: the same of the search for proofs.
        progress: called with a short line as the search goes on.

    Raises:
        ProblemError: ``samples`` does not fit the problem.
        ValueError: unknown strategy or preference, or a timeout that is not above 0.
        SolverUnusable: a cross-check was asked for, and its solver is not installed.
        ZerogradError: of another kind (`WitnessRefused`, `CertificateRefused`, `Disagreement`,
            `SolversDisagree`, `ServiceFailed`): a bug was caught before it became an
            answer.
    """
    problem = _as_problem(problem)
    return smallest_first(
        problem if samples is None else problem.with_samples(samples),
        1,
        timeout=timeout,
        preferred=preference(problem, prefer) if shrink is None else Preference(shrink, None),
        strategy=strategy,
        seed=seed,
        memory=memory,
        cross_check=cross_check,
        certify=certify,
        process=process,
        prover=prover,
        progress=progress,
    )[0]


def _is_wide(problem: Problem) -> bool:
    """Whether a proof by cases is not worth looking for, where all is given."""
    return sum(problem.network.widths) * problem.samples.least > MAX_SPLITS


@overload
def smallest(
    problem: ProblemOrPath, *, count: None = None, timeout: float = ..., **options: Any
) -> Answer: ...
@overload
def smallest(problem: ProblemOrPath, *, count: int, timeout: float = ..., **options: Any) -> list[Answer]: ...
def smallest(
    problem: ProblemOrPath,
    *,
    count: int | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    effort: int | None = None,
    **options: Any,
) -> Answer | list[Answer]:
    """Answer a problem by its smallest witness, or by several that differ by more than names and signs.

    Smallest by `zerograd.core.verdict.size.Size`: the largest absolute numerator or denominator over all
    values of parameters, inputs and targets; then no sample on a kink before one on a kink; then the fewest
    values that are not whole; then the sum of absolute values; then the fewest values that are not 0. The
    number of samples is the one for which a witness is found first; of ``samples: any``, the fewest that are
    found.
    ``answer.smallest`` says whether everything smaller was gone through.

    Args:
        count: how many; by default one, which is returned by itself.
        timeout: seconds for the whole.
        effort: a limit in steps beside the time that is left.
        options: those of `solve`, but for ``prefer``.

    Returns:
        An answer, or with ``count`` a list of that many at most, the smallest first; of `Unsat` and
        `Unknown` one.

    Raises:
        ValueError: ``count`` is not positive; or as `solve`, whose other errors are raised as well.
    """
    if count is not None and count < 1:
        raise ValueError(f"count must be at least 1, found {count}")
    problem = _as_problem(problem)
    if (samples := options.pop("samples", None)) is not None:
        problem = problem.with_samples(samples)
    answers = smallest_first(
        problem, count or 1, timeout=timeout, preferred=Preference(timeout, effort), **options
    )
    return answers[0] if count is None else answers


def prove(
    problem: ProblemOrPath,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    samples: int | str | Samples | None = None,
    fixed: bool = False,
    seed: int = 0,
    memory: int = DEFAULT_MEMORY,
    process: SearchProcess | None = None,
    prover: ProofProcess | None = None,
    progress: Progress | None = None,
) -> Proof | Answer:
    """Prove that a problem has no answer.

    Other arguments, and the errors that are raised, are those of `solve`.

    Args:
        timeout: seconds for the whole; kept to about a second. A counterexample is looked for in all of
            them, a proof when half of them are over, or when the search has ended.
        fixed: only proofs about a dataset with a fixed number of samples (in which Coq can be told of every
            condition); where everything is given, a proof by cases rather than a calculation, if there is
            one.

    Returns:
        A `Proof`; or `Sat`, with a counterexample to the claim that there is no answer; or `Unsat` on a
        solver's word, with the cases that are ``open``; or `Unknown`.
    """
    problem = _as_problem(problem)
    check_timeout(timeout)
    if samples is not None:
        problem = problem.with_samples(samples)
    deadline, say = time.monotonic() + timeout, progress or _silent
    process = process or shared_search(os.getpid(), memory)
    prover = prover or shared_prover(os.getpid(), memory)

    def search(*, certify: bool = False) -> Answer:
        return solve(
            problem,
            timeout=timeout,
            seed=seed,
            certify=certify,
            process=process,
            prover=prover,
            progress=progress,
        )

    def find_proof() -> ProofFinding:
        return prover.find(problem, deadline=deadline, fixed=fixed, progress=say)

    answer: Answer | None
    finding = None
    if incomplete(problem) is None:
        answer = search()
    elif problem.minimum == "global":  # a proof speaks of the least loss, which the search finds
        answer = search(certify=True)
        if not isinstance(answer, Unsat) or answer.certificate is None:
            return answer
    else:
        answer, finding = first_of(search, find_proof, after=timeout / 2, searching=process, proving=prover)
    if isinstance(answer, Sat):
        return with_proof(answer, prover, deadline, say)
    known = answer.certificate if isinstance(answer, Unsat) else None  # a calculation
    if known is not None and (not fixed or _is_wide(problem) or unfit(problem) is not None):
        return Proof(problem, known)
    finding = finding or find_proof()
    if finding.certificate is not None:
        with accepted(finding.certificate):
            return Proof(problem, finding.certificate)
    if known is not None:
        return Proof(problem, known)
    if answer is None:  # the search was ended for nothing but a proof
        raise TypeError("neither an answer nor a proof")
    return answer.updated(open=finding.open) if isinstance(answer, Unsat) else answer


def _silent(_: str) -> None:
    pass


@overload
def verify(problem: Problem, result: Witness | Sat, *, work: int = ...) -> Witness: ...
@overload
def verify(problem: Problem, result: Certificate | Proof, *, work: int = ...) -> Certificate: ...
@overload
def verify(
    problem: Problem, result: Unsat | Unknown | Mapping[str, Any], *, work: int = ...
) -> Witness | Certificate: ...
def verify(
    problem: Problem,
    result: Witness | Certificate | Proof | Answer | Mapping[str, Any],
    *,
    work: int = DEFAULT_WORK,
) -> Witness | Certificate:
    """Check a witness, a certificate, an answer or a result document against a problem, with the core alone.

    Args:
        work: what may be spent on it, as the option ``--work``.

    Returns:
        The accepted witness or certificate.

    Raises:
        Refused: with every violation found; a TooMuchWork where it takes more than ``work``.
        NothingToCheck: the result carries neither.
        FormatError: a document that is not of the documented form.
    """
    with budget(work):
        if isinstance(result, Witness):
            check_witness(problem, result)
            return result
        if isinstance(result, Proof):
            result = result.certificate
        if isinstance(result, Certificate):
            check_certificate(problem, result)
            return result
        return check_result(problem, result if isinstance(result, Mapping) else result.to_json())


def gradients(problem: Problem) -> SymbolicGradients:
    """Return the symbolic loss and gradients, as SymPy objects (see `SymbolicGradients`)."""
    from zerograd.derive.gradients import SymbolicGradients

    return SymbolicGradients.of(problem.model)
