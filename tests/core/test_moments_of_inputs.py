"""Moments know what is asked of input gradients and residuals; made-up proofs by them are refused."""

from __future__ import annotations

import random
import time
from fractions import Fraction
from typing import Any

import pytest

from tests.core.test_small_datasets_of_inputs import linear_programs, random_question
from zerograd.core.errors import Refused
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.refuting.certificate import Certificate, Identity, Part, Product, Split
from zerograd.core.refuting.identities import identities_system
from zerograd.core.refuting.moments import moments_system
from zerograd.core.refuting.refutation import check_certificate
from zerograd.proving.certify import _Search, certify
from zerograd.proving.reals import Reals

PARTS = {"zero": ["w1", "b2"], "positive": ["x"]}


@pytest.mark.parametrize(
    ("network", "query"),
    [
        ([1, 1, 1], PARTS),
        ([1, 1, 1], {"zero": ["b2"], "where": ["r > 0"]}),
        ([1, 1, 1], {"zero": ["w2"], "some_nonzero": ["x"], "given": {"w2": 0}}),
        ([1, 1, 1], {"zero": ["x"], "where": ["w1 * w2 != 0", "r != 0", "z1 > 0"]}),
        ([1, 1, 2], {"zero": ["x"], "nonzero": ["b1"], "where": ["w1 != 0"]}),
        ([2, 2, 1], {"zero": ["b2"], "negative": ["x"], "where": ["w1 > 0", "w2 > 0"]}),
        ([1, 1], {"zero": ["b1"], "positive": ["x"]}),
    ],
)  # fmt: skip
def test_refuted_for_every_number_of_samples(network: list[int], query: dict[str, Any]) -> None:
    """A certificate by moments that the checker accepts."""
    problem = Problem(network=network, samples="any", **query)
    root, _ = _Search(problem, lambda _: None).refuted(
        "moments", None, Reals(time.monotonic() + 60), patience=1
    )
    assert root is not None
    check_certificate(problem, Certificate(problem.digest, (Part("moments", None, root),)))


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(n, marks=pytest.mark.slow) for n in range(4, 60))]
)
def test_nothing_is_refuted_that_has_an_answer(seed: int) -> None:
    """Where inputs of a grid and small parameters answer a question, no certificate is found."""
    chance = random.Random(f"refuted {seed}")
    answered = 0
    while answered < 3:
        problem, parameters = random_question(chance)
        bound = sufficient_samples(problem)
        if bound is None or bound > 3 or not linear_programs(problem, parameters, (-2, 0, 1, 3), bound):
            continue
        answered += 1
        found = certify(problem, deadline=time.monotonic() + 3)
        assert found.certificate is None, (problem, parameters)


@pytest.mark.parametrize("activation", ["relu", "hardtanh", "tanh", "gelu", "square"])
@pytest.mark.parametrize("loss", ["mse", "mae", {"of_mean": "1 / mse"}, "bce_with_logits"])
def test_input_gradients_sum_to_the_first_layers(activation: str, loss: Any) -> None:
    """Where the gradient by the first biases is 0, input gradients are not all above 0."""
    network = Network(2, (Layer(2, activation), Layer(3, activation), Layer(1)))
    problem = Problem(network=network, samples="any", zero=["b1"], positive=["x"], loss=loss)
    found = certify(problem, deadline=time.monotonic() + 60).certificate
    assert found is not None
    assert [part.kind for part in found.parts] == ["identities"]
    check_certificate(problem, found)


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ({"zero": ["x"]}, {"sum of grad(x[0]) = 0", "sum of grad(x[0]) x[0] = 0"}),
        ({"positive": ["x"]}, {"sum of grad(x[0]) > 0"}),
        ({"negative": ["x"]}, {"sum of grad(x[0]) < 0"}),
        ({"nonzero": ["x"]}, set()),
        ({"some_nonzero": ["x"]}, set()),
        ({"zero": ["x[0]"], "samples": 2}, set()),
        ({"any_nonzero": ["x", "w1"]}, set()),
    ],
)
def test_what_is_said_of_sums_of_input_gradients(query: dict[str, Any], labels: set[str]) -> None:
    """Only what is asked of every sample, and has one sign."""
    problem = Problem(network=[1, 1, 1], **{"samples": "any", **query})
    facts = identities_system(problem).facts
    assert {label for label in facts if label.startswith("sum")} == labels
    bare = Network(1, (Layer(1, "relu", bias=False), Layer(1)))
    facts = identities_system(Problem(network=bare, **{"samples": "any", **query})).facts
    assert {label for label in facts if label.startswith("sum")} == {n for n in labels if ") x" in n}


def test_sums_hold_only_where_there_is_a_sample() -> None:
    """A sum over a pattern is above 0 if it has a sample: the label means nothing elsewhere."""
    problem = Problem(network=[1, 1, 1], samples="any", **PARTS)  # type: ignore[arg-type]
    system = moments_system(problem)
    label = "grad(x[0]) > 0 over 1"
    assert label not in system.facts
    assert label in dict(system.splits["pattern 1"][1].facts)
    wrong = Identity({}, {}, (Product(Fraction(1), {label: 1}),))
    proof = Certificate(problem.digest, (Part("moments", None, wrong),))
    with pytest.raises(Refused, match="p > 0 or p >= 0"):
        check_certificate(problem, proof)
    inside = Split("pattern 1", {"no sample": wrong, "some sample": wrong})
    with pytest.raises(Refused):
        check_certificate(problem, Certificate(problem.digest, (Part("moments", None, inside),)))


def test_no_sample_at_all_is_refuted_by_their_number_alone() -> None:
    """Without samples all sums are 0; that there are some is a fact where it is needed."""
    asked = Problem(network=[1, 1, 1], samples="any", zero=["b2"], positive=["x"])
    none = {name: system_values(asked, name) for name in ("pattern 0", "pattern 1")}
    assert all(values[f"n{name[-1]}"] == 0 for name, values in none.items())
    assert str(moments_system(asked).facts["samples > 0"].polynomial) in ("n1 + n0", "n0 + n1")  # type: ignore[union-attr]
    moving = Problem(network=[1, 1, 1], samples="any", nonzero=["b2"], positive=["x"])
    assert "samples > 0" not in moments_system(moving).facts
    assert "n0" not in system_values(moving, "pattern 0")


def system_values(problem: Problem, split: str) -> dict[str, Fraction]:
    return dict(moments_system(problem).splits[split][0].values)


@pytest.mark.parametrize(
    "changes",
    [
        {"positive": ["x[0]"], "samples": 2},
        {"where": ["any(grad(x) > 0)"]},
        {"where": ["not grad(x) > 0"]},
        {"where": ["r > 1"]},
        {"where": ["r < grad(x)"]},
        {"where": ["grad(x[0,0]) > 0"]},
        {"where": ["r > 0"], "loss": "mae"},
        {"where": ["distinct(r)"]},
    ],
)
def test_what_is_not_of_each_sample_is_left_out(changes: dict[str, Any]) -> None:
    """It is no fact of a sample, nor of sums."""
    problem = Problem(network=[1, 1, 1], **{"samples": "any", "zero": ["b2"], **changes})
    plain = moments_system(
        Problem(network=[1, 1, 1], samples="any", zero=["b2"], loss=changes.get("loss", "mse"))
    )
    assert dict(moments_system(problem).facts) == dict(plain.facts)
    assert moments_system(problem).splits == plain.splits


def test_the_facts_of_a_pattern() -> None:
    """∂L/∂x is linear in the adjoint; sums of it, and of products with what is above 0, are moments."""
    network = Network(1, (Layer(1, "relu"), Layer(1, "linear")))
    problem = Problem(network=network, samples="any", zero=["b2"], negative=["x"], bounds={"x": [-2, None]})
    some = dict(moments_system(problem).splits["pattern 1"][1].facts)
    r, w1, w2, b1, s, v = map(
        Polynomial.variable, ("r1[0]", "w1[0,0]", "w2[0,0]", "b1[0]", "S1[0]", "V1[0,0]")
    )
    slope = -(w1 * w2)
    expected = {
        "grad(x[0]) < 0 at x1": slope * r,
        "grad(x[0]) < 0 over 1": slope * s,
        "grad(x[0]) < 0, z1[0] > 0 over 1": slope * (w1 * v + b1 * s),
        "grad(x[0]) < 0, x[0] >= -2 over 1": slope * (v + 2 * s),
    }
    assert {label: fact.polynomial for label, fact in some.items() if label.startswith("grad")} == expected  # type: ignore[union-attr]
    assert [fact.sign for label, fact in some.items() if label.startswith("grad")] == [">", ">", ">", ">="]  # type: ignore[union-attr]
    zero = moments_system(Problem(network=network, samples="any", zero=["x"]))
    label = "grad(x[0]) = 0, times x1[0] over 1"
    assert zero.facts[label].polynomial == w1 * w2 * v  # type: ignore[union-attr]
