"""Parameters with a lower loss on the same data: what is found, and that there are none."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import zerograd as zg
from zerograd.classifying.kinds import kind_of
from zerograd.classifying.lower import find_lower
from zerograd.core.question.given import given_point
from zerograd.core.verdict.lower import loss_at
from zerograd.core.verdict.size import height

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
