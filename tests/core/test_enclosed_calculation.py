"""A no about a given point whose gradients are no rational numbers: enclosures decide signs."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import mpmath
import pytest

import zerograd as zg
from tests.core.multiprecision import Mp
from zerograd.core.errors import FormatError, Refused
from zerograd.core.model.activations import ACTIVATIONS
from zerograd.core.model.losses import LOSSES
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.given import incomplete, unfit
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.calculation import calculation_system, refutation_of, wrong_at
from zerograd.core.refuting.certificate import (
    Certificate,
    Identity,
    Part,
    Product,
    certificate_from_json,
)
from zerograd.core.refuting.refutation import check_certificate
from zerograd.core.verdict.checking import check_result
from zerograd.core.verdict.results import answer_from_json
from zerograd.show.instead import instead_lines

SIGMOID: dict[str, Any] = {
    "network": {"inputs": 1, "layers": [{"units": 2, "activation": "sigmoid"}, {"units": 1}]},
    "samples": 2,
    "given": {"w1": [1, 2], "b1": [0, 1], "w2": [1, -1], "b2": 0, "x": [1, 2], "y": [0, 1]},
}
"""∂L/∂w1 = (-0.277…, 0.0247…), ∂L/∂b2 = -1.334…, ŷ = (-0.2215…, -0.1125…)."""


def problem(**asked: Any) -> Problem:
    return problem_from_json({**SIGMOID, **asked})


WRONG: list[dict[str, Any]] = [
    {"zero": ["w1"]},
    {"positive": ["b2"]},
    {"negative": ["w1[1,0]"]},
    {"where": ["loss < 1/10"]},
    {"where": ["y_hat[0] > 0 and x[0] == 1"]},
    {"where": ["grad(b2[0]) == 0 or w1[0,0] == 3"]},
    {"where": ["not y_hat[0] < y_hat[1]"]},
    {"where": ["max(y_hat) >= 0"]},
    {"where": ["abs(grad(w1[0,0])) <= 1/4", "r[0] > 0"]},
    {"where": ["0 < y_hat < 1"]},
    {"where": ["distinct(x[0], w1[0,0])"]},
    {"given": {**SIGMOID["given"], "w2": [0, 0]}, "some_nonzero": ["w1"]},
    {"given": {**SIGMOID["given"], "w2": [0, 0]}, "any_nonzero": ["w1", "b1", "x"]},
    {"where": ["1 / y_hat[0] > 0 and y_hat[0] != 0"]},
]
RIGHT: list[dict[str, Any]] = [
    {"nonzero": ["w1", "b1"], "negative": ["b2"]},
    {"some_nonzero": ["w1"], "any_nonzero": ["w2", "x"]},
    {"where": ["loss > 1/10", "y_hat[0] < y_hat[1]", "distinct(y_hat, x)"]},
    {"where": ["abs(grad(b2[0])) > 1 and not max(y_hat) > 0"]},
]


@pytest.mark.parametrize("asked", WRONG, ids=str)
def test_wrong_claims(asked: dict[str, Any]) -> None:
    """Each has a calculation for a certificate, which survives as JSON, and needs no search."""
    question = problem(**asked)
    assert incomplete(question) is None and unfit(question) is not None
    root = refutation_of(calculation_system(question, 2))
    assert root is not None
    certificate = Certificate(question.digest, (Part("calculation", 2, root),))
    check_certificate(question, certificate_from_json(certificate.to_json()))
    answer = zg.solve(question)
    assert isinstance(answer, zg.Unsat) and answer.run.strategy == "calculation"
    assert answer.certificate == certificate and answer.instead


@pytest.mark.parametrize("asked", RIGHT, ids=str)
def test_right_claims(asked: dict[str, Any]) -> None:
    """No fact is false, and forged certificates are refused."""
    question = problem(**asked)
    assert not wrong_at(question)
    one = Polynomial.constant(1)
    forged = [
        Identity({}),
        Identity({"grad(b2[0]) < 0": one}, {}, (Product(Fraction(1), {"g_b2[0] < 0": 1}),)),
        Identity({}, {}, (Product(Fraction(1), {"g_b2[0] > 0": 1}),)),
        Identity({}, {"any grad(w2, x) != 0": 1}),
        Identity({"where[0]": one}, {}, (Product(Fraction(1), {"d0[0] > 0": 1}),)),
    ]
    for leaf in forged:
        with pytest.raises(Refused):
            check_certificate(question, Certificate(question.digest, (Part("calculation", 2, leaf),)))


def test_a_sign_that_is_turned_is_refused() -> None:
    """The certificate of one point, offered for another whose gradient has the other sign."""
    question = problem(positive=["b2"])
    root = refutation_of(calculation_system(question, 2))
    assert root is not None
    other = problem(given={**SIGMOID["given"], "y": [-1, -2]}, positive=["b2"])
    with pytest.raises(Refused):
        check_certificate(other, Certificate(other.digest, (Part("calculation", 2, root),)))


def test_what_is_not_decided_is_no_fact() -> None:
    """A gradient that is zero by an identity that intervals do not see, and its exact value asked to be."""
    given = {**SIGMOID["given"], "w1": [1, 1], "b1": [0, 0], "w2": [1, -1], "y": [0, 0]}
    for asked in ({"zero": ["b2"]}, {"nonzero": ["b2"]}):
        question = problem(given=given, **asked)
        assert not wrong_at(question)
        assert zg.solve(question, timeout=10).status in ("sat", "unknown")


def test_predictions_that_are_no_probabilities() -> None:
    """Outside of 0 and 1 the loss has no value: no numbers answer such a question."""
    question = problem(loss="bce", targets="binary", where=["0 < y_hat", "y_hat < 1"])
    labels = [wrong.label for wrong in wrong_at(question)]
    assert labels == ["y_hat[0,0] > 0", "y_hat[1,0] > 0"]
    answer = zg.solve(question)
    assert isinstance(answer, zg.Unsat) and answer.certificate is not None


def test_on_a_kink_under_forbid() -> None:
    """Exactly on it, which is known; beside smooth units too."""
    network = {"inputs": 1, "layers": [{"units": 1}, {"units": 1, "activation": "sigmoid"}, {"units": 1}]}
    given = {"w1": 1, "b1": -1, "w2": 1, "b2": 0, "w3": 1, "b3": 0, "x": [1], "y": [0]}
    question = problem_from_json(
        {"network": network, "samples": 1, "given": given, "derivative_at_kink": "forbid", "zero": ["w1"]}
    )
    assert [wrong.label for wrong in wrong_at(question)] == ["z1[0,0] off its kinks"]


def test_documents_say_what_is_found_instead() -> None:
    """It is read back and checked: other numbers, entries and counts are refused."""
    question = problem(zero=["w1"], where=["loss < 1/10"])
    answer = zg.solve(question)
    assert isinstance(answer, zg.Unsat)
    document = answer.to_json()
    assert [item["asked"] for item in document["instead"]] == [
        "grad(w1[0,0]) = 0",
        "grad(w1[1,0]) = 0",
        "where[0]",
    ]
    assert check_result(question, document) == answer.certificate
    again = answer_from_json(document)
    assert isinstance(again, zg.Unsat) and again.instead == answer.instead
    plain = {key: value for key, value in document.items() if key != "instead"}
    assert check_result(question, plain) == answer.certificate
    number = {"centre": "1", "radius": "1/10"}
    first, *rest = document["instead"]
    for forged in (
        rest,
        [*document["instead"], first],
        [{**first, "found": [number]}, *rest],
        [{**first, "found": ["0"]}, *rest],
        [{**first, "found": []}, *rest],
        [{**first, "asked": "grad(w1[1,0]) = 0"}, *rest],
    ):
        with pytest.raises(Refused, match="instead"):
            check_result(question, {**document, "instead": forged})
    malformed: list[Any] = [{}, [1], [{"asked": "x"}]]
    for broken in malformed:
        with pytest.raises((FormatError, Refused)):
            check_result(question, {**document, "instead": broken})
    unrelated = zg.Problem(network=[1, 1, 1], samples=1, zero=["b2"], nonzero=["w2"])
    told = zg.solve(unrelated).to_json()
    with pytest.raises(Refused, match="instead"):
        check_result(unrelated, {**told, "instead": [first]})


def test_text_says_what_is_found_instead() -> None:
    """One line each, with the number."""
    question = problem(zero=["b2"], where=["loss < 1/10", "x == 1"])
    lines = instead_lines(question, wrong_at(question))
    assert lines == [
        "∂L/∂b2 is ≈-1.33403, not 0",
        "loss is ≈0.643374, not < 1/10",
        "x[1] is 2, not 1",
    ]


@pytest.mark.parametrize(
    "activation", ["sigmoid", "tanh", "gelu", "elu", "sin", "softsign", "square", "hardswish"]
)
@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "bce_with_logits"])
def test_signs_are_those_of_many_digits(activation: str, loss: str) -> None:
    """Every asked sign that is not so at random points is found, and no other, as mpmath says."""
    chance = random.Random(f"{activation} {loss}")
    network = {"inputs": 1, "layers": [{"units": 2, "activation": activation}, {"units": 1}]}

    def number() -> str:
        return str(Fraction(chance.randint(-8, 8), chance.randint(1, 5)))

    given: dict[str, Any] = {name: [number(), number()] for name in ("w1", "b1", "w2", "x")}
    given |= {"b2": number(), "y": [str(chance.randint(0, 1)) for _ in range(2)]}
    bare = problem_from_json({"network": network, "samples": 2, "given": given, "loss": loss})
    values = _b2_and_w2(bare)
    for name, value in values.items():
        sign = 0 if abs(value) < mpmath.mpf(10) ** -100 else int(mpmath.sign(value))
        for relation, signs in (("positive", {1}), ("negative", {-1}), ("nonzero", {1, -1}), ("zero", {0})):
            question = problem_from_json(
                {"network": network, "samples": 2, "given": given, "loss": loss, relation: [name]}
            )
            if sign or relation in ("positive", "negative"):
                assert bool(wrong_at(question)) == (sign not in signs) or sign == 0


def _b2_and_w2(question: Problem) -> dict[str, Any]:
    """Gradients of the last layer with 150 digits."""
    with mpmath.workdps(150):
        given = {
            name: {
                index: mpmath.mpf(Fraction(v).numerator) / Fraction(v).denominator
                for index, v in values.items()
            }
            for name, values in question.given.items()
        }
        phi = question.network.layers[0].activation
        loss = question.model.loss
        total = {"b2[0]": mpmath.mpf(0), "w2[0,0]": mpmath.mpf(0), "w2[0,1]": mpmath.mpf(0)}
        for m in range(2):
            x = given["x"][m, 0]
            a = [phi.value(given["w1"][i, 0] * x + given["b1"][i,], Mp()) for i in range(2)]
            a = [mpmath.mpf(v) if isinstance(v, int) else v for v in a]
            y_hat = sum(given["w2"][0, i] * a[i] for i in range(2)) + given["b2"][0,]
            (g,) = loss.sample_adjoint([y_hat], [given["y"][m, 0]], Mp(), "torch")
            total["b2[0]"] += g
            for i in range(2):
                total[f"w2[0,{i}]"] += g * a[i]
        return total


def test_every_loss_and_activation_is_calculated() -> None:
    """Whatever the model, a point is refuted where its loss is asked to be beyond all bounds."""
    for name in LOSSES:
        for activation in ACTIVATIONS:
            outputs = 2 if name == "cross_entropy" else 1
            last = "sigmoid" if name == "bce" else "linear"
            network = {
                "inputs": 1,
                "layers": [{"units": 1, "activation": activation}, {"units": outputs, "activation": last}],
            }
            y = [[1, 0]] if outputs == 2 else [[1]]
            given = {"w1": "1/3", "b1": "1/7", "w2": [[1]] * outputs, "b2": [0] * outputs, "x": [[1]], "y": y}
            question = problem_from_json(
                {
                    "network": network,
                    "samples": 1,
                    "loss": name,
                    "targets": {"hinge": "sign", "cross_entropy": "class"}.get(name, "real"),
                    "given": given,
                    "where": ["loss > 1000"],
                }
            )
            root = refutation_of(calculation_system(question, 1))
            assert root is not None, (name, activation)
            check_certificate(question, Certificate(question.digest, (Part("calculation", 1, root),)))
