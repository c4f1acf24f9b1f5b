"""What is impossible by the facts that certificates rest on (`zerograd.core.refuting.dataset`, `moments`).

Values and slopes of smooth units and adjoints are unknowns there, tied together by what is known of
activations and losses. So it never says that there is a witness; where there is none, a certificate mostly
follows.
"""

from __future__ import annotations

from zerograd.core.errors import Refused
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.fitness import no_least_squares, smooth
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Kind
from zerograd.core.refuting.facts import Both, Either, Fact, Formula
from zerograd.core.refuting.refutation import system_of
from zerograd.core.refuting.system import Case, System
from zerograd.search.verdict import Impossible, Undecided, Verdict
from zerograd.solvers.base import Mode, Model, NoModel
from zerograd.solvers.facts import assertion
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import Script, Term

NAME = "facts"
EFFORT = 0.3
MODES: tuple[Mode, ...] = ("polynomial", "elimination")
MAX_TERMS = 20_000
"""Terms of facts; more are not worth the time."""


def unfit(problem: Problem) -> str | None:
    """Return why this strategy adds nothing: the question is one about polynomials as it stands."""
    if smooth(problem) or no_least_squares(problem):
        return None
    return "every question of these activations and this loss is treated as a whole by piecewise"


def facts(problem: Problem, samples: int, solver: SolverProcess, *, deadline: float, seed: int) -> Verdict:
    """Impossible for M = ``samples`` or, in an open range, for every M; or undecided."""

    def ruled_out(kind: Kind, number: int | None) -> str | None:
        """Return why it is not; None if it is."""
        try:
            system = system_of(problem, kind, number)
        except Refused as refusal:
            return str(refusal)
        formulas = [*system.facts.values(), *_distinctions(system)]
        if sum(map(_length, formulas)) > MAX_TERMS:
            return "the facts of such a dataset are too long"
        script = _script(formulas)
        for mode in MODES:
            outcome = solver.check(script, deadline=deadline, mode=mode, seed=seed, effort=EFFORT)
            if isinstance(outcome, NoModel):
                return None
            if isinstance(outcome, Model):
                break
        return "what is known of the activations and the loss does not rule it out"

    first = problem.samples.most is None and samples == problem.samples.least
    if first and ruled_out("moments", None) is None:
        return Impossible("solver", NAME, every=True)
    reason = ruled_out("dataset", samples)
    return Impossible("solver", NAME) if reason is None else Undecided("incomplete", reason)


def _script(formulas: list[Formula]) -> Script:
    script = Script()
    symbols: dict[str, Term] = {}

    def symbol(name: str) -> Term:
        if name not in symbols:
            symbols[name] = script.declare(f"v{len(symbols)}", "Real")
        return symbols[name]

    for formula in formulas:
        script.require(assertion(formula, symbol))
    return script


def _distinctions(system: System) -> list[Formula]:
    """One case of each distinction holds."""
    return [Either(tuple(map(_conjunction, cases))) for cases in system.splits.values()]


def _conjunction(case: Case) -> Formula:
    values = (Fact(Polynomial.variable(name) - value, "=") for name, value in case.values.items())
    return Both((*values, *(fact for _, fact in case.facts)))


def _length(formula: Formula) -> int:
    if isinstance(formula, Fact):
        return len(formula.polynomial.terms)
    return sum(map(_length, formula.parts))
