"""Enclosed witnesses without unknowns: one rational point, of which gradients are enclosed."""

from __future__ import annotations

from typing import Any

import pytest

from zerograd.core.errors import FormatError, Refused
from zerograd.core.model.network import Network
from zerograd.core.model.references import parse_reference
from zerograd.core.numbers.arrays import Array
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.checking import accepted_line, check_result, check_witness
from zerograd.core.verdict.dropping import Dropped
from zerograd.core.verdict.enclosed import EnclosedWitness

NETWORK = Network.mlp(1, 1, 1, activation="gelu")
VALUES: dict[str, Any] = {"w1": [[1]], "b1": [1], "w2": [[1]], "b2": [0], "x": [[1]], "y": [[0]]}


def point(problem: Problem, values: dict[str, Any] = VALUES, **options: Any) -> EnclosedWitness:
    """The witness of these numbers."""
    return EnclosedWitness(problem, {name: of(value) for name, value in values.items()}, (), **options)


def of(value: Any) -> Array[Any]:
    """An array of a list, or of a list of rows."""
    return (
        Array.of(value, len(value[0])) if isinstance(value[0], list) else Array((len(value),), tuple(value))
    )


def refusal(witness: EnclosedWitness) -> str:
    with pytest.raises(Refused) as refused:
        check_witness(witness.problem, witness)
    return str(refused.value)


def asked(**question: Any) -> Problem:
    return Problem(**{"network": NETWORK, "samples": 1, **question})


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"nonzero": ["w1", "b1", "w2", "b2"]},
        {"positive": ["w1", "x"], "where": ["1.95 < y_hat[0] < 1.96", "loss > 3.8"]},
        {"loss": "bce_with_logits", "targets": "binary", "nonzero": ["w1"]},
    ],
)
def test_accepted(question: dict[str, Any]) -> None:
    """What enclosures show is accepted, also once it has been written and read."""
    problem = asked(**question)
    witness = point(problem)
    check_witness(problem, witness)
    document = Sat(witness, problem=problem).to_json()
    assert document["witness"]["equations"] == []
    assert check_result(problem, document) == witness
    assert "exact, with gradients that are enclosed" in accepted_line(problem, witness)
    assert (witness.radius, witness.unknowns) == (0, {})


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"zero": ["w1"]}, "∂L/∂w1[0,0]: expected 0, found 4.24"),
        ({"negative": ["w1"]}, "∂L/∂w1[0,0]: expected"),
        ({"where": ["loss < 3.8"]}, "does not hold"),
        ({"given": {"w1": 2}}, "given w1[0,0]: expected 2, found 1"),
        ({"bounds": {"b1": [2, 3]}}, "bounds of b1[0]: expected at least 2"),
        ({"targets": "sign", "loss": "hinge"}, "targets: y[0,0]"),
    ],
)
def test_refused(question: dict[str, Any], message: str) -> None:
    """What is not as asked: gradients, conditions, given values, bounds and labels."""
    assert message in refusal(point(asked(**question)))


TWINS = Network.mlp(1, 2, 1, activation="gelu")
CANCELLED = VALUES | {"w1": [[1], [1]], "b1": [1, 1], "w2": [[1, -1]]}
"""ŷ = gelu(2) − gelu(2): 0 in truth, and an interval around 0 for the checker."""


@pytest.mark.parametrize("relation", ["zero", "nonzero", "positive", "negative"])
def test_an_enclosure_that_contains_zero_has_no_sign(relation: str) -> None:
    """It is neither taken for zero, nor for anything else."""
    witness = point(asked(network=TWINS, **{relation: ["b2"]}), CANCELLED)
    low, high = witness.gradients["b2"][0].low, witness.gradients["b2"][0].high
    assert low < 0 < high
    assert "its sign is not known" in refusal(witness)


def test_a_gradient_that_is_zero_is_not_nonzero() -> None:
    """An exact 0 is one, in enclosures, too: a weight of 0 lets nothing back."""
    values = VALUES | {"w2": [[0]], "y": [[3]]}
    check_witness(asked(zero=["w1", "b1"]), point(asked(zero=["w1", "b1"]), values))
    for relation in ("nonzero", "some_nonzero", "positive"):
        assert "∂L/∂w1" in refusal(point(asked(**{relation: ["w1"]}), values))


def test_dropped_entries_need_what_implies_them() -> None:
    """Nothing is an equation, so that nothing but an empty sum implies anything."""
    problem = asked(zero=["w1"])
    for identity in ("inputs", "outputs"):
        forged = point(problem, dropped=[Dropped(parse_reference("w1[0,0]"), identity)])
        assert "dropped w1[0,0]" in refusal(forged)


@pytest.mark.parametrize("loss", ["mae", "hinge"])
def test_kinks_of_losses_have_to_be_left(loss: str) -> None:
    """A prediction that may be on a kink has no known adjoint."""
    targets = "sign" if loss == "hinge" else "real"
    problem = Problem(network=TWINS, samples=1, loss=loss, targets=targets)
    on_kink = CANCELLED | ({"y": [[0]]} if loss == "mae" else {"y": [[1]], "b2": [1]})
    assert "on which side of a kink" in refusal(point(problem, on_kink))


def test_equations_without_unknowns() -> None:
    """There is none to solve them."""
    document = point(asked()).to_json() | {"equations": ["w2[0,0]"]}
    with pytest.raises(FormatError, match="expected 0 different ones"):
        check_result(asked(), document)
