"""What pictures have in common: colours that survive a grey copier, exact numbers, text as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from cycler import cycler
from matplotlib import rc_context, rcParams, rcParamsDefault, style
from matplotlib.axes import Axes
from matplotlib.cbook import is_math_text
from matplotlib.colors import to_hex, to_rgb
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font
from matplotlib.textpath import text_to_path
from matplotlib.ticker import ScalarFormatter

from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.real import Real, middle
from zerograd.core.verdict.witness import Witness
from zerograd.document.escape import clean
from zerograd.document.numbers import equation, exact_text
from zerograd.show.plot import NothingToPlot
from zerograd.show.words import alpha_line

FAMILY = "DejaVu Sans"
"""The family of files: it comes with matplotlib."""

RAMP = ("#440154", "#22a884", "#414487", "#7ad151", "#2a788e", "#fde725")
"""Colours of the map viridis: equal steps of lightness, in an order that puts dark beside light."""
HATCHES = ("", "///", "..", "\\\\\\", "xxx", "---", "oo", "|||", "+++", "//", "**", "\\\\")
"""Dots are few: each is a curve in the file, and there are hundreds in a pattern."""
LINES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (4, 1.5, 1, 1.5)), (0, (1, 1.2)))

LARGEST = 1e100
"""Beyond it, matplotlib's own arithmetic overflows."""

SALT = "zerograd"
"""What names in SVG files are made with: the same ones each time."""

_RC: dict[str, Any] = {
    "font.family": [FAMILY],
    "axes.linewidth": 0.6,
    "figure.dpi": 100.0,
    "hatch.linewidth": 0.7,
    "pdf.fonttype": 3,
    "savefig.dpi": 200.0,
    "svg.fonttype": "none",  # text stays text: it can be searched, selected and restyled
    "svg.hashsalt": SALT,
    "text.usetex": False,
}


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture takes from matplotlib's settings.

    Attributes:
        ramp: colours of what is told apart, in order; hatches, markers and line styles differ as well.
        ink, paper: colours of lines and text, and of what is behind them.
        faint, pale: between the two.
        small, normal, title: sizes of text, in points.
    """

    ramp: tuple[str, ...]
    ink: str
    paper: str
    faint: str
    pale: str
    small: float
    normal: float
    title: float

    def color(self, order: int) -> str:
        """Return a colour of the ramp, which begins anew after its last."""
        return self.ramp[order % len(self.ramp)]

    @property
    def curve(self) -> str:
        """The colour of functions."""
        return self.color(0)

    @property
    def bar(self) -> str:
        """The colour of residuals."""
        return self.color(1)

    @property
    def target(self) -> str:
        """The colour of data."""
        return self.color(5)


def look() -> Look:
    """Return the look that the settings in force ask for: those of a style sheet, or of ``colors``.

    A cycle of colours that is not matplotlib's own takes the place of ours.
    """
    cycle = tuple(to_hex(color) for color in rcParams["axes.prop_cycle"].by_key().get("color", ()))
    usual = tuple(to_hex(color) for color in rcParamsDefault["axes.prop_cycle"].by_key()["color"])
    ink, paper = to_hex(rcParams["text.color"]), to_hex(rcParams["axes.facecolor"])
    size = float(rcParams["font.size"])
    return Look(
        ramp=RAMP if cycle in ((), usual) else cycle,
        ink=ink,
        paper=paper,
        faint=_between(ink, paper, 0.55),
        pale=_between(ink, paper, 0.832),
        small=0.8 * size,
        normal=0.9 * size,
        title=size,
    )


def _between(first: str, second: str, share: float) -> str:
    mixed = ((1 - share) * a + share * b for a, b in zip(to_rgb(first), to_rgb(second), strict=True))
    return to_hex(tuple(mixed))  # type: ignore[arg-type]


def styled() -> AbstractContextManager[None]:
    """matplotlib's defaults and ours, whatever the user's own settings; they are back afterwards."""
    context: AbstractContextManager[None] = style.context(["default", _RC])
    return context


def colored(colors: Sequence[Any] | None) -> AbstractContextManager[None]:
    """Settings with these colours in place of the cycle in force. Raises ValueError if one is none."""
    if colors is None:
        return nullcontext()
    context: AbstractContextManager[None] = rc_context({"axes.prop_cycle": cycler(color=list(colors))})
    return context


def text_style(size: float | None = None, **more: Any) -> dict[str, Any]:
    """Arguments for text, in which names between ``$`` are formulas; ``parse_math=False``: no formula is."""
    return {"fontsize": size or look().small, "parse_math": True, "usetex": False, **more}


def is_math(text: str) -> bool:
    """Whether matplotlib takes a text as one with formulas."""
    return bool(is_math_text(text))


def number(value: Exact) -> str:
    """The exact number, short, with a minus sign that is as wide as a plus."""
    return exact_text(value).replace("-", "−")


def named(name: str, value: Exact) -> str:
    """``name = −2/3``, or ``name ≈ 1.2345e-40`` where the number is too long to write out."""
    return equation(name, number(value))


def near(value: Real, what: str = "a number") -> float:
    """The float that a place in a picture is.

    Raises:
        NothingToPlot: too large for a picture.
    """
    try:
        result = float(middle(value))
    except OverflowError:
        result = float("inf")
    if abs(result) > LARGEST:
        raise NothingToPlot(f"{what} is {exact_text(value)}: too large for a picture (the largest is 1e100)")
    return result


def drawn_parameters(witness: Witness) -> dict[str, Array[Exact]]:
    """Weights and biases, or the middles of what encloses them."""
    return {name: array.map(middle) for name, array in witness.parameters.items()}


def alpha_note(witness: Witness) -> list[str]:
    """What α stands for, where a number is irrational."""
    line = alpha_line(witness)
    return [] if line is None else [line]


def title_text(title: str, width: float) -> str:
    """A title from a problem file: at most two lines of ``width`` points, in letters that the font has."""
    known = _font().get_charmap()
    shown = "".join(c if ord(c) in known else f"[U+{ord(c):04X}]" for c in clean(title))
    lines = wrapped(shown, width, look().title, math=False)
    if len(lines) > 2:
        lines = [lines[0], lines[1][:-1] + "…"]
    return "\n".join(lines)


def _font() -> FT2Font:
    return get_font(findfont(FontProperties()))


def extent(
    text: str, size: float | None = None, *, bold: bool = False, math: bool = True
) -> tuple[float, float]:
    """Width and height of a text, in points; ``math``: names between ``$`` are formulas."""
    size = size or look().small
    lines = text.split("\n")
    prop = FontProperties(size=size, weight="bold" if bold else "normal")
    widths = [_width(line, prop, math=math and is_math(line)) for line in lines]
    return max(widths), 1.2 * size * len(lines)


@lru_cache(maxsize=4096)
def _width(line: str, prop: FontProperties, *, math: bool) -> float:
    """The width of a line in points. (Properties of fonts are compared by what they say.)"""
    return float(text_to_path.get_text_width_height_descent(line, prop, ismath=math)[0])


_WORD = re.compile(r"(?:\$[^$]*\$|\S)+")
"""A formula is not broken at its spaces."""


def wrapped(text: str, width: float, size: float | None = None, *, math: bool = True) -> list[str]:
    """Lines of at most ``width`` points, broken between words, or within one that is too long.

    Args:
        math: whether names between ``$`` are formulas, which are never broken.
    """
    lines, used = [""], 0.0
    space = extent(" ", size)[0] if math else 0.0
    for word in _WORD.findall(text) if math else text.split():
        # Formulas take long to measure: each is measured by itself, once.
        alone = extent(word, size, math=math)[0]
        longer = f"{lines[-1]} {word}".strip()
        wide = used + space * bool(lines[-1]) + alone if math else extent(longer, size, math=False)[0]
        if wide <= width:
            lines[-1], used = longer, wide
            continue
        if math and is_math(word):
            pieces = _broken(word, width, size)
            lines, used = [*lines, *pieces], extent(pieces[-1], size)[0]
            continue
        lines.append("")
        for character in word:
            if lines[-1] and extent(lines[-1] + character, size, math=math)[0] > width:
                lines.append("")
            lines[-1] += character
        used = extent(lines[-1], size, math=math)[0]
    return [line for line in lines if line]


def _broken(formula: str, width: float, size: float | None) -> list[str]:
    """A formula, broken before its outermost signs of equality and addition where it is too long."""
    lines: list[str] = []
    after = formula.rpartition("$")[2]
    for part in _parts(formula.partition("$")[2].rpartition("$")[0]):
        if lines and extent(f"${lines[-1]} {part}$", size)[0] <= width:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    shown = [f"${line}$" for line in lines]
    shown[0] = formula.partition("$")[0] + shown[0]
    shown[-1] += after
    return shown


def _parts(formula: str) -> list[str]:
    """A formula in pieces, each of which but the first begins with a relation or a sign."""
    parts, depth = [""], 0
    for token in formula.split(" "):
        if depth == 0 and parts[-1] and token in _BREAKS:
            parts.append("")
        parts[-1] += f" {token}" if parts[-1] else token
        depth += sum((c in "{([") - (c in "})]") for c in token)
    return parts


_BREAKS = ("=", "+", "-", "<", ">", r"\neq", r"\leq", r"\geq")


def axes_width(ax: Axes) -> float:
    """Points, as far as the layout is known."""
    return float(ax.get_window_extent().width / resolution(ax) * 72)


def resolution(ax: Axes) -> float:
    """Dots per inch."""
    return float(ax.figure.dpi)


def caption(ax: Axes, label: str, notes: Iterable[str]) -> None:
    """The label of the x axis, with notes below."""
    width = max(0.9 * axes_width(ax), 120.0)
    lines = [label] if label else []
    for note in notes:
        lines += wrapped(note, width)
    ax.set_xlabel("\n".join(lines), **text_style(linespacing=1.35))


def heading(ax: Axes, title: str, handles: Sequence[Any] = ()) -> None:
    """What the picture is, and below it the legend, above the axes."""
    pad = 6.0
    if handles:
        width = max(axes_width(ax), 120.0)
        columns = len(handles)
        while columns > 1 and _table_width([str(h.get_label()) for h in handles], columns) > width:
            columns -= 1
        legend = ax.legend(
            handles=list(handles),
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=columns,
            frameon=False,
            borderaxespad=0.2,
            borderpad=0.1,
            columnspacing=1.4,
            handlelength=2.2,
            prop=FontProperties(size=look().small),
        )
        for text in legend.get_texts():
            text.set(parse_math=True, usetex=False)
        pad += 1.625 * look().small * -(-len(handles) // columns)
    ax.set_title(title, loc="left", pad=pad, **text_style(look().normal, fontweight="bold"))


def _table_width(labels: Sequence[str], columns: int) -> float:
    """The width of a legend as matplotlib lays it out: column by column, the first ones longer by one."""
    rows, more = divmod(len(labels), columns)
    ends = [n * rows + min(n, more) for n in range(columns + 1)]
    return sum(max(extent(label)[0] for label in labels[a:b]) + 37 for a, b in pairwise(ends))


_EXPONENT = re.compile(r"e\+?(-?)0*")


class Ticks(ScalarFormatter):
    """Ticks that need no common factor in a corner, where it would be overlooked, or cover something."""

    def __init__(self) -> None:
        super().__init__(useOffset=False, useMathText=False, useLocale=False)

    def format_ticks(self, values: Iterable[float]) -> list[str]:
        every = [float(v) for v in values]
        shown = [str(text) for text in super().format_ticks(every)]
        if not super().get_offset():
            return shown
        for digits in range(3, 17):
            shown = [f"{v + 0.0:.{digits}g}" for v in every]
            if len(set(shown)) == len(set(every)):
                break
        return [_EXPONENT.sub(r"e\1", text).replace("-", "−") for text in shown]

    def get_offset(self) -> str:
        return ""


def ticks(ax: Axes) -> None:
    """Small numbers, each whole."""
    ax.tick_params(labelsize=look().small)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(Ticks())


def bare(ax: Axes) -> None:
    """Two sides without a frame, small ticks."""
    ticks(ax)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def first_of(drawn: int, every: int, what: str) -> list[str]:
    """A note where not all are drawn."""
    return [f"The first {drawn} of {every} {what} are drawn."] if drawn < every else []


def listed(items: Sequence[str], most: int = 3) -> str:
    """``a, b, … (7 in all)``."""
    if len(items) <= most:
        return ", ".join(items)
    return f"{', '.join(items[: most - 1])}, … ({len(items)} in all)"
