"""A first look at a small question, made where the caller is: a few constructions, and a glance by a solver.

It takes the steps that a search of its own process would begin with, in the same order. So it does not
matter for an answer whether there was a first look, but for its speed: most small questions take less time
than a way through another process. What may take long is left to the search.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib import import_module
from threading import Lock
from typing import NoReturn

from zerograd.core.model.slopes import is_chosen
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.answer import Attempt
from zerograd.core.verdict.witness import Witness
from zerograd.search.crew import Crew
from zerograd.search.messages import Finding
from zerograd.search.piecewise import TakesLonger
from zerograd.search.portfolio import Portfolio
from zerograd.search.samples import over_samples
from zerograd.search.verdict import Found, Impossible, Progress, Undecided, Verdict
from zerograd.solvers.base import SolverUnusable

ENTRIES, CONDITIONS, BITS = 128, 8, 128
"""Numbers of a witness, conditions, and bits of what is given, up to which constructions are quick."""
KEPT = 64
"""Questions that are kept with their names in order."""


class _Left(Exception):  # noqa: N818 - a finding, not an error
    """Nothing was seen at once."""


@dataclass(frozen=True, slots=True)
class Open:
    """What is left to a search, and what it need not do again.

    Attributes:
        looked: the numbers of samples for which a first look came to nothing.
        tried: the strategies of that look, in the order in which they were turned to.
    """

    looked: tuple[int, ...] = ()
    tried: tuple[str, ...] = ()


class FirstLook:
    """First looks, with a solver process that is kept. Threads may share it: who finds it at work goes on.

    Args:
        memory: cap in bytes on the address space of the solver.
    """

    def __init__(self, memory: int) -> None:
        self._crew = Crew(memory=memory, size=1)
        self._lock = Lock()

    def start(self) -> None:
        """Start the solver, without waiting for it, and load what constructions need."""
        self._crew.start()
        import_module("flint")

    def kill(self) -> None:
        """Kill the solver, under the thread that may be waiting for it."""
        self._crew.lead.kill()

    def close(self) -> None:
        """Kill the solver and wait for its end, unless a thread waits for it. Closing twice is harmless."""
        if self._lock.acquire(blocking=False):
            try:
                self._crew.close()
            finally:
                self._lock.release()
        else:
            self.kill()

    def find(self, problem: Problem, *, seed: int, deadline: float, progress: Progress) -> Finding | Open:
        """Return what is seen of a question at once."""
        if not _is_light(problem) or not self._lock.acquire(blocking=False):
            return Open()
        try:
            with self._closed_by_interrupts():
                return self._find(problem, seed, deadline, progress) if self._is_loaded() else Open()
        except SolverUnusable:
            return Open()  # the search will say so
        finally:
            self._lock.release()

    def _find(self, problem: Problem, seed: int, deadline: float, progress: Progress) -> Finding | Open:
        asked, problem = problem, _in_order(problem)
        tried: dict[str, None] = {}
        left: set[int] = set()
        portfolio = Portfolio(
            self._crew, "auto", seed, progress, turned_to=lambda name: tried.update({name: None}), hasty=True
        )
        sufficient = sufficient_samples(problem) if problem.samples.most is None else None

        def look(samples: int, until: float) -> Verdict:
            verdict = portfolio.look(problem, samples, until)
            if isinstance(verdict, Undecided) and (problem.digest, samples) in portfolio.looked:
                left.add(samples)
            return verdict

        def decided(samples: int, until: float) -> Verdict:
            verdict = look(samples, until)
            if isinstance(verdict, Undecided):
                raise _Left
            return verdict

        verdict: Verdict = Undecided("incomplete")
        attempts: tuple[Attempt, ...] = ()
        try:
            verdict, attempts = over_samples(
                problem,
                decided,
                sufficient=sufficient,
                deadline=deadline,
                progress=progress,
                sketch=_leave,
                looks=(partial(portfolio.construct_few, problem), look),
            )
        except TakesLonger:
            left.clear()  # what was seen is to be seen again
        except _Left:
            pass
        if not isinstance(verdict, Found | Impossible):
            # What a solver that broke down said says nothing of the question.
            return Open(tuple(sorted(left)) if self._is_loaded() else (), tuple(tried))
        if isinstance(verdict, Found):  # as if it had come from another process: the checker begins anew
            verdict = replace(verdict, witness=Witness.of(asked, verdict.witness.variables))
        lead = self._crew.lead
        versions = {}
        if lead.version is not None and portfolio.heard <= {lead.name}:
            versions[lead.name] = lead.version
        return Finding(verdict, attempts, sufficient, versions, tuple(tried))

    def _is_loaded(self) -> bool:
        """Whether the solver has been loaded; it is started if it is not running."""
        lead = self._crew.lead
        return lead.ready(0.0) or lead.version is not None

    @contextmanager
    def _closed_by_interrupts(self) -> Iterator[None]:
        """End the solver if anything goes wrong inside: who knows what it was at."""
        try:
            yield
        except BaseException:
            self._crew.close()
            raise


@lru_cache(maxsize=KEPT)
def _in_order(problem: Problem) -> Problem:
    """The question as another process reads it: the order in which entries are asked for sways solvers."""
    return problem.in_order()


def _is_light(problem: Problem) -> bool:
    """Whether a first look takes milliseconds, but for what the solver's process does."""
    wanted = problem.samples
    samples = wanted.least if wanted.most is None else wanted.most
    entries = 0
    for shape in variable_shapes(problem.network, samples).values():
        size = 1
        for length in shape:
            size *= length
        entries += size
    if entries > ENTRIES or len(problem.where) > CONDITIONS or is_chosen(problem.derivative_at_kink):
        return False
    ends = [end for bound in problem.bounds.values() for end in bound if end is not None]
    given = [value for values in problem.given.values() for value in values.values()]
    return all(
        max(value.numerator.bit_length(), value.denominator.bit_length()) <= BITS for value in given + ends
    )


def _leave(_samples: int, _deadline: float) -> NoReturn:
    raise _Left
