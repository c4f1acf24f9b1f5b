"""In which libraries an answer does not hold: every library's gradients, computed in another way."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zerograd.core.errors import ProblemError, Refused
from zerograd.core.model.libraries import LIBRARIES
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.existence import violations
from zerograd.core.verdict.portability import COMPARED, Elsewhere, elsewhere
from zerograd.core.verdict.results import answer_from_json
from zerograd.core.verdict.witness import Witness

F = Fraction
LEAKY = {"inputs": 1, "layers": [{"units": 1, "activation": {"leaky_relu": "1/10"}}, {"units": 1}]}
VALUES = {"w1": [[1]], "b1": [0], "w2": [[1]], "b2": [0], "x": [[0], [1]], "y": [[10], [0]]}


def witness_of(problem: Problem, values: dict[str, Any]) -> Witness:
    arrays: dict[str, Array[Exact]] = {
        name: Array.of(rows, len(rows[0])) if isinstance(rows[0], list) else Array((len(rows),), tuple(rows))
        for name, rows in values.items()
    }
    return Witness.of(problem, arrays)


def leaky(**question: Any) -> Witness:
    """One unit on its kink: ∂L/∂b1 = −10 φ′(0) + 1."""
    return witness_of(Problem(network=LEAKY, samples=2, **question), VALUES)


def told(found: tuple[Elsewhere, ...]) -> dict[tuple[str, ...], list[tuple[str, tuple[Any, ...]]]]:
    return {item.libraries: [(wrong.label, wrong.values) for wrong in item.wrong] for item in found}


def test_a_zero_that_is_none_elsewhere() -> None:
    """φ′(0) is 1/10, 1, or half their sum; libraries with the same value stand together."""
    found = elsewhere(leaky(zero=["b1"]))
    assert told(found) == {
        ("jax", "tinygrad", "paddle", "keras/jax"): [("grad(b1[0]) = 0", (-9,))],
        ("mindspore",): [("grad(b1[0]) = 0", (F(-9, 2),))],
    }
    assert not any(item.everywhere for item in found)
    assert elsewhere(leaky(zero=["b1"], derivative_at_kink={"leaky_relu": "1/10"})) == found


def test_what_holds_everywhere_is_not_told() -> None:
    """Gradients differ, and what is asked does not: signs, conditions, other entries."""
    assert elsewhere(leaky(nonzero=["b2"], positive=["w2"])) == ()
    assert elsewhere(leaky(where=["abs(grad(b1)) < 10"])) == ()
    (item, other) = elsewhere(leaky(where=["grad(b1) > -1"]))
    assert [wrong.label for wrong in item.wrong + other.wrong] == ["where[0]", "where[0]"]


def test_a_convention_that_no_library_has() -> None:
    """A ReLU whose derivative at 0 is 1."""
    problem = Problem(network=[1, 1, 1], samples=1, nonzero=["b1"], derivative_at_kink="right")
    values = {"w1": [[1]], "b1": [0], "w2": [[1]], "b2": [0], "x": [[0]], "y": [[1]]}
    (item,) = elsewhere(witness_of(problem, values))
    assert item.everywhere
    # Who composes a ReLU has composed a convention, and is left out.
    assert set(item.libraries) == set(COMPARED) - {"autograd", "casadi", "pytensor"}


def test_kinks_of_losses() -> None:
    """The mean absolute error at a perfect fit, and a hinge loss on the margin in two versions of PyTorch."""
    network = {"inputs": 1, "layers": [{"units": 1}]}
    problem = Problem(network=network, samples=1, loss="mae", zero=["b1"])
    (right, left) = elsewhere(witness_of(problem, {"w1": [[1]], "b1": [0], "x": [[1]], "y": [[1]]}))
    assert told((right, left)) == {
        ("jax",): [("grad(b1[0]) = 0", (1,))], ("keras/jax",): [("grad(b1[0]) = 0", (-1,))]
    }  # fmt: skip
    problem = Problem(network=network, samples=1, loss="hinge", targets="sign", zero=["b1"])
    found = told(elsewhere(witness_of(problem, {"w1": [[1]], "b1": [0], "x": [[1]], "y": [[1]]})))
    assert found == {
        ("jax", "keras/jax", "keras/torch"): [("grad(b1[0]) = 0", (F(-1, 2),))],
        ("torch==2.13", "keras/tensorflow"): [("grad(b1[0]) = 0", (-1,))],
    }


def test_irrational_witnesses_are_compared_too() -> None:
    """∂L/∂b1 = log 2 − 10 φ′(0) is above 0 with 0 alone, and is told exactly."""
    log = EXACT.log(2)
    problem = Problem(network=LEAKY, samples=2, positive=["b1"], derivative_at_kink={"leaky_relu": 0})
    witness = witness_of(problem, {**VALUES, "y": [[10], [1 - log]]})
    assert told(elsewhere(witness))["jax", "tinygrad", "paddle", "keras/jax"] == [
        ("grad(b1[0]) > 0", (log - 10,))
    ]
    assert {name for item in elsewhere(witness) for name in item.libraries} >= {"torch", "mindspore"}


def test_nothing_off_kinks_or_under_forbid() -> None:
    """Then every library has the same gradients."""
    off = {**VALUES, "b1": [1]}
    for convention in ("torch", "forbid", "right"):
        problem = Problem(network=LEAKY, samples=2, nonzero=["w1"], derivative_at_kink=convention)
        assert elsewhere(witness_of(problem, off)) == ()


numbers = st.integers(-2, 2)


@settings(max_examples=120)
@given(
    st.sampled_from(["relu", "abs", "relu6", "hardtanh", "hardsigmoid", "hardswish", {"leaky_relu": "1/2"}]),
    st.sampled_from(["relu", "abs", "hardswish", {"leaky_relu": "1/4"}]),
    st.sampled_from(["mse", "mae"]),
    st.sampled_from(["torch", "right", "jax", "mean", {"z1": "right"}, {"z2": "1/3", "loss": "left"}]),
    st.lists(numbers, min_size=12, max_size=12),
    st.sampled_from([["w1"], ["b1"], ["b2"], ["w3"], ["x"]]),
)
def test_each_library_has_what_its_own_question_has(
    first: Any, second: Any, loss: str, convention: Any, values: list[int], asked: list[str]
) -> None:
    """The checker, asked the same under a library's name, refuses the witness exactly where it is told."""
    layers = [{"units": 1, "activation": first}, {"units": 1, "activation": second}, {"units": 1}]
    try:
        problem = Problem(
            network={"inputs": 1, "layers": layers},
            samples=2,
            derivative_at_kink=convention,
            loss=loss,
            zero=asked,
        )
    except ProblemError:  # a library in which something was not measured
        return
    a, b, c, d, e, f, g, h, i, j, *_ = values
    witness = witness_of(
        problem,
        {
            "w1": [[a]],
            "b1": [b],
            "w2": [[c]],
            "b2": [d],
            "w3": [[e]],
            "b3": [f],
            "x": [[g], [h]],
            "y": [[i], [j]],
        },
    )
    found = elsewhere(witness)
    refused = {name for item in found for name in item.libraries}
    for name in COMPARED:
        try:
            other = problem.with_kink(name)
        except ProblemError:
            continue
        composed = LIBRARIES[name].composed if name in LIBRARIES else ()
        wrong = violations(other, witness.answering(other).point)
        if set(composed) & {"relu", "hardtanh", "mae"}:
            assert name not in refused or wrong
        elif not wrong:
            assert name not in refused
        elif not violations(problem, witness.point):
            assert name in refused


def test_documents_say_it() -> None:
    """In results, beside the witness; whoever reads one computes it anew."""
    witness = leaky(zero=["b1"])
    answer = Sat(witness, problem=witness.problem)
    document = answer.to_json()
    assert document["elsewhere"][1] == {
        "libraries": ["mindspore"], "instead": [{"asked": "grad(b1[0]) = 0", "found": ["-9/2"]}]
    }  # fmt: skip
    forged = {**document, "elsewhere": [{"libraries": ["torch"], "instead": []}]}
    assert answer_from_json(forged).to_json()["elsewhere"] == document["elsewhere"]
    witness = leaky(nonzero=["b2"])
    assert "elsewhere" not in Sat(witness, problem=witness.problem).to_json()


def test_a_witness_that_holds_elsewhere_alone_is_refused() -> None:
    """What libraries return is said beside an answer, and makes none."""
    witness = leaky(nonzero=["b1"])
    with pytest.raises(Refused):
        check_witness(witness.problem, witness)
    other = witness.problem.with_kink("jax")
    check_witness(other, witness.answering(other))


@pytest.mark.needs("jax")
def test_jax_has_the_value_that_is_told() -> None:
    """Computed by jax.grad."""
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def loss(b1: Any) -> Any:
        a = jax.nn.leaky_relu(jnp.array([0.0, 1.0]) + b1, 0.1)
        return jnp.mean((a - jnp.array([10.0, 0.0])) ** 2)

    found = told(elsewhere(leaky(zero=["b1"])))
    ((_, (value,)),) = next(wrong for names, wrong in found.items() if "jax" in names)
    assert float(jax.grad(loss)(0.0)) == value
