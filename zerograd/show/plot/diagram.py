"""The network as a diagram: units in columns, connections with their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from zerograd.core.exact import sign
from zerograd.core.references import entry
from zerograd.core.witness import Witness
from zerograd.show.plot.placing import Places
from zerograd.show.plot.residuals import Finish
from zerograd.show.plot.style import (
    FAINT,
    INK,
    PALE,
    SMALL,
    alpha_note,
    caption,
    extent,
    heading,
    number,
    text_style,
)
from zerograd.show.plot.units import dead
from zerograd.show.words import count

MOST_UNITS, MOST_COLUMNS = 5, 7
_NODE, _SPACE = 28.0, 74.0
"""Largest diameter of a unit, and distance of two; points, as all coordinates of the diagram."""
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
        handles.append(Line2D([], [], color=FAINT, linewidth=0.9, linestyle=_DASHED, label="weight 0"))
    units = [(column.layer, unit) for column in columns if column.layer for unit in column.units]
    if any(dead(witness, unit) for unit in units):
        handles.append(Line2D([], [], linestyle="", marker="X", markersize=8, markerfacecolor=PALE,
                              markeredgecolor=FAINT, label="dead: slope 0 on every sample"))  # fmt: skip
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
        frame = ax.get_window_extent()
        width, height = float(frame.width) / places.scale, float(frame.height) / places.scale
        ax.set_xlim(0, width)
        ax.set_ylim(0, height)
        step = Layout(columns, width, height, _NODE).step
        node = min(_NODE, max(step - _BIAS - 1, 8.0), 0.42 * width / (columns[-1].place + 1))
        layout = Layout(columns, width, height, node)
        _draw(ax, witness, layout)
        _labels(ax, places, witness, layout)

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
    """Headings, connections and units."""
    for left, right in pairwise(layout.columns):
        if right.layer == left.layer + 1:
            _edges(ax, witness, layout, left, right)
        else:
            middle = (layout.x(left) + layout.x(right)) / 2
            _text(ax, middle, (layout.height - _ABOVE + _BELOW) / 2, "⋯", 16)
    for column in layout.columns:
        x = layout.x(column)
        _text(ax, x, layout.height - 4, _heading(witness, column.layer), SMALL, va="top", linespacing=1.3)
        if column.gap is not None:
            _text(ax, x, layout.y(column, column.gap), "⋮", min(14, layout.step * 0.8))
        for unit, row in column.units.items():
            y = layout.y(column, row)
            off = column.layer > 0 and dead(witness, (column.layer, unit))
            ax.plot([x], [y], linestyle="", marker="o", markersize=layout.node, zorder=3, markeredgecolor=INK,
                    markerfacecolor=PALE if off else "white", markeredgewidth=1.1)  # fmt: skip
            if off:
                ax.plot([x], [y], linestyle="", marker="x", markersize=layout.node * 0.68, zorder=3,
                        color=FAINT, markeredgewidth=1.2)  # fmt: skip
            name = _name(witness, column.layer, unit)
            size = min(SMALL, SMALL * 0.88 * layout.node / extent(name)[0])
            _text(ax, x, y, name, size, zorder=4)


def _text(ax: Axes, x: float, y: float, text: str, size: float, *, va: str = "center", **more: Any) -> None:
    ax.text(x, y, text, **text_style(size, ha="center", va=va, **more)).set_in_layout(False)


def _name(witness: Witness, layer: int, unit: int) -> str:
    """``x``, ``a1``, ``ŷ``, with the unit where there are several."""
    network = witness.problem.network
    name = "x" if layer == 0 else "ŷ" if layer == network.depth else f"a{layer}"
    return name if network.widths[layer] == 1 else f"{name}[{unit}]"


def _heading(witness: Witness, layer: int) -> str:
    if layer == 0:
        return "input" if witness.problem.network.inputs == 1 else "inputs"
    return f"layer {layer}\n{witness.problem.network.layers[layer - 1].activation}"


def _edges(ax: Axes, witness: Witness, layout: Layout, left: Column, right: Column) -> None:
    """Lines between two columns; those of weight 0 are dashed."""
    weights = witness.parameters[f"w{right.layer}"]
    ends = [layout.x(left), layout.x(right)]
    for unit, row in right.units.items():
        for below, row0 in left.units.items():
            nothing = sign(weights[unit, below]) == 0
            ax.plot(ends, [layout.y(left, row0), layout.y(right, row)], zorder=1, linewidth=0.9,
                    color=FAINT if nothing else INK, linestyle=_DASHED if nothing else "-")  # fmt: skip


def _labels(ax: Axes, places: Places, witness: Witness, layout: Layout) -> None:
    """Biases below their units, weights on their lines."""
    network = witness.problem.network
    for column in layout.columns:
        for row in column.units.values():
            places.block(layout.x(column), layout.y(column, row), layout.node, layout.node)
    for column in layout.columns:
        if column.layer == 0 or not network.layers[column.layer - 1].bias:
            continue
        bias = witness.parameters[f"b{column.layer}"]
        for unit, row in column.units.items():
            name = f"b{column.layer}" if len(bias.entries) == 1 else entry(f"b{column.layer}", (unit,))
            below = (layout.x(column), layout.y(column, row) - layout.node / 2 - _BIAS / 2)
            places.label(f"{name} = {number(bias[unit])}", [(below, (0, 0))], bbox=_BOX)
    for left, right in pairwise(layout.columns):
        if right.layer != left.layer + 1:
            continue
        weights = witness.parameters[f"w{right.layer}"]
        alone = len(weights.entries) == 1
        x0, x1 = layout.x(left), layout.x(right)
        for unit, row in right.units.items():
            for below_, row0 in left.units.items():
                y0, y1 = layout.y(left, row0), layout.y(right, row)
                value = number(weights[unit, below_])
                spots = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in _ALONG]
                along = [(spot, (0.0, 0.0)) for spot in spots]
                above = [(spots[0], (0.0, up)) for up in (1.0, 4.0)]  # where columns are narrow
                text = f"w{right.layer} = {value}" if alone else value
                places.label(
                    text, [*along, *(above if len(left.units) == len(right.units) == 1 else [])], bbox=_BOX
                )
    if places.left_out:
        note = f"{count(places.left_out, 'number')} left out for lack of room."
        ax.set_xlabel(f"{ax.get_xlabel()}\n{note}".strip())


_BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
_ALONG = (0.5, 0.62, 0.38, 0.7, 0.3, 0.76, 0.24, 0.82, 0.18, 0.56, 0.44)
"""Where on a line its weight may stand."""
