"""Parameters with a lower loss: the best fit of data with one input, and the search for others."""

from __future__ import annotations

import random
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
import pytest

import zerograd as zg
from zerograd.classifying.kinds import kind_of
from zerograd.classifying.lines import best_fits, unfit
from zerograd.classifying.lower import find_lower
from zerograd.core.model.backprop import ExactActivate
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array
from zerograd.core.question.given import given_point
from zerograd.core.verdict.lower import Lower, loss_at
from zerograd.core.verdict.size import height


def line_of(
    units: int, x: list[int], y: list[int], activation: str = "relu", *, bias: bool = True
) -> Point[Any]:
    """A point with these data, all parameters 0."""
    layers = [{"units": units, "activation": activation}, {"units": 1, "bias": bias}]
    problem = zg.Problem(network={"inputs": 1, "layers": layers}, samples=len(x))
    zeros: Any = {name: Array(shape, (0,) * prod(shape)) for name, shape in problem.network.shapes.items()}
    column = (len(x), 1)
    return Point(
        problem.model, zeros, Array(column, tuple(x)), Array(column, tuple(y)), ExactActivate("left")
    )


def drawn_best(point: Point[Any], activation: str, dice: np.random.Generator, draws: int = 1500) -> float:
    """The least sum of squares of units with drawn kinks, the last layer fit in floating point."""
    x, y = (np.array([float(v) for v in array.entries]) for array in (point.x, point.y))
    units, slope = (
        point.model.network.layers[0].units,
        {"relu": 0.0, "abs": -1.0, "leaky_relu": 0.01}[activation],
    )
    best = np.inf
    for _ in range(draws):
        z = dice.choice([-1, 1], units) * (x[:, None] - dice.uniform(-5, 5, units))
        features = np.where(z > 0, z, slope * z)
        if point.model.network.layers[1].bias:
            features = np.concatenate([features, np.ones((len(x), 1))], axis=1)
        fit, *_ = np.linalg.lstsq(features, y, rcond=None)
        best = min(best, float(((features @ fit - y) ** 2).sum()))
    return best


@pytest.mark.parametrize("activation", ["relu", "abs", "leaky_relu"])
@pytest.mark.parametrize("bias", [True, False])
def test_no_drawn_network_fits_better(activation: str, bias: bool) -> None:
    """The best fit is the loss of its parameters, and nothing that is drawn is below it."""
    chance, dice = random.Random(activation), np.random.default_rng(1)
    for _ in range(6):
        units, samples = chance.randint(1, 2), chance.randint(2, 4)
        x, y = ([chance.randint(-4, 4) for _ in range(samples)] for _ in "xy")
        point = line_of(units, x, y, activation, bias=bias)
        if unfit(point) is not None:
            continue
        best, fits = best_fits(point)
        assert fits and all(loss_at(Lower(fit).at(point)) * samples == best for fit in fits)
        reached = drawn_best(point, activation, dice)
        assert reached >= float(best) - 1e-9
        if units == 1 and bias and activation == "relu":
            assert reached <= float(best) * 1.02 + 0.02  # so near do draws come


def test_known_fits() -> None:
    """A peak is no hinge; two units make one. A line needs none."""
    for units, x, y, best in (
        (1, [0, 1, 2], [0, 1, 1], 0),
        (1, [0, 1, 2], [0, 1, 0], Fraction(1, 2)),
        (2, [0, 1, 2], [0, 1, 0], 0),
        (2, [0, 1, 2, 3], [0, 1, 3, 4], 0),
        (2, [0, 1, 2, 3], [0, 1, 0, 1], Fraction(1, 2)),
        (1, [0, 0, 1], [1, -1, 0], 2),
    ):
        assert best_fits(line_of(units, x, y))[0] == best


def test_what_is_not_known_exactly() -> None:
    """Several inputs, outputs or hidden layers, other losses, equal inputs."""
    assert unfit(line_of(1, [1, 1], [0, 1])) == "all inputs are the same"
    assert "too many" in str(unfit(line_of(9, [0, 1, 2, 3], [0, 1, 0, 1])))
    assert unfit(line_of(1, [0, 1], [0, 1], "relu6")) is not None


GIVEN: Any = {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [0, 1, 1, 0]}


@pytest.mark.parametrize(
    "settings",
    [
        {"network": [2, 2, 1], "samples": 4,
         "given": {**GIVEN, "w1": [[0, 0]] * 2, "b1": [-1, -1], "w2": [0, 0], "b2": "1/2"}},
        {"network": [1, 1, 1], "samples": 2, "loss": "mae",
         "given": {"x": [0, 1], "y": [0, 1], "w1": 0, "b1": -1, "w2": 0, "b2": "1/2"}},
        {"network": [1, 1, 1], "samples": 2, "loss": "huber",
         "given": {"x": [0, 1], "y": [0, 1], "w1": 0, "b1": -1, "w2": 0, "b2": "1/2"}},
    ],
)  # fmt: skip
def test_an_exact_fit_is_found_and_the_same_each_time(settings: dict[str, Any]) -> None:
    """What is found has small numbers, fits exactly, and depends on the seed alone."""
    point = given_point(zg.Problem(**settings))
    lower = find_lower(point).lower
    assert lower is not None and loss_at(lower.at(point)) == 0
    assert lower == find_lower(point).lower
    values: list[Any] = [value for array in lower.parameters.values() for value in array.entries]
    assert max(map(height, values)) <= 20


def test_descent_agrees() -> None:
    """From a spurious minimum, small random moves do not lower the loss; the second point does."""
    chance, dice = random.Random(3), np.random.default_rng(3)
    met = 0
    while met < 4:
        x, y = sorted(chance.sample(range(-4, 5), 3)), [chance.randint(-3, 3) for _ in range(3)]
        given = {"x": x, "y": y, "w1": 0, "b1": -1, "w2": 0, "b2": str(Fraction(sum(y), 3))}
        point = given_point(zg.Problem(network=[1, 1, 1], samples=3, given=given))
        searched = find_lower(point)
        if searched.lower is None:
            assert searched.best
            continue
        met += 1
        assert kind_of(point).kind.is_minimum
        here = float(loss_at(point))  # type: ignore[arg-type]
        assert float(loss_at(searched.lower.at(point))) < here  # type: ignore[arg-type]
        values = {name: np.array([float(v) for v in a.entries]) for name, a in point.parameters.items()}
        for _ in range(200):
            w1, b1, w2, b2 = (values[name] + dice.normal(0, 1e-3) for name in ("w1", "b1", "w2", "b2"))
            y_hat = w2 * np.maximum(0, w1 * np.array(x) + b1) + b2
            assert float(((y_hat - np.array(y)) ** 2).mean()) >= here - 1e-12
