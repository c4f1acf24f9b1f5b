"""Sweep files: a problem with placeholders, and the values that they take.

    >>> from zerograd.spec.sweep import loads
    >>> text = "{sweep: {H: {from: 1, to: 3}}, problem: {network: [1, $H, 1], samples: fewest, zero: w1}}"
    >>> loads(text).values(2)
    {'H': 3}

A row is read as a problem file would be in which the values are written in place of their names: what is
wrong with it has its line and column here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path as Folder
from typing import Any, NoReturn

from zerograd.core.errors import Issue, Path
from zerograd.core.model.references import parse_reference
from zerograd.core.near import did_you_mean
from zerograd.core.question.problem import Problem
from zerograd.core.question.sweeps import (
    COLUMNS,
    MAX_PATTERN,
    MAX_ROWS,
    Places,
    Sweep,
    described,
    pattern_values,
    reserved,
    too_many,
)
from zerograd.spec.errors import Diagnostic, Position, SpecError
from zerograd.spec.files.beside import Say
from zerograd.spec.nodes import MAX_NODES, Document, Entry, Node, locate
from zerograd.spec.opening import document_in, opened, opened_from
from zerograd.spec.placeholders import PLACE, Values, keys, leaves, named, replaced, unfit
from zerograd.spec.read import STDIN
from zerograd.spec.read import of_document as problem_of
from zerograd.spec.scalars import as_written
from zerograd.spec.wording import show

KEYS = ("title", "notes", "sweep", "problem")
MAX_TEXT = 100_000
"""Characters of a text with its placeholders written out."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FORMS = "a list such as [1, 2], a range such as {from: 1, to: 4}, or {patterns: [w1, b1]}"


def load(path: str | os.PathLike[str], say: Say = lambda _: None) -> Sweep:
    """The sweep in a file. Raises SpecError, with every mistake found."""
    return of_document(*opened(path), say)


def load_from(spec: str, say: Say = lambda _: None) -> Sweep:
    """The sweep in a file, or on the standard input if its name is ``-``. Raises SpecError."""
    return of_document(*opened_from(spec), say)


def loads(
    text: str | bytes, name: str = STDIN, folder: Folder | None = None, say: Say = lambda _: None
) -> Sweep:
    """The sweep in a text. Arguments and errors are those of `zerograd.spec.read.loads`.

    What is wrong with the problem of a row is raised when that row is made (`Sweep.problem`).
    """
    return of_document(document_in(text, name), name, folder, say)


def of_document(
    document: Document, name: str, folder: Folder | None = None, say: Say = lambda _: None
) -> Sweep:
    """The sweep in a tree. Arguments and errors are those of `loads`."""
    return _Reader(name, document, folder, say).sweep()


class _Reader:
    """Reads one file, and collects what is wrong with it."""

    def __init__(self, name: str, document: Document, folder: Folder | None, say: Say) -> None:
        self.name, self.root, self.folder, self.say = name, document.root, folder, say
        self.found: list[tuple[Position, Issue]] = list(document.issues)

    def sweep(self) -> Sweep:
        entries = self.root.value
        if not isinstance(entries, Mapping):
            self._wrong((), f"expected the keys sweep and problem, found {show(self.root.plain())}")
            self._raise()
        for key in entries:
            if key not in KEYS:
                hint = did_you_mean(key, KEYS) or f"; the keys are {', '.join(KEYS)}"
                self._wrong((key,), f"unknown key{hint}", on_key=True)
        title = self._text("title")
        self._text("notes")
        values = self._parameters()
        template = self._problem()
        if template is not None and values is not None:
            self._placeholders(template, values)
        if self.found or template is None or values is None:
            self._raise()
        parameters = {name: each.plain for name, each in values.items()}
        if prod(map(len, parameters.values())) > MAX_ROWS:
            self._wrong(("sweep",), too_many(parameters), on_key=True)
            self._raise()
        about = json.dumps([sorted(values), as_written(template.plain())], sort_keys=True)
        return Sweep(
            parameters,
            _Row(self.name, self.folder, self.say, template, values),
            title,
            hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest(),
        )

    def _wrong(self, path: Path, message: str, *, on_key: bool = False) -> None:
        self.found.append((locate(self.root, path, on_key=on_key), Issue(path, message)))

    def _raise(self) -> NoReturn:
        placed = sorted(dict.fromkeys(self.found), key=lambda item: item[0])
        raise SpecError(Diagnostic(self.name, at, issue.path, issue.message) for at, issue in placed)

    def _entry(self, key: str) -> Entry | None:
        entries = self.root.value
        return entries.get(key) if isinstance(entries, Mapping) else None

    def _text(self, key: str) -> str | None:
        entry = self._entry(key)
        if entry is None:
            return None
        if not isinstance(entry.node.value, str):
            self._wrong((key,), f"expected text, found {show(entry.node.plain())}")
            return None
        return entry.node.value

    def _problem(self) -> Node | None:
        entry = self._entry("problem")
        if entry is None:
            self._wrong(
                (), "problem is missing: write the problem that is asked, with names such as $H in it"
            )
            return None
        if not isinstance(entry.node.value, Mapping):
            self._wrong(
                ("problem",), f"expected keys such as network: [1, $H, 1], found {show(entry.node.plain())}"
            )
            return None
        return entry.node

    def _parameters(self) -> dict[str, Values] | None:
        entry = self._entry("sweep")
        if entry is None:
            known = self._entry("network") is not None
            hint = " (a single problem is answered by zerograd solve)" if known else ""
            self._wrong(
                (),
                f"sweep is missing: write the values of each parameter, such as sweep: {{H: [1, 2]}}{hint}",
            )
            return None
        if not isinstance(entry.node.value, Mapping) or not entry.node.value:
            found = "nothing" if entry.node.value == {} else show(entry.node.plain())
            self._wrong(
                ("sweep",), f"expected parameters with their values, such as {{H: [1, 2]}}, found {found}"
            )
            return None
        made: dict[str, Values] = {}
        sound = True
        for name, each in entry.node.value.items():
            path = ("sweep", name)
            if not _NAME.fullmatch(name):
                self._wrong(
                    path, "a name has letters, digits and _, and begins with none of the digits", on_key=True
                )
                sound = False
            elif name in COLUMNS:
                self._wrong(path, reserved(name), on_key=True)
                sound = False
            values = self._values(path, each.node)
            if values is None:
                sound = False
            else:
                made[name] = values
        return made if sound else None

    def _values(self, path: Path, node: Node) -> Values | None:
        match node.value:
            case tuple(items):
                return self._list(path, node, items)
            case Mapping() as entries if set(entries) == {"from", "to"}:
                ends = [entries[key].node.value for key in ("from", "to")]
                if not all(type(end) is int for end in ends):
                    self._wrong(path, "expected whole numbers, such as {from: 1, to: 4}")
                    return None
                low, high = (int(str(end)) for end in ends)
                if low > high:
                    self._wrong(path, f"the range is empty: {low} is above {high}")
                    return None
                if high - low >= MAX_ROWS:
                    self._wrong(
                        path, f"{high - low + 1} values make more rows than the {MAX_ROWS} that are asked"
                    )
                    return None
                return Values(range(low, high + 1), node.position, None)
            case Mapping() as entries if set(entries) == {"patterns"}:
                return self._patterns((*path, "patterns"), entries["patterns"].node)
        self._wrong(path, f"expected {_FORMS}, found {show(node.plain())}")
        return None

    def _list(self, path: Path, node: Node, items: tuple[Node, ...]) -> Values | None:
        if not items:
            self._wrong(path, "the list is empty: give at least one value")
            return None
        plain = [as_written(item.plain()) for item in items]
        seen: dict[str, int] = {}
        sound = True
        for place, value in enumerate(plain):
            first = seen.setdefault(json.dumps(value, sort_keys=True), place)
            if first != place:
                self._wrong((*path, place), "this value stands twice in the list: take one out")
                sound = False
        return Values(tuple(plain), node.position, items) if sound else None

    def _patterns(self, path: Path, node: Node) -> Values | None:
        items = [node] if isinstance(node.value, str) else node.value
        if not isinstance(items, list | tuple) or not items:
            self._wrong(path, f"expected names such as [w1, b1], found {show(node.plain())}")
            return None
        names: list[str] = []
        before = len(self.found)
        for place, each in enumerate(items):
            try:
                name = str(parse_reference(each.value)) if isinstance(each.value, str) else None
            except ValueError as error:
                self._wrong((*path, place), str(error))
                continue
            if name is None or name in names:
                found = "stands twice" if name else f"expected a name such as w1, found {show(each.plain())}"
                self._wrong((*path, place), found)
            else:
                names.append(name)
        if len(items) > MAX_PATTERN:
            self._wrong(path, f"{len(items)} names make 2^{len(items)} patterns: name at most {MAX_PATTERN}")
        if len(self.found) > before:
            return None
        patterns = pattern_values(names)
        nodes = tuple(_node(pattern, node.position) for pattern in patterns)
        return Values(patterns, node.position, nodes)

    def _placeholders(self, template: Node, values: Mapping[str, Values]) -> None:
        """Hold every placeholder to the parameters, and every parameter to the placeholders."""
        used: set[str] = set()
        size = template.size
        for path, node in leaves(template, ("problem",)):
            text = str(node.value)
            long = len(text)
            for match in PLACE.finditer(text):
                if match["dollar"]:
                    continue
                name, _, key = named(match)
                if name not in values:
                    near = did_you_mean(name, values) or f"; the parameters are {', '.join(values)}"
                    self._wrong(path, f"${name} is not defined under sweep{near}")
                    continue
                used.add(name)
                each = values[name]
                whole = match[0] == text
                if (fault := unfit(name, key, each, whole=whole)) is not None:
                    self._wrong(path, fault)
                size += each.largest
                long += 0 if whole else each.longest
            if long > MAX_TEXT:
                self._wrong(
                    path, f"with its values the text would have {long} characters, at most {MAX_TEXT}"
                )
        if size > MAX_NODES:
            self._wrong(("problem",), f"with its values it has more than {MAX_NODES} values and keys")
        for path, key in keys(template, ("problem",)):
            there = [named(match)[0] for match in PLACE.finditer(key) if not match["dollar"]]
            if any(name in values for name in there):
                self._wrong(path, f"${there[0]} stands in a key: only values are replaced", on_key=True)
                used.update(there)
        for name in values:
            if name not in used:
                self._wrong(
                    ("sweep", name),
                    f"is used nowhere: write ${name} in the problem, or take it out",
                    on_key=True,
                )


@dataclass(frozen=True, slots=True)
class _Row:
    """Makes the problem of a row."""

    name: str
    folder: Folder | None
    say: Say
    template: Node
    values: Mapping[str, Values]

    def __call__(self, places: Places) -> Problem:
        nodes = {
            name: each.node(place) for (name, each), place in zip(self.values.items(), places, strict=True)
        }
        try:
            return problem_of(
                Document(replaced(self.template, nodes), (), frozenset()), self.name, self.folder, self.say
            )
        except SpecError as error:
            plain = {
                name: each.plain[place]
                for (name, each), place in zip(self.values.items(), places, strict=True)
            }
            where = described(plain)
            raise SpecError(
                Diagnostic(
                    each.file, each.position, ("problem", *each.path), f"{each.message} (where {where})"
                )
                for each in error.diagnostics
            ) from None


def _node(data: Any, position: Position) -> Node:
    """A tree of data that stands nowhere."""
    match data:
        case list():
            items = tuple(_node(item, position) for item in data)
            return Node(position, items, 1 + sum(item.size for item in items))
        case dict():
            entries = {key: Entry(position, _node(value, position)) for key, value in data.items()}
            return Node(position, entries, 1 + sum(1 + entry.node.size for entry in entries.values()))
    return Node(position, data)
