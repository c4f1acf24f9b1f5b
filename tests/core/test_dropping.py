"""Entries that identities imply: each identity where it holds, and where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("mpmath")

from tests.core.enclosing import enclosed
from tests.core.test_enclosed import centre_of
from tests.effort import examples
from zerograd.core.errors import Refused
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import parse_reference
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import check_result, check_witness
from zerograd.core.verdict.dropping import Dropped, Identity, in_span
from zerograd.core.verdict.enclosed import EnclosedWitness

F = Fraction


def drop(entry: str, identity: Identity, unit: tuple[int, int] | None = None) -> Dropped:
    return Dropped(parse_reference(entry), identity, unit)


def refusal(witness: EnclosedWitness) -> str:
    with pytest.raises(Refused) as refused:
        check_witness(witness.problem, witness)
    return str(refused.value)


# --- classes ----------------------------------------------------------------------------

CLASSES = Problem(
    network=Network(1, (Layer(1, "relu"), Layer(3, "linear"))),
    samples=6,
    zero=["w2", "b2"],
    nonzero=["b1"],
    loss="cross_entropy",
    targets="class",
)
LABELS = (0, 1, 2, 0, 1, 0)
CLASS_VALUES: dict[str, Any] = {
    "w1": [[1]],
    "b1": [0],
    "w2": [[0], [0], [F(1, 8)]],
    "b2": [0, 0, F(-1, 3)],
    "x": [[-1], [-1], [-1], [1], [2], [3]],
    "y": [[int(k == label) for k in range(3)] for label in LABELS],
}
UPPER = {"w2[0]": 0, "w2[1]": 0, "b2[0]": 0, "b2[1]": 0}


def classes(dropped: Sequence[Dropped], problem: Problem = CLASSES) -> EnclosedWitness:
    """Hard labels and three classes; the last one's weight and bias are given numbers."""
    values = CLASS_VALUES | {"y": [[int(k == label) for k in range(3)] for label in (0, 1, 2, 2, 1, 0)]}
    return enclosed(problem, values, UPPER, list(UPPER), dropped)


BY_OUTPUTS = (drop("w2[2,0]", "outputs"), drop("b2[2]", "outputs"))


def test_classes() -> None:
    """Gradients of the last layer sum to 0 over the classes, so the last class's need no equations."""
    witness = classes(BY_OUTPUTS)
    check_witness(CLASSES, witness)
    check_result(CLASSES, witness.to_json())
    assert {*witness.gradients["w2"].entries, *witness.gradients["b2"].entries} == {0}
    assert "∂L/∂w2[2,0]: expected 0, found" in refusal(classes(BY_OUTPUTS[1:]))


def test_outputs_that_are_not_balanced() -> None:
    """The sum over outputs is 0 where all others are known to be, and of the last layer only."""
    assert "it is no weight or bias of the last layer" in refusal(classes([drop("b1[0]", "outputs")]))
    two = enclosed(CLASSES, CLASS_VALUES, {"b2[0]": 0, "b2[1]": 0}, ["b2[0]", "b2[1]"], BY_OUTPUTS)
    assert "dropped w2[2,0]: expected 0 by outputs, found ∂L/∂w2[0,0] is not known to be 0" in refusal(two)


# --- homogeneity ------------------------------------------------------------------------

LINES = Problem(network=[1, 1, 1], samples=4, zero=["w1", "b1", "w2", "b2"], where=["any(r != 0)"])
LINE_VALUES: dict[str, Any] = {
    "w1": [[F(1, 3)]],
    "b1": [F(1, 2)],
    "w2": [[2]],
    "b2": [1],
    "x": [[-3], [1], [2], [4]],
    "y": [[0], [0], [0], [1]],
}
TARGETS = {"y[0]": 0, "y[1]": 0, "y[2]": 0}
OF_UNIT = drop("w2[0,0]", "homogeneity", (1, 0))


def test_homogeneity() -> None:
    """What comes into a ReLU unit implies what goes out, if its weight is not 0."""
    witness = enclosed(LINES, LINE_VALUES, TARGETS, ["w1[0]", "b1[0]", "b2[0]"], [OF_UNIT])
    check_witness(LINES, witness)
    check_result(LINES, witness.to_json())


def test_homogeneity_where_it_is_none() -> None:
    """Units that are not homogeneous, entries of other units, and what is not known to be 0 are refused."""
    equations = ["w1[0]", "b1[0]", "b2[0]"]
    for wrong, reason in (
        (drop("w2[0,0]", "homogeneity", (2, 0)), "there is no such homogeneous hidden unit"),
        (drop("b2[0]", "homogeneity", (1, 0)), "it is no weight or bias of that unit"),
    ):
        assert reason in refusal(enclosed(LINES, LINE_VALUES, TARGETS, equations, [wrong]))
    two = enclosed(LINES, LINE_VALUES, {"y[0]": 0, "y[1]": 0}, ["w1[0]", "b2[0]"], [OF_UNIT])
    assert "∂L/∂b1[0] is not known to be 0" in refusal(two)
    curved = Problem(network=Network(1, (Layer(1, "tanh"), Layer(1, "linear"))), samples=4, zero=["w1"])
    tanh = enclosed(curved, LINE_VALUES, TARGETS, equations, [OF_UNIT])
    assert "there is no such homogeneous hidden unit" in refusal(tanh)


def test_homogeneity_with_a_factor_that_may_be_zero() -> None:
    """The identity says nothing of an entry whose weight is 0."""
    values = LINE_VALUES | {"b1": [0]}
    by_bias = drop("b1[0]", "homogeneity", (1, 0))
    two = enclosed(LINES, values, {"y[0]": 0, "y[1]": 0}, ["w1[0]", "b2[0]"], [by_bias])
    assert "b1[0], its factor, may be 0" in refusal(two)


# --- inputs -----------------------------------------------------------------------------

TWINS = Problem(
    network=Network(1, (Layer(2, "sigmoid"), Layer(1, "linear"))),
    samples=3,
    zero=["w2", "b2"],
    nonzero=["b1"],
)


def twins(w1: Any, b1: Any, dropped: Sequence[Dropped]) -> EnclosedWitness:
    values = {
        "w1": w1,
        "b1": b1,
        "w2": [[1, 2]],
        "b2": [0],
        "x": [[0], [1], [F(5, 2)]],
        "y": [[1], [0], [0]],
    }
    return enclosed(TWINS, values, {"y[1]": 0, "y[2]": 0}, ["w2[0]", "b2[0]"], dropped)


def test_twins() -> None:
    """Enclosed activations of units with the same exact pre-activations are the same."""
    witness = twins([[1], [1]], [0, 0], [drop("w2[0,1]", "inputs")])
    check_witness(TWINS, witness)
    reason = "is no combination of what others are multiplied with"
    assert reason in refusal(twins([[1], [2]], [0, 0], [drop("w2[0,1]", "inputs")]))
    assert reason in refusal(twins([[1], [1]], [0, 1], [drop("w2[0,1]", "inputs")]))


def test_inputs_that_are_not_exact() -> None:
    """What depends on an unknown is not known to be a combination of anything."""
    values = {"w1": [[1], [1]], "b1": [0, 0], "w2": [[1, 2]], "b2": [0], "x": [[0], [1], [2]]}
    first = enclosed(TWINS, values | {"y": [[1], [0], [0]]}, {"y[1]": 0, "y[2]": 0}, ["w2[0]", "b2[0]"])
    near = round(centre_of(first.box["y"][2, 0]) * 10**8) / F(10**8)
    witness = enclosed(
        TWINS,
        values | {"y": [[1], [0], [near]]},
        {"y[1]": float(centre_of(first.box["y"][1, 0])), "b1[1]": 0},
        ["w2[0]", "b2[0]"],
        [drop("w2[0,1]", "inputs")],
    )
    assert "is not exact" in refusal(witness)


RELU_TWINS = Problem(network=[1, 2, 1], samples=3, zero=["w2", "b2"], nonzero=["b1"])


def test_inputs() -> None:
    """Units with activations that are multiples of each other have gradients that are."""
    values: dict[str, Any] = {
        "w1": [[1], [2]],
        "b1": [0, 0],
        "w2": [[1, 2]],
        "b2": [0],
        "x": [[-1], [1], [F(5, 2)]],
        "y": [[1], [0], [0]],
    }
    by_inputs = [drop("w2[0,1]", "inputs")]
    unknown = {"y[1]": 0, "y[2]": 0}
    witness = enclosed(RELU_TWINS, values, unknown, ["w2[0]", "b2[0]"], by_inputs)
    check_witness(RELU_TWINS, witness)
    other = enclosed(RELU_TWINS, values | {"b1": [0, 1]}, unknown, ["w2[0]", "b2[0]"], by_inputs)
    assert "is no combination of what others are multiplied with" in refusal(other)


@examples(40)
@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=4), st.data())
def test_spans(columns: list[list[int]], data: st.DataObject) -> None:
    """Combinations lie in the span; a vector that raises the rank does not."""
    weights = [data.draw(st.fractions(-3, 3, max_denominator=5)) for _ in columns]
    inside = [sum((w * c[i] for w, c in zip(weights, columns, strict=True)), F(0)) for i in range(4)]
    assert in_span(inside, columns)
    import sympy

    vector = data.draw(st.lists(st.integers(-3, 3), min_size=4, max_size=4))
    raises = sympy.Matrix([*columns, vector]).rank() > sympy.Matrix(columns).rank()
    assert in_span(vector, columns) == (not raises)
