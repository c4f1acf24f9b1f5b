"""A smaller witness to begin with, where the first one is too large to go through all that is smaller."""

from __future__ import annotations

import time
from collections.abc import Callable

from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.size import size_of
from zerograd.core.verdict.witness import Witness
from zerograd.search import construct
from zerograd.search.construct import constructions
from zerograd.search.draws import Draws
from zerograd.search.verdict import Found, Progress
from zerograd.solvers.process import SolverProcess

LARGE = 6
"""Height up to which no smaller one is looked for here."""

DRAWS = 324
"""Constructions, of which the smallest is taken."""

BOUNDS = (LARGE, 2 * LARGE, 4 * LARGE)
"""Bounds on whole numbers, for which a solver is asked."""

EFFORT = 1.0
"""Effort for a question with bounds on all numbers."""

SHARE = 0.6
"""A share of the time that is left, on a machine on which it takes so long."""


def reduced(
    problem: Problem,
    known: Witness,
    lead: Callable[[], SolverProcess],
    *,
    seed: int,
    deadline: float,
    progress: Progress,
) -> Witness:
    """Return a witness with as many samples and smaller numbers, or the one that is known.

    Args:
        lead: a solver process, if it comes to that.
    """
    now = time.monotonic()
    until = now + SHARE * (deadline - now)
    if _is_large(known) and construct.unfit(problem) is None:
        draws = Draws(1, DRAWS, until, seed, progress)
        for found in constructions(problem, known.samples, draws):
            known = _smaller(known, found.witness)
    if problem.domain != "integer":
        return known
    from zerograd.search import piecewise  # few witnesses need it

    if piecewise.unfit(problem) is not None:
        return known
    height = _height(known)
    if height > LARGE:
        solver = lead()
        solver.forget()  # what it was asked before sways what it finds
    for most in BOUNDS:  # small numbers are the quickest, as they have few bits
        if most >= height or time.monotonic() >= until:
            break
        progress(f"looking for numbers up to {most}")
        names = variable_shapes(problem.network, known.samples)
        narrower = problem.with_conditions(f"{-most} <= {name} <= {most}" for name in names)
        verdict = piecewise.piecewise(
            narrower, known.samples, solver, mode="small-integers", effort=EFFORT, deadline=until, seed=seed
        )
        if isinstance(verdict, Found):
            return verdict.witness.answering(problem)
    return known


def _height(witness: Witness) -> int:
    """The largest numerator or denominator; 0 where one is irrational."""
    size = size_of(witness)
    return 0 if size is None else size.height


def _is_large(witness: Witness) -> bool:
    return _height(witness) > LARGE


def _smaller(one: Witness, other: Witness) -> Witness:
    first, second = size_of(one), size_of(other)
    return other if first is not None and second is not None and second < first else one
