"""The loss along one parameter: its kinks and slopes are held to the core's exact loss, point by point."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from tests.show.filled import answer, filled
from zerograd.core.model.activations import ABS, HARDTANH, LINEAR, RELU, RELU6, leaky_relu
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import compare, sign
from zerograd.core.numbers.real import middle
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.witness import Witness
from zerograd.evaluate.along import Along, along, parameter, unfit

F = Fraction
LOSSES: list[Any] = ["mse", "sse", "mae", {"huber": {"delta": "1/2"}}, "hinge"]


def moved(witness: Witness, name: str, index: tuple[int, ...], t: Any) -> Witness:
    """The witness with a parameter changed by t."""
    array = witness.parameters[name]
    changed = Array.build(array.shape, lambda at: array[at] + t if at == index else array[at])
    return Witness.of(witness.problem, {**witness.variables, name: changed})


@st.composite
def lines(draw: st.DrawFn, losses: list[Any] = LOSSES) -> Along:
    """A small witness, and its loss along any of its parameters."""
    activations = st.sampled_from([RELU, ABS, RELU6, HARDTANH, leaky_relu("1/4"), LINEAR])
    layers = st.builds(Layer, st.integers(1, 2), activations, st.booleans())
    network = Network(draw(st.integers(1, 2)), tuple(draw(st.lists(layers, min_size=1, max_size=3))))
    picks = draw(st.randoms(use_true_random=False))
    pool: list[Any] = [0, 1, -1, 2, -2, F(1, 2), F(-3, 2)]
    loss = draw(st.sampled_from(losses))
    signs = {"targets": "sign"} if loss == "hinge" else {}
    values = dict(filled(network, draw(st.integers(1, 3)), lambda _: picks.choice(pool)).witness.variables)
    if signs:
        values["y"] = values["y"].map(lambda v: 1 if sign(v) > 0 else -1)
    found = answer(network, values, loss=loss, **signs)
    name = draw(st.sampled_from(sorted(network.shapes)))
    index = draw(st.sampled_from([index for index, _ in found.witness.parameters[name].items()]))
    line = along(found.witness, name, index, F(-3), F(7, 2))
    assert line is not None
    return line


def loss_at(line: Along, t: Any) -> Any:
    """L by the core."""
    return moved(line.witness, line.name, line.index, t).loss


@examples(40)
@given(lines())
def test_bends_are_where_something_is_on_a_kink(line: Along) -> None:
    """Exactly: a pre-activation, or a number of the loss, is at a kink there, and the slopes differ."""
    for bend in line.bends:
        there = moved(line.witness, line.name, line.index, bend.at)
        layers = there.problem.network.layers
        on_kinks = [
            compare(z, kink) == 0
            for layer, array in zip(layers, there.forward.z, strict=True)
            for z in array.entries
            for kink in layer.activation.kinks
        ]
        loss = there.problem.model.loss
        rows = zip(there.forward.y_hat.rows(), there.y.rows(), strict=True)
        on_kinks += [sign(v) == 0 for both in rows for _, v in loss.kinks(*both, there.point.functions)]
        assert any(on_kinks) and bend.left != bend.right and bend.samples


@examples(40)
@given(lines(["mse", "sse", "mae"]))
def test_between_stops_the_loss_is_one_polynomial(line: Along) -> None:
    """Its degree is 2 at most: so no kink is missing; the slopes at both ends are its derivatives."""
    for (low, high), (start, end) in zip(pairwise(line.stops), line.slopes, strict=True):
        step = F(high - low) / 4  # type: ignore[arg-type]
        values = [loss_at(line, low + n * step) for n in range(5)]
        second = [a - 2 * b + c for a, b, c in zip(values, values[1:], values[2:], strict=False)]
        assert len(set(second)) == 1
        rise = (values[1] - values[0]) / step
        assert start == rise - second[0] / step / 2
        assert end == (values[4] - values[3]) / step + second[0] / step / 2


@examples(15)
@given(lines())
def test_slopes_are_limits_of_the_core(line: Along) -> None:
    """Next to each stop the core's difference quotients come to the slope, from either side."""
    tiny = F(1, 10**7)
    for (low, high), (start, end) in zip(pairwise(line.stops), line.slopes, strict=True):
        if float(high - low) < 1e-3:
            continue
        rising = (loss_at(line, low + tiny) - loss_at(line, low)) / tiny
        falling = (loss_at(line, high) - loss_at(line, high - tiny)) / tiny
        assert (float(rising), float(falling)) == pytest.approx(
            (float(middle(start)), float(middle(end))), abs=1e-3
        )


@examples(15)
@given(lines())
def test_heights_are_the_loss(line: Along) -> None:
    """In float64, also at kinks and between them."""
    points = [*map(float, line.stops), -1.25, 0.0, 0.3, 2.7]
    wanted = [float(loss_at(line, F(t))) for t in points]
    assert line.heights(points) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_the_founding_example() -> None:
    """Kinks, slopes and samples as one finds them by hand: 1 + (t − 1) x is 0 at 1/2, 3/2 and 2."""
    values = {
        "w1": Array((1, 1), (-1,)), "b1": Array((1,), (1,)), "w2": Array((1, 1), (-1,)),
        "b2": Array((1,), (0,)), "x": Array((3, 1), (2, -2, -1)), "y": Array((3, 1), (1, -1, -5)),
    }  # fmt: skip
    line = along(answer(Network.mlp(1, 1, 1), values).witness, "w1", (0, 0), F(-4), F(4))
    assert line is not None
    assert [(bend.at, bend.left, bend.right, bend.samples) for bend in line.bends] == [
        (F(1, 2), 1, F(7, 3), (0,)),
        (F(3, 2), F(25, 3), 7, (1,)),
        (2, F(26, 3), F(16, 3), (2,)),
    ]
    assert not line.here.is_kink and line.here.left == line.here.right == F(-2, 3)


def test_losses_that_are_not_rational() -> None:
    """Kinks stay exact; slopes are enclosed, and hold the core's gradient."""
    network = Network(1, (Layer(1, RELU), Layer(1, LINEAR)))
    values: dict[str, Array[Any]] = {
        "w1": Array((1, 1), (1,)), "b1": Array((1,), (-1,)), "w2": Array((1, 1), (2,)),
        "b2": Array((1,), (1,)), "x": Array((2, 1), (0, 3)), "y": Array((2, 1), (0, 1)),
    }  # fmt: skip
    problem = Problem(network=network, samples=2, loss="bce_with_logits", targets="binary")
    line = along(Witness.of(problem, values), "b1", (0,), F(-5), F(5))
    assert line is not None
    assert [bend.at for bend in line.bends] == [-2, 1]
    rise = (line.heights([1e-6])[0] - line.heights([-1e-6])[0]) / 2e-6
    left: Any = line.here.left
    assert float(left.midpoint) == pytest.approx(rise, abs=1e-6)


def test_parameters_are_named_as_files_name_them() -> None:
    """An axis of length 1 may be left out; several entries, or none, are refused with what there is."""
    network = Network.mlp(1, 2, 1)
    assert parameter(network, "w1[1]") == ("w1", (1, 0)) and parameter(network, "b2") == ("b2", (0,))
    with pytest.raises(ValueError, match="w1 has shape"):
        parameter(network, "w1")
    with pytest.raises(ValueError, match=r"x is no parameter of this network \(w1, b1, w2, b2\)"):
        parameter(network, "x[0]")


def test_what_has_no_exact_pieces_says_so() -> None:
    """Smooth activations, and formulas with kinks of their own."""
    smooth: Sat = filled(Network.mlp(1, 1, 1, activation="sigmoid"), 1, lambda _: 0)
    assert "sigmoid is not piecewise linear" in str(unfit(smooth.problem))
    assert unfit(filled(Network.mlp(1, 1, 1), 1, lambda _: 0, loss="mae").problem) is None
