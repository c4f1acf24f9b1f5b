"""Files and bytes to text: bounded, and UTF-8 alone."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from zerograd.spec import json_text
from zerograd.spec.errors import START, MalformedError, Position
from zerograd.spec.foreign import foreign

MAX_BYTES = 2**20
"""Largest YAML file that is read: a parser in Python takes some seconds for a mebibyte."""

# What YAML 1.2 allows in a text (§5.1).
_ALLOWED = "\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
_ALLOWED_ASCII = "\t\n\r\x20-\x7e"
# The parser takes quadratic time for the length of a tag; no tag is read anyway.
_LONG_TAG = re.compile(r"(?<![^\s,\[\]{}])!\S{256}")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_UTF16_OR_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


def read_file(path: str | os.PathLike[str]) -> bytes:
    """All of a file of at most `MAX_BYTES`, or of JSON (which begins with ``{``) `json_text.MAX_BYTES`.

    Raises:
        MalformedError: missing, unreadable, a directory, a file of another kind, or too large (told before it
            is read).
    """
    try:
        with Path(path).open("rb") as stream:
            status = os.fstat(stream.fileno())
            size = status.st_size if stat.S_ISREG(status.st_mode) else None
            return read_stream(stream, size, os.fspath(path))
    except IsADirectoryError:
        raise MalformedError(None, "is a directory: name a problem file inside it") from None
    except FileNotFoundError:
        raise MalformedError(None, "no such file: check its name and folder") from None
    except OSError as error:
        raise MalformedError(None, f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # a null byte in the name
        raise MalformedError(None, f"cannot be read: {error}") from None


def read_stream(stream: BinaryIO, size: int | None = None, name: str = "") -> bytes:
    """All of a stream, as `read_file`. Raises MalformedError for more.

    Args:
        size: where it is known: what is too large is told before it is read.
        name: of the file, if it is one.
    """
    try:
        data = stream.read(min(MAX_BYTES + 1, 64 if size is not None and size > MAX_BYTES else MAX_BYTES + 1))
        kind = foreign(data, name)
        if kind is not None:
            raise MalformedError(None, kind)
        most = json_text.MAX_BYTES if json_text.is_json_like(data) else MAX_BYTES
        if size is not None and size > most:
            raise MalformedError(None, too_large(f"{size} bytes", most))
        if size is None or size > len(data):
            data += stream.read(most + 1 - len(data))
    except OSError as error:
        raise MalformedError(None, f"cannot be read: {error.strerror or error}") from None
    if len(data) > most:
        raise MalformedError(None, too_large(f"more than {most} bytes", most))
    return data


def decode(data: bytes) -> str:
    """UTF-8 text, a byte order mark dropped.

    Raises:
        MalformedError: too large, another encoding, or bytes that are no text.
    """
    most = json_text.MAX_BYTES if json_text.is_json_like(data) else MAX_BYTES
    if len(data) > most:
        raise MalformedError(None, too_large(f"{len(data)} bytes", most))
    if data.startswith(_UTF16_OR_32):
        raise MalformedError(START, "the text is in UTF-16 or UTF-32: save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        raise MalformedError(
            end_of(before), f"the byte 0x{data[error.start]:02x} is not UTF-8 text: save the file as UTF-8"
        ) from None
    nulls = text[:64].count("\0")
    if nulls > 1 and nulls >= len(text[:64]) // 4:  # ASCII characters in two bytes or four
        raise MalformedError(START, "looks like UTF-16 text or a binary file: save it as UTF-8 text")
    return text


def vetted(text: str) -> str:
    """The text without a byte order mark.

    Raises:
        MalformedError: too large, a character that YAML forbids, or an endless tag.
    """
    if len(text) > MAX_BYTES:
        raise MalformedError(None, too_large(f"{len(text)} characters"))
    checked(text)
    match = _LONG_TAG.search(text)
    if match is not None:
        raise MalformedError(end_of(text[: match.start()]), "a tag of more than 256 characters: take it out")
    return text.removeprefix("\ufeff")


def checked(text: str) -> None:
    """Raise MalformedError for a character that YAML forbids."""
    # Compiled when needed: the whole set takes longer than most files do.
    match = re.search(f"[^{_ALLOWED_ASCII if text.isascii() else _ALLOWED}]", text)
    if match is not None:
        raise MalformedError(
            end_of(text[: match.start()]),
            f"the character U+{ord(match[0]):04X} may not stand in a text file: is this a binary file?",
        )


def end_of(text: str) -> Position:
    """The position just after a text."""
    lines = _LINE_BREAK.split(text)
    return Position(len(lines), len(lines[-1]) + 1)


BESIDE = (
    "put the numbers into a file beside it: in Python import numpy; "
    "numpy.savez('numbers.npz', w1=…, b1=…, x=…, y=…), and here given: {from: numbers.npz}"
)
"""What to do with many numbers."""


def too_large(size: str, most: int = MAX_BYTES) -> str:
    """What to say of a text of this size."""
    return f"{size}, at most {most} are read: {BESIDE}"
