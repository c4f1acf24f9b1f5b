"""Which strategies are tried, in which order, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from zerograd.core.question.fitness import chosen, smooth, unreached
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import signs_of_adjoints
from zerograd.search import construct, fit
from zerograd.search.crew import Crew
from zerograd.search.draws import Draws
from zerograd.search.verdict import Found, Impossible, Progress, Undecided, Verdict
from zerograd.solvers.base import Mode

if TYPE_CHECKING:
    from zerograd.search.regions import RegionSearch

FEW_DRAWS, MORE_DRAWS, DRAWS = 8, 40, 320
"""Constructions before anything else is tried, before regions, and before the long searches."""

FITS = 160
"""Draws of targets, at first."""

FEW, MORE, MANY = 4, 20, 60
"""Guesses, likewise; in the middle, before regions that are not settled at first sight."""

FEW_FORMS, MORE_FORMS, FORMS = 16, 48, 240
"""Draws of closed forms before solvers are asked, before regions, and before the long searches."""

FEW_SOLUTIONS, MORE_SOLUTIONS, SOLUTIONS = 4, 16, 120
"""Starts of numerical solutions, likewise."""

FEW_REGIONS = 400
"""So many regions are looked at before the whole question is given to a solver at once."""

GLANCE = 0.05
"""Effort for the whole question, and for a region, at first sight: most small questions are settled by it."""

QUARTER, SHORT = 0.25, 0.4
"""Effort for a region, and for the whole question, before the other strategies are come back to."""

ROUNDS, GROWTH = 3, 4
"""How often all strategies are come back to, each time with so many times the patience and the draws."""

REAL_MODES: Sequence[Mode] = ("polynomial", "elimination", "general")
INTEGER_MODES: Sequence[Mode] = ("general", "small-integers")

Step = tuple[str, float, Callable[[float], Verdict]]
"""(name, share of the time that is left, search until a deadline)."""


_MODULES = {"identities": "relaxation", "closed": "smooth.closed", "enclose": "smooth.enclose"}
"""Where strategies are, if not in the module of their name."""


def unfit(strategy: str, problem: Problem) -> str | None:
    """Return why a strategy cannot answer the question, whatever the number of samples."""
    if reason := chosen(problem):  # see `zerograd.search.choices`
        return reason
    module = import_module(f"zerograd.search.{_MODULES.get(strategy, strategy)}")
    unfit: str | None = module.unfit(problem)
    return unfit


def _in_words(reasons: Mapping[str, str]) -> str:
    """The reasons, each with the strategies that it is one for."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    if len(reasons) == 1:
        return next(iter(by_reason))
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The strategies over a crew of solver processes.

    Attributes:
        strategy: ``auto`` tries them all; else the name of one.
        turned_to: told of each strategy when it is tried.
    """

    crew: Crew
    strategy: str
    seed: int
    progress: Progress
    turned_to: Callable[[str], None] = lambda _: None

    def decide(self, problem: Problem, samples: int, deadline: float) -> Verdict:
        """The first verdict that a strategy comes to; else what stood in the way."""
        self.crew.forget()
        return self._first(problem, self._steps(problem, samples), samples, deadline)

    def construct(self, problem: Problem, samples: int, deadline: float) -> Verdict:
        """What can be had without any solver: a witness, or nothing."""
        steps: list[Step] = [
            ("construct", 1.0, self._construct(problem, samples, 1, FEW_DRAWS)),
            ("closed", 0.5, self._closed(problem, samples, 1, FEW_FORMS)),
            ("enclose", 1.0, self._enclose(problem, samples, 1, FEW_SOLUTIONS)),
        ]
        asked = [step for step in steps if self.strategy in ("auto", step[0])]
        return self._first(problem, asked, samples, deadline) if asked else Undecided("incomplete")

    def every(self, problem: Problem) -> Callable[[float], Verdict] | None:
        """Return a search that can rule out all numbers of samples at once, until a deadline.

        It is worth its time where each sample's own gradient is restricted, or targets do not reach every
        adjoint: what else is said of parameters alone is mostly settled by one number of samples.
        """
        asked = problem.asks_of_x or signs_of_adjoints(problem) or unreached(problem)
        if self.strategy not in ("auto", "facts") or not asked or smooth(problem):
            return None

        def search(until: float) -> Verdict:
            from zerograd.search.facts import NAME, facts_of_every

            self.turned_to(NAME)
            self.progress(f"{NAME}, any number of samples")
            return facts_of_every(problem, self.crew.lead, deadline=until, seed=self.seed)

        return search

    def _first(self, problem: Problem, steps: Iterable[Step], samples: int, deadline: float) -> Verdict:
        given_up, left = Undecided("timeout"), ""
        reasons: dict[str, str] = {}
        fit = False
        for name, share, search in steps:
            now = time.monotonic()
            if now >= deadline:
                fit = True  # for all that is known: the other strategies were not asked
                break
            reason = unfit(name, problem)
            if reason is not None:
                reasons[name] = reason
                continue
            fit = True
            self.turned_to(name)
            self.progress(f"{name}, {samples} {'sample' if samples == 1 else 'samples'}")
            verdict = search(now + share * (deadline - now))
            if isinstance(verdict, Found | Impossible):
                return verdict
            if name == "regions" and verdict.reason != "unsupported":
                left = (
                    verdict.detail or left
                )  # says how far it came, where others say that they came to nothing
            if given_up.reason != "memory":
                given_up = verdict
        if reasons and not fit:
            return Undecided("unsupported", _in_words(reasons), every=True)
        if given_up.reason in ("memory", "unsupported"):
            return given_up
        if time.monotonic() >= deadline:
            return Undecided("timeout", left)
        return Undecided("incomplete", left or given_up.detail)

    def _steps(self, problem: Problem, samples: int) -> Iterator[Step]:
        modes = INTEGER_MODES if problem.domain == "integer" else REAL_MODES
        match self.strategy:
            case "construct":
                yield "construct", 1.0, self._construct(problem, samples, 1, 10**9)
            case "closed":
                yield "closed", 1.0, self._closed(problem, samples, 1, 10**9)
            case "enclose":
                yield "enclose", 1.0, self._enclose(problem, samples, 1, 10**9)
            case "fit":
                yield "fit", 1.0, self._fit(problem, samples, 10**9)
            case "identities":
                yield "identities", 1.0, self._identities(problem, samples)
            case "facts":
                yield "facts", 1.0, self._facts(problem, samples)
            case "guess":
                yield "guess", 1.0, self._guess(problem, samples, 1, MANY)
                yield "guess", 1.0, self._guess(problem, samples, MANY + 1, 10**9)
            case "regions":
                yield "regions", 1.0, self._regions(problem, samples)
            case "piecewise":
                for mode in modes:
                    yield "piecewise", 1.0, self._piecewise(problem, samples, mode, SHORT)
                yield from self._patiently(problem, samples, modes)
            case _:
                yield from self._all(problem, samples, modes)

    def _all(self, problem: Problem, samples: int, modes: Sequence[Mode]) -> Iterator[Step]:
        """Every strategy: first for a moment, then again and again with more patience."""
        yield "construct", 0.25, self._construct(problem, samples, 1, FEW_DRAWS)
        yield "fit", 0.25, self._fit(problem, samples, FITS)
        yield "closed", 0.25, self._closed(problem, samples, 1, FEW_FORMS)
        yield "enclose", 0.25, self._enclose(problem, samples, 1, FEW_SOLUTIONS)
        relaxed = unfit("facts", problem) is None
        if relaxed:
            self.crew.start()
            yield "identities", 0.25, self._identities(problem, samples)
            yield "facts", 0.25, self._facts(problem, samples)
        yield "closed", 0.25, self._closed(problem, samples, FEW_FORMS + 1, MORE_FORMS)
        yield "enclose", 0.25, self._enclose(problem, samples, FEW_SOLUTIONS + 1, MORE_SOLUTIONS)
        self.crew.start()
        if not relaxed:
            yield "identities", 0.25, self._identities(problem, samples)
        yield "piecewise", 0.25, self._piecewise(problem, samples, modes[0], GLANCE)
        yield "guess", 0.25, self._guess(problem, samples, 1, FEW)
        yield "construct", 0.25, self._construct(problem, samples, FEW_DRAWS + 1, MORE_DRAWS)
        regions = self._few_regions(problem, samples)
        yield "regions", 0.5, regions(GLANCE)
        yield "construct", 0.25, self._construct(problem, samples, MORE_DRAWS + 1, DRAWS)
        yield "closed", 0.25, self._closed(problem, samples, MORE_FORMS + 1, FORMS)
        yield "enclose", 0.5, self._enclose(problem, samples, MORE_SOLUTIONS + 1, SOLUTIONS)
        yield "guess", 0.25, self._guess(problem, samples, FEW + 1, MORE)
        yield "regions", 0.5, regions(QUARTER)
        for mode in modes[:2]:
            yield "piecewise", 1.0, self._piecewise(problem, samples, mode, SHORT)
        yield "guess", 0.25, self._guess(problem, samples, MORE + 1, MANY)
        yield from self._again(problem, samples, modes, regions)
        yield "regions", 0.7, self._regions(problem, samples, least=FEW_REGIONS + 1)
        yield from self._patiently(problem, samples, modes)

    def _again(
        self,
        problem: Problem,
        samples: int,
        modes: Sequence[Mode],
        regions: Callable[[float], Callable[[float], Verdict]],
    ) -> Iterator[Step]:
        """All strategies again and again, with growing patience: nobody knows beforehand which is quick."""
        for number in range(ROUNDS):
            done, more = GROWTH**number, GROWTH ** (number + 1)
            yield "construct", 0.1, self._construct(problem, samples, DRAWS * done + 1, DRAWS * more)
            yield "fit", 0.1, self._fit(problem, samples, FITS * more, FITS * done + 1)
            yield "closed", 0.1, self._closed(problem, samples, FORMS * done + 1, FORMS * more)
            yield "enclose", 0.1, self._enclose(problem, samples, SOLUTIONS * done + 1, SOLUTIONS * more)
            yield "guess", 0.1, self._guess(problem, samples, MANY * done + 1, MANY * more)
            again = modes if number < ROUNDS - 1 else ()  # the last time without any limit
            for mode in again[:1]:
                yield "piecewise", 0.3, self._piecewise(problem, samples, mode, SHORT * more)
            yield "regions", 0.4, regions(SHORT * more**2)
            for mode in again[1:]:
                yield "piecewise", 0.3, self._piecewise(problem, samples, mode, SHORT * more)

    def _patiently(self, problem: Problem, samples: int, modes: Sequence[Mode]) -> Iterator[Step]:
        for left, mode in zip(range(len(modes), 0, -1), modes, strict=True):
            yield "piecewise", 1 / left, self._piecewise(problem, samples, mode, None)

    # Strategies are imported where they are first used: `guess`, `regions` and `piecewise` load SymPy.

    def _draws(self, first: int, last: int, until: float) -> Draws:
        return Draws(first, last, until, self.seed, self.progress)

    def _construct(self, problem: Problem, samples: int, first: int, last: int) -> Callable[[float], Verdict]:
        return lambda until: construct.construct(problem, samples, self._draws(first, last, until))

    def _closed(self, problem: Problem, samples: int, first: int, last: int) -> Callable[[float], Verdict]:
        def search(until: float) -> Verdict:
            from zerograd.search.smooth.closed import closed

            return closed(problem, samples, self._draws(first, last, until))

        return search

    def _enclose(self, problem: Problem, samples: int, first: int, last: int) -> Callable[[float], Verdict]:
        def search(until: float) -> Verdict:
            from zerograd.search.smooth.enclose import enclose

            return enclose(problem, samples, self._draws(first, last, until))

        return search

    def _fit(self, problem: Problem, samples: int, last: int, first: int = 1) -> Callable[[float], Verdict]:
        return lambda until: fit.fit(problem, samples, self._draws(first, last, until))

    def _identities(self, problem: Problem, samples: int) -> Callable[[float], Verdict]:
        def search(until: float) -> Verdict:
            from zerograd.search.relaxation import relaxation

            return relaxation(problem, samples, self.crew.lead, deadline=until, seed=self.seed)

        return search

    def _facts(self, problem: Problem, samples: int) -> Callable[[float], Verdict]:
        def search(until: float) -> Verdict:
            from zerograd.search.facts import facts

            return facts(problem, samples, self.crew.lead, deadline=until, seed=self.seed)

        return search

    def _guess(self, problem: Problem, samples: int, first: int, last: int) -> Callable[[float], Verdict]:
        def search(until: float) -> Verdict:
            from zerograd.search.guess import guess

            return guess(problem, samples, self.crew.lead, self._draws(first, last, until))

        return search

    def _regions(self, problem: Problem, samples: int, **limits: Any) -> Callable[[float], Verdict]:
        def search(until: float) -> Verdict:
            from zerograd.search.regions import regions

            return regions(
                problem,
                samples,
                self.crew,
                deadline=until,
                seed=self.seed,
                progress=self.progress,
                **limits,
            )

        return search

    def _few_regions(self, problem: Problem, samples: int) -> Callable[[float], Callable[[float], Verdict]]:
        """Regions, if they are few, to be come back to: of a patience, a search until a deadline."""
        kept: list[RegionSearch] = []

        def search(patience: float, until: float) -> Verdict:
            from zerograd.search.regions import RegionSearch

            if not kept:
                kept.append(
                    RegionSearch(problem, samples, self.crew, self.seed, self.progress, most=FEW_REGIONS)
                )
            return kept[0].go(until, patience)

        return lambda patience: partial(search, patience)

    def _piecewise(
        self, problem: Problem, samples: int, mode: Mode, effort: float | None
    ) -> Callable[[float], Verdict]:
        def search(until: float) -> Verdict:
            from zerograd.search.piecewise import piecewise

            return piecewise(
                problem, samples, self.crew.lead, mode=mode, effort=effort, deadline=until, seed=self.seed
            )

        return search
