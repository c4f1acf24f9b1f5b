"""Pictures say what is so: their bars, lines, strips and labels are read back, and computed again."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib import colors, rc_context, rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import zerograd as zg
from tests.show.filled import ROOT, answer, filled, founding
from zerograd.core.model.activations import (
    ABS,
    HARDTANH,
    LINEAR,
    RELU,
    RELU6,
    Activation,
    leaky_relu,
    piecewise,
)
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Algebraic, Exact, sign
from zerograd.core.numbers.univariate import polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Answer, Sat, Unknown, Unsat
from zerograd.core.verdict.witness import Witness
from zerograd.show.plot import KINDS, PICTURES, Kind, NothingToPlot, Picture, bars, picture, plot
from zerograd.show.plot.contributions import contributions
from zerograd.show.plot.figure import drawn
from zerograd.show.plot.grid import outputs_at
from zerograd.show.plot.points import MARKERS
from zerograd.show.plot.style import (
    FAINT,
    HATCHES,
    LINES,
    PALE,
    TITLE,
    Ticks,
    extent,
    number,
    styled,
    title_text,
)  # fmt: skip

F = Fraction
ALPHA = Algebraic(ROOT, polynomial([0, 1]))
BENT = [RELU, ABS, RELU6, HARDTANH, leaky_relu("1/4"), leaky_relu(-2)]
HOSTILE = r"\x1b[31m100% of $x_1$ & <b> ]]> --> -- ${ \frac{1} $ # ~ 	 é"

Floats = np.ndarray[Any, np.dtype[np.float64]]


def varied(network: Network, samples: int, **asked: Any) -> Sat:
    """Small numbers of both signs, no two in a row alike."""
    return filled(network, samples, lambda n: F((n * 7 + n * n * 3) % 11 - 5, 1 + n % 2), **asked)


def shown(found: Answer, kind: Kind, *, width: float = 10.0, height: float = 5.0) -> Axes:
    """In axes of a given size in inches, whose place is final."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return plot(found, kind=kind, ax=figure.add_subplot())


def network_at(witness: Witness, x: Any) -> tuple[list[Floats], Floats]:
    """Pre-activations of all layers, and the output, in float64 and by `pieces` alone."""
    a: Floats = np.asarray(x, dtype=float)
    every = []
    for n, layer in enumerate(witness.problem.network.layers, start=1):
        w = np.array(witness.parameters[f"w{n}"].map(float).tolist())
        b = np.array(witness.parameters[f"b{n}"].map(float).tolist()) if layer.bias else 0.0
        z: Floats = a @ w.T + b
        every.append(z)
        a = np.vectorize(lambda v, layer=layer: value_of(layer.activation, v), otypes=[float])(z)
    return every, a


def value_of(activation: Activation, z: float) -> float:
    side = sum(z > float(kink) for kink in piecewise(activation).kinks)
    return float(piecewise(activation).slopes[side]) * z + float(piecewise(activation).offsets[side])


def texts(ax: Axes) -> list[str]:
    """What is written into the axes, save for what is empty."""
    return [text.get_text() for text in ax.texts if text.get_text()]


def markers(ax: Axes, kind: object, face: str | None = None) -> list[tuple[float, float]]:
    """Where the markers of a kind are."""
    return [
        (float(x), float(y))
        for line in ax.lines
        if line.get_marker() == kind and line.get_linestyle() == "None"
        if line.get_transform() == ax.transData
        if face is None or colors.same_color(line.get_markerfacecolor(), face)
        for x, y in np.asarray(line.get_xydata())
    ]


def curves(ax: Axes) -> list[Line2D]:
    """The lines that are functions."""
    return [line for line in ax.lines if str(line.get_label()).startswith("ŷ")]


integers = st.integers(-4, 4)
numbers = st.one_of(integers, integers, st.fractions(-3, 3, max_denominator=4), st.just(ALPHA))


@st.composite
def answers(draw: st.DrawFn, inputs: int | None = None, depth: int = 3) -> Sat:
    """Small networks of all activations; samples at the same place and on kinks occur."""
    activations = st.sampled_from([RELU, *BENT, LINEAR])
    layers = st.builds(Layer, st.integers(1, 3), activations, st.booleans())
    network = Network(
        inputs or draw(st.integers(1, 3)), tuple(draw(st.lists(layers, min_size=1, max_size=depth)))
    )
    samples = draw(st.integers(1, 4))
    pool = draw(st.lists(numbers, min_size=5, max_size=9))
    picks = draw(st.randoms(use_true_random=False))
    return filled(network, samples, lambda _: picks.choice(pool))


checked = settings(
    deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

# What each sample adds


def alone(witness: Witness, sample: int) -> dict[str, Array[Exact]]:
    """The gradients of a dataset of one sample: by the checker, independently of what is drawn."""
    problem = Problem(
        network=witness.problem.network, samples=1, derivative_at_kink=witness.problem.derivative_at_kink
    )
    data = {"x": Array((1, witness.x.shape[1]), witness.x.rows()[sample]),
            "y": Array((1, witness.y.shape[1]), witness.y.rows()[sample])}  # fmt: skip
    return Witness.of(problem, {**witness.parameters, **data}).gradients


def stacks(ax: Axes) -> dict[int, list[float]]:
    """The heights of the filled bars of each entry, in order, those below zero as negative ones."""
    found: dict[int, list[float]] = {}
    for patch in ax.patches:
        if isinstance(patch, Rectangle) and patch.get_fill():
            bottom, height = patch.get_y(), patch.get_height()
            place = round(patch.get_x() + patch.get_width() / 2)
            found.setdefault(place, []).append(height if bottom + height / 2 > 0 else -height)
    return found


def entry_of(tick: str, witness: Witness) -> tuple[str, tuple[int, ...]]:
    """The entry that stands below a bar."""
    match = re.match(r"∂L/∂(\w+)((?:\[[\d,]+\])?)", tick)
    assert match
    name, index = match[1], match[2].strip("[]")
    shape = witness.gradients[name].shape
    full = [int(v) for v in index.split(",")] if index else []
    if len(full) < len(shape):  # axes of length 1 are not written
        rest = iter(full)
        full = [0 if length == 1 else next(rest) for length in shape]
    return name, tuple(full)


@checked
@given(answers())
def test_bars_are_what_each_sample_adds(found: Sat) -> None:
    """Bars are the gradients of each sample alone, over M; they sum to the gradient, where its diamond is."""
    ax = shown(found, "contributions")
    witness = found.witness
    own = "scale of their own" in ax.get_xlabel()
    heights, diamonds = stacks(ax), markers(ax, "D", "white")
    singles = [alone(witness, m) for m in range(witness.samples)]
    ticks = [tick.get_text() for tick in ax.get_xticklabels()]
    assert (
        len(diamonds)
        == len(ticks)
        == min(12, sum(len(g.entries) for n, g in witness.gradients.items() if n != "x"))
    )
    for place, tick in enumerate(ticks):
        name, index = entry_of(tick, witness)
        shares = [float(g[name][index]) / witness.samples for g in singles]
        scale = max(sum(v for v in shares if v > 0), -sum(v for v in shares if v < 0)) if own else 1.0
        expected = [v / (scale or 1.0) for v in shares if v]
        assert heights.get(place, []) == pytest.approx(expected, abs=1e-9)
        total = float(witness.gradients[name][index]) / (scale or 1.0)
        assert diamonds[place][1] == pytest.approx(total, abs=1e-9)
        assert sum(heights.get(place, [])) == pytest.approx(total, abs=1e-9)
        assert abs(diamonds[place][0] - place) < 0.5


@checked
@given(answers())
def test_bars_lie_on_one_another(found: Sat) -> None:
    """From zero upwards or downwards, each where the one before ends: without gaps, nothing covered."""
    ax = shown(found, "contributions")
    ends: dict[tuple[int, bool], float] = {}
    for patch in ax.patches:
        if isinstance(patch, Rectangle) and patch.get_fill():
            low, high = patch.get_y(), patch.get_y() + patch.get_height()
            up = (low + high) / 2 > 0
            key = (round(patch.get_x() + patch.get_width() / 2), up)
            assert (low if up else high) == pytest.approx(ends.get(key, 0.0), abs=1e-9)
            ends[key] = high if up else low
    bottom, top = ax.get_ylim()
    assert all(bottom < end < top for end in ends.values())


def test_numbers_in_bars_are_exact() -> None:
    """The founding example: its contributions and its gradients, as a lecturer would write them."""
    ax = shown(founding(), "contributions")
    assert Counter(texts(ax)) == Counter(
        ["−2/3", "−2/3", "0", "0",  # the gradients
         "−8/3", "2", "−4/3", "2/3", "−4/3", "4/3", "2/3", "−4/3", "2/3"]
    )  # fmt: skip
    assert [tick.get_text() for tick in ax.get_xticklabels()] == [
        "∂L/∂w1\nasked: nonzero", "∂L/∂b1\nasked: nonzero", "∂L/∂w2\nasked: zero", "∂L/∂b2\nasked: zero",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [4.0, 7.0, 11.0, 16.0])
def test_every_gradient_is_written(width: float) -> None:
    """Beside its diamond, or below its bar: the last one too, at the edge of the picture."""
    found = filled(Network.mlp(1, 2, 1), 3, [-2, -3, 0, -3, 3, 3, 3, 2, -1, -3, 3, -4, 2].__getitem__)
    ax = shown(found, "contributions", width=width)
    ticks = [tick.get_text() for tick in ax.get_xticklabels()]
    values = [number(found.witness.gradients[n][i]) for n, i in (entry_of(t, found.witness) for t in ticks)]
    beside = [text for text in ax.texts if text.get_fontweight() == "bold"]
    if beside:
        assert [text.get_text() for text in beside] == values
        frame = ax.get_window_extent()
        assert all(
            frame.x0 < text.get_window_extent().x0 and text.get_window_extent().x1 < frame.x1
            for text in beside
        )
    else:
        assert all(re.search(f"= {value}$", tick) for tick, value in zip(ticks, values, strict=True))


def test_long_values_take_lines_before_they_are_turned() -> None:
    """Twelve entries with their values stand upright, and do not touch."""
    found = filled(Network.mlp(1, 30, 1), 12, lambda n: n % 7 - 3)
    with styled():
        figure = drawn(found.witness, KINDS)
    labels = figure.axes[2].get_xticklabels()
    assert len(labels) == 12
    assert all("\n= " in tick.get_text() and tick.get_rotation() == 0 for tick in labels)
    boxes = [tick.get_window_extent() for tick in labels]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_a_number_that_is_not_exact_does_not_claim_to_be() -> None:
    """Numbers too long to write out are about so much, not "= ≈" so much."""
    found = filled(Network.mlp(1, 1, 1), 2, lambda n: F(3**70 + n, 7**30))
    for kind in KINDS:
        ax = shown(found, kind)
        every = [*texts(ax), *(tick.get_text() for tick in ax.get_xticklabels())]
        assert any("≈" in text for text in every)
        assert not any("= ≈" in text or "=\n≈" in text for text in every)


def test_entries_of_unequal_size_have_scales_of_their_own() -> None:
    """Where one bar would hide another: the longest of each is 1, there are no ticks, and a note says so."""
    found = filled(Network.mlp(1, 1, 1), 2, [1000, 0, 1, 0, 1, 2, 0, 0].__getitem__)
    ax = shown(found, "contributions")
    assert "The bars of each entry have a scale of their own." in ax.get_xlabel()
    assert len(ax.get_yticks()) == 0
    assert all(max(map(abs, np.cumsum(stack))) == pytest.approx(1) for stack in stacks(ax).values())


@pytest.mark.parametrize("size", [F(1, 10**400), F(1, 10**95), 10**120, 10**400])
def test_bars_of_any_size(size: Exact) -> None:
    """Divided before they are rounded, contributions beyond float64 are drawn like any others."""
    small = founding().witness
    scaled = {**small.parameters, "x": small.x, "y": small.y}
    for name in ("w2", "b2", "y"):  # a multiple of the function has residuals that are multiples
        scaled[name] = scaled[name].map(lambda v: v * size)
    ax = shown(answer(small.problem.network, scaled), "contributions")
    sums = [round(sum(stack), 9) for _, stack in sorted(stacks(ax).items())]
    assert sums == [-0.25, -0.5, 0, 0]


def test_samples_beyond_the_legend() -> None:
    """What is left over of many samples is drawn as others, positive and negative ones apart."""
    found = filled(Network.mlp(1, 2, 1), 40, lambda n: n * n % 17 - 8)
    table = contributions(found.witness)
    assert len(table.samples) == 11 and table.rest == 29
    for row in table.rows:
        assert sum(row.shares, 0) + sum(row.others, 0) == row.total
        assert sign(row.others[0]) >= 0 >= sign(row.others[1])
        singles = [alone(found.witness, m)[row.name][row.index] for m in range(40) if m not in table.samples]
        hidden = [single * F(1, 40) for single in singles]
        for number_, others in zip((1, -1), row.others, strict=True):
            assert others == sum([v for v in hidden if sign(v) == number_], start=F(0))
    labels = [text.get_text() for text in shown(found, "contributions").get_legend().get_texts()]  # type: ignore[union-attr]
    assert labels == [*(f"sample {m}" for m in table.samples), "29 others: + and −", "sum: the gradient"]


def test_entries_that_were_asked_for_come_first() -> None:
    """Gradients by inputs are drawn where they were asked for; what is left out is counted."""
    found = varied(Network.mlp(2, 4, 1), 3)
    entry = next(f"x[{m},{d}]" for (m, d), v in found.witness.gradients["x"].items() if v)
    asked = answer(found.problem.network, found.witness.variables, nonzero=["b2", entry])
    ax = shown(asked, "contributions")
    ticks = [tick.get_text() for tick in ax.get_xticklabels()]
    assert {tick.split()[0] for tick in ticks[:2]} == {"∂L/∂b2", f"∂L/∂{entry}"}
    assert "asked" in ticks[1] and "asked" not in "".join(ticks[2:])
    assert "6 more entries are not drawn." in ax.get_xlabel()


# The function of one input


@checked
@given(answers(inputs=1))
def test_the_curve_is_the_function(found: Sat) -> None:
    """At every point between its ends, and so at the samples; its kinks are where a unit has one."""
    ax = shown(found, "function")
    witness = found.witness
    lines = curves(ax)
    assert len(lines) == witness.problem.network.outputs
    left, right = ax.get_xlim()
    xs = np.array([*np.linspace(left, right, 41)[1:-1], *(float(v) for v in witness.x.entries)])
    _, y = network_at(witness, xs[:, None])
    for k, line in enumerate(lines):
        at_x, at_y = line.get_data()
        assert np.interp(xs, at_x, at_y) == pytest.approx(y[:, k], abs=1e-6)  # type: ignore[arg-type]
    fitted = np.interp([float(v) for v in witness.x.entries], *lines[0].get_data())  # type: ignore[arg-type]
    assert fitted == pytest.approx([float(row[0]) for row in witness.forward.y_hat.rows()], abs=1e-6)


@checked
@given(answers(inputs=1))
def test_kinks_are_where_units_change_sides(found: Sat) -> None:
    """At each diamond a pre-activation is at a kink, and the slope changes; between them, nowhere."""
    ax = shown(found, "function")
    witness = found.witness
    step = 1e-6 * (ax.get_xlim()[1] - ax.get_xlim()[0])
    kinks = sorted({x for x, _ in markers(ax, "D", "white")})
    for x in kinks:
        pre, y = network_at(witness, [[x - step], [x], [x + step]])
        layers = witness.problem.network.layers
        assert any(
            abs(z - float(kink)) < 1e-6 * (1 + abs(z))
            for values, layer in zip(pre, layers, strict=True)
            for z in values[1]
            for kink in piecewise(layer.activation).kinks
        )
        assert np.abs(y[2] - 2 * y[1] + y[0]).max() > 1e-3 * step
    for low, high in pairwise([ax.get_xlim()[0], *kinks, ax.get_xlim()[1]]):
        _, y = network_at(witness, np.linspace(low, high, 9)[:, None])
        assert np.diff(y, 2, axis=0) == pytest.approx(0, abs=1e-6 * (1 + np.abs(y).max()))


@checked
@given(answers())
def test_residuals_go_from_targets_to_outputs(found: Sat) -> None:
    """A bar for every output of every sample, as long as its residual, and a marker at its target."""
    if found.problem.network.inputs == 2:
        return  # they are written, not drawn
    ax = shown(found, "function")
    witness = found.witness
    [bars_] = [c for c in ax.collections if isinstance(c, LineCollection)]
    segments = [np.asarray(s) for s in bars_.get_segments()]
    outputs = range(witness.problem.network.outputs)
    wanted = [
        (float(witness.y[m, k]), float(witness.forward.y_hat[m, k]))
        for m in range(witness.samples)
        for k in outputs
    ]
    assert [(s[0][1], s[1][1]) for s in segments] == [pytest.approx(ends) for ends in wanted]
    if witness.problem.network.inputs == 1:
        assert [s[0][0] for s in segments] == [float(v) for v in witness.x.entries for _ in outputs]
    else:
        assert [round(s[0][0]) for s in segments] == [m for m in range(witness.samples) for _ in outputs]
        assert [y for _, y in markers(ax, "D")] == pytest.approx([fitted for _, fitted in wanted])
    for k in outputs:
        targets = [float(row[k]) for row in witness.y.rows()]
        assert [y for _, y in markers(ax, MARKERS[k])] == pytest.approx(targets)


@checked
@given(answers())
def test_written_residuals_are_exact(found: Sat) -> None:
    """No label says a wrong number, and those that are missing are counted."""
    ax = shown(found, "function")
    residuals = found.witness.point.residuals
    written = [text for text in texts(ax) if text.startswith("r")]
    assert all("≈" in text or re.fullmatch(r"r(\[[\d,]+\])? = [−\d/(), ]+", text) for text in written)
    wanted = Counter(map(number, residuals.entries))
    if found.problem.network.inputs != 2:
        said = Counter(re.split(" = |(?<=]) (?=≈)", text, maxsplit=1)[1] for text in written)
        assert said <= wanted
        missing = re.search(r"(\d+) labels? left out", ax.get_xlabel())
        assert said.total() + (int(missing[1]) if missing else 0) == wanted.total()


def strips(ax: Axes) -> dict[str, list[tuple[float, float, bool]]]:
    """Of each strip the parts from left to right, and whether they are shaded."""
    below = ax.get_xaxis_transform()
    rows: dict[float, list[tuple[float, float, bool]]] = {}
    for patch in ax.patches:
        if isinstance(patch, Rectangle) and patch.get_data_transform() == below:
            shaded = colors.same_color(patch.get_facecolor(), PALE)
            assert bool(patch.get_hatch()) == shaded
            middle = round(patch.get_y() + patch.get_height() / 2, 6)
            rows.setdefault(middle, []).append((patch.get_x(), patch.get_x() + patch.get_width(), shaded))
    beside = [text for text in ax.texts if text.get_transform() == ax.transAxes]
    names = {round(text.get_position()[1], 6): text.get_text() for text in beside}
    return {names[height]: parts for height, parts in rows.items()}


@checked
@given(answers(inputs=1))
def test_strips_are_shaded_where_units_have_slopes(found: Sat) -> None:
    """Every unit with a kink has a strip, or shares one, that covers the picture."""
    ax = shown(found, "function", height=8)
    layers = found.problem.network.layers
    rows = strips(ax)
    units = {
        (f"z{n}" if layer.units == 1 else f"z{n}[{u}]"): (n, u)
        for n, layer in enumerate(layers, start=1) if layer.activation.has_kinks for u in range(layer.units)
    }  # fmt: skip
    if all("in all" not in name for name in rows) and "different ones" not in ax.get_xlabel():
        assert {unit for name in rows for unit in name.split(", ")} == set(units)
    for names, parts in rows.items():
        assert parts[0][0] == pytest.approx(ax.get_xlim()[0]) and parts[-1][1] == pytest.approx(
            ax.get_xlim()[1]
        )
        assert all(a[1] == pytest.approx(b[0]) for a, b in pairwise(parts))
        n, unit = units[names.split(", ")[0]]
        activation = layers[n - 1].activation
        for low, high, shaded in parts:
            pre, _ = network_at(found.witness, [[low + (high - low) * t] for t in (0.25, 0.5, 0.75)])
            for z in pre[n - 1][:, unit]:
                if all(abs(z - float(kink)) > 1e-9 for kink in piecewise(activation).kinks):
                    assert (
                        piecewise(activation).slopes[sum(z > float(k) for k in piecewise(activation).kinks)]
                        != 0
                    ) == shaded


def test_strips_do_not_cover_the_label_of_the_axis() -> None:
    """The names of many strips stand below what is said of the heights."""
    found = filled(Network.mlp(1, 30, 1), 5, lambda n: n * n % 11 - 5)
    figure = drawn(found.witness, KINDS)
    ax = figure.axes[0]
    names = [text for text in ax.texts if text.get_text().startswith("z1")]
    assert len(names) == 8
    box = ax.yaxis.label.get_window_extent()
    assert not any(box.overlaps(name.get_window_extent()) for name in names)


def test_units_on_one_side_everywhere() -> None:
    """A dead unit has a strip without shading; what is written in it says so."""
    dead = shown(filled(Network.mlp(1, 1, 1), 2, [0, -1, 1, 0, 1, 2, 3, 4].__getitem__), "function")
    assert strips(dead) == {"z1": [(*dead.get_xlim(), False)]}
    assert "inactive" in texts(dead) and "active" not in texts(dead)


def test_curve_with_too_many_kinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is drawn through many points, without kinks, and says so."""
    found = varied(Network.mlp(1, 3, 3, 1), 4)
    monkeypatch.setattr("zerograd.show.plot.piecewise.MOST_STEPS", 20)
    ax = shown(found, "function")
    assert "too many kinks" in ax.get_xlabel()
    assert not markers(ax, "D", "white")
    [curve] = curves(ax)
    x, y = (np.asarray(v) for v in curve.get_data())
    assert y[::100] == pytest.approx(network_at(found.witness, x[::100, None])[1][:, 0])


# The function of two inputs


@checked
@given(answers(inputs=2))
def test_kink_lines_of_two_inputs(found: Sat) -> None:
    """Each runs along a kink of a unit of layer 1; its ticks are on the side where the unit has a slope."""
    ax = shown(found, "function")
    witness, layer = found.witness, found.problem.network.layers[0]
    lines = [line for line in ax.lines if line.get_marker() == "None"]
    for line in lines:
        ends = np.asarray(line.get_xydata())
        pre, _ = network_at(witness, ends)
        scale = 1 + np.abs(ends).max() * 10
        assert any(
            np.allclose(pre[0][:, u], float(kink), atol=1e-6 * scale)
            for u in range(layer.units) for kink in piecewise(layer.activation).kinks
        )  # fmt: skip
    for ticks in (c for c in ax.collections if isinstance(c, LineCollection)):
        for start, end in ticks.get_segments():
            pre, _ = network_at(witness, [start, end])
            sided = [
                u for u in range(layer.units) for n, kink in enumerate(piecewise(layer.activation).kinks)
                if abs(pre[0][0, u] - float(kink)) < 1e-6 * (1 + np.abs(start).max() * 10)
                if piecewise(layer.activation).slopes[n + (pre[0][1, u] > float(kink))] != 0
            ]  # fmt: skip
            assert sided
    assert markers(ax, "o") == [tuple(map(float, row)) for row in witness.x.rows()]


def test_every_unit_is_accounted_for_in_the_plane() -> None:
    """A unit has a line, or is said to be outside of the picture, or to have none."""
    weights: list[Exact] = [1, 0, 0, 1, 1, 1, 0, 0]  # w1
    flat = [*weights, 0, 0, -1000, 5, 1, 1, 1, 1, 0, 1, 1, -1, 2, 2, -2, 0, 0, 0]
    ax = shown(filled(Network.mlp(2, 4, 1), 3, flat.__getitem__), "function")
    assert {"z1[0] = 0", "z1[1] = 0"} <= set(texts(ax))
    notes = ax.get_xlabel()
    assert "Outside of the picture: z1[2] = 0." in notes
    assert "The weights of z1[3] are 0: no kink line." in notes


def test_samples_in_the_plane_have_their_residuals() -> None:
    """Exact, and as vectors where there are several outputs."""
    found = varied(Network.mlp(2, 2, 2), 3)
    rows = found.witness.point.residuals.rows()
    wanted = [f"r[{m}] = ({number(a)}, {number(b)})" for m, (a, b) in enumerate(rows)]
    assert [text for text in texts(shown(found, "function")) if text.startswith("r")] == wanted


@checked
@given(answers(inputs=2))
def test_levels_of_the_background(found: Sat) -> None:
    """The function behind level lines is the network's."""
    inputs = np.array([[0.3, -1.7], [-2.1, 0.9], [3.3, 4.1]])
    assert outputs_at(found.witness, inputs) == pytest.approx(network_at(found.witness, inputs)[1])


def test_background_beyond_float64() -> None:
    """Where the samples are harmless, but the function overflows beside them, a note says so."""
    large = 10**99
    layers = (*(Layer(1, RELU),) * 5, Layer(1, LINEAR))
    flat = [large, large, 0, *[large, 0] * 4, 1, 0, 0, 0, -1, -1, 0, 0]
    ax = shown(filled(Network(2, layers), 2, flat.__getitem__), "function")
    assert "ŷ is too large here for lines" in ax.get_xlabel()
    same = filled(Network.mlp(2, 1, 1), 1, [0, 0, -1, 1, 2, 1, 1, 3].__getitem__)
    assert "ŷ is the same everywhere in the picture." in shown(same, "function").get_xlabel()


# The network


def edges(ax: Axes) -> list[tuple[tuple[float, float], tuple[float, float], bool]]:
    """(start, end, dashed) of all connections."""
    return [
        ((ends[0][0], ends[0][1]), (ends[1][0], ends[1][1]), line.get_linestyle() != "-")
        for line in ax.lines
        if len(ends := np.asarray(line.get_xydata())) == 2
    ]


@checked
@given(answers(depth=2))
def test_the_diagram_names_each_weight(found: Sat) -> None:
    """On its connection, which is dashed where the weight is 0; biases below their units."""
    ax = shown(found, "network", height=7)
    witness = found.witness
    missing = re.search(r"(\d+) numbers? left out", ax.get_xlabel())
    every = [text for text in ax.texts if text.get_text()]
    weights = [
        (n, unit, below, witness.parameters[f"w{n}"][unit, below])
        for n, layer in enumerate(found.problem.network.layers, start=1)
        for unit in range(layer.units)
        for below in range(found.problem.network.widths[n - 1])
    ]
    lines = edges(ax)
    assert len(lines) == len(weights)
    lacking = 0
    for (n, _, _, weight), (start, end, dashed) in zip(weights, lines, strict=True):
        assert dashed == (weight == 0)
        named = f"w{n} = " if len(witness.parameters[f"w{n}"].entries) == 1 else ""
        (x0, y0), (x1, y1) = start, end
        on = [
            text for text in every if text.get_text() == named + number(weight)
            if x0 < (x := text.get_position()[0]) < x1
            if abs(text.get_position()[1] - (y0 + (y1 - y0) * (x - x0) / (x1 - x0)))
            < (25 if y0 == y1 else 0.5)
        ]  # fmt: skip
        lacking += not on
    said = [text.get_text() for text in every]
    for n, layer in enumerate(found.problem.network.layers, start=1):
        for unit in range(layer.units if layer.bias else 0):
            name = f"b{n}" if layer.units == 1 else f"b{n}[{unit}]"
            lacking += f"{name} = {number(witness.parameters[f'b{n}'][(unit,)])}" not in said
    assert lacking == (int(missing[1]) if missing else 0)


def test_the_diagram_of_the_founding_example() -> None:
    """Everything that there is to say of it."""
    assert sorted(texts(shown(founding(), "network"))) == sorted(
        ["input", "layer 1\nrelu", "layer 2\nlinear", "x", "a1", "ŷ",
         "w1 = 1", "w2 = 1", "b1 = −1", "b2 = −1"]
    )  # fmt: skip


def test_dead_units_are_crossed_out() -> None:
    """Those whose slope is 0 on every sample, and no others; the legend says what the cross means."""
    found = filled(Network.mlp(1, 3, 1), 2, [1, 1, 1, 0, -9, -2, 1, 1, 1, 0, 1, 3, 0, 0].__getitem__)
    ax = shown(found, "network")
    named = {text.get_text(): text.get_position() for text in ax.texts}
    assert markers(ax, "x") == [named["a1[1]"]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["dead: slope 0 on every sample"]  # type: ignore[union-attr]


def test_units_are_as_broad_as_their_names() -> None:
    """However small the units are, their names can be read, and do not run over their edges."""
    found = filled(Network.mlp(5, 7, 4, 3), 2, lambda n: n % 5 - 2)
    figure = drawn(found.witness, KINDS)
    ax = figure.axes[1]
    single = [
        line for line in ax.lines if len(np.asarray(line.get_xdata())) == 1 and line.get_marker() != "x"
    ]
    units = {tuple(np.asarray(line.get_xydata())[0]): line for line in single}
    names = [text for text in ax.texts if text.get_position() in units and text.get_text() != "⋮"]
    assert len(names) == 5 + 4 + 4 + 3
    for name in names:
        assert float(name.get_fontsize()) >= 7
        box, unit = name.get_window_extent(), units[name.get_position()].get_window_extent()
        assert unit.x0 < box.x0 and box.x1 < unit.x1


def test_layers_and_units_that_are_left_out() -> None:
    """Large networks are abbreviated, and say what is missing."""
    wide = shown(filled(Network.mlp(1, 30, 1), 1, lambda n: n % 5 - 2), "network")
    assert "Layer 1: 4 of 30 are drawn." in wide.get_xlabel()
    assert {"a1[0]", "a1[1]", "a1[2]", "⋮", "a1[29]"} <= set(texts(wide))
    deep = Network(1, (*(Layer(1, RELU),) * 9, Layer(1, LINEAR)))
    ax = shown(filled(deep, 1, lambda n: n % 5 - 2), "network")
    assert "5 of 10 layers are drawn." in ax.get_xlabel()
    assert "⋯" in texts(ax) and {"x", "a1", "a3", "a9", "ŷ"} <= set(texts(ax)) and "a5" not in texts(ax)


# Reading


def overlaps(ax: Axes, among: Callable[[Text], bool]) -> list[tuple[str, str]]:
    """Pairs of texts that cover one another by more than a point."""
    boxes = [(t.get_text(), Text.get_window_extent(t)) for t in ax.texts if t.get_text() and among(t)]
    return [
        (a, b) for (a, one), (b, two) in combinations(boxes, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1 and min(one.y1, two.y1) - max(one.y0, two.y0) > 1
    ]  # fmt: skip


@pytest.mark.parametrize("widths", [(1, 4, 2), (2, 3, 1), (3, 5, 5, 2), (5, 7, 4, 3)])
@pytest.mark.parametrize("kind", ["function", "network"])
def test_labels_do_not_cover_one_another(widths: tuple[int, ...], kind: Kind) -> None:
    """However many there are."""
    ax = shown(varied(Network.mlp(*widths), 5), kind, width=6, height=4)
    assert len(ax.texts) > 5
    # Level lines have labels of their own, which are drawn below.
    assert not overlaps(ax, lambda text: not colors.same_color(text.get_color(), FAINT))


def test_bars_can_be_told_apart_in_grey() -> None:
    """Rendered without colour, no two samples have the same pattern, and every hatch stands out."""
    figure = Figure(figsize=(13, 1), dpi=100)
    canvas = FigureCanvasAgg(figure)
    styles = [*map(bars.Style.of, range(12)), bars.OTHERS]
    with styled():
        for n, style in enumerate(styles):
            swatch = Rectangle((n / 13, 0), 1 / 13, 1, transform=figure.transFigure, linewidth=0)
            swatch.set(facecolor=style.face, edgecolor=style.ink, hatch=style.hatch)
            figure.add_artist(swatch)
        canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    grey = pixels[..., :3] / 255.0 @ np.array([0.2126, 0.7152, 0.0722])
    swatches = [grey[5:-5, 100 * n + 5 : 100 * n + 95] for n in range(13)]
    for (one, seen), (two, also) in combinations(zip(styles, swatches, strict=True), 2):
        assert np.abs(seen - also).mean() > 0.03, (one, two)
    for style, seen in zip(styles, swatches, strict=True):
        if style.hatch:
            assert seen.max() - seen.min() > 0.25, style
    for a, b in pairwise(styles[:12]):  # neighbours in a stack
        assert abs(bars.lightness(a.face) - bars.lightness(b.face)) > 10
    assert len({style.hatch for style in styles[:12]}) == len(HATCHES)


def test_lightness_is_that_of_the_cie() -> None:
    """L* of black, white, and of what sRGB's middle grey is known to be."""
    assert [round(bars.lightness(c), 2) for c in ("#000000", "#ffffff", "#777777")] == [0, 100, 50.03]


def test_outputs_can_be_told_apart_without_colour() -> None:
    """Their lines are dashed differently, their targets have different shapes."""
    ax = shown(varied(Network.mlp(1, 2, 4), 2), "function")
    styles = [line.get_linestyle() for line in curves(ax)]
    assert len(styles) == len(LINES) == 4
    dashes = [str(line._dash_pattern) for line in curves(ax)]  # type: ignore[attr-defined]
    assert len(set(dashes)) == len(set(MARKERS)) == 4


@pytest.mark.parametrize("values", [[0, 1e12, 2e12], [1e15, 1e15 + 2, 1e15 + 4], [-1e-7, 0, 1e-7], [-2e7, 0]])
def test_ticks_are_whole_numbers(values: list[float]) -> None:
    """Each tick says its own value: there is no factor in a corner."""
    ax = Figure().add_subplot()
    ax.yaxis.set_major_formatter(Ticks())
    ax.set_yticks(values)
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    labels = [tick.get_text() for tick in ax.get_yticklabels()]
    assert [float(label.replace("−", "-")) for label in labels] == values
    assert all(len(label) < 9 for label in labels) or values[0] == 1e15
    assert ax.yaxis.get_offset_text().get_text() == ""


# Titles and text


@pytest.mark.parametrize("title", [HOSTILE, "$x$ and $y$", r"\$ ${", "a\n\u202eb 😀 ≤ ŷ"])
def test_titles_are_taken_literally(title: str) -> None:
    """No formula, no markup, nothing that hides; the file is well-formed XML whatever is in it."""
    found = founding(title=title)
    figure = drawn(found.witness, ["network"])
    heading = figure._suptitle  # type: ignore[attr-defined]
    assert heading.get_text().splitlines()[0] == title_text(title, 10**6)
    assert not heading.get_parse_math() and not heading.get_usetex()
    width = max(extent(line, TITLE)[0] for line in heading.get_text().splitlines())
    assert heading.get_window_extent().width * 72 / figure.dpi == pytest.approx(width, rel=0.05)
    ET.fromstring(picture(found, "svg", kind="network"))


def test_titles_that_are_long_or_empty() -> None:
    """Two lines at most; a title of nothing that can be seen takes none."""
    long = title_text("word " * 500, 300)
    assert long.count("\n") == 1 and long.endswith("…")
    assert title_text("x" * 500, 300).count("\n") == 1
    assert title_text("see 漢", 300) == "see [U+6F22]"
    first = drawn(founding(title="\u200b\x07").witness, ["network"])._suptitle.get_text()  # type: ignore[attr-defined]
    assert first == "1 → 1 relu → 1 linear; 3 samples; ReLU'(0) = 0 (torch)"


def test_irrational_numbers() -> None:
    """α is explained below the picture, with minus signs like those of the numbers."""
    found = filled(Network.mlp(1, 1, 1), 2, lambda n: n or ALPHA)
    for kind in KINDS:
        ax = shown(found, kind)
        assert "α ≈ 1.41421 is the root of α^2 − 2 in (1, 2)" in ax.get_xlabel()
    assert "w1 = α ≈ 1.41421" in texts(shown(found, "network"))


# Files


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-1.")])
def test_the_same_bytes_each_time(form: Picture, start: bytes) -> None:
    """Whatever the user's settings, which are as they were afterwards."""
    found = founding(title="The founding question")
    once = picture(found, form, kind="contributions")
    assert once.startswith(start)
    hostile: Any = {"text.usetex": True, "font.size": 40, "svg.fonttype": "none", "axes.grid": True,
               "savefig.dpi": 30,
               "svg.hashsalt": None, "axes.facecolor": "red", "savefig.bbox": "tight", "font.family": "serif",
               "axes.formatter.use_mathtext": True, "pdf.compression": 0, "hatch.linewidth": 5}  # fmt: skip
    with rc_context(hostile):
        before = dict(rcParams)
        assert picture(found, form, kind="contributions") == once
        assert dict(rcParams) == before
    assert b"20" + b"26" not in once or form == "png"  # no date


SCRIPT = """
import hashlib, sys
import zerograd as zg
assert "matplotlib" not in sys.modules
from zerograd.show.plot import picture
answer = zg.load_answer(sys.argv[1])
for form in ("svg", "png", "pdf"):
    print(form, hashlib.sha256(picture(answer, form, kind=sys.argv[2])).hexdigest())
axes = zg.plot(answer)
print("matplotlib.pyplot" in sys.modules, type(axes).__name__)
"""


def elsewhere(tmp_path: Any, found: Sat, kind: str, **environment: str) -> list[str]:
    """What another process makes of it."""
    import json

    (tmp_path / "r.json").write_text(json.dumps(found.to_json()), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "r.json", kind], env=os.environ | environment, cwd=tmp_path,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["all", "contributions"])
def test_the_same_bytes_everywhere(tmp_path: Any, kind: Kind) -> None:
    """In processes of other hash seeds, backends and settings; pyplot is never imported."""
    found = founding(title="$ & <")
    (tmp_path / "matplotlibrc").write_text(
        "font.size: 33\naxes.grid: True\nsavefig.dpi: 17\nsvg.hashsalt: other\n"
    )
    here = [f"{form} {digest(picture(found, form, kind=kind))}" for form in PICTURES]
    for environment in (
        {"PYTHONHASHSEED": "1", "MPLBACKEND": "svg"},
        {"PYTHONHASHSEED": "2", "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"), "SOURCE_DATE_EPOCH": "1"},
    ):
        assert elsewhere(tmp_path, found, kind, **environment) == [*here, "False Axes"]


@pytest.mark.parametrize("kind", KINDS)
def test_files_are_small_and_whole(kind: Kind) -> None:
    """Nothing outside of the file is referred to, and hatches are not written to a millionth of a point."""
    svg = picture(founding(title="The founding question"), "svg", kind=kind).decode()
    assert len(svg) < 120_000
    references = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', svg)
    assert references and all((a or b).startswith("#") for a, b in references)
    for pattern in re.findall(r"<pattern .*?</pattern>", svg, re.DOTALL):
        assert not re.search(r"\.\d{3}", pattern)
    assert "<text" not in svg and "font-family" not in svg


def test_rounded_hatches_look_the_same() -> None:
    """What is rounded is within a hundredth of a point, and only patterns are."""
    from zerograd.show.plot.figure import _rounded

    svg = b'<path d="M 1.23456 2"/><pattern id="p"><path d="M 0.125678 -7.5 L -0.001 12.3451"/></pattern>'
    assert _rounded(svg) == svg.replace(b"0.125678", b"0.13").replace(b"-0.001", b"-0").replace(
        b"12.3451", b"12.35"
    )


def test_widths() -> None:
    """In centimetres, as the file says them, with text of the same size."""
    for width in (10.0, 40.0):
        root = ET.fromstring(picture(founding(), "svg", kind="network", width=width))
        assert float(root.get("width", "0pt")[:-2]) == pytest.approx(width / 2.54 * 72, abs=0.01)


# Refusals, and other people's axes


def test_kinds_and_forms_agree_with_their_types() -> None:
    """What is accepted is what the types say."""
    assert get_args(Kind) == KINDS and get_args(Picture) == PICTURES


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (Unsat("solver", problem=founding().problem), "the answer is unsat: there is no witness to draw"),
        (Unknown("timeout", problem=founding().problem), r"the answer is unknown \(timeout\): there is"),
    ],
)  # fmt: skip
def test_without_a_witness(found: Answer, message: str) -> None:
    """There is nothing to draw, and the error says why."""
    for draw in (plot, lambda f: picture(f, "svg")):
        with pytest.raises(NothingToPlot, match=message):
            draw(found)


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to get it."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(NothingToPlot, match=r"pip install 'zerograd\[plot\]'"):
        plot(founding())
    with pytest.raises(NothingToPlot, match="matplotlib, which is not installed"):
        picture(founding(), "svg")


def test_unusable_arguments() -> None:
    """Named, with what would be usable."""
    with pytest.raises(ValueError, match=r"unknown kind 'pie' \(known: function, contributions, network\)"):
        plot(founding(), kind="pie")  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match=r"unknown kind 'pie' \(known: function, contributions, network, all\)"
    ):
        picture(founding(), "svg", kind="pie")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"unknown form 'gif' \(known: svg, png, pdf\)"):
        picture(founding(), "gif")  # type: ignore[arg-type]
    for width in (9.9, 101, float("nan")):
        with pytest.raises(ValueError, match="width must be from 10 to 100 cm"):
            picture(founding(), "svg", width=width)


def test_numbers_that_are_too_large() -> None:
    """Beyond 1e100 there is no picture of the function, and the error says of which number."""
    small = founding().witness.variables
    for name, what in (("x", "an input"), ("y", "a target")):
        huge = Array(small[name].shape, (10**101, *small[name].entries[1:]))
        found = answer(Network.mlp(1, 1, 1), {**small, name: huge})
        with pytest.raises(NothingToPlot, match=f"{what} is ≈1e\\+101: too large for a picture"):
            plot(found)
        assert plot(found, kind="network")
    steep = answer(Network.mlp(1, 1, 1), {**small, "w1": Array((1, 1), (10**400,))})
    with pytest.raises(NothingToPlot, match="too large for a picture"):
        plot(steep)


def test_a_curve_beyond_float64_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is drawn through points."""
    large = 10**99
    layers = (*(Layer(1, RELU),) * 5, Layer(1, LINEAR))
    found = filled(Network(1, layers), 2, [large, -large, *[large, 0] * 4, 1, 0, 0, -1, 0, 0].__getitem__)
    with pytest.raises(NothingToPlot, match=r"an output is ≈.*too large"):
        plot(found)
    monkeypatch.setattr("zerograd.show.plot.piecewise.MOST_STEPS", 0)
    with pytest.raises(NothingToPlot, match="an output is too large"):
        plot(found)


@pytest.mark.parametrize("kind", KINDS)
def test_axes_of_the_user(kind: Kind) -> None:
    """They are drawn into and returned; other axes, the figure and its settings stay as they are."""
    figure = Figure(figsize=(7, 4))
    mine, other = figure.subplots(1, 2)
    size, before = figure.get_size_inches().tolist(), len(other.get_children())
    with rc_context({"text.usetex": True, "lines.linewidth": 7}):
        settings_ = dict(rcParams)
        assert zg.plot(founding(), kind=kind, ax=mine) is mine
        assert dict(rcParams) == settings_
    assert mine.get_title(loc="left") and figure.axes == [mine, other]
    assert (figure.get_size_inches().tolist(), len(other.get_children())) == (size, before)
    written = [*mine.texts, mine.xaxis.label, mine.yaxis.label]
    written += mine.get_legend().get_texts() if mine.get_legend() else []  # type: ignore[union-attr]
    assert not any(text.get_usetex() or text.get_parse_math() for text in written if text.get_text())


def test_axes_in_a_part_of_a_figure() -> None:
    """Subfigures hold them as well."""
    parts: Any = Figure(figsize=(9, 4)).subfigures(1, 2)
    assert markers(plot(founding(), ax=parts[0].add_subplot()), "D", "white")


def test_a_new_figure_is_not_known_to_pyplot() -> None:
    """It belongs to whoever called, who can save it."""
    ax = plot(founding())
    assert isinstance(ax.figure, Figure) and ax.figure.axes == [ax]
    if "matplotlib.pyplot" in sys.modules:
        assert not sys.modules["matplotlib.pyplot"].get_fignums()


def test_older_versions_of_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until 3.10 `get_figure` took no argument; it must not be asked for the root."""
    modern = Artist.get_figure

    def get_figure(self: Artist, root: bool = False) -> Any:
        caller = sys._getframe(1).f_globals["__name__"]
        assert not caller.startswith("zerograd"), caller
        return modern(self, root=root)

    monkeypatch.setattr(Artist, "get_figure", get_figure)
    for kind in KINDS:
        shown(varied(Network.mlp(2, 2, 1), 2), kind)
        shown(founding(), kind)
