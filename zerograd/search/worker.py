"""The search in a process of its own.

    python -m zerograd.search.worker MEMORY_BYTES

Answers each request (a problem, a strategy, a seed and a time) with lines of progress and a
finding; where a cross-check is asked for, also with what a second solver says. Whatever hangs or
eats memory here can be killed, and nothing here is trusted.
"""

from __future__ import annotations

import sys
import time
import traceback
from typing import Any

from zerograd.core.answer import Attempt
from zerograd.search.comparison import SECOND
from zerograd.search.crew import Crew
from zerograd.solvers.base import SolverUnusable
from zerograd.solvers.process import SolverProcess
from zerograd.workers import limit_memory, reply, requests


def main(memory: int) -> None:
    """Answer requests until the input ends."""
    limit_memory(memory)
    # Constructions need neither SymPy nor Z3: these are loaded, at the same time, when those have failed.
    crew = Crew(memory=memory)
    from zerograd.core.documents import problem_from_json
    from zerograd.core.small_datasets import sufficient_samples
    from zerograd.search.finding import Finding
    from zerograd.search.portfolio import Portfolio
    from zerograd.search.samples import over_samples
    from zerograd.search.verdict import Undecided, Verdict

    def find(request: dict[str, Any]) -> Finding:
        deadline = request["deadline"]
        problem = problem_from_json(request["problem"])
        portfolio = Portfolio(crew, request["strategy"], request["seed"], _progress)

        def decide(samples: int, until: float) -> Verdict:
            return portfolio.decide(problem, samples, until)

        def sketch(samples: int, until: float) -> Verdict:
            return portfolio.construct(problem, samples, until)

        sufficient = sufficient_samples(problem) if problem.samples.most is None else None
        verdict, attempts = over_samples(
            problem,
            decide,
            sufficient=sufficient,
            deadline=deadline,
            progress=_progress,
            record=_record,
            sketch=sketch,
        )
        versions = {}
        if "sympy" in sys.modules:
            versions["sympy"] = str(sys.modules["sympy"].__version__)
        if crew.lead.version is not None:
            versions[crew.lead.name] = crew.lead.version
        return Finding(verdict, attempts, sufficient, versions)

    second: SolverProcess | None = None

    def compare(request: dict[str, Any], finding: Finding, solver: SolverProcess) -> None:
        from zerograd.search.cross_check import cross_check

        comparisons = cross_check(
            problem_from_json(request["problem"]),
            finding.attempts,
            solver,
            deadline=request["deadline"],
            seed=request["seed"],
            progress=_progress,
        )
        for comparison in comparisons:
            reply({"compared": comparison.to_json()})
        reply({"cross_checked": True})

    for request in requests():
        try:
            asked = request["cross_check"]
            if asked:
                second = second or SolverProcess(SECOND, memory=memory)
                now = time.monotonic()  # if it cannot be used, that is said before a long search
                second.ready(now + (request["deadline"] - now) / 2)
            try:
                finding = find(request)
            except MemoryError:
                finding = Finding(Undecided("memory", "the search ran out of memory"))
            reply({"finding": finding.to_json()})
            crew.forget()  # now rather than before the next question: it takes a moment
            if asked and second is not None:
                second.forget()
                compare(request, finding, second)
        except SolverUnusable as error:
            reply({"unusable": str(error)})
        except Exception:  # whatever it is, the caller raises it
            reply({"failure": traceback.format_exc()})


def _progress(line: str) -> None:
    reply({"progress": line})


def _record(attempt: Attempt) -> None:
    reply({"attempt": attempt.to_json()})


if __name__ == "__main__":
    main(int(sys.argv[1]))
