"""The function of a network with two inputs: samples in the plane, and the kink lines of units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from zerograd.core.verdict.witness import Witness
from zerograd.document.numbers import equation, vector_text
from zerograd.evaluate.kink_lines import KinkLine, kink_lines
from zerograd.show.plot.names import RESIDUAL, named_quantity, output_name
from zerograd.show.plot.placing import Places, Point, behind, left_out
from zerograd.show.plot.points import Finish, marker, marker_style, outputs_at
from zerograd.show.plot.strips import unit_name
from zerograd.show.plot.style import (
    LARGEST,
    LINES,
    alpha_note,
    caption,
    first_of,
    heading,
    listed,
    look,
    near,
    text_style,
    ticks,
)

MOST_LINES, MOST_LABELS, MOST_DRAWN = 12, 20, 2000
_GRID = 160
_TICK, _STEP = 5.0, 8.0
"""Points: length and distance of the ticks on the active side."""


Drawn = tuple[KinkLine, tuple[Point, Point]]
"""A line, and its ends in the picture."""


def draw_plane(ax: Axes, witness: Witness) -> Finish:
    """Draw into the axes. What is returned puts labels where there is room, once the layout is final."""
    drawn = min(witness.samples, MOST_DRAWN)
    points = [(near(a, "an input"), near(b, "an input")) for a, b in witness.x.rows()[:drawn]]
    ax.set_xlim(*_window([p[0] for p in points]))
    ax.set_ylim(*_window([p[1] for p in points]))
    notes = [*_background(ax, witness), *first_of(drawn, witness.samples, "samples")]
    lines, without = kink_lines(witness)
    inside = [(line, ends) for line in lines if (ends := _clipped(ax, line)) is not None]
    if len(inside) < len(lines):
        far = [name for line in lines if _clipped(ax, line) is None for name in _names(witness, line)]
        notes.append(f"Outside of the picture: {listed(far, 4)}.")
    if without:
        flat = [unit_name(witness, 1, unit) for unit in without]
        notes.append(f"The weights of {listed(flat, 4)} are 0: no kink line.")
    if len(inside) > MOST_LINES:
        notes.append(f"{MOST_LINES} of {len(inside)} kink lines are drawn.")
    inside = inside[:MOST_LINES]
    handles: list[Any] = []
    for order, (_, ends) in enumerate(inside):
        ax.plot(
            *zip(*ends, strict=True), color=_color(order), linestyle=LINES[order % 4], linewidth=1.5, zorder=3
        )
    if inside:
        handles.append(Line2D([], [], color=look().curve, linewidth=1.5, label="kink of a unit of layer 1"))
        if any(line.sides for line, _ in inside):
            ticked: dict[str, Any] = {
                "linewidth": 0.9,
                "marker": (2, 0, -30),
                "markersize": 7,
                "linestyle": "",
            }
            handles.append(Line2D([], [], color=look().curve, label="its active side", **ticked))
    if witness.problem.network.depth > 2:
        notes.append("Kinks of deeper layers are not drawn.")
    ax.plot(*zip(*points, strict=True), zorder=5, **marker_style("o", look().target, 6 if drawn <= 40 else 3))
    handles.append(marker("o", look().target, f"sample, with {RESIDUAL}", 6))
    ax.set_ylabel("$x_{1}$", **text_style())
    ticks(ax)
    heading(ax, "What the network computes", handles)
    caption(ax, "$x_{0}$", [*notes, *alpha_note(witness)])

    def finish() -> None:
        places = Places(ax)
        _ticks(ax, places, inside)
        _labels(places, witness, points if drawn <= MOST_LABELS else [], inside)

    return finish


def _color(order: int) -> str:
    return look().color((0, 4, 2)[order % 3])


def _window(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    span = high - low
    if not span > 1e-9 * max(abs(low), abs(high)):
        span = max(abs(low), abs(high)) or 1.0
    return low - 0.3 * span, high + 0.3 * span


def _background(ax: Axes, witness: Witness) -> list[str]:
    """Level lines of the first output. Returns notes."""
    xs, ys = (np.linspace(*limits, _GRID) for limits in (ax.get_xlim(), ax.get_ylim()))
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    heights = outputs_at(witness, grid)[:, 0].reshape(_GRID, _GRID)
    outputs = witness.problem.network.outputs
    name = output_name(witness.problem.network, 0)
    if not np.abs(heights).max() <= LARGEST:
        return [f"{name} is too large here for lines where it has the same value."]
    low, high = float(heights.min()), float(heights.max())
    if not high - low > 1e-9 * max(abs(low), abs(high)):
        return [f"{name} is the same everywhere in the picture."]
    plateaus, times = np.unique(np.round((heights - low) / (high - low), 9), return_counts=True)
    flat = low + plateaus[times > heights.size // 100] * (high - low)  # no lines there, but whole regions
    heights_drawn = [
        level
        for level in MaxNLocator(9, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        if low < level < high and all(abs(level - v) > 1e-6 * (high - low) for v in flat)
    ]
    if not heights_drawn:
        return []
    levels = ax.contour(
        xs,
        ys,
        heights,
        levels=heights_drawn,
        colors=look().faint,
        linewidths=0.6,
        linestyles="solid",
        zorder=1,
    )
    for text in ax.clabel(levels, fontsize=look().small - 1.5, inline=True, fmt=_level):
        text.set(parse_math=False, usetex=False)
    more = f" of {outputs} outputs" if outputs > 1 else ""
    return [f"Thin lines: where {name} has the same value{', the first' + more if more else ''}."]


def _level(value: float) -> str:
    return f"{value + 0.0:.4g}".replace("-", "−")


def _names(witness: Witness, line: KinkLine) -> list[str]:
    """``z1[0] = 0``, of each unit with this line."""
    return [f"{unit_name(witness, 1, unit)} = {kink}" for unit, kink in line.units]


def _floats(line: KinkLine) -> tuple[float, ...]:
    return tuple(near(value, "a kink") for value in line.place)


def _clipped(ax: Axes, line: KinkLine) -> tuple[Point, Point] | None:
    """The part of a line inside the axes."""
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    u, v, c = _floats(line)
    spots: list[Point] = []
    if v:
        spots += [(x, (c - u * x) / v) for x in (x0, x1)]
    if u:
        spots += [((c - v * y) / u, y) for y in (y0, y1)]
    more_x, more_y = 1e-9 * (x1 - x0), 1e-9 * (y1 - y0)
    held = sorted(
        (x, y) for x, y in spots if x0 - more_x <= x <= x1 + more_x and y0 - more_y <= y <= y1 + more_y
    )
    return (held[0], held[-1]) if len(held) > 1 and held[0] != held[-1] else None


def _ticks(ax: Axes, places: Places, inside: Sequence[Drawn]) -> None:
    """Short strokes from each line into its active side."""
    back = ax.transData.inverted()
    for order, (line, ends) in enumerate(inside):
        a, b = (np.array(places.pixel(*end)) for end in ends)
        length = float(np.hypot(*(b - a)))
        if length < 1:
            continue
        along = (b - a) / length
        normal = np.array([-along[1], along[0]])
        middle = (np.array(ends[0]) + np.array(ends[1])) / 2
        toward = np.array(places.pixel(*middle)) + normal
        x, y = back.transform(toward)
        u, v, c = _floats(line)
        uphill = 1 if u * x + v * y > c else -1
        for side in sorted(line.sides):
            stroke = (normal * uphill * side + 0.6 * along) * _TICK * places.scale
            starts = [
                a + along * d for d in np.arange(_STEP / 2, length / places.scale, _STEP) * places.scale
            ]
            segments = [back.transform([start, start + stroke]) for start in starts]
            ax.add_collection(
                LineCollection(segments, colors=_color(order), linewidths=0.8, zorder=3), autolim=False
            )


def _labels(places: Places, witness: Witness, points: Sequence[Point], inside: Sequence[Drawn]) -> None:
    for _, ends in inside:
        places.line(ends)
    for x, y in points:
        places.mark(x, y, 7)
    rows = witness.point.residuals.rows()
    beside = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
    around = [*beside, (0, 3), (0, -3), (1, 3), (-1, -3)]
    for m, point in enumerate(points):
        value = vector_text(rows[m]).replace("-", "−")
        places.label(
            equation(named_quantity(witness.problem.network, "r", at=(m,)), value),
            [(point, offset) for offset in around],
            bbox=behind(),
        )
    for line, (a, b) in inside:
        spots = [
            (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)
            for t in (0.03, 0.97, 0.1, 0.9, 0.2, 0.8, 0.5)
        ]
        places.label(
            listed(_names(witness, line), 2),
            [(s, o) for s in spots for o in [(1, 1), (-1, -1), (1, -1), (-1, 1)]],
            bbox=behind(),
        )
    left_out(places, "label")
