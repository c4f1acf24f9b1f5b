"""The parent's end of a conversation with a process that can be killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from threading import Lock
from typing import Generic, Literal, Self, TypeVar

from zerograd.core.errors import ZerogradError
from zerograd.services.child import MEMORY, Child, Ended, ran_out_of_memory
from zerograd.services.wire import Note, Reply, Request, ServiceFailed, Wire

Answer = TypeVar("Answer")

DEFAULT_MEMORY = MEMORY
"""Bytes of address space that a process may use."""


class Stopped(Exception):  # noqa: N818 - a finding, not an error
    """There is no answer: time or memory ran out, or the process crashed. ``detail`` is its exit."""

    def __init__(self, reason: Literal["timeout", "memory", "crashed"], detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


class Busy(Stopped):
    """Time ran out while the process was answering somebody else; nothing was asked."""

    def __init__(self) -> None:
        super().__init__("timeout")


class Service(Generic[Request, Reply]):
    """A process that answers requests, started when it is first needed, and reused.

    Use it as a context manager: leaving it kills the process. Threads may share it. A request that overruns
    its time or its memory ends the process, and so does whatever interrupts the one who waits; the next
    request starts a fresh one.

    Args:
        module: run as ``python -m MODULE ARGUMENTS…``; it calls `zerograd.services.serving.serve`.
        wire: what may be said; or a function that loads it when something is said.
        arguments: its command line, the memory that it may use among them.
        grace: seconds by which it may overrun its time, to say how far it came, before it is killed.
        child: such a process that has been started.
    """

    def __init__(
        self,
        module: str,
        wire: Wire[Request, Reply] | Callable[[], Wire[Request, Reply]],
        *arguments: object,
        grace: float = 0.5,
        child: Child | None = None,
    ) -> None:
        self._command = (module, *map(str, arguments))
        self._said = wire
        self._grace = grace
        self._lock = Lock()
        self._child = child

    @cached_property
    def _wire(self) -> Wire[Request, Reply]:
        return self._said if isinstance(self._said, Wire) else self._said()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the process, if it is not running, without waiting for it."""
        if self._child is None or not self._child.alive:
            self.close()
            self._child = Child(*self._command)

    def kill(self) -> None:
        """Kill the process, if there is one, under the thread that may be waiting for it."""
        child = self._child
        if child is not None:
            child.kill()

    def close(self) -> None:
        """Kill the process and wait for its end. Closing twice is harmless."""
        child, self._child = self._child, None
        if child is not None:
            child.close()

    def ask(
        self,
        request: Request,
        answer: type[Answer],
        *,
        deadline: float,
        about: object = None,
        progress: Callable[[str], object] = lambda _: None,
        take: Callable[[Reply], object] = lambda _: None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Answer:
        """Return the answer to a request, one conversation at a time.

        Args:
            answer: the class of the reply that ends the conversation.
            deadline: of `time.monotonic`, one clock for all processes of a machine.
            about: what replies are read with (`zerograd.services.wire.Leaf`).
            progress: called with each line of progress.
            take: called with each reply before the answer.
            meanwhile: called when the request is sent.

        Raises:
            Stopped: time or memory ran out.
            ServiceFailed: an error in the service: a bug.
            ZerogradError: another error that the wire lists.
        """
        if not self._lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise Busy
        try:
            with self.guarded():
                self.start()
                self.send(request)
                meanwhile()
                while not isinstance(reply := self.receive(deadline + self._grace, about), answer):
                    if isinstance(reply, Note):
                        progress(reply.line)
                    else:
                        take(reply)
                return reply
        except Stopped as stopped:
            if stopped.reason == "crashed":
                raise ServiceFailed(stopped.detail) from None
            raise
        finally:
            self._lock.release()

    def send(self, *requests: Request) -> None:
        """Send requests to the running process. Raises Ended if it is gone."""
        self._running.send(b"".join(map(self._wire.write, requests)))

    def receive(self, deadline: float, about: object = None) -> Reply | Note:
        """Return the next reply, before ``deadline``.

        Raises:
            TimeoutError: it did not come in time.
            Ended: the process is gone.
            ZerogradError: the service raised it.
        """
        message: Reply | Note | ZerogradError = self._wire.read(self._running.receive(deadline), about)
        if isinstance(message, ZerogradError):
            raise message
        return message

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Kill the process if anything goes wrong inside. Raises Stopped if it is late, or ends by itself."""
        try:
            yield
        except TimeoutError:
            self.close()
            raise Stopped("timeout") from None
        except Ended as ended:
            self.close()
            raise Stopped("memory" if ran_out_of_memory(ended) else "crashed", str(ended)) from None
        except BaseException:
            self.close()
            raise

    @property
    def _running(self) -> Child:
        if self._child is None:  # another thread has closed it
            raise Ended(-9)
        return self._child
