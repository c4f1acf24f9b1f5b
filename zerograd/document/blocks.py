"""What a derivation consists of, before it is written in any style."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from zerograd.document.formula import Flow, Node


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula in a line of prose."""

    node: Node


@dataclass(frozen=True, slots=True)
class Code:
    """A condition as the problem file writes it."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    text: str


Inline: TypeAlias = str | Formula | Code | Strong
"""Plain text may come from strangers: every style escapes it."""

Prose: TypeAlias = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """Of the whole (level 1), or of a section of it (level 2)."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    parts: Prose


@dataclass(frozen=True, slots=True)
class Equation:
    """``left = step = step``, and what is to be said of it at the margin."""

    left: Node
    steps: tuple[Node, ...]
    note: Prose = ()


@dataclass(frozen=True, slots=True)
class Equations:
    """Set apart, with their signs of equality below one another."""

    lines: tuple[Equation, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers under headings. ``left``: so many columns from the left hold text."""

    head: tuple[Prose, ...]
    rows: tuple[tuple[Prose, ...], ...]
    left: int = 0


Block: TypeAlias = Heading | Paragraph | Equations | Table


def chain(left: Node, *steps: Node, note: Prose = ()) -> Equation:
    """An equation in which no step repeats the one before it."""
    kept: list[Node] = []
    for step in steps:
        plain = step.parts[0] if isinstance(step, Flow) and len(step.parts) == 1 else step
        if not kept or plain != kept[-1]:
            kept.append(plain)
    return Equation(left, tuple(kept), note)


def join(items: list[Prose], word: str = "and") -> Prose:
    """``a, b and c``."""
    parts: list[Inline] = []
    for position, item in enumerate(items):
        if position:
            parts.append(f" {word} " if position == len(items) - 1 else ", ")
        parts += item
    return tuple(parts)
