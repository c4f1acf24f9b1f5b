"""Problems: their normal form, their issues, their digest, and their JSON."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from zerograd.core.errors import FormatError, Issue, ProblemError, format_path
from zerograd.core.model.activations import ABS, ACTIVATIONS, LINEAR, RELU, leaky_relu
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import Reference, parse_reference, resolve
from zerograd.core.numbers.arrays import indices
from zerograd.core.question.documents import (
    KEYS,
    MAX_BYTES,
    activation_from_json,
    network_from_json,
    parse_json,
    problem_from_json,
    read_json,
)
from zerograd.core.question.parsing import parse_condition
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import RELATIONS, Relation, Samples, quantity_shapes, variable_shapes

F = Fraction
FOUNDING: dict[str, Any] = {
    "network": [1, 1, 1],
    "samples": 3,
    "zero": ["w2", "b2"],
    "nonzero": ["w1", "b1"],
}


def founding(**changes: Any) -> Problem:
    return Problem(**(FOUNDING | changes))


def issues(**changes: Any) -> list[str]:
    """Every issue of a problem that has some."""
    with pytest.raises(ProblemError) as error:
        founding(**changes)
    return [str(issue) for issue in error.value.issues]


# --- normal form ------------------------------------------------------------------------


def test_normal_form() -> None:
    """Names, numbers and conditions are parsed; single entries get their full index."""
    problem = founding(
        zero=["w2", " b2 "],
        nonzero=["w1[0]", Reference("b1")],
        where=["x[0]<0.5"],
        given={"w1": "0.5", "x": [0, None, "2/4"], "b2[0]": 3},
        bounds={"y": [-5, "1e1"], "x[2]": [None, None]},
        references="one source",
    )
    assert problem.network == Network.mlp(1, 1, 1)
    assert problem.samples == Samples(3, 3)
    assert problem.query == {
        "zero": (Reference("w2"), Reference("b2")),
        "nonzero": (Reference("w1", (0, 0)), Reference("b1")),
        "some_nonzero": (),
        "positive": (),
        "negative": (),
    }
    assert problem.where == (parse_condition("x[0] < 1/2"),)
    assert problem.given == {
        "w1": {(0, 0): F(1, 2)},
        "x": {(0, 0): 0, (2, 0): F(1, 2)},
        "b2": {(0,): 3},
    }
    assert problem.bounds == {Reference("y"): (-5, 10), Reference("x", (2, 0)): (None, None)}
    assert (problem.domain, problem.derivative_at_kink, problem.loss) == ("real", "torch", "mse")
    assert problem.references == ("one source",)


def test_problems_are_values() -> None:
    """Equal problems are equal and hash alike; they do not change."""
    assert founding() == founding()
    assert {founding(), founding()} == {founding()}
    with pytest.raises(AttributeError):
        founding().domain = "integer"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("b1", 2),
        ("b1", [2]),
        ("w1", 2),
        ("w1", [2]),
        ("w1", [[2]]),
        ("w1[0]", "2"),
        ("w1[0,0]", F(2)),
        ("w1", {(0, 0): "4/2"}),
    ],
)
def test_given_forms(name: str, value: Any) -> None:
    """Scalars, vectors and matrices name the same value where axes have length 1."""
    problem = founding(given={name: value})
    assert problem.given == {name[:2]: {(0, 0) if name[0] == "w" else (0,): 2}}


def test_entries_asked_and_bounded() -> None:
    """Names are spread to entries, in order and without repeats; bounds are intersected."""
    problem = Problem(
        network=[2, 2, 1],
        samples=2,
        zero=["b2", "w1[1,0]", "w1"],
        bounds={"w1": [-5, 5], "w1[0,1]": [None, 3], "x[1,1]": [0, None]},
    )
    assert problem.asked_entries(Relation.ZERO, 2) == [
        ("b2", (0,)),
        ("w1", (1, 0)),
        ("w1", (0, 0)),
        ("w1", (0, 1)),
        ("w1", (1, 1)),
    ]
    assert problem.entry_bounds(2) == {
        ("w1", (0, 0)): (-5, 5),
        ("w1", (0, 1)): (-5, 3),
        ("w1", (1, 0)): (-5, 5),
        ("w1", (1, 1)): (-5, 5),
        ("x", (1, 1)): (0, None),
    }


@pytest.mark.parametrize(
    ("changes", "asks"),
    [
        ({}, False),
        ({"where": ["x > 0 and grad(w1) > 0"]}, False),
        ({"zero": ["x"]}, True),
        ({"positive": ["x[1]"]}, True),
        ({"where": ["grad(x) == 0"]}, True),
        ({"where": ["grad(x)[0] == 0"]}, True),
        ({"where": ["any(1 + abs(grad(x[2,0])) == 1)"]}, True),
    ],
)
def test_asks_of_x(changes: dict[str, Any], asks: bool) -> None:
    """Input gradients play a part if a relation or a condition names them, in any form."""
    assert founding(**changes).asks_of_x is asks


# --- samples ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "samples", "text", "data"),
    [
        (3, Samples(3, 3), "3", 3),
        ("fewest", Samples(1, None), "fewest", "fewest"),
        ("any", Samples(1, None, every=True), "any", "any"),
        ({"from": 2, "to": 6}, Samples(2, 6), "from 2 to 6", {"from": 2, "to": 6}),
        ({"from": 4, "to": 4}, Samples(4, 4), "4", 4),
        (Samples(2, 6), Samples(2, 6), "from 2 to 6", {"from": 2, "to": 6}),
        (Samples(1, None), Samples(1, None), "fewest", "fewest"),
    ],
)
def test_sample_forms(form: Any, samples: Samples, text: str, data: object) -> None:
    """A number, a range, fewest, any."""
    problem = founding(samples=form)
    assert problem.samples == samples
    assert str(problem.samples) == text
    assert problem.to_json()["samples"] == data


@pytest.mark.parametrize("number", range(8))
def test_samples_contain(number: int) -> None:
    """Which numbers a range holds."""
    assert (number in Samples(2, 6)) == (2 <= number <= 6)
    assert (number in Samples(2, None)) == (number >= 2)
    assert (number in Samples(4, 4)) == (number == 4)


@pytest.mark.parametrize("form", ["fewest", "any"])
@pytest.mark.parametrize(
    "changes",
    [
        {"zero": ["x[4]"]},
        {"some_nonzero": ["x[4,0]"]},
        {"given": {"x[4]": 1}},
        {"given": {"y[4,0]": 1}},
        {"bounds": {"x[4]": [0, 1]}},
        {"where": ["x[4] > 0"]},
        {"where": ["x[0] < 1 or not y[4] > 0"]},
        {"where": ["r[4] > 0"]},
        {"where": ["y_hat[4] > 0"]},
        {"where": ["z1[4] > 0"]},
        {"where": ["a2[4,0] > 0"]},
        {"where": ["grad(x)[4] > 0"]},
        {"where": ["grad(x[4]) > 0"]},
    ],
    ids=str,
)
def test_open_ranges_start_at_named_samples(form: str, changes: dict[str, Any]) -> None:
    """A name such as x[4] takes at least five samples; the range still has no end."""
    problem = founding(samples=form, **changes)
    assert problem.samples == Samples(5, None, every=form == "any")
    assert problem.to_json()["samples"] == form
    assert problem_from_json(problem.to_json()).samples == problem.samples
    assert problem.with_samples(problem.samples) == problem
    assert problem.with_samples(7).samples == Samples(7, 7)
    with pytest.raises(ProblemError):
        problem.with_samples(4)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (0, "samples: expected from 1 to 100000 samples, found 0"),
        (-1, "samples: expected from 1 to 100000 samples, found -1"),
        (100_001, "samples: expected from 1 to 100000 samples, found 100001"),
        ({"from": 3, "to": 2}, "samples: the range from 3 to 2 is empty"),
        (Samples(3, 2), "samples: the range from 3 to 2 is empty"),
        (Samples(0, 2), "samples: expected from 1 to 100000 samples, found 0"),
        (
            Samples(4, None),
            "samples: an open range starts at the fewest samples that the problem names, 1, found 4",
        ),
    ],
)
def test_sample_numbers(form: Any, message: str) -> None:
    """Numbers of samples are positive and bounded, and ranges are not empty."""
    assert issues(samples=form) == [message]


@pytest.mark.parametrize(
    "form",
    [None, True, "3", "most", 2.0, [3], {}, {"from": 1}, {"from": 1, "to": "2"}, {"from": True, "to": 2}],
)
def test_other_sample_forms(form: Any) -> None:
    """Anything else is refused, with the forms there are."""
    assert issues(samples=form) == [
        f"samples: expected a whole number, fewest, any, or {{from: 2, to: 6}}, found {form!r}"
    ]


def test_a_range_with_an_end_is_not_any() -> None:
    """`any` has no end: a range cannot claim to be both."""
    message = "samples: expected a whole number, fewest, any, or {from: 2, to: 6}, found "
    assert issues(samples=Samples(1, 6, every=True)) == [message + "Samples(least=1, most=6, every=True)"]


def test_a_range_must_hold_the_named_samples() -> None:
    """A range that begins below the samples named is not silently cut."""
    assert issues(samples={"from": 2, "to": 9}, where=["x[4] > 0"]) == [
        (
            "samples: the problem names sample 4 (counted from 0), so there must be at least 5 samples: "
            "write from: 5"
        )
    ]
    assert issues(samples=3, zero=["x[4]"]) == [
        "zero[0]: x[4]: index 4 is out of range, x has shape (3, 1) (axis 0 runs from 0 to 2)"
    ]


def test_an_open_sample_axis_is_never_left_out() -> None:
    """With two inputs x[1] is one entry for M = 1 alone, so it means nothing for an open range."""
    two = {"network": [2, 1], "zero": ["x[1]"]}
    assert Problem(**two, samples=1).query[Relation.ZERO] == (Reference("x", (0, 1)),)  # type: ignore[arg-type]
    with pytest.raises(
        ProblemError, match=r"zero\[0\]: x\[1\]: x has shape .* so it takes 2 indices, found 1"
    ):
        Problem(**two, samples="fewest")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("samples", "condition", "fits"),
    [
        (1, "x == b1", True),
        (2, "x == b1", True),
        (3, "x == b1", False),
        ({"from": 1, "to": 2}, "x == b1", True),
        ({"from": 1, "to": 3}, "x == b1", False),
        ("any", "x == b1", False),
        ({"from": 2, "to": 9}, "x == [1, 2]", False),
        ({"from": 1, "to": 9}, "x == [1, 2, 3, 4]", False),
        ("fewest", "x + y == r * 2", True),
        ("fewest", "z1 == [5, 6]", False),
        ("any", "w1 == [5, 6]", True),
        ("any", "min(x, 1) == 0", False),
        ("any", "min(x) == 0", True),
        ("any", "x[0] == b1", True),
    ],
)
def test_conditions_fit_every_number_of_samples(samples: Any, condition: str, fits: bool) -> None:
    """A condition must have a meaning for each number of samples in the range, not for the first alone."""
    if fits:
        assert len(Problem(network=[1, 2, 1], samples=samples, where=[condition]).where) == 1
    else:
        with pytest.raises(ProblemError, match=r"^where\[0\]: .*(do not fit|takes single entries)[^\n]*$"):
            Problem(network=[1, 2, 1], samples=samples, where=[condition])


def test_sizes_are_bounded() -> None:
    """Networks and datasets too large to look at are refused before anything is built of them."""
    with pytest.raises(ProblemError) as error:
        Problem(network=[1, 1000, 1], samples=100_000, where=["z1 > 0", "b7 == 1"])
    assert str(error.value) == (
        "samples: 100000 samples of a network this wide have 100200000 values, "
        "at most 10000000 are read: ask for fewer samples"
    )
    with pytest.raises(ProblemError, match="samples: 100000 samples of a network this wide"):
        Problem(network=[1, 1000, 1], samples="any", zero=["x[99999]"])


# --- issues -----------------------------------------------------------------------------


def test_all_issues_at_once() -> None:
    """Every issue is collected, each with its path, so that a file is mended in one go."""
    found = issues(
        samples="most",
        zero=["w9", "w1[", 7, "b1"],
        nonzero=["b1", "w1[0,1]", "y"],
        some_nonzero=["b1[0]"],
        where=["x[0] <", "x == [1, 2]", 5, "lost > 1"],
        given={"w1": [[1, 2]], "b1": "one", "b2": 0.5, "q": 1, "w2": None, "y": [1, 2, [3]]},
        bounds={"x": [3, 1], "w1": 5, "b2": [0, "?"]},
        domain="complex",
        derivative_at_kink="lift",
        loss="mae",
        title=5,
        references=["ok", None],
        expect="maybe",
    )
    assert found == [
        "samples: expected a whole number, fewest, any, or {from: 2, to: 6}, found 'most'",
        "where[0]: does not parse at its end: invalid syntax",
        "where[2]: expected a condition such as 'x[0] < x[1]', found 5",
        "zero[0]: there is no w9: the network has 2 layers, counted from 1",
        "zero[1]: 'w1[' is not a name such as w1, b2[0] or w1[0,1]",
        "zero[2]: expected a name such as w1 or w1[0,1], found 7",
        "nonzero[1]: w1[0,1]: index 1 is out of range, w1 has shape (1, 1) (axis 1 runs from 0 to 0)",
        "nonzero[2]: 'y' is not a parameter of this network, or x (w1, b1, w2, b2, x)",
        "given.w1: w1 has shape (1, 1), found shape (1, 2)",
        "given.b1: 'one' is not a number (write 3, -2/3, 0.1 or 1e-3)",
        "given.b2: 0.5 is a float; write it exactly, as '0.5' or Fraction(p, q)",
        "given.q: 'q' is not a parameter of this network, x or y (w1, b1, w2, b2, x, y)",
        "given.y: y has shape (1, 1), found ragged or deeply nested lists",
        "bounds.x: the lowest value 3 is above the highest 1",
        "bounds.w1: expected [lowest, highest] (null where open), found 5",
        "bounds.b2[1]: '?' is not a number (write 3, -2/3, 0.1 or 1e-3)",
        "domain: expected one of real, integer, found 'complex'",
        "nonzero[0]: ∂L/∂b1[0] is asked to be both zero and nonzero: take it out of one of the two",
        "some_nonzero[0]: every entry of ∂L/∂b1[0] is asked to be zero, so none can be nonzero",
        "where[3]: unknown name 'lost' (did you mean 'loss'?)",
        "derivative_at_kink: expected one of torch, left, right, forbid, found 'lift' (did you mean 'left'?)",
        "loss: expected one of mse, found 'mae' (did you mean 'mse'?)",
        "title: expected text, found 5",
        "references[1]: expected text, found None",
        "expect: expected one of sat, unsat, unknown, found 'maybe'",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"zero": "w3"}, "zero[0]: there is no w3: the network has 2 layers, counted from 1"),
        ({"zero": "w0"}, "zero[0]: there is no w0: the network has 2 layers, counted from 1"),
        (
            {"network": Network.mlp(1, 1, 1, bias=False), "zero": ["b1"], "nonzero": []},
            "zero[0]: layer 1 has no bias, so b1 does not exist",
        ),
        (
            {"zero": ["loss"]},
            "zero[0]: 'loss' is not a parameter of this network, or x (w1, b1, w2, b2, x)",
        ),
        (
            {"positive": ["b1"], "negative": ["b1"], "nonzero": []},
            "negative[0]: ∂L/∂b1[0] is asked to be both positive and negative: take it out of one of the two",
        ),
        (
            {"positive": ["w2[0]"]},
            "positive[0]: ∂L/∂w2[0,0] is asked to be both zero and positive: take it out of one of the two",
        ),
        ({"zero": ["w1[0,0,0]"]}, "zero[0]: w1[0,0,0]: w1 has shape (1, 1), so it takes 2 indices, found 3"),
        (
            {"zero": [Reference("w2", (-1, 0))]},
            "zero[0]: w2[-1,0]: index -1 is out of range, w2 has shape (1, 1) (axis 0 runs from 0 to 0)",
        ),
        ({"zero": ["w2[0,]"]}, "zero[0]: 'w2[0,]' has an index that is not a whole number"),
        ({"given": {"w1": {(0,): 1}}}, "given.w1: (0,) is not a full index of w1, of shape (1, 1)"),
        (
            {"given": {"w1": 1, "w1[0]": 2}},
            "given.w1[0]: w1[0,0] is given twice, with two values",
        ),
        (
            {"samples": "any", "given": {"x": [1, 2]}},
            "given.x: a whole x fixes the number of samples: write samples: 2, or give single entries",
        ),
        ({"given": {"w1": True}}, "given.w1: true is not a number"),
        ({"given": {"w1": object}}, "given.w1: expected a number, found <class 'object'>"),
        ({"bounds": {"x": [0]}}, "bounds.x: expected [lowest, highest] (null where open), found [0]"),
        ({"bounds": {"x": "01"}}, "bounds.x: expected [lowest, highest] (null where open), found '01'"),
        ({"bounds": {"x[0]": [0, 1], "x[0,0]": [0, 1]}}, "bounds.x[0,0]: x[0,0] has two bounds"),
        (
            {"bounds": {"w1": [0, 1], "w1[0]": [2, 3]}},
            "bounds.w1[0,0]: the bounds leave no value for w1[0,0]",
        ),
        (
            {"bounds": {"w1": ["1/3", "2/3"]}, "domain": "integer"},
            "bounds.w1: the bounds leave no integer for w1[0,0]",
        ),
        (
            {"given": {"w1": 7}, "bounds": {"w1": [None, 5]}},
            "given.w1[0,0]: w1[0,0] = 7 is outside its bounds [-∞, 5]",
        ),
        (
            {"given": {"x": [0, "-1/2", 1]}, "bounds": {"x": [0, None]}},
            "given.x[1,0]: x[1,0] = -1/2 is outside its bounds [0, ∞]",
        ),
        (
            {"given": {"w1": "1/2"}, "domain": "integer"},
            "given.w1[0,0]: w1[0,0] = 1/2 is no integer, but domain is integer",
        ),
        (
            {"where": "x < b1[1]"},
            "where[0]: b1[1]: index 1 is out of range, b1 has shape (1,) (axis 0 runs from 0 to 0)",
        ),
        ({"where": ["grad(y) == 0"]}, "where[0]: ∂L/∂y cannot be asked"),
        ({"where": ["x"]}, "where[0]: 'x' is a number, not a condition: compare it, e.g. with == 0"),
        ({"network": [1]}, "network: a network needs at least an input and an output width, found [1]"),
        ({"network": 5}, "network: expected a Network, or widths such as [1, 1, 1], found 5"),
        ({"title": ["a"]}, "title: expected text, found ['a']"),
        ({"references": [3]}, "references[0]: expected text, found 3"),
    ],
    ids=str,
)  # fmt: skip
def test_issues(changes: dict[str, Any], message: str) -> None:
    """Each issue says where, what was found, and what to do."""
    assert issues(**changes) == [message]


def test_wide_contradictions_are_one_issue() -> None:
    """Two hundred entries that contradict are named once, by the first."""
    with pytest.raises(ProblemError) as error:
        Problem(network=[20, 10], samples=1, zero=["w1"], negative=["w1", "b1"])
    assert [str(issue) for issue in error.value.issues] == [
        "negative[0]: ∂L/∂w1[0,0] is asked to be both zero and negative: take it out of one of the two"
    ]


def test_overlaps_that_agree_are_no_issue() -> None:
    """An entry may be asked to be nonzero and positive; some of a partly zero array may be nonzero."""
    problem = Problem(
        network=[2, 1], samples=1, positive=["b1"], nonzero=["b1"], zero=["w1[0,0]"], some_nonzero=["w1"]
    )
    assert problem.asked_entries(Relation.NONZERO, 1) == problem.asked_entries(Relation.POSITIVE, 1)


def test_paths() -> None:
    """Paths read like the file; keys from strangers cannot draw on a terminal."""
    assert format_path(("network", "layers", 0, "units")) == "network.layers[0].units"
    assert str(Issue((), "nothing")) == "nothing"
    assert format_path(("given", "\x1b[31m\n")) == "given.'\\x1b[31m\\n'"


def test_references() -> None:
    """Names with indices are parsed, shown and resolved."""
    assert parse_reference(" w1 [ 0 , 1 ] ") == Reference("w1", (0, 1))
    assert str(Reference("w1", (0, 1))) == "w1[0,1]"
    assert resolve(Reference("w1"), (2, 1)) == [(0, 0), (1, 0)]
    assert resolve(Reference("w1", (1,)), (2, 1)) == [(1, 0)]
    assert resolve(Reference("w1", (0,)), (1, 1)) == [(0, 0)]
    for text in ("w1[-1]", "w1[0", "w1]", "1w", "", "w1[0][1]", "w1[0 1]", "w1[9999999999]", "w1[٣]"):
        with pytest.raises(
            ValueError, match=r"is not a name such as|has an index that is not a whole number"
        ):
            parse_reference(text)


def test_quantities() -> None:
    """Every name of a condition, with its shape."""
    assert quantity_shapes(Network(2, (Layer(3, bias=False), Layer(1, LINEAR))), 4) == {
        "w1": (3, 2), "w2": (1, 3), "b2": (1,), "x": (4, 2), "y": (4, 1), "y_hat": (4, 1), "r": (4, 1),
        "z1": (4, 3), "a1": (4, 3), "z2": (4, 1), "a2": (4, 1), "loss": (),
        "grad(w1)": (3, 2), "grad(w2)": (1, 3), "grad(b2)": (1,), "grad(x)": (4, 2),
    }  # fmt: skip


# --- digest -----------------------------------------------------------------------------

RICH: dict[str, Any] = {
    "network": {"inputs": 1, "layers": [{"units": 2, "activation": {"leaky_relu": "1/10"}}, {"units": 1}]},
    "samples": 3,
    "zero": ["w2", "b2"],
    "nonzero": ["w1[0,0]"],
    "some_nonzero": ["x"],
    "positive": ["b1[0]"],
    "negative": ["b1[1]"],
    "where": ["x[0] < x[1]", "0.1 < y[0]"],
    "given": {"w1": [[1], [None]]},
    "bounds": {"x": [-5, None]},
    "domain": "real",
    "derivative_at_kink": "left",
    "loss": "mse",
}


def digest(**changes: Any) -> str:
    return problem_from_json(RICH | changes).digest


def test_the_digest_is_pinned() -> None:
    """The digest of a problem is for ever: a change of canonical form must not go unnoticed."""
    assert founding().digest == "sha256:9cb7030f3a0fb29580c0a172a44249ef6051a82c90f69d1dd023afb66c2f5c48"
    assert digest() == "sha256:88ba46908769254f89429ac571fb2c6d4e62b396081f9684e22bdb96b3da74fc"


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 1},
        {"title": "another"},
        {"notes": "some"},
        {"references": ["one"]},
        {"expect": "unsat"},
        {"prefer": "small"},
        {"zero": ["b2", "w2"]},
        {"zero": ["w2", "b2", "w2"]},
        {"nonzero": ["w1[0]"]},
        {"positive": [" b1[ 0 ] "]},
        {"where": ["x[0]<x[1]", "(1/10) < (y[0])"]},
        {"given": {"w1[0,0]": "1"}},
        {"given": {"w1": ["2/2", None], "b2": None}},
        {"bounds": {"x": ["-5", None]}},
        {
            "network": {
                "inputs": 1,
                "layers": [
                    {"bias": True, "units": 2, "activation": {"leaky_relu": "0.1"}},
                    {"units": 1, "activation": "linear", "bias": True},
                ],
            }
        },
        {"samples": {"from": 3, "to": 3}},
    ],
    ids=str,
)
def test_the_digest_is_of_the_meaning(changes: dict[str, Any]) -> None:
    """Labels, order within a relation, and ways to write the same thing leave the digest alone."""
    assert digest(**changes) == digest()


def test_short_and_long_form_have_one_digest() -> None:
    """Widths, a network and the long form are one problem; so are keys in any order."""
    long = {"inputs": 1, "layers": [{"units": 1, "activation": "relu"}, {"units": 1}]}
    documents = [FOUNDING, FOUNDING | {"network": long}, dict(reversed(FOUNDING.items()))]
    assert {problem_from_json(document).digest for document in documents} == {founding().digest}


def test_defaults_are_part_of_the_digest() -> None:
    """A default that is written out changes nothing."""
    written = {"loss": "mse", "domain": "real", "derivative_at_kink": "torch", "where": [], "given": {}}
    assert problem_from_json(FOUNDING | written).digest == founding().digest


LAYERS = RICH["network"]["layers"]


@pytest.mark.parametrize(
    "changes",
    [
        {"network": {"inputs": 1, "layers": [LAYERS[0] | {"activation": {"leaky_relu": "1/9"}}, LAYERS[1]]}},
        {"network": {"inputs": 1, "layers": [LAYERS[0] | {"activation": "relu"}, LAYERS[1]]}},
        {"network": {"inputs": 1, "layers": [LAYERS[0], LAYERS[1] | {"activation": "relu"}]}},
        {"network": {"inputs": 1, "layers": [*LAYERS, {"units": 1}]}},
        {
            "network": {"inputs": 1, "layers": [LAYERS[0], {"units": 1, "bias": False}]},
            "zero": ["w2"],
        },
        {"network": {"inputs": 1, "layers": [LAYERS[0], {"units": 2}]}, "where": []},
        {"network": {"inputs": 2, "layers": LAYERS}, "given": {}, "where": []},
        {"samples": 4},
        {"samples": "any"},
        {"samples": "fewest"},
        {"samples": {"from": 2, "to": 3}},
        {"zero": ["w2"]},
        {"zero": ["w2", "b2", "w1[1,0]"]},
        {"zero": ["w2[0,0]", "b2"]},
        {"zero": []},
        {"nonzero": ["w1[1,0]"]},
        {"some_nonzero": ["x[0]"]},
        {"positive": []},
        {"negative": []},
        {"positive": ["b1[1]"], "negative": ["b1[0]"]},
        {"where": ["x[0] < x[1]"]},
        {"where": ["x[0] <= x[1]", "0.1 < y[0]"]},
        {"where": ["x[0] < x[1]", "0.11 < y[0]"]},
        {"where": ["x[0] < x[1] and 0.1 < y[0]"]},
        {"given": {"w1": [[2], [None]]}},
        {"given": {"w1": [[None], [1]]}},
        {"given": {"w1": [[1], [0]]}},
        {"given": {}},
        {"bounds": {"x": [-4, None]}},
        {"bounds": {"x": [-5, 100]}},
        {"bounds": {"y": [-5, None]}},
        {"bounds": {"x[0]": [-5, None]}},
        {"bounds": {}},
        {"domain": "integer"},
        {"derivative_at_kink": "right"},
        {"derivative_at_kink": "torch"},
        {"derivative_at_kink": "forbid"},
    ],
    ids=str,
)
def test_the_digest_knows_every_key_with_a_meaning(changes: dict[str, Any]) -> None:
    """Whatever changes the question changes the digest."""
    assert digest(**changes) != digest()


def test_every_key_is_tested_for_the_digest() -> None:
    """No key of a problem is forgotten in the two tests above."""
    labels = {"version", "title", "notes", "references", "expect", "prefer"}
    assert set(KEYS) == {*RICH, *labels}
    assert set(RELATIONS) < set(RICH)


# --- JSON -------------------------------------------------------------------------------

numbers = st.one_of(st.integers(-5, 5), st.fractions(-5, 5, max_denominator=4).map(str))
activations = st.one_of(
    st.sampled_from(sorted(ACTIVATIONS)), st.builds(lambda s: {"leaky_relu": s}, numbers), st.none()
)
layers = st.fixed_dictionaries(
    {"units": st.integers(1, 3)}, optional={"activation": activations, "bias": st.booleans()}
)
text = st.text(max_size=8)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Problem documents that mean something (almost always)."""
    data: dict[str, Any] = {
        "network": draw(
            st.one_of(
                st.lists(st.integers(1, 3), min_size=2, max_size=4),
                st.fixed_dictionaries(
                    {"inputs": st.integers(1, 2), "layers": st.lists(layers, min_size=1, max_size=3)}
                ),
            )
        ),
        "samples": draw(
            st.one_of(
                st.integers(1, 4),
                st.sampled_from(["fewest", "any"]),
                st.builds(lambda a, b: {"from": a, "to": a + b}, st.integers(1, 3), st.integers(0, 3)),
            )
        ),
    }
    network = network_from_json(data["network"])
    fixed = data["samples"] if isinstance(data["samples"], int) else None
    shapes = variable_shapes(network, fixed or 1)
    for name in [*network.shapes, "x"]:
        relation = draw(st.sampled_from([*RELATIONS, None, None]))
        if relation:
            index = draw(st.sampled_from([None, (0,) * len(shapes[name])]))
            data.setdefault(relation, []).append(str(Reference(name, index)))
    for name, shape in shapes.items():
        whole = fixed is not None or name not in ("x", "y")
        kind = draw(st.sampled_from(["free", "free", "given", "bounds"]))
        if kind == "bounds":
            ends = sorted(draw(st.tuples(st.integers(-5, 5), st.integers(-5, 5))))
            data.setdefault("bounds", {})[name] = [draw(st.sampled_from([ends[0], None])), str(ends[1])]
        if kind == "given" and whole:
            flat = [draw(st.one_of(st.none(), numbers)) for _ in indices(shape)]
            rows = [flat[i : i + shape[-1]] for i in range(0, len(flat), shape[-1])]
            data.setdefault("given", {})[name] = rows if len(shape) == 2 else flat
        elif kind == "given":
            data.setdefault("given", {})[f"{name}[{draw(st.integers(0, 2))},0]"] = draw(numbers)
    conditions = [
        "x[0,0] <= 1",
        "loss > 0",
        "any(w1 != 0.5)",
        "1 < y_hat + 3",
        "not x == y or r > 0",
        "x[2,0] == 1",
    ]
    data["where"] = draw(st.lists(st.sampled_from(conditions), max_size=3))
    optional: dict[str, Any] = {
        "domain": st.sampled_from(["real", "integer"]),
        "derivative_at_kink": st.sampled_from(["torch", "left", "right", "forbid"]),
        "title": text,
        "notes": st.one_of(st.none(), text),
        "references": st.lists(text, max_size=2),
        "expect": st.sampled_from(["sat", "unsat", "unknown", None]),
        "prefer": st.sampled_from(["small", "any", None]),
        "loss": st.just("mse"),
        "version": st.just(1),
    }
    return data | draw(st.fixed_dictionaries({}, optional=optional))


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(documents())
def test_json_round_trip(data: dict[str, Any]) -> None:
    """The canonical document is JSON, gives the same problem, and is its own canonical document."""
    try:
        problem = problem_from_json(data)
    except ProblemError:
        assume(False)
    document = problem.to_json()
    again = problem_from_json(parse_json(json.dumps(document)))
    assert {r: set(names) for r, names in again.query.items()} == {
        r: set(names) for r, names in problem.query.items()
    }
    for key in ("network", "samples", "where", "given", "bounds", "domain", "derivative_at_kink", "loss"):
        assert getattr(again, key) == getattr(problem, key)
    for label in ("title", "notes", "references", "expect", "prefer"):
        assert getattr(again, label) == getattr(problem, label)
    assert again.digest == problem.digest
    assert again.to_json() == document
    assert problem.with_samples(problem.samples) == problem
    assert set(document) <= set(KEYS)


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**12), 10**12),
        st.floats(),
        st.text(max_size=6),
        st.sampled_from(["w1", "x[0]", "1/2", "relu", "x < 1", "any", "mse", "torch", "w1[0,0]", "1e999"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.sampled_from([*KEYS, "inputs", "layers", "units", "from", "to", "w1", "x", "leaky_relu"]),
                st.text(max_size=4),
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


def only_expected_errors(data: object) -> None:
    try:
        problem = problem_from_json(data)
    except (FormatError, ProblemError) as error:
        assert str(error)
        assert len(str(error)) < 100_000
    else:
        assert problem_from_json(problem.to_json()).digest == problem.digest


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(json_values, st.dictionaries(st.sampled_from(KEYS), json_values)))
def test_arbitrary_json_is_refused_politely(data: object) -> None:
    """Any JSON value is a problem, a FormatError or a ProblemError; no other error gets out."""
    only_expected_errors(data)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(documents(), st.data())
def test_spoilt_documents_are_refused_politely(document: dict[str, Any], data: st.DataObject) -> None:
    """A good document with any one part replaced raises nothing but FormatError and ProblemError."""
    document = copy.deepcopy(document)
    node: Any = document
    while True:
        keys: list[Any] = sorted(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if isinstance(node[key], dict | list) and node[key] and data.draw(st.booleans()):
            node = node[key]
            continue
        node[key] = data.draw(json_values)
        break
    only_expected_errors(document)


def nested(depth: int) -> Any:
    data: Any = 1
    for _ in range(depth):
        data = [data]
    return data


@pytest.mark.parametrize("depth", [10, 500, 900, 5000])
@pytest.mark.parametrize(
    "key", ["given", "samples", "zero", "where", "title", "network", "domain", "bounds", "activation"]
)
def test_deep_nesting_is_refused_politely(key: str, depth: int) -> None:
    """However deep the lists: one short message, and no RecursionError."""
    deep: Any = nested(depth)
    data = FOUNDING | {
        "given": {"given": {"w1": deep}},
        "bounds": {"bounds": {"w1": deep}},
        "activation": {"network": {"inputs": 1, "layers": [{"units": 1, "activation": deep}]}},
    }.get(key, {key: deep})
    with pytest.raises(ProblemError) as error:
        problem_from_json(data)
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "a problem is a JSON object"),
        ([FOUNDING], "a problem is a JSON object"),
        ("network", "a problem is a JSON object"),
    ],
)
def test_a_problem_is_an_object(data: object, message: str) -> None:
    """Other JSON is no problem at all."""
    with pytest.raises(FormatError) as error:
        problem_from_json(data)
    assert str(error.value) == message


SLOPE_TRUE = {"leaky_relu": True}


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        ({}, ["network: is missing", "samples: is missing"]),
        (FOUNDING | {"nozero": []}, ["nozero: unknown key (did you mean 'nonzero'?)"]),
        (FOUNDING | {"x\n": 1}, ["'x\\n': unknown key"]),
        (FOUNDING | {"version": 2}, ["version: expected 1, found 2"]),
        (FOUNDING | {"version": True}, ["version: expected 1, found True"]),
        (FOUNDING | {"version": "1"}, ["version: expected 1, found '1'"]),
        (
            FOUNDING | {"zero": "w1", "where": {}, "given": [], "bounds": None, "references": "a"},
            [
                "zero: expected a list",
                "where: expected a list",
                "references: expected a list",
                "given: expected an object",
                "bounds: expected an object",
            ],
        ),
        (
            FOUNDING | {"given": {"w1": {"0,0": 1}}},
            ["given.w1: expected a number or nested lists of numbers"],
        ),
        (
            FOUNDING | {"network": {"inputs": 1}},
            ['network: expected widths, or {"inputs": …, "layers": […]}'],
        ),
        (
            FOUNDING | {"network": {"inputs": 1, "layers": [1]}},
            ['network: a layer is {"units": …, "activation": …, "bias": …}'],
        ),
        (
            FOUNDING | {"network": {"inputs": 1, "layers": [{"units": 1, "bias": 1}]}},
            ["network: bias: expected true or false, found 1"],
        ),
        (
            FOUNDING | {"network": {"inputs": 1, "layers": [{"units": 1, "activation": "reul"}]}},
            ["network: unknown activation 'reul' (known: linear, relu, abs, relu6, hardtanh, leaky_relu)"],
        ),
        (
            FOUNDING | {"network": {"inputs": 1, "layers": [{"units": 1, "activation": {"relu": 1}}]}},
            [
                (
                    "network: unknown activation {'relu': 1} "
                    "(known: linear, relu, abs, relu6, hardtanh, leaky_relu)"
                )
            ],
        ),
        (
            FOUNDING | {"network": {"inputs": 1, "layers": [{"units": 1, "activation": SLOPE_TRUE}]}},
            ["network: true is not a number"],
        ),
        (
            FOUNDING | {"network": [1, "1"]},
            ["network: a width must be a whole number from 1 to 1000000, found '1'"],
        ),
    ],
    ids=str,
)  # fmt: skip
def test_documents_are_refused(data: dict[str, Any], messages: list[str]) -> None:
    """Unknown and missing keys, other versions, and values of the wrong kind, all at once."""
    with pytest.raises(ProblemError) as error:
        problem_from_json(data)
    assert [str(issue) for issue in error.value.issues] == messages


def test_layers_default_as_in_the_short_form() -> None:
    """Hidden layers are ReLU, the last is linear; null says the same."""
    data = {"inputs": 1, "layers": [{"units": 1}, {"units": 1, "activation": None}, {"units": 1}]}
    assert network_from_json(data) == Network.mlp(1, 1, 1, 1)
    assert activation_from_json("abs") is ABS
    assert activation_from_json({"leaky_relu": "0.1"}) == leaky_relu("1/10")
    assert network_from_json({"inputs": 1, "layers": [{"units": 2, "activation": "relu"}]}).layers[
        0
    ] == Layer(2, RELU)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (b"", "line 1, column 1: Expecting value"),
        (b'{"a": 1,}', "line 1, column 9: "),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": -Infinity}', "-Infinity is not a number"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' stands twice"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"1" * 5000, "Exceeds the limit (4300"),
        (b"\xef\xbb\xbf{}", "line 1, column 1: "),
    ],
    ids=lambda value: str(value)[:20],
)
def test_read_json_refuses(tmp_path: Path, written: bytes, message: str) -> None:
    """Text that is no JSON, or JSON that could mean two things, is refused with the file's name."""
    path = tmp_path / "problem.json"
    path.write_bytes(written)
    with pytest.raises(FormatError) as error:
        read_json(path)
    assert str(error.value).startswith(f"{path}: {message}")


def test_read_json_of_no_file(tmp_path: Path) -> None:
    """Files that are missing, folders, and too large are refused by name."""
    with pytest.raises(FormatError) as error:
        read_json(tmp_path / "none.json")
    assert str(error.value) == f"{tmp_path / 'none.json'}: No such file or directory"
    with pytest.raises(FormatError) as error:
        read_json(tmp_path)
    assert str(error.value) == f"{tmp_path}: Is a directory"
    large = tmp_path / "large.json"
    with large.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(FormatError) as error:
        read_json(large)
    assert str(error.value) == f"{large}: larger than 64 MiB"


def test_read_json_keeps_decimals(tmp_path: Path) -> None:
    """A decimal in JSON stays text, so 0.1 is 1/10."""
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(FOUNDING | {"given": {"w1": 0.1}}), encoding="utf-8")
    assert problem_from_json(read_json(path)).given == {"w1": {(0, 0): F(1, 10)}}


def test_conditions_look_at_a_bounded_number_of_values() -> None:
    """A large array named often is refused before it costs minutes."""
    with pytest.raises(ProblemError) as caught:
        Problem(network=[1000, 900], samples=1, where=["w1 * w1 == w1"] * 20)
    assert str(caught.value) == (
        "where[0]: the conditions up to here look at 2700000 values, at most 2000000 are read: "
        "speak of fewer entries"
    )
