"""Which strategies are tried, in which order, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from zerograd.core.problem import Problem
from zerograd.search import guess, piecewise, regions
from zerograd.search.verdict import Found, Impossible, Progress, Undecided, Verdict
from zerograd.solvers.base import Mode
from zerograd.solvers.process import SolverProcess

FEW, MANY = 30, 200
"""Guesses before anything else is tried, and before the long searches."""

SHORT = 0.7
"""Effort for the whole question at once, before it is taken apart."""

REAL_MODES: Sequence[Mode] = ("polynomial", "elimination", "general")
INTEGER_MODES: Sequence[Mode] = ("general", "small-integers")

Step = tuple[str, float, Callable[[float], Verdict]]
"""(name, share of the time that is left, search until a deadline)."""


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
        """The first verdict that a strategy comes to; else what stood in the way."""
        self.solver.forget()
        given_up = Undecided("timeout")
        for name, share, search in self._steps(problem, samples):
            now = time.monotonic()
            if now >= deadline:
                break
            self.progress(f"{name}, {samples} {'sample' if samples == 1 else 'samples'}")
            verdict = search(now + share * (deadline - now))
            if isinstance(verdict, Found | Impossible):
                return verdict
            if given_up.reason != "memory":
                given_up = verdict
        if given_up.reason in ("memory", "unsupported"):
            return given_up
        return Undecided("timeout" if time.monotonic() >= deadline else "incomplete", given_up.detail)

    def _steps(self, problem: Problem, samples: int) -> Iterator[Step]:
        modes = INTEGER_MODES if problem.domain == "integer" else REAL_MODES
        match self.strategy:
            case guess.NAME:
                yield guess.NAME, 1.0, self._guess(problem, samples, 1, FEW)
                yield guess.NAME, 1.0, self._guess(problem, samples, FEW + 1, 10**9)
            case regions.NAME:
                yield regions.NAME, 1.0, self._regions(problem, samples)
            case piecewise.NAME:
                for mode in modes:
                    yield piecewise.NAME, 1.0, self._piecewise(problem, samples, mode, SHORT)
                yield from self._patiently(problem, samples, modes)
            case _:
                yield guess.NAME, 0.25, self._guess(problem, samples, 1, FEW)
                for mode in modes[:2]:
                    yield piecewise.NAME, 1.0, self._piecewise(problem, samples, mode, SHORT)
                yield guess.NAME, 0.25, self._guess(problem, samples, FEW + 1, MANY)
                yield regions.NAME, 0.6, self._regions(problem, samples)
                yield from self._patiently(problem, samples, modes)

    def _patiently(self, problem: Problem, samples: int, modes: Sequence[Mode]) -> Iterator[Step]:
        for left, mode in zip(range(len(modes), 0, -1), modes, strict=True):
            yield piecewise.NAME, 1 / left, self._piecewise(problem, samples, mode, None)

    def _guess(self, problem: Problem, samples: int, first: int, last: int) -> Callable[[float], Verdict]:
        return lambda until: guess.guess(
            problem,
            samples,
            self.solver,
            first=first,
            last=last,
            deadline=until,
            seed=self.seed,
            progress=self.progress,
        )

    def _regions(self, problem: Problem, samples: int) -> Callable[[float], Verdict]:
        return lambda until: regions.regions(
            problem, samples, self.solver, deadline=until, seed=self.seed, progress=self.progress
        )

    def _piecewise(
        self, problem: Problem, samples: int, mode: Mode, effort: float | None
    ) -> Callable[[float], Verdict]:
        return lambda until: piecewise.piecewise(
            problem, samples, self.solver, mode=mode, effort=effort, deadline=until, seed=self.seed
        )
