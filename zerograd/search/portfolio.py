"""Which strategies are tried, in which order, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from zerograd.core.problem import Problem
from zerograd.search import guess, piecewise, regions
from zerograd.search.verdict import Found, Impossible, Progress, Undecided, Verdict
from zerograd.solvers.process import SolverProcess

FEW, MANY = 30, 200
"""Guesses before anything else is tried, and before the long searches."""

Step = tuple[str, float, Callable[[float], Verdict]]
"""(name, seconds at most, search until a deadline)."""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The strategies over one solver process.

    Attributes:
        strategy: ``auto`` tries them all; else the name of one.
    """

    solver: SolverProcess
    strategy: str
    seed: int
    progress: Progress

    def decide(self, problem: Problem, samples: int, deadline: float) -> Verdict:
        """The first verdict that a strategy comes to; else what stood in the way of the last."""
        reasons: list[Undecided] = []
        for name, seconds, search in self._steps(problem, samples):
            now = time.monotonic()
            if now >= deadline:
                reasons.append(Undecided("timeout"))
                break
            self.progress(f"{name}, {samples} {'sample' if samples == 1 else 'samples'}")
            verdict = search(min(deadline, now + seconds))
            if isinstance(verdict, Found | Impossible):
                return verdict
            reasons.append(verdict)
        timeout = any(r.reason == "timeout" for r in reasons) and time.monotonic() >= deadline - 0.05
        telling = [r for r in reasons if r.reason == "memory"] or reasons[-1:]
        return Undecided("timeout", telling[0].detail) if timeout else telling[0]

    def _steps(self, problem: Problem, samples: int) -> Iterator[Step]:
        solver, seed, report = self.solver, self.seed, self.progress

        def by_guess(first: int, last: int) -> Callable[[float], Verdict]:
            return lambda until: guess.guess(
                problem,
                samples,
                solver,
                first=first,
                last=last,
                deadline=until,
                seed=seed,
                progress=report,
            )

        def by_regions(until: float) -> Verdict:
            return regions.regions(problem, samples, solver, deadline=until, seed=seed, progress=report)

        def at_once(mode: str) -> Callable[[float], Verdict]:
            return lambda until: piecewise.piecewise(
                problem, samples, solver, mode=mode, deadline=until, seed=seed
            )

        forever = float("inf")
        modes = ("smt", "bits") if problem.domain == "integer" else ("nlsat", "nlsat-solve-eqs", "smt")
        match self.strategy:
            case guess.NAME:
                yield guess.NAME, forever, by_guess(1, 10**9)
            case regions.NAME:
                yield regions.NAME, forever, by_regions
            case piecewise.NAME:
                for mode in modes[:-1]:
                    yield piecewise.NAME, 2.0, at_once(mode)
                for mode in modes:
                    yield piecewise.NAME, forever if mode == modes[-1] else 20.0, at_once(mode)
            case _:
                yield guess.NAME, 5.0, by_guess(1, FEW)
                for mode in modes[:2]:
                    yield piecewise.NAME, 0.7, at_once(mode)
                yield guess.NAME, 10.0, by_guess(FEW + 1, MANY)
                yield regions.NAME, 60.0, by_regions
                for mode in modes[:-1]:
                    yield piecewise.NAME, 15.0, at_once(mode)
                yield piecewise.NAME, forever, at_once(modes[-1])
