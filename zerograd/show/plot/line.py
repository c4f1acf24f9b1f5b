"""The function of a network with one input: its curve, the data, and where units are active."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from zerograd.core.network import Network
from zerograd.core.witness import Witness
from zerograd.show.plot.piecewise import Piece, at, knots, pieces, strips
from zerograd.show.plot.placing import Places
from zerograd.show.plot.style import (
    CURVE,
    FAINT,
    HATCHES,
    INK,
    LINES,
    PALE,
    RAMP,
    RESIDUAL,
    SMALL,
    TARGET,
    alpha_note,
    caption,
    heading,
    listed,
    near,
    number,
    text_style,
)
from zerograd.show.plot.units import bent_units, grouped, side_text, unit_name
from zerograd.show.words import label

MOST_STRIPS, MOST_LABELS, MOST_DRAWN = 8, 16, 2000
_STRIP = 0.062
"""Height of a strip, as a part of the axes."""
_GRID = 2000

Finish = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Curve:
    """ŷ over a window, as floats.

    Attributes:
        x: in order; ``y``: per output.
        knots: where slopes change.
        exact: None where the function was computed at points of a grid.
    """

    x: list[float]
    y: list[list[float]]
    knots: list[float]
    exact: tuple[Piece, ...] | None


def draw_line(ax: Axes, witness: Witness) -> Finish:
    """Draw into the axes. What is returned puts labels where there is room, once the layout is final."""
    network, run = witness.problem.network, witness.forward
    drawn = min(witness.samples, MOST_DRAWN)
    xs = [near(row[0], "an input") for row in witness.x.rows()[:drawn]]
    targets = [[near(v, "a target") for v in row] for row in witness.y.rows()[:drawn]]
    fitted = [[near(v, "an output") for v in row] for row in run.y_hat.rows()[:drawn]]
    low, high = _window(witness, xs)
    curve = _curve(witness, low, high)
    notes: list[str] = []
    if drawn < witness.samples:
        notes.append(f"The first {drawn} of {witness.samples} samples are drawn.")
    if curve.exact is None:
        notes.append(f"The function has too many kinks to compute each: it is drawn at {_GRID} points.")
    layers = pieces(Network(1, network.layers[:1]), witness.parameters, Fraction(low), Fraction(high))
    rows = _strip_rows(witness, curve.exact or layers or ())

    handles: list[Any] = []
    outputs = network.outputs
    names = [label("ŷ", (0, k), (1, outputs)) for k in range(outputs)]
    for k in range(min(outputs, len(LINES))):
        color = CURVE if outputs == 1 else RAMP[(0, 4, 2, 1)[k]]
        (artist,) = ax.plot(
            curve.x,
            curve.y[k],
            color=color,
            linestyle=LINES[k],
            linewidth=1.7,
            zorder=3,
            label=f"{names[k]}(x)",
        )
        handles.append(artist)
    if outputs > len(LINES):
        notes.append(f"{len(LINES)} of {outputs} outputs are drawn.")
    shown = min(outputs, len(LINES))
    if curve.knots:
        spots = [(x, curve.y[k][i]) for k in range(shown) for x in curve.knots for i in [curve.x.index(x)]]
        ax.plot(*zip(*spots, strict=True), linestyle="", marker="D", markersize=4.5, zorder=4,
                markerfacecolor="white", markeredgecolor=INK, markeredgewidth=0.9)  # fmt: skip
        handles.append(_key("D", "white", "kink", 4.5))
    small = 5.5 if drawn <= 40 else 3.0
    for k in range(shown):
        ax.vlines(
            xs,
            [t[k] for t in targets],
            [f[k] for f in fitted],
            color=RESIDUAL,
            linewidth=2.2 if drawn <= 40 else 0.8,
            zorder=2,
        )
        marker = "sop^"[k]
        ax.plot(xs, [t[k] for t in targets], linestyle="", marker=marker, markersize=small, zorder=5,
                markerfacecolor=TARGET, markeredgecolor=INK, markeredgewidth=0.8)  # fmt: skip
        suffix = "" if outputs == 1 else f"[{k}]"
        handles.append(_key(marker, TARGET, f"target y{suffix}", 5.5))
    handles.append(Line2D([], [], color=RESIDUAL, linewidth=2.2, label="residual r = ŷ − y"))

    heights = [
        v
        for row in (*[t[:shown] for t in targets], *[f[:shown] for f in fitted], *curve.y[:shown])
        for v in row
    ]
    _limits(ax, (low, high), heights, len(rows))
    left_out = _draw_strips(ax, witness, rows, xs)
    notes += left_out
    if rows:
        notes.append("Strips: where units are active; the dots are the samples.")
    ax.set_ylabel("ŷ and y", **text_style())
    ax.tick_params(labelsize=SMALL)
    _quiet(ax)
    heading(ax, "What the network computes", handles)
    caption(ax, "x", [*notes, *alpha_note(witness)])

    def finish() -> None:
        if drawn * shown > MOST_LABELS:
            return
        _residual_labels(ax, witness, xs, targets, fitted, curve, shown, len(rows))

    return finish


def _key(marker: str, face: str, name: str, size: float) -> Line2D:
    return Line2D([], [], linestyle="", marker=marker, markersize=size, markerfacecolor=face,
                  markeredgecolor=INK, markeredgewidth=0.8, label=name)  # fmt: skip


def _window(witness: Witness, xs: Sequence[float]) -> tuple[float, float]:
    """The data, the kinks of layer 1 that are near them, and a margin."""
    low, high = min(xs), max(xs)
    span = (high - low) or max(abs(low), 1.0)
    low, high = (low, high) if high > low else (low - span / 2, high + span / 2)
    layer = witness.problem.network.layers[0]
    weights = [near(v, "a weight") for v in witness.parameters["w1"].entries]
    biases = (
        [near(v, "a bias") for v in witness.parameters["b1"].entries] if layer.bias else [0.0] * len(weights)
    )
    reach = [low, high]
    for w, b in zip(weights, biases, strict=True):
        for kink in layer.activation.kinks:
            x = (float(kink) - b) / w if abs(w) > 1e-100 else float("inf")
            if low - span <= x <= high + span:
                reach.append(x)
    low, high = min(reach), max(reach)
    return low - 0.15 * (high - low), high + 0.15 * (high - low)


def _curve(witness: Witness, low: float, high: float) -> Curve:
    network = witness.problem.network
    found = pieces(network, witness.parameters, Fraction(low), Fraction(high))
    if found is not None:
        ends = [found[0].low, *(piece.high for piece in found)]
        x = [near(end) for end in ends]
        y = [
            [
                near(at(piece.output[k], end), "an output")
                for piece, end in zip((found[0], *found), ends, strict=True)
            ]
            for k in range(network.outputs)
        ]
        return Curve(x, y, [near(knot) for knot in knots(found)], found)
    from zerograd.show.plot.grid import outputs_at

    x = [low + (high - low) * i / (_GRID - 1) for i in range(_GRID)]
    return Curve(
        x, [list(map(float, column)) for column in outputs_at(witness, [[v] for v in x]).T], [], None
    )


Row = tuple[str, list[tuple[float, float, int]], int]
"""Units of one strip, its (low, high, side), and the layer."""


def _strip_rows(witness: Witness, found: Sequence[Piece]) -> list[Row]:
    """One strip for all units that are active at the same inputs."""
    if not found:
        return []
    known = len(found[0].z)
    spans = {
        (layer, unit): tuple(strips(found, layer, unit))
        for layer, unit in bent_units(witness.problem.network)
        if layer <= known
    }
    keyed = (
        ((unit[0], tuple((near(a), near(b), side) for a, b, side in parts)), unit)
        for unit, parts in spans.items()
    )
    return [
        (listed([unit_name(witness, unit) for unit in units], 2), list(parts), layer)
        for (layer, parts), units in grouped(keyed).items()
    ]


def _limits(ax: Axes, window: tuple[float, float], heights: Sequence[float], rows: int) -> None:
    """Room for the strips below the data, and ticks for the data alone."""
    low, high = min(heights), max(heights)
    if not high - low > 1e-12 * max(abs(low), abs(high)):
        reach = abs(low) * 0.5 or 1.0
        low, high = low - reach, high + reach
    low, high = low - 0.1 * (high - low), high + 0.1 * (high - low)
    band = _band(rows)
    bottom = high - (high - low) / (1 - band)
    ax.set_xlim(*window)
    ax.set_ylim(bottom, high)
    if rows:
        ax.set_yticks(
            [t for t in MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low <= t <= high]
        )
        ax.yaxis.set_major_formatter(ScalarFormatter(useMathText=False))


def _band(rows: int) -> float:
    return _STRIP * min(rows, MOST_STRIPS) + (0.02 if rows else 0.0)


def _draw_strips(ax: Axes, witness: Witness, rows: Sequence[Row], xs: Sequence[float]) -> list[str]:
    """The strips, in the lowest part of the axes. Returns notes."""
    base = ax.get_xaxis_transform()
    left, right = ax.get_xlim()
    shown = rows[:MOST_STRIPS]
    for number_, (name, parts, layer) in enumerate(shown):
        top = _band(len(rows)) - 0.02 - number_ * _STRIP
        bottom = top - _STRIP
        activation = witness.problem.network.layers[layer - 1].activation
        for low, high, side in parts:
            flat = activation.slopes[side] == 0
            ax.add_patch(Rectangle((low, bottom), high - low, _STRIP, transform=base, linewidth=0,
                                   facecolor="white" if flat else PALE, edgecolor=FAINT,
                                   hatch=None if flat else HATCHES[1 + number_ % 8], zorder=1))  # fmt: skip
            if high - low > 0.16 * (right - left):
                ax.text(_between(low, high, xs), bottom + _STRIP / 2, side_text(activation, side), transform=base, zorder=4,
                        **text_style(SMALL - 1, ha="center", va="center", clip_on=True,
                                     bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8}))  # fmt: skip
            ax.plot([low, low], [bottom, top], transform=base, color=INK, linewidth=0.8, zorder=3)
        ax.plot([left, right], [top, top], transform=base, color=INK, linewidth=0.5, zorder=3)
        ax.plot(xs, [bottom + _STRIP / 2] * len(xs), transform=base, linestyle="", marker="o", markersize=3.4,
                markerfacecolor=INK, markeredgecolor="white", markeredgewidth=0.5, zorder=5)  # fmt: skip
        ax.text(-0.012, bottom + _STRIP / 2, name, transform=ax.transAxes,
                **text_style(SMALL - 1, ha="right", va="center"))  # fmt: skip
    if len(rows) > len(shown):
        return [f"{len(shown)} of {len(rows)} different strips are drawn."]
    return []


def _between(low: float, high: float, xs: Sequence[float]) -> float:
    """The place in an interval that is farthest from its ends and from the samples."""
    stops = [low, *sorted(x for x in set(xs) if low < x < high), high]
    return max(
        (b - a, -abs(a + b - low - high), (a + b) / 2) for a, b in zip(stops, stops[1:], strict=False)
    )[2]


def _quiet(ax: Axes) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def _residual_labels(
    ax: Axes,
    witness: Witness,
    xs: Sequence[float],
    targets: Sequence[Sequence[float]],
    fitted: Sequence[Sequence[float]],
    curve: Curve,
    shown: int,
    rows: int,
) -> None:
    places = Places(ax)
    left, right = ax.get_xlim()
    bottom, top = ax.get_ylim()
    places.labels.append(
        (*places.pixel(left, bottom), *places.pixel(right, bottom + _band(rows) * (top - bottom)))
    )
    for k in range(shown):
        places.line(zip(curve.x, curve.y[k], strict=True))
        for x, t, f in zip(xs, targets, fitted, strict=True):
            places.line([(x, t[k]), (x, f[k])])
            places.mark(x, t[k], 7)
            places.mark(x, f[k], 3)
    for k in range(shown):
        for m, x in enumerate(xs):
            t, f = targets[m][k], fitted[m][k]
            value = witness.forward.residuals[m, k]
            text = f"{label('r', (m, k), witness.forward.residuals.shape)} = {number(value)}"
            middle, beyond = (t + f) / 2, 1 if t >= f else -1
            places.label(
                text,
                [
                    ((x, middle), (1, 0)), ((x, middle), (-1, 0)),
                    ((x, t), (1, 0)), ((x, t), (-1, 0)), ((x, t), (0, beyond)),
                    ((x, t), (1, beyond)), ((x, t), (-1, beyond)),
                    ((x, f), (0, -beyond)), ((x, f), (1, -beyond)), ((x, f), (-1, -beyond)),
                    ((x, (3 * t + f) / 4), (1, 0)), ((x, (3 * t + f) / 4), (-1, 0)),
                    ((x, (t + 3 * f) / 4), (1, 0)), ((x, (t + 3 * f) / 4), (-1, 0)),
                    ((x, t), (0, 4 * beyond)), ((x, f), (0, -4 * beyond)),
                ],
            )  # fmt: skip
