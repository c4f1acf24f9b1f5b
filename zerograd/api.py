"""What the program does, as functions: load, solve, verify, gradients."""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from zerograd._version import __version__
from zerograd.core.answer import Answer, CrossCheck, Run, Sat, Unknown, Unsat
from zerograd.core.check import check_result, check_witness
from zerograd.core.errors import Refused, ZerogradError
from zerograd.core.problem import Problem
from zerograd.core.vocabulary import Samples
from zerograd.core.witness import Witness
from zerograd.search.comparison import SECOND, Comparison, summary
from zerograd.search.finding import Finding
from zerograd.search.process import SearchProcess
from zerograd.search.verdict import Found, Impossible, Progress, Undecided
from zerograd.workers import DEFAULT_MEMORY

if TYPE_CHECKING:
    from zerograd.derive.gradients import SymbolicGradients

DEFAULT_TIMEOUT = 60.0
MAX_TIMEOUT = 1e8
STRATEGIES = ("auto", "construct", "fit", "identities", "piecewise", "guess", "regions")


class WitnessRefused(ZerogradError):  # noqa: N818 - named for what happened
    """The search offered a witness that the checker refuses: a bug, and never an answer."""

    def __init__(self, witness: Witness, refusal: Refused) -> None:
        self.witness, self.refusal = witness, refusal
        super().__init__(f"the checker refused the witness that the search found:\n{refusal}")


class SolversDisagree(ZerogradError):  # noqa: N818 - named for what happened
    """A second solver contradicts the search: a bug in one of the two, and never an answer.

    Attributes:
        comparison: what each of them says, and the question as it was put to the second.
        witness: one that the checker accepts, if either has one.
    """

    def __init__(self, problem: Problem, comparison: Comparison, found: Witness | None) -> None:
        self.comparison = comparison
        self.witness = found
        if comparison.ours == "sat":
            detail = "the checker accepts the witness that was found"
        elif comparison.witness is None:
            detail = f"the model of {SECOND} could not be made exact"
        else:
            try:
                check_witness(problem, comparison.witness)
            except Refused as refusal:
                detail = f"the checker refuses the model of {SECOND}:\n{refusal}"
            else:
                self.witness = comparison.witness
                detail = f"the checker accepts the model of {SECOND}"
        super().__init__(
            f"the solvers disagree about M = {comparison.samples}: {comparison.ours} for the search, "
            f"{comparison.theirs} for {SECOND}; {detail}"
        )


def load(path: str | os.PathLike[str]) -> Problem:
    """Read a problem file.

    Raises:
        SpecError: with one ``file:line:column: error: …`` line for everything that is wrong.
    """
    from zerograd.spec.read import load as read

    return read(path)


def solve(
    problem: Problem,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    samples: int | str | Samples | None = None,
    strategy: str = "auto",
    seed: int = 0,
    memory: int = DEFAULT_MEMORY,
    cross_check: bool = False,
    process: SearchProcess | None = None,
    progress: Progress | None = None,
) -> Answer:
    """Answer a problem: `Sat` with a checked witness, `Unsat`, or `Unknown` with its reason.

    Args:
        timeout: seconds for the whole answer; kept to about a second.
        samples: in place of the problem's own.
        strategy: one of `STRATEGIES`.
        seed: the same seed gives the same answer (a time limit that cuts in may not).
        memory: cap in bytes on each solver process.
        cross_check: put every number of samples that was decided to a second solver, cvc5, in the time
            that the search leaves; what it says is in ``answer.run.cross_check``.
        process: a search process to use; by default one that is started by the first call, serves
            all later ones, and ends with the program.
        progress: called with a short line as the search goes on.

    Raises:
        ProblemError: ``samples`` does not fit the problem.
        ValueError: unknown strategy, or a timeout that is not above 0.
        SolverUnusable: a cross-check was asked for, and cvc5 is not installed.
        WitnessRefused, Disagreement, SolversDisagree, SearchFailed: a bug was caught before it
            became an answer.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"unknown strategy {strategy!r} (known: {', '.join(STRATEGIES)})")
    if not 0 < timeout <= MAX_TIMEOUT:
        raise ValueError(f"timeout must be above 0 and at most {MAX_TIMEOUT:.0f} seconds, found {timeout}")
    if samples is not None:
        problem = problem.with_samples(samples)
    start = time.monotonic()
    finding = (process or _shared_process(os.getpid(), memory)).find(
        problem,
        strategy=strategy,
        seed=seed,
        deadline=start + timeout,
        progress=progress or _silent,
        cross_check=cross_check,
    )
    return _answer(problem, finding, start)


@cache
def _shared_process(_pid: int, memory: int) -> SearchProcess:
    """Loading SymPy and Z3 takes longer than most answers: one process serves all calls.

    A forked child gets its own: two parents must not talk to one process.
    """
    process = SearchProcess(memory=memory)
    atexit.register(process.close)
    return process


def _answer(problem: Problem, finding: Finding, start: float) -> Answer:
    """The answer that a finding amounts to, once it is checked."""
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
            try:
                check_witness(problem, witness)
            except Refused as refusal:
                raise WitnessRefused(witness, refusal) from refusal
            from zerograd.numeric.recheck import recheck

            checks = recheck(witness)
            return Sat(witness, problem=problem, checks=checks, run=run())
        case Impossible(evidence=evidence):
            return Unsat(evidence, problem=problem, run=run())
        case Undecided(reason=reason, detail=detail):
            return Unknown(reason, detail, problem=problem, run=run())


def _cross_check(problem: Problem, finding: Finding) -> CrossCheck | None:
    """What the second solver said, if it was asked. Raises SolversDisagree."""
    if finding.compared is None:
        return None
    for comparison in finding.compared:
        if comparison.contradicts:
            found = finding.verdict.witness if isinstance(finding.verdict, Found) else None
            raise SolversDisagree(problem, comparison, found)
    return summary(finding.compared)


def _silent(_: str) -> None:
    pass


def verify(problem: Problem, result: Witness | Answer | Mapping[str, Any]) -> Witness:
    """Check a witness, an answer or a result document against a problem, with the core alone.

    Returns:
        The accepted witness.

    Raises:
        Refused: with every violation found.
        NothingToCheck: the result carries no witness.
        FormatError: a document that is not of the documented form.
    """
    if isinstance(result, Witness):
        check_witness(problem, result)
        return result
    return check_result(problem, result.to_json() if isinstance(result, Sat | Unsat | Unknown) else result)


def gradients(problem: Problem) -> SymbolicGradients:
    """The symbolic loss and gradients, as SymPy objects (see `SymbolicGradients`)."""
    from zerograd.derive.gradients import SymbolicGradients

    return SymbolicGradients(problem.network, problem.derivative_at_kink)
