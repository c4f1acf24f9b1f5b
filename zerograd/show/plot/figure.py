"""Figures: pictures put together, laid out, and written as the same bytes each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, Literal, TypeAlias

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zerograd.core.errors import of_type
from zerograd.core.verdict.answer import Sat, Unsat
from zerograd.core.verdict.witness import Witness
from zerograd.show.lower import with_lower_loss
from zerograd.show.plot import Kind
from zerograd.show.plot import Picture as Form
from zerograd.show.plot.bars import draw_bars
from zerograd.show.plot.cases import cases_height, draw_cases
from zerograd.show.plot.diagram import draw_network
from zerograd.show.plot.line import draw_line
from zerograd.show.plot.loss import draw_loss
from zerograd.show.plot.plane import draw_plane
from zerograd.show.plot.points import Finish
from zerograd.show.plot.style import FAMILY, SALT, axes_width, look, text_style, title_text
from zerograd.show.plot.targets import draw_targets
from zerograd.show.question import convention_line
from zerograd.show.words import count

Drawable: TypeAlias = Sat | Unsat
Title: TypeAlias = str | Literal[False] | None

_CM = 1 / 2.54
_ONE, _ALL = 16.0, 27.0
"""Widths in centimetres."""
_BESIDE = 22.0
"""From this width on, two panels stand beside each other."""

_METADATA: dict[Form, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": "zerograd"},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": "zerograd", "Producer": None},
}
"""No time, so that the same picture is the same file."""


class Picture(Axes):
    """Axes that a notebook shows, with the figure that they are in, whatever its backend."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        figure = of_type(self.figure, Figure, "the figure of a picture")
        content = _saved(figure, "png", dpi=2 * figure.dpi)  # as sharp as screens are
        width, height = (round(length * figure.dpi) for length in figure.get_size_inches())
        return content, {"width": width, "height": height}

    def _repr_svg_(self) -> str:
        figure = of_type(self.figure, Figure, "the figure of a picture")
        with rc_context({"svg.hashsalt": SALT}):
            return _saved(figure, "svg").decode()


def draw_into(
    ax: Axes, thing: Drawable, kind: Kind, *, title: Title = None, along: Sequence[str] = ()
) -> None:
    """Draw one picture into axes that have their place."""
    finish = _drawing(thing, kind, along)(ax)
    _retitle(ax, title)
    finish()


def drawn(
    thing: Drawable,
    kinds: Sequence[Kind],
    width: float | None = None,
    *,
    figsize: tuple[float, float] | None = None,
    title: Title = None,
    along: Sequence[str] = (),
) -> Figure:
    """A new figure, which pyplot does not know, with one picture or with several.

    Args:
        width: in centimetres; ``figsize``: width and height in inches, instead.
    """
    centimetres = width or (_ONE if len(kinds) == 1 else _ALL)
    inches = figsize[0] if figsize else centimetres * _CM
    figure = Figure(layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08, wspace=0.03, hspace=0.04)  # type: ignore[union-attr, call-arg]
    if len(kinds) == 1:
        height = cases_height(thing, inches) if isinstance(thing, Unsat) else max(0.72 * inches, 4.8)
        axes = {kinds[0]: figure.add_subplot(axes_class=Picture)}
    else:
        beside = centimetres >= _BESIDE
        every = max(0.78 * inches, 7.0) if beside else max(1.9 * inches, 13.5)
        rows = {True: (1, 2), False: (2, 3)}[beside]
        height = every * rows[len(kinds) - 2] / rows[1]
        axes = dict(zip(kinds, _panels(figure, len(kinds), beside=beside), strict=True))
    figure.set_size_inches(figsize or (inches, height))
    if title is not False:
        text = _title(thing, 72 * inches - 24) if title is None else title_text(title, 72 * inches - 24)
        figure.suptitle(text, **text_style(look().title, linespacing=1.5, parse_math=False))
    figure.draw_without_rendering()  # so that legends and notes know about how wide they may be
    finish: list[Finish] = [_drawing(thing, kind, along)(ax) for kind, ax in axes.items()]
    for ax in axes.values():
        _retitle(ax, False if title is False and len(kinds) == 1 else None)
    figure.draw_without_rendering()  # from here on, every axes has its place
    for place_labels in finish:
        place_labels()
    figure.draw_without_rendering()  # labels that found no room are counted in a note
    return figure


def _retitle(ax: Axes, title: Title) -> None:
    """Take away the picture's own title, or put another in its place."""
    if title is False:
        ax.set_title("", loc="left")
    elif title is not None:
        ax.set_title(
            title_text(title, axes_width(ax)), loc="left", **text_style(look().normal, parse_math=False)
        )


def _panels(figure: Figure, number: int, *, beside: bool) -> list[Axes]:
    """The first and the last of three beside each other, the second below; or all below each other."""
    if number == 2:
        shape = (1, 2) if beside else (2, 1)
        return [figure.add_subplot(*shape, place, axes_class=Picture) for place in (1, 2)]
    if not beside:
        return [figure.add_subplot(3, 1, row) for row in (1, 3, 2)]
    grid = figure.add_gridspec(2, 2, width_ratios=[1.25, 1.0], height_ratios=[1.25, 1.0])
    function, network = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
    return [function, figure.add_subplot(grid[1, :]), network]


def _drawing(thing: Drawable, kind: Kind, along: Sequence[str]) -> Callable[[Axes], Finish]:
    if isinstance(thing, Unsat):
        return lambda ax: draw_cases(ax, thing)
    match kind:
        case "contributions":
            draw: Callable[[Axes, Witness], Finish] = draw_bars
        case "network":
            draw = draw_network
        case "loss":
            return lambda ax: draw_loss(ax, thing.witness, along)
        case _:
            inputs = thing.problem.network.inputs
            if inputs == 1:
                return lambda ax: draw_line(ax, thing.witness, with_lower_loss(thing))
            draw = draw_plane if inputs == 2 else draw_targets
    return lambda ax: draw(ax, thing.witness)


def _title(thing: Drawable, width: float) -> str:
    problem = thing.problem
    if isinstance(thing, Unsat):
        fixed = problem.samples.fixed
        samples = f"samples: {problem.samples}" if fixed is None else count(fixed, "sample")
    else:
        samples = count(thing.samples, "sample")
    about = f"{problem.network}; {samples}"
    convention = convention_line(problem).replace("-", "−")
    lines = [title_text(f"{about}; {convention}", width)]
    title = title_text(problem.title or "", width)
    if title:
        lines.insert(0, title)
    return "\n".join(lines)


def written(figure: Figure, form: Form) -> bytes:
    """The figure as a file."""
    content = _saved(figure, form)
    return _with_fallbacks(_rounded(content)) if form == "svg" else content


def _saved(figure: Figure, form: Form, **how: Any) -> bytes:
    stream = BytesIO()
    figure.savefig(stream, format=form, metadata=_METADATA[form], **how)
    return stream.getvalue()


def _with_fallbacks(svg: bytes) -> bytes:
    """Name fonts that are as wide, for where the one that labels were placed with is missing."""
    family = f"'{FAMILY}'".encode()
    return svg.replace(family, family + b", Verdana, sans-serif")


_PATTERN = re.compile(rb"<pattern .*?</pattern>", re.DOTALL)
_LONG_DECIMAL = re.compile(rb"-?\d+\.\d{3,}")


def _rounded(svg: bytes) -> bytes:
    """Round hatches to a hundredth of a point: else they are most of the file."""
    return _PATTERN.sub(
        lambda pattern: _LONG_DECIMAL.sub(lambda n: b"%g" % round(float(n[0]), 2), pattern[0]), svg
    )
