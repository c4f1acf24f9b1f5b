"""A layer's own convention for kinks, by the name of its pre-activations."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.founding import issues
from zerograd.core.errors import ProblemError
from zerograd.core.model.activations import RELU, activation_named
from zerograd.core.model.kinks import OfLayer, kink_from, layers_of
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.witness import Witness
from zerograd.derive.gradients import SymbolicGradients

F = Fraction
DEEP = [1, 1, 1, 1]


def at(problem: Problem, values: dict[str, int]) -> Witness:
    """A witness of a network with one unit a layer and one sample."""
    shapes = {**problem.network.shapes, "x": (1, 1), "y": (1, 1)}
    arrays: dict[str, Array[Exact]] = {name: Array(shape, (values[name],)) for name, shape in shapes.items()}
    return Witness.of(problem, arrays)


ON_BOTH = {"w1": 1, "b1": 0, "w2": 1, "b2": 0, "w3": 1, "b3": 1, "x": 0, "y": 0}


@pytest.mark.parametrize(
    ("convention", "first", "second"),
    [
        ("right", 1, 1), ({"z1": "right"}, 1, 0), ({"z2": "right", "z1": "1/3"}, F(1, 3), 1),
        ({"default": "right", "z2": "jax"}, 1, 0), ({"relu": "1/2", "z2": 5}, F(1, 2), 5),
        ({"relu": "1/2", "default": 2, "z1": -1}, -1, F(1, 2)),
    ],
)  # fmt: skip
def test_each_layer_has_its_own(convention: Any, first: Any, second: Any) -> None:
    """Both units are on their kinks: ∂L/∂b2 = 2 φ₂′(0), ∂L/∂b1 = 2 φ₁′(0) φ₂′(0)."""
    problem = Problem(network=DEEP, samples=1, derivative_at_kink=convention)
    gradients = at(problem, ON_BOTH).gradients
    assert gradients["b2"][0,] == 2 * second
    assert gradients["b1"][0,] == 2 * first * second
    assert gradients["b3"][0,] == 2


@given(
    st.dictionaries(
        st.sampled_from(["z1", "z2", "relu", "default"]), st.sampled_from(["left", "right", 0, "1/2"])
    )
)
def test_documents_keep_it(mapping: dict[str, Any]) -> None:
    """Digest and meaning; a layer that says what its activation would not say is not left out."""
    problem = Problem(network=DEEP, samples=1, derivative_at_kink=mapping)
    again = problem_from_json(problem.to_json())
    assert again == problem and again.digest == problem.digest
    assert at(again, ON_BOTH).gradients == at(problem, ON_BOTH).gradients
    wanted = [
        mapping.get(f"z{layer}", mapping.get("relu", mapping.get("default", "torch"))) for layer in (1, 2)
    ]
    values: dict[Any, Any] = {"left": 0, "torch": 0, "right": 1, "1/2": F(1, 2), 0: 0}
    assert at(problem, ON_BOTH).gradients["b1"][0,] == 2 * values[wanted[0]] * values[wanted[1]]


def test_a_network_of_another_question_takes_nothing_along() -> None:
    """Conventions belong to questions; a network is the same network under each."""
    own = Problem(network=DEEP, samples=1, derivative_at_kink={"z2": "right"})
    assert own.network.layers[1].activation == replace(RELU, of_layer=OfLayer(2, "right"))
    plain = Problem(network=own.network, samples=1)
    assert plain.network == Network.mlp(*DEEP) == own.with_kink("jax").network
    assert plain.with_kink({"z2": "right"}) == own  # type: ignore[arg-type]
    assert own.digest != plain.digest
    assert own.to_json()["network"] == plain.to_json()["network"]


def test_what_is_no_layer_with_kinks() -> None:
    """The layer is named, and why."""
    assert issues(derivative_at_kink={"z2": "right"}) == [
        "derivative_at_kink.z2: layer 2 has no kinks: its activation is linear"
    ]
    assert issues(derivative_at_kink={"z9": "right"}) == [
        "derivative_at_kink.z9: the network has 2 layers, counted from 1"
    ]
    network = Network(1, (Layer(1, "elu"), Layer(1, {"elu": 2}), Layer(1)))
    (issue,) = issues(network=network, samples=1, zero=[], nonzero=[], derivative_at_kink={"z2": "mindspore"})
    assert issue.startswith("derivative_at_kink: what mindspore returns at a kink of elu was not measured")
    with pytest.raises(ProblemError, match="z1: forbid is for every kink or none"):
        Problem(network=DEEP, samples=1, derivative_at_kink={"z1": "forbid"})


def test_a_network_cannot_be_made_with_a_convention_of_ones_own_making() -> None:
    """An activation that says something else than its name stays refused."""
    with pytest.raises(ValueError, match="is not one of the activations"):
        Network(1, (Layer(1, replace(RELU, torch_slopes=(1,))),))


def test_texts_of_layers() -> None:
    assert layers_of(kink_from({"z2": "right", "z10": "1/3"}, ())) == {
        2: OfLayer(2, "right"), 10: OfLayer(10, "default: 1/3")
    }  # fmt: skip
    assert (
        layers_of("jax")
        == layers_of("any")
        == layers_of("all")
        == layers_of("default: torch, relu: right")
        == {}
    )
    assert activation_named("relu").of_layer is None


@pytest.mark.parametrize("own", [True, False])
def test_formulas_have_it_too(own: bool) -> None:
    """Those of `zerograd.derive`, of a question's network and of one that knows of no question."""
    problem = Problem(network=DEEP, samples=1, derivative_at_kink={"z1": "1/3", "z2": "right"})
    witness = at(problem, ON_BOTH)
    network = problem.network if own else Network.mlp(*DEEP)
    formulas = SymbolicGradients(network, problem.derivative_at_kink)
    numbers = formulas.substitution(witness.variables)
    for name in problem.network.shapes:
        (value,) = formulas.closed(name, 1).xreplace(numbers)
        assert F(str(value)) == witness.gradients[name].entries[0]
    assert witness.gradients["b1"][0,] == F(2, 3)
