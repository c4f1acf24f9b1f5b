"""The loss along two parameters: where it bends, exactly, and the slopes on both sides of each kink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.exact import Exact, sign
from zerograd.core.numbers.real import middle
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness
from zerograd.document.numbers import exact_text
from zerograd.evaluate.along import Along, Bend, along, parameter
from zerograd.show.plot import NothingToPlot
from zerograd.show.plot.names import entry_name
from zerograd.show.plot.placing import Places, behind, left_out
from zerograd.show.plot.points import Finish, marker, marker_style
from zerograd.show.plot.style import (
    LARGEST,
    LINES,
    alpha_note,
    bare,
    caption,
    heading,
    look,
    named,
    near,
    number,
    text_style,
)

DRAWN = 2
"""Parameters, if none is named; as many as there are line styles may be."""
MOST_TRIED, MOST_LABELS = 40, 12
_POINTS = 400
_STROKE = 17.0
"""Points: the length of the tangents beside a kink."""
_NEAR = Fraction(4)
"""How far from the witness kinks count when parameters are chosen."""

Parameter = tuple[str, Index]


@dataclass(frozen=True, slots=True)
class _Curve:
    """L along one parameter as it is drawn: points, and where its kinks are."""

    line: Along
    ts: list[float]
    heights: list[float]
    bends: list[tuple[Bend, float, float]]

    @classmethod
    def of(cls, line: Along) -> _Curve:
        stops = [near(stop) for stop in line.stops]
        ts = sorted({*stops, *(float(t) for t in np.linspace(stops[0], stops[-1], _POINTS))})
        ats = [near(bend.at) for bend in line.bends]
        heights = line.heights([*ts, *ats])
        if not max(map(abs, heights)) <= LARGEST:
            raise NothingToPlot(f"the loss is too large for a picture (the largest is {LARGEST:g})")
        return cls(line, ts, heights[: len(ts)], list(zip(line.bends, ats, heights[len(ts) :], strict=True)))

    @property
    def name(self) -> str:
        """The name of the parameter."""
        network = self.line.witness.problem.network
        return entry_name(network, self.line.name, self.line.index, network.shapes[self.line.name])

    @property
    def slopes_here(self) -> str:
        """``At t = 0 the slopes along w₁ are −1/2 on the left and 1/3 on the right.``"""
        here = self.line.here
        left, right = (exact_text(slope).replace("-", "−") for slope in (here.left, here.right))
        if here.is_kink:
            return f"At $t$ = 0 the slopes along {self.name} are {left} on the left and {right} on the right."
        return f"At $t$ = 0 the slope along {self.name} is {left}."


def draw_loss(ax: Axes, witness: Witness, references: Sequence[str] = ()) -> Finish:
    """Draw into the axes. What is returned puts labels where there is room, once the layout is final.

    Raises:
        NothingToPlot: there are too many kinks, or L is too large.
        ValueError: a reference that names no parameter, or too many references.
    """
    if len(references) > len(LINES):
        raise ValueError(f"along: at most {len(LINES)} parameters, found {len(references)}")
    chosen = [parameter(witness.problem.network, reference) for reference in references] or _chosen(witness)
    low, high = _window(witness, chosen)
    curves = [_Curve.of(_along(witness, place, low, high)) for place in chosen]
    handles: list[Any] = []
    for order, curve in enumerate(curves):
        color = look().color((0, 2, 4, 1)[order])
        label = f"$L$ where {named(curve.name, curve.line.value)} $+$ $t$"
        handles += ax.plot(
            curve.ts, curve.heights, color=color, ls=LINES[order], lw=1.7, zorder=3, label=label
        )
    bends = [bend for curve in curves for bend in curve.bends]
    ax.plot(
        [at for _, at, _ in bends], [y for *_, y in bends], zorder=5, **marker_style("D", look().paper, 4.5)
    )
    if bends:
        handles.append(marker("D", look().paper, "kink, with the slopes left | right", 4.5))
    here = curves[0].line.heights([0.0])[0]
    ax.plot([0.0], [here], zorder=4, **marker_style("o", look().target, 8))
    handles.append(marker("o", look().target, "the witness", 8))
    ax.set_xlim(near(low), near(high))
    ax.set_ylim(*_heights(curves, here))
    ax.set_ylabel("$L$", **text_style())
    bare(ax)
    heading(ax, "The loss along single parameters", handles)
    notes = [curve.slopes_here for curve in curves]
    if isinstance(witness, EnclosedWitness):
        notes.append("The witness is enclosed: kinks and slopes are those of the middle of its box.")
    caption(ax, "$t$", [*notes, *alpha_note(witness)])

    def finish() -> None:
        places = Places(ax)
        places.mark(0.0, here, 10)
        for curve in curves:
            places.line(zip(curve.ts, curve.heights, strict=True))
        _label(places, bends)

    return finish


def _heights(curves: Sequence[_Curve], here: float) -> tuple[float, float]:
    """From where to where L goes in the picture: what is far above all kinks is cut off."""
    low = min(min(curve.heights) for curve in curves)
    high = max(max(curve.heights) for curve in curves)
    told = max([here, *(height for curve in curves for *_, height in curve.bends)])
    if told - low > 0.02 * (high - low):
        high = min(high, told + 1.2 * (told - low))
    room = 0.15 * (high - low) or abs(low) / 2 or 1.0
    return low - room, high + room


def _label(places: Places, bends: Sequence[tuple[Bend, float, float]]) -> None:
    """Tangents beside kinks, and their slopes where there is room."""
    for bend, at, height in bends:
        places.mark(at, height, 7)
        _strokes(places, bend, at, height)
    around = [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1), (0, 3), (0, -3)]
    for bend, at, height in bends[:MOST_LABELS]:
        text = f"{number(middle(bend.left))} | {number(middle(bend.right))}"
        places.label(text, [((at, height), side) for side in around], gap=8.0, bbox=behind())
    places.left_out += max(0, len(bends) - MOST_LABELS)
    left_out(places, "label")


def _strokes(places: Places, bend: Bend, at: float, height: float) -> None:
    """Short tangents on both sides of a kink, drawn out beyond it: the slope that the other side has not."""
    ax = places.ax
    back = ax.transData.inverted()
    start = np.array(places.pixel(at, height))
    step = 1e-3 * (ax.get_xlim()[1] - ax.get_xlim()[0])
    for slope, side in ((bend.left, 1), (bend.right, -1)):
        toward = np.array(places.pixel(at + side * step, height + side * step * near(slope, "a slope")))
        length = float(np.hypot(*(toward - start)))
        if not length > 0:
            continue
        end = start + (toward - start) / length * _STROKE * places.scale
        ends = back.transform([start, end])
        ax.plot(ends[:, 0], ends[:, 1], color=look().ink, linewidth=0.9, ls=LINES[3], zorder=4,
                scalex=False, scaley=False)  # fmt: skip


def _along(witness: Witness, place: Parameter, low: Exact, high: Exact) -> Along:
    line = along(witness, *place, low, high)
    if line is None:
        raise NothingToPlot(f"the loss along {entry(*place)} has too many pieces to be computed in a moment")
    return line


def _chosen(witness: Witness) -> list[Parameter]:
    """The parameters along which the loss bends next to the witness, or else moves most."""
    network = witness.problem.network
    every = [(name, index) for name in network.shapes for index, _ in witness.parameters[name].items()]
    ranked: list[tuple[tuple[int, int, float], int]] = []
    for order, place in enumerate(every[:MOST_TRIED]):
        line = along(witness, *place, -_NEAR, _NEAR)
        if line is None:
            continue
        low, here, high = line.heights([-1.0, 0.0, 1.0])
        bends = line.bends
        at_once = any(sign(bend.at) == 0 for bend in bends)
        ranked.append(((-int(at_once), -int(bool(bends)), -abs(low + high - 2 * here)), order))
    if not ranked:
        raise NothingToPlot("the loss has too many pieces to be computed in a moment")
    best = sorted(order for _, order in sorted(ranked)[:DRAWN])
    return [every[order] for order in best]


def _window(witness: Witness, chosen: Sequence[Parameter]) -> tuple[Fraction, Fraction]:
    """From where to where t goes: beyond the kinks that are next to the witness on each side."""
    sizes = [abs(near(middle(witness.parameters[name][index]), "a parameter")) for name, index in chosen]
    scale = Fraction(max([1.0, *sizes])).limit_denominator(16)
    ends = {-1: Fraction(0), 1: Fraction(0)}
    for place in chosen:
        line = _along(witness, place, -4 * scale, 4 * scale)
        for side, end in ends.items():
            away = sorted(abs(near(bend.at)) for bend in line.bends if sign(bend.at) == side)
            ends[side] = max([end, *map(Fraction, away[:2])])
    most = max(ends.values()) or scale / 2
    low, high = (max(ends[side], most / 2) * Fraction(13, 10) for side in (-1, 1))
    return -low.limit_denominator(64), high.limit_denominator(64)
