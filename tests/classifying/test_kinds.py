"""Kinds of points: published examples, what theorems say, and drawn points against exact values nearby."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from tests.classifying.drawn_points import (
    SQUARES,
    at_power,
    beside,
    descended,
    drawn_point,
    loss_at,
    problem_of,
)
from tests.effort import seeds
from tests.independent.kinds import Kinds
from tests.independent.problems import Problem as OtherProblem
from zerograd.classifying.kinds import kind_of
from zerograd.core.model.activations import piecewise
from zerograd.core.model.point import Point
from zerograd.core.points.documents import check_kind_document, kind_from_json, kind_to_json
from zerograd.core.points.kinds import Best, Kind, PointKind, SecondOrder
from zerograd.core.points.minimum import MinimumProof
from zerograd.core.question.given import given_arrays
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.witness import Witness

XOR = {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [0, 1, 1, 0]}
SQUARE = {"x": [[1, 1], [-1, -1], [1, -1], [-1, 1]], "y": [0, 0, 1, 1]}
CONVENTIONS = ("torch", "left", "right", "mean")
WITHOUT = {"inputs": 2, "layers": [{"units": 2, "bias": False}, {"units": 1, "bias": False}]}
ONE_TWO = {"inputs": 1, "layers": [{"units": 1}, {"units": 2, "bias": False}]}
IN_BATCH = 100


def kind_at(network: Any, numbers: dict[str, Any], **more: Any) -> PointKind:
    """The kind of a point that is given."""
    samples = len(numbers["x"])
    problem = Problem(network=network, samples=samples, given=numbers, **more)
    return kind_of(Witness.of(problem, given_arrays(problem)).point)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_example_of_yun_sra_and_jadbabaie(convention: str) -> None:
    """Theorem 2 of arXiv 1802.03487: a local minimum that is not global, and a point that fits."""
    data = {"x": [[1, 0], [0, 1], ["1/2", "1/2"]], "y": [0, 0, 1]}
    bad = {"w1": [[1, 1], [1, 1]], "w2": [["1/3", 0]], **data}
    found = kind_at(WITHOUT, bad, derivative_at_kink=convention)
    assert found.kind is Kind.FLAT
    assert isinstance(found.evidence.minimum, MinimumProof)
    best = kind_at(WITHOUT, {"w1": [[2, -1], [1, -1]], "w2": [[2, -4]], **data})
    assert isinstance(best.evidence.minimum, Best)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_example_of_swirszcz_czarnecki_and_pascanu(convention: str) -> None:
    """The first dataset of arXiv 1611.06310 has a sample on the kink: a minimum under every convention."""
    numbers = {"w1": 1, "b1": -3, "w2": 1, "b2": 0, "x": [5, 4, 3, 1, -1], "y": [2, 1, 0, -3, 3]}
    assert kind_at([1, 1, 1], numbers, derivative_at_kink=convention).kind is Kind.FLAT


@pytest.mark.parametrize("weights", [([1, 0],), ([1, 0], [0, 0])])
def test_a_dead_network_is_flat_if_it_predicts_the_mean(weights: tuple[list[int], ...]) -> None:
    """All units dead is a local minimum only where the last bias is optimal for a constant."""
    network = [2, len(weights), 1]
    numbers = {"w1": list(weights), "b1": [-5] * len(weights), "w2": [[1] * len(weights)], **XOR}
    assert kind_at(network, {**numbers, "b2": "1/2"}).kind is Kind.FLAT
    assert kind_at(network, {**numbers, "b2": 0}).kind is Kind.NO_MINIMUM


def test_absolute_values_on_a_square() -> None:
    """|w·x + b| has strict local minima at w = 0, b = ±1/2, and from w = 0, b = 0 it falls both ways."""
    network = {"inputs": 2, "layers": [{"units": 1, "activation": "abs"}]}
    for bias in ("1/2", "-1/2"):
        found = kind_at(network, {"w1": [[0, 0]], "b1": bias, **SQUARE})
        assert (found.kind, found.evidence.minimum) == (Kind.STRICT, SecondOrder())
    assert kind_at(network, {"w1": [[0, 0]], "b1": 0, **SQUARE}).kind is Kind.MAXIMUM
    assert (
        kind_at(network, {"w1": [[0, 0]], "b1": 0, **SQUARE}, derivative_at_kink="left").kind
        is Kind.NO_MINIMUM
    )


def test_a_run_on_xor_ends_in_a_local_minimum() -> None:
    """Predictions 0, 1/2, 1, 1/2 of a 2-2-1 network: a local minimum of loss 1/8."""
    numbers = {"w1": [[2, -4], [-2, -2]], "b1": [-1, 1], "w2": [["1/2", "-1/2"]], "b2": "1/2", **XOR}
    assert kind_at([2, 2, 1], numbers).kind is Kind.FLAT


def test_an_example_that_is_mended() -> None:
    """w2·relu(w1·x + b) on three points: critical, and a local minimum, with w2·b = 1/3, and not with 1."""
    network = {"inputs": 1, "layers": [{"units": 1}, {"units": 1, "bias": False}]}
    data = {"w1": 0, "w2": 1, "x": [-1, 0, 1], "y": [0, 1, 0]}
    assert kind_at(network, {**data, "b1": "1/3"}).kind is Kind.FLAT
    assert kind_at(network, {**data, "b1": 1}).kind is Kind.NO_MINIMUM


@pytest.mark.parametrize("samples", [3, 30])
def test_a_network_of_zeros(samples: int) -> None:
    """All samples are on all kinks: where targets are no constant the loss falls, beside the gradient 0."""
    x = [[n % 7 - 3, n % 5] for n in range(samples)]
    numbers = {
        "w1": [[0, 0]] * 2,
        "b1": [0, 0],
        "w2": [[0, 0]],
        "x": x,
        "y": [n % 3 - 1 for n in range(samples)],
    }
    found = kind_at([2, 2, 1], {**numbers, "b2": 0})
    assert found.kind is Kind.SADDLE or found.kind is Kind.MAXIMUM


def test_with_several_outputs_the_sum_is_not_enough() -> None:
    """A critical point whose units have outgoing weights, and from which the loss falls."""
    numbers = {"w1": 1, "b1": 0, "w2": [[1], [0]], "x": [1, 2], "y": [[1, -20], [2, 10]]}
    found = kind_at(ONE_TWO, numbers)
    assert found.kind is Kind.MAXIMUM
    assert found.evidence.falls is not None and found.evidence.falls.is_line


def test_with_several_outputs_orthogonality_is_not_necessary() -> None:
    """A best approximation of rank one: residuals are not orthogonal to what the unit can express."""
    network = {"inputs": 2, "layers": [{"units": 1, "bias": False}, {"units": 2, "bias": False}]}
    numbers = {"w1": [[1, 0]], "w2": [[4], [0]], "x": [[3, 4], [4, -3]], "y": [[12, 8], [16, -6]]}
    found = kind_at(network, numbers)
    assert found.kind is Kind.FLAT
    assert isinstance(found.evidence.minimum, SecondOrder)


@pytest.mark.parametrize("loss", ["bce_with_logits", "cross_entropy"])
def test_smooth_losses(loss: str) -> None:
    """At predictions 0 probabilities are rational: a dead unit is flat; with other targets the loss falls."""
    outputs = 2 if loss == "cross_entropy" else 1
    kind = "class" if outputs == 2 else "binary"
    labels: Any = [[1, 0], [0, 1]] if outputs == 2 else [0, 1]
    network, zeros = [1, 1, outputs], [[0]] * outputs
    numbers = {"b1": 0, "w2": zeros, "b2": [0] * outputs, "x": [1, 2], "y": labels}
    assert kind_at(network, {"w1": -1, **numbers}, loss=loss, targets=kind).kind is Kind.FLAT
    found = kind_at(network, {"w1": -1, **numbers, "y": labels[:1] * 2}, loss=loss, targets=kind)
    assert found.kind is Kind.NO_MINIMUM  # the last layer's gradient is not 0


def test_a_plateau_from_which_a_smooth_loss_falls() -> None:
    """A unit without outgoing weight: the loss falls once its incoming weights are moved."""
    numbers = {"w1": 1, "b1": 0, "w2": 0, "b2": 0, "x": [1, 2, 2, 3], "y": [0, 1, 1, 0]}
    found = kind_at([1, 1, 1], numbers, loss="bce_with_logits", targets="binary")
    assert found.kind is Kind.FLAT  # orthogonal to x and to 1: no way down
    numbers = {"w1": [[1, 0]], "b1": 0, "w2": 0, "b2": 0, "x": [[1, 1], [1, 0]], "y": [0, 1]}
    found = kind_at([2, 1, 1], numbers, loss="bce_with_logits", targets="binary")
    assert found.kind is Kind.SADDLE
    assert found.evidence.falls is not None and not found.evidence.falls.is_line


def test_deep_networks_by_second_derivatives() -> None:
    """A fit is a minimum at any depth, a saddle is told by curvature; where both fail it is left open."""
    deep = [1, 1, 1, 1]
    data = {"x": [1, 2], "y": [0, 2]}
    line = {"w1": 1, "b1": 0, "w2": 1, "b2": 0, "w3": 2, "b3": -2}
    assert isinstance(kind_at(deep, {**line, **data}).evidence.minimum, Best)
    assert kind_at(deep, {**line, "x": [1, 2, 3], "y": [1, 0, 5]}).kind is Kind.FLAT
    flat = {"w1": 0, "b1": 1, "w2": 0, "b2": 1, "w3": 0, "b3": 1, "x": [1, 2, 3], "y": [0, 1, 2]}
    assert kind_at(deep, flat).kind is Kind.UNDECIDED


def test_smooth_activations_are_left_open() -> None:
    """Nothing is claimed of a sigmoid unit, unless no prediction could be better."""
    network = {"inputs": 1, "layers": [{"units": 1, "activation": "sigmoid"}, {"units": 1}]}
    numbers = {"w1": 0, "b1": 0, "w2": 0, "b2": 1, "x": [1, 2]}
    assert kind_at(network, {**numbers, "y": [0, 2]}).kind is Kind.UNDECIDED
    assert kind_at(network, {**numbers, "y": [1, 1]}).kind.is_minimum


def test_a_loss_that_falls_with_the_mean() -> None:
    """Nothing is known of 1/mse where squares are smallest; 3·mse − 1 is as mse."""
    numbers = {"w1": 1, "b1": 0, "w2": 0, "b2": 1, "x": [-1, -2], "y": [0, 2]}
    assert kind_at([1, 1, 1], numbers, loss={"of_mean": "3*mse - 1"}).kind is Kind.FLAT
    assert kind_at([1, 1, 1], numbers, loss={"of_mean": "1/mse"}).kind is Kind.UNDECIDED


@pytest.mark.parametrize("batch", seeds(100, 1))
def test_drawn_points_are_what_they_are_said_to_be(batch: int) -> None:
    """No parameters near a local minimum have a lower loss; elsewhere the loss falls along the curve.

    Descent in floats from parameters beside a minimum does not get below it, either.
    With one output and a loss that has a derivative there, everything is decided.
    """
    for seed in range(batch * IN_BATCH, (batch + 1) * IN_BATCH):
        random = Random(seed)
        point = drawn_point(random, (*SQUARES, "mae", "hinge") if seed % 4 == 0 else SQUARES)
        found = kind_of(point)
        confirm(random, point, found, str(seed))
        if point.y.shape[1] == 1 and seed % 4:
            assert found.kind is not Kind.UNDECIDED, seed


def confirm(random: Random, point: Point[Any], found: PointKind, place: str) -> None:
    """Try numbers nearby."""
    before = point.loss
    if found.kind.is_minimum:
        for size in (Fraction(1, 10**3), Fraction(1, 10**6)):
            for _ in range(15):
                assert loss_at(point, beside(random, point, size)) >= before, place
        least, at = descended(random, point, 1e-6)
        assert least >= at - 1e-13 * (1 + abs(at)), place
    elif found.evidence.falls is not None:
        steps = found.evidence.falls.steps
        assert any(at_power(point, steps, Fraction(1, 2**n)) < before for n in range(4, 60, 4)), place


@pytest.mark.parametrize("batch", seeds(20, 1))
def test_documents_are_accepted_by_both_checkers(batch: int) -> None:
    """What is written is read back, and shows the same kind to a checker that knows the formats alone."""
    for seed in range(batch * IN_BATCH, batch * IN_BATCH + 50):
        point = drawn_point(Random(seed), (*SQUARES, "mae"))
        found = kind_of(point)
        document = kind_to_json(point, found)
        assert kind_from_json(point.model.network, document) == found
        assert check_kind_document(point, document) == found
        assert Kinds(OtherProblem(problem_of(point).to_json())).check(document) == str(found.kind)


def test_points_are_drawn_of_all_kinds() -> None:
    """The draws are worth something: minima and others, on kinks and off."""
    seen = set()
    for seed in range(200):
        point = drawn_point(Random(seed))
        phi = piecewise(point.model.network.layers[0].activation)
        on_kink = any(phi.locate(z)[1] for z in point.forward.z[0].entries)
        seen.add((kind_of(point).kind.is_minimum, on_kink))
    assert {(True, True), (True, False), (False, True), (False, False)} <= seen
