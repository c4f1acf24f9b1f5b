"""Losses in float64, by the core's formulas, and how far rounding may carry them.

No bound of ℓ″ is known for every loss. How much an adjoint may move with ŷ is therefore estimated by a
difference quotient at the point itself, where all but least squares are concerned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses import Loss
from zerograd.core.model.point import Model, Point
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.real import sign
from zerograd.evaluate.rounded import UNIT
from zerograd.evaluate.smooth import FLOATS, Floats, as_floats

STEP = 2.0**-13
"""Step of difference quotients, relative to what they are taken of."""

OF_ONE = 2.0**-6
"""Where slopes are differences of numbers near 1, as 1 − a² and 1 + erf are, and probabilities less their
targets: times `UNIT` this bounds what is lost there, however small the slope is."""


def _columns(values: Floats) -> list[Any]:
    """One array for each output."""
    return [as_floats(column) for column in values.T]


def sample_losses(loss: Loss, y_hat: Floats, y: Floats) -> Floats:
    """ℓ of every sample, shape (M,)."""
    with np.errstate(all="ignore"):
        total = loss.sample_loss(_columns(y_hat), _columns(y), FLOATS)
    return np.broadcast_to(np.asarray(total, dtype=np.float64), len(y_hat)).copy()


def sample_adjoints(loss: Loss, y_hat: Floats, y: Floats, convention: Kink) -> Floats:
    """∂ℓ/∂ŷ of every sample over `Loss.constant`, shape (M, outputs)."""
    if loss.least_squares:
        return y_hat - y
    with np.errstate(all="ignore"):
        columns = loss.sample_adjoint(_columns(y_hat), _columns(y), FLOATS, convention)
    shaped = [np.broadcast_to(np.asarray(column, dtype=np.float64), len(y_hat)) for column in columns]
    return np.stack(shaped, axis=1)


def most(loss: Loss, y_hat: Floats, y: Floats, convention: Kink, reach: Floats) -> Floats:
    """What bounds adjoints, and how far they move with ŷ, where rounding is relative to ``reach``."""
    if loss.least_squares:
        return reach
    step = STEP * np.maximum(1, np.abs(y_hat))
    if loss.within_unit:
        step = np.minimum(step, np.minimum(y_hat, 1 - y_hat) / 2)
    here = np.abs(sample_adjoints(loss, y_hat, y, convention))
    bend = np.zeros_like(here)
    for output in range(y_hat.shape[1]):
        move = np.zeros_like(step)
        move[:, output] = step[:, output]
        ends = [sample_adjoints(loss, y_hat + sign * move, y, convention) for sign in (1, -1)]
        moved = np.abs(ends[0] - ends[1]) / (2 * step[:, [output]])
        bend += moved * reach[:, [output]]
    result: Floats = here + 2 * bend + (0 if loss.is_rational else OF_ONE)
    # Where rounding is larger than the step, ŷ may be anywhere, and a quotient here says nothing.
    return np.where((UNIT * reach > step).any(axis=1, keepdims=True), np.inf, result)


def outer_slope(loss: Loss, y_hat: Floats, y: Floats) -> float:
    """F′ of the mean."""
    return float(_outer_slopes(loss, y_hat[np.newaxis], y)[0])


def _outer_slopes(loss: Loss, y_hat: Floats, y: Floats) -> Floats:
    """`outer_slope` of each of K datasets of predictions, shape (K,)."""
    if loss.inner is loss:
        return np.ones(len(y_hat))
    means = _share(loss, *y.shape) * _of_every(loss, y_hat, y).sum(axis=1)
    with np.errstate(all="ignore"):
        return np.array([float(loss.outer_slope(mean, FLOATS)) for mean in means])


def with_outer(model: Model, y_hat: Floats, y: Floats, reach: Floats, adjoint: Floats) -> Floats:
    """What bounds adjoints with F′ in them, from what bounds them without, and how far F′ may move."""
    slope = abs(outer_slope(model.loss, y_hat, y))
    mean, size = value(replace(model, loss=model.loss.inner), y_hat, y, reach)
    step = STEP * abs(mean) if mean else UNIT * size
    with np.errstate(all="ignore"):
        ends = [float(model.loss.outer_slope(np.float64(mean + s * step), FLOATS)) for s in (1, -1)]
    bend = abs(ends[0] - ends[1]) / (2 * step) if step else 0.0
    if UNIT * size > step:  # as in `most`
        bend = np.inf
    result: Floats = (slope + 2 * bend * size) * adjoint
    return result


def value(model: Model, y_hat: Floats, y: Floats, reach: Floats) -> tuple[float, float]:
    """L, and what bounds its terms."""
    of_one, size = values(model, y_hat[np.newaxis], y, reach[np.newaxis])
    return float(of_one[0]), float(size[0])


def values(model: Model, y_hat: Floats, y: Floats, reach: Floats) -> tuple[Floats, Floats]:
    """L of each of K datasets of predictions, and what bounds its terms, both of shape (K,).

    Args:
        y_hat, reach: of shape (K, M, outputs).
        y: of shape (M, outputs), the same for all.
    """
    loss, each = model.loss, len(y_hat)
    if loss.inner is not loss:
        inner, size = values(replace(model, loss=loss.inner), y_hat, y, reach)
        with np.errstate(all="ignore"):
            whole = np.array([float(loss.outer(mean, FLOATS)) for mean in inner])
        return whole, np.abs(whole) + np.abs(_outer_slopes(loss, y_hat, y)) * size
    share = _share(loss, *y.shape)
    if loss.least_squares:
        squares, most = ((array**2).reshape(each, -1) for array in (y_hat - y, reach))
        return share * squares.sum(axis=1), share * most.sum(axis=1)
    of_samples = _of_every(loss, y_hat, y)
    adjoints = sample_adjoints(loss, *_flat(y_hat, y), model.derivative_at_kink).reshape(y_hat.shape)
    terms = np.abs(of_samples).sum(axis=1) + ((1 + np.abs(adjoints)) * reach).reshape(each, -1).sum(axis=1)
    return share * of_samples.sum(axis=1), share * max(1.0, float(loss.constant)) * terms


@lru_cache
def _share(loss: Loss, samples: int, outputs: int) -> float:
    return float(loss.share(samples, outputs))


def _flat(y_hat: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Predictions of K datasets as those of K·M samples, with their targets."""
    return y_hat.reshape(-1, y.shape[1]), np.tile(y, (len(y_hat), 1))


def _of_every(loss: Loss, y_hat: Floats, y: Floats) -> Floats:
    """ℓ of every sample of K datasets, shape (K, M)."""
    return sample_losses(loss, *_flat(y_hat, y)).reshape(y_hat.shape[:2])


def sides(loss: Loss, y_hat: Floats, y: Floats) -> NDArray[np.intp]:
    """Signs of the numbers at whose zeros the loss has kinks, in a row for each sample.

    Predictions may be those of K datasets, shape (K, M, outputs): then there is an array of rows for each.
    """
    if not loss.has_kinks:
        return np.zeros((*y_hat.shape[:-1], 0), dtype=np.intp)
    if y_hat.ndim > y.ndim:
        return sides(loss, *_flat(y_hat, y)).reshape((*y_hat.shape[:2], -1))
    rows: Sequence[tuple[int, Any]] = loss.kinks(_columns(y_hat), _columns(y), FLOATS)
    signs = [np.sign(np.asarray(number, dtype=np.float64)) for _, number in rows]
    return np.array(signs, dtype=np.intp).reshape(len(rows), len(y_hat)).T


def exact_sides(point: Point[Exact]) -> NDArray[np.intp]:
    """`sides` at an exact point, or an enclosed one, which is off kinks."""
    loss, functions = point.model.loss, point.functions
    if not loss.has_kinks:
        return np.zeros((point.y.shape[0], 0), dtype=np.intp)
    rows = [
        [sign(number) or 0 for _, number in loss.kinks(*both, functions)]
        for both in zip(point.forward.y_hat.rows(), point.y.rows(), strict=True)
    ]
    return np.array(rows, dtype=np.intp).reshape(len(rows), -1)
