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
from functools import lru_cache, partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from zerograd.core.model.activations import Activation, PiecewiseLinear
from zerograd.core.model.backprop import Forward as ExactForward
from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses import Loss
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

SMALLEST = float(np.finfo(np.float64).tiny)
"""Below it a float64 has fewer digits than its error bound takes for granted."""


FEW = 1000
"""Numbers up to which calls of NumPy take longer than what they do."""


class NotComparable(Exception):  # noqa: N818 - a finding, not an error
    """Float64 cannot follow the exact computation here; the message says why."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Gradients, what bounds their errors, in units of `ROUNDING`, and z of each layer and ŷ on the way."""

    gradients: dict[str, Floats]
    bounds: dict[str, Floats]
    z: tuple[Floats, ...]
    y_hat: Floats


def to_floats(array: Array[Any]) -> Floats:
    """The nearest float64 values of exact numbers, or of the middles of enclosures.

    Raises NotComparable beyond the range in which they are near, and for enclosures that are wide.
    """
    floats = array if array.kinds == {int} else array.each(_nearest)
    try:
        flat = np.fromiter(floats.entries, dtype=np.float64, count=len(floats.entries))
    except OverflowError:
        raise NotComparable("a value is beyond the range of float64") from None
    return flat.reshape(array.shape)


def _nearest(value: Any) -> float:
    try:
        near = _to_float(value)
    except OverflowError:
        raise NotComparable("a value is beyond the range of float64") from None
    if abs(near) < SMALLEST and (_middle(value) if isinstance(value, Interval) else value) != 0:
        raise NotComparable("a value is too near to 0 for float64")
    return near


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
    if not (low > 0 or high < 0):
        return None
    gap = value.high_exponent - exponent
    if not -_QUICK <= exponent <= _QUICK or not -_QUICK <= gap <= _QUICK:
        return None
    if gap:
        low, high, exponent = value.on_one_scale()
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
        codes = z.each(partial(_code, layer.activation))
        layers.append(np.fromiter(codes.entries, dtype=np.intp, count=len(codes.entries)).reshape(z.shape))
    return layers


def _code(activation: Activation, value: Any) -> int:
    number, on_kink = activation.locate(value.midpoint if isinstance(value, Interval) else value)
    return 2 * number + on_kink


def pieces(activation: Activation, z: Floats) -> NDArray[np.intp]:
    """`exact_pieces` of float pre-activations."""
    if not activation.has_kinks:
        return np.zeros(z.shape, dtype=np.intp)
    kinks = _kinks(activation)
    if z.size <= FEW:  # of those below z, and those up to z: the latter are more on a kink
        codes: NDArray[np.intp] = np.searchsorted(kinks, z, "left") + np.searchsorted(kinks, z, "right")
        return codes
    codes = np.zeros(z.shape, dtype=np.intp)
    for kink in kinks:  # for many z so much faster than searches; what is not a number is beyond all
        codes += ~(z <= kink)
        codes += ~(z < kink)
    return codes


def value(activation: Activation, z: Floats, code: NDArray[np.intp]) -> Floats:
    """φ(z) on these pieces."""
    if isinstance(activation, Smooth):
        return smooth.value(activation, z)
    slopes, offsets = _table(activation)
    result: Floats = slopes.take(code) * z
    if offsets is not None:
        result += offsets.take(code)
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
def _table(activation: PiecewiseLinear) -> tuple[Floats, Floats | None]:
    """Slopes and offsets by the codes of `exact_pieces`: a kink has those of the piece below it.

    None for offsets that are all 0.
    """
    slopes, offsets = (
        np.repeat(np.array([float(v) for v in listed], dtype=np.float64), 2)
        for listed in (activation.slopes, activation.offsets)
    )
    return slopes, offsets if offsets.any() else None


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
    return {name: abs(array) for name, array in values.items()}


def loss_at(model: Model, values: Values) -> tuple[float, float, list[NDArray[np.intp]]]:
    """The loss, its majorant, and the pieces that every pre-activation lies on, and the loss."""
    batch = {name: array if name == "y" else array[np.newaxis] for name, array in values.items()}
    codes, y_hat = sides_at(model, batch)
    loss, most = losses_at(model, batch, y_hat)
    return float(loss[0]), float(most[0]), [code[0] for code in codes]


def sides_at(model: Model, batch: Values) -> tuple[list[NDArray[np.intp]], Floats]:
    """The pieces that every pre-activation lies on, and the loss, at each of K points, and predictions.

    Args:
        batch: an array of K for each variable but ``y``, which is the same for all; one for those that are
            the same for all, too, or `Moved`.
    """
    codes: list[NDArray[np.intp]] = []

    def activate(_number: int, activation: Activation, z: Floats) -> tuple[Floats, None]:
        codes.append(pieces(activation, z))
        return value(activation, z, codes[-1]), None

    y_hat = passes.forward(model.network, batch, activate, _affine).y_hat
    codes.append(losses.sides(model.loss, y_hat, batch["y"]))
    return codes, y_hat


def losses_at(model: Model, batch: Values, y_hat: Floats) -> tuple[Floats, Floats]:
    """L at each of K points and its majorant, with predictions and values as of `sides_at`."""
    most = passes.forward(model.network, _absolute(batch), at_most, _affine).y_hat
    return losses.values(model, y_hat, batch["y"], most + np.abs(batch["y"]))


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """A stack of K matrices that differ from one in a single entry each, which is moved.

    Attributes:
        matrix: of shape (units, inputs).
        rows, columns, moves: of shape (K,).
    """

    matrix: Floats
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    moves: Floats

    def __abs__(self) -> Moved:
        """What bounds the absolute values: in the entries that are moved, the sum of both parts'."""
        return Moved(np.abs(self.matrix), self.rows, self.columns, np.abs(self.moves))

    def times(self, a: Floats) -> Floats:
        """a·Wᵀ for each matrix W, of shape (K, M, units); ``a`` of shape (K or 1, M, inputs)."""
        each = np.arange(len(self.moves))
        whole = a @ self.matrix.T
        z: Floats = np.broadcast_to(whole, (len(each), *whole.shape[1:])).copy()
        below = np.broadcast_to(a, (len(each), *a.shape[1:]))
        z[each, :, self.rows] += below[each, :, self.columns] * self.moves[:, np.newaxis]
        return z


def _affine(a: Floats, w: Floats | Moved, b: Floats | None) -> Floats:
    """`passes.affine` for stacks of arrays."""
    z: Floats = w.times(a) if isinstance(w, Moved) else a @ w.swapaxes(-1, -2)
    return z if b is None else z + b[..., np.newaxis, :]


def evaluate(model: Model, values: Values, codes: list[NDArray[np.intp]]) -> Evaluation:
    """Gradients on the given pieces, with bounds of their errors."""

    def activate(number: int, activation: Activation, z: Rounded) -> tuple[Rounded, Rounded]:
        code, is_smooth = codes[number - 1], isinstance(activation, Smooth)
        slope = derivative(activation, z.value, code, model.derivative_at_kink)
        steepest = np.abs(_slope_nearby(activation, z.value, code, slope))
        moved: Floats | float = 0.0
        if isinstance(activation, Smooth):
            moved = smooth.bend(activation, z.value) * z.error
            with np.errstate(under="ignore"):  # what vanishes beside the rest
                steepest = steepest + ROUNDING * moved
        error = steepest * z.error + at_most(number, activation, np.abs(z.value))[0]
        a = Rounded(value(activation, z.value, code), error)
        return a, Rounded(slope, np.abs(slope) + moved + (losses.OF_ONE if is_smooth else 0))

    given = {name: Rounded.given(array) for name, array in values.items()}
    run = passes.forward(model.network, given, activate)
    y_hat, y = run.y_hat.value, values["y"]
    g = losses.sample_adjoints(model.loss, y_hat, y, model.derivative_at_kink)
    if model.loss.inner is not model.loss:
        g = losses.outer_slope(model.loss, y_hat, y) * g
    reach = run.y_hat.error + np.abs(y_hat) + np.abs(y)
    error = losses.most(model.loss, y_hat, y, model.derivative_at_kink, reach)
    if model.loss.inner is not model.loss:
        error = losses.with_outer(model, y_hat, y, reach, error)
    adjoint = Rounded(_scaled(model, g), _scaled(model, error))
    found = passes.gradients(model.network, given, run, adjoint)
    return Evaluation(
        {name: of_one.value for name, of_one in found.items()},
        {name: of_one.error for name, of_one in found.items()},
        tuple(z.value for z in run.z),
        y_hat,
    )


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
    constant, count = _factor(model.loss, *adjoint.shape)
    result: Floats = constant * adjoint / count
    return result


@lru_cache
def _factor(loss: Loss, samples: int, outputs: int) -> tuple[float, int]:
    return float(loss.constant), loss.count(samples, outputs)
