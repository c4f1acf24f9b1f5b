"""The function of a network with three or more inputs cannot be drawn: outputs beside targets instead."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from zerograd.core.witness import Witness
from zerograd.show.plot.line import Finish
from zerograd.show.plot.placing import Places
from zerograd.show.plot.style import (
    CURVE,
    INK,
    RESIDUAL,
    SMALL,
    TARGET,
    alpha_note,
    caption,
    heading,
    near,
    number,
    text_style,
)
from zerograd.show.words import label

MOST_LABELS, MOST_DRAWN, MOST_OUTPUTS = 16, 500, 4
_MARKERS = "sop^"


def draw_targets(ax: Axes, witness: Witness) -> Finish:
    """Draw into the axes. What is returned puts labels where there is room, once the layout is final."""
    outputs = witness.problem.network.outputs
    shown, drawn = min(outputs, MOST_OUTPUTS), min(witness.samples, MOST_DRAWN)
    notes = [
        f"A function of {witness.problem.network.inputs} inputs is not drawn: its outputs are, sample by sample."
    ]
    if drawn < witness.samples:
        notes.append(f"The first {drawn} of {witness.samples} samples are drawn.")
    if shown < outputs:
        notes.append(f"{shown} of {outputs} outputs are drawn.")
    spots = []  # (x, target, fitted, sample, output)
    for m, (target, fitted) in enumerate(
        zip(witness.y.rows()[:drawn], witness.forward.y_hat.rows(), strict=False)
    ):
        for k in range(shown):
            x = m + (k - (shown - 1) / 2) * 0.6 / shown
            spots.append((x, near(target[k], "a target"), near(fitted[k], "an output"), m, k))
    size = 5.5 if drawn * shown <= 60 else 3.0
    handles: list[Any] = []
    for k in range(shown):
        own = [spot for spot in spots if spot[4] == k]
        x = [spot[0] for spot in own]
        ax.vlines(x, [s[1] for s in own], [s[2] for s in own], color=RESIDUAL, linewidth=size / 2.5, zorder=2)
        suffix = "" if outputs == 1 else f"[{k}]"
        for position, face, name in ((2, CURVE, "output ŷ"), (1, TARGET, "target y")):
            (artist,) = ax.plot(
                x, [spot[position] for spot in own], linestyle="", marker="D" if position == 2 else _MARKERS[k],
                markersize=size - (position == 2), markerfacecolor=face, markeredgecolor=INK, markeredgewidth=0.8,
                zorder=3 + (position == 1), label=f"{name}{suffix}",
            )  # fmt: skip
            if position == 1 or k == shown - 1:
                artist.set_label(f"{name}{suffix}" if position == 1 else name)
                handles.append(artist)
    handles.append(Line2D([], [], color=RESIDUAL, linewidth=2.2, label="residual r = ŷ − y"))
    ax.set_xlim(-0.7, drawn - 0.3)
    ax.xaxis.set_major_locator(MaxNLocator(12, integer=True, min_n_ticks=1))
    ax.margins(y=0.15)
    ax.set_ylabel("ŷ and y", **text_style())
    ax.tick_params(labelsize=SMALL)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    heading(ax, "What the network computes", handles)
    caption(ax, "sample", [*notes, *alpha_note(witness)])

    def finish() -> None:
        if len(spots) > MOST_LABELS:
            return
        places = Places(ax)
        for x, t, f, _, _ in spots:
            places.mark(x, t, 7)
            places.mark(x, f, 6)
            places.line([(x, t), (x, f)])
        for x, t, f, m, k in spots:
            residuals = witness.forward.residuals
            text = f"{label('r', (m, k), residuals.shape)} = {number(residuals[m, k])}"
            up = 1 if t >= f else -1
            places.label(
                text,
                [
                    ((x, (t + f) / 2), (1, 0)), ((x, (t + f) / 2), (-1, 0)), ((x, t), (0, up)), ((x, f), (0, -up)),
                    ((x, t), (1, 0)), ((x, t), (-1, 0)), ((x, f), (1, 0)), ((x, f), (-1, 0)),
                    ((x, t), (0, 4 * up)), ((x, f), (0, -4 * up)),
                ],
            )  # fmt: skip

    return finish
