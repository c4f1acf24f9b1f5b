"""The one solution in the box of an enclosed witness, by Krawczyk's test.

The equations are evaluated by the reverse mode of `zerograd.core.model.backprop`: at the box's centre over
intervals, for their values; over the whole box over intervals with partial derivatives, for an enclosure of
the Jacobian. Both leave out the loss's positive factor. What is exact stays exact. Without unknowns the
box is one point, which is enclosed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Any

from zerograd.core.errors import FormatError, Violation
from zerograd.core.model.activations import Activation
from zerograd.core.model.backprop import OnKink, Site, backward
from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink
from zerograd.core.model.point import Model, Point
from zerograd.core.model.references import Reference, entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.dual import Dual, DualFunctions
from zerograd.core.numbers.functions import Functions, OutOfDomain, Straddles
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.krawczyk import Ends, contracted
from zerograd.core.numbers.real import Ball, Real, RealFunctions, compare, ends, sign
from zerograd.core.verdict.dropping import Dropped, Place, fault

Entry = int | Fraction | Ball
Known = dict[Site, tuple[Real, Real]]
"""φ and φ′ where the pre-activation is exact, for all passes."""

SPARE_BITS = 80
"""Bits of the intervals beyond those that tell the smallest radius from the largest centre."""
BITS_OF_POINTS = 200
"""Bits of the intervals where all numbers are exact."""
ATTEMPTS = 2
"""How often the test is tried, each time with twice as many bits."""
NEAR = 8
"""How far from 0 slopes are calculated from values, which is quicker."""
UNDECIDED = (Straddles, OutOfDomain, OnKink, ZeroDivisionError)
"""What stands in the way of a pass over enclosures."""


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
        return _Proved(super().gradients, self.zeros)


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
    unknowns = {
        (name, index): value
        for name, array in box.items()
        for index, value in array.items()
        if isinstance(value, Ball)
    }
    precision = _precision(unknowns.values())
    known: Known = {}
    reason = ""
    for _ in range(ATTEMPTS):
        system = _System(model, box, equations, unknowns, precision, known)
        try:
            if (image := system.contracted()) is not None:
                zeros = frozenset(map(place_of, equations))
                return Solution(replace(system.enclosed(image), zeros=zeros), ())
            reason = "Krawczyk's test does not put it inside the box"
        except UNDECIDED as problem:
            reason = str(problem)
        precision *= 2
        known.clear()
    wrong = Violation("equations", "exactly one solution in the box", f"not known: {reason}")
    return Solution(system.enclosed(None), (wrong,))


def _precision(balls: Collection[Ball]) -> int:
    """Bits that tell the smallest radius from the largest centre, and some more; without balls, some."""
    if not balls:
        return BITS_OF_POINTS
    largest = max([Fraction(1), *(abs(Fraction(ball.centre)) for ball in balls)])
    smallest = min(Fraction(ball.radius) for ball in balls)
    return ceil(largest / smallest).bit_length() + SPARE_BITS


def implied(solution: Solution, dropped: Iterable[Dropped]) -> Solution:
    """Add the entries that are implied by what is proved to be 0; what is not is a violation."""
    if solution.violations:
        return solution
    point = solution.point
    zeros, wrong = set(point.zeros), []
    for item in dropped:
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

    def __getitem__(self, name: str) -> Array[Real]:
        array = self.enclosed[name]
        values = (0 if (name, index) in self.zeros else value for index, value in array.items())
        return Array(array.shape, tuple(values))

    def __iter__(self) -> Iterator[str]:
        return iter(self.enclosed)

    def __len__(self) -> int:
        return len(self.enclosed)


@dataclass(frozen=True)
class _Activate:
    """φ and φ′ over enclosures, or over these with derivatives; of exact numbers they are remembered.

    Attributes:
        plain: the functions of enclosures.
        functions: those of the numbers that depend on an unknown.
    """

    convention: Kink
    plain: Functions
    functions: Functions
    known: Known

    def __call__(self, activation: Activation, site: Site, z: Any, /) -> tuple[Any, Any]:
        if not isinstance(z, int | Fraction):
            return self._both(activation, site, z, self.functions)
        if site not in self.known:
            self.known[site] = self._both(activation, site, z, self.plain)
        return self.known[site]

    def _both(self, activation: Activation, site: Site, z: Any, functions: Functions) -> tuple[Any, Any]:
        for kink in activation.kinks:
            self._check(site, compare(z.value if isinstance(z, Dual) else z, kink))
        value = activation.value(z, functions)
        quick = activation.derivative_of_value if isinstance(activation, Smooth) else None
        # Far out it would lose all digits, as 1 − a² does where a is nearly 1.
        if quick is not None and abs(_middle(z)) <= NEAR:
            return value, quick(value)
        return value, activation.slope(z, functions, self.convention)

    def _check(self, site: Site, order: int | None) -> None:
        """At a kink φ′ leaps: there a pre-activation has to stay, or keep away from it.

        Raises:
            OnKink: it stays on it, under ``forbid``.
            Straddles: it is not known to do either.
        """
        if order is None:
            layer, sample, unit = site
            raise Straddles(f"it is not known on which side of a kink z{layer}[{sample},{unit}] is")
        if order == 0 and self.convention == "forbid":
            raise OnKink(site)


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
        centre = {place: Interval.of(ball.centre, self.precision) for place, ball in self.unknowns.items()}
        values = self._values(self._point(centre, plain))
        if not self.unknowns:  # the box is a point, of which loss and activations have just been enclosed
            return []
        whole = {
            place: Dual(ball.interval(self.precision), {number: 1})
            for number, (place, ball) in enumerate(self.unknowns.items())
        }
        slopes = self._values(self._point(whole, DualFunctions(plain)))
        offsets = contracted(
            [Fraction(ball.radius) for ball in self.unknowns.values()],
            [*map(_ends, values)],
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
        balls = [ball.interval(self.precision) for ball in self.unknowns.values()]
        entries = dict(zip(self.unknowns, image or balls, strict=True))
        return self._point(entries, RealFunctions(self.precision))

    def _point(self, entries: Mapping[Place, Any], functions: Functions) -> SolvedPoint:
        arrays: dict[str, Array[Any]] = {}
        for name, array in self.box.items():
            values = (entries.get((name, index), value) for index, value in array.items())
            arrays[name] = Array(array.shape, tuple(values))
        parameters = {name: arrays[name] for name in self.model.network.shapes}
        plain = RealFunctions(self.precision)
        activate = _Activate(self.model.derivative_at_kink, plain, functions, self.known)
        return SolvedPoint(self.model, parameters, arrays["x"], arrays["y"], activate, functions)

    def _values(self, point: Point[Any]) -> list[Any]:
        """The left sides of the equations, over the loss's factor."""
        self._off_kinks(point)
        gradients = backward(self.model.network, point.parameters, point.forward, point.adjoint)
        return [gradients[name][index] for name, index in map(place_of, self.equations)]

    def _off_kinks(self, point: Point[Any]) -> None:
        """At a kink the adjoint leaps. Raises `Straddles` where a prediction is not known to keep away."""
        rows = zip(point.forward.y_hat.rows(), point.y.rows(), strict=True)
        for sample, (y_hat, y) in enumerate(rows):
            for output, number in self.model.loss.kinks(y_hat, y, point.functions):
                if sign(number.value if isinstance(number, Dual) else number) is None:
                    place = entry("y_hat", (sample, output))
                    raise Straddles(f"it is not known on which side of a kink of the loss {place} is")


def place_of(reference: Reference) -> Place:
    if reference.index is None:
        raise FormatError(f"{reference} is no gradient entry by its full index")
    return reference.name, reference.index


def _middle(value: Any) -> Fraction:
    """The middle of what is known of a number, or of its value."""
    low, high = _ends(value.value if isinstance(value, Dual) else value)
    return (low + high) / 2


def _ends(value: Any) -> Ends:
    return ends(value) if isinstance(value, Interval) else (Fraction(value), Fraction(value))


def _row(value: Any) -> dict[int, Ends]:
    """The derivatives by the unknowns that it depends on."""
    return {j: _ends(slope) for j, slope in value.partials.items()} if isinstance(value, Dual) else {}
