"""What conditions on the loss say of adjoints: facts, certificates, and forgeries."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.errors import ProblemError, Refused
from zerograd.core.model.losses import LOSSES
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate, Identity, Part, Product
from zerograd.core.refuting.refutation import check_certificate, every_samples, symmetry, system_of
from zerograd.core.refuting.system import Renaming
from zerograd.proving.certify import certify


def until() -> float:
    return time.monotonic() + 60


SIGNED: dict[str, Any] = {"loss": "hinge", "targets": "sign"}
LOGITS: dict[str, Any] = {"loss": "bce_with_logits", "targets": "binary"}
CLASSES: dict[str, Any] = {"network": [1, 2, 2], "loss": "cross_entropy", "targets": "class"}
IMPOSSIBLE: list[dict[str, Any]] = [
    {"loss": "huber", "some_nonzero": ["w1"], "where": ["loss == 0"]},
    {"loss": {"huber": "1/2"}, "nonzero": ["b2"], "where": ["2 * loss <= 0"]},
    {"loss": "smooth_l1", "some_nonzero": ["b1"], "where": ["r == 0"]},
    {"loss": {"smooth_l1": 3}, "some_nonzero": ["w2"], "where": ["sum(r**2) == 0"]},
    {"loss": "mae", "nonzero": ["b2"], "where": ["loss == 0"]},
    {"loss": "mae", "nonzero": ["b2"], "where": ["not loss > 0"]},
    {"loss": "mae", "derivative_at_kink": "left", "zero": ["b2"], "where": ["loss == 0"]},
    {"loss": "mae", "derivative_at_kink": "forbid", "where": ["loss == 0"]},
    {"loss": "mae", "derivative_at_kink": "forbid", "where": ["r == 0"]},
    {"loss": {"mae": 3}, "positive": ["b2"], "where": ["r <= 0"]},
    {"loss": "huber", "negative": ["b2"], "where": ["min(r) >= 0"]},
    {"loss": "huber", "nonzero": ["b2"], "where": ["loss == 0 or r == 0"]},
    {**SIGNED, "some_nonzero": ["w1"], "where": ["loss == 0"]},
    {**SIGNED, "nonzero": ["b2"], "where": ["loss <= 0"]},
    {**LOGITS, "where": ["loss == 0"]},
    {**LOGITS, "targets": "real", "where": ["loss <= 0"]},
    {**CLASSES, "where": ["loss == 0"]},
    {**CLASSES, "targets": "real", "where": ["loss <= 0"]},
    {"loss": "huber", "where": ["loss < 0"]},
]


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("asked", IMPOSSIBLE, ids=str)
def test_questions_about_the_loss_are_refuted(asked: dict[str, Any], samples: int) -> None:
    """Every loss, by what its value says of adjoints."""
    problem = Problem(**{"network": [1, 2, 1], "samples": samples, **asked})
    found = certify(problem, deadline=until()).certificate
    assert found is not None
    check_certificate(problem, found)


ANY: list[dict[str, Any]] = [
    {"some_nonzero": ["w1"], "where": ["loss == 0"]},
    {"loss": {"sse": "1/2"}, "positive": ["b2"], "where": ["loss <= 0"]},
    {"loss": "huber", "nonzero": ["b1"], "where": ["not loss > 0"]},
    {"loss": "mae", "any_nonzero": ["w1", "b2"], "where": ["loss * 3 == 0"]},
    {**SIGNED, "some_nonzero": ["w2"], "where": ["loss == 0 or loss < -1"]},
    {**LOGITS, "where": ["loss == 0"]},
    {**CLASSES, "where": ["loss <= 0"]},
    {"where": ["loss < 0"]},
]


@pytest.mark.parametrize("samples", ["any", "fewest"])
@pytest.mark.parametrize("asked", ANY, ids=str)
def test_whatever_the_number_of_samples(asked: dict[str, Any], samples: str) -> None:
    """A perfect fit has no gradients, by a system for every M; and the search says so, too."""
    answer = zg.solve(Problem(**{"network": [1, 2, 1], "samples": samples, **asked}), timeout=60)
    assert isinstance(answer, zg.Unsat) and answer.certificate is not None
    assert every_samples(answer.problem, answer.certificate) and answer.run.every_samples


@pytest.mark.parametrize(
    "asked",
    [
        {"loss": "mae", "derivative_at_kink": "left", "nonzero": ["b2"], "where": ["loss == 0"]},
        {"loss": "mean", "nonzero": ["b2"], "where": ["loss == 0"]},
        {"loss": {"of_mean": "mse - 1"}, "nonzero": ["b2"], "where": ["loss == 0"]},
        {"loss": {"per_sample": "(y_hat - y)**2 - 1"}, "nonzero": ["b2"], "where": ["loss == 0"]},
        {**SIGNED, "derivative_at_kink": "left", "nonzero": ["b2"], "where": ["loss == 0"]},
        {"loss": "huber", "nonzero": ["b2"], "where": ["loss == 0 or loss > 1"]},
    ],
    ids=str,
)
def test_losses_of_0_with_gradients(asked: dict[str, Any]) -> None:
    """Where the loss can be 0 and its adjoint not, nothing is refuted, and other proofs are refused."""
    problem = Problem(network=[1, 1, 1], samples=2, **asked)
    for fixed in (False, True):
        assert certify(problem, deadline=until(), fixed=fixed).certificate is None
    honest = Problem(network=[1, 1, 1], samples=2, nonzero=["b2"], where=["loss == 0"])
    for fixed in (False, True):
        found = certify(honest, deadline=until(), fixed=fixed).certificate
        assert found is not None
        with pytest.raises(Refused):
            check_certificate(problem, replace(found, problem=problem.digest))


def test_the_proof_of_one_convention_is_none_of_another() -> None:
    """From the left the derivative of |r| at 0 is −1, so that a perfect fit has gradients."""
    asked: dict[str, Any] = {"network": [1, 1, 1], "samples": 1, "loss": "mae", "nonzero": ["b2"]}
    torch = Problem(**asked, where=["loss == 0"])
    found = certify(torch, deadline=until()).certificate
    assert found is not None
    left = Problem(**asked, where=["loss == 0"], derivative_at_kink="left")
    with pytest.raises(Refused):
        check_certificate(left, replace(found, problem=left.digest))
    some = Problem(**asked, where=["loss <= 1"])
    with pytest.raises(Refused):
        check_certificate(some, replace(found, problem=some.digest))


def test_a_loss_that_may_be_0_is_not_said_to_be_above() -> None:
    """A forged proof that a mean of squares like this one is never 0."""
    problem = Problem(network=[1, 1, 1], samples=1, loss="huber", where=["loss == 0"])
    assert certify(problem, deadline=until()).certificate is None
    leaf = Identity({"where[0]": Polynomial.constant(1)}, {}, (Product(Fraction(1), {"l[0,0] > 0": 1}),))
    with pytest.raises(Refused, match="expected facts p > 0"):
        check_certificate(problem, Certificate(problem.digest, (Part("dataset", 1, leaf),)))
    weak = replace(leaf, positive=(Product(Fraction(1), {"l[0,0] >= 0": 1}),))
    with pytest.raises(Refused, match="surely above 0"):
        check_certificate(problem, Certificate(problem.digest, (Part("dataset", 1, weak),)))


def test_of_a_single_class_nothing_is_said() -> None:
    """Its cross entropy is 0; so far no problem asks of it."""
    with pytest.raises(ProblemError, match="is of several outputs"):
        Problem(network=[1, 1, 1], samples=1, loss="cross_entropy", where=["loss == 0"])


@pytest.mark.parametrize(
    "where",
    ["r[0,0] == 0", "loss == x[0,0]", "loss == w1[0,0]", "r == y", "r == [[0], [0]]", "loss > grad(b2)"],
)
def test_conditions_that_single_something_out_stay_left_out(where: str) -> None:
    """They would end symmetries that certificates of today use."""
    problem = Problem(network=[1, 1, 1], samples=2, loss="huber", where=[where])
    system = system_of(problem, "dataset", 2)
    assert not any(label.startswith(("l[", "where[")) for label in system.facts)


@pytest.mark.parametrize("loss", [name for name in LOSSES if name not in ("bce", "cross_entropy", "hinge")])
@pytest.mark.parametrize("where", ["loss == 0", "r == 0", "loss <= 1 or max(r) > 2"])
def test_samples_stay_interchangeable(loss: str, where: str) -> None:
    """What is said of losses is said of all samples."""
    problem = Problem(network=[1, 1, 1], samples=2, loss=loss, where=[where])
    assert symmetry(system_of(problem, "dataset", 2), Renaming((1, 0))) is not None


def test_other_questions_keep_their_systems() -> None:
    """Without a condition on the loss nothing is added: certificates written before stay valid."""
    for loss in LOSSES:
        network = [1, 1, 2] if loss == "cross_entropy" else [1, 1, 1]
        targets = "sign" if loss == "hinge" else "real"
        where = ["0 < y_hat", "y_hat < 1"] if loss == "bce" else ["x > 0"]
        problem = Problem(network=network, samples=2, loss=loss, targets=targets, where=where)
        system = system_of(problem, "dataset", 2)
        assert not any(name.startswith("l[") for name in system.variables)


@pytest.mark.parametrize("loss", ["huber", "mae", "bce_with_logits"])
def test_layers_that_let_nothing_back_whatever_the_number_of_samples(loss: str) -> None:
    """Moments rule it out where free targets do not reach every adjoint, and the search asks them."""
    for extra in ({"bounds": {"w2": [0, 0]}}, {"where": ["0 <= w2", "w2 <= 0"]}):
        question = Problem(network=[1, 2, 1], samples="any", loss=loss, nonzero=["w1"], **extra)
        answer = zg.solve(question, timeout=60)
        assert isinstance(answer, zg.Unsat) and answer.certificate is not None and answer.run.every_samples
