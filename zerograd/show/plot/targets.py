"""The function of a network with three or more inputs cannot be drawn: outputs beside targets instead."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from zerograd.core.verdict.witness import Witness
from zerograd.show.plot.placing import Places, left_out
from zerograd.show.plot.points import (
    MOST_OUTPUTS,
    Finish,
    draw_points,
    label_points,
    marker,
    marker_style,
    spots,
)
from zerograd.show.plot.style import alpha_note, bare, caption, first_of, heading, look, text_style

MOST_DRAWN = 500
"""Samples."""


def draw_targets(ax: Axes, witness: Witness) -> Finish:
    """Draw into the axes. What is returned puts labels where there is room, once the layout is final."""
    network = witness.problem.network
    shown, drawn = min(network.outputs, MOST_OUTPUTS), min(witness.samples, MOST_DRAWN)
    every = spots(witness, drawn, lambda m, k: m + (k - (shown - 1) / 2) * 0.6 / shown)
    handles = draw_points(ax, witness, every)
    size = 4.5 if len(every) <= 80 else 2.5
    ax.plot(
        [spot.x for spot in every],
        [spot.fitted for spot in every],
        zorder=4,
        **marker_style("D", look().curve, size),
    )
    notes = [f"A function of {network.inputs} inputs is not drawn: its outputs are, sample by sample."]
    notes += first_of(drawn, witness.samples, "samples") + first_of(shown, network.outputs, "outputs")
    ax.set_xlim(-0.7, drawn - 0.3)
    ax.xaxis.set_major_locator(MaxNLocator(12, integer=True, min_n_ticks=1))
    ax.margins(y=0.15)
    ax.set_ylabel(r"$\hat{y}$ and $y$", **text_style())
    bare(ax)
    heading(ax, "What the network computes", [marker("D", look().curve, r"output $\hat{y}$", 4.5), *handles])
    caption(ax, "sample", [*notes, *alpha_note(witness)])

    def finish() -> None:
        places = Places(ax)
        for spot in every:
            places.mark(spot.x, spot.fitted, 6)
        label_points(places, witness, every)
        left_out(places, "label")

    return finish
