"""Answers to questions that ask for a local minimum.

A witness is looked for as for any other question, and then its kind is decided: it is an answer only if the
core accepts what shows that it is a local minimum. Narrower questions come first, of which more witnesses
are one: all gradients of parameters 0, no sample on a kink, and outgoing weights that are not 0.

Where a spurious minimum is asked for, parameters with a lower loss on the same data are looked for as well,
one number of samples after another: on data that the network fits there is no spurious minimum, so more
samples do not always help, and the fewest are told from more by what holds of every such minimum.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

from zerograd._version import __version__
from zerograd.answering import answer_of, with_proof
from zerograd.classifying.judged import judged
from zerograd.core.errors import ProblemError, Refused
from zerograd.core.model.slopes import is_chosen
from zerograd.core.numbers.arrays import Array, Index, indices
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.necessary import conditions, necessary, zero_gradients
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.answer import Answer, Attempt, Run, Sat, Smallest, Unknown, Unsat
from zerograd.core.verdict.existence import violations
from zerograd.core.verdict.size import size_of
from zerograd.core.verdict.witness import Witness
from zerograd.preferring import Preference
from zerograd.proving.process import ProofProcess
from zerograd.search import construct
from zerograd.search.process import SearchProcess
from zerograd.search.verdict import Found, Impossible, Progress

SEEDS = 4
"""Searches for one question, each with another seed."""
SHARES = (0.4, 0.3)
"""Parts of the time that is left for each question in turn; the last one has all of it."""
SHARE = 0.4
"""The same for each number of samples."""
MOST_SAMPLES = 8
"""Numbers of samples that are tried where a spurious minimum may have any number."""
MORE_EFFORT = 8
"""Times the effort that is spent on small numbers otherwise: few candidates are such minima."""
DISTINCT_SAMPLES = 12
"""Samples of which it is asked that all inputs differ."""


@dataclass(slots=True)
class Task:
    """What a call is about: the processes that search, and the time that there is.

    Attributes:
        prover: looks for a certificate of a no; None: nobody does.
        start, until: when the call began, and when the search ends.
        proved: seconds, at most, for a proof.
    """

    process: SearchProcess
    prover: ProofProcess | None
    strategy: str
    seed: int
    start: float
    until: float
    proved: float
    preferred: Preference
    progress: Progress
    tried: int = 0

    def time_left(self) -> float:
        return max(0.0, self.until - time.monotonic())


def minimum_answer(problem: Problem, task: Task) -> Answer:
    """Return the answer to a question that asks for a local minimum, among other things."""
    if not problem.spurious:
        answer, _ = _with(problem, task, task.until)
        return answer
    return _spurious(problem, task)


def _spurious(problem: Problem, task: Task) -> Answer:
    """The answer to a question that asks for a spurious one: the fewest samples with which one is found."""
    asked = problem.samples
    if _plain(problem) is None and task.prover is not None:
        no = refuted(Unsat("solver", problem=problem, run=run_of(task)), task)
        return no if no.certificate is not None else _open(problem, task)
    if asked.fixed is not None:
        answer, witness = _with(problem, task, task.until)
        return _smaller(answer, witness, task)
    most = asked.most if asked.most is not None else max(asked.least, MOST_SAMPLES)
    attempts: list[Attempt] = []
    answer = _open(problem, task)
    for samples in range(asked.least, most + 1):
        if time.monotonic() >= task.until:
            break
        fixed = problem.with_samples(samples)
        task.tried = 0
        share = 1.0 if samples == most else SHARE
        found, witness = _with(fixed, task, time.monotonic() + task.time_left() * share, prove=False)
        found = _smaller(found, witness, task)
        attempts.append(Attempt(samples, found.status, found.reason if isinstance(found, Unknown) else None))
        if isinstance(found, Sat):
            answer = found.updated(problem=problem, witness=found.witness.answering(problem))
            break
    run = replace(answer.run, attempts=tuple(attempts), seconds=time.monotonic() - task.start)
    if not isinstance(answer, Sat):
        every = asked.most is not None and len(attempts) == most - asked.least + 1
        if every and all(attempt.status == "unsat" for attempt in attempts):
            return refuted(Unsat("solver", problem=problem, run=run), task)
        return answer.updated(run=run)
    answer = answer.updated(run=run)
    if task.prover is None:
        return answer
    return with_proof(answer, task.prover, time.monotonic() + task.proved, task.progress)


def _with(problem: Problem, task: Task, until: float, *, prove: bool = True) -> tuple[Answer, Witness | None]:
    """The answer by the questions that are narrower; and a witness of all that is asked but the minimum."""
    known: Witness | None = None
    for witness in _constructed(problem) if problem.spurious else ():
        if _answers_rest(problem, witness):
            accepted = _accepted(problem, witness, replace(run_of(task), strategy=construct.NAME), task.seed)
            if accepted is not None:
                return accepted, witness
    questions = [*_narrower(problem)]
    for number, question in enumerate(questions):
        last = question.digest == questions[-1].digest
        share = 1.0 if last else SHARES[number]
        deadline = time.monotonic() + max(0.0, until - time.monotonic()) * share
        for verdict, run in findings(question, task, deadline):
            if isinstance(verdict, Impossible):
                if not last:
                    break
                no = Unsat(verdict.evidence, problem=problem, run=run)
                return (refuted(no, task) if prove else no), None
            known = known or verdict.witness
            task.progress("deciding whether the point is a local minimum")
            accepted = _accepted(problem, verdict.witness, run, task.seed)
            if accepted is not None:
                return accepted, verdict.witness
    return _open(problem, task), known


def findings(question: Problem, task: Task, deadline: float) -> Iterator[tuple[Found | Impossible, Run]]:
    """Yield what searches find, with one seed after another: new witnesses, which are counted, or a no."""
    seen: list[Witness] = []
    for turn in range(SEEDS):
        if time.monotonic() >= deadline:
            return
        finding = task.process.find(
            question,
            strategy=task.strategy,
            seed=task.seed + turn,
            deadline=deadline,
            progress=task.progress,
            cross_check=None,
        )
        answer, verdict = answer_of(question, finding, task.start, recheck_now=False), finding.verdict
        if isinstance(verdict, Impossible):
            yield verdict, answer.run
            return
        if not isinstance(verdict, Found) or verdict.witness in seen:
            return
        seen.append(verdict.witness)
        task.tried += 1
        yield verdict, answer.run


def _narrower(problem: Problem) -> Iterator[Problem]:
    """Questions whose witnesses answer all of it but that they are minima; the last one has them all."""
    plain = _plain(problem)
    if plain is None:
        return
    # Where all gradients are 0, what holds of units off their kinks adds nothing.
    without = _plain(problem, gradients=False) or plain
    zeros = [*problem.network.shapes]
    nonzero = ["w2 != 0"] if problem.network.depth == 2 else []
    distinct = [*_distinct(problem)] if problem.spurious else []
    for convention, where in (("forbid", [*nonzero, *distinct]), (None, distinct)):
        try:
            critical = without.with_zeros(zeros).with_conditions(where)
            yield critical if convention is None else critical.with_kink(convention)
        except ProblemError:  # some gradient is asked not to be 0
            continue
    yield plain


def _plain(problem: Problem, *, gradients: bool = True) -> Problem | None:
    """All that is asked but the minimum, and what holds of every one; None if that contradicts itself.

    Args:
        gradients: whether with conditions on gradients.
    """
    plain = problem.anywhere()
    if not problem.spurious:
        return plain
    try:
        where = [text for text in conditions(problem) if gradients or "grad" not in text]
        return plain.with_zeros(zero_gradients(problem)).with_conditions(where)
    except ProblemError:
        return None


def _distinct(problem: Problem) -> Iterator[str]:
    """Conditions by which all samples have different inputs: of those that have not, fewer are fit."""
    samples = problem.samples.fixed
    if samples is None or samples > DISTINCT_SAMPLES or problem.given.get("x"):
        return
    if problem.network.inputs == 1:
        yield "distinct(x)"
        return
    for m, n in combinations(range(samples), 2):
        yield " or ".join(f"x[{m},{j}] != x[{n},{j}]" for j in range(problem.network.inputs))


def _constructed(problem: Problem) -> Iterator[Witness]:
    """Witnesses whose hidden units are off at all samples: the simplest local minima that are no fits.

    What is given is kept; whether they are as the problem asks is still to be seen.
    """
    samples = problem.samples.fixed
    if samples is None or problem.targets == "class":
        return
    arrays: dict[str, Array[Exact]] = {}
    for name, shape in variable_shapes(problem.network, samples).items():
        given = problem.given.get(name, {})
        entries = [given.get(index, _simple(problem, name, index)) for index in indices(shape)]
        arrays[name] = Array(shape, tuple(entries))
    yield Witness.of(problem, arrays)
    last = f"b{problem.network.depth}"
    if last in arrays and last not in problem.given:
        columns = [*zip(*arrays["y"].rows(), strict=True)]
        means = tuple(Fraction(sum(column)) / samples for column in columns)
        yield Witness.of(problem, {**arrays, last: Array((len(columns),), means)})


def _simple(problem: Problem, name: str, index: Index) -> int:
    """An entry of `_constructed`."""
    match name:
        case "x":
            return index[0] if index[1] == 0 else 0
        case "y":
            return 1 if index[0] % 2 == 0 else 0 if problem.targets == "binary" else -1
    return -1 if name[0] == "b" and int(name[1:]) < problem.network.depth else 0


def _answers_rest(problem: Problem, witness: Witness) -> bool:
    """Whether a witness is all that is asked but the minimum."""
    try:
        return not violations(necessary(problem), witness.point)
    except (ArithmeticError, Refused):
        return False


def _accepted(problem: Problem, witness: Witness, run: Run, seed: int) -> Sat | None:
    """The answer by a witness of a narrower question, if it is such a minimum as is asked for."""
    offered = witness.answering(problem)
    found = judged(problem, offered, seed=seed)
    if not found.answers:
        return None
    from zerograd.evaluate.recheck import recheck

    try:
        answer = Sat(offered, problem=problem, kind=found.kind, lower=found.lower)
    except Refused:  # at a kink a narrower question may have another convention
        return None
    return answer.updated(checks=recheck(offered), run=run_alone(run))


def run_alone(run: Run) -> Run:
    """Return a run without what became of other numbers of samples: that is so of its question alone."""
    return replace(run, attempts=(), sufficient_samples=None, every_samples=False)


def _smaller(answer: Answer, known: Witness | None, task: Task) -> Answer:
    """The answer by a smaller witness, if one is found; begun with one that need be no such minimum."""
    problem = answer.problem
    seconds = min(task.time_left(), task.preferred.seconds if isinstance(answer, Sat) else task.time_left())
    if known is None or seconds <= 0 or is_chosen(problem.derivative_at_kink) or size_of(known) is None:
        return answer
    task.progress("looking for small numbers")
    ranked = task.process.smallest(
        problem,
        known.answering(problem),
        count=1,
        effort=None if task.preferred.effort is None else MORE_EFFORT * task.preferred.effort,
        seed=task.seed,
        deadline=time.monotonic() + seconds,
        progress=task.progress,
    )
    for found in ranked.witnesses:
        smaller = _accepted(problem, found, answer.run, task.seed)
        size = size_of(found)
        if smaller is not None and size is not None:
            return smaller.updated(smallest=Smallest(size, ranked.exhausted))
    return answer


def refuted(answer: Unsat, task: Task) -> Unsat:
    """Return the no to the question without the minimum, which is one to the question, proved if possible."""
    if task.prover is None:
        return answer
    proved = with_proof(answer, task.prover, time.monotonic() + task.proved, task.progress)
    return proved if isinstance(proved, Unsat) else answer


def _open(problem: Problem, task: Task) -> Unknown:
    over = time.monotonic() >= task.until
    what = "a spurious local minimum" if problem.spurious else "a local minimum"
    if not task.tried:
        detail = f"no witness was found of which it could be asked whether it is {what}"
    else:
        plural = "witness was" if task.tried == 1 else "witnesses were"
        detail = f"{task.tried} {plural} found that answer all else; none is known to be {what}"
    return Unknown("timeout" if over else "incomplete", detail, problem=problem, run=run_of(task))


def run_of(task: Task) -> Run:
    """Return how long it took so far."""
    return Run(seconds=time.monotonic() - task.start, versions={"zerograd": __version__})
