"""A child process that is spoken to in lines, and can be killed."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from zerograd.core.errors import present

_ROOT = str(Path(__file__).resolve().parents[2])

MEMORY = 4 * 2**30
"""Bytes of address space that a process may use, unless somebody says otherwise."""

OUT_OF_MEMORY = 101
"""The exit code of a process whose allocations fail. It is Z3's own, too."""


class Ended(Exception):  # noqa: N818 - a finding, not an error
    """The process ended by itself; ``code`` is its exit code, negative for a signal."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"the process ended with code {code}")


def ran_out_of_memory(ended: Ended) -> bool:
    """Whether the process ended as one does whose allocations fail, or that the system killed for them."""
    return ended.code in (-signal.SIGKILL, -signal.SIGABRT, -signal.SIGSEGV, OUT_OF_MEMORY)


class Child:
    """A child process running ``python -m MODULE ARGUMENTS…``, started at once.

    Leaving its context kills it. It is in a session of its own: Ctrl-C is for the parent, which
    ends the child itself.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self._buffer = b""
        self._killed = False
        # -P, not the working directory: a stray z3.py there must not be what we run.
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([_ROOT, *_python_path()])},
            start_new_session=True,
        )
        self._poll = select.poll()
        self._poll.register(self.fileno(), select.POLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether it has neither ended nor been killed, which may take it a moment to notice."""
        return not self._killed and self._process.poll() is None

    def kill(self) -> None:
        """Kill the process. Whoever waits for its lines, in whichever thread, is told that it `Ended`.

        The pipes stay open: closing one may never wake a thread that waits for it.
        """
        self._killed = True
        self._process.kill()

    def close(self) -> None:
        """Kill the process and wait for its end. Closing twice is harmless."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def fileno(self) -> int:
        """Return the descriptor of the pipe that its lines come through."""
        return present(self._process.stdout, "pipe from the process").fileno()

    def send(self, line: bytes) -> None:
        """Send a line. Raises Ended if the process is gone."""
        pipe = present(self._process.stdin, "pipe to the process")
        try:
            pipe.write(line)
            pipe.flush()
        except BrokenPipeError:
            raise Ended(self._process.wait()) from None

    def receive(self, deadline: float) -> bytes:
        """Return the next line, before ``deadline`` (of `time.monotonic`).

        Raises:
            TimeoutError: it did not come in time.
            Ended: the process is gone.
        """
        descriptor = self.fileno()
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if not self._poll.poll(min(max(0.0, left), 3600.0) * 1000):
                if left <= 0 or time.monotonic() >= deadline:
                    raise TimeoutError
                continue
            chunk = os.read(descriptor, 1 << 20)
            if not chunk:
                raise Ended(self._process.wait())
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line


def _python_path() -> list[str]:
    """Return the caller's PYTHONPATH, without entries that mean the working directory."""
    return [
        entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if Path(entry).is_absolute()
    ]
