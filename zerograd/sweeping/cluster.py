"""A crew on a Dask cluster: some rows are a task of its scheduler, checked here before they are kept."""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from typing import Any, Self, TypeAlias

from zerograd._version import __version__
from zerograd.core.errors import ZerogradError
from zerograd.extras import install
from zerograd.sweeping import batches, remote
from zerograd.sweeping.shelf import SHELVED, Shelf
from zerograd.sweeping.tasks import Document, Event, Failure, Keep, Say, Settings, Task, Unusable

LOCAL = "dask"
"""Stands for a cluster that is started on this machine."""
ANSWER_TIME = 10.0
"""Seconds in which a scheduler has to answer."""
PATIENCE = 120.0
"""Seconds that a run waits for a scheduler or a worker to come back."""
FETCHED = 8
"""Answers that are fetched from workers at once."""
_LOOK = 5.0
"""Seconds without news after which the scheduler is asked how things are."""
_FOREIGN = "__import__('zerograd').__version__"
"""What each worker is asked at the start: it may have no zerograd."""


class ClusterError(Unusable):
    """A cluster that cannot be used, or does not answer. What was finished is kept."""


def unfit(on: str) -> str | None:
    """Say why rows cannot be answered there, None if it may be tried."""
    if on != LOCAL and "://" not in on:
        return f"no place for rows: {on!r}; write dask, or the address of a scheduler such as tcp://host:8786"
    if find_spec("distributed") is None:
        return f"this needs Dask, which is not installed: {install('dask')}"
    return None


class _Lost:
    """A batch whose scheduler is gone."""


@dataclass(frozen=True, slots=True)
class _Back:
    """A batch that came back.

    Attributes:
        first: how many of its rows are done.
        alone: whether it ended workers: each of its rows is then given by itself, to find out which one did.
        seconds: what rows took.
    """

    first: int
    seconds: Sequence[float] = ()
    alone: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Rows that are one task of the scheduler, and the connection by which they were given."""

    tasks: Sequence[Task]
    connection: int
    key: str


Heard: TypeAlias = Event | tuple[_Batch, _Back | _Lost]
"""What was heard of a row, or of a batch."""


class DaskCrew:
    """Workers of a Dask cluster. Use it as a context manager.

    Args:
        on: ``dask`` for a cluster on this machine, or the address of a scheduler.
        jobs: workers of a cluster on this machine.
        say: told where the dashboard is, and what is waited for.

    Raises:
        ClusterError: on entering: the scheduler does not answer, has no workers, or one has another version.
    """

    def __init__(self, on: str, jobs: int, settings: Settings, keep: Keep, say: Say) -> None:
        self._on, self._jobs, self._settings, self._say = on, jobs, settings, say
        self._events: SimpleQueue[Heard] = SimpleQueue()
        self._shelf = Shelf(keep, self._events.put)
        self._fetching = ThreadPoolExecutor(FETCHED)
        self._held: dict[int, Task] = {}  # every row that was given to the crew and not told of
        self._waiting: deque[Task] = deque()
        self._out: dict[_Batch, Any] = {}
        self._alone: set[int] = set()
        self._pace = batches.Pace()
        self._connection = 0
        self._client: Any = None
        self._cluster: Any = None
        self._threads = 1
        self._stack = ExitStack()

    @property
    def room(self) -> int:
        return batches.room(self._pace.rows, self._threads) + SHELVED

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._shelf)  # left last: what is finished is kept
            stack.enter_context(_quiet())
            stack.callback(self._fetching.shutdown, cancel_futures=True)
            stack.callback(self._close)
            if self._on == LOCAL:
                self._start()
            self._connect()
            self._await_workers()
            self._compare()
            self._say(f"Dask dashboard: {self._client.dashboard_link}")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection += 1  # what still comes is nobody's
        given = list(self._out.values())
        self._out.clear()
        with self._stack, suppress(Exception):
            self._client.cancel(given)

    def give(self, task: Task) -> None:
        self._held[task.number] = task
        self._waiting.append(task)

    def event(self) -> Event:
        more = len(self._held) >= self.room  # else whoever gives rows has none left
        workerless = time.monotonic()
        while True:
            self._deal(more)
            try:
                heard = self._events.get(timeout=_LOOK)
            except Empty:
                if self._look():
                    workerless = time.monotonic()
                elif time.monotonic() - workerless > PATIENCE:
                    raise ClusterError(
                        f"{self._name}: has had no worker for {PATIENCE:.0f} seconds"
                    ) from None
                continue
            if isinstance(heard, tuple):
                self._returned(*heard)
            elif self._held.pop(heard.task.number, None) is not None:
                return heard

    # --- batches ----------------------------------------------------------------------------

    def _deal(self, more: bool) -> None:
        """Give rows that wait to the scheduler, as far as there should be some ahead."""
        while True:
            rows = batches.portion(
                len(self._waiting), rows=self._pace.rows, slots=self._threads, out=len(self._out), more=more
            )
            if not rows:
                return
            tasks = [self._waiting.popleft()]
            while len(tasks) < rows and not self._alone & {tasks[0].number, self._waiting[0].number}:
                tasks.append(self._waiting.popleft())
            if left := [task for task in tasks if task.number in self._held]:  # else given twice, and kept
                self._submit(left)

    def _submit(self, tasks: Sequence[Task]) -> None:
        settings = self._settings
        questions = json.dumps([task.problem.to_json() for task in tasks], ensure_ascii=False)
        asked = (questions, settings.timeout, settings.seed, settings.memory)
        key = f"rows-{tasks[0].number}-{len(tasks)}-{sha256(repr(asked).encode()).hexdigest()[:16]}"
        batch = _Batch(tuple(tasks), self._connection, key)
        future = self._client.submit(remote.rows, *asked, key=key, pure=True)
        self._out[batch] = future
        future.add_done_callback(lambda done: self._fetch_soon(batch, done))

    def _returned(self, batch: _Batch, what: _Back | _Lost) -> None:
        """Note that a batch is no longer out; what it has not answered is given again."""
        if isinstance(what, _Lost):
            if batch.connection == self._connection:
                self._again()
            return
        self._pace = self._pace.after(what.seconds)
        if self._out.pop(batch, None) is None:
            return  # its rows were given again by another connection
        left = batch.tasks[what.first :]
        self._waiting.extendleft(reversed(left))
        if what.alone:
            self._alone.update(task.number for task in left)

    def _fetch_soon(self, batch: _Batch, future: Any) -> None:
        with suppress(RuntimeError):  # shut down: it is nobody's
            self._fetching.submit(self._fetch, batch, future)

    def _fetch(self, batch: _Batch, future: Any) -> None:
        """Get what a worker has, and have it kept; several are under way: each waits for the network."""
        back, heard = self._fetched(batch, future)
        self._events.put((batch, back))
        for task, document in heard:  # what is finished comes first: a failure ends the run
            if not isinstance(document, Failure):
                self._shelf.put(task, document)
        for _, failure in heard:
            if isinstance(failure, Failure):
                self._events.put(failure)

    def _fetched(
        self, batch: _Batch, future: Any
    ) -> tuple[_Back | _Lost, Sequence[tuple[Task, Document | Failure]]]:
        """Return what became of a batch, and the documents that a worker sends, or why there are none."""
        try:
            if future.status != "finished":
                return self._failed(batch, future)
            try:
                text = future.result()
            except Exception:  # it is text: whatever is raised is the connection's
                return _Lost(), ()
            said = json.loads(text)
            answers, seconds = list(said["rows"]), [float(time) for time in said["seconds"]]
            if not 1 <= len(answers) <= len(batch.tasks):
                raise ClusterError(
                    f"{self._name}: a worker sent {len(answers)} answers to {len(batch.tasks)} rows"
                )
            heard = [
                (task, self._read(task, answer)) for task, answer in zip(batch.tasks, answers, strict=False)
            ]
        except BaseException as error:  # it is raised in the thread that waits
            return self._none(batch, error)
        return _Back(len(answers), seconds), heard

    def _read(self, task: Task, said: Any) -> Document | Failure:
        if "bug" in said:
            return Failure(task, ZerogradError(str(said["bug"])))
        if "failed" in said:
            return Failure(
                task, ClusterError(f"{self._name}: a worker failed at the row {task}: {said['failed']}")
            )
        document: Document = said["answer"]
        return document

    def _none(
        self, batch: _Batch, error: BaseException
    ) -> tuple[_Back, Sequence[tuple[Task, Document | Failure]]]:
        """Return that none of a batch was answered, and why the run ends."""
        task = batch.tasks[0]
        return _Back(len(batch.tasks)), [(task, Failure(task, error))]

    def _failed(
        self, batch: _Batch, future: Any
    ) -> tuple[_Back | _Lost, Sequence[tuple[Task, Document | Failure]]]:
        if future.status in ("cancelled", "lost", "pending"):
            return _Lost(), ()
        error, task = future.exception(), batch.tasks[0]
        if type(error).__name__ == "KilledWorker":
            if len(batch.tasks) > 1:
                return _Back(0, alone=True), ()
            text = f"{self._name}: the row {task} ended one worker after the other: give them more memory"
        else:
            text = f"{self._name}: a worker failed at the row {task}: {type(error).__name__}: {error}"
        return self._none(batch, ClusterError(text))

    # --- the connection ---------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return "the Dask cluster on this machine" if self._on == LOCAL else self._on

    def _start(self) -> None:
        import distributed

        make: Any = distributed.LocalCluster  # without types
        self._cluster = make(
            n_workers=self._jobs,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
        )

    def _connect(self) -> None:
        import distributed

        connected: Any = distributed.Client  # without types
        address = self._on if self._cluster is None else self._cluster.scheduler_address
        try:
            self._client = connected(address, timeout=ANSWER_TIME, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            what = str(error).splitlines()[0] if str(error) else "no answer"
            raise ClusterError(
                f"{self._on}: no scheduler answers there ({what}): start one with dask scheduler"
            ) from None

    def _await_workers(self) -> None:
        self._say(f"waiting for workers of {self._name}")
        try:
            self._client.wait_for_workers(1, timeout=ANSWER_TIME)
        except TimeoutError:
            raise ClusterError(
                f"{self._name}: has no workers: start some with dask worker {self._on} --nthreads 1"
            ) from None
        self._look()

    def _compare(self) -> None:
        """Hold the versions of all workers to this one."""
        found = self._client.run(eval, _FOREIGN, on_error="return")
        for address, version in found.items():
            if isinstance(version, BaseException):
                raise ClusterError(
                    f"{self._name}: the worker {address} cannot import zerograd ({version}): install version "
                    f"{__version__} there"
                )
            if version != __version__:
                raise ClusterError(
                    f"{self._name}: the worker {address} has zerograd {version}, here it is {__version__}: "
                    "install the same"
                )

    def _look(self) -> bool:
        """Ask the scheduler for its workers; return whether there are any. Connects anew if it is gone."""
        try:
            threads = self._client.sync(self._client.scheduler.ncores, callback_timeout=ANSWER_TIME)
        except Exception:  # whatever ends a connection
            self._again()
            return True
        self._threads = max(1, sum(threads.values()))
        return bool(threads)

    def _again(self) -> None:
        """Connect anew, and give all rows again that are not kept. Raises ClusterError."""
        if self._on == LOCAL:
            raise ClusterError(f"{self._name} has ended")
        self._connection += 1
        self._say(f"waiting for {self._name}, which is gone")
        until = time.monotonic() + PATIENCE
        while True:
            self._end_client()
            try:
                self._connect()
                break
            except ClusterError:
                if time.monotonic() > until:
                    raise
                time.sleep(1.0)
        lost = [task for batch in self._out for task in batch.tasks]
        self._out.clear()
        self._waiting.extendleft(reversed(lost))

    def _end_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):  # its scheduler may be gone
                client.close(timeout=2)

    def _close(self) -> None:
        self._end_client()
        if self._cluster is not None:
            with suppress(Exception):
                self._cluster.close(timeout=1)  # rows are nobody's by now: workers may be killed


@contextmanager
def _quiet() -> Iterator[None]:
    """Have Dask say nothing of workers that come and go: rows are given again."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
