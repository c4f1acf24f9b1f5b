"""The child's end of a conversation: requests are answered until the input ends.

It ends even in the middle of its work, so that a parent that dies in any way leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

from zerograd.services.child import OUT_OF_MEMORY
from zerograd.services.wire import Note, Reply, Request, ServiceFailed, Wire

T = TypeVar("T")

Send: TypeAlias = Callable[[Reply | Note], None]


def serve(
    wire: Wire[Request, Reply],
    memory: int,
    prepare: Callable[[Send[Reply]], Callable[[Request], None]],
    beforehand: Iterable[Callable[[], object]] = (),
) -> None:
    """Answer requests, one after another.

    An error that the wire lists is raised at the other end, and any other too, as `ServiceFailed`. A process
    that is out of memory ends: what it took it keeps.

    Args:
        memory: cap on the address space, in bytes.
        prepare: called once, with the function that sends replies; what it returns answers a request.
        beforehand: called in turn while nothing has been asked: what is sure to be wanted sooner or later.
    """
    limit_memory(memory)

    def send(message: Reply | Note | Exception) -> None:
        sys.stdout.buffer.write(wire.write(message))
        sys.stdout.buffer.flush()

    def attempt(action: Callable[[], T]) -> T | None:
        """Return what the action does, or report why it failed."""
        try:
            return action()
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except wire.errors as error:
            send(error)
        except Exception:
            send(ServiceFailed(traceback.format_exc()))
        return None

    answer = attempt(lambda: prepare(send))
    if answer is None:
        return
    pending: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(pending,), daemon=True).start()
    for step in beforehand:
        if not pending.empty():
            break
        attempt(step)
    while True:
        line = pending.get()
        attempt(lambda: answer(wire.read(line)))  # noqa: B023 - called at once


def _read(pending: queue.SimpleQueue[bytes]) -> None:
    """Take in the parent's lines; the process ends with them.

    Also while this process works: a parent that writes before it reads must never wait for one that does the
    same.
    """
    try:
        for line in sys.stdin.buffer:
            pending.put(line)
    finally:  # out of memory, too: nobody would read what comes
        os._exit(0)


def limit_memory(memory: int) -> None:
    """Cap the address space of this process, in bytes, where the system can (macOS cannot)."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    cap = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (cap, hard))


def end_with_parent() -> None:
    """Have a second process watch the pipe, and kill this one when the parent is gone.

    For a library that lets no other thread run while it works, so that the end of the input may go unseen. To
    be called before any thread is started.
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
