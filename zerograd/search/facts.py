"""What is impossible by the facts that certificates rest on.

They are those of M samples (`zerograd.core.refuting.dataset`) or of every number of samples
(`zerograd.core.refuting.moments`).

Values and slopes of smooth units and adjoints are unknowns there, tied together by what is known of
activations and losses. So it never says that there is a witness; where there is none, a certificate mostly
follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from zerograd.core.errors import Refused
from zerograd.core.question.fitness import no_least_squares, smooth
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.facts import Fact, Formula
from zerograd.core.refuting.refutation import system_of
from zerograd.search.verdict import Impossible, Undecided, Verdict
from zerograd.solvers.base import Mode, Model, NoModel
from zerograd.solvers.facts import assertion, distinctions
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import Script, Sort, Term

NAME = "facts"
EFFORT = 0.3
EFFORT_FOR_EVERY = 0.1
"""A small part of what a single number of samples takes, which may have a witness."""
MODES: tuple[Mode, ...] = ("polynomial", "elimination")
MAX_TERMS = 20_000
"""Terms of facts; more are not worth the time."""


def unfit(problem: Problem) -> str | None:
    """Return why this strategy adds nothing: the question is one about polynomials as it stands."""
    if smooth(problem) or no_least_squares(problem):
        return None
    return "every question of these activations and this loss is treated as a whole by piecewise"


def facts(problem: Problem, samples: int, solver: SolverProcess, *, deadline: float, seed: int) -> Verdict:
    """Impossible for M = ``samples``, or undecided."""
    return _impossible(problem, samples, solver, EFFORT, deadline=deadline, seed=seed)


def facts_of_every(problem: Problem, solver: SolverProcess, *, deadline: float, seed: int) -> Verdict:
    """Impossible for every number of samples, or undecided."""
    return _impossible(problem, None, solver, EFFORT_FOR_EVERY, deadline=deadline, seed=seed)


def _impossible(
    problem: Problem,
    samples: int | None,
    solver: SolverProcess,
    effort: float,
    *,
    deadline: float,
    seed: int,
) -> Verdict:
    try:
        system = system_of(problem, "moments" if samples is None else "dataset", samples)
    except Refused as refusal:
        return Undecided("incomplete", str(refusal))
    formulas = [*system.facts.values(), *distinctions(system).values()]
    if sum(map(_length, formulas)) > MAX_TERMS:
        return Undecided("incomplete", "the facts of such a dataset are too long")
    script = script_of(formulas, lambda _, number: (f"v{number}", "Real"))
    for mode in MODES:
        outcome = solver.check(script, deadline=deadline, mode=mode, seed=seed, effort=effort)
        if isinstance(outcome, NoModel):
            return Impossible("solver", NAME, every=samples is None)
        if isinstance(outcome, Model):
            break
    return Undecided("incomplete", "what is known of the activations and the loss does not rule it out")


def script_of(formulas: Iterable[Formula], declared: Callable[[str, int], tuple[str, Sort]]) -> Script:
    """Return what formulas say, as a script.

    Args:
        declared: symbol and sort of an unknown, by its name and its number in the order of use.
    """
    script = Script()
    symbols: dict[str, Term] = {}

    def symbol(name: str) -> Term:
        if name not in symbols:
            symbols[name] = script.declare(*declared(name, len(symbols)))
        return symbols[name]

    for formula in formulas:
        script.require(assertion(formula, symbol))
    return script


def _length(formula: Formula) -> int:
    if isinstance(formula, Fact):
        return len(formula.polynomial.terms)
    return sum(map(_length, formula.parts))
