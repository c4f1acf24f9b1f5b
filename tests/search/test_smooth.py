"""Closed forms and enclosed solutions, for every activation and many losses: the checker accepts them all."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import pytest

from zerograd.core.model.activations import ACTIVATION_NAMES, activation_named
from zerograd.core.model.network import Layer, Network
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness
from zerograd.search.crew import Crew
from zerograd.search.draws import Draws
from zerograd.search.portfolio import Portfolio
from zerograd.search.smooth import closed, enclose
from zerograd.search.verdict import Found, Undecided, Verdict

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}

MONOTONE = (
    "relu", "relu6", "hardtanh", "hardsigmoid", "sigmoid", "tanh", "softplus", "elu", "celu", "selu",
    "softsign", "relu_squared", "leaky_relu",
)  # fmt: skip
TURNING = ("abs", "gelu", "gelu_tanh", "silu", "mish", "sin", "square", "hardswish")
IMPOSSIBLE = ("linear", "exp")
NOT_CLOSED = ("gelu", "gelu_tanh")
QUICK = ("relu", "sigmoid", "gelu", "silu")


def some_slow(names: Iterable[str]) -> list[Any]:
    """Parameters of a test; those that are not `QUICK` are for the long run."""
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in names]


LOSSES: dict[str, dict[str, Any]] = {
    "mse": {"loss": "mse"},
    "mae": {"loss": "mae"},
    "huber": {"loss": {"huber": {"delta": "1/2"}}},
    "smooth_l1": {"loss": "smooth_l1"},
    "labels": {"loss": "bce_with_logits", "targets": "binary"},
    "soft": {"loss": "bce_with_logits"},
    "classes": {"loss": "cross_entropy", "targets": "class"},
    "shares": {"loss": "cross_entropy"},
    "hinge": {"loss": "hinge", "targets": "sign"},
    "inverse": {"loss": {"of_mean": "1 / mse"}},
    "fourth": {"loss": {"per_sample": "(y_hat - y)**4"}},
    "zero or one": {"loss": "mse", "targets": "binary"},
}
OF_SIGNS = ("mae", "hinge")
PIECEWISE = ("relu", "relu6", "hardtanh", "hardsigmoid", "leaky_relu", "abs", "linear")
STRATEGIES = {"closed": closed.closed, "enclose": enclose.enclose}


def founding(activation: str, loss: str, samples: int) -> Problem:
    """The founding question of an activation and a loss."""
    outputs = 2 if loss in ("classes", "shares") else 1
    network = Network.mlp(1, 1, outputs, activation=activation)
    return Problem(network=network, samples=samples, **HEADLINE, **LOSSES[loss])


def looked(problem: Problem, name: str, *, draws: int = 32, seed: int = 0) -> Verdict:
    """What a strategy says; a witness has been checked."""
    drawn = Draws(1, draws, time.monotonic() + 60, seed, lambda _: None)
    verdict = STRATEGIES[name](problem, problem.samples.least, drawn)
    if isinstance(verdict, Found):
        check_witness(problem, verdict.witness)
    return verdict


def found(problem: Problem, name: str, **options: Any) -> Witness:
    """The witness of a strategy."""
    verdict = looked(problem, name, **options)
    assert isinstance(verdict, Found), verdict
    return verdict.witness


def test_every_activation_is_here() -> None:
    """Another one belongs in one of the lists above."""
    assert {*MONOTONE, *TURNING, *IMPOSSIBLE} == set(ACTIVATION_NAMES)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", some_slow([*MONOTONE, *TURNING]))
def test_founding_questions_have_witnesses(activation: str, loss: str) -> None:
    """With three samples, or four where adjoints are 1 and −1: of one strategy or the other."""
    problem = founding(activation, loss, 4 if loss in OF_SIGNS else 3)
    if activation in PIECEWISE and loss == "mse":
        assert closed.unfit(problem) and enclose.unfit(problem)
        return
    verdict = looked(problem, "closed") if closed.unfit(problem) is None else Undecided("incomplete")
    if not isinstance(verdict, Found):
        assert isinstance(found(problem, "enclose"), EnclosedWitness)


@pytest.mark.parametrize("activation", some_slow(sorted({*MONOTONE, *TURNING} - {*NOT_CLOSED})))
@pytest.mark.parametrize("loss", ["huber", "inverse"])
def test_closed_forms_of_free_targets(activation: str, loss: str) -> None:
    """All activations have some but the GELUs, whose values are nowhere closed."""
    witness = found(founding(activation, loss, 3), "closed")
    assert not isinstance(witness, EnclosedWitness)


@pytest.mark.parametrize("activation", some_slow(TURNING))
@pytest.mark.parametrize("loss", ["mae", "labels", "classes", "hinge", "inverse"])
def test_two_samples_where_a_value_is_taken_twice(activation: str, loss: str) -> None:
    """Two samples with one value and two slopes."""
    problem = founding(activation, loss, 2)
    verdict = looked(problem, "closed") if closed.unfit(problem) is None else Undecided("incomplete")
    if not isinstance(verdict, Found):
        found(problem, "enclose", draws=60)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("kink", ["torch", "mean"])
def test_one_sample_that_is_predicted_right(activation: str, kink: str) -> None:
    """There the absolute error has slope 0, and all gradients are 0: it is found with one sample."""
    network = Network.mlp(1, 1, 1, activation=activation)
    every = [*network.shapes]
    problem = Problem(network=network, samples=1, loss="mae", zero=every, derivative_at_kink=kink)
    assert found(problem, "closed").loss == 0
    for convention in ("left", "forbid"):
        other = Problem(network=network, samples=1, loss="mae", zero=every, derivative_at_kink=convention)
        assert not isinstance(looked(other, "closed"), Found)


@pytest.mark.parametrize("loss", ["mae", "huber", "labels", "soft", "classes", "hinge", "inverse"])
@pytest.mark.parametrize(
    ("activation", "samples"),
    [
        ("gelu", 1), ("relu", 1), ("sigmoid", 2), ("relu", 2), ("exp", 4),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in [("sigmoid", 1), ("square", 1), ("tanh", 2), ("elu", 2), ("linear", 4), ("exp", 3)]
        ),
    ],
)  # fmt: skip
def test_what_is_impossible_is_not_found(activation: str, samples: int, loss: str) -> None:
    """One sample; two of a monotone activation; any number of linear and exponential ones."""
    problem = founding(activation, loss, samples)
    for name, module in (("closed", closed), ("enclose", enclose)):
        if module.unfit(problem) is None:
            assert isinstance(looked(problem, name, draws=12), Undecided)


@pytest.mark.parametrize("name", ["closed", "enclose"])
def test_a_seed_gives_the_same_witness(name: str) -> None:
    """And another seed mostly another one."""
    problem = founding("tanh", "huber", 4)
    one, again, other = (found(problem, name, seed=seed).to_json() for seed in (0, 0, 1))
    assert one == again != other


@pytest.mark.parametrize(
    "asked",
    [
        {"network": Network.mlp(2, 3, 3, 1, activation="tanh"), "samples": 16},
        {
            "network": Network.mlp(2, 3, 2, activation="sigmoid", bias=False), "samples": 8,
            "zero": ["w2"], "nonzero": ["w1"],
        },
        {
            "network": Network(2, (Layer(2, "relu"), Layer(2, "gelu"), Layer(1, "sigmoid"))), "samples": 14,
            "zero": ["w3", "b3"], "nonzero": [], "some_nonzero": ["w1", "w2"],
            "loss": "bce", "targets": "binary",
        },
        {
            "network": Network.mlp(1, 2, 1, activation="silu"), "samples": 8,
            "zero": ["w1", "b1"], "nonzero": ["w2", "b2"],
        },
        {
            "network": Network(1, (Layer(1, "sigmoid"),)), "samples": 3,
            "zero": ["w1"], "nonzero": [], "positive": ["b1"],
        },
        {
            "network": Network.mlp(1, 1, 1, activation="tanh"), "samples": 3, "loss": {"of_mean": "1 / mse"},
            "bounds": {"x": [0, 3], "w2": [1, 2]}, "where": ["x[0] < x[1] < x[2]"],
        },
        {
            "network": Network.mlp(1, 1, 1, activation="sigmoid"), "samples": 4, "given": {"x": [0, 1, 2, 3]},
            "loss": "bce_with_logits", "targets": "binary",
        },
    ],
)  # fmt: skip
def test_other_questions(asked: dict[str, Any], crew: Crew) -> None:
    """Deeper and wider ones, other layers at rest, one layer alone, conditions and given data."""
    problem = Problem(**{**HEADLINE, **asked})
    portfolio = Portfolio(crew, "auto", 0, lambda _: None)
    verdict = portfolio.decide(problem, problem.samples.least, time.monotonic() + 30)
    assert isinstance(verdict, Found), verdict
    assert verdict.strategy in STRATEGIES
    check_witness(problem, verdict.witness)


def test_witnesses_too_long_to_write_are_passed_over() -> None:
    """Python refuses to write more than 4300 digits; one of the witnesses that are compared has more."""
    layers = tuple(Layer(1, activation_named(name)) for name in ("mish", "tanh"))
    asked: dict[str, Any] = {
        "zero": ["b1"],
        "nonzero": ["w2"],
        "loss": "smooth_l1",
        "derivative_at_kink": "right",
    }
    problem = Problem(network=Network(2, layers), samples=4, **asked)
    assert max(len(str(v)) for v in found(problem, "closed", draws=48).variables["y"].entries) < 4300


def test_classes_with_the_upper_layer_at_rest() -> None:
    """Cross entropy and labels; the adjoints of three classes sum to 0, which implies a third of the rows."""
    problem = Problem(network=[2, 8, 3], samples=12, loss="cross_entropy", targets="class", **HEADLINE)
    witness = found(problem, "enclose")
    assert isinstance(witness, EnclosedWitness)
    assert len(witness.equations) + len(witness.dropped) == 27
    assert len(witness.dropped) >= 9


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_many_units_and_samples(activation: str) -> None:
    """Copies of few units put no new rows into the system."""
    network = Network.mlp(2, 5, 1, activation=activation)
    witness = found(Problem(network=network, samples=20, **HEADLINE), "closed")
    assert not isinstance(witness, EnclosedWitness)


def test_piecewise_linear_questions_are_left_alone() -> None:
    """Those with free targets that give every adjoint are answered as ever."""
    plain = Problem(network=[1, 1, 1], samples=3, **HEADLINE)
    for module in (closed, enclose):
        assert "piecewise linear" in str(module.unfit(plain))


@pytest.mark.parametrize(
    ("extra", "closed_reason", "enclosed_reason"),
    [
        ({"domain": "integer"}, "no integers", "no integers"),
        ({"given": {"x": [1, 2, 3]}}, "given", None),
        ({"bounds": {"y": [0, 1]}}, "targets", None),
        ({"loss": "bce_with_logits", "targets": "binary"}, "labels tie", None),
        ({"zero": [], "nonzero": ["w1"]}, None, None),
    ],
)
def test_unfit(extra: dict[str, Any], closed_reason: str | None, enclosed_reason: str | None) -> None:
    """Each says what stands in the way."""
    network = Network.mlp(1, 1, 1, activation="sigmoid")
    problem = Problem(**{"network": network, "samples": 3, **HEADLINE, **extra})
    for module, reason in ((closed, closed_reason), (enclose, enclosed_reason)):
        said = module.unfit(problem)
        assert said is None if reason is None else reason in str(said)


@pytest.mark.parametrize(
    "asked",
    [
        {"network": Network.mlp(1, 1, 1, activation="gelu"), "nonzero": ["w1", "b1", "w2", "b2"]},
        {"loss": "bce_with_logits", "targets": "binary", "nonzero": ["w1", "b1", "w2", "b2"]},
        {
            "network": Network(1, (Layer(1, "exp", bias=False), Layer(2, "linear", bias=False))),
            "loss": "cross_entropy", "targets": "class", "nonzero": ["w1", "w2"],
        },
        {
            "network": Network.mlp(1, 1, 1, activation="tanh"), "samples": 2,
            "loss": "bce_with_logits", "targets": "binary", "nonzero": ["w1", "b1", "w2", "b2"],
        },
        {
            "network": Network.mlp(2, 2, 1, activation="mish"), "domain": "integer", "positive": ["b2"],
            "some_nonzero": ["w1"], "bounds": {"w1": [1, 3]}, "given": {"b1": [1, -1]},
        },
        {"network": Network.mlp(1, 1, 1, activation="gelu"), "where": ["loss > 1", "loss < 2"]},
    ],
)  # fmt: skip
def test_nothing_is_asked_to_be_zero(asked: dict[str, Any]) -> None:
    """Any rational numbers that respect the question will do: nothing has to be solved."""
    problem = Problem(**{"network": [1, 1, 1], "samples": 1, **asked})
    witness = found(problem, "enclose")
    assert isinstance(witness, EnclosedWitness)
    assert not witness.unknowns


GIVEN = {"w1": 1, "b1": 1, "w2": 1, "b2": 0, "x": 1, "y": 0}


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ({}, True),
        ({"positive": ["w1"], "where": ["loss > 3"]}, True),
        ({"negative": ["w1"]}, False),
        ({"where": ["loss > 4"]}, False),
        ({"zero": ["w1", "b1"], "given": GIVEN | {"w2": 0}}, True),
        ({"zero": ["b2"]}, False),
    ],
)
def test_everything_is_given(asked: dict[str, Any], held: bool) -> None:
    """That one point, without a draw; what enclosures do not show stays open."""
    network = Network.mlp(1, 1, 1, activation="gelu")
    problem = Problem(**{"network": network, "samples": 1, "given": GIVEN, **asked})
    verdict = looked(problem, "enclose", draws=0)
    assert isinstance(verdict, Found if held else Undecided)


def test_nothing_is_left_to_be_moved() -> None:
    """Labels are all that is open: a start can be looked at, and not improved."""
    problem = Problem(
        network=[1, 1, 1],
        samples=1,
        loss="hinge",
        targets="sign",
        derivative_at_kink="left",
        given={"w1": 1, "b1": 0, "w2": 1, "b2": 0, "x": [1]},
        zero=["w1"],
        nonzero=["b1"],
    )
    draws = Draws(0, 30, time.monotonic() + 5, 0, lambda _: None)
    assert isinstance(enclose.enclose(problem, 1, draws), Undecided)
