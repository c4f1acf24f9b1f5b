"""The one solution in the box of an enclosed witness, by Krawczyk's test.

The equations are evaluated by the reverse mode of `zerograd.core.model.backprop`: at the box's centre over
intervals, for their values; over the whole box over intervals with partial derivatives, for an enclosure of
the Jacobian. Both leave out the loss's positive factor. What is exact stays exact. Without unknowns the
box is one point, which is enclosed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Any

from zerograd.core.errors import FormatError, Violation
from zerograd.core.model.backprop import backward
from zerograd.core.model.enclosing import (
    BITS_OF_POINTS,
    UNDECIDED,
    EnclosingActivate,
    Known,
    ends_of,
    keep_off_kinks,
)
from zerograd.core.model.point import Model, Point
from zerograd.core.model.references import Reference
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.dual import Dual, DualFunctions
from zerograd.core.numbers.functions import Functions
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.krawczyk import Ends, contracted
from zerograd.core.numbers.real import Ball, Real, RealFunctions
from zerograd.core.verdict.dropping import Dropped, Place, fault

Entry = int | Fraction | Ball
SPARE_BITS = 80
"""Bits of the intervals beyond those that tell the smallest radius from the largest centre."""
ATTEMPTS = 2
"""How often the test is tried, each time with twice as many bits."""


@dataclass(frozen=True)
class SolvedPoint(Point[Real]):
    """Enclosures of a point, of which some gradient entries are proved to be 0.

    Attributes:
        zeros: those entries.
    """

    zeros: frozenset[Place] = frozenset()

    @cached_property
    def gradients(self) -> Mapping[str, Array[Real]]:  # type: ignore[override]
        """∂L/∂ of every parameter and of ``x``; what is proved to be 0 is the int 0."""
        return _Proved(super().gradients, self.zeros) if self.zeros else super().gradients


@dataclass(frozen=True)
class Solution:
    """What Krawczyk's test and the identities prove.

    Attributes:
        point: enclosures of the solution; of the whole box, where none is proved.
        violations: what is not proved; nothing, if the box holds a solution.
    """

    point: SolvedPoint
    violations: tuple[Violation, ...]


def solved(
    model: Model,
    box: Mapping[str, Array[Entry]],
    equations: Sequence[Reference],
) -> Solution:
    """Prove that a box holds exactly one point at which the equations hold, and enclose it.

    Without unknowns nothing is proved to be 0: what is, has an enclosure that is the point 0.

    Args:
        box: parameters, ``x`` and ``y`` by name, with a `Ball` for each unknown.
        equations: gradient entries by full index, as many as there are unknowns.
    """
    unknowns = unknowns_of(box)
    precision = _precision(unknowns.values())
    known: Known = {}
    reason = ""
    for _ in range(ATTEMPTS):
        system = _System(model, box, equations, unknowns, precision, known)
        try:
            if (image := system.contracted()) is not None:
                point, zeros = system.enclosed(image), frozenset(map(place_of, equations))
                # Without equations it keeps what is calculated already.
                return Solution(replace(point, zeros=zeros) if zeros else point, ())
            reason = "Krawczyk's test does not put it inside the box"
        except UNDECIDED as problem:
            reason = str(problem)
        precision *= 2
        known.clear()
    wrong = Violation("equations", "exactly one solution in the box", f"not known: {reason}")
    return Solution(system.enclosed(None), (wrong,))


def unknowns_of(box: Mapping[str, Array[Entry]]) -> dict[Place, Ball]:
    """The ball of each unknown, by name and full index."""
    return {
        (name, index): value
        for name, array in box.items()
        if Ball in array.kinds
        for index, value in array.items()
        if isinstance(value, Ball)
    }


def _precision(balls: Collection[Ball]) -> int:
    """Bits that tell the smallest radius from the largest centre, and some more; without balls, some."""
    if not balls:
        return BITS_OF_POINTS
    largest = max([Fraction(1), *(abs(Fraction(ball.centre)) for ball in balls)])
    smallest = min(Fraction(ball.radius) for ball in balls)
    return ceil(largest / smallest).bit_length() + SPARE_BITS


def implied(solution: Solution, dropped: Iterable[Dropped]) -> Solution:
    """Add the entries that are implied by what is proved to be 0; what is not is a violation."""
    items = tuple(dropped)
    if solution.violations or not items:
        return solution
    point = solution.point
    zeros, wrong = set(point.zeros), []
    for item in items:
        if (reason := fault(item, zeros, point)) is None:
            zeros.add(place_of(item.entry))
        else:
            wrong.append(Violation(f"dropped {item.entry}", f"0 by {item.identity}", reason))
    proved = replace(point, zeros=frozenset(zeros))
    for name in ("forward", "adjoint", "adjoints"):  # what is calculated already
        if name in vars(point):
            vars(proved)[name] = vars(point)[name]
    return Solution(proved, tuple(wrong))


@dataclass(frozen=True)
class _Proved(Mapping[str, Array[Real]]):
    """Gradients with 0 for the entries that are proved to be 0; each is calculated when it is asked for."""

    enclosed: Mapping[str, Array[Real]]
    zeros: frozenset[Place]
    known: dict[str, Array[Real]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array[Real]:
        if name not in self.known:
            array = self.enclosed[name]
            values = (0 if (name, index) in self.zeros else value for index, value in array.items())
            self.known[name] = Array(array.shape, tuple(values))
        return self.known[name]

    def entries(self, name: str) -> Iterator[tuple[Index, Real]]:
        """Yield each entry with its index."""
        yield from self[name].items()

    def __iter__(self) -> Iterator[str]:
        return iter(self.enclosed)

    def __len__(self) -> int:
        return len(self.enclosed)


@dataclass(frozen=True)
class _System:
    """The equations over a box, with so many bits."""

    model: Model
    box: Mapping[str, Array[Entry]]
    equations: Sequence[Reference]
    unknowns: Mapping[Place, Ball]
    precision: int
    known: Known

    def contracted(self) -> list[Interval] | None:
        """Return enclosures of the unknowns, from all of their balls; None where the test fails."""
        plain = RealFunctions(self.precision)
        if not self.unknowns:  # the box is a point, of which loss and activations are enclosed
            self._values(self.point)
            return []
        centre = {place: Interval.of(ball.centre, self.precision) for place, ball in self.unknowns.items()}
        values = self._values(self._point(centre, plain))
        whole = {
            place: Dual(ball.interval(self.precision), {number: 1})
            for number, (place, ball) in enumerate(self.unknowns.items())
        }
        slopes = self._values(self._point(whole, DualFunctions(plain)))
        offsets = contracted(
            [Fraction(ball.radius) for ball in self.unknowns.values()],
            [*map(ends_of, values)],
            [_row(value) for value in slopes],
        )
        if offsets is None:
            return None
        return [
            Interval.between(ball.centre + low, ball.centre + high, self.precision)
            for ball, (low, high) in zip(self.unknowns.values(), offsets, strict=True)
        ]

    def enclosed(self, image: Sequence[Interval] | None) -> SolvedPoint:
        """Return the point with these enclosures of the unknowns, or with their balls."""
        if not self.unknowns:
            return self.point
        balls = [ball.interval(self.precision) for ball in self.unknowns.values()]
        entries = dict(zip(self.unknowns, image or balls, strict=True))
        return self._point(entries, RealFunctions(self.precision))

    @cached_property
    def point(self) -> SolvedPoint:
        """The one point of a box without unknowns."""
        return self._point({}, RealFunctions(self.precision))

    def _point(self, entries: Mapping[Place, Any], functions: Functions) -> SolvedPoint:
        arrays: dict[str, Array[Any]] = {}
        for name, array in self.box.items() if entries else ():
            values = (entries.get((name, index), value) for index, value in array.items())
            arrays[name] = Array(array.shape, tuple(values))
        arrays = arrays or dict(self.box)
        parameters = {name: arrays[name] for name in self.model.network.shapes}
        plain = RealFunctions(self.precision)
        activate = EnclosingActivate(self.model.derivative_at_kink, plain, functions, self.known)
        return SolvedPoint(self.model, parameters, arrays["x"], arrays["y"], activate, functions)

    def _values(self, point: Point[Any]) -> list[Any]:
        """The left sides of the equations, over the loss's factor."""
        keep_off_kinks(point)
        gradients = backward(self.model.network, point.parameters, point.forward, point.adjoint)
        return [gradients[name][index] for name, index in map(place_of, self.equations)]


def place_of(reference: Reference) -> Place:
    if reference.index is None:
        raise FormatError(f"{reference} is no gradient entry by its full index")
    return reference.name, reference.index


def _row(value: Any) -> dict[int, Ends]:
    """The derivatives by the unknowns that it depends on."""
    return {j: ends_of(slope) for j, slope in value.partials.items()} if isinstance(value, Dual) else {}
