"""The strategies, each as a search for a verdict until a deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from zerograd.core.question.problem import Problem
from zerograd.search import construct, fit
from zerograd.search.crew import Crew
from zerograd.search.draws import Draws
from zerograd.search.verdict import Progress, Verdict
from zerograd.solvers.base import Mode

if TYPE_CHECKING:
    from zerograd.search.piecewise import Whole
    from zerograd.search.regions import RegionSearch

FEW_REGIONS = 400
"""So many regions are looked at before the whole question is given to a solver at once."""

Search = Callable[[float], Verdict]
"""A search until a deadline (of `time.monotonic`)."""

Step = tuple[str, float, Search]
"""(name, share of the time that is left, search)."""


@dataclass(frozen=True, slots=True)
class Strategies:
    """What strategies need to be at work.

    Attributes:
        strategy: ``auto`` tries them all; else the name of one.
        turned_to: told of each strategy when it is tried.
        heard: solvers whose word was taken that there is no witness.
        spared: a solver that is not asked: its opinion will be the second.
        looked: the digest of a question and M, where it was looked at for what is seen at once.
        hasty: see `zerograd.search.piecewise.Whole`.
    """

    crew: Crew
    strategy: str
    seed: int
    progress: Progress
    turned_to: Callable[[str], None] = lambda _: None
    heard: set[str] = field(default_factory=set)
    spared: str | None = None
    looked: set[tuple[str, int]] = field(default_factory=set)
    hasty: bool = False

    # Strategies are imported where they are first used: constructions are quicker than that.

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

    def _whole(self, problem: Problem, samples: int) -> Whole:
        from zerograd.search.piecewise import Whole

        return Whole(problem, samples, self.crew.lead, self.seed, hasty=self.hasty)

    def _piecewise(self, whole: Whole, mode: Mode, effort: float | None) -> Callable[[float], Verdict]:
        def search(until: float) -> Verdict:
            whole.ask(self.crew.lead, mode, effort, until)
            return whole.told(self.crew.lead, until)

        return search
