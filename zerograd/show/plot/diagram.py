"""The network as a diagram: units in columns, connections with their weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path

from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.real import sign
from zerograd.core.verdict.witness import Witness
from zerograd.explaining.exact.units import Flat, flat_units
from zerograd.show.plot.names import entry_name, named_quantity
from zerograd.show.plot.placing import Places, Point, behind, left_out
from zerograd.show.plot.points import Finish
from zerograd.show.plot.style import (
    alpha_note,
    caption,
    extent,
    heading,
    look,
    named,
    number,
    text_style,
)

MOST_UNITS, MOST_COLUMNS = 5, 7
_NODE, _SPACE = 28.0, 74.0
"""Largest diameter of a unit, and distance of two; points, as all coordinates of the diagram."""
_PAD = 5.0
"""Points: by how much a unit is broader than its name."""
_ABOVE, _BELOW, _BIAS = 38.0, 4.0, 13.0
"""Room for the headings, below the lowest unit, and for a bias below its unit."""


@dataclass(frozen=True, slots=True)
class Column:
    """A layer as drawn.

    Attributes:
        layer: 0 for the inputs.
        place: counted from the left.
        units: those that are drawn, from the top, by the row that they stand in.
        rows: how many rows there are; one holds dots where units are left out.
    """

    layer: int
    place: int
    units: dict[int, int]
    rows: int

    @property
    def gap(self) -> int | None:
        """The row of the dots."""
        return None if len(self.units) == self.rows else self.rows - 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand, in points.

    Attributes:
        columns: as drawn.
        width, height: of the axes.
        node: the diameter of a unit.
    """

    columns: tuple[Column, ...]
    width: float
    height: float
    node: float

    def x(self, column: Column) -> float:
        last = self.columns[-1].place
        return self.width * (column.place + 0.5) / (last + 1)

    def y(self, column: Column, row: int) -> float:
        middle = (self.height - _ABOVE + _BELOW) / 2
        return middle + _BIAS / 2 + ((column.rows - 1) / 2 - row) * self.step

    @property
    def step(self) -> float:
        """The distance of two rows."""
        most = max(column.rows for column in self.columns)
        return min(_SPACE, (self.height - _ABOVE - _BELOW) / most)


def draw_network(ax: Axes, witness: Witness) -> Finish:
    """Draw into the axes. What is returned draws what depends on their size, once the layout is final."""
    widths = witness.problem.network.widths
    columns = _columns(widths)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    handles: list[Line2D] = []
    shown = [
        (right.layer, unit, below)
        for left, right in pairwise(columns)
        if right.layer == left.layer + 1
        for unit in right.units
        for below in left.units
    ]
    if any(sign(witness.parameters[f"w{layer}"][unit, below]) == 0 for layer, unit, below in shown):
        handles.append(Line2D([], [], color=look().faint, linewidth=0.9, linestyle=_DASHED, label="weight 0"))
    units = [(column.layer, unit) for column in columns if column.layer for unit in column.units]
    if flat := [why for place, why in _flat(witness).items() if place in units]:
        dead = "dead: " * all(why is Flat.DEAD for why in flat)
        style: dict[str, Any] = {"linestyle": "", "marker": "X", "markersize": 8}
        label = f"{dead}slope 0 on every sample"
        handles.append(
            Line2D([], [], markerfacecolor=look().pale, markeredgecolor=look().faint, label=label, **style)
        )
    notes = [
        f"{f'Layer {column.layer}' if column.layer else 'Inputs'}: "
        f"{len(column.units)} of {widths[column.layer]} are drawn."
        for column in columns
        if column.gap is not None
    ]
    if len(columns) < len(widths):
        notes.append(f"{len(columns) - 1} of {len(widths) - 1} layers are drawn.")
    heading(ax, "The network", handles)
    caption(ax, "", [*notes, *alpha_note(witness)])

    def finish() -> None:
        places = Places(ax)
        width, height = places.in_points()
        step = Layout(columns, width, height, _NODE).step
        node = min(_NODE, max(step - _BIAS - 1, 8.0), 0.42 * width / (columns[-1].place + 1))
        layout = Layout(columns, width, height, node)
        _draw(ax, witness, layout)
        _labels(places, witness, layout)

    return finish


_DASHED = (0, (4, 3))


def _columns(widths: Sequence[int]) -> tuple[Column, ...]:
    """The layers that are drawn: all, or the first ones and the last two."""
    depth = len(widths)
    layers = {i: i for i in range(depth)}
    if depth > MOST_COLUMNS:
        layers = {i: i for i in range(MOST_COLUMNS - 3)}
        layers |= {depth - 2: MOST_COLUMNS - 2, depth - 1: MOST_COLUMNS - 1}
    return tuple(_column(layer, place, widths[layer]) for layer, place in layers.items())


def _column(layer: int, place: int, units: int) -> Column:
    if units <= MOST_UNITS:
        return Column(layer, place, {unit: unit for unit in range(units)}, units)
    drawn = {unit: unit for unit in range(MOST_UNITS - 2)} | {units - 1: MOST_UNITS - 1}
    return Column(layer, place, drawn, MOST_UNITS)


def _draw(ax: Axes, witness: Witness, layout: Layout) -> None:
    """Headings, connections (those of weight 0 dashed) and units."""
    dead = set(_flat(witness))
    for edge in _lines(witness, layout):
        nothing = sign(edge.weight) == 0
        color = look().faint if nothing else look().ink
        ends = zip(edge.start, edge.end, strict=True)
        ax.plot(*ends, zorder=1, linewidth=0.9, color=color, linestyle=_DASHED if nothing else "-")
    for left, right in pairwise(layout.columns):
        if right.layer != left.layer + 1:
            middle = (layout.x(left) + layout.x(right)) / 2
            _text(ax, middle, (layout.height - _ABOVE + _BELOW) / 2, "⋯", 16)
    for column in layout.columns:
        x = layout.x(column)
        _text(
            ax, x, layout.height - 4, _heading(witness, column.layer), look().small, va="top", linespacing=1.3
        )
        if column.gap is not None:
            _text(ax, x, layout.y(column, column.gap), "⋮", min(14, layout.step * 0.8))
        for unit, row in column.units.items():
            y = layout.y(column, row)
            off = (column.layer, unit) in dead
            name = _name(witness, column.layer, unit)
            breadth = _breadth(name, layout)
            ax.plot([x], [y], linestyle="", marker=_capsule(breadth, layout.node), markersize=breadth,
                    zorder=3, markeredgecolor=look().ink, markeredgewidth=1.1,
                    markerfacecolor=look().pale if off else look().paper)  # fmt: skip
            if off:
                ax.plot([x], [y], linestyle="", marker="x", markersize=layout.node * 0.68, zorder=3,
                        color=look().faint, markeredgewidth=1.2)  # fmt: skip
            size = min(look().small, look().small * (breadth - _PAD) / extent(name)[0], 0.7 * layout.node)
            around = {"facecolor": look().pale, "edgecolor": "none", "pad": 0.2} if off else None
            _text(ax, x, y, name, size, zorder=4, bbox=around)


def _flat(witness: Witness) -> dict[tuple[int, int], Flat]:
    """Why units let nothing back on any sample, by (layer, unit)."""
    return {(layer, unit): why for layer, unit, why in flat_units(witness.point)}


def _breadth(name: str, layout: Layout) -> float:
    """The breadth of a unit: as high as it is, or as broad as its name."""
    return max(layout.node, min(extent(name)[0] + _PAD, 0.6 * layout.width / (layout.columns[-1].place + 1)))


def _capsule(width: float, height: float) -> MarkerStyle:
    """A marker: a circle, drawn out to a width."""
    left: Any = Path.arc(90, 270)
    right: Any = Path.arc(-90, 90)
    straight = np.array([(width - height) / height, 0.0])
    codes = [*left.codes, Path.LINETO, *right.codes[1:], Path.CLOSEPOLY]
    corners = [*(left.vertices - straight), *(right.vertices + straight), np.zeros(2)]
    return MarkerStyle(Path(corners, codes))


def _text(ax: Axes, x: float, y: float, text: str, size: float, *, va: str = "center", **more: Any) -> None:
    ax.text(x, y, text, **text_style(size, ha="center", va=va, **more)).set_in_layout(False)


def _name(witness: Witness, layer: int, unit: int) -> str:
    """x, a₁ or ŷ, with the unit where there are several."""
    network = witness.problem.network
    letter = "x" if layer == 0 else "ŷ" if layer == network.depth else "a"
    at = () if network.widths[layer] == 1 else (unit,)
    return named_quantity(network, letter, layer if letter == "a" else "", at)


def _heading(witness: Witness, layer: int) -> str:
    if layer == 0:
        return "input" if witness.problem.network.inputs == 1 else "inputs"
    return f"layer {layer}\n{witness.problem.network.layers[layer - 1].activation}"


@dataclass(frozen=True, slots=True)
class Edge:
    """A connection: its ends, its weight, and the weight's name where its layer has no other."""

    start: Point
    end: Point
    weight: Exact
    name: str


def _lines(witness: Witness, layout: Layout) -> Iterator[Edge]:
    """All connections between columns that are neighbours in the network."""
    network = witness.problem.network
    for left, right in pairwise(layout.columns):
        if right.layer != left.layer + 1:
            continue
        weights = witness.parameters[f"w{right.layer}"]
        name = named_quantity(network, "w", right.layer) if len(weights.entries) == 1 else ""
        for unit, row in right.units.items():
            for below, row0 in left.units.items():
                start = (layout.x(left), layout.y(left, row0))
                end = (layout.x(right), layout.y(right, row))
                yield Edge(start, end, weights[unit, below], name)


def _labels(places: Places, witness: Witness, layout: Layout) -> None:
    """Biases below their units, weights on their lines."""
    network = witness.problem.network
    for column in layout.columns:
        for unit, row in column.units.items():
            breadth = _breadth(_name(witness, column.layer, unit), layout)
            places.block(layout.x(column), layout.y(column, row), breadth, layout.node)
    for column in layout.columns:
        if column.layer == 0 or not network.layers[column.layer - 1].bias:
            continue
        bias = witness.parameters[f"b{column.layer}"]
        for unit, row in column.units.items():
            name = entry_name(network, f"b{column.layer}", (unit,), bias.shape)
            below = (layout.x(column), layout.y(column, row) - layout.node / 2 - _BIAS / 2)
            places.label(named(name, bias[unit]), [(below, (0, 0))], bbox=behind(), zorder=2)
    every = list(_lines(witness, layout))
    for edge in every:
        places.lines = []
        for other in every:
            if other is not edge:
                places.line([other.start, other.end])
        (x0, y0), (x1, y1) = edge.start, edge.end
        spots = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in _ALONG]
        along = [(spot, (0.0, 0.0)) for spot in spots]
        above = [(spots[0], (0.0, up)) for up in (1.0, 4.0)]  # where columns are narrow
        text = named(edge.name, edge.weight) if edge.name else number(edge.weight)
        places.label(text, [*along, *(above if y0 == y1 else [])], bbox=behind())
    left_out(places, "number")


_ALONG = (0.5, 0.62, 0.38, 0.7, 0.3, 0.76, 0.24, 0.82, 0.18, 0.56, 0.44)
"""Where on a line its weight may stand."""
