"""Where float64 cannot be trusted to follow a witness, found before anyone calculates with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf, nextafter

import numpy as np
from numpy.typing import NDArray

from zerograd.core.errors import ZerogradError
from zerograd.core.model.activations import Activation, PiecewiseLinear, piecewise
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import NOT_ZERO
from zerograd.core.verdict.witness import Witness
from zerograd.evaluate import losses
from zerograd.evaluate.floats import (
    ROUNDING,
    Floats,
    NotComparable,
    bounds,
    evaluate,
    exact_pieces,
    forward,
    majorant,
    to_floats,
)
from zerograd.evaluate.passes import Run

_SMALLEST = 2.0**-1000
"""Nearer to 0 a processor may take a number for 0."""
_BITS = 53
_MARGIN = 4
"""How far beyond rounding a gradient must be that is asked to be nonzero."""


class BeyondFloat64(ZerogradError):  # noqa: N818 - named for what is the matter
    """Float64 cannot show what the witness shows exactly; the message says why."""


@dataclass(frozen=True, slots=True)
class PutBack:
    """Pre-activations of a layer that rounding may carry across a kink.

    Attributes:
        layer: 1..L.
        places: (sample, unit) of each.
        values: what each is exactly, or the float64 nearest to that on its side of the kinks.
        rounding: how far they may be off.
    """

    layer: int
    places: tuple[tuple[int, int], ...]
    values: tuple[float, ...]
    rounding: float


def prepare(witness: Witness) -> dict[int, PutBack]:
    """Find the pre-activations that rounding may carry across a kink, by layer.

    Raises:
        BeyondFloat64: a number is out of the range of float64, or a gradient that is asked to be
            nonzero drowns in rounding.
    """
    model = witness.problem.model
    try:
        values = {name: to_floats(array) for name, array in witness.variables.items()}
        exact = {name: to_floats(array) for name, array in witness.gradients.items()}
        codes = exact_pieces(witness)
        with np.errstate(all="ignore", under="raise"):
            evaluate(model, values, codes)
            reach, here = majorant(model.network, values), forward(model.network, values)
            works_out = works_out_sizes(witness.problem)
            size = bounds(model, values, here, reach) if works_out else sizes(witness)
            sides = losses.sides(model.loss, here.y_hat, values["y"])
            if not np.array_equal(sides, losses.exact_sides(witness.point)):
                raise NotComparable("rounding carries ŷ across a kink of the loss")
    except NotComparable as reason:
        raise BeyondFloat64(f"{reason}, which such a script calculates in") from None
    except FloatingPointError:
        raise BeyondFloat64("an intermediate value is too near to 0 for float64") from None
    if not all(np.isfinite(array).all() for array in size.values()):
        raise BeyondFloat64("an intermediate value is beyond the range of float64")
    _tell_apart(witness, exact, size)
    return _put_back(witness, codes, reach)


def works_out_sizes(problem: Problem) -> bool:
    """Whether scripts bound rounding by a pass of their own; else they are told the bounds."""
    layers = problem.network.layers
    plain = all(
        isinstance(layer.activation, PiecewiseLinear) and not layer.activation.names.torch_error
        for layer in layers
    )
    return plain and problem.model.loss.least_squares


def sizes(witness: Witness) -> dict[str, Floats]:
    """What rounding is relative to, in each gradient, as re-checks estimate it. Raises NotComparable."""
    values = {name: to_floats(array) for name, array in witness.variables.items()}
    bounds = evaluate(witness.problem.model, values, exact_pieces(witness)).bounds
    coarser = sum(layer.activation.names.torch_error for layer in witness.problem.network.layers)
    return {name: bound * (1 + 2 * coarser / ROUNDING) for name, bound in bounds.items()}


def _tell_apart(witness: Witness, exact: Mapping[str, Floats], size: Mapping[str, Floats]) -> None:
    """Refuse what is asked to be nonzero and is not beyond rounding."""

    def seen(name: str, index: Index) -> bool:
        return bool(abs(exact[name][index]) > _MARGIN * ROUNDING * size[name][index])

    def refuse(name: str) -> None:
        raise BeyondFloat64(f"∂L/∂{name} is not 0, but so near to it that float64 cannot tell")

    for relation in NOT_ZERO:
        for name, index in witness.problem.asked_entries(relation, witness.samples):
            if not seen(name, index):
                refuse(entry(name, index))
    for choice in witness.problem.choices(witness.samples):
        if not any(seen(name, index) for name, index in choice.entries):
            refuse(str(choice))


def beyond_float64(witness: Witness) -> str | None:
    """Why float64 cannot show what the witness shows; None where it can."""
    try:
        prepare(witness)
    except BeyondFloat64 as reason:
        return str(reason)
    return None


def _put_back(witness: Witness, codes: list[NDArray[np.intp]], reach: Run[Floats]) -> dict[int, PutBack]:
    result: dict[int, PutBack] = {}
    grain, last = _grain(witness.x.entries), witness.problem.network.depth
    for number, layer in enumerate(witness.problem.network.layers, start=1):
        largest = reach.z[number - 1]
        weights = _grain(witness.parameters[f"w{number}"].entries)
        grain = None if grain is None or weights is None else grain + weights
        if layer.bias:
            grain = _coarser(grain, _grain(witness.parameters[f"b{number}"].entries))
        if not _fits(grain, largest):
            grain = None
        z = witness.forward.z[number - 1]
        floats = to_floats(z)
        near = np.zeros(z.shape, dtype=bool)
        for kink in layer.activation.kinks if grain is None else ():
            near |= np.abs(floats - float(kink)) <= ROUNDING * (largest + abs(float(kink)))
        places = [(int(m), int(i)) for m, i in np.argwhere(near)]
        if places:
            back = tuple(_on_its_side(layer.activation, z, codes[number - 1], place) for place in places)
            rounding = 2 * ROUNDING * max(float(largest[place]) for place in places) + _SMALLEST
            result[number] = PutBack(number, tuple(places), back, rounding)
        lines = isinstance(layer.activation, PiecewiseLinear)
        pieces = _grain(piecewise(layer.activation).constants) if lines else None
        grain = None if grain is None or pieces is None else grain + pieces
        if not _fits(grain, reach.y_hat if number == last else reach.below[number]):
            grain = None
    return result


def _grain(values: Iterable[Exact]) -> int | None:
    """The least k for which all are multiples of 2**-k, None where there is none."""
    largest = 0
    for value in values:
        if not isinstance(value, int | Fraction) or value.denominator.bit_count() != 1:
            return None
        largest = max(largest, value.denominator.bit_length() - 1)
    return largest


def _coarser(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else max(a, b)


def _fits(grain: int | None, largest: Floats) -> bool:
    """Whether every partial sum, in any order, is a float64 without rounding.

    They are multiples of 2**-grain, and no larger than ``largest``.
    """
    if grain is None or grain > 1000:
        return False
    return Fraction(float(largest.max(initial=0.0))) * (1 << grain) < 1 << (_BITS - 1)


def _on_its_side(
    activation: Activation, z: Array[Exact], codes: NDArray[np.intp], place: tuple[int, int]
) -> float:
    """The float64 nearest to z that lies on the same piece or kink."""
    number, on_kink = divmod(int(codes[place]), 2)
    low, high = (None, *activation.kinks)[number], (*activation.kinks, None)[number]
    value = float(z[place])
    if on_kink and high is not None:
        return float(high)
    if low is not None and value <= low + _SMALLEST:
        return _beside(low, inf)
    if high is not None and value >= high - _SMALLEST:
        return _beside(high, -inf)
    return value


def _beside(kink: int | Fraction, direction: float) -> float:
    if kink == 0:
        return _SMALLEST if direction > 0 else -_SMALLEST
    return nextafter(float(kink), direction)
