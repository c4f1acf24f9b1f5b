"""A run: rows that are kept already are taken, the others are given to a crew, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import TypeAlias

from zerograd.core.errors import ZerogradError
from zerograd.core.question.sweeps import Sweep
from zerograd.core.verdict.row import Row
from zerograd.store import StoreError
from zerograd.sweeping.keeping import Keeper
from zerograd.sweeping.local import MAX_JOBS, LocalCrew, usual_jobs
from zerograd.sweeping.tasks import Crew, Done, Failure, Keep, Line, RowFailed, Say, Settings, Task, Unusable

Take: TypeAlias = Callable[[int, Row, bool], None]
"""Called with the number of a row, the row, and whether it was kept already."""
Gather: TypeAlias = Callable[[int, Settings, Keep], AbstractContextManager[Crew]]
"""Makes a crew for at least so many rows."""


def crew_on(on: str | None, jobs: int | None, say: Say | None = None) -> Gather:
    """Return what makes a crew on this machine, or on a Dask cluster.

    Args:
        on: None for this machine; ``dask`` for a cluster that is started on it; or a scheduler's address.
        jobs: rows at once on this machine.
        say: told about the cluster.

    Raises:
        ValueError: a number of jobs that makes no sense, or no such place.
        ClusterError: Dask is not installed.
    """
    if jobs is not None and not 1 <= jobs <= MAX_JOBS:
        raise ValueError(f"jobs must be from 1 to {MAX_JOBS}, found {jobs}")
    most = jobs or usual_jobs()
    if on is None:
        return lambda rows, settings, keep: LocalCrew(min(most, rows), settings, keep)
    from zerograd.sweeping import cluster

    if (reason := cluster.unfit(on)) is not None:
        raise cluster.ClusterError(reason)
    return lambda rows, settings, keep: cluster.DaskCrew(
        on, min(most, rows), settings, keep, say or (lambda _: None)
    )


class Run:
    """One run of a sweep. No more than a few rows are held at once.

    Args:
        gather: makes the crew, once there is a row that is not kept already.
        take: gets each row, when it is kept.
        progress, notice: called with short lines.
    """

    def __init__(
        self, sweep: Sweep, keeper: Keeper, gather: Gather, take: Take, *, progress: Say, notice: Say
    ) -> None:
        self._sweep, self._keeper, self._gather = sweep, keeper, gather
        self._take, self._progress, self._notice = take, progress, notice
        self._taken = 0

    def finish(self) -> None:
        """Answer every row.

        Raises:
            RowFailed: a bug was caught before it became a row.
            StoreError: the store cannot be used.
            ZerogradError: the values of a row make no question.
            BaseException: what interrupts it; all that was finished is kept.
        """
        left = self._left()
        first = list(islice(left, MAX_JOBS))
        if not first:
            return
        with self._gather(len(first), self._keeper.settings, self._keeper.keep) as crew:
            waiting = _chained(first, left)
            running = 0
            while True:
                for task in islice(waiting, max(0, crew.room - running)):
                    crew.give(task)
                    running += 1
                if not running:
                    return
                running -= self._heard(crew)

    def _left(self) -> Iterator[Task]:
        """Take what is kept, and yield the other rows."""
        for number in range(len(self._sweep)):
            values = self._sweep.values(number)
            task = Task(number, values, self._sweep.problem(number), self._sweep.describe(values))
            row = self._keeper.row(task, self._notice)
            if row is None:
                yield task
            else:
                self._taken += 1
                self._take(number, row, True)

    def _heard(self, crew: Crew) -> bool:
        """Wait for what happens next; return whether it was a row."""
        event = crew.event()
        if isinstance(event, Failure):
            if isinstance(event.error, ZerogradError) and not isinstance(event.error, StoreError | Unusable):
                raise RowFailed(event.task.problem, event.error) from event.error
            raise event.error
        detail = ""
        if isinstance(event, Line):
            detail = f"; {event.task}: {event.text}"
        else:
            self._taken += 1
            self._take(event.task.number, event.row, False)
        self._progress(f"{self._taken} of {len(self._sweep)} rows{detail}")
        return isinstance(event, Done)


def _chained(first: list[Task], left: Iterator[Task]) -> Iterator[Task]:
    """Yield the tasks that were looked for ahead, without holding them longer, and the others."""
    first.reverse()
    while first:
        yield first.pop()
    yield from left
