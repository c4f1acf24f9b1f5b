"""The search in a process of its own.

    python -m zerograd.search.worker MEMORY_BYTES

Answers each request (a problem, a strategy, a seed and a time) with lines of progress and a
finding. Whatever hangs or eats memory here can be killed, and nothing here is trusted.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

from zerograd.core.answer import Attempt
from zerograd.search.crew import Crew
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

    for request in requests():
        try:
            finding = find(request)
        except MemoryError:
            finding = Finding(Undecided("memory", "the search ran out of memory"))
        except Exception:  # whatever it is, the caller raises it
            reply({"failure": traceback.format_exc()})
            continue
        reply({"finding": finding.to_json()})


def _progress(line: str) -> None:
    reply({"progress": line})


def _record(attempt: Attempt) -> None:
    reply({"attempt": attempt.to_json()})


if __name__ == "__main__":
    main(int(sys.argv[1]))
