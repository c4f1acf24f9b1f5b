"""What a document consists of, before it is written in any language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import Formatter
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
"""Plain text may come from strangers: the writer of each language escapes it."""

Prose: TypeAlias = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of the whole (level 0 or 1), of a section (2), or of a part (3; or 4, before its text)."""

    text: Prose
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Prose, perhaps within nested cases of an argument.

    Attributes:
        depth: how many cases it is within.
        starts_case: whether it is the first of its case.
        speaks_of: the identities of the nodes of a certificate that it is about (`id`).
    """

    parts: Prose
    depth: int = 0
    starts_case: bool = False
    speaks_of: tuple[int, ...] = ()


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
class Numbered:
    """Formulas set apart, with the numbers by which they are referred to."""

    lines: tuple[tuple[int, Node], ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """Texts under labels, such as the network and what is asked of it."""

    items: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers under headings. ``words``: so many columns on the right hold words."""

    head: tuple[Prose, ...]
    rows: tuple[tuple[Prose, ...], ...]
    words: int = 0


@dataclass(frozen=True, slots=True)
class Space:
    """Room to write in: so many lines."""

    lines: int


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a page."""


Block: TypeAlias = Heading | Paragraph | Equations | Numbered | Terms | Table | Space | Break

DEEPEST = 6
"""Nested cases that are indented; beyond that, their numbers alone tell."""


def chain(left: Node, *steps: Node, note: Prose = ()) -> Equation:
    """An equation in which no step repeats the one before it."""
    kept: list[Node] = []
    for step in steps:
        plain = step.parts[0] if isinstance(step, Flow) and len(step.parts) == 1 else step
        if not kept or plain != kept[-1]:
            kept.append(plain)
    return Equation(left, tuple(kept), note)


def prose(*parts: Inline | Node | Prose) -> Prose:
    """Parts one after another; texts that meet become one."""
    joined: list[Inline] = []
    for part in parts:
        for item in part if isinstance(part, tuple) else (part,):
            if isinstance(item, Node):
                joined.append(Formula(item))
            elif isinstance(item, str) and joined and isinstance(joined[-1], str):
                joined[-1] += item
            elif item:
                joined.append(item)
    return tuple(joined)


def worded(sentence: str, **parts: Inline | Node | Prose) -> Prose:
    """A sentence with parts in place of their names in braces."""
    pieces = Formatter().parse(sentence)
    return prose(*(part for text, name, *_ in pieces for part in (text, parts[name] if name else "")))


def heading(*parts: Inline | Node | Prose, level: int = 2) -> Heading:
    """A heading of its parts."""
    return Heading(prose(*parts), level)


def paragraph(*parts: Inline | Node | Prose) -> Paragraph:
    """A paragraph of its parts."""
    return Paragraph(prose(*parts))


def join(items: Iterable[Prose | Node], word: str = "and") -> Prose:
    """``a, b and c``; or ``a, b, c``."""
    first, *more = [prose(item) for item in items] or [()]
    between = [", "] * (len(more) - 1) + [", " if word == "," else f" {word} "]
    return prose(first, *(part for sign, item in zip(between, more, strict=False) for part in (sign, item)))


def sections(blocks: Iterable[Block]) -> list[tuple[str, list[Block]]]:
    """Return the sections of a document (level 2), each with its title; what precedes them has none."""
    parts: list[tuple[str, list[Block]]] = [("", [])]
    for block in blocks:
        if isinstance(block, Heading) and block.level == 2:
            parts.append(("".join(part for part in block.text if isinstance(part, str)), []))
        else:
            parts[-1][1].append(block)
    return parts


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """A part of a line as it is escaped, with the blanks at its ends."""
    return " " * text.startswith(" ") + escape(text) + " " * (text.endswith(" ") and text != " ")
