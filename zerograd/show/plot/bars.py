"""What each sample adds to each gradient entry, as stacked bars that cancel or do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Rectangle

from zerograd.core.numbers.exact import Exact, compare, divide, sign
from zerograd.core.verdict.witness import Witness
from zerograd.explaining.contributions import Contributions, contributions
from zerograd.show.plot.names import gradient_name
from zerograd.show.plot.placing import Places
from zerograd.show.plot.points import Finish, marker, marker_style
from zerograd.show.plot.style import (
    HATCHES,
    alpha_note,
    axes_width,
    caption,
    extent,
    heading,
    look,
    named,
    near,
    number,
    text_style,
    ticks,
)
from zerograd.show.words import count

_WIDTH, _LEFT = 0.44, -0.3
"""The width of a bar, and where it begins, beside the place of its entry; the diamond stands to its right."""
_DIAMOND = 0.24
_AFTER = 0.2
"""Room on the right of the last entry, so that it has as much for its value as the others."""
_NARROW = 300.0
"""Points: axes in which fewer bars are drawn."""
_UNEQUAL, _EXTREME = 25, 10**90
"""Entries have scales of their own if their bars differ by more than the first factor, or if the longest is
longer than the second, or shorter than one by it."""


@dataclass(frozen=True, slots=True)
class Style:
    """How the bars of a sample are filled. No two samples have the same."""

    face: str
    hatch: str
    ink: str

    @classmethod
    def of(cls, number_: int) -> Style:
        face = look().color(number_)
        return cls(face, HATCHES[number_ % len(HATCHES)], "white" if lightness(face) < 50 else "black")


def others() -> Style:
    """How bars of samples that are not told apart are filled."""
    return Style(look().paper, "...", look().ink)


def lightness(color: str) -> float:
    """L* of CIELAB, from 0 (black) to 100: how light a colour is in grey."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(color)]
    y: float = sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def draw_bars(ax: Axes, witness: Witness) -> Finish:
    """Draw into the axes. What is returned puts labels where there is room, once the layout is final."""
    narrow = axes_width(ax) < _NARROW
    table = contributions(witness, most_entries=6 if narrow else 12, most_samples=8 if narrow else 12)
    scales, apart = _scales(table.rows)
    notes = ["The bars of each entry have a scale of their own."] if apart else []
    if table.left_out:
        notes.append(
            f"{table.left_out} more {'entry is' if table.left_out == 1 else 'entries are'} not drawn."
        )
    handles: list[Any] = [_key(Style.of(position), f"sample {m}") for position, m in enumerate(table.samples)]
    if table.rest:
        handles.append(_key(others(), f"{count(table.rest, 'other')}: + and −"))
    handles.append(marker("D", look().paper, "sum: the gradient", 6))
    segments = []
    for place, (row, scale) in enumerate(zip(table.rows, scales, strict=True)):
        segments += _stack(ax, place, row, scale, table.samples)
        height = _scaled(row.total, scale)
        ax.plot([place + _DIAMOND], [height], zorder=5, **marker_style("D", look().paper, 6))
    ax.axhline(0, color=look().ink, linewidth=0.8, zorder=4)
    ends = [end for segment in segments for end in segment[1:3]] or [-1.0, 1.0]
    low, high = min(0.0, *ends), max(0.0, *ends)
    ax.set_ylim(low - 0.12 * (high - low), high + 0.12 * (high - low))
    ax.set_xlim(-0.5, len(table.rows) - 0.5 + _AFTER)
    ticks(ax)
    values = _room_for_totals(ax, table.rows)
    _entries(ax, witness, table.rows, values=not values)
    ax.set_ylabel("contribution to the gradient", **text_style())
    if apart:
        ax.set_yticks([])
    for side in ("top", "right", "bottom"):
        ax.spines[side].set_visible(False)
    ax.tick_params(axis="x", length=0)
    heading(ax, "What each sample adds to the gradients", handles)
    caption(ax, "", [*notes, *alpha_note(witness)])

    def finish() -> None:
        _numbers(ax, table.rows, scales, segments, values=values)

    return finish


def _key(style: Style, name: str) -> Patch:
    return Patch(facecolor=style.face, edgecolor=style.ink, hatch=style.hatch, linewidth=0, label=name)


def _scales(rows: Sequence[Contributions]) -> tuple[list[Exact], bool]:
    """What the bars of each entry are divided by, and whether each has a scale of its own."""
    heights = [row.reach for row in rows]
    real = sorted((h for h in heights if sign(h)), key=cmp_to_key(compare))
    if not real:
        return [1] * len(rows), False
    least, most = real[0], real[-1]
    alike = compare(most, _UNEQUAL * least) <= 0
    if alike and compare(Fraction(1, _EXTREME), most) < 0 < compare(_EXTREME, most):
        return [1] * len(rows), False
    return [h if sign(h) else 1 for h in heights], True


def _scaled(value: Exact, scale: Exact) -> float:
    """Divided before it is rounded: so no number is too large, or too small."""
    return near(divide(value, scale), "a contribution")


Segment = tuple[int, float, float, Exact, str]
"""Place, bottom, top, exact height, and the sample's name."""


def _stack(ax: Axes, place: int, row: Contributions, scale: Exact, samples: Sequence[int]) -> list[Segment]:
    """Positive contributions upwards from 0, negative ones downwards."""
    ends = {1: 0.0, -1: 0.0}
    drawn: list[Segment] = []
    parts = [(v, Style.of(n), str(samples[n])) for n, v in enumerate(row.shares)]
    parts += [(v, others(), "others") for v in row.others]
    for value, style, name in parts:
        direction = sign(value)
        if direction == 0:
            continue
        start = ends[direction]
        end = ends[direction] = start + _scaled(value, scale)
        corner, height = (place + _LEFT, min(start, end)), abs(end - start)
        ax.add_patch(Rectangle(corner, _WIDTH, height, facecolor=style.face, edgecolor=style.ink,
                               hatch=style.hatch, linewidth=0, zorder=2))  # fmt: skip
        ax.add_patch(Rectangle(corner, _WIDTH, height, fill=False, edgecolor=look().ink, linewidth=0.8,
                               zorder=3))  # fmt: skip
        drawn.append((place, min(start, end), max(start, end), value, name))
    return drawn


def _entries(ax: Axes, witness: Witness, rows: Sequence[Contributions], *, values: bool) -> None:
    """Below each bar its entry, its value if there is no room for it above, and what was asked of it."""
    wide, narrow = [], []
    for row in rows:
        shape = witness.gradients[row.name].shape
        name = gradient_name(witness.problem.network, row.name, row.index, shape)
        equation = named(name, row.total) if values else name
        asked = ", ".join(row.asked)
        wide.append("\n".join([equation, *([f"asked: {asked}"] if asked else [])]))
        steps = equation.replace(" = ", "\n= ").replace(" ≈ ", "\n≈ ")
        narrow.append("\n".join([steps, *(["asked:", *row.asked] if asked else [])]))
    room = _slot(ax, rows) - 4
    fits = [texts for texts in (wide, narrow) if all(extent(text)[0] <= room for text in texts)]
    texts, tight = (fits[0], False) if fits else (wide, True)
    ax.set_xticks(range(len(rows)), texts)
    for tick in ax.get_xticklabels():
        tick.set(**text_style(linespacing=1.3))
        if tight:
            tick.set(rotation=35, ha="right", va="top", rotation_mode="anchor")


def _room_for_totals(ax: Axes, rows: Sequence[Contributions]) -> bool:
    """Whether every value fits between its diamond and the next bar."""
    room = _slot(ax, rows) * (1 + _LEFT - _DIAMOND)
    return all(extent(number(row.total), bold=True)[0] + 9 < room for row in rows)


def _slot(ax: Axes, rows: Sequence[Contributions]) -> float:
    """Points from one entry to the next."""
    return axes_width(ax) / (len(rows) + _AFTER)


def _numbers(
    ax: Axes,
    rows: Sequence[Contributions],
    scales: Sequence[Exact],
    segments: Sequence[Segment],
    *,
    values: bool,
) -> None:
    """Totals beside the diamonds, and in each bar what it stands for, where it fits."""
    places = Places(ax)
    places.line([(end, 0.0) for end in ax.get_xlim()])
    for place, (row, scale) in enumerate(zip(rows, scales, strict=True)):
        if values:
            spot = (place + _DIAMOND, _scaled(row.total, scale))
            sides = [(1, 0), (1, 1), (1, -1)] if sign(row.total) else [(1, 1), (1, -1)]
            places.label(
                number(row.total), [(spot, side) for side in sides], fontweight="bold", clip_on=False
            )
    for place, low, high, value, _ in segments:
        text = number(value)
        left, right = places.pixel(place + _LEFT, low), places.pixel(place + _LEFT + _WIDTH, high)
        width, height = (v * places.scale for v in extent(text, look().small - 1))
        if width + 4 < right[0] - left[0] and height + 4 < right[1] - left[1]:
            ax.text(place + _LEFT + _WIDTH / 2, (low + high) / 2, text, zorder=5,
                    **text_style(look().small - 1, ha="center", va="center", clip_on=True,
                                 bbox={"facecolor": look().paper, "edgecolor": "none", "pad": 1.0})
                    ).set_in_layout(False)  # fmt: skip
