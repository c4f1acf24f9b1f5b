"""A crew on this machine: threads, each of which waits for processes of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from queue import SimpleQueue
from typing import Self

from zerograd.proving.process import ProofProcess
from zerograd.search.crew import cores
from zerograd.search.process import SearchProcess
from zerograd.sweeping.shelf import SHELVED, Shelf
from zerograd.sweeping.tasks import Event, Failure, Keep, Line, Settings, Task, answered

MAX_JOBS = 64
USUAL_JOBS = 8
"""The default, however many cores there are: each job's processes take memory."""
PATIENCE = 10.0
"""Seconds that interrupted jobs get to end, which takes milliseconds."""


def usual_jobs() -> int:
    """Return how many rows are worked at at once if nothing is said."""
    return min(cores(), USUAL_JOBS)


class LocalCrew:
    """Jobs, each a thread with processes of its own. Use it as a context manager: leaving it ends them.

    What jobs have finished goes to a `Shelf`, which keeps it before anything else. Signals interrupt the main
    thread alone.
    """

    def __init__(self, jobs: int, settings: Settings, keep: Keep) -> None:
        self.room = 2 * jobs + SHELVED
        self._jobs, self._settings = jobs, settings
        self._pending: SimpleQueue[Task | None] = SimpleQueue()
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._stopping = threading.Event()
        self._processes: Sequence[tuple[SearchProcess, ProofProcess]] = ()
        self._threads: list[threading.Thread] = []
        self._shelf = Shelf(keep, self._events.put)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._shelf)  # left last: what is finished is kept
            memory = self._settings.memory
            self._processes = [
                (
                    stack.enter_context(
                        SearchProcess(memory, solvers=max(1, cores() // self._jobs), first_look=False)
                    ),
                    stack.enter_context(ProofProcess(memory, beside=False)),
                )
                for _ in range(self._jobs)
            ]
            self._stack = stack.pop_all()
        self._threads = [
            threading.Thread(target=self._work, args=pair, daemon=True) for pair in self._processes
        ]
        try:
            for thread in self._threads:
                thread.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what the threads wait for, again and again: a thread may just be starting another process."""
        self._stopping.set()
        for _thread in self._threads:
            self._pending.put(None)
        until = time.monotonic() + PATIENCE
        with self._stack:
            while (alive := [t for t in self._threads if t.is_alive()]) and time.monotonic() < until:
                for pair in self._processes:
                    for process in pair:
                        process.kill()
                alive[0].join(0.05)

    def give(self, task: Task) -> None:
        self._pending.put(task)

    def event(self) -> Event:
        return self._events.get()

    def _work(self, process: SearchProcess, prover: ProofProcess) -> None:
        while (task := self._pending.get()) is not None and not self._stopping.is_set():
            try:
                self._row(task, process, prover)
            except BaseException as error:  # it is raised in the thread that waits
                self._events.put(Failure(task, error))
                return

    def _row(self, task: Task, process: SearchProcess, prover: ProofProcess) -> None:
        document = answered(
            task.problem, self._settings, process, prover, lambda line: self._events.put(Line(task, line))
        )
        if self._stopping.is_set():
            return  # perhaps its processes were killed: it is no finished row
        self._shelf.put(task, document)
