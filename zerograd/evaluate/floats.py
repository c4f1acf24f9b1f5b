"""The witness in float64: what NumPy computes, and how far rounding may carry it.

Beside the gradients run bounds of their errors (`zerograd.evaluate.rounded`), so that a deviation can be
told from rounding without a tolerance plucked from the air. Losses, and scripts that work out bounds by
themselves, have a majorant: the same sums over absolute values (Higham, Accuracy and Stability of Numerical
Algorithms, §3.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from zerograd.core.model.activations import Activation, PiecewiseLinear
from zerograd.core.model.backprop import Forward as ExactForward
from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Network
from zerograd.core.model.point import Model
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.interval import Interval
from zerograd.core.verdict.witness import Witness
from zerograd.evaluate import losses, passes, smooth
from zerograd.evaluate.passes import Run
from zerograd.evaluate.rounded import UNIT, Rounded

Floats: TypeAlias = NDArray[np.float64]
Values: TypeAlias = Mapping[str, Floats]

ROUNDING = UNIT
"""Relative to the majorant: a generous multiple of 2**-53 for sums of up to a few thousand terms."""

_OF_ONE = 2.0**-6
"""Far out slopes are differences of numbers near 1, as 1 − a² and 1 + erf are; times `ROUNDING` this bounds
what is lost there, however small the slope is."""

SMALLEST = float(np.finfo(np.float64).tiny)
"""Below it a float64 has fewer digits than its error bound takes for granted."""


class NotComparable(Exception):  # noqa: N818 - a finding, not an error
    """Float64 cannot follow the exact computation here; the message says why."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Gradients, and what bounds their errors, in units of `ROUNDING`."""

    gradients: dict[str, Floats]
    bounds: dict[str, Floats]


def to_floats(array: Array[Any]) -> Floats:
    """The nearest float64 values of exact numbers, or of the middles of enclosures.

    Raises NotComparable beyond the range in which they are near, and for enclosures that are wide.
    """
    try:
        flat = np.array([_to_float(v) for v in array.entries], dtype=np.float64)
    except OverflowError:
        raise NotComparable("a value is beyond the range of float64") from None
    for position in np.flatnonzero(np.abs(flat) < SMALLEST):
        value = array.entries[position]
        if (_middle(value) if isinstance(value, Interval) else value) != 0:
            raise NotComparable("a value is too near to 0 for float64")
    return flat.reshape(array.shape)


def _to_float(value: Any) -> float:
    if type(value) is Fraction:
        top, bottom = value.as_integer_ratio()
        return top / bottom
    if isinstance(value, Interval):
        quick = _quick_middle(value)
        return float(_middle(value)) if quick is None else quick
    return float(value)


def _quick_middle(value: Interval) -> float | None:
    """`_middle` of an enclosure on one side of 0, by integers alone; None of others."""
    low, high, exponent = value.low_mantissa, value.high_mantissa, value.low_exponent
    gap = value.high_exponent - exponent
    if not (low > 0 or high < 0) or max(abs(gap), abs(exponent)) > _QUICK:
        return None
    if gap > 0:
        high <<= gap
    elif gap < 0:
        low, exponent = low << -gap, exponent + gap
    total, half = low + high, 1 - exponent  # the middle is total·2^−half
    if (high - low) << _NARROW > max(abs(total), 1 << half if half > 0 else 1):
        return None
    return total / (1 << half) if half > 0 else float(total << -half)


_QUICK = 4096
"""Exponents up to which numbers are written out."""
_NARROW = 60
"""Enclosures are narrow where their radius is at most 2^−60 of the middle, or of 1."""


def _middle(value: Interval) -> Fraction:
    """The middle of an enclosure that is narrower than what float64 rounds; 0 where it holds 0."""
    if value.radius > Fraction(1, 2**_NARROW) * max(Fraction(1), abs(value.midpoint)):
        raise NotComparable("an enclosure is wider than what float64 can tell")
    return value.midpoint if value.sign() else Fraction(0)


def exact_pieces(witness: Witness) -> list[NDArray[np.intp]]:
    """Per layer, shape (M, units): 2·(kinks below), or 2·kink + 1 for a pre-activation on that kink."""
    return pieces_at(witness.problem.network, witness.forward)


def pieces_at(network: Network, run: ExactForward[Any]) -> list[NDArray[np.intp]]:
    """`exact_pieces` of a forward pass."""
    layers = []
    for layer, z in zip(network.layers, run.z, strict=True):
        places = [layer.activation.locate(v.midpoint if isinstance(v, Interval) else v) for v in z.entries]
        codes = [2 * number + on_kink for number, on_kink in places]
        layers.append(np.array(codes, dtype=np.intp).reshape(z.shape))
    return layers


def pieces(activation: Activation, z: Floats) -> NDArray[np.intp]:
    """`exact_pieces` of float pre-activations."""
    if not activation.has_kinks:
        return np.zeros(z.shape, dtype=np.intp)
    kinks = _kinks(activation)
    left = np.searchsorted(kinks, z, side="left")
    right = np.searchsorted(kinks, z, side="right")
    codes: NDArray[np.intp] = (2 * left + (left != right)).astype(np.intp)
    return codes


def value(activation: Activation, z: Floats, code: NDArray[np.intp]) -> Floats:
    """φ(z) on these pieces."""
    if isinstance(activation, Smooth):
        return smooth.value(activation, z)
    slopes, offsets = _table(activation)
    result: Floats = slopes[code // 2] * z + offsets[code // 2]
    return result


def derivative(activation: Activation, z: Floats, code: NDArray[np.intp], convention: Kink) -> Floats:
    """φ′(z) on these pieces and kinks; NaN where there is none."""
    if isinstance(activation, Smooth):
        return smooth.slope_on_side(activation, z, code, convention)
    return _derivatives(activation, convention)[code]


@lru_cache
def _kinks(activation: Activation) -> Floats:
    return np.array([float(v) for v in activation.kinks], dtype=np.float64)


@lru_cache
def _table(activation: PiecewiseLinear) -> tuple[Floats, Floats]:
    """Slopes and offsets of pieces."""
    slopes, offsets = (
        np.array([float(v) for v in listed], dtype=np.float64)
        for listed in (activation.slopes, activation.offsets)
    )
    return slopes, offsets


@lru_cache
def _derivatives(activation: PiecewiseLinear, convention: Kink) -> Floats:
    """φ′ by the codes of `exact_pieces`."""
    table = [float("nan")] * (2 * len(activation.slopes) - 1)
    table[::2] = map(float, activation.slopes)
    taken = activation.derivatives_at_kinks(convention)
    table[1::2] = [float("nan") if d is None else float(d) for d in taken]
    return np.array(table)


def by_value(_number: int, activation: Activation, z: Floats) -> tuple[Floats, None]:
    """φ as float64 has it."""
    return value(activation, z, pieces(activation, z)), None


def at_most(_number: int, activation: Activation, z: Floats) -> tuple[Floats, Floats | float]:
    """What bounds |φ| and |φ′| where ``z`` bounds |z|."""
    if isinstance(activation, Smooth):
        return smooth.at_most(activation, z)
    steepest, highest = _most(activation)
    return steepest * z + highest, steepest


@lru_cache
def _most(activation: PiecewiseLinear) -> tuple[float, float]:
    return float(activation.steepest), float(activation.highest_offset)


def forward(network: Network, values: Values) -> Run[Floats]:
    """The forward pass in float64."""
    return passes.forward(network, values, by_value)


def outputs(network: Network, parameters: Values, x: Floats) -> Floats:
    """ŷ of shape (N, outputs); infinite, or not a number, beyond float64. No check: for pictures."""
    with np.errstate(over="ignore", invalid="ignore"):
        return forward(network, {**parameters, "x": x}).y_hat


def majorant(network: Network, values: Values) -> Run[Floats]:
    """What bounds every number of a forward pass: the same sums over absolute values."""
    return passes.forward(network, _absolute(values), at_most)


def _absolute(values: Values) -> Values:
    return {name: np.abs(array) for name, array in values.items()}


def loss_at(model: Model, values: Values) -> tuple[float, float, list[NDArray[np.intp]]]:
    """The loss, its majorant, and the pieces that every pre-activation lies on, and the loss."""
    codes: list[NDArray[np.intp]] = []

    def activate(_number: int, activation: Activation, z: Floats) -> tuple[Floats, None]:
        codes.append(pieces(activation, z))
        return value(activation, z, codes[-1]), None

    run = passes.forward(model.network, values, activate)
    reach = majorant(model.network, values).y_hat + np.abs(values["y"])
    codes.append(losses.sides(model.loss, run.y_hat, values["y"]))
    return *losses.value(model, run.y_hat, values["y"], reach), codes


def evaluate(model: Model, values: Values, codes: list[NDArray[np.intp]]) -> Evaluation:
    """Gradients on the given pieces, with bounds of their errors."""

    def activate(number: int, activation: Activation, z: Floats) -> tuple[Floats, Floats]:
        code = codes[number - 1]
        return value(activation, z, code), derivative(activation, z, code, model.derivative_at_kink)

    run = passes.forward(model.network, values, activate)
    g = losses.sample_adjoints(model.loss, run.y_hat, values["y"], model.derivative_at_kink)
    g = losses.outer_slope(model.loss, run.y_hat, values["y"]) * g
    gradients = passes.gradients(model.network, values, run, _scaled(model, g))
    return Evaluation(gradients, _errors(model, values, codes, g))


def _errors(model: Model, values: Values, codes: list[NDArray[np.intp]], g: Floats) -> dict[str, Floats]:
    """How far rounding may move every gradient, in units of `ROUNDING`."""

    def activate(number: int, activation: Activation, z: Rounded) -> tuple[Rounded, Rounded]:
        code, is_smooth = codes[number - 1], isinstance(activation, Smooth)
        slope = derivative(activation, z.value, code, model.derivative_at_kink)
        bend = smooth.bend(activation, z.value) if isinstance(activation, Smooth) else np.zeros_like(slope)
        moved = bend * z.error
        with np.errstate(under="ignore"):  # what vanishes beside the rest
            slopes = np.abs(_slope_nearby(activation, z.value, code, slope)) + ROUNDING * moved
        error = slopes * z.error + at_most(number, activation, np.abs(z.value))[0]
        a = Rounded(value(activation, z.value, code), error)
        return a, Rounded(slope, np.abs(slope) + moved + (_OF_ONE if is_smooth else 0))

    given = {name: Rounded.given(array) for name, array in values.items()}
    run = passes.forward(model.network, given, activate)
    y_hat, y = run.y_hat.value, values["y"]
    reach = run.y_hat.error + np.abs(y_hat) + np.abs(y)
    error = losses.most(model.loss, y_hat, y, model.derivative_at_kink, reach)
    if model.loss.inner is not model.loss:
        error = losses.with_outer(model, y_hat, y, reach, error)
    adjoint = Rounded(_scaled(model, g), _scaled(model, error))
    return {name: b.error for name, b in passes.gradients(model.network, given, run, adjoint).items()}


def _slope_nearby(activation: Activation, z: Floats, code: NDArray[np.intp], slope: Floats) -> Floats:
    """What bounds |φ′| of float64 pre-activations: on a kink, to both sides."""
    on_kink = code % 2 == 1
    if not on_kink.any():
        return slope
    steepest = at_most(1, activation, np.abs(z))[1]
    result: Floats = np.where(on_kink, steepest, slope)
    return result


def bounds(model: Model, values: Values, run: Run[Floats], most: Run[Floats]) -> dict[str, Floats]:
    """What bounds every gradient, with a forward pass and its majorant."""
    reach = most.y_hat + np.abs(values["y"])
    adjoint = losses.most(model.loss, run.y_hat, values["y"], model.derivative_at_kink, reach)
    if model.loss.inner is not model.loss:
        adjoint = losses.with_outer(model, run.y_hat, values["y"], reach, adjoint)
    return passes.gradients(model.network, _absolute(values), most, _scaled(model, adjoint))


def _scaled(model: Model, adjoint: Floats) -> Floats:
    """∂L/∂ŷ."""
    result: Floats = float(model.loss.constant) * adjoint / model.loss.count(*adjoint.shape)
    return result


def largest_deviation(
    witness: Witness, floats: Mapping[str, Floats], bounds: Mapping[str, Floats], scale: float
) -> tuple[float, list[str]]:
    """The largest |float − exact|, and the entries that deviate by more than ``scale``·majorant."""
    largest, wrong = 0.0, []
    for name, values in floats.items():
        exact = to_floats(witness.gradients[name])
        deviation = np.abs(values - exact)
        largest = max(largest, float(deviation.max(initial=0.0)))
        for index in zip(*np.nonzero(~(deviation <= scale * bounds[name])), strict=True):
            where = ",".join(str(int(i)) for i in index)
            wrong.append(f"∂L/∂{name}[{where}]: exactly {float(exact[index])}, found {float(values[index])}")
    return largest, wrong
