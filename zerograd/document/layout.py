"""A page of text: sections, labelled lines, and colour where a terminal wants it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")

LABEL = 10
"""Columns before the text of a labelled line."""
_NARROWEST = 20
"""Columns that a text has at least, however narrow the page."""
_WHOLE = re.compile(r" = |\b1\[[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*\]")
"""What is not broken over lines: a sign of equality and its neighbours, ``1[z1[m,0] > 0]``."""
_COLOURS = {"sat": "32", "unsat": "31", "unknown": "33", "fine": "32", "fault": "31", "open": "33"}


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
        return _wrap(text, self.width, " " * indent, " " * (indent + hanging))

    def labelled(self, label: str, text: str | Iterable[str], column: int = LABEL) -> list[str]:
        """``samples   3``: a label, and text that is wrapped beside it; a new line for each text.

        Args:
            column: where the text begins.
        """
        beside = " " * column
        texts = [text] if isinstance(text, str) else text
        return [
            line
            for number, part in enumerate(texts)
            for line in _wrap(part, self.width, label.ljust(column) if number == 0 else beside, beside)
        ]


def _wrap(text: str, width: int, first: str, rest: str) -> list[str]:
    """Lines with their indents."""
    width = max(width, len(rest) + _NARROWEST)
    lines = textwrap.wrap(
        _WHOLE.sub(lambda match: match[0].replace(" ", "\u00a0"), text),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
    )
    return [line.replace("\u00a0", " ") for line in lines]


def shortened(items: Sequence[T], most: int, mark: U) -> list[T | U]:
    """All items; of a long sequence the first ones, a mark for what is left out, and the last."""
    return [*items] if len(items) <= most else [*items[: most - 2], mark, items[-1]]


def listed(items: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
