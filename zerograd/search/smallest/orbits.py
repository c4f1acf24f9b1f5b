"""Renaming units and samples and changing signs: what makes two witnesses one and the same to a reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias, TypeVar

from zerograd.core.model.activations import piecewise
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Index, indices
from zerograd.core.question.language import names_in
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import OF_EACH, Relation
from zerograd.search.smallest.choices import Choices

Entry: TypeAlias = tuple[str, Index]
T = TypeVar("T", int, Fraction)
Moves: TypeAlias = tuple[tuple[int, int], ...]
"""For each new entry: which old one, and its sign."""

MAX_GROUP = 1000
"""Symmetries that are listed."""


@dataclass(frozen=True, slots=True)
class Symmetry:
    """What becomes of parameters (entry after entry), and of each sample's inputs and targets.

    Attributes:
        names: the arrays, and the pre-activations and activations, that it changes.
    """

    parameters: Moves
    inputs: Moves
    targets: Moves
    names: frozenset[str]

    def then(self, other: Symmetry) -> Symmetry:
        """First this one, then the other."""
        return Symmetry(
            _composed(self.parameters, other.parameters),
            _composed(self.inputs, other.inputs),
            _composed(self.targets, other.targets),
            self.names | other.names,
        )


def moved(moves: Moves, values: Sequence[T]) -> tuple[T, ...]:
    """The new values."""
    return tuple([sign * values[source] for source, sign in moves])


def _composed(first: Moves, second: Moves) -> Moves:
    return tuple((first[source][0], first[source][1] * sign) for source, sign in second)


def generators(network: Network, convention: Kink) -> Iterator[Symmetry]:
    """Exchanges of neighbouring units; sign changes of inputs, outputs, units of odd or even activation."""
    last = network.depth
    for number, layer in enumerate(network.layers, start=1):
        inner = number < last
        for unit in range(layer.units - 1 if inner else 0):
            yield _exchange(network, number, unit)
        sign = piecewise(layer.activation).parity(convention)
        for unit in range(layer.units):
            if sign == -1:
                yield _signs(network, number, unit, above=True)
            elif sign == 1 and inner:
                yield _signs(network, number, unit, above=False)
    for entry in range(network.inputs):
        flipped: set[Entry] = {("w1", (unit, entry)) for unit in range(network.widths[1])}
        yield _changed(network, flipped, inputs={entry}, names={"x", "w1"})


def _signs(network: Network, number: int, unit: int, *, above: bool) -> Symmetry:
    """The unit's pre-activation changes its sign; so does its activation, if ``above``."""
    flipped: set[Entry] = {(f"w{number}", (unit, entry)) for entry in range(network.widths[number - 1])}
    if network.layers[number - 1].bias:
        flipped.add((f"b{number}", (unit,)))
    names = {f"w{number}", f"b{number}", f"z{number}", f"a{number}"}
    if not above:
        return _changed(network, flipped, names=names)
    if number == network.depth:
        return _changed(network, flipped, targets={unit}, names=names | {"y", "y_hat", "r"})
    flipped |= {(f"w{number + 1}", (k, unit)) for k in range(network.widths[number + 1])}
    return _changed(network, flipped, names=names | {f"w{number + 1}"})


def _entries(network: Network) -> list[Entry]:
    return [(name, index) for name, shape in network.shapes.items() for index in indices(shape)]


def _changed(
    network: Network,
    flipped: set[Entry],
    *,
    inputs: frozenset[int] | set[int] = frozenset(),
    targets: frozenset[int] | set[int] = frozenset(),
    names: set[str],
) -> Symmetry:
    return Symmetry(
        tuple((place, -1 if entry in flipped else 1) for place, entry in enumerate(_entries(network))),
        tuple((d, -1 if d in inputs else 1) for d in range(network.inputs)),
        tuple((k, -1 if k in targets else 1) for k in range(network.outputs)),
        frozenset(names),
    )


def _exchange(network: Network, number: int, unit: int) -> Symmetry:
    swap = {unit: unit + 1, unit + 1: unit}
    entries = _entries(network)
    places = {entry: place for place, entry in enumerate(entries)}
    moves = []
    for name, index in entries:
        source = index
        if name in (f"w{number}", f"b{number}"):
            source = (swap.get(index[0], index[0]), *index[1:])
        elif name == f"w{number + 1}":
            source = (index[0], swap.get(index[1], index[1]))
        moves.append((places[name, source], 1))
    same = _changed(network, set(), names=set())
    names = frozenset({f"w{number}", f"b{number}", f"w{number + 1}", f"z{number}", f"a{number}"})
    return Symmetry(tuple(moves), same.inputs, same.targets, names)


def group(found: Sequence[Symmetry], identity: Symmetry) -> tuple[Symmetry, ...]:
    """All that come of these one after another, or the first ones."""
    known = {(identity.parameters, identity.inputs, identity.targets): identity}
    todo = [identity]
    while todo and len(known) < MAX_GROUP:
        first = todo.pop(0)
        for second in found:
            both = first.then(second)
            place = (both.parameters, both.inputs, both.targets)
            if place not in known:
                known[place] = both
                todo.append(both)
    return tuple(known.values())


def identity(network: Network) -> Symmetry:
    """The symmetry that changes nothing."""
    return _changed(network, set(), names=set())


def keeps(problem: Problem, samples: int, symmetry: Symmetry, choices: Choices) -> bool:
    """Whether it makes answers of answers. Sound, not complete: a condition on what it changes is a no."""
    for condition in problem.where:
        if names_in(condition.node) & (symmetry.names | {"grad"}):
            return False
    sides = [(choices.parameters, symmetry.parameters)]
    sides += [(row, symmetry.inputs) for row in choices.inputs]
    sides += [(row, symmetry.targets) for row in choices.targets]
    for sets, moves in sides:
        for own, (source, sign) in zip(sets, moves, strict=True):
            if set(own) != {sign * value for value in sets[source]}:
                return False
    return _keeps_query(problem, samples, symmetry)


def _keeps_query(problem: Problem, samples: int, symmetry: Symmetry) -> bool:
    """A gradient goes where its parameter goes, sign and all."""
    entries = _entries(problem.network)
    goes = {
        entries[source]: (entries[place], sign) for place, (source, sign) in enumerate(symmetry.parameters)
    }
    for m in range(samples):
        for place, (source, sign) in enumerate(symmetry.inputs):
            goes["x", (m, source)] = ("x", (m, place)), sign
    for relation in OF_EACH:
        asked = set(problem.asked_entries(relation, samples))
        if {goes[entry][0] for entry in asked} != asked:
            return False
        if relation in (Relation.POSITIVE, Relation.NEGATIVE) and any(goes[entry][1] < 0 for entry in asked):
            return False
    groups = {frozenset(choice.entries) for choice in problem.choices(samples)}
    return {frozenset(goes[entry][0] for entry in members) for members in groups} == groups
