"""What is known of units whose activation is not piecewise linear: their values and slopes as variables.

A unit of layer l on sample m has the variables ``a1[m,i]`` = φ(z) and ``s1[m,i]`` = φ′(z). They are tied
together by what holds of φ everywhere:

- φ′(z) is a polynomial in φ(z) (`Smooth.derivative_of_value`): σ′ = σ(1 − σ), tanh′ = 1 − tanh²,
  exp′ = exp;
- φ(z) lies strictly between two numbers (`Smooth.low`, `Smooth.high`);
- φ is a function: where z = z′, both φ and φ′ agree; and if it is increasing, z < z′ implies φ(z) < φ(z′).

The last are case distinctions: for each two samples of a unit, whether its z is smaller, equal or greater
on the first (of a φ that is not increasing: equal or not).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from zerograd.core.model.curves import Smooth
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.facts import Fact, Formula, compared
from zerograd.core.refuting.system import Case

MAX_PAIRS = 300
"""Pairs of samples that are compared, over all units; of more of them nothing is said."""


@dataclass(frozen=True, slots=True)
class Curved:
    """A unit of a smooth activation on one sample.

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
    def unit(self) -> tuple[int, int]:
        """(layer, unit)."""
        return self.layer, self.index[1]

    def facts(self) -> Iterator[tuple[str, Formula]]:
        """What holds of φ(z) and φ′(z), whatever z is."""
        phi, a = self.activation, self.value
        if phi.derivative_of_value is not None:
            yield slope_label(self.name("s")), Fact(self.slope - phi.derivative_of_value(a), "=")
        if phi.low is not None:
            yield f"{self.name('a')} > {phi.low}", Fact(a - phi.low, ">")
        if phi.high is not None:
            yield f"{self.name('a')} < {phi.high}", Fact(phi.high - a, ">")


def slope_label(variable: str) -> str:
    """The label of the equation between a slope and a value: ``s1[0,0] by its value``."""
    return f"{variable} by its value"


def order_split(first: str, second: str) -> str:
    """The name of the distinction how two pre-activations compare: ``z1[0,0] : z1[1,0]``."""
    return f"{first} : {second}"


_COMPARED = re.compile(r"([zas]\d+\[\d+,\d+\]) (<|=|>|!=) ([zas]\d+\[\d+,\d+\])")


def ordered(label: str) -> tuple[str, str, str] | None:
    """Return the two names that such a case compares, the sign between them; None of other labels."""
    match = _COMPARED.fullmatch(label)
    return (match[1], match[2], match[3]) if match else None


def orders(units: Sequence[Curved]) -> Iterator[tuple[str, tuple[Case, ...]]]:
    """How the pre-activations of each unit compare between samples; nothing if they are too many."""
    pairs = [(a, b) for a, b in combinations(units, 2) if a.unit == b.unit]
    for first, second in pairs if len(pairs) <= MAX_PAIRS else ():
        yield order_split(first.name("z"), second.name("z")), tuple(_orders(first, second))


def _orders(first: Curved, second: Curved) -> Iterator[Case]:
    def says(sign: str, *letters: str) -> Case:
        facts: list[tuple[str, Formula]] = []
        for letter in letters:
            left, right = ({"z": u.z, "a": u.value, "s": u.slope}[letter] for u in (first, second))
            label = f"{first.name(letter)} {sign} {second.name(letter)}"
            facts.append((label, compared(left, "==" if sign == "=" else sign, right)))  # type: ignore[arg-type]
        return Case(facts[0][0], {}, tuple(facts))

    if first.activation.increasing:
        yield says("<", "z", "a")
        yield says("=", "z", "a", "s")
        yield says(">", "z", "a")
    else:
        yield says("=", "z", "a", "s")
        yield says("!=", "z")
