"""What is zero at a point, and what stays possible when only some of that is taken as given.

A *slot* is a place in the forward or backward pass where zeros can begin; see `Slot`. Walking with some
entries of slots closed, and everything else as if it could be any number, tells which gradient entries these
alone make zero: a product is zero where a factor is, a sum where all its terms are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from zerograd.core.model.activations import Activation
from zerograd.core.model.point import Point
from zerograd.core.numbers.exact import Exact
from zerograd.explaining.exact.masks import bits, full, joined, nonzero, packed, transposed


class Slot(StrEnum):
    """Where zeros can begin. Masks are rows of units: one for each class of samples, or for each unit."""

    INPUT = "input"  # x
    WEIGHT = "weight"  # w of a layer in the forward pass: a row for each unit
    BIAS = "bias"  # b of a layer in the forward pass: a single row
    SUM = "sum"  # z of a layer
    VALUE = "value"  # a of a layer
    ADJOINT = "adjoint"  # ∂L/∂ŷ
    GATE = "gate"  # φ′ of a layer
    BACK = "back"  # w of a layer in the backward pass: a row for each unit
    ARRIVING = "arriving"  # what comes back to the activations of a layer
    GRADIENT = "gradient"  # of a parameter or of x: one mask for all entries, at the number of its name


Place = tuple[Slot, int]
"""A slot, and its layer from 1 on (the number of a gradient's name)."""
Closed = Mapping[Place, Sequence[int]]


def union(several: Iterable[Closed]) -> dict[Place, list[int]]:
    """Return all that is closed in one of several."""
    result: dict[Place, list[int]] = {}
    for closed in several:
        for place, rows in closed.items():
            known = result.get(place)
            result[place] = list(rows) if known is None else [a | b for a, b in zip(known, rows, strict=True)]
    return result


@dataclass(frozen=True, slots=True)
class Sample:
    """What is not zero on a sample, and what its units do: a mask for each layer."""

    x: int
    z: tuple[int, ...]
    a: tuple[int, ...]
    off: tuple[int, ...]
    saturated: tuple[int, ...]
    kink: tuple[int, ...]
    flat: tuple[int, ...]
    arriving: tuple[int, ...]
    delta: tuple[int, ...]
    gradient: int


class Patterns:
    """The zeros of a point, samples with the same ones together.

    Attributes:
        classes: the numbers of the samples of each class.
        samples: what is so on the samples of each class.
        weights: of each layer, the weights of each unit that are not zero.
        biases: of each layer, the units whose bias is not zero.
        names: of gradients: all parameters, then ``x``.
        zeros: which entries of each gradient are zero.
    """

    def __init__(self, point: Point[Exact]) -> None:
        self.point, self.network = point, point.model.network
        self.widths, self.depth = self.network.widths, self.network.depth
        groups: dict[Sample, list[int]] = {}
        for m, sample in enumerate(_samples(point)):
            groups.setdefault(sample, []).append(m)
        self.samples, self.classes = list(groups), [tuple(group) for group in groups.values()]
        self.class_of = {m: c for c, group in enumerate(self.classes) for m in group}
        self.weights = [
            [nonzero(row) for row in point.parameters[f"w{number}"].rows()]
            for number in range(1, self.depth + 1)
        ]
        self.biases = [
            nonzero(point.parameters[f"b{number}"].entries) if layer.bias else 0
            for number, layer in enumerate(self.network.layers, start=1)
        ]
        self.names = [*self.network.shapes, "x"]
        self.shapes = {**self.network.shapes, "x": point.x.shape}
        self.zeros = {
            name: full(len(point.gradients[name].entries)) & ~nonzero(point.gradients[name].entries)
            for name in self.names
        }

    @property
    def count(self) -> int:
        """How many samples there are."""
        return len(self.class_of)

    def members(self, classes: Iterable[int]) -> tuple[int, ...]:
        """Return the samples of some classes, in order."""
        return tuple(sorted(m for c in classes for m in self.classes[c]))

    @cached_property
    def outgoing(self) -> list[list[int]]:
        """Units of each layer that a weight leads to, for each unit below."""
        return [transposed(rows, width) for rows, width in zip(self.weights, self.widths[:-1], strict=True)]

    @cached_property
    def depends(self) -> list[int]:
        """Units of the inputs and of each layer whose value depends on data, as their weights show."""
        levels = [full(self.widths[0])]
        for rows in self.weights:
            levels.append(packed(bool(row & levels[-1]) for row in rows))
        return levels

    def of_samples(self, rows: Sequence[int]) -> int:
        """Return entries of x, from a row for each class."""
        spread = [0] * self.count
        for row, members in zip(rows, self.classes, strict=True):
            for m in members:
                spread[m] = row
        return joined(spread, self.widths[0])

    def with_terms(self, name: str, delta: Sequence[int], below: Sequence[int]) -> int:
        """Return the entries of a parameter's gradient in whose sum a term can be non-zero.

        Args:
            delta: for each class, the units of its layer to which something comes back.
            below: for each class, the values that are fed to the layer and are not zero.
        """
        number = int(name[1:])
        if name[0] == "b":
            live = 0
            for row in delta:
                live |= row
            return live
        reached = [0] * self.widths[number]
        for row, values in {*zip(delta, below, strict=True)}:
            for unit in bits(row):
                reached[unit] |= values
        return joined(reached, self.widths[number - 1])

    def walk(self, closed: Closed) -> Walked:
        """Return what can be non-zero when some entries of slots are closed and all else is open."""
        return Walked(self, closed)


class Walked:
    """What can be non-zero when only some zeros are taken as given."""

    def __init__(self, patterns: Patterns, closed: Closed) -> None:
        self._patterns, self._closed = patterns, closed
        widths, depth = patterns.widths, patterns.depth
        every = range(len(patterns.classes))
        values = [full(widths[0]) & ~row for row in self._rows((Slot.INPUT, 0), len(patterns.classes))]
        self._values = [values]
        for number, layer in enumerate(patterns.network.layers, start=1):
            everything = full(widths[number])
            if (Slot.WEIGHT, number) in closed or not all(values):
                inputs = full(widths[number - 1])
                weights = [inputs & ~row for row in self._rows((Slot.WEIGHT, number), widths[number])]
                (bias,) = self._rows((Slot.BIAS, number), 1)
                biased = everything & ~bias if layer.bias else 0
                known: dict[int, int] = {}
                for row in values:
                    if row not in known:
                        known[row] = biased | packed(bool(w & row) for w in weights)
                sums = [known[row] for row in values]
            else:
                sums = [everything] * len(values)
            values = self._without(sums, (Slot.SUM, number))
            if not layer.activation.is_zero_at_zero:
                values = [everything] * len(values)
            values = self._without(values, (Slot.VALUE, number))
            self._values.append(values)
        arriving = [full(widths[depth]) & ~row for row in self._rows((Slot.ADJOINT, depth), len(every))]
        self._deltas: list[list[int]] = []
        for number in range(depth, 0, -1):
            gates = self._rows((Slot.GATE, number), len(every))
            self._deltas.insert(0, [row & ~gate for row, gate in zip(arriving, gates, strict=True)])
            arriving = self._through(number, self._deltas[0])
            if (Slot.ARRIVING, number - 1) in closed:
                shut = closed[Slot.ARRIVING, number - 1]
                arriving = [row & ~some for row, some in zip(arriving, shut, strict=True)]
        self._of_x = arriving
        self._zeros: dict[str, int] = {}

    def _without(self, rows: list[int], place: Place) -> list[int]:
        if place not in self._closed:
            return rows
        return [row & ~shut for row, shut in zip(rows, self._closed[place], strict=True)]

    def _rows(self, place: Place, count: int) -> Sequence[int]:
        return self._closed.get(place) or [0] * count

    def _through(self, number: int, delta: Sequence[int]) -> list[int]:
        """Return what can come through the weights of a layer."""
        everything = full(self._patterns.widths[number - 1])
        shut = self._closed.get((Slot.BACK, number))
        if shut is None:
            return [everything if row else 0 for row in delta]
        weights, known = [everything & ~row for row in shut], {0: 0}
        for row in delta:
            if row not in known:
                reached = 0
                for unit in bits(row):
                    reached |= weights[unit]
                    if reached == everything:
                        break
                known[row] = reached
        return [known[row] for row in delta]

    def zeros(self, name: str) -> int:
        """Return which entries of a gradient are zero."""
        if name not in self._zeros:
            self._zeros[name] = self._of(name)
        return self._zeros[name]

    def _of(self, name: str) -> int:
        patterns = self._patterns
        if name == "x":
            live = patterns.of_samples(self._of_x)
        else:
            number = int(name[1:])
            live = patterns.with_terms(name, self._deltas[number - 1], self._values[number - 1])
        shut = self._closed.get((Slot.GRADIENT, patterns.names.index(name)))
        return full(len(patterns.point.gradients[name].entries)) & ~(live & ~shut[0] if shut else live)


def _samples(point: Point[Exact]) -> Iterable[Sample]:
    run, layers = point.forward, point.model.network.layers
    units = [
        [_unit_masks(layer.activation, z, d) for z, d in zip(zs.rows(), ds.rows(), strict=True)]
        for layer, zs, ds in zip(layers, run.z, run.derivatives, strict=True)
    ]
    z, a = ([[nonzero(row) for row in array.rows()] for array in arrays] for arrays in (run.z, run.a))
    arriving = [[nonzero(row) for row in back.arriving.rows()] for back in point.adjoints]
    delta = [[nonzero(row) for row in back.delta.rows()] for back in point.adjoints]
    of_x = [nonzero(row) for row in point.gradients["x"].rows()]
    for m, row in enumerate(point.x.rows()):
        off, saturated, kink, flat = zip(*(masks[m] for masks in units), strict=True)
        yield Sample(
            nonzero(row),
            tuple(rows[m] for rows in z),
            tuple(rows[m] for rows in a),
            off,
            saturated,
            kink,
            flat,
            tuple(rows[m] for rows in arriving),
            tuple(rows[m] for rows in delta),
            of_x[m],
        )


def _unit_masks(
    activation: Activation, z: Sequence[Exact], derivatives: Sequence[object]
) -> tuple[int, int, int, int]:
    """Return which units are off, saturated, on a kink, and on one with the derivative 0."""
    if activation.is_linear:
        return 0, 0, 0, 0
    off = saturated = kink = flat = 0
    for unit, (value, derivative) in enumerate(zip(z, derivatives, strict=True)):
        bit = 1 << unit
        if activation.is_kink(value):
            kink |= bit
            flat |= 0 if derivative else bit
        elif not derivative:
            if activation.word_at(value) == "inactive":
                off |= bit
            else:
                saturated |= bit
    return off, saturated, kink, flat
