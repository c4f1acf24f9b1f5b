"""Some numbers of an example are free: which values of them make all claims right?

Of one number its line tells all. Of several, a claim that depends on none of them refutes them; and the line
of one tells for which of its values the claims hold that do not depend on the others: where these are
finitely many rational numbers, each of them leaves a question with a number less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from zerograd.core.auditing.claims import Claim
from zerograd.core.errors import FormatError
from zerograd.core.numbers.functions import NotClosed, Rational
from zerograd.core.numbers.rationals import narrowed, rational_text
from zerograd.core.question import given
from zerograd.core.question.problem import Problem
from zerograd.core.repairing.freed import Entry, Stretch, line_of, unfit
from zerograd.core.repairing.line import Place, enclosure, order, place_to_json
from zerograd.core.repairing.unmoved import wrong_anyway

NO_VALUES: Mapping[Entry, Rational] = MappingProxyType({})
MAX_PLACES = 30
"""Decimals of the plainest number of a stretch."""


@dataclass(frozen=True)
class Found:
    """Values with which all claims are right.

    Attributes:
        values: of the other numbers that change.
        free: the number that may have any value of the stretch.
    """

    values: tuple[tuple[Entry, Rational], ...]
    free: Entry
    stretch: Stretch

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The numbers that change."""
        return (*(at for at, _ in self.values), self.free)


def settled(
    problem: Problem,
    claims: Sequence[Claim],
    free: tuple[Entry, ...],
    values: Mapping[Entry, Rational] = NO_VALUES,
) -> list[Found] | None:
    """Return all values of some numbers with which all claims are right; None where that is not settled.

    Raises:
        TooMuchWork: it takes more than the budget.
    """
    if wrong_anyway(problem, claims, free, values) is not None:
        return []
    if unfit(problem) is not None:
        return None
    for one in free:
        rest = tuple(each for each in free if each != one)
        try:
            stretches = line_of(problem, claims, one, values, rest).stretches()
        except (NotClosed, FormatError):
            return None
        if not rest:
            if not all(stretch.decided for stretch in stretches):
                return None
            return [Found(tuple(values.items()), one, stretch) for stretch in stretches]
        if all(each.is_point and isinstance(each.low, int | Fraction) for each in stretches):
            found: list[Found] = []
            for each in stretches:
                inner = settled(problem, claims, rest, {**values, one: each.low})  # type: ignore[dict-item]
                if inner is None:
                    return None
                found += inner
            return found
    return None


def typical(problem: Problem, at: Entry) -> dict[str, Rational]:
    """Return what may have been meant in place of a number, by what went wrong: a sign, the point, its place.

    ``w1[0,1]`` as a key means that the number there was meant.
    """
    arrays = given.given_arrays(problem)
    value = Fraction(arrays[at.name][at.index])
    found: dict[str, Rational] = {
        "sign": -value,
        "ten times": 10 * value,
        "a tenth": value / 10,
        "twice": 2 * value,
        "half": value / 2,
        **({"one minus": 1 - value} if at.name in ("x", "y") else {}),
        "left out": 0,
    }
    for axis, place in enumerate(at.index):
        for beside in (place - 1, place + 1):
            index = (*at.index[:axis], beside, *at.index[axis + 1 :])
            if 0 <= beside < arrays[at.name].shape[axis]:
                found[str(Entry(at.name, index))] = arrays[at.name][index]
    seen: dict[str, Rational] = {}
    for name, other in found.items():
        if other != value and other not in seen.values():
            seen[name] = narrowed(Fraction(other))
    return seen


def meant(problem: Problem, at: Entry, stretch: Stretch) -> tuple[Rational | None, str]:
    """Return a value of a stretch that is likely meant, and why: else one with the fewest decimals.

    Returns:
        None if the stretch is one irrational number.
    """
    for name, value in typical(problem, at).items():
        if stretch.holds(value):
            return value, name
    if isinstance(stretch.low, int | Fraction) and stretch.is_point:
        return stretch.low, ""
    old = Fraction(given.given_arrays(problem)[at.name][at.index])
    for places in range(MAX_PLACES):
        unit = Fraction(1, 10**places)
        ends = [enclosure(end, 4 * MAX_PLACES) for end in (stretch.low, stretch.high) if end is not None]
        near = [old, *((low + high) / 2 for low, high in ends)]
        tried = {(value // unit + more) * unit for value in near for more in (-1, 0, 1, 2)}
        inside = [value for value in tried if stretch.holds(value)]
        if inside:
            return narrowed(min(inside, key=lambda value: (abs(value - old), value))), ""
    return None, ""


def closest(problem: Problem, found: Found) -> tuple[Place, bool]:
    """Return the value of a stretch next to the one that is given, and whether it belongs to the stretch."""
    old = given.given_arrays(problem)[found.free.name][found.free.index]
    stretch = found.stretch
    if stretch.low is not None and order(stretch.low, old) >= 0:
        return stretch.low, stretch.has_low
    if stretch.high is not None and order(stretch.high, old) <= 0:
        return stretch.high, stretch.has_high
    return old, True


def found_to_json(problem: Problem, found: Found) -> dict[str, Any]:
    """Return a repair as its document has it."""
    arrays = given.given_arrays(problem)
    to, slip = meant(problem, found.free, found.stretch)
    place, belongs = closest(problem, found)
    changes: list[dict[str, Any]] = [
        {"entry": str(at), "from": rational_text(arrays[at.name][at.index]), "to": rational_text(value)}
        for at, value in found.values
    ]
    last: dict[str, Any] = {
        "entry": str(found.free),
        "from": rational_text(arrays[found.free.name][found.free.index]),
    }
    last["to"] = place_to_json(found.stretch.low) if to is None and found.stretch.low is not None else to
    if isinstance(last["to"], int | Fraction):
        last["to"] = rational_text(last["to"])
    last["any"] = found.stretch.to_json()
    last["closest"] = place_to_json(place)
    if not belongs:
        last["closest_belongs"] = False
    if slip:
        last["meant"] = slip
    return {"changes": [*changes, last]}
