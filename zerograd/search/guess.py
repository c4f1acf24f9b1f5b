"""Guess most of the unknowns as small integers, and solve for the rest.

With parameters and inputs fixed, everything is linear in the targets; with hidden parameters and
inputs fixed, the outputs are linear in the last layer. So a solver settles what is left of a guess
in a millisecond, and every condition of the problem is still asked of it. Finds witnesses only,
and clean ones: their numbers are small.

Few samples want structure rather than general position: hidden units that are multiples of one
another put no new rows into the system, so most guesses have such units.
"""

from __future__ import annotations

import random
import time
from math import ceil, floor

from zerograd.core.arrays import Array, Index
from zerograd.core.problem import Problem
from zerograd.core.vocabulary import Bound, Rational, variable_shapes
from zerograd.core.witness import Witness
from zerograd.search.encoding import encode
from zerograd.search.lift import lift
from zerograd.search.verdict import Found, Progress, Undecided, Verdict
from zerograd.solvers.base import Model
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import FALSE

NAME = "guess"
EACH = 0.25
"""Effort for one guess; most take a few milliseconds."""


def guess(
    problem: Problem,
    samples: int,
    solver: SolverProcess,
    *,
    first: int,
    last: int,
    deadline: float,
    seed: int,
    progress: Progress,
) -> Verdict:
    """Look for a witness with M = ``samples`` in guesses ``first`` to ``last``; it never says there is none.

    Guesses are counted rather than timed, so that a seed gives the same answer on any machine.
    """
    # A witness off all kinks answers under every convention: the cleaner one, and looked for first.
    question = problem.with_kink("forbid") if first == 1 else problem
    for attempts in range(first, last + 1):
        if time.monotonic() >= deadline:
            return Undecided("timeout", f"{attempts - 1} guesses led to nothing")
        chance = random.Random(f"{seed} {attempts}")  # noqa: S311 - reproducible, not secret
        if attempts % 10 == 0:
            progress(f"{attempts} guesses")
        spread = min(1 + attempts // 12, 9)  # the smallest numbers first: they make the cleanest witness
        fixed = _draw(problem, samples, chance, spread=spread, open_end=attempts % 3 == 0)
        encoding = encode(question, samples, fixed=fixed)
        if FALSE in encoding.script.assertions:
            continue  # what was guessed contradicts the question by itself
        outcome = solver.check(encoding.script, deadline=deadline, mode="general", seed=seed, effort=EACH)
        if isinstance(outcome, Model):
            witness = lift(encoding, outcome, solver, deadline=deadline, seed=seed)
            if witness is not None:
                return Found(Witness.of(problem, witness.variables), NAME)
    return Undecided("incomplete", f"{last} guesses led to nothing, which shows nothing")


def _draw(
    problem: Problem, samples: int, chance: random.Random, *, spread: int, open_end: bool
) -> dict[str, dict[Index, Rational]]:
    """Small integers for parameters and inputs; with ``open_end``, the last layer is left open."""
    network = problem.network
    bounds = problem.entry_bounds(samples)
    open_names = {"y"} | ({f"w{network.depth}", f"b{network.depth}"} if open_end else set())
    fixed: dict[str, dict[Index, Rational]] = {}

    def draw(name: str, index: Index, wish: int) -> Rational:
        return _within(wish, bounds.get((name, index), (None, None)))

    for name, shape in variable_shapes(network, samples).items():
        if name not in open_names:
            # A weight of 0 cuts a connection: sometimes wanted, mostly not.
            nonzero = [*range(-spread, 0), *range(1, spread + 1)]
            wishes = [*range(-spread, spread + 1)] if name == "x" else nonzero * 3 + [0]
            values = Array.build(shape, lambda _, wishes=wishes: chance.choice(wishes))  # type: ignore[misc]
            fixed[name] = {index: draw(name, index, wish) for index, wish in values.items()}
    for number in range(1, network.depth):
        _make_parallel(problem, number, fixed, chance, bounds)
    return fixed


def _make_parallel(
    problem: Problem,
    number: int,
    fixed: dict[str, dict[Index, Rational]],
    chance: random.Random,
    bounds: dict[tuple[str, Index], Bound],
) -> None:
    """Turn some units of a hidden layer into multiples of others."""
    units = problem.network.layers[number - 1].units
    names = [name for name in (f"w{number}", f"b{number}") if name in fixed]
    originals = chance.randint(1, units)
    for unit in range(originals, units):
        twin, factor = chance.randrange(originals), chance.choice((1, 1, 2))
        for name in names:
            for index in fixed[name]:
                if index[0] == unit:
                    value = factor * fixed[name][(twin, *index[1:])]
                    fixed[name][index] = _within(value, bounds.get((name, index), (None, None)))


def _within(wish: Rational, bound: Bound) -> Rational:
    """The wish, moved to the nearest integer (else the nearest value) inside the bounds."""
    low, high = bound
    if low is not None and wish < low:
        wish = ceil(low) if high is None or ceil(low) <= high else low
    if high is not None and wish > high:
        wish = floor(high) if low is None or floor(high) >= low else high
    return wish
