"""Problems that people were stuck with, in numbers of our own: the first sentence is the one they need."""

from __future__ import annotations

import pytest

import zerograd as zg
from zerograd.explaining.explanation import Cause, Kind, Row
from zerograd.report import Report
from zerograd.spec import loads


def report(text: str) -> Report:
    return zg.explain(loads(text))


def kinds(row: Row) -> list[Kind]:
    return [cause.kind for cause in row.causes]


def only(row: Row) -> Cause:
    (cause,) = row.causes
    return cause


def test_on_the_kink_on_every_sample() -> None:
    """A unit at weight 0 sits on the kink whatever the data are; the right slope would have moved it."""
    found = report("""\
network: {inputs: 1, layers: [{units: 1, activation: relu, bias: false}]}
samples: 2
given: {x: [-3, 4], y: [1, 2], w1: 0}
""")
    assert found.verdict == (
        "Every gradient is exactly zero, because the only unit of layer 1 (relu) is exactly on the kink "
        "on both samples."
    )
    cause = only(found["w1"])
    assert (cause.kind, cause.structural, cause.all_samples) == (Kind.AT_KINK, True, True)
    assert (cause.details["other_slope"], cause.details["other_gradient"]) == (1, -5)
    assert "with the right slope ∂L/∂w1 would be -5" in str(found).replace("\n      ", " ")


def test_inputs_and_biases_of_zero() -> None:
    """Nothing but the convention stops the last bias: that is the first sentence."""
    found = report("""\
network:
  inputs: 2
  layers: [{units: 2}, {units: 1, activation: relu}]
samples: 2
given:
  {x: [[0, 0], [0, 0]], y: [1, 1], w1: [[0.1, -0.2], [0.3, 0.4]], b1: [0, 0], w2: [[0.5, -0.6]], b2: 0}
""")
    assert found.verdict == (
        "Every gradient is exactly zero, because the only unit of layer 2 (relu) is exactly on the kink "
        "on both samples."
    )
    assert only(found["b2"]).details["other_gradient"] == -2
    assert Kind.ZERO_FACTOR in kinds(found["w1"])


def test_both_factors_zero() -> None:
    """A saddle: each is multiplied by the other."""
    found = report("""\
network:
  inputs: 2
  layers: [{units: 1, activation: linear, bias: false}, {units: 2, activation: linear, bias: false}]
samples: 2
given: {x: [[3, 1], [-1, 2]], y: [[1, 0], [0, 1]], w1: [[0, 0]], w2: [[0], [0]]}
""")
    assert found.verdict.startswith(
        "Every gradient is exactly zero, because the weights out of the only unit"
    )
    assert "(w2), and because every term has a factor that is 0: w1 at layer 1 (linear)." in found.verdict
    weight, factor = only(found["w1"]), only(found["w2"])
    assert (weight.kind, weight.structural, factor.kind, factor.structural) == (
        Kind.ZERO_WEIGHT,
        True,
        Kind.ZERO_FACTOR,
        True,
    )
    assert factor.details["both"]


def test_tiny_weights_have_gradients() -> None:
    """Small products are not zero; one unit that is off is named."""
    found = report("""\
network: [1, 2, 2, 1]
samples: 2
given:
  x: [1/4, -1/2]
  y: [1/8, -1/4]
  w1: [0.0011, -0.0009]
  b1: [0.0003, 0.0001]
  w2: [[0.0007, -0.0012], [0.0005, 0.0014]]
  b2: [0.0002, -0.0006]
  w3: [[0.0013, -0.0006]]
  b3: 0.0001
""")
    assert (
        "4 entries of w2, b2 and w3, because unit 1 of layer 2 (relu) is off on both samples" in found.verdict
    )
    assert found["w1"].entries.zero == 0


def test_saturated_is_neither_inactive_nor_dead() -> None:
    """The critic's output is clipped on one sample: the input's gradient is zero there alone."""
    text = """\
network: {inputs: 1, layers: [{units: 1, bias: false}, {units: 1, activation: hardtanh, bias: false}]}
samples: 2
given: {x: [2, 1/8], w1: 1, w2: 3, y: [0, 1]}
zero: ["x[0]"]
"""
    found = report(text)
    assert found.verdict == (
        "No whole gradient is zero, but the gradient is exactly zero in 1 entry of x, because the only unit "
        "of layer 2 (hardtanh) is saturated on sample 0."
    )
    assert only(found["x"]).samples == (0,)
    for shown in (str(found), text_of(text)):
        assert "saturated on sample 0" in shown
        assert "inactive" not in shown
        assert "dead" not in shown


def text_of(text: str) -> str:
    from zerograd.show.text import answer_text

    return answer_text(zg.solve(loads(text)))


def test_rounding_carries_a_unit_across_the_kink() -> None:
    """The unit is on the kink as the decimals stand; in float64 it is on, and its row is not 0."""
    found = report("""\
network: [3, 2, 1]
samples: 1
given:
  x: [[1, 1, 1]]
  w1: [[0.1, 0.2, -0.3], [0.4, 0.1, 0.1]]
  b1: [0, 0]
  w2: [[0.7, 0.3]]
  b2: 0
  y: [1]
""")
    row = found["b1"]
    cause = only(row)
    assert (cause.kind, cause.details["units"]) == (Kind.AT_KINK, (0,))
    assert (row.entries.zero, row.floats.zero, row.floats.across_kink, row.floats.noise) == (1, 0, 1, 0)
    assert "rounding in float64 carried a unit that this depends on across its kink" in str(found).replace(
        "\n      ", " "
    )


def test_stationary_is_not_a_minimum() -> None:
    """On the kink, and both factors zero: both are said."""
    found = report("""\
network: {inputs: 1, layers: [{units: 1, bias: false}, {units: 1, bias: false}]}
samples: 2
given: {x: [2, -1], y: [3, 0], w1: 0, w2: 0}
""")
    assert kinds(found["w1"]) == [Kind.AT_KINK, Kind.ZERO_WEIGHT]
    assert kinds(found["w2"]) == [Kind.ZERO_FACTOR]
    assert found["w2"].causes[0].details["both"]
    assert all(cause.structural for name in ("w1", "w2") for cause in found[name].causes)


def test_three_causes_in_three_layers() -> None:
    """Layer 2 is off, layer 3 therefore on the kink, the last bias cancels: all three are said."""
    found = report("""\
network: [1, 2, 2, 2, 1]
samples: 2
given:
  {x: [-1, 1], y: [1, 3], w1: [1, -1], b1: [0, 0], w2: [[-1, -1], [-1, -2]], b2: [0, 0],
   w3: [[1, 2], [3, 1]], b3: [0, 0], w4: [[1, -1]], b4: 2}
""")
    assert {cause.kind for cause in found["w1"].causes} == {Kind.DEAD, Kind.AT_KINK}
    assert "both units of layer 3 (relu) are exactly on the kink on both samples" in found.verdict
    assert "both units of layer 2 (relu) are off on both samples" in str(found).replace("\n      ", " ")
    assert "the terms at the only unit of layer 4 (linear) on both samples cancel exactly: 1 − 1 = 0" in (
        found.verdict
    )
    assert {"layer 2 (relu), units 0, 1", "layer 3 (relu), units 0, 1", "layer 4 (linear), unit 0"} <= {
        cause.where for row in found.explanation.last.parameters.values() for cause in row.causes
    }


def cancelling(x: str, w1: str, w2: str, b2: int = -2) -> str:
    """Return what is said where what comes back over three samples of y = −1, 2, −1 cancels."""
    found = report(f"""\
network: [2, 2, 1]
samples: 3
given: {{x: {x}, y: [-1, 2, -1], w1: {w1}, b1: [1, 1], w2: [{w2}], b2: {b2}}}
""")
    return " ".join(str(found).split())


def test_a_sum_of_one_entry_is_an_example() -> None:
    """The sums of w1's entries differ: the one that is shown is said to be one entry's."""
    told = cancelling("[[1, 2], [1, 2], [1, 2]]", "[[0, 0], [0, 0]]", "[1, -1]", b2=0)
    assert "cancel exactly, for example w1[0,0]: 2/3 − 4/3 + 2/3 = 0" in told


def test_a_sum_of_all_entries_is_no_example() -> None:
    """All four sums are the same: it stands for each, and the units do not cancel each other."""
    told = cancelling("[[1, 1], [1, 1], [1, 1]]", "[[0, 0], [0, 0]]", "[1, 1]")
    assert "both units of layer 1 (relu) on all 3 samples cancel exactly, at each by itself: " in told
    assert "for example" not in told


@pytest.mark.parametrize(
    "data", ["x: [[3, -1], [2, 5]], y: [[1, 2], [3, 4]]", "x: [[1, 0], [0, 1]], y: [[0, 0], [0, 9]]"]
)
def test_two_layers_of_zeros_never_learn(data: str) -> None:
    """Whatever the data are, each gradient has the other layer as a factor."""
    found = report(f"""\
network: {{inputs: 2, layers: [{{units: 2, bias: false}}, {{units: 2, activation: linear, bias: false}}]}}
samples: 2
given: {{w1: [[0, 0], [0, 0]], w2: [[0, 0], [0, 0]], {data}}}
""")
    for name in ("w1", "w2"):
        assert found[name].entries.zero == 4
        assert any(cause.structural and cause.alone and cause.entries == 4 for cause in found[name].causes)
    assert "this holds whatever the data and targets are" in str(found).replace("\n      ", " ")
