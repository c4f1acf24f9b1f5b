"""Which strategies are tried, in which order, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING

from zerograd.core.question.fitness import chosen, smooth, unreached
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import signs_of_adjoints, sufficient_samples
from zerograd.search.smooth.fitness import exact_elsewhere
from zerograd.search.strategies import FEW_REGIONS, Search, Step, Strategies
from zerograd.search.verdict import Found, Impossible, Undecided, Verdict
from zerograd.solvers.base import Mode
from zerograd.solvers.process import SolverProcess

if TYPE_CHECKING:
    from zerograd.search.piecewise import Whole

FEW_DRAWS, MORE_DRAWS, DRAWS = 8, 40, 320
"""Constructions before anything else is tried, before regions, and before the long searches."""

CONDITIONED, UNCONDITIONED = 1, 3
"""Constructions before a solver's word counts on a small question: with conditions, and without."""

SMALL = 48
"""Units, times samples, of a small question."""

FEW_FITS, FITS = 6, 160
"""Draws of targets, at first: for a small question, and for others."""

FEW, MORE, MANY = 4, 20, 60
"""Guesses, likewise; in the middle, before regions that are not settled at first sight."""

FEW_FORMS, MORE_FORMS, FORMS = 16, 48, 240
"""Draws of closed forms before solvers are asked, before regions, and before the long searches."""

FEW_SOLUTIONS, MORE_SOLUTIONS, SOLUTIONS = 4, 16, 120
"""Starts of numerical solutions, likewise."""

GLANCE = 0.05
"""Effort for the whole question, and for a region, at first sight."""

GLIMPSE, LOOK, STARE = 0.1, 0.6, 8.0
"""Seconds that Yices has for the whole question, beside a second look by others, and beside longer ones."""

QUARTER, SHORT = 0.25, 0.4
"""Effort for a region, and for the whole question, before the other strategies are come back to."""

ROUNDS, GROWTH = 3, 4
"""How often all strategies are come back to, each time with so many times the patience and the draws."""

EXACT: Mode = "polynomial"
"""The mode for a look at a small question, of integers too: it settles most."""

REAL_MODES: Sequence[Mode] = ("polynomial", "elimination", "general")
INTEGER_MODES: Sequence[Mode] = ("general", "small-integers")

Look = tuple[SolverProcess | None, Mode, float]
"""A solver, if there is one, its mode and its effort."""

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
class Portfolio(Strategies):
    """The strategies over a crew of solver processes, in order."""

    def decide(self, problem: Problem, samples: int, deadline: float) -> Verdict:
        """The first verdict that a strategy comes to; else what stood in the way."""
        self.crew.forget()
        with closing(self._steps(problem, samples, deadline)) as steps:
            return self._first(problem, steps, samples, deadline)

    def construct(self, problem: Problem, samples: int, deadline: float) -> Verdict:
        """What can be had without any solver: a witness, or nothing."""
        steps: list[Step] = [
            ("construct", 1.0, self._construct(problem, samples, 1, FEW_DRAWS)),
            ("closed", 0.5, self._closed(problem, samples, 1, FEW_FORMS)),
            ("enclose", 1.0, self._enclose(problem, samples, 1, FEW_SOLUTIONS)),
        ]
        asked = [step for step in steps if self.strategy in ("auto", step[0])]
        return self._first(problem, asked, samples, deadline) if asked else Undecided("incomplete")

    def construct_few(self, problem: Problem, samples: int, deadline: float) -> Verdict:
        """What a few constructions come to."""
        if self.strategy != "auto":
            return Undecided("incomplete")
        few: Step = ("construct", 1.0, self._construct(problem, samples, 1, _constructed(problem)))
        return self._first(problem, [few], samples, deadline)

    def look(self, problem: Problem, samples: int, deadline: float) -> Verdict:
        """What is seen at once of a small question."""
        if self.strategy != "auto" or not _is_small(problem, samples):
            return Undecided("incomplete")
        if (problem.digest, samples) in self.looked:
            return Undecided("incomplete")
        self.crew.forget()
        self.looked.add((problem.digest, samples))
        with closing(self._at_once(problem, samples, self._whole(problem, samples), deadline)) as steps:
            return self._first(problem, steps, samples, deadline)

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
        fit, reason_of = False, cache(partial(unfit, problem=problem))
        for name, share, search in steps:
            now = time.monotonic()
            if now >= deadline:
                fit = True  # for all that is known: the other strategies were not asked
                break
            reason = reason_of(name)
            if reason is not None:
                reasons[name] = reason
                continue
            fit = True
            self.turned_to(name)
            self.progress(f"{name}, {samples} {'sample' if samples == 1 else 'samples'}")
            verdict = search(now + share * (deadline - now))
            if isinstance(verdict, Found | Impossible):
                if isinstance(verdict, Impossible):
                    self.heard.add(verdict.solver)
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

    def _steps(self, problem: Problem, samples: int, deadline: float) -> Generator[Step, None, None]:
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
                whole = self._whole(problem, samples)
                for mode in modes:
                    yield "piecewise", 1.0, self._piecewise(whole, mode, SHORT)
                yield from self._patiently(whole, modes)
            case _:
                if _is_small(problem, samples):
                    yield from self._of_small(problem, samples, modes, deadline)
                else:
                    yield from self._all(problem, samples, modes, deadline)

    def _at_once(
        self, problem: Problem, samples: int, whole: Whole, deadline: float
    ) -> Generator[Step, None, None]:
        """Constructions, while a solver looks at the whole of a small question.

        Where nothing but gradients is spoken of, half of these questions have a witness that is constructed
        in less time than it takes to encode them: there the solver comes after. A witness that is
        constructed goes before what the solver says, however long either takes: so the answer does not
        depend on which of them is quicker.
        """
        yield "fit", 0.25, self._fit(problem, samples, FEW_FITS)
        lead, draws = self.crew.lead, _constructed(problem)
        few = self._construct(problem, samples, 1, draws)
        before = not _is_conditioned(problem)
        if before:
            yield "construct", 0.25, few
        loaded = lead.ready(0.0)  # if not, that takes longer than constructions
        if loaded:
            whole.look(deadline)
        try:
            if not before:
                yield "construct", 0.25, few
            self.crew.start()
            if not loaded:
                whole.look(deadline)
            yield "piecewise", 0.25, whole.seen
        finally:
            lead.leave()

    def _beside(
        self, whole: Whole, look: Look, deadline: float, steps: Iterable[Step]
    ) -> Generator[Step, None, None]:
        """Steps, while another solver is at the whole question: its word counts after theirs."""
        solver, mode, effort = look
        if solver is None:
            yield from steps
            return
        ready = solver is not self.crew.lead and solver.ready(0.0)
        if ready:
            whole.ask(solver, mode, effort, deadline)
        try:
            yield from steps
            if not ready:
                whole.ask(solver, mode, effort, deadline)
            yield "piecewise", 1.0, partial(whole.told, solver)
        finally:
            solver.leave(kill=effort > GLIMPSE)

    def _yices(self, seconds: float) -> Look:
        """Yices counts no steps: only what nothing before its word settles can depend on the machine."""
        other = self.crew.other
        return None if other is None or other.name == self.spared else other, "general", seconds

    def _of_small(
        self, problem: Problem, samples: int, modes: Sequence[Mode], deadline: float
    ) -> Generator[Step, None, None]:
        """Every strategy for a small question: what settles most of them in a moment goes first."""
        whole = self._whole(problem, samples)
        if (problem.digest, samples) not in self.looked:
            yield from self._at_once(problem, samples, whole, deadline)
            # Where that first look was made elsewhere, the solver knows nothing either: answers are the same.
            self.crew.lead.forget()
        second: list[Step] = [
            ("identities", 0.25, self._identities(problem, samples)),
            ("facts", 0.25, self._facts(problem, samples)),
            ("piecewise", 0.25, self._piecewise(whole, "elimination", GLANCE)),
        ]
        look: Look = (self.crew.second, EXACT, GLANCE)
        beside = self._beside(whole.otherwise, look, deadline, second)
        yield from self._beside(whole, self._yices(GLIMPSE), deadline, beside)
        regions = self._few_regions(problem, samples)
        third: list[Step] = [
            ("guess", 0.25, self._guess(problem, samples, 1, FEW)),
            ("construct", 0.25, self._construct(problem, samples, _constructed(problem) + 1, MORE_DRAWS)),
            ("regions", 0.5, regions(GLANCE)),
            ("fit", 0.25, self._fit(problem, samples, FITS, FEW_FITS + 1)),
        ]
        yield from self._beside(whole, self._yices(LOOK), deadline, third)
        yield from self._longer(whole, modes, regions, deadline)

    def _all(
        self, problem: Problem, samples: int, modes: Sequence[Mode], deadline: float
    ) -> Generator[Step, None, None]:
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
        whole = self._whole(problem, samples)
        yield "piecewise", 0.25, self._piecewise(whole, modes[0], GLANCE)
        yield "guess", 0.25, self._guess(problem, samples, 1, FEW)
        yield "construct", 0.25, self._construct(problem, samples, FEW_DRAWS + 1, MORE_DRAWS)
        regions = self._few_regions(problem, samples)
        yield "regions", 0.5, regions(GLANCE)
        yield from self._longer(whole, modes, regions, deadline)

    def _longer(
        self, whole: Whole, modes: Sequence[Mode], regions: Callable[[float], Search], deadline: float
    ) -> Iterator[Step]:
        """What is done where nothing at first sight has come to anything."""
        problem, samples = whole.problem, whole.samples
        yield "construct", 0.25, self._construct(problem, samples, MORE_DRAWS + 1, DRAWS)
        yield "closed", 0.25, self._closed(problem, samples, MORE_FORMS + 1, FORMS)
        yield "enclose", 0.5, self._enclose(problem, samples, MORE_SOLUTIONS + 1, SOLUTIONS)
        yield "guess", 0.25, self._guess(problem, samples, FEW + 1, MORE)
        yield "regions", 0.5, regions(QUARTER)
        short: list[Step] = [("piecewise", 1.0, self._piecewise(whole, mode, SHORT)) for mode in modes[:2]]
        look: Look = (self.crew.second if unfit("piecewise", problem) is None else None, EXACT, SHORT)
        yield from self._beside(whole.otherwise, look, deadline, short)
        yield "guess", 0.25, self._guess(problem, samples, MORE + 1, MANY)
        yield from self._again(whole, modes, regions, deadline)
        yield "regions", 0.7, self._regions(problem, samples, least=FEW_REGIONS + 1)
        yield from self._patiently(whole, modes)

    def _again(
        self, whole: Whole, modes: Sequence[Mode], regions: Callable[[float], Search], deadline: float
    ) -> Iterator[Step]:
        """All strategies again and again, with growing patience: nobody knows beforehand which is quick."""
        problem, samples = whole.problem, whole.samples
        for number in range(ROUNDS):
            done, more = GROWTH**number, GROWTH ** (number + 1)
            steps: list[Step] = [
                ("construct", 0.1, self._construct(problem, samples, DRAWS * done + 1, DRAWS * more)),
                ("fit", 0.1, self._fit(problem, samples, FITS * more, FITS * done + 1)),
                ("closed", 0.1, self._closed(problem, samples, FORMS * done + 1, FORMS * more)),
                ("enclose", 0.1, self._enclose(problem, samples, SOLUTIONS * done + 1, SOLUTIONS * more)),
                ("guess", 0.1, self._guess(problem, samples, MANY * done + 1, MANY * more)),
            ]
            again = modes if number < ROUNDS - 1 else ()  # the last time without any limit
            glances: list[Step] = [
                ("piecewise", 0.3, self._piecewise(whole, mode, SHORT * more)) for mode in again
            ]
            steps += [*glances[:1], ("regions", 0.4, regions(SHORT * more**2)), *glances[1:]]
            if number == 1 and unfit("piecewise", problem) is None:
                yield from self._beside(whole, self._yices(STARE), deadline, steps)
            else:
                yield from steps

    def _patiently(self, whole: Whole, modes: Sequence[Mode]) -> Iterator[Step]:
        for left, mode in zip(range(len(modes), 0, -1), modes, strict=True):
            yield "piecewise", 1 / left, self._piecewise(whole, mode, None)


def _constructed(problem: Problem) -> int:
    """How many constructions come before a solver's word: with conditions, few come to anything."""
    return CONDITIONED if _is_conditioned(problem) else UNCONDITIONED


def _is_conditioned(problem: Problem) -> bool:
    """Whether more than gradients is spoken of."""
    return bool(problem.where or problem.given or problem.bounds)


def _is_small(problem: Problem, samples: int) -> bool:
    """Whether a solver may see the whole question at once, at little cost.

    Not where no number of samples is known to suffice: what rules out all of them at once goes first there.
    """
    if problem.samples.most is None and sufficient_samples(problem) is None:
        return False
    units = sum(layer.units for layer in problem.network.layers)
    if samples * units > SMALL or unfit("piecewise", problem) is not None:
        return False
    return exact_elsewhere(problem) is not None
