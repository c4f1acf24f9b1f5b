"""Figures: pictures put together, laid out, and written as the same bytes each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zerograd.core.verdict.witness import Witness
from zerograd.show.plot import Kind, Picture
from zerograd.show.plot.bars import draw_bars
from zerograd.show.plot.diagram import draw_network
from zerograd.show.plot.line import draw_line
from zerograd.show.plot.plane import draw_plane
from zerograd.show.plot.points import Finish
from zerograd.show.plot.style import TITLE, styled, text_style, title_text
from zerograd.show.plot.targets import draw_targets
from zerograd.show.question import convention_line
from zerograd.show.words import count, network_line

_CM = 1 / 2.54
_ONE, _ALL = 16.0, 27.0
"""Widths in centimetres."""
_BESIDE = 22.0
"""From this width on, two panels stand beside each other."""

_METADATA: dict[Picture, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": "zerograd"},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": "zerograd", "Producer": None},
}
"""No time, so that the same picture is the same file."""


def draw_into(ax: Axes, witness: Witness, kind: Kind) -> None:
    """Draw one picture into axes that have their place."""
    _drawing(witness, kind)(ax, witness)()


def drawn(witness: Witness, kinds: Sequence[Kind], width: float | None = None) -> Figure:
    """A new figure, which pyplot does not know, with one picture or with all three."""
    centimetres = width or (_ONE if len(kinds) == 1 else _ALL)
    inches = centimetres * _CM
    with styled():
        figure = Figure(layout="constrained")
        figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08, wspace=0.03, hspace=0.04)  # type: ignore[union-attr, call-arg]
        if len(kinds) == 1:
            figure.set_size_inches(inches, max(0.72 * inches, 4.8))
            axes = {kinds[0]: figure.add_subplot()}
        else:
            beside = centimetres >= _BESIDE
            figure.set_size_inches(inches, max(0.78 * inches, 7.0) if beside else max(1.9 * inches, 13.5))
            axes = dict(zip(kinds, _panels(figure, beside=beside), strict=True))
        figure.suptitle(_title(witness, 72 * inches - 24), **text_style(TITLE, linespacing=1.5))
        figure.draw_without_rendering()  # so that legends and notes know about how wide they may be
        finish: list[Finish] = [_drawing(witness, kind)(ax, witness) for kind, ax in axes.items()]
        figure.draw_without_rendering()  # from here on, every axes has its place
        for place_labels in finish:
            place_labels()
        figure.draw_without_rendering()  # labels that found no room are counted in a note
    return figure


def _panels(figure: Figure, *, beside: bool) -> list[Axes]:
    """Function and network beside each other, contributions below; or all below each other."""
    if not beside:
        return [figure.add_subplot(3, 1, row) for row in (1, 3, 2)]
    grid = figure.add_gridspec(2, 2, width_ratios=[1.25, 1.0], height_ratios=[1.25, 1.0])
    function, network = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
    return [function, figure.add_subplot(grid[1, :]), network]


def _drawing(witness: Witness, kind: Kind) -> Callable[[Axes, Witness], Finish]:
    match kind:
        case "contributions":
            return draw_bars
        case "network":
            return draw_network
    inputs = witness.problem.network.inputs
    return draw_line if inputs == 1 else draw_plane if inputs == 2 else draw_targets


def _title(witness: Witness, width: float) -> str:
    problem = witness.problem
    about = f"{network_line(problem.network)}; {count(witness.samples, 'sample')}"
    convention = convention_line(problem).replace("-", "−")
    lines = [title_text(f"{about}; {convention}", width)]
    title = title_text(problem.title or "", width)
    if title:
        lines.insert(0, title)
    return "\n".join(lines)


def written(figure: Figure, form: Picture) -> bytes:
    """The figure as a file."""
    stream = BytesIO()
    with styled():
        figure.savefig(stream, format=form, metadata=_METADATA[form])
    content = stream.getvalue()
    return _rounded(content) if form == "svg" else content


_PATTERN = re.compile(rb"<pattern .*?</pattern>", re.DOTALL)
_LONG_DECIMAL = re.compile(rb"-?\d+\.\d{3,}")


def _rounded(svg: bytes) -> bytes:
    """Round hatches to a hundredth of a point: else they are most of the file."""
    return _PATTERN.sub(
        lambda pattern: _LONG_DECIMAL.sub(lambda n: b"%g" % round(float(n[0]), 2), pattern[0]), svg
    )
