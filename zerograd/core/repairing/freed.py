"""One number of an example is free: for which values of it do all claims hold?

Everything that a network of piecewise linear activations calculates is, between finitely many values of one
of its numbers, a polynomial in that number. So the line is walked from left to right: at a place, and right
of it, claims are judged by the signs of polynomials; what is found there holds as far as the least root of
any polynomial whose sign was asked, which is the next place. Nothing is left out: every number is a place, or
lies between two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import Any

from zerograd.core.auditing.claims import Claim, Digits, Step
from zerograd.core.auditing.grading import printed_so
from zerograd.core.auditing.judging import RULES, after_step
from zerograd.core.auditing.naming import lookup_at
from zerograd.core.errors import FormatError
from zerograd.core.model.activations import Activation, PiecewiseLinear
from zerograd.core.model.backprop import Site, Unevaluated
from zerograd.core.model.kinks import CHOICES, Kink
from zerograd.core.model.point import Point
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.functions import NotClosed, Rational
from zerograd.core.numbers.work import spend
from zerograd.core.question import given
from zerograd.core.question.conditions import Condition, evaluate, number_of
from zerograd.core.question.fitness import smooth
from zerograd.core.question.problem import Problem
from zerograd.core.repairing.line import (
    UNKNOWN,
    Integers,
    Place,
    Spot,
    SpotAlgebra,
    SpotFunctions,
    order,
    place_from_json,
    place_to_json,
    real_roots,
)
from zerograd.core.repairing.loose import LOOSE, Loose

MAX_PLACES = 10_000
"""Places of one number, after which it is given up."""
MAX_DEGREE = 100
"""The highest degree of polynomials of which roots are looked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A given number, by name and place: ``w1[0,1]``."""

    name: str
    index: Index

    def __str__(self) -> str:
        return entry(self.name, self.index)


@dataclass(frozen=True)
class Stretch:
    """Values of the free number for which all claims hold.

    Attributes:
        low: None: no lowest one.
        has_low: whether the lowest belongs to it.
        decided: False: for these, no claim is known to be wrong, and not all are known to be right.
    """

    low: Place | None
    high: Place | None
    has_low: bool
    has_high: bool
    decided: bool = True

    @property
    def is_point(self) -> bool:
        """Whether it is one value."""
        return self.low is not None and self.high is not None and order(self.low, self.high) == 0

    def holds(self, value: Rational) -> bool:
        """Whether a value belongs to it."""
        above = 1 if self.low is None else order(value, self.low)
        below = -1 if self.high is None else order(value, self.high)
        return (above > 0 or (above == 0 and self.has_low)) and (below < 0 or (below == 0 and self.has_high))

    def to_json(self) -> dict[str, Any]:
        return {
            "low": None if self.low is None else place_to_json(self.low),
            "high": None if self.high is None else place_to_json(self.high),
            "has_low": self.has_low,
            "has_high": self.has_high,
        }


def stretch_from_json(data: object) -> Stretch:
    """Read a stretch. Raises FormatError."""
    if not isinstance(data, dict) or not {"low", "high", "has_low", "has_high"} <= set(data):
        raise FormatError("a stretch has low, high, has_low and has_high")
    low, high = (None if data[key] is None else place_from_json(data[key]) for key in ("low", "high"))
    return Stretch(low, high, data["has_low"] is True, data["has_high"] is True)


def convention_of(problem: Problem) -> Kink:
    """Return the derivative at kinks under which repairs are judged: an audit's first."""
    own = problem.derivative_at_kink
    return RULES[0] if own in ("forbid", *CHOICES) else own


def entries_of(problem: Problem) -> tuple[Entry, ...]:
    """Return all numbers that are given and may be other ones: x, y where targets are numbers, parameters."""
    names = ("x", *(("y",) if problem.targets == "real" else ()), *problem.network.shapes)
    arrays = given.given_arrays(problem)
    return tuple(Entry(name, index) for name in names for index, _ in arrays[name].items())


def with_entries(arrays: Mapping[str, Array[Any]], values: Mapping[Entry, Any]) -> dict[str, Array[Any]]:
    """Return the arrays with other values at some entries."""
    changed = dict(arrays)
    for name in {at.name for at in values}:
        here = {at.index: value for at, value in values.items() if at.name == name}
        entries = tuple(here.get(index, value) for index, value in arrays[name].items())
        changed[name] = Array(arrays[name].shape, entries)
    return changed


def unfit(problem: Problem) -> str | None:
    """Return why the line of a number cannot be walked exactly; None if it can."""
    if reason := smooth(problem):
        return reason
    loss = problem.model.loss
    if not loss.is_rational or loss.inner is not loss:
        return f"the {loss.words} is not made of polynomials"
    if problem.domain != "real":
        return "its numbers are integers"
    return None


@dataclass(frozen=True, slots=True)
class SpotActivate:
    """φ and φ′ of polynomials, by their signs at a spot."""

    spot: Spot
    convention: Kink

    def __call__(self, activation: Activation, site: Site, z: Any, /) -> tuple[Any, Any]:
        if isinstance(z, Loose):
            return z, z
        if not isinstance(activation, PiecewiseLinear):
            raise Unevaluated(site, str(activation), "it is no polynomial")
        pieces = activation.pieces
        spend(2 * len(pieces))
        for number, piece in enumerate(pieces):
            if piece.high is None:
                break
            side = self.spot.compare(z, piece.high)
            if side < 0:
                break
            if side == 0:
                slope = activation.derivative_at_kink(number, self.convention)
                if slope is None:
                    raise Unevaluated(site, str(activation), "no derivative is taken on a kink")
                return piece.slope * z + piece.offset, slope
        return piece.slope * z + piece.offset, piece.slope


@dataclass(frozen=True)
class Line:
    """The line of one number of an example.

    Attributes:
        claims: those that are likely to fail first: what holds does not depend on their order.
        loose: other numbers that are free: a claim that depends on one of these is not decided.
    """

    problem: Problem
    claims: tuple[Claim, ...]
    arrays: dict[str, Array[Any]]
    free: Entry
    loose: tuple[Entry, ...] = ()
    roots: dict[Integers, tuple[Place, ...]] = field(default_factory=dict)

    def stretches(self) -> tuple[Stretch, ...]:
        """Return all values for which no claim is known to be wrong, from left to right.

        Raises:
            NotClosed: a polynomial has too high a degree, or there are too many places.
            TooMuchWork: it takes more than the budget.
        """
        found: list[Stretch] = []
        place: Place | None = None
        for _ in range(MAX_PLACES):
            spend(100)
            spot = Spot(place, beyond=True)
            verdict = self.verdict(spot)
            end = spot.end(self._roots)
            if verdict is not False:
                _joined(found, Stretch(place, end, False, False, verdict is True))
            if end is None:
                return tuple(found)
            verdict = self.verdict(Spot(end, beyond=False))
            if verdict is not False:
                _joined(found, Stretch(end, end, True, True, verdict is True))
            place = end
        raise NotClosed(f"there are more than {MAX_PLACES} places")

    def _roots(self, p: Integers) -> tuple[Place, ...]:
        if p not in self.roots:
            if len(p) > MAX_DEGREE:
                raise NotClosed(f"a polynomial has the degree {len(p) - 1}")
            self.roots[p] = real_roots(p)
        return self.roots[p]

    def verdict(self, spot: Spot) -> bool | None:
        """Whether no claim is wrong there; None if that is not decided."""
        problem = self.problem
        values = with_entries(self.arrays, {**dict.fromkeys(self.loose, LOOSE), self.free: UNKNOWN})
        convention = convention_of(problem)
        point: Point[Any] = Point(
            replace(problem.model, derivative_at_kink=convention),
            {each: values[each] for each in problem.network.shapes},
            values["x"],
            values["y"],
            SpotActivate(spot, convention),
            SpotFunctions(spot),
        )
        return all_hold(self.claims, point, spot)


def _joined(found: list[Stretch], new: Stretch) -> None:
    """Add a stretch, to the last one if they meet."""
    if found:
        last = found[-1]
        meet = last.high is not None and new.low is not None and order(last.high, new.low) == 0
        if meet and last.decided == new.decided and (last.has_high or new.has_low):
            found[-1] = replace(last, high=new.high, has_high=new.has_high)
            return
    found.append(new)


def all_hold(claims: Iterable[Claim], point: Point[Any], spot: Spot) -> bool | None:
    """Whether an audit finds no claim wrong at a spot; None if that is not decided."""
    points: dict[Step | None, Point[Any]] = {None: point}
    decided = True
    for claim in claims:
        holds = _holds(claim, points, spot)
        if holds is False:
            return False
        decided = decided and holds is True
    return True if decided else None


def lazily_named(point: Point[Any]) -> Callable[[str], Array[Any]]:
    """Return the numbers of a point by name, each calculated when it is asked for."""
    named = lookup_at(point)

    def lookup(name: str) -> Array[Any]:
        if name in point.variables:
            return point.variables[name]
        if name == "y_hat":
            return point.forward.y_hat
        if name[0] in "za" and name[1:].isdigit():
            return getattr(point.forward, name[0])[int(name[1:]) - 1]  # type: ignore[no-any-return]
        inner = name[5:-1] if name.startswith("grad(") else ""
        return point.gradients[inner] if inner in point.gradients else named(name)

    return lookup


def _holds(claim: Claim, points: dict[Step | None, Point[Any]], spot: Spot) -> bool | None:
    if not isinstance(claim.statement, Digits | Condition):  # of a minimum: not looked at
        return True
    try:
        if claim.step is not None and claim.step not in points:
            points[claim.step] = after_step(points[None], claim.step)
        lookup, algebra = lazily_named(points[claim.step]), SpotAlgebra(spot)
        if not isinstance(claim.statement, Digits):
            return evaluate(claim.statement, algebra, lookup)
        values = number_of(claim.statement.quantity, algebra, lookup).entries
        pairs = zip(values, claim.statement.printed.entries, strict=True)
        known = True
        for value, printed in pairs:
            if isinstance(value, Loose):
                known = False
            elif not printed_so(partial(spot.compare, value), printed):
                return False
        return True if known else None
    except NotClosed:
        return None
    except ArithmeticError:  # it has no meaning there
        return False


def line_of(
    problem: Problem,
    claims: Sequence[Claim],
    free: Entry,
    values: Mapping[Entry, Rational] = MappingProxyType({}),
    loose: Sequence[Entry] = (),
) -> Line:
    """Return the line of a number.

    Args:
        values: of other numbers, in place of those given.
        loose: other numbers that are free.

    Raises:
        NotClosed: numbers are given that are not rational.
    """
    arrays = with_entries(given.given_arrays(problem), values)
    for name, array in arrays.items():
        if not array.kinds <= {int, Fraction}:
            raise NotClosed(f"{name} is not rational")
    return Line(problem, tuple(claims), arrays, free, tuple(loose))
