"""What choices of slopes at kinks can make of gradients.

At a kink of a unit on a sample any number between the slopes on its left and on its right may be taken, and
at a kink of the loss likewise any adjoint between those that both slopes give: for each of them by itself.

Theorem. Let a point be fixed. Each gradient entry takes, over all choices, all values from its least to its
greatest, and no others; both are taken where every slope is one of the two at its ends.

Proof. A gradient entry is a sum over samples, outputs and paths from the output down to the parameter (or
input). A path meets each layer once, so its term has each slope, and each entry of the adjoint, as a factor
at most once: the entry is affine in each choice, the others being fixed. So it is least, and greatest, at a
vertex of the box of choices; and it is continuous on the box, which is connected. Each slope is that of one
sample, so the extremes of the sum over samples are the sums of the extremes. ∎

docs/theory/slopes.md has this at length, with what follows for several entries at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.backprop import ExactActivate, Forward, Gradients, backward
from zerograd.core.model.kinks import CHOICES, Kink
from zerograd.core.model.network import Network
from zerograd.core.model.point import Model, Point
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, compare
from zerograd.core.numbers.work import spend_on

MOST = 12
"""Kinks of one sample, in several layers, of which all choices are gone through."""


def is_chosen(convention: Kink) -> bool:
    """Whether slopes at kinks are chosen: ``any`` choice answers, or ``all`` of them do."""
    return convention in CHOICES


def conventions_between(network: Network) -> tuple[Kink, ...]:
    """Return the rules for all kinks that lie between both slopes at every kink of a network."""
    return (*common_between(network), "mean")


def common_between(network: Network) -> tuple[Kink, ...]:
    """Return the same without ``mean``: those under which a no is looked for."""
    activations = [layer.activation for layer in network.layers]
    torch = all(phi.derivatives_at_kinks("torch") == phi.derivatives_at_kinks("all") for phi in activations)
    return ("torch", "left", "right") if torch else ("left", "right")


def off_kinks(model: Model) -> Model:
    """Return the model for a point that is on no kink, where there is nothing to choose: it forbids them."""
    return replace(model, derivative_at_kink="forbid") if is_chosen(model.derivative_at_kink) else model


@dataclass(frozen=True, slots=True)
class Choice:
    """A kink that a sample is on, and what may be taken there.

    Attributes:
        place: the number that is on it: ``z1[0,1]``, or ``y_hat[0,0]`` of a kink of the loss.
        layer: from 1; None for the loss.
        unit: or the output.
        low, high: the least and the greatest slope; of the loss, entry of `Loss.sample_adjoint`.
    """

    place: str
    layer: int | None
    sample: int
    unit: int
    low: Exact
    high: Exact

    def pre_activation(self, point: Point[Exact]) -> Exact:
        """The number that is on the kink, of a unit."""
        if self.layer is None:
            raise ValueError(f"{self.place} is no pre-activation")
        return point.forward.z[self.layer - 1][self.sample, self.unit]

    def admits(self, slope: Exact) -> bool:
        """Whether a slope lies between both."""
        return compare(slope, self.low) >= 0 and compare(slope, self.high) <= 0


def choices_at(point: Point[Exact]) -> Iterator[Choice]:
    """All kinks that samples are on: those of units from the first layer on, then those of the loss.

    What was chosen plays no part.
    """
    if point.model.derivative_at_kink == "any":
        model = replace(point.model, derivative_at_kink="left")
        point = replace(point, model=model, activate=ExactActivate("left"), chosen={})
    for number, (layer, z) in enumerate(
        zip(point.model.network.layers, point.forward.z, strict=True), start=1
    ):
        phi = layer.activation
        if not phi.has_kinks:
            continue
        spend_on(z.entries, 2)
        for index, value in z.items():
            kink, is_on = phi.locate(value)
            if is_on:
                low, high = _in_order(*phi.slopes_at_kinks[kink])
                yield Choice(entry(f"z{number}", index), number, index[0], index[1], low, high)
    loss, y_hat, y = point.model.loss, point.forward.y_hat, point.y
    if not loss.has_kinks:
        return
    for sample, output in loss.on_kinks(y_hat, y, point.functions):
        rows = y_hat.rows()[sample], y.rows()[sample]
        ends = (loss.sample_adjoint(*rows, point.functions, side)[output] for side in ("left", "right"))
        low, high = _in_order(*ends)
        yield Choice(entry("y_hat", (sample, output)), None, sample, output, low, high)


def _in_order(left: Any, right: Any) -> tuple[Exact, Exact]:
    """The slopes on the left and on the right of a kink, the smaller first."""
    return (left, right) if compare(left, right) < 0 else (right, left)


@dataclass(frozen=True)
class Ranges:
    """The values that gradient entries take over all choices of slopes at a point.

    Attributes:
        point: under ``all``, over exact numbers.
    """

    point: Point[Exact]
    _known: dict[str, Array[tuple[Exact, Exact]]] = field(default_factory=dict, repr=False)

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """The kinks that samples are on."""
        return tuple(choices_at(self.point))

    def of(self, name: str) -> Array[tuple[Exact, Exact]]:
        """Return (least, greatest) of each entry of ∂L/∂ a parameter or ``x``.

        Raises:
            Refused: a sample is on kinks of several layers, more than are gone through.
        """
        if name not in self._known:
            self._known[name] = self._of(name)
        return self._known[name]

    def _of(self, name: str) -> Array[tuple[Exact, Exact]]:
        by_sample = self._by_sample
        if name == "x":
            entries = [pair for _, gradients in by_sample for pair in gradients[name]]
            return Array(self.point.x.shape, tuple(entries))
        shape = self.point.model.network.shapes[name]
        ends = zip(*(gradients[name] for _, gradients in by_sample), strict=True)
        return Array(shape, tuple((_sum(a for a, _ in each), _sum(b for _, b in each)) for each in ends))

    @cached_property
    def _by_sample(self) -> list[tuple[int, Mapping[str, Sequence[tuple[Exact, Exact]]]]]:
        return [(m, self._extremes(m)) for m in range(self.point.x.shape[0])]

    def _extremes(self, sample: int) -> Mapping[str, list[tuple[Exact, Exact]]]:
        """(least, greatest) of what one sample adds to each entry, by name, row-major."""
        choices = [choice for choice in self.choices if choice.sample == sample]
        lowest = self._gradients(sample, [(choice, choice.low) for choice in choices])
        names = (*self.point.model.network.shapes, "x")
        result = {name: [(value, value) for value in lowest[name].entries] for name in names}
        if len({choice.layer for choice in choices}) <= 1:
            # No path meets two of them, so the entries are affine in all slopes together.
            for choice in choices:
                moved = [(other, other.high if other is choice else other.low) for other in choices]
                gradients = self._gradients(sample, moved)
                for name in names:
                    ends = zip(result[name], lowest[name].entries, gradients[name].entries, strict=True)
                    result[name] = [_extended(pair, b - a) for pair, a, b in ends]
            return result
        if len(choices) > MOST:
            raise Refused(
                [Violation("kinks", f"at most {MOST} of one sample, in several layers", f"{len(choices)}")]
            )
        for slopes in product(*((choice.low, choice.high) for choice in choices)):
            gradients = self._gradients(sample, [*zip(choices, slopes, strict=True)])
            for name in names:
                known = zip(result[name], gradients[name].entries, strict=True)
                result[name] = [(_least(low, g), _least(high, g, -1)) for (low, high), g in known]
        return result

    def _gradients(self, sample: int, slopes: Sequence[tuple[Choice, Exact]]) -> Gradients[Exact]:
        """What one sample adds to the gradients, with these slopes at its kinks."""
        run, network = self.point.forward, self.point.model.network
        derivatives = [[*_row(array, sample).entries] for array in run.derivatives]
        adjoint = [*_row(self.point.adjoint, sample).entries]
        for choice, slope in slopes:
            if choice.layer is None:
                adjoint[choice.unit] = slope * self.point.outer_slope
            else:
                derivatives[choice.layer - 1][choice.unit] = slope
        alone = Forward(
            _row(run.x, sample),
            tuple(_row(z, sample) for z in run.z),
            tuple(_row(a, sample) for a in run.a),
            tuple(Array((1, len(each)), tuple(each)) for each in derivatives),
        )
        factor = self.point.model.loss.factor(*self.point.y.shape)
        return backward(
            network, self.point.parameters, alone, Array((1, len(adjoint)), tuple(adjoint)), factor
        )


def ranges_at(point: Point[Any]) -> Ranges | None:
    """Return what gradients can be under ``all``; None under others, and where no sample is on a kink."""
    if point.model.derivative_at_kink != "all":
        return None
    ranges = Ranges(point)
    return ranges if ranges.choices else None


def _row(array: Array[Exact], sample: int) -> Array[Exact]:
    """What an array has of one sample, as a matrix of one row."""
    width = array.shape[1]
    return Array((1, width), array.entries[sample * width : (sample + 1) * width])


def _sum(values: Iterator[Exact]) -> Exact:
    result: Exact = 0
    for value in values:
        spend_on((result, value))
        result = result + value
    return result


def _extended(pair: tuple[Exact, Exact], step: Exact) -> tuple[Exact, Exact]:
    spend_on((step, *pair))
    low, high = pair
    return (low + step, high) if compare(step, 0) < 0 else (low, high + step)


def _least(a: Exact, b: Exact, sign: int = 1) -> Exact:
    """The smaller of two numbers; with ``sign`` −1 the greater."""
    spend_on((a, b))
    return a if sign * compare(a, b) <= 0 else b
