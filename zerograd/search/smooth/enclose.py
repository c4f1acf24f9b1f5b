"""Numerical solutions, to many digits, for the checker to enclose.

Parameters and data are drawn; the zero entries are equations in as few of them as make a regular system,
and all others are rational. Where nothing is asked to be zero, or all that is happens to be, a point of
rationals will do. Whether an exact solution lies near the one that is found here is for
`zerograd.core.verdict.enclosed` to prove. Finds witnesses only.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import chain, islice

import numpy as np

from zerograd.core.numbers.arrays import Array
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import NOT_ZERO, Relation
from zerograd.core.verdict.witness import Witness
from zerograd.search.draw import accepted
from zerograd.search.draws import Draws
from zerograd.search.smooth.boxes import boxed
from zerograd.search.smooth.fitness import exact_elsewhere, expected_signs
from zerograd.search.smooth.jets import Floats
from zerograd.search.smooth.newton import GRAINS, descend, squared
from zerograd.search.smooth.passes import Entry, Pass
from zerograd.search.smooth.points import at_point, drawn, given_values, may_rest
from zerograd.search.smooth.resting import at_rest, crowded, last_layer, rested
from zerograd.search.smooth.starts import Start, as_floats, start
from zerograd.search.verdict import Found, Undecided, Verdict

NAME = "enclose"

PLAIN = 1e-4
"""An entry above this, next to the largest adjoint, is taken for nonzero; others prove it."""

LARGEST = 3 * 10**7
"""Entries of one layer's derivatives by all variables at once, at most."""

LOWER_LAYERS = 8
"""Layers below a last layer at rest that are tried in one draw."""

MANY = 400
"""Variables that are moved at once, at most."""


def unfit(problem: Problem) -> str | None:
    """Return why this strategy cannot answer the question."""
    if given_values(problem, problem.samples.least) is not None:
        return exact_elsewhere(problem)
    if problem.domain == "integer" and problem.query[Relation.ZERO]:
        return "solutions that are enclosed are no integers"
    return exact_elsewhere(problem)


def enclose(problem: Problem, samples: int, draws: Draws) -> Verdict:
    """Look for a witness with M = ``samples``; it never says there is none."""
    given = given_values(problem, samples)
    if given is not None:
        for witness in at_point(problem, given, problem.asked_entries(Relation.ZERO, samples)):
            if accepted(problem, witness):
                return Found(witness, NAME)
        return Undecided("incomplete", "enclosures do not show what is asked of the numbers that are given")
    with np.errstate(all="ignore"):  # what is not finite is given up
        for attempt, chance in draws.of(NAME):
            try:
                for witness in _witnesses(problem, samples, attempt, chance, until=draws.deadline):
                    if accepted(problem, witness):
                        return Found(witness, NAME)
            except np.linalg.LinAlgError:
                continue
    return draws.in_vain()


def _witnesses(
    problem: Problem, samples: int, attempt: int, chance: random.Random, *, until: float
) -> Iterator[Witness]:
    """What one start leads to: boxes that have still to be checked."""
    equations = problem.asked_entries(Relation.ZERO, samples)
    if not equations:
        for exact in drawn(problem, samples, chance):
            if time.monotonic() >= until:
                return
            if answers(problem, samples, Pass(problem.model, as_floats(exact))):
                yield from at_point(problem, exact, ())
        return
    solutions: Iterable[tuple[Start, list[Entry], Pass]] = ()
    resting = at_rest(problem, samples)
    if resting:
        few = crowded(problem, samples)
        originals = few if attempt % 2 else None
        solutions = islice(_rested(problem, samples, chance, originals=originals, until=until), 1)
    if not resting or attempt % 2 == 0:
        begin = start(problem, samples, chance)
        here = Pass(problem.model, begin.floats)
        if may_rest(here, equations) and answers(problem, samples, here):
            yield from at_point(problem, begin.exact, equations)
        solutions = chain(solutions, _solutions(problem, samples, begin, wide=attempt % 2 == 0, until=until))
    for begun, variables, here in solutions:
        if not answers(problem, samples, here):
            continue
        for grain in GRAINS:
            system = squared(here, equations, variables, _weights(problem, variables), grain)
            if system is None or not answers(problem, samples, system.pass_):
                continue
            witness = boxed(problem, system, _with(begun.exact, system.exact), equations)
            if witness is not None:
                yield witness
                break
        else:
            continue
        return


def _rested(
    problem: Problem, samples: int, chance: random.Random, *, originals: int | None, until: float
) -> Iterator[tuple[Start, list[Entry], Pass]]:
    """Best last layers, for some layers below."""
    for _ in range(LOWER_LAYERS):
        best = rested(problem, start(problem, samples, chance, originals=originals), chance, until=until)
        if best is not None:
            yield best[0], last_layer(problem), best[1]


def _solutions(
    problem: Problem, samples: int, begin: Start, *, wide: bool, until: float
) -> Iterator[tuple[Start, list[Entry], Pass]]:
    """Solutions in targets alone, where there are more of them than equations; then in all that is free."""
    equations = problem.asked_entries(Relation.ZERO, samples)
    targets = [entry for entry in begin.free if entry[0] == "y"]
    choices = [targets] if len(targets) > len(equations) else []
    if len(begin.free) <= MANY and (wide or not choices):
        choices.append(list(begin.free))
    for variables in choices:
        if len(variables) * samples * max(problem.network.widths) > LARGEST:
            continue
        here = descend(Pass(problem.model, begin.floats), equations, variables, until=until)
        if here is not None:
            yield begin, variables, here


def _weights(problem: Problem, variables: list[Entry]) -> Floats:
    """How much one likes to have variables among the unknowns: targets most, inputs least."""
    last = f"{problem.network.depth}"
    liked = {"y": 1.0, f"w{last}": 0.6, f"b{last}": 0.6, "x": 0.05}
    return np.array([liked.get(name, 0.1) for name, _ in variables])


def _with(
    exact: Mapping[str, Array[Fraction]], entries: Mapping[Entry, Fraction]
) -> dict[str, Array[Fraction]]:
    return {
        name: Array.build(array.shape, lambda i, name=name, array=array: entries.get((name, i), array[i]))  # type: ignore[misc]
        for name, array in exact.items()
    }


def answers(problem: Problem, samples: int, at: Pass) -> bool:
    """Whether the entries that should not be zero seem to be as asked, and bounds seem to hold."""
    size = float(np.abs(at.adjoint).max(initial=0.0))
    if not size > PLAIN:
        return False
    enough = PLAIN * min(size, 1.0)
    for relation in NOT_ZERO:
        for value in at.at(problem.asked_entries(relation, samples)):
            if not abs(value) > enough or np.sign(value) not in expected_signs(problem, relation):
                return False
    for choice in problem.choices(samples):
        if not any(abs(value) > enough for value in at.at(list(choice.entries))):
            return False
    for (name, index), (low, high) in problem.entry_bounds(samples).items():
        value = at.values[name][index]
        if (low is not None and value < low) or (high is not None and value > high):
            return False
    return True
