"""Conventions for the derivative at a kink: rules, libraries, and mappings."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.founding import FOUNDING, issues
from tests.core.multiprecision import Mp
from zerograd.core.model.activations import (
    ACTIVATION_NAMES,
    ACTIVATIONS,
    FAMILIES,
    Activation,
    PiecewiseLinear,
    activation_named,
)
from zerograd.core.model.kinks import (
    CONVENTIONS,
    KINKS,
    LOSS,
    NoConvention,
    UnknownDerivative,
    derivatives_taken,
    kink_from,
    kink_to_json,
)
from zerograd.core.model.libraries import LIBRARIES
from zerograd.core.model.losses import LOSSES
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.sides import sides
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.witness import Witness
from zerograd.evaluate.whole import WholeActivation
from zerograd.search.requirements import all_whole

F = Fraction


def at_0(convention: str, name: str = "relu") -> Any:
    """The derivative of a ReLU of this name."""
    (taken,) = derivatives_taken(convention, name, (0,), (1,), (0,))
    return taken


choices = st.one_of(
    st.sampled_from([name for name in CONVENTIONS if name != "forbid"]),
    st.fractions(-3, 3, max_denominator=5),
    st.integers(-3, 3),
)
mappings = st.dictionaries(st.sampled_from([*ACTIVATION_NAMES, LOSS, "default"]), choices, max_size=5)


def read(data: object) -> str:
    return kink_from(data, ACTIVATION_NAMES)


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        ("torch", 0), ("left", 0), ("right", 1), ("mean", F(1, 2)), ("forbid", None), ("jax", 0),
        ({"relu": "right"}, 1), ({"relu": "1/3"}, F(1, 3)), ({"relu": 7}, 7), ({"default": "mean"}, F(1, 2)),
        ({"abs": 1}, 0), ({"abs": 1, "default": "right"}, 1), ({"relu": "jax", "default": 5}, 0), ({}, 0),
    ],
)  # fmt: skip
def test_relu_at_its_kink(convention: Any, expected: Any) -> None:
    """Rules, libraries, numbers; a mapping has a default, which is torch where it names none."""
    taken = at_0(read(convention))
    assert taken == expected
    assert type(taken) is type(expected)


@given(mappings)
def test_conventions_have_one_text(data: dict[str, Any]) -> None:
    """The text, and the document, stand for the same convention; equal ones have equal texts."""
    text = read(data)
    assert read(text) == text
    assert read(kink_to_json(text)) == text
    assert read({name: str(choice) for name, choice in reversed(data.items())}) == text
    assert read({"default": "torch", **data}) == text
    for name in ("relu", LOSS):
        choice = data.get(name, data.get("default", "torch"))
        if isinstance(choice, int | F):
            assert at_0(text, name) == choice
        elif choice in KINKS:
            assert at_0(text, name) == at_0(choice, name)


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        ("rigth", None, "did you mean 'right'?"),
        (3, None, "expected one of torch, left"),
        (None, None, "expected one of torch, left"),
        ({"relu": "forbid"}, "relu", "forbid is for every kink or none"),
        ({"rellu": "right"}, "rellu", "did you mean 'relu'?"),
        ({"relu": "rigth"}, "relu", "or a number, found 'rigth'"),
        ({"relu": True}, "relu", "or a number, found True"),
        ({"relu": 0.5}, "relu", "or a number, found 0.5"),
        ({"relu": None}, "relu", "or a number, found None"),
        ({"relu": {}}, "relu", "or a number, found {}"),
        ({1: "left"}, "1", "not an activation, a layer such as z2, loss or default (layer 1 is called z1)"),
        ({"layer 2": "left"}, "layer 2", "(layer 2 is called z2)"),
        ({"z0": "left"}, "z0", "not an activation, a layer such as z2"),
        ("keras", None, "'keras': Keras returns what its backend does: write keras/jax, keras/tensorflow or"),
        ("keras/theano", None, "expected one of torch, left"),
        ("flax", None, "write jax"),
        ("torch==2.12", None, "torch==2.12 was not measured at kinks, but 2.13.0, 2.14.1"),
        ("torch>=2.13", None, "its versions differ: write torch==2.13 or torch>=2.14"),
        ("torch<2.14", None, "a version is written torch==2.14 or torch>=2.14"),
        ("jax>=0.13", None, "jax>=0.13 was not measured at kinks, but 0.10.2, 0.12.0.1"),
        ({"relu": "keras"}, "relu", "'keras': Keras returns what its backend does"),
        ("relu: right, x", "x", "not an activation"),
    ],
)
def test_what_is_no_convention(data: Any, name: str | None, message: str) -> None:
    """Each mistake is told where it is."""
    with pytest.raises(NoConvention) as caught:
        read(data)
    ((place, told),) = caught.value.faults
    assert message in told
    assert place == name


def _kinked() -> list[Activation]:
    members = [activation_named(name) for name in ACTIVATIONS]
    members += [FAMILIES[name].make(value) for name in FAMILIES for value in (F(1, 4), 2)]
    return [activation for activation in members if activation.has_kinks]


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries_have_a_choice_for_each_kink(library: str) -> None:
    """One for each kink of what was measured; what was not says so."""
    kinked = {activation.name: activation for activation in _kinked()}
    losses = {name for name in ("mae", "hinge") if name in LOSSES or name in LIBRARIES[library].choices}
    assert set(LIBRARIES[library].choices) <= set(kinked) | losses
    for name, activation in kinked.items():
        if name in LIBRARIES[library].choices:
            assert len(activation.derivatives_at_kinks(library)) == len(activation.kinks)
        else:
            with pytest.raises(UnknownDerivative, match=f"what {library} returns at a kink of {name}"):
                activation.derivatives_at_kinks(library)


def test_formats_name_every_library() -> None:
    """The table itself is on a page of its own (tests/tools/test_kinks.py)."""
    text = (Path(__file__).parents[2] / "docs" / "FORMATS.md").read_text(encoding="utf-8")
    start = text.index("`derivative_at_kink` may also name a library")
    assert set(LIBRARIES) <= set(re.findall("`([^`]+)`", text[start : text.index("\n\n", start)]))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("torch==2.13", "torch==2.13"), ("torch == 2.13.0", "torch==2.13"), ("torch==2.14.1", "torch>=2.14"),
        ("torch>=2.14", "torch>=2.14"), ("torch >= 2.14.1", "torch>=2.14"), ("jax==0.10.2", "jax"),
        ("jax>=0.12", "jax"), ("JAX==0.10", "jax"), ("keras/torch==3.15.1", "keras/torch"),
        (" mlx ", "mlx"),
    ],
)  # fmt: skip
def test_versions_have_one_name(text: str, name: str) -> None:
    """The one under which they were measured, so that equal questions have equal digests."""
    assert read(text) == name
    assert read({"relu": text}) == read({"relu": name})


def test_versions_of_torch_differ_at_the_margin_of_a_hinge_loss() -> None:
    """The derivative of max(0, m) at m = 0 as its clamp and margin_ranking_loss have it."""
    hinge = LOSSES["hinge"]
    at = {
        "torch": 0, "torch==2.13": -1, "torch>=2.14": 0, "keras/tensorflow": -1, "keras/torch": F(-1, 2),
        "mxnet": 0, "paddle": 0,
    }  # fmt: skip
    for convention, slope in at.items():
        assert hinge.sample_adjoint([mpmath.mpf(1)], [1], Mp(), convention) == [slope]


@pytest.mark.needs("jax")
@pytest.mark.parametrize("activation", _kinked(), ids=str)
def test_jax_returns_what_was_measured(activation: Activation) -> None:
    """At every kink, by the function that scripts call."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    parameter = None if activation.parameter is None else float(activation.parameter)
    text = activation.names.jax.format(z="z", parameter=parameter)

    def call(z: Any) -> Any:
        return eval(text, {"jax": jax, "jnp": jax.numpy, "z": z})

    for kink, derivative in activation.at_kinks("jax"):
        assert float(jax.grad(call)(float(kink))) == pytest.approx(float(derivative), rel=1e-15)


@pytest.mark.parametrize("convention", [c for c in CONVENTIONS if c != "forbid"])
def test_sides_have_the_derivative_that_is_taken(convention: str) -> None:
    """A kink with neither neighbour's slope is a side of its own."""
    for activation in _kinked():
        if not isinstance(activation, PiecewiseLinear):
            continue
        if convention in LIBRARIES and activation.name not in LIBRARIES[convention].choices:
            continue
        for kink, derivative in activation.at_kinks(convention):
            holds = [
                side
                for side in sides(activation, convention)
                if (side.low is None or side.low < kink or (side.low == kink and side.low_closed))
                and (side.high is None or kink < side.high or (side.high == kink and side.high_closed))
            ]
            assert [side.derivative for side in holds] == [derivative]


def test_a_witness_that_needs_the_mean() -> None:
    """One ReLU unit on its kink: its gradient is half of what the slope 1 would give."""
    gradients = {}
    for convention in ("left", "mean", "right", {"relu": "1/4"}):
        problem = Problem(network=[1, 1, 1], samples=1, derivative_at_kink=convention)
        values = {"w1": (1, 1), "b1": (1,), "w2": (1, 1), "b2": (1,), "x": (1, 1), "y": (1, 1)}
        entries = {"w1": 1, "b1": -1, "w2": 3, "b2": 0, "x": 1, "y": -2}
        arrays: dict[str, Array[Exact]] = {
            name: Array(shape, (entries[name],)) for name, shape in values.items()
        }
        gradients[problem.derivative_at_kink] = Witness.of(problem, arrays).gradients["w1"][0, 0]
    assert gradients == {"left": 0, "mean": 6, "right": 12, "default: torch, relu: 1/4": 3}


def test_documents_and_digests() -> None:
    """A name stays a text; a mapping is an object, in one order, without what says nothing."""
    plain = problem_from_json({**FOUNDING, "derivative_at_kink": "mean"})
    assert plain.to_json()["derivative_at_kink"] == "mean"
    mapped = {"relu": "right", "abs": "2/4", "hardtanh": "left", "default": "left"}
    problem = problem_from_json({**FOUNDING, "derivative_at_kink": mapped})
    written = problem.to_json()["derivative_at_kink"]
    assert written == {"default": "left", "abs": "1/2", "relu": "right"}
    again = problem_from_json(problem.to_json())
    assert again.derivative_at_kink == problem.derivative_at_kink == "default: left, abs: 1/2, relu: right"
    assert again.digest == problem.digest != plain.digest
    assert problem.with_kink("torch").derivative_at_kink == "torch"
    same = problem_from_json({**FOUNDING, "derivative_at_kink": {"default": "right"}})
    assert same.digest == problem_from_json({**FOUNDING, "derivative_at_kink": "right"}).digest


def test_problems_refuse_what_no_library_was_asked() -> None:
    """The activation is named, and how to say what it is."""
    network = Network(1, (Layer(1, "elu"), Layer(1, FAMILIES["elu"].make(2)), Layer(1)))
    (issue,) = issues(network=network, samples=1, derivative_at_kink="mindspore")
    assert issue == (
        "derivative_at_kink: what mindspore returns at a kink of elu was not measured: say what it is, as in "
        "{elu: 0, default: mindspore}"
    )
    mapped = {"elu": 0, "default": "mindspore"}
    assert Problem(network=network, samples=1, derivative_at_kink=mapped).network == network
    (issue,) = issues(derivative_at_kink={"relu": "rigth"})
    words = ", ".join(convention for convention in CONVENTIONS if convention != "forbid")
    assert issue == f"derivative_at_kink.relu: expected one of {words}, or a number, found 'rigth'"


def test_losses_follow_the_convention_too() -> None:
    """Under the key loss; the mean absolute error has slopes −1 and 1, and 0 in torch."""
    mae = LOSSES["mae"]
    at = {
        "torch": 0, "left": -1, "right": 1, "mean": 0, "jax": 1, "tensorflow": 0,
        read({"loss": "1/2"}): F(1, 2), read({"loss": "jax", "relu": 1}): 1, read({"relu": 1}): 0,
    }  # fmt: skip
    for convention, slope in at.items():
        assert mae.sample_adjoint([mpmath.mpf(3)], [3], Mp(), convention) == [slope]


@pytest.mark.parametrize("convention", ["mean", {"relu": F(1, 3)}, {"abs": F(5, 2), "default": 2}])
def test_whole_numbers_have_room_for_the_derivative_at_a_kink(convention: Any) -> None:
    """Arrays of whole numbers take it over their denominator; integers alone cannot hold it."""
    for name in ("relu", "abs", "hardtanh"):
        activation = activation_named(name)
        assert isinstance(activation, PiecewiseLinear)
        rule = read(convention)
        whole = WholeActivation.of(activation, rule, 1)
        for kink, derivative in activation.at_kinks(rule):
            _, slope, barred = whole.at(np.array([[kink]]))
            assert barred is None
            assert F(int(slope[0, 0]), whole.times) == derivative
            assert whole.steepest >= abs(F(derivative) * whole.times)
        network = Network.mlp(1, 1, 1, activation=activation)
        problem = Problem(network=network, samples=1, domain="integer", derivative_at_kink=convention)
        assert all_whole(problem) == all(slope.denominator == 1 for _, slope in activation.at_kinks(rule))
