"""A page of text: sections, labelled lines, and colour where a terminal wants it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_LABEL = 10
"""Columns before the text of a labelled line."""
_COLOURS = {"sat": "32", "unsat": "31", "unknown": "33"}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a page is set.

    Attributes:
        width: columns that are kept to where it is possible.
        colour: whether escape codes for colour and weight are used.
    """

    width: int
    colour: bool

    def verdict(self, status: str, text: str) -> str:
        return f"\x1b[1;{_COLOURS[status]}m{text}\x1b[0m" if self.colour else text

    def heading(self, text: str) -> list[str]:
        """An empty line and a section's heading."""
        return ["", f"\x1b[1m{text}\x1b[0m" if self.colour else text]

    def wrapped(self, text: str, indent: int = 0, hanging: int = 0) -> list[str]:
        """Lines of prose; ``hanging`` is a further indent from the second line on."""
        return textwrap.wrap(
            text,
            self.width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hanging),
            break_on_hyphens=False,
        )

    def labelled(self, label: str, text: str | Iterable[str]) -> list[str]:
        """``samples   3``: a label, and text that is wrapped beside it; a new line for each text."""
        texts = [text] if isinstance(text, str) else list(text)
        lines = [
            line
            for t in texts
            for line in textwrap.wrap(t, max(self.width - _LABEL, 20), break_on_hyphens=False)
        ]
        return [((label if n == 0 else "").ljust(_LABEL) + line).rstrip() for n, line in enumerate(lines)]


def cut(items: Sequence[str], most: int) -> tuple[list[str], int]:
    """The first items, and how many are left out."""
    return list(items[:most]), max(len(items) - most, 0)
