"""Targets beside what the network makes of them: a bar for each residual, with its exact value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from zerograd.core.verdict.witness import Witness
from zerograd.evaluate.floats import Floats, outputs
from zerograd.show.plot.names import RESIDUAL, entry_name, named_quantity
from zerograd.show.plot.placing import Places
from zerograd.show.plot.style import LINES, look, named, near

MOST_LABELS, MOST_OUTPUTS = 16, len(LINES)
MARKERS = "sop^"
"""The markers of each output's targets."""

Finish: TypeAlias = Callable[[], None]
"""What is left to do once the layout is final."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One output of one sample: where it stands, and its target and output as heights."""

    sample: int
    output: int
    x: float
    target: float
    fitted: float


def spots(witness: Witness, samples: int, place: Callable[[int, int], float]) -> list[Spot]:
    """The first samples' first outputs; ``place`` says where (sample, output) stands."""
    y, y_hat = witness.y, witness.forward.y_hat
    return [
        Spot(m, k, place(m, k), near(y[m, k], "a target"), near(y_hat[m, k], "an output"))
        for m in range(samples)
        for k in range(min(witness.problem.network.outputs, MOST_OUTPUTS))
    ]


def outputs_at(witness: Witness, inputs: Floats) -> Floats:
    """ŷ of shape (N, outputs) at inputs of shape (N, inputs): for backgrounds, never for a number."""
    kinds = {"w": "a weight", "b": "a bias"}
    parameters = {
        name: np.array([near(v, kinds[name[0]]) for v in array.entries]).reshape(array.shape)
        for name, array in witness.parameters.items()
    }
    return outputs(witness.problem.network, parameters, inputs)


def marker(kind: str, face: str, name: str = "", size: float = 5.5) -> Line2D:
    """A legend's entry for a marker."""
    return Line2D([], [], label=name, **marker_style(kind, face, size))


def marker_style(kind: str, face: str, size: float) -> dict[str, Any]:
    """Arguments for markers, without a line between them."""
    return {
        "linestyle": "",
        "marker": kind,
        "markersize": size,
        "markerfacecolor": face,
        "markeredgecolor": look().ink,
        "markeredgewidth": 0.8,
    }


def draw_points(ax: Axes, witness: Witness, every: Sequence[Spot]) -> list[Line2D]:
    """Bars from targets to outputs, and the targets. Returns the legend's entries."""
    few = len(every) <= 80
    handles = []
    ax.vlines(
        [spot.x for spot in every],
        [spot.target for spot in every],
        [spot.fitted for spot in every],
        color=look().bar,
        linewidth=2.2 if few else 0.8,
        zorder=2,
    )
    network = witness.problem.network
    single = network.outputs == 1
    for k in sorted({spot.output for spot in every}):
        targets = [(spot.x, spot.target) for spot in every if spot.output == k]
        style = marker_style(MARKERS[k], look().target, 5.5 if few else 2.5)
        ax.plot(*zip(*targets, strict=True), zorder=5, **style)
        handles.append(
            marker(
                MARKERS[k],
                look().target,
                f"target {named_quantity(network, 'y', at=() if single else ('·', k))}",
            )
        )
    return [*handles, Line2D([], [], color=look().bar, linewidth=2.2, label=f"residual {RESIDUAL}")]


def label_points(places: Places, witness: Witness, every: Sequence[Spot]) -> None:
    """The exact residuals, each near its bar; none where there are many."""
    if len(every) > MOST_LABELS:
        return
    network, residuals = witness.problem.network, witness.point.residuals
    for spot in every:
        places.line([(spot.x, spot.target), (spot.x, spot.fitted)])
        places.mark(spot.x, spot.target, 7)
        places.mark(spot.x, spot.fitted, 3)
    for spot in every:
        x, t, f = spot.x, spot.target, spot.fitted
        up = 1 if t >= f else -1
        beside = [(x, (t + f) / 2), (x, t), (x, (3 * t + f) / 4), (x, (t + 3 * f) / 4), (x, f)]
        ends = [((x, t), (side, up)) for side in (0, 1, -1)] + [((x, f), (side, -up)) for side in (0, 1, -1)]
        name = entry_name(network, "r", (spot.sample, spot.output), residuals.shape)
        places.label(
            named(name, residuals[spot.sample, spot.output]),
            [
                *((point, (side, 0)) for point in beside[:2] for side in (1, -1)),
                *ends,
                *((point, (side, 0)) for point in beside[2:] for side in (1, -1)),
                ((x, t), (0, 4 * up)),
                ((x, f), (0, -4 * up)),
            ],
        )
