"""The search where slopes at kinks are chosen: ``derivative_at_kink: any`` and ``all``.

All other strategies know one derivative at each kink. So what is asked of them is the same question under a
convention in which that holds:

- without samples on kinks (``forbid``) there is nothing to choose: a witness answers ``any`` and ``all``;
- under ``all``, if there is no witness under one convention, there is none; a witness under one is tried;
- under ``any``, a witness under a convention has its slopes.

And for ``any`` a solver is given the facts of the core (`zerograd.core.refuting.dataset`), in which slopes at
kinks are unknowns: a model of them is mostly a witness, and where there is none, there is no witness.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from zerograd.core.errors import Refused
from zerograd.core.model.backprop import ExactActivate, forward
from zerograd.core.model.kinks import Kink
from zerograd.core.model.slopes import choices_at, common_between, conventions_between
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.dataset import chosen_unfit
from zerograd.core.refuting.refutation import system_of
from zerograd.core.refuting.system import split_name
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.chosen import answering
from zerograd.core.verdict.witness import Witness
from zerograd.search.facts import script_of
from zerograd.search.lift import complete, rationalise
from zerograd.search.number_field import common_field
from zerograd.search.portfolio import Portfolio
from zerograd.search.requirements import symbol
from zerograd.search.verdict import Found, Impossible, Undecided, Verdict
from zerograd.solvers.base import GaveUp, Mode, Model, NearModel, NoModel
from zerograd.solvers.facts import distinctions
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import Sort

NAME = "slopes"
GLANCE = 0.3
"""Effort for slopes as unknowns at first sight."""
MODES: tuple[Mode, ...] = ("polynomial", "elimination")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The search of a question in which slopes are chosen.

    Attributes:
        portfolio: the search under one convention. By strategy ``auto`` slopes are unknowns as well.
    """

    portfolio: Portfolio

    def construct(self, problem: Problem, samples: int, until: float) -> Verdict:
        """A witness off kinks, if one is at hand."""
        verdict = self.portfolio.construct(problem.with_kink("forbid"), samples, until)
        return _answering(problem, verdict) if isinstance(verdict, Found) else verdict

    def decide(self, problem: Problem, samples: int, deadline: float) -> Verdict:
        """The verdict for M = ``samples``."""
        missing = "no choice of slopes was found"
        if problem.derivative_at_kink == "all":
            missing = "no witness was found that answers under every choice of slopes"
        last = Undecided("incomplete", missing)
        for share, step in self._steps(problem, samples):
            now = time.monotonic()
            if now >= deadline:
                return Undecided("timeout")
            verdict = step(now + share * (deadline - now))
            if isinstance(verdict, Found | Impossible):
                return verdict
            if verdict.reason in ("memory", "unsupported"):
                last = verdict
        return Undecided("timeout") if time.monotonic() >= deadline else last

    def _steps(self, problem: Problem, samples: int) -> Iterator[tuple[float, Callable[[float], Verdict]]]:
        def under(convention: Kink) -> Callable[[float], Verdict]:
            return lambda until: self._under(convention, problem, samples, until)

        def unknown(effort: float | None) -> Callable[[float], Verdict]:
            return lambda until: self._unknown(problem, samples, effort, until)

        yield 0.25, under("forbid")
        if problem.derivative_at_kink == "all":
            conventions = common_between(problem.network)
            for remaining, convention in zip(range(len(conventions), 0, -1), conventions, strict=True):
                yield 1 / remaining, under(convention)
            return
        yield 0.25, unknown(GLANCE)
        for convention in conventions_between(problem.network):
            yield 0.25, under(convention)
        yield 1.0, unknown(None)

    def _under(self, convention: Kink, problem: Problem, samples: int, until: float) -> Verdict:
        verdict = self.portfolio.decide(problem.with_kink(convention), samples, until)
        if isinstance(verdict, Found):
            return _answering(problem, verdict)
        stands_for_all = problem.derivative_at_kink == "all" and convention != "forbid"
        if isinstance(verdict, Impossible) and not stands_for_all:
            return Undecided("incomplete")  # with other slopes, or on kinks, there may be a witness
        return verdict

    def _unknown(self, problem: Problem, samples: int, effort: float | None, until: float) -> Verdict:
        """With slopes as unknowns."""
        portfolio = self.portfolio
        if portfolio.strategy != "auto" or chosen_unfit(problem):
            return Undecided("incomplete")
        portfolio.turned_to(NAME)
        solver, seed = portfolio.crew.lead, portfolio.seed
        return with_slopes(problem, samples, solver, effort=effort, deadline=until, seed=seed)


def _answering(problem: Problem, verdict: Found) -> Verdict:
    """The witness, if it answers the question."""
    witness = answering(problem, verdict.witness)
    with suppress(Refused):
        check_witness(problem, witness)
        return Found(witness, verdict.strategy)
    return Undecided("incomplete")


def with_slopes(
    problem: Problem,
    samples: int,
    solver: SolverProcess,
    *,
    effort: float | None,
    deadline: float,
    seed: int,
) -> Verdict:
    """Decide ``any`` for M = ``samples``, slopes at kinks being unknowns."""
    try:
        system = system_of(problem, "dataset", samples)
    except Refused as refusal:
        return Undecided("incomplete", str(refusal))

    def declared(name: str, _: int) -> tuple[str, Sort]:
        return symbol(*split_name(name)), "Int" if name in system.integers else "Real"

    script = script_of([*system.facts.values(), *distinctions(system).values()], declared)
    for number, mode in enumerate(("general",) if system.integers else MODES):
        now = time.monotonic()
        until = deadline if number or effort is not None else now + (deadline - now) / 2
        outcome = solver.check(script, deadline=until, mode=mode, seed=seed, effort=effort)
        match outcome:
            case NoModel():
                return Impossible("solver", NAME)
            case Model():
                model = rationalise(script, outcome, solver, deadline=deadline, seed=seed)
                values = common_field(model.values, deadline=deadline)
                if values is None:
                    continue
                return _answering_with(problem, samples, values)
            case NearModel() | GaveUp():
                pass  # another mode may come further
    return Undecided("incomplete")


def _answering_with(problem: Problem, samples: int, values: Mapping[str, Exact]) -> Verdict:
    """The witness that a model is."""
    arrays = complete(problem, samples, values, {})
    # Conventions differ in slopes alone: ŷ, and which numbers are on kinks, are the same under each.
    run = forward(problem.network, arrays, arrays["x"], ExactActivate("left"))
    target = problem.model.loss.target
    if problem.model.loss.least_squares and problem.domain == "real":
        given = problem.given.get("y", {})
        residuals = Array.build(arrays["y"].shape, lambda i: values.get(symbol("r", i), 0))
        known = arrays["y"]
        arrays["y"] = Array.build(
            known.shape, lambda i: known[i] if i in given else target(run.y_hat[i], residuals[i])
        )
    left = Witness.of(problem.with_kink("left"), arrays)
    slopes = {
        choice.place: values.get(symbol(f"s{choice.layer}", (choice.sample, choice.unit)), choice.low)
        for choice in choices_at(left.point)
    }
    witness = Witness.of(problem, arrays, slopes)
    with suppress(Refused):
        check_witness(problem, witness)
        return Found(witness, NAME)
    return Undecided("incomplete", "what is known of slopes as unknowns is not enough for this question")
