"""Where the report goes while the script has the streams: kept apart, whatever the script does to its own."""

from __future__ import annotations

import fcntl
import os
import sys
from contextlib import suppress

_HIGH = 200
"""The kept descriptors are at least this, so that the script's files get the numbers they would have."""


class Output:
    """Standard output and standard error as they were when the program started.

    Args:
        aside: whether what the script prints goes to standard error, so that the report is alone on
            standard output.
    """

    def __init__(self, aside: bool = False) -> None:
        self._encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        self._out, self._err = _kept(1), _kept(2)
        self.is_terminal = _is_terminal(self._err)
        if aside and self._err is not None:
            os.dup2(self._err, 1)

    def report(self, text: str) -> None:
        """Write to standard output, after what the script has flushed. Nobody may be there to read it."""
        _write(self._out, text.encode(self._encoding, "backslashreplace"))

    def say(self, line: str) -> None:
        """Write a line to standard error, over a bar of progress if there is one."""
        start = "\r\x1b[K" if self.is_terminal else ""
        _write(self._err, f"{start}{line}\n".encode(errors="backslashreplace"))


def flush() -> None:
    """Flush what the script has printed; what cannot be written is left for Python to say when it ends."""
    for stream in (sys.__stdout__, sys.stdout, sys.__stderr__, sys.stderr):
        if stream is not None:
            with suppress(Exception):
                stream.flush()


def _kept(descriptor: int) -> int | None:
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:  # closed, or no such number is allowed
        return None


def _is_terminal(descriptor: int | None) -> bool:
    return descriptor is not None and os.isatty(descriptor) and os.environ.get("TERM") != "dumb"


def _write(descriptor: int | None, data: bytes) -> None:
    with suppress(OSError):
        while data and descriptor is not None:
            data = data[os.write(descriptor, data) :]
