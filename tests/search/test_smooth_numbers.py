"""What numerical searches for smooth questions are made of: gradients in float64, levels, systems, digits."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.model.activations import ACTIVATION_NAMES, activation_named
from zerograd.core.model.losses import LOSSES
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.point import Model
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.witness import Witness
from zerograd.search.adjoints import annihilating
from zerograd.search.smooth.levels import balanced, components, families, lattice, pool, rational_forms
from zerograd.search.smooth.newton import descend, moved, pivots, residual, squared
from zerograd.search.smooth.passes import Entry, Pass
from zerograd.search.smooth.refining import DIGITS, refined
from zerograd.search.smooth.resting import at_rest, last_layer, rested
from zerograd.search.smooth.starts import start

SMOOTH_LOSSES = [name for name in LOSSES if name not in ("bce", "hinge", "mae")]
STEP = 1e-6


def drawn(seed: int, loss: str) -> tuple[Pass, list[Entry]]:
    """A network of two layers at random floats, away from kinks mostly, and its variables."""
    dice = np.random.default_rng(seed)
    pick = random.Random(seed)
    layers = (Layer(2, pick.choice(ACTIVATION_NAMES)), Layer(2, pick.choice(["linear", "tanh", "softplus"])))
    network = Network(2, layers)
    shapes = variable_shapes(network, 3)
    values = {name: dice.uniform(-1.3, 1.3, shape) for name, shape in shapes.items()}
    values["y"] = dice.uniform(0.1, 0.9, shapes["y"])
    entries = [(name, index) for name, shape in shapes.items() for index in np.ndindex(*shape)]
    return Pass(Model(network, LOSSES[loss], "torch"), values), entries


@given(seed=st.integers(0, 10**6), loss=st.sampled_from(SMOOTH_LOSSES))
def test_jacobians_are_differences_of_gradients(seed: int, loss: str) -> None:
    """The derivative of every gradient entry by every parameter, input and target."""
    here, variables = drawn(seed, loss)
    if any(np.abs(z - join).min() < 1e-2 for z in here.z for join in (-3, -1, 0, 1, 3, 6)):
        return  # near a kink differences say nothing
    equations = [entry for entry in variables if entry[0] != "y"]
    jacobian = here.jacobian(equations, variables)
    for number, entry in enumerate(variables):
        sides = [Pass(here.model, moved(here.values, [entry], np.array([h]))) for h in (STEP, -STEP)]
        difference = (sides[0].at(equations) - sides[1].at(equations)) / (2 * STEP)
        assert np.allclose(jacobian[:, number], difference, rtol=1e-4, atol=1e-6), (entry, loss)


@given(seed=st.integers(0, 10**6))
def test_gradients_are_those_of_the_core(seed: int) -> None:
    """Piecewise linear and rational activations are tried, over the loss's factor."""
    pick = random.Random(seed)
    layers = (Layer(2, pick.choice(["relu", "square", "softsign", "abs"])), Layer(2, "linear"))
    problem = Problem(network=Network(2, layers), samples=3)
    arrays: dict[str, Any] = {
        name: Array.build(shape, lambda _: Fraction(pick.randint(-6, 6), 2))
        for name, shape in variable_shapes(problem.network, 3).items()
    }
    witness = Witness.of(problem, arrays)
    floats = {n: np.array([float(v) for v in a.entries]).reshape(a.shape) for n, a in arrays.items()}
    here = Pass(problem.model, floats)
    factor = float(problem.model.loss.factor(3, 2))
    for name, array in here.gradients.items():
        exact = [float(v) for v in witness.gradients[name].entries]
        assert np.allclose(array.ravel() * factor, exact, rtol=1e-12, atol=1e-12), name


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_levels_are_values_of_the_activation(name: str) -> None:
    """Against floats; families share one direction, and balanced ones have equal sums."""
    activation = activation_named(name)
    for level in pool(activation, "torch", True):
        z = np.array([float(level.z)])
        here = Pass(
            Model(Network(1, (Layer(1, activation),)), LOSSES["mse"], "torch"),
            {"x": z[:, None], "w1": np.ones((1, 1)), "b1": np.zeros(1), "y": np.zeros((1, 1))},
        )
        assert math.isclose(float(level.a), here.y_hat[0, 0], rel_tol=1e-9, abs_tol=1e-9)
    for family in families(activation, "torch"):
        assert len({key for level in family for key in components(level.a)}) == 1
    for left, right in balanced(activation, "torch", 1)[:30]:
        assert left[0].a == right[0].a
        assert left[0].z != right[0].z


@pytest.mark.parametrize(
    ("name", "unit"),
    [("sigmoid", "log(2)"), ("tanh", "log(2)"), ("exp", "log(2)"), ("sin", "π/2"), ("square", "1"),
     ("relu", "1"), ("gelu", "None"), ("elu", "None"), ("silu", "None")],
)  # fmt: skip
def test_units(name: str, unit: str) -> None:
    """At integer multiples of a unit, φ and φ′ are rational."""
    assert str(lattice(activation_named(name), "torch")) == unit


def test_forms_split_by_constants() -> None:
    """A rational point is a zero of a form if it is one of each part."""
    log2, log3 = EXACT.log(2), EXACT.log(3)
    parts: list[Any] = rational_forms([log2 * 2 + 1, log3, -log2 * 2 - 1])
    assert sorted(parts) == sorted([[2, 0, -2], [1, 0, -1], [0, 1, 0]])
    vectors = next(annihilating(parts, 3, 1, random.Random(0)))
    assert vectors in ([[1], [0], [1]], [[-1], [0], [-1]])


def test_pivots() -> None:
    """Independent columns, the preferred ones first."""
    matrix = np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 1.0]])
    assert sorted(pivots(matrix)) == [1, 2]
    assert sorted(pivots(matrix, np.array([1.0, 0.1, 1.0]))) == [0, 2]


def test_a_solution_to_many_digits() -> None:
    """√2: the only critical point of (w² − 2)² with w > 0, where the output is a square."""
    network = Network(1, (Layer(1, "square", bias=False),))
    values = {"w1": np.array([[1.3]]), "x": np.array([[1.0]]), "y": np.array([[2.0]])}
    begin, equations = Pass(Model(network, LOSSES["mse"], "torch"), values), [("w1", (0, 0))]
    solved = descend(begin, equations, equations)
    assert solved is not None
    assert residual(solved, equations) < 1e-10
    system = squared(solved, equations, equations, np.ones(1), 1)
    assert system is not None
    one: Array[Fraction] = Array((1, 1), (Fraction(1),))
    digits = refined(system, {"w1": one, "x": one, "y": Array((1, 1), (Fraction(2),))})
    assert digits is not None
    assert abs(digits["w1", (0, 0)] ** 2 - 2) < Fraction(5, 10**DIGITS)


@pytest.mark.parametrize(
    ("widths", "samples", "extra"),
    [
        ((1, 1, 1), 4, {"loss": "bce_with_logits", "targets": "binary"}),
        ((2, 3, 3), 12, {"loss": "cross_entropy", "targets": "class"}),
        ((2, 8, 3), 12, {"loss": "cross_entropy", "targets": "class"}),
        ((2, 4, 2), 16, {"loss": "bce_with_logits", "targets": "binary"}),
    ],
)
def test_labels_that_no_layer_separates(widths: tuple[int, ...], samples: int, extra: dict[str, Any]) -> None:
    """The best last layer is found, and its gradients vanish while the adjoints do not."""
    network = Network.mlp(*widths, activation="tanh")
    problem = Problem(network=network, samples=samples, zero=["w2", "b2"], nonzero=["w1"], **extra)
    assert at_rest(problem, samples)
    assert not at_rest(problem.with_query(zero=["w2"]), samples)
    for seed in range(60):
        chance = random.Random(seed)
        best = rested(problem, start(problem, samples, chance), chance)
        if best is not None:
            break
    assert best is not None
    begun, here = best
    assert residual(here, last_layer(problem)) < 1e-8
    assert np.abs(here.adjoint).max() > 1e-3
    assert set(begun.exact["y"].entries) <= {0, 1}


def test_labels_that_every_layer_separates() -> None:
    """With as many units as samples, any labels are fitted, and no layer is best."""
    network = Network.mlp(2, 8, 1, activation="tanh")
    problem = Problem(
        network=network,
        samples=4,
        zero=["w2", "b2"],
        nonzero=["w1"],
        loss="bce_with_logits",
        targets="binary",
    )
    chance = random.Random(0)
    assert rested(problem, start(problem, 4, chance), chance) is None
