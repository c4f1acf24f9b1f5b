"""What is known of units whose activation is not piecewise linear.

A unit of layer l on sample m has the variables ``a1[m,i]`` = φ(z) and ``s1[m,i]`` = φ′(z); where φ is a
polynomial, φ(z) and φ′(z) are written out instead. What ties the variables together holds of φ everywhere:

- φ′(z) is a polynomial in φ(z) (`Branch.slope_of_value`): σ′ = σ(1 − σ), tanh′ = 1 − tanh², exp′ = exp;
- or its square is (`Smooth.slope_squared`): cos² = 1 − sin²;
- φ and φ′ lie between numbers (`Smooth.low`, `Smooth.least` and their like; φ′ > 0 if φ is increasing);
- φ is a function: where z = z′, both φ and φ′ agree; and if it is increasing, z < z′ implies φ(z) < φ(z′).

The last are case distinctions: for each two samples of a unit, whether its z is smaller, equal or greater
on the first (of a φ that is not increasing: equal or not). Where φ is given by several formulas, there is
a distinction by the side that z is on, as for piecewise linear units; where it is increasing and φ(0) is
rational, by the sign of z.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from typing import Any

from zerograd.core.errors import Impossible
from zerograd.core.model.curves import Branch, Smooth
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Network
from zerograd.core.model.references import entry
from zerograd.core.model.sides import Interval, Unit
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.functions import NotClosed, Rational
from zerograd.core.numbers.plain import RING, PlainFunctions
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.numbers.work import spend
from zerograd.core.question.language import Comparison
from zerograd.core.refuting.facts import Fact, Formula, compared
from zerograd.core.refuting.system import Case, compared_with, describe, on_side

MAX_PAIRS = 300
"""Pairs of samples that are compared, over all units; of more of them nothing is said."""

constant = Polynomial.constant


@dataclass(frozen=True, slots=True)
class CurveSide(Interval):
    """Where one formula gives φ, and one derivative is taken.

    Attributes:
        branch: the formulas; on one number alone those on its left, of which the value holds there as well.
        derivative: on one number alone, the one that is taken there.
    """

    branch: Branch
    derivative: Rational | None = None


@lru_cache
def curve_sides(activation: Smooth, convention: Kink) -> tuple[CurveSide, ...]:
    """The sides from left to right. They cover the line, save kinks under ``forbid``.

    Of a function that is given by one formula, is increasing, and is rational at 0 with its slope, these are
    the numbers below 0, 0 and those above it.
    """
    if not activation.joins and activation.increasing:
        (branch,) = activation.branches
        slope = _exactly(lambda f: branch.slope(0, f))
        if slope is not None and value_at(activation, 0) is not None:
            ends = ((None, 0, False), (0, 0, True), (0, None, False))
            return tuple(CurveSide(a, b, on, on, branch, slope if on else None) for a, b, on in ends)
    return tuple(_curve_sides(activation, convention))


def _curve_sides(activation: Smooth, convention: Kink) -> Iterator[CurveSide]:
    taken = dict(zip(activation.kinks, activation.derivatives_at_kinks(convention), strict=True))
    joins = [*zip(activation.joins, activation.slopes_at_joins, strict=True)]
    low: Rational | None = None
    low_closed = False
    for branch, (join, (left, right)) in zip(activation.branches, joins, strict=False):
        at_join = taken.get(join, left)  # at a join that is no kink both formulas hold
        # Where φ is increasing, a join is the only number with its value.
        alone = at_join is not None and (activation.increasing or at_join not in (left, right))
        yield CurveSide(low, join, low_closed, at_join == left and not alone, branch)
        if at_join is not None and alone:
            yield CurveSide(join, join, True, True, branch, at_join)
        low, low_closed = join, at_join == right != left and not alone
    yield CurveSide(low, None, low_closed, False, activation.branches[-1])


def units_on_curves(network: Network, convention: Kink) -> dict[Unit, tuple[CurveSide, ...]]:
    """The units of smooth activations that have several sides, with them."""
    return {
        (number, unit): choices
        for number, layer in enumerate(network.layers, start=1)
        if isinstance(layer.activation, Smooth)
        for choices in [curve_sides(layer.activation, convention)]
        if len(choices) > 1
        for unit in range(layer.units)
    }


def _polynomial(formula: Callable[[Any, Any], Any], z: Polynomial) -> Polynomial | None:
    """What a formula says of z, if that is a polynomial."""
    try:
        value = formula(z, RING)
    except NotClosed:
        return None
    return value if isinstance(value, Polynomial) else constant(value)


def polynomials(activation: Smooth, z: Polynomial) -> tuple[Polynomial, Polynomial] | None:
    """φ(z) and φ′(z), where one formula gives each of them and both are polynomials."""
    if activation.joins:
        return None
    (branch,) = activation.branches
    value, slope = _polynomial(branch.value, z), _polynomial(branch.slope, z)
    return None if value is None or slope is None else (value, slope)


@dataclass(frozen=True, slots=True)
class Curved:
    """A unit of a smooth activation on one sample, whose value and slope are variables.

    Attributes:
        index: (sample, unit).
        z: its pre-activation.
    """

    activation: Smooth
    layer: int
    index: Index
    z: Polynomial

    def name(self, letter: str) -> str:
        """``z1[0,1]``, ``a1[0,1]``, ``s1[0,1]``."""
        return entry(f"{letter}{self.layer}", self.index)

    @property
    def value(self) -> Polynomial:
        return Polynomial.variable(self.name("a"))

    @property
    def slope(self) -> Polynomial:
        return Polynomial.variable(self.name("s"))

    @property
    def unit(self) -> Unit:
        """(layer, unit)."""
        return self.layer, self.index[1]

    def facts(self, convention: Kink) -> Iterator[tuple[str, Formula]]:
        """What holds of φ(z) and φ′(z), whatever z is."""
        phi = self.activation
        if phi.derivative_of_value is not None:
            yield by_value(self.name("s")), Fact(self.slope - phi.derivative_of_value(self.value), "=")
        elif phi.slope_squared is not None and not phi.has_kinks:
            square = self.slope * self.slope
            yield square_by_value(self.name("s")), Fact(square - phi.slope_squared(self.value), "=")
        ends: tuple[tuple[Comparison, Rational | None], ...] = (
            (">", phi.low),
            ("<", phi.high),
            (">=", phi.least),
            ("<=", phi.greatest),
        )
        yield from (self._bound("a", operator, end) for operator, end in ends if end is not None)
        # What is taken at a kink need not be like the slopes beside it.
        taken = [slope for _, slope in phi.at_kinks(convention)]
        if phi.increasing and all(slope > 0 for slope in taken):
            yield self._bound("s", ">", 0)
        elif phi.least_slope is not None and all(slope >= phi.least_slope for slope in taken):
            yield self._bound("s", ">=", phi.least_slope)

    def _bound(self, letter: str, operator: Comparison, end: Rational) -> tuple[str, Formula]:
        name = self.name(letter)
        return compared_with(Polynomial.variable(name), name, operator, end)

    def cases(self, convention: Kink) -> Iterator[Case]:
        """What holds on each side of z; nothing where there are no sides."""
        sides = curve_sides(self.activation, convention)
        for side in sides if len(sides) > 1 else ():
            name = self.name("z")
            facts: list[tuple[str, Formula]] = [*on_side(self.z, side, name)]
            facts += self._on(side)
            yield Case(describe(side, name), {}, tuple(facts))

    def _on(self, side: CurveSide) -> Iterator[tuple[str, Formula]]:
        """What the formulas of a side say, and what z's bounds say of φ(z) if φ is increasing."""
        branch, a, s = side.branch, self.value, self.slope
        value = _polynomial(branch.value, self.z)
        if side.is_point:
            if side.derivative is None:
                raise Impossible(f"there is no derivative at the kink {side.low}")
            yield self._bound("s", "==", side.derivative)
        elif (slope := _polynomial(branch.slope, self.z)) is not None:
            yield by_argument(self.name("s")), Fact(s - slope, "=")
        elif branch.slope_of_value is not None:
            yield by_value(self.name("s")), Fact(s - branch.slope_of_value(a), "=")
        if value is not None:
            yield by_argument(self.name("a")), Fact(a - value, "=")
        elif self.activation.increasing or side.is_point:
            for operator, end in side.comparisons:
                at_end = value_at(self.activation, end)
                if at_end is not None:
                    yield self._bound("a", operator, at_end)


def value_at(activation: Smooth, z: Rational) -> Rational | None:
    """φ(z), if that is rational."""
    return _exactly(lambda f: activation.value(z, f))


def _exactly(calculate: Callable[[PlainFunctions], Any]) -> Rational | None:
    """A value that exact functions give, if it is rational."""
    try:
        value = calculate(PlainFunctions())
    except NotClosed:
        return None
    return value if isinstance(value, int | Fraction) else None


def by_value(variable: str) -> str:
    """The label of the equation between a slope and a value: ``s1[0,0] by its value``."""
    return f"{variable} by its value"


def square_by_value(variable: str) -> str:
    """The label of the equation between a slope's square and a value: ``s1[0,0] squared by its value``."""
    return f"{variable} squared by its value"


def by_argument(variable: str) -> str:
    """The label of a value or slope that is a polynomial in z on a side: ``a1[0,0] by z1[0,0]``."""
    return f"{variable} by z{variable[1:]}"


_COMPARED = re.compile(r"([zas]\d+\[\d+,\d+\]) (<|=|>|!=) ([zas]\d+\[\d+,\d+\])")


def ordered(label: str) -> tuple[str, str, str] | None:
    """Return the two names that such a case compares, the sign between them; None of other labels."""
    match = _COMPARED.fullmatch(label)
    return (match[1], match[2], match[3]) if match else None


def order_split(first: str, second: str) -> str:
    """The name of the distinction how two pre-activations compare: ``z1[0,0] : z1[1,0]``."""
    return f"{first} : {second}"


def orders(units: Sequence[Curved]) -> Iterator[tuple[str, tuple[Case, ...]]]:
    """How the pre-activations of each unit compare between samples; nothing if they are too many."""
    pairs = [(a, b) for a, b in combinations(units, 2) if a.unit == b.unit]
    for first, second in pairs if len(pairs) <= MAX_PAIRS else ():
        spend(60)
        yield order_split(first.name("z"), second.name("z")), tuple(_orders(first, second))


def _orders(first: Curved, second: Curved) -> Iterator[Case]:
    def says(operator: Comparison, *letters: str) -> Case:
        facts: list[tuple[str, Formula]] = []
        for letter in letters:
            left, right = ({"z": u.z, "a": u.value, "s": u.slope}[letter] for u in (first, second))
            sign = "=" if operator == "==" else operator
            label = f"{first.name(letter)} {sign} {second.name(letter)}"
            facts.append((label, compared(left, operator, right)))
        return Case(facts[0][0], {}, tuple(facts))

    if first.activation.increasing:
        yield says("<", "z", "a")
        yield says("==", "z", "a", "s")
        yield says(">", "z", "a")
    else:
        yield says("==", "z", "a", "s")
        yield says("!=", "z")
