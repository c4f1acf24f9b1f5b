"""Labels where there is room: each goes to the best of a few places, or is left out and counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes

from zerograd.show.plot.style import extent, look, resolution, text_style
from zerograd.show.words import count

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in pixels."""


_OUTSIDE, _ON_LABEL, _ON_MARK, _ON_LINE = 1000.0, 1000.0, 20.0, 6.0
_HOPELESS = 900.0
_APART = 2.0
"""Points between two labels beside each other: −1 and 2 are not −12."""


@dataclass(slots=True)
class Places:
    """What stands in the axes already, in pixels. The layout must be final when this is used.

    Attributes:
        labels: boxes that no label may overlap.
        marks, lines: what a label should not cover if it can be helped.
        left_out: labels for which there was no room.
    """

    ax: Axes
    labels: list[Box] = field(default_factory=list)
    marks: list[Box] = field(default_factory=list)
    lines: list[tuple[Point, Point]] = field(default_factory=list)
    left_out: int = 0

    def in_points(self) -> tuple[float, float]:
        """Make a point the unit of both axes, and return their width and height."""
        frame = self.ax.get_window_extent()
        width, height = float(frame.width) / self.scale, float(frame.height) / self.scale
        self.ax.set_xlim(0, width)
        self.ax.set_ylim(0, height)
        return width, height

    @property
    def scale(self) -> float:
        """Pixels in a point."""
        return resolution(self.ax) / 72

    def pixel(self, x: float, y: float) -> Point:
        """Return where a point in data coordinates lies, in pixels."""
        place = self.ax.transData.transform((x, y))
        return float(place[0]), float(place[1])

    def mark(self, x: float, y: float, size: float) -> None:
        """A marker of a size in points, at a point in data coordinates."""
        self.marks.append(self._around(*self.pixel(x, y), size, size))

    def line(self, points: Iterable[Point]) -> None:
        """A line through points in data coordinates."""
        pixels = [self.pixel(*point) for point in points]
        self.lines += pairwise(pixels)

    def block(self, x: float, y: float, width: float, height: float) -> None:
        """A box, of a size in points, that stays free of labels."""
        self.labels.append(self._around(*self.pixel(x, y), width, height))

    def label(
        self,
        text: str,
        candidates: Iterable[tuple[Point, Point]],
        *,
        size: float | None = None,
        gap: float = 5.0,
        **style: Any,
    ) -> bool:
        """Put a text at the best of some places.

        Args:
            candidates: a point in data coordinates, and where the text's centre lies from there: in
                half widths and half heights of the text, so that (1, 0) is just to the right.
            gap: points between the point and a text beside it.

        Returns:
            Whether there was room.
        """
        bold = style.get("fontweight") == "bold"
        width, height = (v * self.scale for v in extent(text, size, bold=bold))
        gap *= self.scale
        best: tuple[float, Box, Point] | None = None
        for (x, y), (right, up) in candidates:
            px, py = self.pixel(x, y)
            cx = px + right * width / 2 + _signum(right) * gap
            cy = py + up * height / 2 + _signum(up) * gap * 0.7
            half = width / 2 + _APART * self.scale / 2
            box = (cx - half, cy - height / 2, cx + half, cy + height / 2)
            cost = self._cost(box)
            if best is None or cost < best[0]:
                best = (cost, box, (cx, cy))
            if cost == 0:
                break
        if best is None or best[0] >= _HOPELESS:
            self.left_out += 1
            return False
        self.labels.append(best[1])
        spot = self.ax.transData.inverted().transform(best[2])
        set_as = {"color": look().ink, "zorder": 6, **style}
        text_artist = self.ax.text(
            float(spot[0]), float(spot[1]), text, **text_style(size, ha="center", va="center", **set_as)
        )
        text_artist.set_in_layout(False)
        return True

    def _around(self, x: float, y: float, width: float, height: float) -> Box:
        w, h = width * self.scale / 2, height * self.scale / 2
        return (x - w, y - h, x + w, y + h)

    def _cost(self, box: Box) -> float:
        frame = self.ax.get_window_extent()
        outside = bool(box[0] < frame.x0 or box[1] < frame.y0 or box[2] > frame.x1 or box[3] > frame.y1)
        return (
            _OUTSIDE * outside
            + _ON_LABEL * sum(_overlap(box, other) for other in self.labels)
            + _ON_MARK * sum(_overlap(box, other) for other in self.marks)
            + _ON_LINE * sum(_crosses(box, line) for line in self.lines)
        )


def behind() -> dict[str, Any]:
    """Return a box that keeps a label legible on lines."""
    return {"facecolor": look().paper, "edgecolor": "none", "pad": 0.6}


def left_out(places: Places, what: str) -> None:
    """Say below the axes for how many there was no room."""
    if places.left_out:
        note = f"{count(places.left_out, what)} left out for lack of room."
        places.ax.set_xlabel(f"{places.ax.get_xlabel()}\n{note}".strip())


def _signum(value: float) -> int:
    return (value > 0) - (value < 0)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _crosses(box: Box, line: tuple[Point, Point]) -> bool:
    """Whether a segment meets a box (Liang and Barsky)."""
    (x0, y0), (x1, y1) = line
    first, last = 0.0, 1.0
    for start, step, low, high in ((x0, x1 - x0, box[0], box[2]), (y0, y1 - y0, box[1], box[3])):
        if step == 0:
            if not low < start < high:
                return False
            continue
        a, b = sorted(((low - start) / step, (high - start) / step))
        first, last = max(first, a), min(last, b)
    return first < last
