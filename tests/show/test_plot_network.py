"""The diagram of the network, and whether pictures can be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from tests.show.drawn import (
    answers,
    checked,
    curves,
    markers,
    plain,
    shown,
    texts,
    varied,
)
from tests.show.filled import filled, founding
from zerograd.core.model.activations import LINEAR, RELU
from zerograd.core.model.network import Layer, Network
from zerograd.core.verdict.answer import Sat
from zerograd.show.plot import PANELS, Kind, bars
from zerograd.show.plot.figure import drawn
from zerograd.show.plot.points import MARKERS
from zerograd.show.plot.style import (
    HATCHES,
    LINES,
    Ticks,
    look,
    number,
    styled,
)  # fmt: skip

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
            text for text in every if plain(text.get_text()) == named + number(weight)
            if x0 < (x := text.get_position()[0]) < x1
            if abs(text.get_position()[1] - (y0 + (y1 - y0) * (x - x0) / (x1 - x0)))
            < (25 if y0 == y1 else 0.5)
        ]  # fmt: skip
        lacking += not on
    said = [plain(text.get_text()) for text in every]
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
    named = {plain(text.get_text()): text.get_position() for text in ax.texts}
    assert markers(ax, "x") == [named["a1[1]"]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["dead: slope 0 on every sample"]  # type: ignore[union-attr]


@pytest.mark.slow
def test_units_are_as_broad_as_their_names() -> None:
    """However small the units are, their names can be read, and do not run over their edges."""
    found = filled(Network.mlp(5, 7, 4, 3), 2, lambda n: n % 5 - 2)
    figure = drawn(found, PANELS)
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
    assert not overlaps(ax, lambda text: not colors.same_color(text.get_color(), look().faint))


def test_bars_can_be_told_apart_in_grey() -> None:
    """Rendered without colour, no two samples have the same pattern, and every hatch stands out."""
    figure = Figure(figsize=(13, 1), dpi=100)
    canvas = FigureCanvasAgg(figure)
    styles = [*map(bars.Style.of, range(12)), bars.others()]
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
