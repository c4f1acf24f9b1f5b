"""YAML text as a tree of plain values, each with its place.

The tree is built from the parser's events, one at a time, so that size and depth are bounded
while reading: a file full of ``[`` or of aliases of aliases is refused at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from zerograd.core.errors import Issue, Path, present
from zerograd.spec.errors import START, MalformedError, Position
from zerograd.spec.scalars import Scalar, resolve_plain
from zerograd.spec.source import BESIDE, vetted
from zerograd.spec.syntax import explain

MAX_NODES = 100_000
"""Most values and keys, aliases counted as what they stand for."""
MAX_DEPTH = 60

_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it starts. An alias shares the ``value`` of its anchor.

    Attributes:
        size: values and keys from here down.
        height: 1 for a scalar.
    """

    position: Position
    value: Value
    size: int = 1
    height: int = 1

    def plain(self) -> Any:
        """None, bool, int, `Real`, str, and lists and dictionaries of them."""
        match self.value:
            case tuple(items):
                return [item.plain() for item in items]
            case Mapping() as entries:
                return {key: entry.node.plain() for key, entry in entries.items()}
        return self.value


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a mapping and where its key starts."""

    key: Position
    node: Node


Value: TypeAlias = Scalar | tuple[Node, ...] | Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Document:
    """A tree, and the mistakes that did not end the reading, each with its place."""

    root: Node
    issues: tuple[tuple[Position, Issue], ...]
    replaced: frozenset[Path]
    """Paths of those among the issues whose value is not what the file says."""


def compose(text: str) -> Document:
    """The one document of a text.

    Raises:
        MalformedError: no YAML, empty, several documents, too large or too deep.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    builder = _Builder()
    parser = YAML(typ="safe", pure=True)  # pure: the C parser knows YAML 1.1 only
    try:
        for event in parser.parse(vetted(text)):
            builder.take(event)
    except YAMLError as error:
        raise explain(error) from None
    except (MalformedError, KeyboardInterrupt, MemoryError):
        raise
    except Exception:  # ruamel lets ValueError, OverflowError and others escape
        raise MalformedError(builder.last, "cannot be read as YAML from here on") from None
    if builder.root is None or builder.root.value is None:
        raise MalformedError(
            START,
            "the file is empty: a problem has at least the keys network and samples, "
            "and asks something, e.g. zero: [w1]",
        )
    return Document(builder.root, tuple(builder.issues), frozenset(builder.replaced))


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been read."""

    position: Position
    anchor: str | None
    entries: dict[str, Entry] | None
    items: list[Node] = field(default_factory=list)
    key: str | None = None
    key_position: Position = START
    skip: bool = False
    size: int = 1
    height: int = 1

    def close(self) -> Node:
        value: Value = tuple(self.items) if self.entries is None else self.entries
        return Node(self.position, value, self.size, self.height + 1)


@dataclass(slots=True)
class _Builder:
    root: Node | None = None
    last: Position = START
    issues: list[tuple[Position, Issue]] = field(default_factory=list)
    replaced: list[Path] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, Node | None] = field(default_factory=dict)
    """None while the anchored value is still open."""
    documents: int = 0
    size: int = 0

    def take(self, event: Any) -> None:
        self.last = Position(event.start_mark.line + 1, event.start_mark.column + 1)
        match type(event).__name__:
            case "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    raise MalformedError(
                        self.last,
                        "a second document starts here: give each problem its own file",
                    )
            case "MappingStartEvent" | "SequenceStartEvent" as kind:
                if self._wants_key():
                    raise MalformedError(self.last, "expected a key such as zero, found a list or mapping")
                self._grow(1, 1)
                self._refuse_tag(event)
                if event.anchor is not None:
                    self.anchors[event.anchor] = None
                entries: dict[str, Entry] | None = {} if kind == "MappingStartEvent" else None
                self.stack.append(_Open(self.last, event.anchor, entries))
            case "MappingEndEvent" | "SequenceEndEvent":
                closed = self.stack.pop()
                self._add(closed.close(), closed.anchor)
            case "ScalarEvent":
                self._grow(1, 1)
                self._refuse_tag(event)
                text = _whole(event.value, self.last)
                if self._wants_key():
                    self._open_key(text, quoted=bool(event.style))
                    if event.anchor is not None:
                        self.anchors[event.anchor] = Node(self.last, text)
                else:
                    self._add(Node(self._start(event), _meaning(event, text)), event.anchor)
            case "AliasEvent":
                self._alias(event.anchor)

    def _start(self, event: Any) -> Position:
        """Where a scalar starts; the parser puts a value that is not written behind the next line."""
        unwritten = not event.value and not event.style and self.stack
        return self.stack[-1].key_position if unwritten and self.stack[-1].entries is not None else self.last

    def _alias(self, name: str) -> None:
        if self._wants_key():
            raise MalformedError(self.last, f"expected a key, found the alias *{name}: write the key out")
        if name not in self.anchors:
            raise MalformedError(self.last, f"*{name} stands for nothing: there is no &{name} before it")
        node = self.anchors[name]
        if node is None:
            raise MalformedError(
                self.last, f"*{name} stands for a value that contains it: write the value out"
            )
        self._grow(node.size, node.height)
        self._add(Node(self.last, node.value, node.size, node.height), None)

    def _grow(self, size: int, height: int) -> None:
        self.size += size
        if self.size > MAX_NODES:
            raise MalformedError(
                self.last,
                f"more than {MAX_NODES} values, aliases written out: make the file smaller, or {BESIDE}",
            )
        if len(self.stack) + height > MAX_DEPTH:
            raise MalformedError(self.last, f"nested more than {MAX_DEPTH} levels deep")

    def _wants_key(self) -> bool:
        return bool(self.stack) and self.stack[-1].entries is not None and self.stack[-1].key is None

    def _open_key(self, text: str, *, quoted: bool) -> None:
        parent = self.stack[-1]
        entries = present(parent.entries, "mapping that a key is for")  # see `_wants_key`
        parent.key, parent.key_position = text, self.last
        parent.size += 1
        if text in entries:
            first = entries[text].key
            self._report(f"the key stands twice, first at line {first.line}: keep one of the two")
            parent.skip = True
        elif text == "<<" and not quoted:
            self._report("merge keys are not read: write the keys out")
            parent.skip = True

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = node
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.size += node.size
        parent.height = max(parent.height, node.height)
        if parent.entries is None:
            parent.items.append(node)
            return
        if not parent.skip:
            key = present(parent.key, "key of a value")  # `take` reads keys elsewhere
            parent.entries[key] = Entry(parent.key_position, node)
        parent.key, parent.skip = None, False

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._report(f"the tag {tag} is not read: take it out (and quote what must stay text)")
            if not self._wants_key():
                self.replaced.append(self._path())

    def _report(self, message: str) -> None:
        self.issues.append((self.last, Issue(self._path(), message)))

    def _path(self) -> Path:
        return tuple(self._parts())

    def _parts(self) -> Iterator[str | int]:
        for parent in self.stack:
            if parent.entries is None:
                yield len(parent.items)
            elif parent.key is not None:
                yield parent.key


def _meaning(event: Any, text: str) -> Scalar:
    return text if event.style else resolve_plain(text)


def _whole(text: str, position: Position) -> str:
    """JSON writes a character beyond U+FFFF as two escapes: joined here. Half of one is refused."""
    if not _HALF.search(text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise MalformedError(
            position, "an escape such as \\ud800 is half a character: write the character"
        ) from None


def locate(root: Node, path: Path, *, on_key: bool = False) -> Position:
    """Where a path stands, or the nearest thing around it that exists.

    Args:
        on_key: the position of the last key, not of its value.
    """
    node, position = root, root.position
    for part in path:
        match node.value:
            case tuple(items) if isinstance(part, int) and part < len(items):
                node = items[part]
                position = node.position
            case Mapping() as entries if part in entries:
                entry = entries[str(part)]
                node = entry.node
                position = entry.key if on_key else node.position
            case _:
                break
    return position
