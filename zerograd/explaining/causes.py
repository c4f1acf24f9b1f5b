"""Why gradients are zero at a point, as data. How to word it is for `show` to decide.

A gradient entry is a sum of products; each product has what comes back to a unit as a factor. So it is zero
because every product has a factor that is zero, or because products cancel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from zerograd.core.model.activations import piecewise
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact, sign


@dataclass(frozen=True, slots=True)
class ZeroAdjoint:
    """∂L/∂ŷ is 0 at these outputs, on these samples."""

    samples: tuple[int, ...]
    outputs: tuple[int, ...]
    structural: bool = False


@dataclass(frozen=True, slots=True)
class Flat:
    """A unit whose φ′(z) is 0 on these samples: see `Dead`, `Saturated` and `AtKink`."""

    samples: tuple[int, ...]
    layer: int
    unit: int
    structural: bool


@dataclass(frozen=True, slots=True)
class Dead(Flat):
    """The unit is inactive: below its last kink, where φ is constant."""


@dataclass(frozen=True, slots=True)
class Saturated(Flat):
    """The unit is at an end of its range."""


@dataclass(frozen=True, slots=True)
class AtKink(Flat):
    """The unit is on a kink, where the question takes the derivative 0."""


@dataclass(frozen=True, slots=True)
class NoOutgoingWeight:
    """Every weight out of the unit is 0 that leads to a unit to which something comes back.

    Attributes:
        weights: how many those are.
        structural: whether the others are 0 too.
    """

    samples: tuple[int, ...]
    layer: int
    unit: int
    weights: int
    structural: bool


@dataclass(frozen=True, slots=True)
class NothingReturns:
    """Nothing comes back to the unit on any of these samples, for reasons that differ further up."""

    samples: tuple[int, ...]
    layer: int
    unit: int
    structural: bool = False


@dataclass(frozen=True, slots=True)
class ZeroFactor:
    """Wherever something comes back, the other factor is 0.

    Attributes:
        factor: the array that it stands in: ``w1``, ``x``, ``a1``, …
    """

    samples: tuple[int, ...]
    factor: str
    structural: bool


@dataclass(frozen=True, slots=True)
class Cancels:
    """Terms that are not 0 sum to 0.

    Attributes:
        terms: which of the ``samples``, or of the ``units`` above, they belong to.
        at: (layer, unit) where what comes back cancels; None where the gradient itself does.
    """

    samples: tuple[int, ...]
    terms: tuple[int, ...]
    over: Literal["samples", "units"]
    at: tuple[int, int] | None = None
    structural: bool = False


Cause: TypeAlias = ZeroAdjoint | Flat | NoOutgoingWeight | NothingReturns | ZeroFactor | Cancels
"""Why a gradient is zero on some ``samples``.

It is ``structural`` if it holds whatever data and targets are, as the weights alone show; else it is an
accident of this dataset.
"""


def causes(point: Point[Exact], name: str, index: Index) -> tuple[Cause, ...]:
    """Return why ∂L/∂ of an entry of a parameter or of ``x`` is zero; nothing where it is not.

    Several causes belong together: to the units of one layer, in order, where none of them passes anything
    back on this sample (for ``x``); or to different samples (for parameters).
    """
    if sign(point.gradients[name][index]):
        return ()
    return tuple(_of_input(point, *index) if name == "x" else _of_parameter(point, name, index))


def dead_units(point: Point[Exact]) -> Iterator[tuple[int, int]]:
    """(layer, unit) of every unit with φ′(z) = 0 on every sample."""
    for layer, derivatives in enumerate(point.forward.derivatives, start=1):
        for unit, column in enumerate(zip(*derivatives.rows(), strict=True)):
            if not any(column):
                yield layer, unit


def _of_input(point: Point[Exact], sample: int, entry: int) -> Iterator[Cause]:
    network = point.model.network
    if not any(map(sign, _row(point.adjoint, sample))):
        yield ZeroAdjoint((sample,), tuple(range(network.outputs)))
        return
    for layer in range(network.depth, 0, -1):
        if not any(map(sign, _row(point.adjoints[layer - 1].delta, sample))):
            yield from (_at_unit(point, layer, unit, sample) for unit in range(network.widths[layer]))
            return
    delta = _row(point.adjoints[0].delta, sample)
    weights = [row[entry] for row in point.parameters["w1"].rows()]
    terms = tuple(unit for unit, (w, d) in enumerate(zip(weights, delta, strict=True)) if sign(w) and sign(d))
    if terms:
        yield Cancels((sample,), terms, "units")
    else:
        yield ZeroFactor((sample,), "w1", structural=not any(map(sign, weights)))


def _at_unit(point: Point[Exact], layer: int, unit: int, sample: int) -> Cause:
    """Why a unit passes nothing back on a sample, although something comes back to the layer above."""
    if not point.forward.derivatives[layer - 1][sample, unit]:
        return _flat(point, layer, unit, sample)
    if layer == point.model.network.depth:
        return ZeroAdjoint((sample,), (unit,))
    outgoing = [row[unit] for row in point.parameters[f"w{layer + 1}"].rows()]
    above = _row(point.adjoints[layer].delta, sample)
    passing = tuple(upper for upper, delta in enumerate(above) if sign(delta))
    terms = tuple(upper for upper in passing if sign(outgoing[upper]))
    if terms:
        return Cancels((sample,), terms, "units", at=(layer, unit))
    return NoOutgoingWeight((sample,), layer, unit, len(passing), structural=not any(map(sign, outgoing)))


def _flat(point: Point[Exact], layer: int, unit: int, sample: int) -> Flat:
    activation = piecewise(point.model.network.layers[layer - 1].activation)
    number, on_kink = activation.locate(point.forward.z[layer - 1][sample, unit])
    saturated = not on_kink and activation.pieces[number].word == "saturated"
    kind = AtKink if on_kink else Saturated if saturated else Dead
    return kind((sample,), layer, unit, structural=_is_constant(point, layer, unit))


def _row(array: Array[Exact], sample: int) -> tuple[Exact, ...]:
    width = array.shape[1]
    return array.entries[sample * width : (sample + 1) * width]


def _is_constant(point: Point[Exact], layer: int, unit: int) -> bool:
    """Whether a unit computes the same on all data: no weight leads into it."""
    return not any(map(sign, point.parameters[f"w{layer}"].rows()[unit]))


def _of_parameter(point: Point[Exact], name: str, index: Index) -> Iterable[Cause]:
    network, run = point.model.network, point.forward
    layer, unit, every = int(name[1:]), index[0], tuple(range(point.x.shape[0]))
    below = point.x if layer == 1 else run.a[layer - 2]
    factors: list[Any] = [row[index[1]] if name[0] == "w" else 1 for row in below.rows()]
    delta = [row[unit] for row in point.adjoints[layer - 1].delta.rows()]
    if terms := tuple(m for m in every if sign(delta[m]) and sign(factors[m])):
        return [Cancels(every, terms, "samples")]
    if not any(map(sign, point.adjoint.entries)):
        return [ZeroAdjoint(every, tuple(range(network.outputs)))]
    if any(map(sign, delta)):
        constant = layer > 1 and _is_constant(point, layer - 1, index[1])
        return [ZeroFactor(every, f"a{layer - 1}" if layer > 1 else "x", structural=constant)]
    if layer == network.depth or not any(run.derivatives[layer - 1][m, unit] for m in every):
        return _merged(_at_unit(point, layer, unit, m) for m in every)
    outgoing = [row[unit] for row in point.parameters[f"w{layer + 1}"].rows()]
    if not any(map(sign, outgoing)):
        return [NoOutgoingWeight(every, layer, unit, len(outgoing), structural=True)]
    for higher in range(layer + 1, network.depth + 1):
        if not any(run.derivatives[higher - 1].entries):
            units = range(network.widths[higher])
            return _merged(_flat(point, higher, upper, m) for upper in units for m in every)
    return [NothingReturns(every, layer, unit)]


def _merged(single: Iterable[Cause]) -> list[Cause]:
    """Causes of single samples, those together that differ in the sample alone."""
    samples: dict[Cause, tuple[int, ...]] = {}
    for cause in single:
        key = replace(cause, samples=())
        samples[key] = (*samples.get(key, ()), *cause.samples)
    return [replace(cause, samples=where) for cause, where in samples.items()]
