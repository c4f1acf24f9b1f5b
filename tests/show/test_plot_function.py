"""The function of one or two inputs: its lines, strips and markers are read back, and computed again."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from tests.show.drawn import (
    answers,
    checked,
    curves,
    markers,
    network_at,
    plain,
    shown,
    texts,
    varied,
)
from tests.show.filled import filled
from zerograd.core.model.activations import LINEAR, RELU, piecewise
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.exact import Exact
from zerograd.core.verdict.answer import Sat
from zerograd.show.plot import PANELS
from zerograd.show.plot.figure import drawn
from zerograd.show.plot.points import MARKERS, outputs_at
from zerograd.show.plot.style import (
    look,
    number,
)  # fmt: skip

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
    """The parts of each strip from left to right, and whether they are shaded."""
    below = ax.get_xaxis_transform()
    rows: dict[float, list[tuple[float, float, bool]]] = {}
    for patch in ax.patches:
        if isinstance(patch, Rectangle) and patch.get_data_transform() == below:
            shaded = colors.same_color(patch.get_facecolor(), look().pale)
            assert bool(patch.get_hatch()) == shaded
            middle = round(patch.get_y() + patch.get_height() / 2, 6)
            rows.setdefault(middle, []).append((patch.get_x(), patch.get_x() + patch.get_width(), shaded))
    beside = [text for text in ax.texts if text.get_transform() == ax.transAxes]
    names = {round(text.get_position()[1], 6): plain(text.get_text()) for text in beside}
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


@pytest.mark.slow
def test_strips_do_not_cover_the_label_of_the_axis() -> None:
    """The names of many strips stand below what is said of the heights."""
    found = filled(Network.mlp(1, 30, 1), 5, lambda n: n * n % 11 - 5)
    figure = drawn(found, PANELS)
    ax = figure.axes[0]
    names = [text for text in ax.texts if plain(text.get_text()).startswith("z1")]
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
    monkeypatch.setattr("zerograd.evaluate.piecewise.MOST_STEPS", 20)
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
    notes = plain(ax.get_xlabel())
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
    assert "ŷ is too large here for lines" in plain(ax.get_xlabel())
    same = filled(Network.mlp(2, 1, 1), 1, [0, 0, -1, 1, 2, 1, 1, 3].__getitem__)
    assert "ŷ is the same everywhere in the picture." in plain(shown(same, "function").get_xlabel())
