"""Child processes that are spoken to in lines of JSON, and can be killed.

A worker ends when its input does, even in the middle of its work (`serve`), so that a parent that
dies in any way leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

DEFAULT_MEMORY = 4 * 2**30
"""Bytes of address space that a worker may use."""

_ROOT = str(Path(__file__).resolve().parent.parent)


class Ended(Exception):  # noqa: N818 - a finding, not an error
    """The worker's process ended by itself; ``code`` is its exit code, negative for a signal."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"the process ended with code {code}")


class Worker:
    """A child process running ``python -m MODULE ARGUMENTS…``, started at once.

    Leaving its context kills it. It is in a session of its own: Ctrl-C is for the parent, which
    ends the child itself.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self._buffer = b""
        # -P, not the working directory: a stray z3.py there must not be what we run.
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([_ROOT, *_python_path()])},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill the process. Whoever waits for its messages, in whichever thread, is told that it `Ended`.

        The pipes stay open: closing one may never wake a thread that waits for it.
        """
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
        """Of the pipe that its messages come through."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def send(self, message: dict[str, Any]) -> None:
        """Raises Ended if the process is gone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Ended(self._process.wait()) from None

    def receive(self, deadline: float) -> dict[str, Any]:
        """The next message, before ``deadline`` (of `time.monotonic`).

        Raises:
            TimeoutError: it did not come in time.
            Ended: the process is gone.
        """
        descriptor = self.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                left = deadline - time.monotonic()
                if not selector.select(min(max(0.0, left), 3600.0)):
                    if left <= 0 or time.monotonic() >= deadline:
                        raise TimeoutError
                    continue
                chunk = os.read(descriptor, 1 << 20)
                if not chunk:
                    raise Ended(self._process.wait())
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message


def end_with_parent() -> None:
    """In a worker whose library lets no other thread run while it works, so that `requests` may not see
    the end of its input: a second process watches the pipe, and kills the worker with its parent.

    To be called before any thread is started.
    """
    worker = os.getpid()
    ours, theirs = os.pipe()
    if os.fork():
        os.close(ours)
        return  # the other end stays open for as long as this process lives
    try:
        os.close(theirs)
        os.close(sys.stdout.fileno())  # whoever reads from the worker must see its end
        watch = select.poll()
        for descriptor in (sys.stdin.fileno(), ours):
            watch.register(descriptor, 0)  # a hang-up is reported unasked
        watch.poll()
        if os.getppid() == worker:  # else it has ended, and its number may be another's
            os.kill(worker, signal.SIGKILL)
    finally:
        os._exit(0)


def ran_out_of_memory(ended: Ended) -> bool:
    """Whether the process ended as one does whose allocations fail, or that the system killed for them.

    101 is Z3's own exit code for that. A worker's Python errors are replies, not exits.
    """
    return ended.code in (-signal.SIGKILL, -signal.SIGABRT, -signal.SIGSEGV, 101)


def limit_memory(memory: int) -> None:
    """Cap the address space of this process, in bytes, where the system can (macOS cannot)."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    cap = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (cap, hard))


def _python_path() -> list[str]:
    """The caller's PYTHONPATH, without entries that mean the working directory."""
    return [
        entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if Path(entry).is_absolute()
    ]


def requests() -> Iterator[dict[str, Any]]:
    """In a worker: the parent's messages, one by one; the process ends with them."""
    pending: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(pending,), daemon=True).start()
    while True:
        yield pending.get()


def _read(pending: queue.SimpleQueue[dict[str, Any]]) -> None:
    try:
        for line in sys.stdin:
            pending.put(json.loads(line))
    finally:  # out of memory, too: nobody would read what comes
        os._exit(0)


def reply(message: dict[str, Any]) -> None:
    """In a worker: a message to the parent."""
    print(json.dumps(message), flush=True)
