"""Boxes around numerical solutions: enclosed witnesses for the checker."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction

from zerograd.core.model.references import Reference
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.real import Ball, sign
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.homogeneity import identities
from zerograd.core.verdict.dropping import Dropped, fault
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.solution import place_of
from zerograd.search.smooth.newton import Square
from zerograd.search.smooth.passes import Entry
from zerograd.search.smooth.refining import DIGITS, refined

RADIUS = Fraction(1, 10 ** (DIGITS - 5))
"""Half of a box's width."""


def boxed(
    problem: Problem, system: Square, exact: Mapping[str, Array[Fraction]], zero: Sequence[Entry]
) -> EnclosedWitness | None:
    """The box around a solution; None where it is not found to many digits, or an entry is not accounted for.

    Args:
        exact: all variables, by name; what it has for the unknowns plays no part.
        zero: the entries that are asked to be zero; those that are no equations are dropped, each with
            an identity that implies it.
    """
    solution = refined(system, exact)
    if solution is None:
        return None
    balls = {place: Ball(centre, RADIUS) for place, centre in solution.items()}

    def entry(name: str, index: Index, value: Fraction) -> int | Fraction | Ball:
        return balls.get((name, index), value.numerator if value.denominator == 1 else value)

    box = {
        name: Array(array.shape, tuple(entry(name, index, value) for index, value in array.items()))
        for name, array in exact.items()
    }
    equations = tuple(Reference(*place) for place in system.equations)
    return explained(EnclosedWitness(problem, box, equations), zero)


def explained(witness: EnclosedWitness, zero: Sequence[Entry]) -> EnclosedWitness | None:
    """Add the entries that are zero without being equations; None where one is not accounted for."""
    equations = set(map(place_of, witness.equations))
    left = [place for place in zero if place not in equations]
    if not left:
        return witness
    if witness.solution.violations:
        return None
    # Sums of adjoints that are ±1 are 0 by themselves.
    left = [(name, index) for name, index in left if sign(witness.gradients[name][index]) != 0]
    dropped = _dropped(witness, left, equations)
    return None if dropped is None else witness.with_dropped(dropped)


def _dropped(
    witness: EnclosedWitness, left: Sequence[Entry], zeros: Collection[Entry]
) -> tuple[Dropped, ...] | None:
    """An identity for each entry, in an order in which each is implied by those before it."""
    known, dropped, remaining = set(zeros), list[Dropped](), list(left)
    while remaining:
        for place in remaining:
            reason = next((d for d in _reasons(witness, place) if not fault(d, known, witness.point)), None)
            if reason is not None:
                break
        else:
            return None
        dropped.append(reason)
        known.add(place)
        remaining.remove(place)
    return tuple(dropped)


def _reasons(witness: EnclosedWitness, place: Entry) -> Iterator[Dropped]:
    reference = Reference(*place)
    yield Dropped(reference, "outputs")
    yield Dropped(reference, "inputs")
    for unit, into, out in identities(witness.problem.network):
        if place in into or place in out:
            yield Dropped(reference, "homogeneity", unit)
