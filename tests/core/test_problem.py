"""Problems: their normal form, their numbers of samples, and their issues."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tests.core.founding import founding, issues
from zerograd.core.errors import Issue, ProblemError, format_path
from zerograd.core.model.activations import LINEAR
from zerograd.core.model.kinks import CHOICES, CONVENTIONS
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import Reference, parse_reference, resolve
from zerograd.core.question.documents import (
    problem_from_json,
)
from zerograd.core.question.loss_reading import LOSS_NAMES
from zerograd.core.question.parsing import parse_condition
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Relation, Samples, quantity_shapes

F = Fraction


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
        "any_nonzero": (),
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


def test_conditions_look_at_a_bounded_number_of_values() -> None:
    """A large array named often is refused before it costs minutes."""
    with pytest.raises(ProblemError) as caught:
        Problem(network=[1000, 900], samples=1, where=["w1 * w1 == w1"] * 20)
    assert str(caught.value) == (
        "where[0]: the conditions up to here look at 2700000 values, at most 2000000 are read: "
        "speak of fewer entries"
    )


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
        loss="mea",
        title=5,
        references=["ok", None],
        expect="maybe",
    )
    known = (*CONVENTIONS, *CHOICES)
    assert found == [
        "samples: expected a whole number, fewest, any, or {from: 2, to: 6}, found 'most'",
        "where[0]: does not parse at its end: invalid syntax",
        "where[2]: expected a condition such as 'x[0] < x[1]', found 5",
        "zero[0]: there is no w9: the network has 2 layers, counted from 1",
        "zero[1]: 'w1[' is not a name such as w1, b2[0] or w1[0,1]",
        "zero[2]: expected a name such as w1 or w1[0,1], found 7",
        "nonzero[1]: w1[0,1]: index 1 is out of range, w1 has shape (1, 1) (axis 1 runs from 0 to 0)",
        "nonzero[2]: 'y' is not a parameter of this network, or x (w1, b1, w2, b2, x)",
        f"loss: expected one of {', '.join(LOSS_NAMES)}, found 'mea' (did you mean 'mean'?)",
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
        f"derivative_at_kink: expected one of {', '.join(known)}, found 'lift' (did you mean 'left'?)",
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
        ({"where": ["grad(y) == 0"]}, "where[0]: ∂L/∂y cannot be asked (known: w1, b1, w2, b2, x)"),
        ({"where": ["x"]}, "where[0]: 'x' is a number, not a condition: compare it, e.g. with == 0"),
        ({"network": [1]}, "network: a network needs at least an input and an output width, found [1]"),
        (
            {"network": 5},
            'network: expected a Network, widths such as [1, 1, 1], or {"inputs": …, "layers": […]}, found 5',
        ),
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
