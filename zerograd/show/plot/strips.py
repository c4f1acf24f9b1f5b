"""Strips below a curve that say where units are active."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from zerograd.core.model.activations import Activation, piecewise
from zerograd.core.verdict.witness import Witness
from zerograd.evaluate.piecewise import Piece, sides_of
from zerograd.show.plot.names import entry_name
from zerograd.show.plot.style import HATCHES, listed, look, near, text_style
from zerograd.show.words import piece_text

MOST = 8
"""Strips that are drawn."""
_HEIGHT, _GAP = 0.062, 0.02
"""Parts of the axes."""


@dataclass(frozen=True, slots=True)
class Strip:
    """All units of a layer that are active at the same inputs.

    Attributes:
        name: of the units.
        activation: theirs.
        parts: (low, high, the activation's piece) from left to right.
    """

    name: str
    activation: Activation
    parts: tuple[tuple[float, float, int], ...]


def strips(witness: Witness, pieces: Sequence[Piece]) -> list[Strip]:
    """For the units of all layers that the pieces speak of."""
    layers = witness.problem.network.layers
    names: dict[tuple[int, tuple[tuple[float, float, int], ...]], list[str]] = {}
    for layer in range(1, len(pieces[0].sides) + 1 if pieces else 1):
        for unit in range(0 if layers[layer - 1].activation.is_linear else layers[layer - 1].units):
            parts = tuple((near(a), near(b), side) for a, b, side in sides_of(pieces, layer, unit))
            names.setdefault((layer, parts), []).append(unit_name(witness, layer, unit))
    return [
        Strip(listed(same, 2), layers[layer - 1].activation, parts) for (layer, parts), same in names.items()
    ]


def unit_name(witness: Witness, layer: int, unit: int) -> str:
    """z₁ where the layer has one unit, else with its number."""
    network = witness.problem.network
    return entry_name(network, f"z{layer}", (0, unit), (1, network.widths[layer]))


def band(number: int) -> float:
    """The part of the axes that so many strips take."""
    return _HEIGHT * min(number, MOST) + (_GAP if number else 0.0)


def draw_strips(ax: Axes, every: Sequence[Strip], xs: Sequence[float]) -> None:
    """Draw into the lowest part of the axes, whose limits are final; a dot for each sample."""
    base = ax.get_xaxis_transform()
    left, right = ax.get_xlim()
    for row, strip in enumerate(every[:MOST]):
        top = band(len(every)) - _GAP - row * _HEIGHT
        bottom, middle = top - _HEIGHT, top - _HEIGHT / 2
        for low, high, side in strip.parts:
            piece = piecewise(strip.activation).pieces[side]
            flat = piece.slope == 0
            ax.add_patch(
                Rectangle(
                    (low, bottom),
                    high - low,
                    _HEIGHT,
                    transform=base,
                    linewidth=0,
                    facecolor=look().paper if flat else look().pale,
                    edgecolor=look().faint,
                    hatch=None if flat else HATCHES[1],
                    zorder=1,
                )
            )
            ax.plot([low, low], [bottom, top], transform=base, color=look().ink, linewidth=0.8, zorder=3)
            if high - low > 0.16 * (right - left):
                box = {"facecolor": look().paper, "edgecolor": "none", "pad": 0.8}
                style = text_style(
                    look().small - 1, ha="center", va="center", clip_on=True, bbox=box, zorder=4
                )
                x = _between(low, high, xs)
                ax.text(x, middle, piece_text(piece).replace("-", "−"), transform=base, **style)
        ax.plot([left, right], [top, top], transform=base, color=look().ink, linewidth=0.5, zorder=3)
        ax.plot(
            xs,
            [middle] * len(xs),
            transform=base,
            linestyle="",
            marker="o",
            markersize=3.4,
            markerfacecolor=look().ink,
            markeredgecolor=look().paper,
            markeredgewidth=0.5,
            zorder=5,
        )
        style = text_style(look().small - 1, ha="right", va="center")
        ax.text(-0.012, middle, strip.name, transform=ax.transAxes, **style)


def _between(low: float, high: float, xs: Sequence[float]) -> float:
    """The middle of the widest part of an interval without samples."""
    stops = [low, *sorted(x for x in set(xs) if low < x < high), high]
    return max((b - a, -abs(a + b - low - high), (a + b) / 2) for a, b in pairwise(stops))[2]
