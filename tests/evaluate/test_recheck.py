"""Numeric re-checks: they agree with the exact gradients, say why they cannot, and catch a lie."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.effort import seeds
from zerograd.core.model.activations import ACTIVATION_NAMES, PiecewiseLinear, activation_named, leaky_relu
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.kinks import KINKS
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.closed import log
from zerograd.core.numbers.exact import exact_from_json
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.univariate import polynomial
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness
from zerograd.evaluate import differences
from zerograd.evaluate import recheck as module
from zerograd.evaluate.differences import Slopes
from zerograd.evaluate.floats import NotComparable, to_floats
from zerograd.evaluate.recheck import Disagreement, recheck

FOUNDING = {"w1": [1], "b1": [-1], "w2": [1], "b2": [-1], "x": [0, 2, 3], "y": [-2, 2, 0]}


def witness(
    network: Network | list[int], samples: int, values: Mapping[str, Sequence[Any]], **extra: Any
) -> Witness:
    """From flat lists of entries."""
    problem = Problem(network=network, samples=samples, **extra)
    shapes = variable_shapes(problem.network, samples)
    arrays = {name: Array(shapes[name], tuple(entries)) for name, entries in values.items()}
    return Witness.of(problem, arrays)


def random_witness(seed: int) -> Witness:
    """Any activations, depth, biases and convention; small rationals, so that kinks are hit often."""
    chance = random.Random(seed)
    names = [name for name in ACTIVATION_NAMES if isinstance(activation_named(name), PiecewiseLinear)]
    names.append("leaky")
    layers = []
    for _ in range(chance.randint(1, 3)):
        name = chance.choice(names)
        activation = leaky_relu("-1/2") if name == "leaky" else activation_named(name)
        layers.append(Layer(chance.randint(1, 3), activation, chance.random() < 0.7))
    network = Network(chance.randint(1, 2), tuple(layers))
    samples = chance.randint(1, 4)
    values = {
        name: [Fraction(chance.randint(-4, 4), chance.choice((1, 1, 1, 2, 3))) for _ in range(rows_of(shape))]
        for name, shape in variable_shapes(network, samples).items()
    }
    return witness(network, samples, values, derivative_at_kink=chance.choice(KINKS))


def rows_of(shape: tuple[int, ...]) -> int:
    """How many entries an array of this shape has."""
    size = 1
    for n in shape:
        size *= n
    return size


def test_the_founding_witness_agrees_with_everything() -> None:
    """Whole numbers: float64 rounds once or twice, as the processor has it, and no sample is near a kink."""
    checks = recheck(witness([1, 1, 1], 3, FOUNDING))
    assert checks["float64"]["largest_deviation"] < 1e-15
    assert checks["finite_differences"]["compared"] == 7
    assert checks["finite_differences"]["largest_deviation"] < 1e-9


@pytest.mark.parametrize("block", seeds(10, 3))
def test_random_witnesses_agree(block: int) -> None:
    """Every comparison is either made and agrees (else Disagreement is raised), or says why not."""
    compared = 0
    for seed in range(block * 40, block * 40 + 40):
        try:
            checks = recheck(random_witness(seed))
        except OnKink:
            continue  # under forbid, where such a witness has no gradients at all
        for name, outcome in checks.items():
            if isinstance(outcome, dict):
                compared += 1
                assert outcome["largest_deviation"] < 1e-6, name
            else:
                assert outcome == "not installed" or outcome.startswith("not comparable: ")
    assert compared > 40


@pytest.mark.needs("torch")
def test_torch_is_compared_where_it_is_installed() -> None:
    """At kinks too, under its own convention."""
    on_kink = witness([1, 1, 1], 1, {"w1": [1], "b1": [0], "w2": [2], "b2": [0], "x": [0], "y": [1]})
    assert recheck(on_kink)["torch"] == {"largest_deviation": 0.0}


@pytest.mark.needs("torch")
def test_torch_knows_no_other_convention() -> None:
    """On a kink under `right`, autograd would answer another question."""
    values = {"w1": [1], "b1": [0], "w2": [2], "b2": [0], "x": [0], "y": [1]}
    checks = recheck(witness([1, 1, 1], 1, values, derivative_at_kink="right"))
    assert checks["torch"] == "not comparable: a sample is on a kink, where derivative_at_kink is right"


@pytest.mark.needs("torch")
def test_torch_knows_no_other_convention_of_a_formula() -> None:
    """A formula is written without a convention; at its kink ``torch.abs`` has slope 0."""
    values = {"w1": [1], "b1": [0], "x": [1], "y": [1]}
    on_kink = {
        convention: recheck(
            witness([1, 1], 1, values, derivative_at_kink=convention, loss={"per_sample": "abs(y_hat - y)"})
        )["torch"]
        for convention in ("torch", "left")
    }
    assert on_kink["torch"] == {"largest_deviation": 0.0}
    assert on_kink["left"].startswith("not comparable: a sample is on a kink of the loss")


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, and is no error."""
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert recheck(witness([1, 1, 1], 3, FOUNDING))["torch"] == "not installed"


@pytest.mark.needs("torch")
def test_torch_is_asked_where_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """To load it would take longer than the answer."""
    assert recheck(witness([1, 1, 1], 3, FOUNDING))["torch"]["largest_deviation"] < 1e-15
    monkeypatch.delitem(sys.modules, "torch")
    assert recheck(witness([1, 1, 1], 3, FOUNDING))["torch"] == "not loaded"
    assert "torch" not in sys.modules


@pytest.mark.parametrize("block", seeds(10, 3))
def test_steps_of_several_sizes_in_one_pass(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """They find what one size after another finds, to the last bit: the largest step that crosses no kink."""
    several = 0
    for seed in range(block * 10, block * 10 + 10):
        found = random_witness(seed)
        try:
            together = recheck(found)
        except OnKink:
            continue
        with monkeypatch.context() as one_by_one:
            one_by_one.setattr(Slopes, "_at_once", lambda *_: 1)
            assert recheck(found) == together
        differences = together["finite_differences"]
        several += isinstance(differences, dict) and differences["compared"] > 0
    assert several


def test_differences_keep_off_kinks() -> None:
    """A sample on a kink moves off it with every parameter that acts on it; others are compared."""
    values = {"w1": [1], "b1": [0], "w2": [2], "b2": [0], "x": [0], "y": [1]}
    checks = recheck(witness([1, 1, 1], 1, values))
    assert checks["finite_differences"]["entries"] == 5
    # w1 does not move z = w1·0; b1 and x do.
    assert checks["finite_differences"]["compared"] == 3


@pytest.mark.parametrize("seed", seeds(60, 20))
def test_one_array_at_a_time_is_as_all_of_them(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where matrices are large, one entry of one of them is moved: the same losses, and bounds of them."""
    point = module._Point(random_witness(seed))
    try:
        slopes = differences.Slopes(point.witness.problem.model, point.values, point.codes, True)
    except OnKink:
        return
    start = np.concatenate([point.values[name].ravel() for name in point.names])
    places = np.random.default_rng(seed).permutation(np.tile(np.arange(start.size), 3))
    moves = np.random.default_rng(seed + 1).choice([-2.0, -0.5, 0.0, 2.0**-10, 1.0], len(places))
    with np.errstate(all="ignore"):
        whole, most = slopes._losses(start, places, moves)
        monkeypatch.setattr(differences, "WHOLE", 0)
        monkeypatch.setattr(differences, "STACK", 64)
        apart, bounds = slopes._losses(start, places, moves)
    both = ~np.isnan(whole) & ~np.isnan(apart)
    assert both.sum() >= 0.9 * (~np.isnan(whole)).sum()  # a kink may be touched by rounding alone
    assert (np.abs(whole - apart)[both] <= 2.0**-40 * most[both]).all()
    assert (bounds[both] >= (1 - 2.0**-40) * most[both]).all()


def test_a_lie_about_a_large_network_is_caught() -> None:
    """Its matrices are moved entry by entry; one gradient is not what it is said to be."""
    chance = random.Random(7)
    shapes = variable_shapes(Network.mlp(80, 60, 1, activation="tanh"), 2)
    values = {
        name: [Fraction(chance.randint(-9, 9), 100) for _ in range(rows_of(s))] for name, s in shapes.items()
    }
    problem = Problem(network=Network.mlp(80, 60, 1, activation="tanh"), samples=2)
    large = EnclosedWitness(problem, {n: Array(shapes[n], tuple(v)) for n, v in values.items()}, ())
    checks = recheck(large)
    assert checks["finite_differences"]["compared"] == 400
    assert checks["finite_differences"]["largest_deviation"] < 1e-9
    truth = large.gradients
    for name in ("w1", "x"):
        wrong = truth[name].map(lambda v: v + Fraction(1, 10**6))
        object.__setattr__(large, "gradients", {**truth, name: wrong})
        with pytest.raises(Disagreement, match=rf"∂L/∂{name}\["):
            module._differences(module._Point(large))


def leaping() -> Witness:
    """Ŷ − y is 1/2 of a sample, where the pieces of the Huber loss meet; steps of b1 go far beyond."""
    network = Network(1, (Layer(2, activation_named("softsign")), Layer(1, activation_named("tanh"))))
    large = 45 * log(2)
    values: dict[str, list[Any]] = {
        "w1": [2, 2],
        "b1": [-6, -6],
        "w2": [large, -large],
        "b2": [0],
        "x": [-1, 1, 3, 4],
    }
    values["y"] = [Fraction(3051, 6500), Fraction(-1, 2), Fraction(31, 6500), Fraction(42, 1625)]
    return witness(network, 4, values, loss={"huber": "1/2"})


def test_differences_across_a_leap_of_the_second_derivative() -> None:
    """Errors of first order count; what is larger than they are is still a lie."""
    leap = leaping()
    assert recheck(leap)["finite_differences"]["compared"] == 11
    truth = leap.gradients
    object.__setattr__(leap, "gradients", {**truth, "b1": truth["b1"].map(lambda v: v + Fraction(1, 5000))})
    with pytest.raises(Disagreement, match=r"∂L/∂b1\[0\].*∂L/∂b1\[1\]"):
        module._differences(module._Point(leap))


def test_differences_do_not_miss_a_narrow_bowl() -> None:
    """A step of w2 carries ŷ far along both straight sides of the Huber loss: no quotient shows its slope."""
    values: dict[str, list[Any]] = {
        "w1": [1],
        "b1": [10**20],
        "w2": [0],
        "b2": [0],
        "x": [0],
        "y": [Fraction(1, 2)],
    }
    checks = recheck(witness([1, 1, 1], 1, values, loss="huber"))
    assert checks["finite_differences"]["compared"] < checks["finite_differences"]["entries"]


def test_irrational_values_are_compared() -> None:
    """√2 in float64 is near enough."""
    field = NumberField(polynomial([-2, 0, 1]), Fraction(1), Fraction(2))
    root = Algebraic(field, polynomial([0, 1]))
    checks = recheck(
        witness([1, 1, 1], 1, {"w1": [root], "b1": [1], "w2": [root], "b2": [0], "x": [1], "y": [3]})
    )
    assert 0 < checks["float64"]["largest_deviation"] < 1e-12


def test_rounding_across_a_kink_is_not_comparable() -> None:
    """z is exactly 0, and 1/10 + 2/10 − 3/10 in float64 is not."""
    tenths: dict[str, list[Any]] = {
        "w1": [Fraction(1, 10), Fraction(2, 10)],
        "b1": [Fraction(-3, 10)],
        "w2": [1],
        "b2": [0],
    }
    checks = recheck(witness([2, 1, 1], 1, {**tenths, "x": [1, 1], "y": [3]}))
    expected = "not comparable: rounding carries z1[0,0] across a kink"
    assert checks["float64"] == expected
    assert checks["torch"] == expected


def test_values_beyond_float64_are_not_comparable() -> None:
    """An exact witness may be larger than any float."""
    huge = witness([1, 1], 1, {"w1": [10**400], "b1": [0], "x": [1], "y": [0]})
    assert recheck(huge)["float64"] == "not comparable: a value is beyond the range of float64"
    with pytest.raises(NotComparable):
        to_floats(Array((1,), (10**400,)))


def test_a_loss_that_rounding_carries_far_away_is_not_comparable() -> None:
    """sin(2π) is 0, and 2.4·10⁻¹⁶ in floats: with a weight of 10³⁰ their loss is another number."""
    layers = [{"units": 1, "activation": "sin"}, {"units": 1, "activation": "linear"}]
    pi = exact_from_json("pi", None)
    for loss in ({"of_mean": "1 / mse"}, {"per_sample": "(y_hat - y)**4"}):
        problem = problem_from_json({"network": {"inputs": 1, "layers": layers}, "samples": 2, "loss": loss})
        values: dict[str, Any] = {
            "w1": [1],
            "b1": [2 * pi],
            "w2": [-(10**30)],
            "b2": [-1],
            "x": [-pi, 0],
            "y": [0, -2],
        }
        shapes = variable_shapes(problem.network, 2)
        witness = Witness.of(problem, {name: Array(shapes[name], tuple(values[name])) for name in shapes})
        assert str(recheck(witness)["float64"]).startswith("not comparable")


def test_a_product_beyond_float64_is_not_comparable() -> None:
    """Each value fits, their product does not."""
    huge = witness([1, 1], 1, {"w1": [10**200], "b1": [0], "x": [10**200], "y": [0]})
    assert recheck(huge)["float64"] == "not comparable: an intermediate value is beyond the range of float64"


@pytest.mark.parametrize("name", ["w1", "b1", "w2", "b2"])
def test_a_wrong_gradient_is_caught(name: str) -> None:
    """A deviation that rounding does not explain is an error that names the entry."""
    lying = witness([1, 1, 1], 3, FOUNDING)
    truth = lying.gradients
    lie = {**truth, name: truth[name].map(lambda v: v + Fraction(1, 10**6))}
    object.__setattr__(lying, "gradients", lie)
    with pytest.raises(Disagreement, match=f"float64 disagrees with the exact gradients: ∂L/∂{name}"):
        recheck(lying)


@pytest.mark.needs("torch")
def test_each_check_catches_a_lie_by_itself() -> None:
    """Finite differences and torch do not lean on float64."""
    lying = witness([1, 1, 1], 3, FOUNDING)
    truth = lying.gradients
    object.__setattr__(lying, "gradients", {**truth, "b1": truth["b1"].map(lambda v: v + 1)})
    with pytest.raises(Disagreement, match="finite differences disagrees"):
        module._differences(module._Point(lying))
    with pytest.raises(Disagreement, match="torch disagrees"):
        module._torch(module._Point(lying))


@pytest.mark.parametrize(
    ("loss", "last", "logit", "y"),
    [
        ("cross_entropy", "linear", 20, [1, 0]),
        ("bce_with_logits", "linear", 20, [1, 0]),
        ("bce", "sigmoid", 31, [Fraction(3, 4), Fraction(1, 4)]),
        ("bce", "sigmoid", 33, [1, 0]),
    ],
)
def test_probabilities_near_their_targets(loss: str, last: str, logit: int, y: list[Any]) -> None:
    """What float64 leaves of p − y, where p is near 1, is no reason to doubt an exact gradient."""
    layers = [{"units": 2, "activation": last}]
    data = {"network": {"inputs": 1, "layers": layers}, "samples": 1, "loss": loss}
    problem = problem_from_json(data)
    shapes = variable_shapes(problem.network, 1)
    values: dict[str, Any] = {"w1": [1, -1], "b1": [logit, -logit], "x": [1], "y": y}
    arrays = {name: Array(shapes[name], tuple(values[name])) for name in shapes}
    checks = recheck(EnclosedWitness(problem, arrays, ()))
    assert {*checks} == {"float64", "finite_differences", "torch"}
