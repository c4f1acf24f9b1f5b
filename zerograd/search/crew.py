"""Several solver processes at work on one question after another, with results in order."""

from __future__ import annotations

import os
import selectors
import time
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from functools import cached_property
from typing import Self

from zerograd.services.service import DEFAULT_MEMORY
from zerograd.solvers.base import Mode, Outcome
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.registry import has_yices
from zerograd.solvers.terms import Script

MOST = 8
"""Processes, however many cores there are: each takes memory."""

PATIENCE = 0.3
"""Seconds that running questions get to come to an end: starting a process takes as long."""

WINDOW = 64
"""Scripts that may be ahead of the one whose outcome comes next."""


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Crew:
    """Solver processes, one for each core. Use it as a context manager: leaving it kills them.

    Args:
        memory: cap in bytes on the address space of each process.
    """

    def __init__(self, *, memory: int = DEFAULT_MEMORY, size: int | None = None) -> None:
        size = size or min(cores(), MOST)
        self.solvers = tuple(SolverProcess(memory=memory) for _ in range(size))
        self._memory = memory

    @cached_property
    def other(self) -> SolverProcess | None:
        """Yices, for what Z3 does not settle at first sight; None where it is not installed."""
        return SolverProcess("yices", memory=self._memory) if has_yices() else None

    @property
    def _all(self) -> tuple[SolverProcess, ...]:
        """Those that may be running: whether there is another takes a moment to find out."""
        other = self.other if "other" in self.__dict__ else None
        return self.solvers if other is None else (*self.solvers, other)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the processes and wait for their end."""
        for solver in self._all:
            solver.close()

    def start(self) -> None:
        """Start the processes that are not running, without waiting for them."""
        for solver in self.solvers:
            solver.start()

    @property
    def lead(self) -> SolverProcess:
        """Process for questions that come one at a time."""
        return self.solvers[0]

    @property
    def second(self) -> SolverProcess:
        """Process for a question beside the lead's; the lead where there is no other."""
        return self.solvers[min(1, len(self.solvers) - 1)]

    def forget(self) -> None:
        """Make answers independent of earlier calls."""
        for solver in self._all:
            solver.forget()
            solver.renew()

    def outcomes(
        self, scripts: Iterable[Script], *, deadline: float, mode: Mode, seed: int, effort: float
    ) -> Generator[Outcome, None, None]:
        """Yield what comes of each script, in order, worked at by all processes at once.

        The scripts are dealt in turn, so that each process gets the same ones whatever their speed:
        with as many processes, the same seed gives the same outcomes. Closing the generator stops what
        is running, by killing processes that do not end within `PATIENCE`.
        """
        hand = _Hand(self.solvers)
        coming = iter(scripts)
        following, dealt = 0, 0
        try:
            while True:
                hand.submit(deadline=deadline, mode=mode, seed=seed, effort=effort)
                hand.collect(0.0)
                if following in hand.done:
                    yield hand.done.pop(following)
                    following += 1
                elif hand.wants_more and dealt - following < WINDOW and (script := next(coming, None)):
                    hand.queues[dealt % len(self.solvers)].append((dealt, script))
                    dealt += 1
                elif following == dealt:
                    return
                else:
                    hand.collect(None)
        finally:
            try:
                hand.collect_all(PATIENCE)
            finally:
                for lane in hand.busy:
                    self.solvers[lane].close()


class _Hand:
    """Which process is at which script: ``busy`` by lane, ``queues`` of what is next, ``done`` by number."""

    def __init__(self, solvers: Sequence[SolverProcess]) -> None:
        self.solvers = solvers
        self.queues: list[deque[tuple[int, Script]]] = [deque() for _ in solvers]
        self.busy: dict[int, int] = {}
        self.done: dict[int, Outcome] = {}

    @property
    def wants_more(self) -> bool:
        """Whether a process has (or will soon have) nothing to do."""
        return not all(self.queues)

    def submit(self, *, deadline: float, mode: Mode, seed: int, effort: float) -> None:
        """Give each idle process the next script of its queue."""
        for lane, queue in enumerate(self.queues):
            if lane not in self.busy and queue:
                self.busy[lane], script = queue.popleft()
                self.solvers[lane].submit(script, deadline=deadline, mode=mode, seed=seed, effort=effort)

    def collect(self, patience: float | None) -> None:
        """Take in what is there; with ``patience``, wait so long for the first, or without end for None."""
        ready = set()
        until = None if patience is None else time.monotonic() + patience
        with selectors.DefaultSelector() as selector:
            for lane in self.busy:
                descriptor, late = self.solvers[lane].wait_for()
                until = late if until is None else min(until, late)
                if descriptor is None or time.monotonic() >= late:
                    ready.add(lane)
                else:
                    selector.register(descriptor, selectors.EVENT_READ, lane)
            if selector.get_map():
                left = 0.0 if ready or until is None else max(0.0, until - time.monotonic())
                ready |= {key.data for key, _ in selector.select(left)}
        for lane in ready:
            self.done[self.busy.pop(lane)] = self.solvers[lane].collect()

    def collect_all(self, patience: float) -> None:
        """Take in what comes within ``patience`` seconds."""
        until = time.monotonic() + patience
        while self.busy and (left := until - time.monotonic()) > 0:
            self.collect(left)
