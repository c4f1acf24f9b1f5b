"""Plain tables. Columns that do not fit beside one another go into a further block below.

A table library would add a sixth to the time of a small answer, and its releases would change
what is printed; this is all that is needed of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

LONG = 24
"""Lines of a table from which on explanations come before it: what a terminal shows at once."""
GAP = 3
INDENT = 2
_NARROWEST = 20
"""Columns of characters that a cell has at least, however narrow the table."""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and one cell for each row."""

    heading: str
    cells: Sequence[str]
    left: bool = False
    """Whether cells stand to the left; numbers stand to the right."""

    @property
    def width(self) -> int:
        return max(map(len, (self.heading, *self.cells)))

    def lines(self) -> list[str]:
        """Heading, rule and cells, all of one width."""
        shown = [self.heading, "─" * self.width, *self.cells]
        return [s.ljust(self.width) if self.left else s.rjust(self.width) for s in shown]


def table(columns: Sequence[Column], *, width: int) -> list[str]:
    """The lines of a table of at most ``width``; the first column is repeated in further blocks.

    Where two columns alone exceed the width, cells are cut, with an ellipsis.
    """
    if not columns:
        return []
    first, *rest = columns
    room = max(width - INDENT - first.width - GAP, _NARROWEST)
    rest = [replace(column, cells=[_cut(cell, room) for cell in column.cells]) for column in rest]
    lines: list[str] = []
    while True:
        block, used = [first], INDENT + first.width
        while rest and (len(block) == 1 or used + GAP + rest[0].width <= width):
            used += GAP + rest[0].width
            block.append(rest.pop(0))
        lines += [""] if lines else []
        lines += beside([column.lines() for column in block])
        if not rest:
            return lines


def _cut(cell: str, room: int) -> str:
    """A cell that fits; of a vector so many entries as do."""
    if len(cell) <= room:
        return cell
    kept, comma, _ = cell[: room - len(", …)")].rpartition(", ")
    return f"{kept}, …)" if comma else f"{cell[: room - 1]}…"


def beside(blocks: Sequence[Sequence[str]], *, gap: int = GAP) -> list[str]:
    """Blocks of lines side by side, indented."""
    height = max(map(len, blocks))
    widths = [max(map(len, block)) for block in blocks]
    rows = (
        (" " * gap).join(
            (block[row] if row < len(block) else "").ljust(width)
            for block, width in zip(blocks, widths, strict=True)
        )
        for row in range(height)
    )
    return [(" " * INDENT + row).rstrip() for row in rows]


def flow(blocks: Sequence[Sequence[str]], *, width: int) -> list[str]:
    """Blocks of lines side by side, as many as fit, then more below."""
    lines: list[str] = []
    pending: list[Sequence[str]] = []
    used = 0
    for block in blocks:
        needed = max(map(len, block))
        if pending and used + GAP + needed > width:
            lines += beside(_centred(pending))
            pending = []
        used = used + GAP + needed if pending else INDENT + needed
        pending.append(block)
    return lines + (beside(_centred(pending)) if pending else [])


def _centred(blocks: Sequence[Sequence[str]]) -> list[list[str]]:
    middle = (max(map(len, blocks)) - 1) // 2
    return [[""] * (middle - (len(block) - 1) // 2) + list(block) for block in blocks]
