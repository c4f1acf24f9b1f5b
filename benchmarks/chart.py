"""Cost against size: the families of `benchmarks/sizes.py` that grow, drawn on logarithmic scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.contender import EARLIER, OURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from zerograd.show.plot.style import Look

Family = Mapping[str, Any]
"""``title`` (what grows, a line break, the network), and ``results``: by contender, (size, seconds)."""


def drawn(families: Sequence[Family], form: Literal["svg", "png"] = "svg") -> bytes:
    """The picture as a file, the same one for the same figures. Lines differ by more than their colour."""
    from zerograd.show.plot.figure import written
    from zerograd.show.plot.style import styled

    with styled():
        return written(_figure(families), form)


def _figure(families: Sequence[Family]) -> Figure:
    from matplotlib.figure import Figure

    from zerograd.show.plot.style import look, text_style

    figure = Figure(figsize=(9.0, 3.2), layout="constrained")
    axes = figure.subplots(1, len(families), sharey=True, squeeze=False)[0]
    for ax, family in zip(axes, families, strict=True):
        _draw(ax, family, look())
    axes[0].set_ylabel("seconds of a whole answer", **text_style(look().normal))
    axes[0].legend(fontsize=look().small, frameon=False, loc="upper left")
    return figure


def _draw(ax: Axes, family: Family, look: Look) -> None:
    """One family."""
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    from zerograd.show.plot.style import bare, text_style

    styles = {
        OURS: {"color": look.ink, "marker": "o", "label": "zerograd"},
        EARLIER[OURS]: {
            "color": look.faint, "linestyle": "--", "marker": "s", "markerfacecolor": look.paper,
            "label": "earlier build",
        },
    }  # fmt: skip
    for called, points in family["results"].items():
        if points:
            ax.loglog(*zip(*points, strict=True), linewidth=1.2, markersize=4.5, **styles[called])
    bare(ax)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_formatter(NullFormatter())
        axis.grid(visible=True, which="major", linewidth=0.4, color=look.pale)
    grows, _, network = family["title"].partition("\n")
    ax.set_xlabel(grows, **text_style(look.normal))
    ax.set_title(network, loc="left", **text_style(look.normal))
