"""Large networks and datasets made of small ones: inputs, units and outputs copied, samples added.

Let a small witness be given, and let each of its inputs, hidden units and outputs have copies. A weight
between copies of two units is theirs times a number that belongs to the copy that it comes from; the numbers
of all copies of one unit have the sum 1, and none is 0. Then every pre-activation is that of the original:
the copies below it together pass on what the original does. If the adjoint of an output's copy is that of the
original times the copy's number, then by induction from above so is what comes back to each copy of a unit,
and the gradient of a weight or bias is that of the original times the number of the copy that it leads to. So
entries are 0 where they are so in the small question, and nowhere else. Samples whose adjoint is 0 add
nothing.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, cycle, islice
from math import prod
from operator import add
from typing import Any

from zerograd.core.errors import ProblemError
from zerograd.core.model.activations import piecewise
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import Reference
from zerograd.core.model.slopes import is_chosen
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.products import array_product
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Relation, variable_shapes
from zerograd.core.verdict.witness import Witness
from zerograd.search.draw import variety

LARGE = 1000
"""Numbers in a witness, from which on it is made of a small one; below, draws look for it at once."""

SMALL = ((1, 4), (1, 8), (2, 12))
"""(width at most, samples at most) of the small questions that are tried."""

DRAWS = 8
"""Draws of each small question."""

SIGNED = (Relation.POSITIVE, Relation.NEGATIVE)
"""Copies have the gradients of their originals but for factors, which may be below 0."""

REDRAWS = 4
"""How often a sample that is on a kink is drawn again, before it is made equal to one that is on none."""


def unfit(problem: Problem, samples: int) -> str | None:
    """Return why the question is not one for this method."""
    if sum(map(prod, variable_shapes(problem.network, samples).values())) < LARGE:
        return "it is small"
    if problem.given or problem.bounds or problem.where:
        return "numbers are given or bounded, or there are conditions"
    if any(problem.query[relation] for relation in SIGNED):
        return "signs of gradients are asked for"
    if problem.asks_of_x:
        return "gradients of inputs are asked for"
    loss = problem.model.loss
    if loss.has_kinks or loss.inner is not loss or is_chosen(problem.derivative_at_kink):
        return "the loss has kinks or is a function of a mean, or slopes are chosen"
    return None


def small_question(problem: Problem, width: int, samples: int) -> Problem | None:
    """Return the question with layers of at most this width; None if it contradicts itself.

    Entry i of a layer is a copy of entry i modulo the width.
    """
    network = problem.network
    layers = tuple(Layer(min(width, each.units), each.activation, each.bias) for each in network.layers)
    reduced = Network(min(width, network.inputs), layers)

    def original(reference: Reference) -> Reference:
        if reference.index is None:
            return reference
        shape = reduced.shapes[reference.name]
        return Reference(reference.name, tuple(i % n for i, n in zip(reference.index, shape, strict=True)))

    query: dict[str, Any] = {
        str(r): [*dict.fromkeys(map(original, named))] for r, named in problem.query.items()
    }
    try:
        return Problem(
            network=reduced,
            samples=samples,
            domain=problem.domain,
            derivative_at_kink=problem.derivative_at_kink,
            loss=problem.loss,
            targets=problem.targets,
            **query,
        )
    except ProblemError:
        return None


def copied(problem: Problem, samples: int, small: Witness, chance: random.Random) -> Witness:
    """Return the witness that a small one's copies make.

    Args:
        small: one for a `small_question`, with at most as many samples.
        chance: draws the inputs of the other samples.
    """
    network, plan = problem.network, _Plan(problem, small)
    inputs = _inputs(plan, samples - small.samples, chance)
    values: dict[str, Array[Exact]] = {}
    for number, units in enumerate(network.widths[1:], start=1):
        of_units = plan.weights(number)
        below = network.widths[number - 1]
        rows = [of_units[i * below : (i + 1) * below] for i in range(len(of_units) // below)]
        entries = chain.from_iterable(rows[i % len(rows)] for i in range(units))
        values[f"w{number}"] = Array((units, below), tuple(entries))
        if (bias := small.parameters.get(f"b{number}")) is not None:
            values[f"b{number}"] = Array((units,), tuple(islice(cycle(bias.entries), units)))
    adjoints = small.point.adjoint.rows()
    factors = numbers_of_copies(network.outputs, len(adjoints[0]))
    target: Callable[[Any, Any], Any] = cache(problem.model.loss.target)
    told = [
        [target(v, g * f) for v, g, f in zip(cycle(y_hat), cycle(row), factors)]
        for y_hat, row in zip(small.forward.y_hat.rows(), adjoints, strict=True)
    ]
    others = [target(value, 0) for value in plan.outputs(inputs).entries]
    originals, outputs = small.problem.network.outputs, network.outputs
    further = [0] * (inputs.shape[0] * outputs)
    for k in range(outputs):
        further[k::outputs] = others[k % originals :: originals]
    y = (*chain.from_iterable(told), *further)
    first = (islice(cycle(row), network.inputs) for row in small.x.rows())
    x = (*chain.from_iterable(first), *inputs.entries)
    values["x"] = Array((samples, network.inputs), x)
    values["y"] = Array((samples, network.outputs), y)
    return Witness.of(problem, values)


def numbers_of_copies(copies: int, originals: int) -> list[int]:
    """Return the number of each copy: 1, −1, 1, …, of an original with an even count 2 for the first."""
    counts = [len(range(i, copies, originals)) for i in range(originals)]
    return [_number(i // originals, counts[i % originals]) for i in range(copies)]


def _number(copy: int, count: int) -> int:
    if copy == 0 and count % 2 == 0:
        return 2
    return -1 if copy % 2 else 1


@dataclass(frozen=True)
class _Plan:
    """The small network, and the weights of its first layer for all inputs."""

    problem: Problem
    small: Witness

    def weights(self, number: int) -> list[Any]:
        """The weights that lead to the originals of a layer, row by row, from all copies below."""
        rows = self.small.parameters[f"w{number}"].rows()
        factors = numbers_of_copies(self.problem.network.widths[number - 1], len(rows[0]))
        return [w * f for row in rows for w, f in zip(cycle(row), factors)]

    def passes(self, x: Array[Any]) -> Iterator[tuple[Array[Any], Array[Any]]]:
        """Yield pre-activations and activations of the originals, layer by layer; ``x`` is for all inputs."""
        below = x
        for number, layer in enumerate(self.small.problem.network.layers, start=1):
            width = self.problem.network.inputs if number == 1 else below.shape[1]
            weights = self.weights(1) if number == 1 else self.small.parameters[f"w{number}"].entries
            z = array_product(below, Array((layer.units, width), tuple(weights)).turned)
            if layer.bias:
                bias = self.small.parameters[f"b{number}"].entries
                z = Array(z.shape, tuple(map(add, z.entries, cycle(bias))))
            below = z.each(lambda value: piecewise(layer.activation).at(value, "left")[0])  # noqa: B023 - at once
            yield z, below

    def outputs(self, x: Array[Any]) -> Array[Any]:
        """ŷ of the originals."""
        *_, (_, y_hat) = self.passes(x)
        return y_hat

    def on_kinks(self, x: Array[Any]) -> list[int]:
        """The samples of which some pre-activation is on a kink."""
        found: set[int] = set()
        for (z, _), layer in zip(self.passes(x), self.small.problem.network.layers, strict=True):
            kinks = {value for value in z.distinct if layer.activation.is_kink(value)}
            if kinks:
                found.update(i // layer.units for i, value in enumerate(z.entries) if value in kinks)
        return sorted(found)


def _drawn(chance: random.Random, count: int, wide: int) -> list[Any]:
    """Integers from −wide to wide, about equally often: of many, each takes a byte of chance."""
    if wide > 16:
        return chance.choices(range(-wide, wide + 1), k=count)
    spread = 2 * wide + 1
    return array("b", chance.randbytes(count).translate(_table(spread, wide))).tolist()


@cache
def _table(spread: int, wide: int) -> bytes:
    return array("b", (byte % spread - wide for byte in range(256))).tobytes()


def _inputs(plan: _Plan, samples: int, chance: random.Random) -> Array[Any]:
    """Draw the inputs of the samples whose adjoint is 0: small integers, off every kink."""
    width = plan.problem.network.inputs
    wide = max(1, variety(plan.problem, samples))
    if width == 1:
        taken = {*plan.small.x.entries}
        free = [v for v in range(-wide - len(taken), wide + len(taken) + 1) if v not in taken]
        entries: list[Any] = chance.sample(free, samples)
    else:
        entries = _drawn(chance, samples * width, wide)
    x = Array((samples, width), tuple(entries))
    again = plan.on_kinks(x) if samples else []
    rows = plan.small.x.rows()
    for attempt in range(REDRAWS + 1):
        if not again:
            break
        for m in again:
            if attempt < REDRAWS:
                drawn: Iterable[Any] = _drawn(chance, width, 2 * wide)
            else:
                drawn = islice(cycle(rows[m % len(rows)]), width)
            entries[m * width : (m + 1) * width] = drawn
        if attempt < REDRAWS:
            moved = Array(
                (len(again), width), tuple(v for m in again for v in entries[m * width : (m + 1) * width])
            )
            again = [again[i] for i in plan.on_kinks(moved)]
        else:
            again = []
    return Array((samples, width), tuple(entries))
