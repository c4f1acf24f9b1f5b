"""Making an atlas: a question for each pattern of vanishing gradients, several at once."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TypeAlias

from zerograd.api import DEFAULT_TIMEOUT, solve
from zerograd.atlas_table import Atlas
from zerograd.core.errors import FormatError, ProblemError, Refused, ZerogradError
from zerograd.core.numbers.work import budget
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.atlas import Pattern, Row, patterns, row_problem
from zerograd.proving.process import ProofProcess
from zerograd.search.crew import cores
from zerograd.search.process import SearchProcess
from zerograd.services.service import DEFAULT_MEMORY
from zerograd.solving import check_timeout
from zerograd.store import Damaged, Store, StoreError

MAX_JOBS = 64
USUAL_JOBS = 8
"""The default, however many cores there are: each job's processes take memory."""
PATIENCE = 10.0
"""Seconds that interrupted jobs get to end, which takes milliseconds."""

Say = Callable[[str], None]


class RowFailed(ZerogradError):  # noqa: N818 - named for what happened
    """A bug was caught before it became a row; ``error`` says which, and ``problem`` is the row's."""

    def __init__(self, problem: Problem, error: ZerogradError) -> None:
        self.problem, self.error = problem, error
        super().__init__(str(error))


def atlas(
    problem: Problem,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    seed: int = 0,
    memory: int = DEFAULT_MEMORY,
    store: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    progress: Say | None = None,
    notice: Say | None = None,
) -> Atlas:
    """For every zero/nonzero pattern of the groups that a problem names: how many samples it takes.

    The groups are the names in the problem's query (all parameters, if there are none); whether it says
    zero or nonzero of them plays no part. In a row a group's entries are all zero, or all nonzero; what
    else the problem says is kept. Rows ask for the fewest samples, unless the problem has a range.

    Args:
        timeout: seconds for each row.
        seed: the same seed gives the same atlas (a time limit that cuts in may not).
        memory: cap in bytes on each solver process.
        store: a file in which finished rows are kept, and from which decided ones are taken, once
            the checker has accepted them again. A no on a solver's word is asked again.
        jobs: rows that are worked at at once; by default one a core.
        progress: called with a short line as the search goes on.
        notice: called with a line about each stored row that is not what was written; by default a
            warning is given.

    Raises:
        ProblemError: too many groups, or a pattern that does not fit the rest of the problem.
        ValueError: a timeout that is not above 0, or a number of jobs that makes no sense.
        StoreError: the store is another kind of file, or cannot be used.
        RowFailed: a bug was caught before it became an answer.
    """
    check_timeout(timeout)
    if jobs is not None and not 1 <= jobs <= MAX_JOBS:
        raise ValueError(f"jobs must be from 1 to {MAX_JOBS}, found {jobs}")
    tasks = [
        _Task(number, pattern, row_problem(problem, pattern))
        for number, pattern in enumerate(patterns(problem))
    ]
    with ExitStack() as stack:
        kept = None if store is None else _Kept(stack.enter_context(Store(Path(store))), seed, timeout)
        rows: dict[int, Row] = {}
        for task in tasks:
            row = None if kept is None else kept.row(task, notice or _warn)
            if row is not None:
                rows[task.number] = row
        reused = len(rows)
        left = [task for task in tasks if task.number not in rows]
        if left:
            run = _Run(left, kept, timeout, seed, len(tasks))
            crew = _processes(min(jobs or min(cores(), USUAL_JOBS), len(left)), memory)
            rows |= run.finish(stack.enter_context(crew), progress or _silent)
    return Atlas(problem, tuple(rows[task.number] for task in tasks), reused)


@dataclass(frozen=True)
class _Task:
    number: int
    pattern: Pattern
    problem: Problem

    def __str__(self) -> str:
        return ", ".join(
            f"{name} {'=' if asked == 'zero' else '≠'} 0" for name, asked in self.pattern.items()
        )


@dataclass(frozen=True)
class _Kept:
    """A store, and what its rows are kept under."""

    store: Store
    seed: int
    timeout: float

    def row(self, task: _Task, notice: Say) -> Row | None:
        """Return the row of a task if it was decided, re-checked. A damaged one is reported, and dropped.

        One that rests on a solver's word is asked again: of what a file says, only proofs are believed.
        """
        try:
            document, decided = self.store.get(task.problem.digest, self.seed) or ({}, False)
            if not decided:
                return None
            with budget():
                row = Row(task.pattern, task.problem, document)
            if not row.decided:
                raise Damaged("it is kept as decided, and is not")
            if not row.proved:
                self.store.forget(task.problem.digest, self.seed)
                return None
        except (Damaged, FormatError, ProblemError, Refused) as error:
            what = str(error).splitlines()[0]
            notice(f"{self.store.path}: the row {task} is damaged and computed again: {what}")
            self.store.forget(task.problem.digest, self.seed)
            return None
        return row

    def put(self, row: Row) -> None:
        self.store.put(row, self.seed, self.timeout)


Processes: TypeAlias = Sequence[tuple[SearchProcess, ProofProcess]]


@contextmanager
def _processes(jobs: int, memory: int) -> Iterator[Processes]:
    """Start a pair for each job; all are killed in the end."""
    with ExitStack() as stack:
        yield [
            (
                stack.enter_context(SearchProcess(memory, solvers=max(1, cores() // jobs))),
                stack.enter_context(ProofProcess(memory)),
            )
            for _ in range(jobs)
        ]


@dataclass(frozen=True, slots=True)
class _Line:
    """Progress of a job."""

    task: _Task
    text: str


@dataclass(frozen=True, slots=True)
class _Failure:
    task: _Task
    error: BaseException


class _Run:
    """Jobs, each a thread that waits for processes of its own, and the thread that waits for all of them.

    Only the latter is ever interrupted by a signal: what a job has finished, it keeps before anything else.
    """

    def __init__(
        self, tasks: Sequence[_Task], kept: _Kept | None, timeout: float, seed: int, total: int
    ) -> None:
        self.pending: SimpleQueue[_Task | None] = SimpleQueue()
        for task in tasks:
            self.pending.put(task)
        self.count, self.total = len(tasks), total
        self.kept, self.timeout, self.seed = kept, timeout, seed
        self.events: SimpleQueue[_Line | _Failure | tuple[int, Row]] = SimpleQueue()
        self.stopping = threading.Event()

    def finish(self, processes: Processes, progress: Say) -> dict[int, Row]:
        """Return the rows by number. Raises what a job raised, and whatever interrupts it."""
        threads = [threading.Thread(target=self._work, args=pair, daemon=True) for pair in processes]
        try:
            for thread in threads:
                self.pending.put(None)
                thread.start()
            return self._collect(progress)
        finally:
            self.stopping.set()
            self._end(threads, processes)

    def _collect(self, progress: Say) -> dict[int, Row]:
        rows: dict[int, Row] = {}
        while len(rows) < self.count:
            event = self.events.get()
            if isinstance(event, _Failure):
                if isinstance(event.error, ZerogradError) and not isinstance(event.error, StoreError):
                    raise RowFailed(event.task.problem, event.error) from event.error
                raise event.error
            detail = ""
            if isinstance(event, _Line):
                detail = f"; {event.task}: {event.text}"
            else:
                number, row = event
                rows[number] = row
            progress(f"{self.total - self.count + len(rows)} of {self.total} rows{detail}")
        return rows

    def _end(self, threads: Sequence[threading.Thread], processes: Processes) -> None:
        """Kill what the threads wait for, again and again: a thread may just be starting another process."""
        until = time.monotonic() + PATIENCE
        while (alive := [t for t in threads if t.is_alive()]) and time.monotonic() < until:
            for pair in processes:
                for process in pair:
                    process.kill()
            alive[0].join(0.05)

    def _work(self, process: SearchProcess, prover: ProofProcess) -> None:
        while (task := self.pending.get()) is not None and not self.stopping.is_set():
            try:
                self._row(task, process, prover)
            except BaseException as error:  # it is raised in the thread that waits
                self.events.put(_Failure(task, error))
                return

    def _row(self, task: _Task, process: SearchProcess, prover: ProofProcess) -> None:
        answer = solve(
            task.problem,
            timeout=self.timeout,
            seed=self.seed,
            prefer="any",  # a table shows verdicts
            process=process,
            prover=prover,
            progress=lambda line: self.events.put(_Line(task, line)),
        )
        row = Row(task.pattern, task.problem, answer.to_json())
        if self.stopping.is_set():
            return  # perhaps its processes were killed: it is no finished row
        if self.kept is not None:
            self.kept.put(row)
        self.events.put((task.number, row))


def _warn(line: str) -> None:
    warnings.warn(line, stacklevel=3)


def _silent(_: str) -> None:
    pass
