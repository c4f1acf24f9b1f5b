"""The search in a process of its own.

    python -m zerograd.search.worker MEMORY_BYTES [SOLVER_PROCESSES]

Whatever hangs or eats memory here can be killed, and nothing here is trusted.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from importlib import import_module
from math import inf
from typing import TYPE_CHECKING

from zerograd.core.model.slopes import is_chosen
from zerograd.core.question.loosening import loosened
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.verdict.witness import witness_from_json
from zerograd.search.comparison import Second
from zerograd.search.crew import Crew
from zerograd.search.messages import (
    WIRE,
    Compare,
    Compared,
    DrawGeneric,
    Find,
    Finding,
    Ranked,
    Reply,
    Request,
    Shrink,
    Smaller,
    Tried,
)
from zerograd.search.portfolio import Portfolio
from zerograd.search.samples import over_samples
from zerograd.search.verdict import Impossible
from zerograd.services.serving import Send, serve
from zerograd.services.wire import Note
from zerograd.solvers.process import SolverProcess

if TYPE_CHECKING:
    from zerograd.search.choices import Chosen


LATER = ("flint", "numpy", "zerograd.search.reducing", "zerograd.search.smallest")
"""What constructions need, and then a search for smaller witnesses."""


class _Search:
    """Answers requests, with solver processes that are kept from one to the next."""

    def __init__(self, send: Send[Reply], memory: int, size: int | None) -> None:
        self.send = send
        # Nothing is started here: constructions need no solver.
        self.crew = Crew(memory=memory, size=size)
        self.memory = memory
        self.seconds: dict[Second, SolverProcess] = {}

    def answer(self, request: Request) -> None:
        """Send what a request asks for."""
        match request:
            case Find():
                if request.compared:
                    now = time.monotonic()
                    self._second(request.compared).ready(now + (request.deadline - now) / 2)
                self.send(self._find(request))
            case Compare():
                self._compare(request)
            case Shrink():
                self.send(self._smallest(request))
            case DrawGeneric():
                self.send(self._generic(request))

    def _find(self, request: Find) -> Finding:
        problem = request.problem
        tried: list[str] = []

        def turned_to(strategy: str) -> None:
            if strategy not in tried:
                tried.append(strategy)
                self.send(Tried(strategy))

        portfolio = Portfolio(
            self.crew,
            request.strategy,
            request.seed,
            self._progress,
            turned_to,
            spared=request.compared,
            looked={(problem.digest, samples) for samples in request.looked},
        )
        sufficient = sufficient_samples(problem) if problem.samples.most is None else None
        endless = problem.samples.most is None and sufficient is None
        searches: Portfolio | Chosen = portfolio
        loose, every, looks = None, None, None
        if is_chosen(problem.derivative_at_kink):
            from zerograd.search.choices import Chosen  # few questions need it

            searches = Chosen(portfolio)
        else:  # what holds of all numbers of samples at once is known of conventions alone
            loose, every = loosened(problem) if endless else None, portfolio.every(problem)
            looks = partial(portfolio.construct_few, problem), partial(portfolio.look, problem)
        enough = sufficient_samples(loose) if loose is not None else None
        verdict, attempts = over_samples(
            problem,
            partial(searches.decide, problem),
            sufficient=sufficient,
            deadline=request.deadline,
            progress=self._progress,
            record=self.send,
            sketch=partial(searches.construct, problem),
            looks=looks,
            loosened=None if loose is None or enough is None else (enough, partial(portfolio.decide, loose)),
            every=every,
        )
        if sufficient is None and isinstance(verdict, Impossible) and verdict.every:
            sufficient = enough
        return Finding(verdict, attempts, sufficient, self._versions(portfolio.heard), tuple(tried))

    def _versions(self, heard: set[str]) -> dict[str, str]:
        """The versions of what was used; of solvers, those whose word was taken, if there are any."""
        versions = {}
        if "sympy" in sys.modules:
            versions["sympy"] = str(sys.modules["sympy"].__version__)
        for solver in (self.crew.lead, self.crew.other) if heard else (self.crew.lead,):
            used = not heard or (solver is not None and solver.name in heard)
            if used and solver is not None and solver.version is not None:
                versions[solver.name] = solver.version
        return versions

    def _smallest(self, request: Shrink) -> Ranked:
        from zerograd.search.reducing import reduced  # NumPy: not before it is needed
        from zerograd.search.smallest import smallest, unfit
        from zerograd.search.smallest.budget import Budget

        known = witness_from_json(request.problem, request.known)
        if unfit(request.problem) is None and request.problem.minimum is None:
            known = reduced(
                request.problem,
                known,
                lambda: self.crew.lead,
                seed=request.seed,
                deadline=request.deadline,
                progress=self._progress,
            )
        return smallest(
            request.problem,
            known,
            count=request.count,
            seed=request.seed,
            budget=Budget(request.deadline, request.effort or inf),
            progress=self._progress,
            improved=lambda ranked: self.send(Smaller(ranked)),
        )

    def _generic(self, request: DrawGeneric) -> Ranked:
        from zerograd.search.generic_draws import smallest_drawn, unfit

        if unfit(request.problem) is not None:
            return Ranked((), 0)
        witness = smallest_drawn(
            request.problem, request.samples, request.seed, request.deadline, self._progress
        )
        return Ranked(() if witness is None else (witness,), 0)

    def _compare(self, request: Compare) -> None:
        from zerograd.search.cross_check import cross_check

        second = self._second(request.solver)
        second.forget()
        for comparison in cross_check(
            request.problem,
            request.attempts,
            second,
            deadline=request.deadline,
            seed=request.seed,
            progress=self._progress,
        ):
            self.send(comparison)
        self.send(Compared())

    def _second(self, name: Second) -> SolverProcess:
        """The process of a second solver, which is kept."""
        if name not in self.seconds:
            self.seconds[name] = SolverProcess(name, memory=self.memory)
        return self.seconds[name]

    def _progress(self, line: str) -> None:
        self.send(Note(line))


def main(memory: int, size: int | None = None) -> None:
    """Answer requests until the input ends."""
    later = [partial(import_module, name) for name in LATER]
    serve(WIRE, memory, lambda send: _Search(send, memory, size).answer, later)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
