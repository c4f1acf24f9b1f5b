"""From a path, the standard input or a text to a tree: where every kind of file of ours begins."""

from __future__ import annotations

import os
from pathlib import Path as Folder
from typing import NamedTuple, NoReturn

from zerograd.spec.errors import Diagnostic, MalformedError, SpecError
from zerograd.spec.nodes import Document, compose
from zerograd.spec.read import STDIN, read_stdin
from zerograd.spec.source import decode, read_file


class Opened(NamedTuple):
    """A tree, what its file is called in messages, and the folder in which others may lie beside it."""

    document: Document
    name: str
    folder: Folder | None


def opened(path: str | os.PathLike[str]) -> Opened:
    """Return the tree of a file. Raises SpecError where it cannot be read."""
    name = os.fsdecode(path)
    try:
        data = read_file(path)
    except MalformedError as error:
        _fail(name, error)
    return Opened(document_in(data, name), name, Folder(name).parent)


def opened_from(spec: str) -> Opened:
    """Return the tree of a file, or of the standard input if its name is ``-``. Raises SpecError."""
    return Opened(document_in(read_stdin(), STDIN), STDIN, None) if spec == "-" else opened(spec)


def document_in(text: str | bytes, name: str) -> Document:
    """Return the tree of a text; bytes are UTF-8. Raises SpecError where it is no YAML."""
    try:
        return compose(decode(text) if isinstance(text, bytes) else text)
    except MalformedError as error:
        _fail(name, error)


def _fail(name: str, error: MalformedError) -> NoReturn:
    raise SpecError([Diagnostic(name, error.position, (), error.message)]) from None
