"""The search for the least loss of all parameters, for given data: convex problems, one after another.

Each choice of a pattern and a sign for every unit is a convex problem (`zerograd.core.points.lowest`): the
point of a cone nearest to the targets. What is left of them is a direction that bounds the loss of many other
choices, too; the next problem is one that has no bound yet. So few of the many choices are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, combinations_with_replacement
from math import lcm
from typing import Any

from zerograd.classifying.nearest import Whole, nearest, remainder, whole
from zerograd.core.model.point import Model
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.products import dot
from zerograd.core.numbers.rationals import narrowed
from zerograd.core.points.lowest import SIGNS, Bound, Cones, Lowest, least_masks
from zerograd.core.points.patterns import Pattern, Vector, following, side
from zerograd.core.points.second_order import kernel

MOST_PATTERNS = 400
MOST_PROBLEMS = 2000
MOST_CHOICES = 3_000_000
"""Choices of cones that are looked at in all, before the search gives up."""

Cone = tuple[Pattern, int]


@dataclass(frozen=True)
class Least:
    """The least sum of squares of all parameters.

    Attributes:
        parameters: such as have it.
        proof: that none have a lower one; None where it is 0.
    """

    squares: Fraction
    parameters: Mapping[str, Array[Any]]
    proof: Lowest | None


class TooManyError(Exception):
    """There are more choices than are looked at; the text says of what."""


def find_least(
    model: Model, x: Array[Any], y: Array[Any], timely: Callable[[], bool] = lambda: True
) -> Least:
    """Return the least sum of squares of a model that is fit (`zerograd.core.points.lowest.unfit`).

    Args:
        x, y: rational, shapes (M, inputs) and (M, 1).
        timely: whether there is time.

    Raises:
        TooManyError: it was not found.
    """
    return _Search(model, x, y, timely).run()


@dataclass
class _Pool:
    """Directions, each with the cones that it bounds.

    Attributes:
        masks: of each cone the numbers of its directions, as bits.
    """

    masks: dict[Cone, int]
    directions: list[Whole] = field(default_factory=list)

    def least(self) -> dict[int, Cone]:
        """A cone for each set of bounds that contains no other."""
        named: dict[int, Cone] = {}
        for cone, mask in self.masks.items():
            named.setdefault(mask, cone)
        return {mask: named[mask] for mask in least_masks(named)}


class _Search:
    def __init__(self, model: Model, x: Array[Any], y: Array[Any], timely: Callable[[], bool]) -> None:
        self.model, self.timely = model, timely
        self.cones = Cones(model.network, x.rows())
        self.scale = lcm(*(Fraction(v).denominator for v in y.entries))
        self.y: Whole = tuple(int(v * self.scale) for v in y.entries)
        self.columns = _independent(self.cones.rows)
        rows = [tuple(Fraction(row[j]) for j in self.columns) for row in self.cones.rows]
        self.rows = [whole(row) if any(row) else tuple(map(int, row)) for row in rows]
        """X_m with independent columns, each times a number above 0: what has these signs stays the same."""
        self.exact = rows
        self.undivided: dict[Pattern, Vector] = {}
        self.choices = 0

    def run(self) -> Least:
        patterns = self._patterns()
        self._list_rays(patterns)
        pool = _Pool({(pattern, sign): 0 for pattern in patterns for sign in SIGNS})
        best: tuple[Fraction, Mapping[str, Array[Any]]] | None = None
        while (open_ := self._open(pool)) is not None:
            if len(pool.directions) >= MOST_PROBLEMS or not self.timely():
                raise TooManyError("there are too many patterns of the units, or there was no more time")
            squares, left, parameters = self._solved(open_)
            if best is None or squares < best[0]:
                best = squares, parameters
            if squares == 0:
                return Least(Fraction(0), parameters, None)
            self._add(pool, left)
        if best is None:
            raise TooManyError("there is nothing to choose")
        return Least(best[0], best[1], self._proof(pool))

    def _list_rays(self, patterns: Sequence[Pattern]) -> None:
        """Find the rays, what each adds to predictions, and which of them lie in the cone of each pattern."""
        rays = [*self._rays()]
        values = [[Fraction(dot(ray, row)) for row in self.exact] for ray in rays]
        signs = [[(v > 0) - (v < 0) for v in row] for row in values]
        self.rays, self.added = rays, []
        self.factors: list[Fraction] = []
        for row in values:
            added = [v * self.cones.slope("+" if v >= 0 else "-") for v in row]
            shortest = whole(added)
            self.added.append(shortest)
            place = next((m for m, v in enumerate(added) if v), None)
            self.factors.append(Fraction(1) if place is None else shortest[place] / Fraction(added[place]))
        self.within = {
            pattern: [
                n
                for n, row in enumerate(signs)
                if all(s * side(t) >= 0 for s, t in zip(row, pattern, strict=True)) and any(self.added[n])
            ]
            for pattern in patterns
        }

    def _patterns(self) -> list[Pattern]:
        left, open_ = [], [""]
        while open_:
            prefix = open_.pop()
            weights = self._undivided(prefix)
            if weights is not None:
                self.undivided[prefix] = weights
            elif len(prefix) == len(self.rows):
                left.append(prefix)
                if len(left) > MOST_PATTERNS or not self.timely():
                    raise TooManyError(f"the units have more than {MOST_PATTERNS} patterns")
            else:
                open_ += following(self.rows, prefix)
        return left

    def _undivided(self, prefix: Pattern) -> Vector | None:
        places = [m for m in range(len(prefix)) if any(self.rows[m])]
        generators = [(*(side(prefix[m]) * v for v in self.rows[m]), 1) for m in places]
        target = (*(0 for _ in self.columns), 1)
        used = nearest(generators, target)
        if any(remainder(generators, target, used)):
            return None
        weights = [Fraction(0)] * len(prefix)
        for j, value in used.items():
            weights[places[j]] = value * self._stretch(places[j])
        return tuple(map(narrowed, weights))

    def _stretch(self, m: int) -> Fraction:
        """What X_m is multiplied by in `rows`."""
        place = next(j for j, v in enumerate(self.rows[m]) if v)
        return self.rows[m][place] / self.exact[m][place]

    def _rays(self) -> Iterator[tuple[Fraction, ...]]:
        """What generates the cones of all patterns: vectors that are orthogonal to enough of the X_m."""
        width = len(self.columns)
        distinct = [*dict.fromkeys(row for row in self.rows if any(row))]
        seen = set()
        for chosen in combinations(distinct, width - 1) if width else ():
            vector = _normal(chosen, width)
            if vector is None:
                continue
            for sign in SIGNS:
                ray = tuple(sign * v for v in whole(vector))
                if ray not in seen:
                    seen.add(ray)
                    yield tuple(map(Fraction, ray))

    def _open(self, pool: _Pool) -> tuple[Cone, ...] | None:
        """Cones for the units that have no bound yet."""
        kinds = pool.least()
        for choice in combinations_with_replacement(kinds, self.cones.units):
            self.choices += 1
            common = -1
            for mask in choice:
                common &= mask
            if not common:
                return tuple(kinds[mask] for mask in choice)
            if self.choices > MOST_CHOICES:
                raise TooManyError("there are too many choices of patterns for the units")
        return None

    def _solved(self, choice: Sequence[Cone]) -> tuple[Fraction, Whole, Mapping[str, Array[Any]]]:
        """The least sum of squares of predictions in some cones; what is left of y, and parameters."""
        places: list[tuple[int, int]] = []
        generators: list[Whole] = []
        if self.cones.bias:
            generators += [(sign,) * len(self.y) for sign in SIGNS]
        constants = len(generators)
        for unit, (pattern, sign) in enumerate(choice):
            if (pattern, sign) in choice[:unit]:
                continue
            for ray in self.within[pattern]:
                places.append((unit, ray))
                generators.append(tuple(sign * v for v in self.added[ray]))
        used = nearest(generators, self.y)
        left = remainder(generators, self.y, used)
        squares = sum((Fraction(v) ** 2 for v in left), Fraction(0)) / self.scale**2
        constant = Fraction(0)
        vectors = [[Fraction(0)] * len(self.cones.rows[0]) for _ in choice]
        for j, value in used.items():
            if j < constants:
                constant += SIGNS[j] * value / self.scale
                continue
            unit, ray = places[j - constants]
            factor = value * self.factors[ray] / self.scale
            for column, v in zip(self.columns, self.rays[ray], strict=True):
                vectors[unit][column] += factor * v
        return squares, whole(left), self._parameters(choice, vectors, constant)

    def _parameters(
        self, choice: Sequence[Cone], vectors: Sequence[Sequence[Fraction]], constant: Fraction
    ) -> Mapping[str, Array[Any]]:
        inputs, shapes = self.model.network.inputs, self.model.network.shapes
        rows = [[narrowed(v) for v in vector] for vector in vectors]
        parameters: dict[str, Array[Any]] = {"w1": Array.of([row[:inputs] for row in rows], inputs)}
        if "b1" in shapes:
            parameters["b1"] = Array(shapes["b1"], tuple(row[inputs] for row in rows))
        parameters["w2"] = Array(shapes["w2"], tuple(sign for _, sign in choice))
        if "b2" in shapes:
            parameters["b2"] = Array((1,), (narrowed(constant),))
        return parameters

    def _add(self, pool: _Pool, left: Whole) -> None:
        bit = 1 << len(pool.directions)
        pool.directions.append(left)
        along = [sum(map(int.__mul__, left, added)) for added in self.added]
        for pattern, sign in pool.masks:
            if all(sign * along[ray] <= 0 for ray in self.within[pattern]):
                pool.masks[pattern, sign] |= bit

    def _proof(self, pool: _Pool) -> Lowest:
        kept = self._needed(pool)
        bounds = []
        for number in kept:
            g = pool.directions[number]
            cones: dict[int, dict[Pattern, Vector]] = {1: {}, -1: {}}
            for (pattern, sign), mask in pool.masks.items():
                if mask >> number & 1:
                    cones[sign][pattern] = self._multipliers(g, pattern, sign)
            bounds.append(Bound(g, cones[1], cones[-1]))
        return Lowest(self.undivided, tuple(bounds))

    def _needed(self, pool: _Pool) -> list[int]:
        """The numbers of directions without which a choice would be left over."""
        kept = [*range(len(pool.directions))]
        for number in range(len(pool.directions)):
            less = sum(1 << each for each in kept if each != number)
            if self._open(_Pool({cone: mask & less for cone, mask in pool.masks.items()})) is None:
                kept.remove(number)
        return kept

    def _multipliers(self, g: Whole, pattern: Pattern, sign: int) -> Vector:
        places = [m for m in range(len(pattern)) if any(self.rows[m])]
        generators = [tuple(side(pattern[m]) * v for v in self.rows[m]) for m in places]
        weights = [-sign * v * self.cones.slope(s) for v, s in zip(g, pattern, strict=True)]
        sums = [Fraction(dot(weights, column)) for column in zip(*self.exact, strict=True)]
        multipliers = [Fraction(0)] * len(pattern)
        if any(sums):
            target = whole(sums)
            place = next(j for j, v in enumerate(sums) if v)
            factor = sums[place] / target[place]
            for j, value in nearest(generators, target).items():
                multipliers[places[j]] = value * factor * self._stretch(places[j])
        return tuple(map(narrowed, multipliers))


def _independent(rows: Sequence[Sequence[Rational]]) -> list[int]:
    """Columns that are independent, of which the others are combinations."""
    width = len(rows[0])
    # A vector of the kernel makes the last column that it names a combination of those before.
    vectors = kernel([[*map(Fraction, row)] for row in rows], width)
    dependent = {max(j for j, v in enumerate(vector) if v) for vector in vectors}
    return [j for j in range(width) if j not in dependent]


def _normal(rows: Sequence[Whole], width: int) -> Sequence[Fraction] | None:
    """The vector orthogonal to width − 1 vectors, up to its length; None if they are dependent."""
    vectors = kernel([[*map(Fraction, row)] for row in rows], width)
    return vectors[0] if len(vectors) == 1 else None
