"""What the command line reads and writes: files put in place whole, text for any terminal."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any


def printable(text: str) -> str:
    """Return a file name without control characters."""
    return "".join(c if c.isprintable() else "?" for c in text)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write beside the file, then rename: never half a file. Text is written as UTF-8. Raises OSError."""
    data = content.encode() if isinstance(content, str) else content
    if path.is_fifo():
        _write_pipe(path, data)
        return
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.write_bytes(data)  # /dev/null, /dev/stdout, a pipe: never put a file in its place
        return
    with written_whole(path) as stream:
        stream.write(data)


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Return a stream to a new file, which takes the place of another when all is written. Raises OSError.

    Of what is no plain file, such as a pipe, it is what is written to.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        with path.open("wb") as stream:
            yield stream
        return
    import tempfile  # brings in compression and random numbers: not before it is needed

    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _write_pipe(path: Path, data: bytes) -> None:
    """Write to a pipe that is being read; where nobody reads, do not wait for ever. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "it is a pipe that nobody reads") from None
        raise
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)


def to_json_text(document: Any, indent: int | None = None) -> str:
    """Return JSON that standard output can take, whatever its encoding."""
    return printable_json(json.dumps(document, indent=indent, ensure_ascii=False))


def printable_json(text: str) -> str:
    """Return JSON with what standard output cannot take escaped."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return text if utf8 else re.sub(r"[^\x00-\x7e]", lambda match: json.dumps(match[0])[1:-1], text)


def settle_streams() -> Callable[[], None]:
    """Streams that are closed, or that cannot write ∂ or α, are no reason to fail.

    Returns:
        What undoes this.
    """
    before = {name: getattr(sys, name) for name in ("stdout", "stderr")}
    errors = {name: stream.errors for name, stream in before.items() if isinstance(stream, TextIOWrapper)}
    for name, stream in before.items():
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for good
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    def undo() -> None:
        for name, stream in before.items():
            setattr(sys, name, stream)
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors=errors[name])

    return undo


def read_results(name: str) -> list[Any]:
    """Read the JSON documents in a file, or on standard input. Raises FormatError."""
    from zerograd.core.errors import FormatError
    from zerograd.core.question.documents import documents_in, read_documents
    from zerograd.spec.foreign import foreign

    if name != "-":
        with suppress(OSError), Path(name).open("rb") as stream:  # `read_documents` says what is wrong
            if kind := foreign(stream.read(64), name):
                raise FormatError(f"{printable(name)}: {kind}")
        return read_documents(Path(name))
    if sys.stdin is None:  # closed by whoever started the program
        raise FormatError("<stdin>: is closed: name a file")
    return documents_in(sys.stdin.buffer, "<stdin>")
