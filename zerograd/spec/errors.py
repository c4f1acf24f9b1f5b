"""What is wrong with a problem file, and where: one line for every mistake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from zerograd.core.errors import Issue, Path, ZerogradError, format_path

MAX_MESSAGE = 400
"""Longest part of a message that is shown; files may hold names of a megabyte."""


class Position(NamedTuple):
    """A place in a text, both numbers counted from 1, columns in characters."""

    line: int
    column: int


START = Position(1, 1)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: ``file:line:column: error: path: message``, always on one line.

    Attributes:
        file: the file as it was named, or ``<stdin>``.
        position: None where there is no text to point at (a missing file).
        path: keys and list positions from the outside in, ``()`` for the file as a whole.
        message: what was found, what was expected, what to do.
    """

    file: str
    position: Position | None
    path: Path
    message: str

    def __str__(self) -> str:
        place = self.file if self.position is None else f"{self.file}:{self.position[0]}:{self.position[1]}"
        path = f"{_short(format_path(self.path))}: " if self.path else ""
        return _printable(f"{place}: error: {path}{_short(self.message)}")


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake of form.

    Attributes:
        on_key: the key is wrong, not its value.
        implied: it follows from another mistake: what is missing has only been misspelt.
    """

    issue: Issue
    on_key: bool = False
    implied: bool = False


class SpecError(ZerogradError):
    """A problem file with mistakes. Carries all of them, in file order; ``str`` gives a line to each."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(map(str, self.diagnostics)))


class MalformedError(Exception):
    """A text that cannot be read any further. Becomes a `SpecError` where the file's name is known."""

    def __init__(self, position: Position | None, message: str) -> None:
        self.position, self.message = position, message
        super().__init__(message)


def _short(text: str) -> str:
    """Long text without its middle: what was found may stand first, what to do stands last."""
    if len(text) <= MAX_MESSAGE:
        return text
    half = MAX_MESSAGE // 2 - 2
    return f"{text[:half]} … {text[-half:]}"


def _printable(text: str) -> str:
    """Line breaks, terminal escapes and lone surrogates as escapes: names may come from strangers."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
