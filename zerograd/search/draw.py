"""Small integers for parameters and inputs, with structure where few samples ask for it.

Hidden units that are multiples of one another (parallel units) put no new rows into the system that
the adjoints have to solve, so a wide network with parallel units needs no more samples than a
narrow one: general position would have no null space.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from zerograd.core.errors import Refused
from zerograd.core.model.activations import piecewise
from zerograd.core.numbers.arrays import Array, Index, indices
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Bound, Rational, variable_shapes
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness
from zerograd.search.mentions import calls

Values = dict[str, dict[Index, Rational]]
"""Values by name and index."""

FACTORS = (1, 1, 1, 2)
"""How many times its original a parallel unit is."""

WEIGHTS = (1, 1, 1, 2, -1)
"""How many times its original's outgoing weights a parallel unit's are."""

UPWARDS = 0.7
"""How often a weight of a hidden layer above the first is made positive: dead units pass no gradient on."""


@dataclass(frozen=True, slots=True)
class Structure:
    """Which hidden units are parallel to which: ``original[l-1][i]`` for unit i of layer l."""

    original: tuple[tuple[int, ...], ...]

    @classmethod
    def with_originals(cls, widths: Sequence[int], originals: Sequence[int]) -> Structure:
        """The first ``originals[l-1]`` units of each hidden layer, and copies of them in turn."""
        return cls(tuple(tuple(i % k for i in range(n)) for n, k in zip(widths, originals, strict=True)))

    def site(self, name: str, index: Index) -> tuple[str, Index]:
        """The entry whose gradient row is a multiple of this one's."""
        layer = int(name[1:])
        own, below = self._of(layer), self._of(layer - 1)
        moved = own[index[0]] if own else index[0]
        if name[0] == "b":
            return name, (moved,)
        return name, (moved, below[index[1]] if below else index[1])

    def _of(self, layer: int) -> tuple[int, ...] | None:
        return self.original[layer - 1] if 1 <= layer <= len(self.original) else None


def draw(
    problem: Problem,
    samples: int,
    chance: random.Random,
    *,
    spread: int,
    structure: Structure,
    spread_x: int | None = None,
    cuts: bool = True,
) -> Values:
    """Values of parameters and ``x``, inside their bounds; given values stand.

    Args:
        spread: the largest absolute value of an original unit's weights.
        spread_x: of an input's numerator; ``spread`` by default.
        cuts: whether a weight may be 0, which cuts a connection.
    """
    network = problem.network
    bounds = problem.entry_bounds(samples)
    nonzero = [*range(-spread, 0), *range(1, spread + 1)]
    wishes = nonzero * 3 + [0] if cuts else nonzero
    wide, parts = spread_x or spread, grain(problem, chance)
    scales = _scales(structure, FACTORS, chance), _scales(structure, WEIGHTS, chance)
    values: Values = {}
    inputs = _inputs(problem, samples, chance, wide)
    for name, shape in variable_shapes(network, samples).items():
        if name == "y":
            continue
        given = problem.given.get(name, {})
        found: dict[Index, Rational] = {}
        for index in indices(shape):
            wish: Rational
            if name == "x":
                wish = _over(inputs[index], parts)
            else:
                weight = chance.choice(wishes)
                if 1 < int(name[1:]) < network.depth and chance.random() < UPWARDS:
                    weight = abs(weight)
                wish = _structured((name, index), weight, found, structure, scales)
            found[index] = given.get(index, within(wish, bounds.get((name, index), (None, None))))
        values[name] = found
    return values


def variety(problem: Problem, samples: int) -> int:
    """The spread at which there are twice as many integer inputs as samples."""
    each: float = (2 * samples) ** (1 / problem.network.inputs)
    return ceil((each - 1) / 2)


def _inputs(problem: Problem, samples: int, chance: random.Random, wide: int) -> dict[Index, int]:
    """Numerators for the inputs; all different where there is one input, or where a condition wants it so."""
    sites = list(indices((samples, problem.network.inputs)))
    distinct = any(calls(condition, "distinct") for condition in problem.where)
    if problem.network.inputs > 1 and not distinct:
        return {site: chance.randint(-wide, wide) for site in sites}
    wide = max(wide, len(sites))
    return dict(zip(sites, chance.sample(range(-wide, wide + 1), len(sites)), strict=True))


Scales = Sequence[Sequence[int]]
"""Factors by hidden layer and unit."""


def _scales(structure: Structure, choices: Sequence[int], chance: random.Random) -> Scales:
    """A factor for every parallel unit; 1 for its original."""
    return [
        [chance.choice(choices) if unit != original else 1 for unit, original in enumerate(layer)]
        for layer in structure.original
    ]


def _structured(
    entry: tuple[str, Index],
    wish: int,
    found: Mapping[Index, Rational],
    structure: Structure,
    scales: tuple[Scales, Scales],
) -> int:
    """The wish, unless the entry belongs to a parallel unit: then a multiple of its original's."""
    name, index = entry
    factors, weights = scales
    _, original = structure.site(name, index)
    if original == index or original not in found:
        return wish
    layer = int(name[1:])
    value = found[original]
    if original[0] != index[0]:
        value *= factors[layer - 1][index[0]]
    if name[0] == "w" and original[1] != index[1]:
        value *= weights[layer - 2][index[1]]
    return int(value)


def redraw_inputs(
    problem: Problem, values: Values, samples: Sequence[int], chance: random.Random, *, spread: int
) -> bool:
    """Draw the free inputs of some samples again, in place; False if none of them is free."""
    bounds = problem.entry_bounds(len(values["x"]) // problem.network.inputs)
    given = problem.given.get("x", {})
    parts = grain(problem, chance)
    taken = set(values["x"].values()) if problem.network.inputs == 1 else set()
    moved = False
    for m in samples:
        for d in range(problem.network.inputs):
            if (m, d) not in given:
                wish = _over(chance.randint(-spread, spread), parts)
                if wish in taken:  # once more: inputs had better differ
                    wish = _over(chance.randint(-3 * spread, 3 * spread), parts)
                taken.add(wish)
                values["x"][m, d] = within(wish, bounds.get(("x", (m, d)), (None, None)))
                moved = True
    return moved


def grain(problem: Problem, chance: random.Random) -> int:
    """The denominator of drawn inputs: above 1 where a piece of an activation is too narrow for integers."""
    lengths = [piecewise(layer.activation).narrowest for layer in problem.network.layers]
    narrow = any(length is not None and length <= 2 for length in lengths)
    return chance.choice((2, 3, 4)) if narrow and problem.domain == "real" else 1


def _over(numerator: int, parts: int) -> Rational:
    return numerator if parts == 1 else Fraction(numerator, parts)


def within(wish: Rational, bound: Bound) -> Rational:
    """The wish, moved to the nearest integer (else the nearest value) inside the bounds."""
    low, high = bound
    if low is not None and wish < low:
        wish = ceil(low) if high is None or ceil(low) <= high else low
    if high is not None and wish > high:
        wish = floor(high) if low is None or floor(high) >= low else high
    return wish


def witness_at(problem: Problem, samples: int, values: Values) -> Witness:
    """The network and dataset with these values of parameters, ``x`` and ``y``."""
    arrays: dict[str, Array[Exact]] = {
        name: Array.build(shape, values[name].__getitem__)
        for name, shape in variable_shapes(problem.network, samples).items()
    }
    return Witness.of(problem, arrays)


def accepted(problem: Problem, witness: Witness) -> bool:
    """Whether it answers the problem, with conditions that no draw was made for."""
    try:
        check_witness(problem, witness)
    except Refused:
        return False
    return True
