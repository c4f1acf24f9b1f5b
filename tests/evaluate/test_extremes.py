"""Numeric re-checks at the edges of float64: no false alarm, and lies are still caught where they can be."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.effort import seeds
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.univariate import polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.witness import Witness
from zerograd.evaluate import recheck as module
from zerograd.evaluate.floats import (
    Floats,
    NotComparable,
    evaluate,
    exact_pieces,
    loss_at,
    majorant,
    to_floats,
)
from zerograd.evaluate.recheck import Disagreement, recheck

F = Fraction
PLAIN: dict[str, list[Any]] = {"w1": [1], "b1": [0], "w2": [0], "b2": [0], "x": [1], "y": [1]}


def witness(values: Mapping[str, Sequence[Any]], network: Network | None = None, samples: int = 1) -> Witness:
    problem = Problem(network=network or [1, 1, 1], samples=samples)
    shapes = variable_shapes(problem.network, samples)
    return Witness.of(
        problem, {name: Array(shapes[name], tuple(entries)) for name, entries in values.items()}
    )


@pytest.mark.parametrize("exponent", [3, 6, 8, 12, 16, 20, 60, 100, 150])
def test_large_inputs_beside_a_zero_weight(exponent: int) -> None:
    """With w2 = 0 the loss here is 1, and a step in w2 makes it 10^(2·exponent): it rounds accordingly."""
    for x in (10**exponent, F(10**exponent, 7), F(3 * 10**exponent, 11)):
        checks = recheck(witness({**PLAIN, "x": [x]}))
        assert checks["float64"]["largest_deviation"] <= 1e-12 * float(x)
        assert checks["finite_differences"]["compared"] == 5


@pytest.mark.parametrize("exponent", [20, 60, 100, 150, 160, 300])
def test_tiny_targets(exponent: int) -> None:
    """A residual far below the step of finite differences cannot be seen by them: no disagreement."""
    checks = recheck(witness({**PLAIN, "y": [F(1, 3 * 10**exponent)]}))
    assert checks["float64"] == {"largest_deviation": 0.0}
    assert isinstance(checks["finite_differences"], dict)


@pytest.mark.parametrize("exponent", [160, 200, 300])
def test_a_step_whose_square_is_beyond_float64(exponent: int) -> None:
    """Nothing depends on x, of which a step is as large as x is: differences are 0, and no error."""
    checks = recheck(witness({**PLAIN, "w1": [0], "x": [10**exponent]}))
    assert checks["finite_differences"]["compared"] > 0


@pytest.mark.parametrize("exponent", [160, 200, 300])
def test_losses_beyond_float64(exponent: int) -> None:
    """Gradients fit where their squares do not: float64 compares, differences of losses cannot."""
    checks = recheck(witness({**PLAIN, "y": [10**exponent]}))
    assert checks["float64"] == {"largest_deviation": 0.0}
    assert checks["finite_differences"] == (
        "not comparable: every entry moves a sample across a kink, or beyond the range of float64"
    )


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"y": [F(1, 10**310)]}, "a value is too near to 0 for float64"),
        ({"y": [F(1, 10**400)]}, "a value is too near to 0 for float64"),
        ({"w1": [F(1, 10**170)], "x": [F(1, 10**170)]}, "an intermediate value is too near to 0 for float64"),
        ({"w1": [10**170], "x": [10**170]}, "an intermediate value is beyond the range of float64"),
        ({"w1": [10**400]}, "a value is beyond the range of float64"),
    ],
)
def test_reasons(values: dict[str, list[Any]], reason: str) -> None:
    """Every check says why it was not made."""
    checks = recheck(witness({**PLAIN, **values}))
    assert checks["float64"] == f"not comparable: {reason}"
    assert checks["finite_differences"] == f"not comparable: {reason}"


def test_zero_is_not_too_near_to_zero() -> None:
    """An exact 0 is an exact 0.0; what is not 0 may not become it."""
    assert to_floats(Array((2,), (0, F(1, 2)))).tolist() == [0.0, 0.5]
    with pytest.raises(NotComparable, match="too near to 0"):
        to_floats(Array((1,), (F(-1, 10**330),)))


def test_an_irrational_value_far_out() -> None:
    """10⁹·√2 and its gradients."""
    root = Algebraic(NumberField(polynomial([-2, 0, 1]), F(1), F(2)), polynomial([0, 10**9]))
    checks = recheck(witness({**PLAIN, "x": [root], "w2": [1]}))
    assert checks["float64"]["largest_deviation"] < 1e4  # of gradients of 10¹⁸
    assert isinstance(checks["finite_differences"], dict)


def scattered(seed: int) -> Witness:
    """Values over many orders of magnitude, through several layers."""
    chance = random.Random(seed)
    names = ["relu", "abs", "hardtanh", "relu6", "leaky_relu", "linear"]
    network = Network(2, tuple(Layer(chance.randint(1, 3), chance.choice(names)) for _ in range(3)))
    samples = chance.randint(1, 3)

    def value() -> Exact:
        if chance.random() < 0.2:
            return 0
        return F(chance.randint(-99, 99), chance.randint(1, 99)) * F(10) ** chance.randint(-12, 12)

    shapes = variable_shapes(network, samples)
    return witness(
        {name: Array.build(shape, lambda _: value()).entries for name, shape in shapes.items()},
        network,
        samples,
    )


@pytest.mark.parametrize("block", seeds(4, 1))
def test_no_false_alarm_over_many_orders_of_magnitude(block: int) -> None:
    """Rounding explains every deviation between right answers."""
    compared = 0
    for seed in range(block * 40, block * 40 + 40):
        checks = recheck(scattered(seed))
        compared += sum(isinstance(outcome, dict) for outcome in checks.values())
    assert compared >= 60


def test_majorants_bound_what_they_are_for() -> None:
    """Activations, losses and gradients stay below their majorants."""
    for seed in range(40):
        found = scattered(seed)
        model = found.problem.model
        values = {name: to_floats(array) for name, array in found.variables.items()}
        bounds = majorant(model.network, values)
        slack = 1 + 1e-12
        for a, bound in zip(found.forward.a, [*bounds.below[1:], bounds.y_hat], strict=True):
            assert (np.abs(to_floats_or_zero(a)) <= bound * slack).all()
        loss, most, _ = loss_at(model, values)
        assert 0 <= loss <= most * slack
        run = evaluate(model, values, exact_pieces(found))
        for name, gradient in run.gradients.items():
            assert (np.abs(gradient) <= run.bounds[name] * slack).all()


def to_floats_or_zero(array: Array[Exact]) -> Floats:
    return np.array([float(v) for v in array.entries], dtype=np.float64).reshape(array.shape)


@pytest.mark.parametrize("scale", [F(1, 10**9), 1, 10**9])
def test_a_lie_is_caught_at_every_scale(scale: Fraction, monkeypatch: pytest.MonkeyPatch) -> None:
    """One gradient entry off by a millionth of itself."""
    values = {"w1": [1], "b1": [-1], "w2": [1], "b2": [-1], "x": [0, 2, 3], "y": [-2, 3, 0]}
    found = witness(
        {**values, "w2": [scale], "b2": [-scale], "y": [scale * v for v in values["y"]]}, samples=3
    )
    true = found.gradients
    assert true["w1"][0, 0] != 0
    lie = {**true, "w1": true["w1"].map(lambda g: g * F(1_000_001, 1_000_000))}
    monkeypatch.setitem(found.__dict__, "gradients", lie)
    with pytest.raises(Disagreement, match=r"float64 disagrees with the exact gradients: ∂L/∂w1\[0,0\]"):
        recheck(found)


def test_a_lie_about_a_zero_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zero claimed where it is not: the claim that this program is about."""
    values = {"w1": [1], "b1": [-1], "w2": [1], "b2": [-1], "x": [0, 2, 3], "y": [-2, 2, 1]}
    found = witness(values, samples=3)
    lie = {**found.gradients, "b2": found.gradients["b2"].map(lambda _: 0)}
    monkeypatch.setitem(found.__dict__, "gradients", lie)
    with pytest.raises(Disagreement, match=r"∂L/∂b2\[0\]: exactly 0.0, found -0.66"):
        recheck(found)
    monkeypatch.setattr(module, "_float64", lambda *_: {"largest_deviation": 0.0})
    with pytest.raises(Disagreement, match=r"finite differences disagrees .*∂L/∂b2\[0\]"):
        recheck(found)
