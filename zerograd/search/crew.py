"""Several solver processes at work on one question after another, with results in order."""

from __future__ import annotations

import os
import queue
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Self, TypeVar

from zerograd.solvers.process import SolverProcess
from zerograd.workers import DEFAULT_MEMORY

T = TypeVar("T")

MOST = 8
"""Processes, however many cores there are: each takes memory."""

PATIENCE = 0.3
"""Seconds that running tasks get to end by themselves: starting a process takes as long."""


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Crew:
    """Solver processes, one for each core. Use it as a context manager: leaving it kills them.

    Args:
        memory: cap in bytes on the address space of each process.
    """

    def __init__(self, name: str = "z3", memory: int = DEFAULT_MEMORY, size: int | None = None) -> None:
        size = size or min(cores(), MOST)
        self.solvers = tuple(SolverProcess(name, memory) for _ in range(size))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the processes and wait for their end."""
        for solver in self.solvers:
            solver.close()

    def start(self) -> None:
        """Start the processes that are not running, without waiting for them."""
        for solver in self.solvers:
            solver.start()

    @property
    def lead(self) -> SolverProcess:
        """The one for questions that come one at a time."""
        return self.solvers[0]

    def in_order(self, tasks: Iterable[Callable[[SolverProcess], T]]) -> Generator[T, None, None]:
        """The results of the tasks, in their order, worked at by all processes at once.

        So the first result of interest is the same on any machine, as long as each task's own result
        is. Closing the iterator stops the tasks that are running: those that do not end by themselves
        within `PATIENCE`, by killing their processes.
        """
        free: queue.SimpleQueue[SolverProcess] = queue.SimpleQueue()
        for solver in self.solvers:
            free.put(solver)

        def work(task: Callable[[SolverProcess], T]) -> T:
            solver = free.get()
            try:
                return task(solver)
            finally:
                free.put(solver)

        waiting = iter(tasks)
        running: deque[Future[T]] = deque()
        with ThreadPoolExecutor(len(self.solvers)) as pool:
            try:
                while True:
                    for task in islice(waiting, 2 * len(self.solvers) - len(running)):
                        running.append(pool.submit(work, task))
                    if not running:
                        break
                    yield running.popleft().result()
            finally:
                for future in running:
                    future.cancel()
                _, late = wait(running, PATIENCE)
                if late:
                    self.interrupt()

    def interrupt(self) -> None:
        """From another thread: end the calls that are under way."""
        for solver in self.solvers:
            solver.interrupt()
