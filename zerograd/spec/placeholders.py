"""Placeholders: names such as ``$H`` in the values of a file, and what is written in their place.

A text that is nothing but a placeholder becomes the value, whatever it is; within a text, numbers and texts
are written out. ``$H`` and ``${H}`` are the same, ``$case.zero`` is the value of a key, ``$$`` is a dollar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zerograd.core.errors import Path
from zerograd.spec.errors import Position
from zerograd.spec.nodes import Entry, Node
from zerograd.spec.scalars import Real, as_written
from zerograd.spec.wording import show

PLACE = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<braced>[^{}$]*)\}|(?P<plain>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?))"
)


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a parameter, as data and as what stands in a problem in their place."""

    plain: Sequence[Any]
    position: Position
    nodes: tuple[Node, ...] | None
    """None for a range."""

    def node(self, place: int) -> Node:
        return Node(self.position, self.plain[place]) if self.nodes is None else self.nodes[place]

    @property
    def largest(self) -> int:
        """Values and keys that one of them may consist of."""
        return max((node.size for node in self.nodes or ()), default=1)

    @property
    def longest(self) -> int:
        """Characters of one of them, where it is text."""
        if self.nodes is None:
            return 20
        return max((len(as_text(node) or "") for node in self.nodes), default=0)


def unfit(name: str, key: str, values: Values, *, whole: bool) -> str | None:
    """What is wrong with a placeholder, whichever value it has."""
    if values.nodes is None:
        return f"{name} is a range of numbers: ${name}.{key} is nothing" if key else None
    for node in values.nodes:
        part = node
        if key:
            if not isinstance(node.value, Mapping) or key not in node.value:
                return f"${name}.{key} is nothing where {name} is {show(as_written(node.plain()))}"
            part = node.value[key].node
        if not whole and as_text(part) is None:
            found = show(as_written(part.plain()))
            return f"${name} stands within a text, and is {found}: only text and numbers are written there"
    return None


def replaced(node: Node, values: Mapping[str, Node]) -> Node:
    """A tree with values in place of their names. What has none stays the same object."""
    match node.value:
        case tuple(items):
            made = tuple(replaced(item, values) for item in items)
            same = all(a is b for a, b in zip(made, items, strict=True))
            return node if same else Node(node.position, made)
        case Mapping() as entries:
            new = {key: replaced(entry.node, values) for key, entry in entries.items()}
            if all(new[key] is entry.node for key, entry in entries.items()):
                return node
            return Node(node.position, {key: Entry(entry.key, new[key]) for key, entry in entries.items()})
        case str(text) if "$" in text:
            match = PLACE.fullmatch(text)
            if match is not None and not match["dollar"]:
                return _value(match, values)
            return Node(node.position, PLACE.sub(lambda m: _written(m, values), text))
    return node


def _value(match: re.Match[str], values: Mapping[str, Node]) -> Node:
    name, _, key = named(match)
    node = values[name]
    return node.value[key].node if key and isinstance(node.value, Mapping) else node


def _written(match: re.Match[str], values: Mapping[str, Node]) -> str:
    return "$" if match["dollar"] else as_text(_value(match, values)) or ""


def named(match: re.Match[str]) -> tuple[str, str, str]:
    return str(match["braced"] if match["plain"] is None else match["plain"]).strip().partition(".")


def as_text(node: Node) -> str | None:
    """A value within a text; None for what is neither text nor a number."""
    match node.value:
        case Real(text=text):
            return text
        case bool() | None:
            return None
        case str() | int() as value:
            return str(value)
    return None


def leaves(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    """The texts with a ``$`` in a tree, and their paths."""
    match node.value:
        case tuple(items):
            for place, item in enumerate(items):
                yield from leaves(item, (*path, place))
        case Mapping() as entries:
            for key, entry in entries.items():
                yield from leaves(entry.node, (*path, key))
        case str(text) if "$" in text:
            yield path, node


def keys(node: Node, path: Path) -> Iterator[tuple[Path, str]]:
    """The keys with a ``$`` in a tree, and their paths."""
    match node.value:
        case tuple(items):
            for place, item in enumerate(items):
                yield from keys(item, (*path, place))
        case Mapping() as entries:
            for key, entry in entries.items():
                if "$" in key:
                    yield (*path, key), key
                yield from keys(entry.node, (*path, key))
