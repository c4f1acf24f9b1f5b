"""A sweep as a heat map: the samples over two parameters, a panel for each combination of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, prod
from typing import Any

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from zerograd.core.question.sweeps import Sweep, is_pattern, signs, value_text
from zerograd.core.verdict.sweep import SweepRow
from zerograd.show.plot import NothingToPlot
from zerograd.show.plot import Picture as Form
from zerograd.show.plot.figure import written
from zerograd.show.plot.style import HATCHES, look, styled, text_style, title_text

MAX_PANELS = 24
MAX_CELLS = 5000
"""Cells of all panels: each is a shape in the file."""
LABELLED = 600
"""Cells up to which numbers stand in them."""
LISTED = 6
"""Numbers of samples that the legend lists."""
LONGEST = 24
"""Characters of a value at an axis."""
_CELL = 0.42
"""Inches."""
_MAP = "viridis_r"


@dataclass(frozen=True)
class Plan:
    """Which parameters are where.

    Attributes:
        down, across: the parameters of the axes; None where there is none left.
        panels: those that tell panels apart.
    """

    down: str | None
    across: str | None
    panels: tuple[str, ...]


def planned(sweep: Sweep) -> Plan:
    """Numbers go to the axes first, else what has most values; what has one value is in no picture."""
    many = [name for name, values in sweep.parameters.items() if len(values) > 1]
    numbers = [name for name in many if _numeric(sweep.parameters[name])]
    others = [name for name in many if name not in numbers]
    many = [*numbers, *sorted(others, key=lambda name: -len(sweep.parameters[name]))]
    down = many[0] if len(many) > 1 else None
    across = many[:2][-1] if many else None
    panels = tuple(name for name in sweep.parameters if name in many[2:])
    return Plan(down, across, panels)


def _numeric(values: Sequence[Any]) -> bool:
    return isinstance(values, range) or all(type(value) is int for value in values)


def unfit(sweep: Sweep) -> str | None:
    """Say why there is no picture of a sweep, None if there is one."""
    plan = planned(sweep)
    if len(sweep) > MAX_CELLS:
        return f"{len(sweep)} rows are more than the {MAX_CELLS} cells that a heat map has at most"
    panels = prod(len(sweep.parameters[name]) for name in plan.panels)
    if panels > MAX_PANELS:
        return (
            f"a heat map of two parameters would have {panels} panels for {', '.join(plan.panels)}: at most "
            f"{MAX_PANELS} are drawn"
        )
    return None


def picture(sweep: Sweep, rows: Iterable[SweepRow], form: Form) -> bytes:
    """The heat map as a file, the same bytes each time. Raises NothingToPlot."""
    with styled():
        return written(heat_map(sweep, rows), form)


def heat_map(sweep: Sweep, rows: Iterable[SweepRow]) -> Figure:
    """A new figure, which pyplot does not know.

    Raises:
        NothingToPlot: too many rows, or too many panels.
    """
    if (reason := unfit(sweep)) is not None:
        raise NothingToPlot(reason)
    plan = planned(sweep)
    every = list(rows)
    most = max((row.samples or 0 for row in every), default=0)
    combinations = list(product(*(range(len(sweep.parameters[name])) for name in plan.panels)))
    columns = min(len(combinations), 4 if _size(sweep, plan.across) <= 8 else 2)
    lines = ceil(len(combinations) / columns)
    figure = Figure(layout="constrained")
    wide, high = _size(sweep, plan.across), _size(sweep, plan.down)
    figure.set_size_inches(
        max(5.0, columns * (1.3 + _CELL * wide)), 1.5 + lines * (1.0 + _CELL * max(high, 1))
    )
    numbered = {name: place for place, name in enumerate(sweep.parameters)}
    axes = figure.subplots(lines, columns, squeeze=False)
    for spare in axes.flat[len(combinations) :]:
        spare.set_axis_off()
    for ax, combination in zip(axes.flat, combinations, strict=False):
        fixed = dict(zip(plan.panels, combination, strict=True))
        _panel(ax, sweep, plan, fixed)
    for number, row in enumerate(every):
        places = sweep.places(number)
        panel = combinations.index(tuple(places[numbered[name]] for name in plan.panels))
        x = 0 if plan.across is None else places[numbered[plan.across]]
        y = 0 if plan.down is None else places[numbered[plan.down]]
        _cell(axes.flat[panel], row, x, y, most, labelled=len(every) <= LABELLED)
    width = 72 * figure.get_size_inches()[0] - 24
    title = title_text(sweep.title or "Fewest samples", width)
    figure.suptitle(title, **text_style(look().title, parse_math=False))
    figure.legend(
        handles=list(_legend(every, most)),
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize=look().small,
    )
    return figure


def _size(sweep: Sweep, name: str | None) -> int:
    return 1 if name is None else len(sweep.parameters[name])


def _panel(ax: Axes, sweep: Sweep, plan: Plan, fixed: Mapping[str, int]) -> None:
    """Axes with their labels, and nothing in them."""
    for name, axis, limits in ((plan.across, ax.xaxis, ax.set_xlim), (plan.down, ax.yaxis, ax.set_ylim)):
        size = _size(sweep, name)
        limits(-0.5, size - 0.5)
        if name is None:
            axis.set_ticks([])
            continue
        step = ceil(size / 30)
        labels = [_label(value) for value in sweep.parameters[name][::step]]
        slanted = axis is ax.xaxis and max(map(len, labels)) > 4
        axis.set_ticks(
            range(0, size, step),
            labels,
            **text_style(parse_math=False, rotation=90 if slanted else 0),
        )
        axis.set_label_text(name, **text_style(look().normal, parse_math=False))
    if plan.down is not None:
        ax.invert_yaxis()
    ax.set_aspect("equal")
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    text = ", ".join(f"{name} = {_label(sweep.parameters[name][place])}" for name, place in fixed.items())
    ax.set_title(text, loc="left", **text_style(look().normal, parse_math=False))


def _label(value: Any) -> str:
    """A value at an axis; a pattern as its signs."""
    if is_pattern(value):
        return " ".join("0" if asked == "zero" else "≠" for _, asked in signs(value))
    text = value_text(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _cell(ax: Axes, row: SweepRow, x: int, y: int, most: int, *, labelled: bool) -> None:
    color, hatch, mark = _looks(row, most)
    ax.add_patch(
        Rectangle(
            (x - 0.5, y - 0.5), 1, 1, facecolor=color, edgecolor=look().paper, linewidth=1.0, hatch=hatch
        )
    )
    if labelled:
        ink = "#ffffff" if sum(to_rgb(color)) < 1.5 else "#000000"
        ax.text(x, y, mark, ha="center", va="center", color=ink, **text_style(parse_math=False))


def _looks(row: SweepRow, most: int) -> tuple[Any, str, str]:
    """Colour, hatch and mark of a cell."""
    match row.status:
        case "sat":
            number = row.samples or 0
            return _color(number, most), "", str(number) if row.decided else f"≤{number}"
        case "unsat":
            return look().pale, HATCHES[1], "–" if row.proved else "–*"
    return look().paper, HATCHES[2], "?"


def _color(number: int, most: int) -> Any:
    return colormaps[_MAP](0.08 + 0.84 * number / max(most, 1))


def _legend(rows: Sequence[SweepRow], most: int) -> Iterator[Patch]:
    numbers = sorted({row.samples for row in rows if row.samples is not None})
    if numbers:
        for number in numbers if len(numbers) <= LISTED else (numbers[0], numbers[-1]):
            yield Patch(facecolor=_color(number, most), label=f"samples: {number}")
    statuses = {row.status for row in rows}
    if "unsat" in statuses:
        star = "; *: on a solver's word" if any(r.status == "unsat" and not r.proved for r in rows) else ""
        yield _patch(look().pale, HATCHES[1], f"–: none{star}")
    if "unknown" in statuses:
        yield _patch(look().paper, HATCHES[2], "?: unknown")


def _patch(color: str, hatch: str, label: str) -> Patch:
    return Patch(facecolor=color, hatch=hatch, label=label, edgecolor=look().faint, linewidth=0.5)
