"""Networks and inputs whose activations have closed forms, drawn at random.

In the first layer either parameters are integers times a unit, such as log 2, and inputs are integers; or its
units read an input as it is, and inputs are pre-activations with closed forms. In later layers
parameters are integers times a unit and a denominator, so that pre-activations are multiples of the unit.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from operator import mul
from typing import Any

from zerograd.core.model.activations import Activation, PiecewiseLinear
from zerograd.core.model.kinks import Kink
from zerograd.core.numbers.exact import Exact, narrow
from zerograd.core.numbers.functions import Rational
from zerograd.core.question.problem import Problem
from zerograd.search.linear_part import Layer, LinearPart, Run
from zerograd.search.smooth.fitness import few_adjoints, tied
from zerograd.search.smooth.levels import (
    FUNCTIONS,
    Level,
    balanced,
    families,
    is_rational,
    lattice,
    level,
    pool,
    units,
)

FARTHEST = 12
"""Multiples of a unit up to which pre-activations are followed: numbers grow with powers of them."""

MOVED = 0.3
"""How often a bias moves inputs away from the pre-activations that read them."""

CENTRES = (0, Fraction(1, 2))
"""Predictions at which the adjoints of two labels are opposite: of logits, and of probabilities."""

LONGEST = 10**4
"""The largest denominator that weights make up for."""

Exacts = list[Exact]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A network and inputs.

    Attributes:
        part: the network, its parameters over ``units``.
        units: what the parameters of each layer are multiples of.
        signs: adjoints that balance the samples, where these were drawn for it.
    """

    part: LinearPart
    units: tuple[Exact, ...]
    signs: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """One draw: ``attempt`` counts them, and the later ones take larger numbers."""

    problem: Problem
    samples: int
    attempt: int
    chance: random.Random

    def draw(self) -> Drawn | None:
        """A network and inputs; None where a layer has no closed form for them."""
        network, kink = self.problem.network, self.problem.derivative_at_kink
        unit = self._unit(1)
        layers: list[Layer] = []
        used: list[Exact] = []
        signs = None
        if unit is None or tied(self.problem) or (network.depth > 1 and self.attempt % 3 == 0):
            levels, signs = self._levels()
            if not levels:
                return None
            spec = network.layers[0]
            shift = self.chance.choice(levels).z if spec.bias and self.chance.random() < MOVED else 0
            below = [
                [narrow(one.z - shift), *(self.chance.randint(-2, 2) for _ in range(network.inputs - 1))]
                for one in levels
            ]
            biases: list[Any] = [shift] * spec.units
            row: list[Any] = [1] + [0] * (network.inputs - 1)
            layers.append(Layer([list(row) for _ in range(spec.units)], biases))
            used.append(1)
        else:
            below = self._inputs()
        activations, slopes = [below], []
        for number, spec in enumerate(network.layers, start=1):
            if number > len(layers):
                drawn = self._layer(number, below)
                if drawn is None:
                    return None
                layers.append(drawn[0])
                used.append(drawn[1])
            steps = _Steps(spec.activation, used[-1], kink)
            reached = [steps.through(layers[-1], row) for row in below]
            rows = [row for row in reached if row is not None]
            if len(rows) < len(reached):
                return None
            below = [[one.a for one in row] for row in rows]
            activations.append(below)
            slopes.append([[one.slope for one in row] for row in rows])
        runs = tuple(
            Run(tuple(a[m] for a in activations), tuple(s[m] for s in slopes), False)  # type: ignore[misc]
            for m in range(self.samples)
        )
        return Drawn(LinearPart(network, tuple(layers), runs), tuple(used), signs)

    @property
    def _spread(self) -> int:
        return 1 + self.attempt // 12

    @property
    def _narrow(self) -> bool:
        """Whether numbers have to stay small, for the next layers to make multiples of a unit of them."""
        units = [self._unit(number) for number in range(1, self.problem.network.depth + 1)]
        return sum(unit != 1 for unit in units) > 1

    def _levels(self) -> tuple[list[Level], tuple[int, ...] | None]:
        """One level for each sample; and signs that balance them, where they are chosen so."""
        first, kink = self.problem.network.layers[0].activation, self.problem.derivative_at_kink
        if tied(self.problem):
            pairs = balanced(first, kink, 1)[: 20 + 4 * self.attempt]
            if not pairs or self.samples % 2:
                return [], None
            (plus,), (minus,) = self.chance.choice(pairs)
            return [plus, minus] * (self.samples // 2), None
        if self.attempt % 2 or few_adjoints(self.problem):
            chosen = self._balanced()
            if chosen:
                return [one for one, _ in chosen], tuple(s for _, s in chosen)
        known = families(first, kink)
        if not known:
            return [], None
        family = known[0] if self.chance.random() < 0.7 else self.chance.choice(known)
        if self.attempt % 4 == 0:
            family = pool(first, kink, False)
        few = family[: max(self.samples + 2, 4 + self.attempt // 4)]
        if len(few) >= self.samples:
            return self.chance.sample(few, self.samples), None
        return [self.chance.choice(few) for _ in range(self.samples)], None

    def _balanced(self) -> list[tuple[Level, int]]:
        """Levels in pairs whose values have equal sums, with signs; the last one alone if M is odd."""
        first, kink = self.problem.network.layers[0].activation, self.problem.derivative_at_kink
        chosen: list[tuple[Level, int]] = []
        while (left := self.samples - len(chosen)) >= 2:
            sizes = (1, 2) if few_adjoints(self.problem) and left >= 4 else (1,)
            fitting = [p for size in sizes for p in balanced(first, kink, size)[: 20 + 4 * self.attempt]]
            if not fitting and not chosen:
                return []
            if not fitting or (chosen and self.chance.random() < 0.3):
                twin = self.chance.choice(pool(first, kink, False))
                chosen += [(twin, 1), (twin, -1)]
                continue
            plus, minus = self.chance.choice(fitting)
            chosen += [(one, 1) for one in plus] + [(one, -1) for one in minus]
        if chosen and left:
            chosen.append((self.chance.choice(pool(first, kink, False)), 0))
        return chosen

    def _inputs(self) -> list[Exacts]:
        """Small integers; different ones where there is one input and enough of them."""
        inputs, samples = self.problem.network.inputs, self.samples
        wide = 1 if self._narrow else 1 + self._spread // 2
        if inputs > 1:
            return [[self.chance.randint(-wide, wide) for _ in range(inputs)] for _ in range(samples)]
        wide = max(self._spread + 1, (samples + 1) // 2)
        if wide <= FARTHEST // 2:
            drawn = self.chance.sample(range(-wide, wide + 1), samples)
            return [[v] for v in (sorted(drawn) if self.problem.where else drawn)]
        return [[self.chance.randint(-FARTHEST // 3, FARTHEST // 3)] for _ in range(samples)]

    def _unit(self, number: int) -> Exact | None:
        """The unit of a layer's pre-activations."""
        network = self.problem.network
        if number == network.depth:
            return _unit_of_output(self.problem)
        return lattice(network.layers[number - 1].activation, self.problem.derivative_at_kink)

    def _layer(self, number: int, below: Sequence[Exacts]) -> tuple[Layer, Exact] | None:
        """Parameters over a unit, for which pre-activations are integer multiples of it; and the unit."""
        spec, unit = self.problem.network.layers[number - 1], self._unit(number)
        if tied(self.problem):
            return self._central_layer(number, below), 1
        if unit is None:
            return None
        if isinstance(spec.activation, PiecewiseLinear) and unit == 1:
            return self._plain_layer(number, below), unit
        columns = list(zip(*below, strict=True))
        over: Exact = 1
        if unit != 1 and not all(is_rational(v) for column in columns for v in column):
            # Activations may be multiples of the unit themselves.
            over = unit
            columns = [tuple(narrow(FUNCTIONS.divide(v, unit)) for v in column) for column in columns]
        if not all(is_rational(v) for column in columns for v in column):
            return None
        scales = [lcm(*(Fraction(v).denominator for v in column)) for column in columns]
        if max(scales) > LONGEST:
            return None
        weights = self._weights(number, scales)
        bias: list[Any] = [0] * spec.units
        if spec.bias:
            rows = list(zip(*columns, strict=True))
            middles = [_median(sum(map(mul, w, row)) for row in rows) for w in weights]
            most = int(not self._narrow or number > 1)
            moves = [self.chance.randint(-most, most) for _ in weights]
            bias = [move - middle for move, middle in zip(moves, middles, strict=True)]
            first = {tuple(w): b for w, b in zip(reversed(weights), reversed(bias), strict=True)}
            if number < self.problem.network.depth:  # copies are copies
                bias = [first[tuple(w)] for w in weights]
        if over != 1:
            moved: list[Any] = [narrow(unit * b) for b in bias]
            return Layer(weights, moved), 1
        return Layer(weights, bias), unit

    def _central_layer(self, number: int, below: Sequence[Exacts]) -> Layer:
        """A layer whose pre-activations are 0, or 1/2, where values below are as on the first sample."""
        weights = self._weights(number, [1] * len(below[0]))
        centre = self.chance.choice(CENTRES)
        if not self.problem.network.layers[number - 1].bias:
            return Layer(weights, [0] * len(weights))
        bias: list[Any] = [narrow(centre - sum(map(mul, row, below[0]))) for row in weights]
        return Layer(weights, bias)

    def _plain_layer(self, number: int, below: Sequence[Exacts]) -> Layer:
        """Small integers, for a piecewise linear layer."""
        spec = self.problem.network.layers[number - 1]
        weights = self._weights(number, [1] * len(below[0]))
        wide = self._spread
        bias: list[Any] = [self.chance.randint(-wide, wide) if spec.bias else 0 for _ in range(spec.units)]
        return Layer(weights, bias)

    def _weights(self, number: int, scales: Sequence[int]) -> list[Any]:
        """Integers times ``scales``; of a hidden layer, few units are no copies of others."""
        network, chance = self.problem.network, self.chance
        units, last = network.widths[number], number == network.depth
        originals = units
        if not last:
            most = min(units, 1 + self.attempt // 8, 4)
            originals = chance.randint(1, most) if self.attempt % 5 else min(units, 3)
        rows = [[s * self._weight(len(scales), last) for s in scales] for _ in range(originals)]
        if number == 1 and self._narrow:
            for row in rows:
                kept = chance.randrange(len(row))
                row[:] = [chance.choice((-1, 1)) if i == kept else 0 for i in range(len(row))]
        return [list(rows[i % originals]) for i in range(units)]

    def _weight(self, fan_in: int, last: bool) -> int:
        """A small integer; among many, most are 0, so that sums stay small. In the last layer none is 0."""
        if not last and fan_in > 2 and self.chance.random() > 2 / fan_in:
            return 0
        wide = 1 + self._spread // (2 if last else 3)
        return self.chance.choice((-1, 1)) * self.chance.randint(1, wide)


def _median(values: Any) -> int:
    ordered = sorted(values)
    return int(ordered[len(ordered) // 2])


def _unit_of_output(problem: Problem) -> Exact | None:
    """The unit of the last layer's pre-activations, at whose multiples targets have closed forms as well."""
    network, loss, kink = problem.network, problem.model.loss.inner, problem.derivative_at_kink
    half = [Fraction(1, 2)] * network.outputs
    for unit in units():
        levels = [level(network.layers[-1].activation, narrow(unit * k), kink) for k in range(-2, 3)]
        values = [one.a for one in levels if one is not None and is_rational(one.slope)]
        if len(values) < len(levels):
            continue
        try:
            rows = [
                [values[(i + j) % len(values)] for j in range(network.outputs)] for i in range(len(values))
            ]
            adjoints = [loss.sample_adjoint(row, half, FUNCTIONS, kink) for row in rows]
        except ArithmeticError:
            continue
        # Where any number will do, the plain ones do.
        if unit == 1 or all(is_rational(narrow(v)) for row in adjoints for v in row):
            return unit
    return None


class _Steps:
    """What an activation makes of multiples of a unit; each is calculated once."""

    def __init__(self, activation: Activation, unit: Exact, kink: Kink) -> None:
        self.activation, self.unit, self.kink = activation, unit, kink
        self.unlimited = isinstance(activation, PiecewiseLinear) and unit == 1
        self.known: dict[Rational, Level | None] = {}

    def through(self, layer: Layer, row: Exacts) -> list[Level] | None:
        """What a layer makes of one sample; None where it has no closed form, or numbers grow too large."""
        reached = []
        for weights, bias in zip(layer.weights, layer.bias, strict=True):
            one = self._at(sum(map(mul, weights, row), bias))
            if one is None:
                return None
            reached.append(one)
        return reached

    def _at(self, z: Any) -> Level | None:
        if not is_rational(z):
            return self._level(z)
        if not self.unlimited and abs(z) > FARTHEST:
            return None
        if z not in self.known:
            self.known[z] = self._level(z)
        return self.known[z]

    def _level(self, z: Exact) -> Level | None:
        return level(self.activation, narrow(z if self.unit == 1 else self.unit * z), self.kink)
