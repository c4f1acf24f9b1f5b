"""The function of a network with one input: its curve, the data, and where units are active."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.model.network import Network
from zerograd.core.verdict.lower import loss_at
from zerograd.core.verdict.witness import Witness
from zerograd.document.numbers import exact_text
from zerograd.evaluate.piecewise import Piece, knots, pieces
from zerograd.show.plot import NothingToPlot
from zerograd.show.plot.names import output_name
from zerograd.show.plot.placing import Places, left_out
from zerograd.show.plot.points import (
    MOST_OUTPUTS,
    Finish,
    draw_points,
    label_points,
    marker,
    marker_style,
    outputs_at,
    spots,
)
from zerograd.show.plot.strips import MOST, band, draw_strips, strips
from zerograd.show.plot.style import (
    LARGEST,
    LINES,
    alpha_note,
    bare,
    caption,
    drawn_parameters,
    first_of,
    heading,
    look,
    near,
    text_style,
)

MOST_DRAWN = 2000
"""Samples."""
_GRID = 2000
"""Points of a curve whose kinks are too many."""


@dataclass(frozen=True, slots=True)
class Curve:
    """ŷ over a window, as floats.

    Attributes:
        x: in order; ``y``: at these, per output.
        knots: which of them are kinks of an output, by position.
        pieces: what it was computed from; None where that would have been too many.
    """

    x: list[float]
    y: list[list[float]]
    knots: list[int]
    pieces: tuple[Piece, ...] | None


def draw_line(ax: Axes, witness: Witness, lower: Witness | None = None) -> Finish:
    """Draw into the axes. What is returned puts labels where there is room, once the layout is final.

    Args:
        lower: other parameters with the same data, whose function is drawn beside.
    """
    network = witness.problem.network
    drawn, shown = min(witness.samples, MOST_DRAWN), min(network.outputs, MOST_OUTPUTS)
    xs = [near(row[0], "an input") for row in witness.x.rows()[:drawn]]
    every = spots(witness, drawn, lambda m, _: xs[m])
    low, high = _window(witness, xs, *([lower] if lower else []))
    curve = _curve(witness, low, high)
    beside = None if lower is None else _curve(lower, low, high)
    known = curve.pieces
    if known is None:  # of the first layer it is known in any case
        first = Network(1, network.layers[:1])
        exact = None if smooth(first) else _pieces(first, witness, low, high)
        known = exact or ()
    rows = strips(witness, known)

    handles: list[Any] = []
    for k in range(shown):
        color = look().color(0 if network.outputs == 1 else (0, 4, 2, 1)[k])
        name = output_name(network, k, of="x")
        handles += ax.plot(curve.x, curve.y[k], color=color, ls=LINES[k], lw=1.7, zorder=3, label=name)
        ax.plot(
            [curve.x[i] for i in curve.knots],
            [curve.y[k][i] for i in curve.knots],
            zorder=4,
            **marker_style("D", look().paper, 4.5),
        )
    if curve.knots:
        handles.append(marker("D", look().paper, "kink", 4.5))
    if beside is not None and lower is not None:
        for k in range(shown):
            name = output_name(network, k, of="x") + f", of loss {exact_text(loss_at(lower.point))}"
            handles += ax.plot(
                beside.x,
                beside.y[k],
                color=look().color(4),
                ls=LINES[1 + k % 3],
                lw=1.4,
                zorder=2.5,
                label=name,
            )
    handles += draw_points(ax, witness, every)
    heights = [v for spot in every for v in (spot.target, spot.fitted)] + [
        v for each in (curve, beside) if each is not None for y in each.y[:shown] for v in y
    ]
    _limits(ax, (low, high), heights, band(len(rows)))
    draw_strips(ax, rows, xs)
    ax.set_ylabel(
        r"$\hat{y}$ and $y$", y=(1 + band(len(rows))) / 2, **text_style()
    )  # the strips have names there
    bare(ax)
    heading(ax, "What the network computes", handles)
    caption(ax, "$x$", [*_notes(witness, curve, len(rows)), *alpha_note(witness)])

    def finish() -> None:
        places = Places(ax)
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        edge = bottom + band(len(rows)) * (top - bottom)
        places.labels.append((*places.pixel(left, bottom), *places.pixel(right, edge)))
        for k in range(shown):
            places.line(zip(curve.x, curve.y[k], strict=True))
            if beside is not None:
                places.line(zip(beside.x, beside.y[k], strict=True))
        label_points(places, witness, every)
        left_out(places, "label")

    return finish


def smooth(network: Network) -> bool:
    """Whether an output need not be piecewise linear."""
    return not all(isinstance(layer.activation, PiecewiseLinear) for layer in network.layers)


def _notes(witness: Witness, curve: Curve, rows: int) -> list[str]:
    notes = first_of(MOST_DRAWN, witness.samples, "samples")
    notes += first_of(MOST_OUTPUTS, witness.problem.network.outputs, "outputs")
    if curve.pieces is None and not smooth(witness.problem.network):
        notes.append(f"There are too many kinks to compute each: the curve is drawn through {_GRID} points.")
    if rows:
        more = f" ({MOST} of {rows} different ones are drawn)" if rows > MOST else ""
        notes.append(f"Strips{more}: where units are active; the dots are the samples.")
    return notes


def _window(witness: Witness, xs: Sequence[float], *others: Witness) -> tuple[float, float]:
    """The data, the kinks of layer 1 that are near them (of other witnesses, too), and a margin."""
    low, high = min(xs), max(xs)
    if not high - low > 1e-9 * max(abs(low), abs(high)):
        reach = abs(low) / 2 or 0.5
        low, high = low - reach, high + reach
    span = high - low
    kinks = [kink for each in (witness, *others) for kink in _kinks(each)]
    around = [low, high, *(x for x in kinks if low - span <= x <= high + span)]
    low, high = min(around), max(around)
    return low - 0.15 * (high - low), high + 0.15 * (high - low)


def _kinks(witness: Witness) -> list[float]:
    """Inputs at which a unit of layer 1 is on a kink."""
    layer = witness.problem.network.layers[0]
    weights = [near(v, "a weight") for v in witness.parameters["w1"].entries]
    biases = (
        [near(v, "a bias") for v in witness.parameters["b1"].entries] if layer.bias else [0.0] * layer.units
    )
    return [
        (float(kink) - b) / w
        for w, b in zip(weights, biases, strict=True)
        for kink in layer.activation.kinks
        if abs(w) > 1e-100
    ]


def _pieces(network: Network, witness: Witness, low: float, high: float) -> tuple[Piece, ...] | None:
    return pieces(network, drawn_parameters(witness), Fraction(low), Fraction(high))


def _curve(witness: Witness, low: float, high: float) -> Curve:
    """Return the curve through the ends of exact pieces, if they are not too many."""
    network = witness.problem.network
    exact = None if smooth(network) else _pieces(network, witness, low, high)
    if exact is None:
        x = [low + (high - low) * i / (_GRID - 1) for i in range(_GRID)]
        grid = outputs_at(witness, np.array([x]).T)
        if not abs(grid).max() <= LARGEST:
            raise NothingToPlot(f"an output is too large for a picture (the largest is {LARGEST:g})")
        return Curve(x, [list(map(float, column)) for column in grid.T], [], None)
    ends = [(exact[0].low, exact[0].ends[0]), *((piece.high, piece.ends[1]) for piece in exact)]
    y = [[near(heights[k], "an output") for _, heights in ends] for k in range(network.outputs)]
    return Curve([near(x) for x, _ in ends], y, knots(exact), exact)


def _limits(ax: Axes, window: tuple[float, float], heights: Sequence[float], below: float) -> None:
    """Room for the strips below the data, and ticks for the data alone."""
    low, high = min(heights), max(heights)
    if not high - low > 1e-9 * max(abs(low), abs(high)):
        reach = abs(low) / 2 or 1.0
        low, high = low - reach, high + reach
    low, high = low - 0.1 * (high - low), high + 0.1 * (high - low)
    ax.set_xlim(*window)
    ax.set_ylim(high - (high - low) / (1 - below), high)
    heights_shown = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    ax.set_yticks([height for height in heights_shown if low <= height <= high])
