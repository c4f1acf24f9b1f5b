"""The search in a process of its own.

    python -m zerograd.search.worker MEMORY_BYTES [SOLVER_PROCESSES]

Answers each request (a problem, a strategy, a seed and a time) with lines of progress and a
finding; where a cross-check is asked for, also with what a second solver says. Whatever hangs or
eats memory here can be killed, and nothing here is trusted.
"""

from __future__ import annotations

import sys
import time
import traceback
from math import inf
from typing import Any

from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.loosening import loosened
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.verdict.answer import Attempt
from zerograd.core.verdict.witness import witness_from_json
from zerograd.search.comparison import SECOND
from zerograd.search.crew import Crew
from zerograd.search.finding import Finding
from zerograd.search.portfolio import Portfolio
from zerograd.search.ranked import Ranked
from zerograd.search.samples import over_samples
from zerograd.search.verdict import Impossible, Undecided, Verdict
from zerograd.solvers.base import SolverUnusable
from zerograd.solvers.process import SolverProcess
from zerograd.workers import limit_memory, reply, requests


class _Service:
    """Answers requests, with solver processes that are kept from one to the next."""

    def __init__(self, memory: int, size: int | None) -> None:
        # Constructions need neither SymPy nor Z3: these are loaded, at the same time, when those have failed.
        self.crew = Crew(memory=memory, size=size)
        self.second = SolverProcess(SECOND, memory=memory)

    def answer(self, request: dict[str, Any]) -> None:
        """Search, and say what was found; then what a second solver says, if that is asked for."""
        if request["cross_check"]:
            now = time.monotonic()  # if it cannot be used, that is said before a long search
            self.second.ready(now + (request["deadline"] - now) / 2)
        if "smallest" in request:
            reply({"smallest": self._smallest(request).to_json()})
            return
        try:
            finding = self._find(request)
        except MemoryError:
            self.crew.close()  # whatever state it was left in
            finding = Finding(Undecided("memory", "the search ran out of memory"))
        reply({"finding": finding.to_json()})
        self.crew.forget()  # now rather than before the next question: it takes a moment
        if request["cross_check"]:
            self._compare(request, finding)

    def _find(self, request: dict[str, Any]) -> Finding:
        problem = problem_from_json(request["problem"])
        tried: set[str] = set()

        def turned_to(strategy: str) -> None:
            if strategy not in tried:
                tried.add(strategy)
                reply({"tried": strategy})

        portfolio = Portfolio(self.crew, request["strategy"], request["seed"], _progress, turned_to)
        sufficient = sufficient_samples(problem) if problem.samples.most is None else None
        loose = loosened(problem) if problem.samples.most is None and sufficient is None else None
        enough = sufficient_samples(loose) if loose is not None else None

        def decide_loose(samples: int, until: float) -> Verdict:
            assert loose is not None  # for the type checker: passed on only then
            return portfolio.decide(loose, samples, until)

        verdict, attempts = over_samples(
            problem,
            lambda samples, until: portfolio.decide(problem, samples, until),
            sufficient=sufficient,
            deadline=request["deadline"],
            progress=_progress,
            record=_record,
            sketch=lambda samples, until: portfolio.construct(problem, samples, until),
            loosened=(enough, decide_loose) if enough is not None else None,
        )
        if sufficient is None and isinstance(verdict, Impossible) and verdict.every:
            sufficient = enough
        versions = {}
        if "sympy" in sys.modules:
            versions["sympy"] = str(sys.modules["sympy"].__version__)
        if self.crew.lead.version is not None:
            versions[self.crew.lead.name] = self.crew.lead.version
        return Finding(verdict, attempts, sufficient, versions)

    def _smallest(self, request: dict[str, Any]) -> Ranked:
        from zerograd.search.smallest import smallest  # NumPy: not before it is needed
        from zerograd.search.smallest.budget import Budget

        problem, wanted = problem_from_json(request["problem"]), request["smallest"]
        known = witness_from_json(problem, wanted["known"])
        try:
            return smallest(
                problem,
                known,
                count=wanted["count"],
                seed=request["seed"],
                budget=Budget(request["deadline"], wanted["effort"] or inf),
                progress=_progress,
                improved=lambda ranked: reply({"smaller": ranked.to_json()}),
            )
        except MemoryError:
            return Ranked((), 0)  # what was sent before stands

    def _compare(self, request: dict[str, Any], finding: Finding) -> None:
        from zerograd.search.cross_check import cross_check

        self.second.forget()
        comparisons = cross_check(
            problem_from_json(request["problem"]),
            finding.attempts,
            self.second,
            deadline=request["deadline"],
            seed=request["seed"],
            progress=_progress,
        )
        for comparison in comparisons:
            reply({"compared": comparison.to_json()})
        reply({"cross_checked": True})


def main(memory: int, size: int | None = None) -> None:
    """Answer requests until the input ends."""
    limit_memory(memory)
    service = _Service(memory, size)
    for request in requests():
        try:
            service.answer(request)
        except SolverUnusable as error:
            reply({"unusable": str(error)})
        except Exception:  # whatever it is, the caller raises it
            reply({"failure": traceback.format_exc()})


def _progress(line: str) -> None:
    reply({"progress": line})


def _record(attempt: Attempt) -> None:
    reply({"attempt": attempt.to_json()})


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
