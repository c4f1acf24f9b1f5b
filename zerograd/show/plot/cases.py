"""Why a question has no answer: the cases of a certificate, each with the regions that its samples are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from zerograd.core.errors import of_type
from zerograd.core.model.sides import Interval, Side
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.refuting.labels import all_sides
from zerograd.core.verdict.answer import Unsat
from zerograd.document.exact import rational
from zerograd.show.plot.names import entry_name, formula_text, named_quantity, prose_text
from zerograd.show.plot.placing import Places
from zerograd.show.plot.points import Finish
from zerograd.show.plot.style import (
    HATCHES,
    caption,
    extent,
    first_of,
    heading,
    look,
    text_style,
    wrapped,
)
from zerograd.show.say.proof.rows import Row, Told, Unit, told
from zerograd.show.words import count

MOST_ROWS, MOST_UNITS, MOST_FACTS = 24, 4, 12
_NUMBER, _GAP, _PAD = 20.0, 12.0, 7.0
"""Points: the column of numbers, between columns, above and below what a row holds."""
_LINE, _STRIP, _WIDEST = 1.45, 13.0, 150.0
"""The distance of lines in sizes of text; the height and the largest width of a strip, in points."""


def draw_cases(ax: Axes, answer: Unsat) -> Finish:
    """Draw into the axes. What is returned draws what depends on their size, once the layout is final."""
    table = _Table.of(answer)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    dot: dict[str, Any] = {
        "marker": "o",
        "linestyle": "",
        "markerfacecolor": look().paper,
        "markeredgecolor": look().ink,
    }
    handles: list[Line2D | Patch] = []
    if any(isinstance(side, Side) and side.derivative for sides in table.sides.values() for side in sides):
        handles.append(Patch(**_sloped(), label="where the unit's slope is not 0"))
    name = "some sample is there" if table.of_patterns else "a sample, with its number"
    handles.append(Line2D([], [], **dot, markersize=8, label=name))
    heading(ax, "Every case, and why it cannot be", handles)
    caption(ax, "", table.notes)
    ax.xaxis.label.set(ha="left", x=0.0)

    def finish() -> None:
        width, height = Places(ax).in_points()
        drawn = _draw(ax, table, width, height)
        if left := len(table.rows) - drawn + table.told.left:
            note = f"{count(left, 'more case')} not drawn: zerograd export --to markdown has all."
            ax.set_xlabel(f"{ax.get_xlabel()}\n{note}".strip())

    return finish


def cases_height(answer: Unsat, inches: float) -> float:
    """The height of a figure of this width that has room for the cases, in inches."""
    table = _Table.of(answer)
    width = 72 * inches - 40
    rows = sum(table.row_height(row, width) for row in table.rows)
    notes = sum(len(wrapped(note, 0.9 * width)) for note in table.notes) * _LINE * look().small
    return max((rows + table.head_height + notes + 75) / 72, 2.5)


@dataclass(frozen=True)
class _Table:
    """What there is to draw.

    Attributes:
        units: those that have a column.
    """

    problem: Problem
    told: Told
    units: tuple[Unit, ...]

    @classmethod
    def of(cls, answer: Unsat) -> _Table:
        certificate = of_type(answer.certificate, Certificate, "a certificate to draw")
        every = told(answer.problem, certificate, most=MOST_ROWS)
        placed = sorted({unit for row in every.rows for unit in row.sides})
        sided = all_sides(answer.problem)
        units = placed or list(sided)
        return cls(answer.problem, every, tuple(units[:MOST_UNITS]))

    @property
    def rows(self) -> Sequence[Row]:
        """Those that are drawn where there is room."""
        return self.told.rows

    @cached_property
    def sides(self) -> Mapping[Unit, Sequence[Interval]]:
        """The sides of each unit that has a column."""
        every = all_sides(self.problem)
        return {unit: every[unit] for unit in self.units}

    @cached_property
    def notes(self) -> list[str]:
        """Below the picture: the facts that rows cite, and what is not drawn."""
        notes = [prose_text(part) for part in self.told.notation]
        notes += [f"({n}) {formula_text(node)}" for n, node in self.told.facts[:MOST_FACTS]]
        notes += first_of(MOST_FACTS, len(self.told.facts), "facts")
        placed = {unit for row in self.told.rows for unit in row.sides}
        if len(placed) > len(self.units):
            notes.append(f"The sides of {len(self.units)} of {len(placed)} units are drawn.")
        absent = "∅: no sample is there." if self.of_patterns else "Samples not drawn may be on either side."
        return [*notes, f"{absent} Drawn from the certificate."]

    @property
    def of_patterns(self) -> bool:
        """Whether rows say which patterns samples have, and not where each sample lies."""
        return any(row.samples is None for row in self.told.rows)

    @property
    def head_height(self) -> float:
        """Points above the first row."""
        return 2 * _LINE * look().small + 4

    def strip_width(self, width: float) -> float:
        """The width of a unit's strip, in points."""
        return min(_WIDEST, (0.5 * width - _NUMBER) / len(self.units) - _GAP)

    def text_start(self, width: float) -> float:
        """Where the column of reasons begins."""
        return _NUMBER + len(self.units) * (self.strip_width(width) + _GAP)

    def lines(self, row: Row, width: float) -> list[str]:
        """What is said of a row, in lines that fit."""
        room = max(width - self.text_start(width), 60.0)
        told_of = [f"Suppose that {prose_text(clause)}." for clause in row.assumed]
        first, *rest = row.end or ("",)
        if isinstance(first, str):
            first = first.removeprefix("then ")
            first = first[:1].upper() + first[1:]
        told_of.append(prose_text((first, *rest) if first else tuple(rest)))
        return [line for text in told_of for line in wrapped(text, room)]

    def row_height(self, row: Row, width: float) -> float:
        """Points."""
        return max(len(self.lines(row, width)) * _LINE * look().small, _STRIP) + 2 * _PAD


def _draw(ax: Axes, table: _Table, width: float, height: float) -> int:
    """Draw as many rows as there is room for. Returns how many these are."""
    style = text_style(va="center", clip_on=True)
    small = look().small
    strip = table.strip_width(width)
    starts = [_NUMBER + column * (strip + _GAP) for column in range(len(table.units))]
    for start, unit in zip(starts, table.units, strict=True):
        middle = start + strip / 2
        ax.text(middle, height - 0.8 * small, _unit_name(table, unit), **{**style, "ha": "center"})
        for x, end in _ends(table.sides[unit], start, strip):
            ax.text(x, height - 2.3 * small, end, **{**style, "ha": "center"})
    top = height - table.head_height
    for drawn, row in enumerate(table.rows):
        tall = table.row_height(row, width)
        if top - tall < -0.5:
            return drawn
        ax.plot([0, width], [top, top], color=look().faint, linewidth=0.5, zorder=1)
        level = top - _PAD - 0.5 * max(_LINE * small, _STRIP)
        ax.text(_NUMBER / 2 - 2, level, str(row.number), **{**style, "ha": "center", "fontweight": "bold"})
        for start, unit in zip(starts, table.units, strict=True):
            _strip(ax, table, row, unit, (start, level, strip))
        for n, line in enumerate(table.lines(row, width)):
            ax.text(table.text_start(width), level - n * _LINE * small, line, **style)
        top -= tall
    ax.plot([0, width], [top, top], color=look().faint, linewidth=0.5, zorder=1)
    return len(table.rows)


def _unit_name(table: _Table, unit: Unit) -> str:
    """``zₘ = w₁ xₘ + b₁`` in the letters of the reasons, or the name alone where that is long."""
    layer, number = unit
    network = table.problem.network
    sided = {layer for layer, _ in all_sides(table.problem)}
    which = (number,) if network.widths[layer] > 1 else ()
    named = partial(named_quantity, network, "z", layer if len(sided) > 1 else "")
    if table.of_patterns:
        z, x = f"{named(which)[:-1]}(x)$", "$x$"
    else:
        z, x = named(("m", *which)), named_quantity(network, "x", at=("m",))
    if layer > 1 or network.inputs > 1:
        return z
    weight = entry_name(network, "w1", (number, 0), network.shapes["w1"])
    bias = (
        f" + {entry_name(network, 'b1', (number,), network.shapes['b1'])}" if network.layers[0].bias else ""
    )
    return f"{z} = {weight} {x}{bias}"


def _spans(sides: Sequence[Interval], start: float, width: float) -> list[tuple[float, float]]:
    """From where to where each side goes; one that is a kink alone has no width."""
    wide = sum(not side.is_point for side in sides)
    spans: list[tuple[float, float]] = []
    at = start
    for side in sides:
        to = at if side.is_point else at + width / wide
        spans.append((at, to))
        at = to
    return spans


def _ends(sides: Sequence[Interval], start: float, width: float) -> list[tuple[float, str]]:
    """Where the kinks are, and their values."""
    spans = _spans(sides, start, width)
    return [
        (low, formula_text(rational(side.low)))
        for (low, _), side in zip(spans, sides, strict=True)
        if side.low is not None and not side.is_point
    ]


def _strip(ax: Axes, table: _Table, row: Row, unit: Unit, corner: tuple[float, float, float]) -> None:
    """The line of a unit's pre-activations, with the samples on the sides that a row says.

    Args:
        corner: where the strip begins, the height of its middle, and its width.
    """
    start, level, width = corner
    bottom, top = level - _STRIP / 2, level + _STRIP / 2
    sides = table.sides[unit]
    spans = _spans(sides, start, width)
    for (low, high), side in zip(spans, sides, strict=True):
        if high > low:
            filled = _sloped() if isinstance(side, Side) and side.derivative else {"facecolor": look().paper}
            ax.add_patch(Rectangle((low, bottom), high - low, _STRIP, zorder=1, **filled))
        if side.low is not None:
            ax.plot([low, low], [bottom - 2, top + 2], color=look().ink, linewidth=1.0, zorder=2)
    for edge in (bottom, top):
        ax.plot([start, start + width], [edge, edge], color=look().ink, linewidth=0.5, zorder=2)
    here: dict[int, list[str]] = {}
    for sample, number in row.sides.get(unit, {}).items():
        here.setdefault(number, []).append(sample if row.samples is not None else "")
    for number, samples in here.items():
        low, high = spans[number]
        room = (high - low) / len(samples) if high > low else _STRIP
        first = low if high > low else low - room * len(samples) / 2
        for n, sample in enumerate(sorted(samples, key=lambda name: (len(name), name))):
            _dot(ax, first + (n + 0.5) * room, level, sample)
    if row.samples is None and len(all_sides(table.problem)) == 1:
        for tag in row.empty:
            low, high = spans[int(tag)]
            ax.text((low + high) / 2, level, "∅", **text_style(ha="center", va="center", zorder=5))


def _sloped() -> dict[str, Any]:
    """The look of a side on which a unit lets gradients back."""
    return {"facecolor": look().pale, "edgecolor": look().faint, "hatch": HATCHES[1], "linewidth": 0.0}


def _dot(ax: Axes, x: float, y: float, name: str) -> None:
    """A sample, with its number in it."""
    ax.plot([x], [y], linestyle="", marker="o", markersize=_STRIP - 1.5, zorder=4,
            markerfacecolor=look().paper, markeredgecolor=look().ink, markeredgewidth=0.9)  # fmt: skip
    size = min(look().small - 1, (_STRIP - 4) / max(extent(name or "0", 1.0)[0], 0.1))
    ax.text(x, y, name, **text_style(size, ha="center", va="center", zorder=5)).set_in_layout(False)
