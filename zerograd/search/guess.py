"""Guess most of the unknowns as small integers, and solve for the rest.

With parameters and inputs fixed, everything is linear in the adjoints; with hidden parameters and
inputs fixed, the outputs are linear in the last layer. So a solver settles what is left of a guess
in a millisecond, and every condition of the problem is still asked of it. Finds witnesses only,
and clean ones: their numbers are small.
"""

from __future__ import annotations

import random

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.witness import Witness
from zerograd.search.draw import Structure, draw
from zerograd.search.draws import Draws, spread
from zerograd.search.encoding import encode, no_terms
from zerograd.search.lift import lift
from zerograd.search.verdict import Found, Verdict
from zerograd.solvers.base import Model
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import FALSE

NAME = "guess"
EACH = 0.25
"""Effort for one guess; most take a few milliseconds."""


def unfit(problem: Problem) -> str | None:
    """Return why this strategy cannot answer the question."""
    return no_terms(problem)


def guess(problem: Problem, samples: int, solver: SolverProcess, draws: Draws) -> Verdict:
    """Look for a witness with M = ``samples``; it never says there is none."""
    # A witness off every kink answers under any convention: the cleaner one, and looked for first.
    question = problem.with_kink("forbid") if draws.first == 1 else problem
    for attempt, chance in draws.of(NAME):
        structure = _structure(problem, chance)
        fixed = draw(problem, samples, chance, spread=spread(attempt), structure=structure)
        if attempt % 3 == 0:  # with hidden layers and inputs fixed, the last layer is linear as well
            for name in (f"w{problem.network.depth}", f"b{problem.network.depth}"):
                fixed.pop(name, None)
        encoding = encode(question, samples, fixed=fixed)
        if FALSE in encoding.script.assertions:
            continue  # what was guessed contradicts the question by itself
        outcome = solver.check(
            encoding.script, deadline=draws.deadline, mode="general", seed=draws.seed, effort=EACH
        )
        if isinstance(outcome, Model):
            witness = lift(encoding, outcome, solver, deadline=draws.deadline, seed=draws.seed)
            if witness is not None:
                return Found(Witness.of(problem, witness.variables), NAME)
    return draws.in_vain()


def _structure(problem: Problem, chance: random.Random) -> Structure:
    """Any number of units that are not parallel, layer by layer."""
    hidden = problem.network.widths[1:-1]
    return Structure.with_originals(hidden, [chance.randint(1, units) for units in hidden])
