"""The thread that keeps: nobody who answers rows waits for the disk, and no signal interrupts it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Self

from zerograd.sweeping.tasks import Document, Done, Event, Failure, Keep, Task

SHELVED = 16
"""Rows that may wait to be kept without those who answer having nothing to do: a disk takes its time."""
MOST = 64
"""Rows that are kept in one transaction."""


class Shelf:
    """Checks and keeps what is finished, as much as there is at once. Use it as a context manager.

    Args:
        keep: checks documents and keeps them.
        tell: called with what became of each, when it is kept.
    """

    def __init__(self, keep: Keep, tell: Callable[[Event], None]) -> None:
        self._keep, self._tell = keep, tell
        self._finished: SimpleQueue[tuple[Task, Document] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wait until everything is kept."""
        self._finished.put(None)
        self._thread.join()

    def put(self, task: Task, document: Document) -> None:
        """Have a document checked and kept, soon."""
        self._finished.put((task, document))

    def _work(self) -> None:
        while (first := self._finished.get()) is not None:
            batch, last = [first], False
            with suppress(Empty):
                while len(batch) < MOST and not last:
                    if (more := self._finished.get_nowait()) is None:
                        last = True
                    else:
                        batch.append(more)
            self._keep_all(batch)
            if last:
                return

    def _keep_all(self, batch: list[tuple[Task, Document]]) -> None:
        try:
            kept = self._keep(batch)
        except BaseException as error:  # it is raised in the thread that waits
            self._tell(Failure(batch[0][0], error))
            return
        for (task, _), row in zip(batch, kept, strict=True):
            self._tell(Failure(task, row) if isinstance(row, Exception) else Done(task, row))
