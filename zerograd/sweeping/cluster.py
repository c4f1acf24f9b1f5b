"""A crew on a Dask cluster: rows are tasks of its scheduler, checked here before they are kept."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from typing import Any, Self, TypeAlias

from zerograd._version import __version__
from zerograd.core.errors import ZerogradError
from zerograd.extras import install
from zerograd.sweeping import remote
from zerograd.sweeping.shelf import SHELVED, Shelf
from zerograd.sweeping.tasks import Document, Event, Failure, Keep, Say, Settings, Task, Unusable

LOCAL = "dask"
"""Stands for a cluster that is started on this machine."""
ANSWER_TIME = 10.0
"""Seconds in which a scheduler has to answer."""
PATIENCE = 120.0
"""Seconds that a run waits for a scheduler or a worker to come back."""
AHEAD = 3
"""Rows for each thread of a worker that are given ahead, so that none waits for the network."""
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
    """A task whose scheduler is gone."""


Heard: TypeAlias = tuple[int, Task, Event | _Lost]
"""What was heard of a task, and of which connection."""


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
        self._shelf = Shelf(keep, lambda event: self._events.put((self._connection, event.task, event)))
        self._fetching = ThreadPoolExecutor(FETCHED)
        self._given: dict[int, tuple[Task, Any]] = {}
        self._connection = 0
        self._client: Any = None
        self._cluster: Any = None
        self._threads = 1
        self._stack = ExitStack()

    @property
    def room(self) -> int:
        return AHEAD * self._threads + SHELVED

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
        given = [future for _, future in self._given.values()]
        self._given.clear()
        with self._stack, suppress(Exception):
            self._client.cancel(given)

    def give(self, task: Task) -> None:
        connection, settings = self._connection, self._settings
        future = self._client.submit(
            remote.row,
            json.dumps(task.problem.to_json(), ensure_ascii=False),
            settings.timeout,
            settings.seed,
            settings.memory,
            key=f"row-{task.number}-{task.problem.digest[7:23]}",
            pure=True,
        )
        self._given[task.number] = (task, future)
        future.add_done_callback(lambda done: self._fetch_soon(connection, task, done))

    def _fetch_soon(self, connection: int, task: Task, future: Any) -> None:
        with suppress(RuntimeError):  # shut down: it is nobody's
            self._fetching.submit(self._fetch, connection, task, future)

    def _fetch(self, connection: int, task: Task, future: Any) -> None:
        """Get what a worker has, and have it kept; several are under way: each waits for the network."""
        heard = self._fetched(task, future)
        if isinstance(heard, Mapping):
            self._shelf.put(task, heard)
        else:
            self._events.put((connection, task, heard))

    def event(self) -> Event:
        workerless = time.monotonic()
        while True:
            try:
                connection, task, heard = self._events.get(timeout=_LOOK)
            except Empty:
                if self._look():
                    workerless = time.monotonic()
                elif time.monotonic() - workerless > PATIENCE:
                    raise ClusterError(
                        f"{self._name}: has had no worker for {PATIENCE:.0f} seconds"
                    ) from None
                continue
            if isinstance(heard, _Lost):
                if connection == self._connection:
                    self._again()
                continue
            if self._given.pop(task.number, None) is not None:
                return heard

    def _fetched(self, task: Task, future: Any) -> Document | Event | _Lost:
        """Return the document that a worker sends, or what became of it."""
        try:
            if future.status != "finished":
                return self._failed(task, future)
            try:
                text = future.result()
            except Exception:  # it is text: whatever is raised is the connection's
                return _Lost()
            said = json.loads(text)
            if "bug" in said:
                return Failure(task, ZerogradError(str(said["bug"])))
            document: Document = said["answer"]
        except BaseException as error:  # it is raised in the thread that waits
            return Failure(task, error)
        return document

    def _failed(self, task: Task, future: Any) -> Event | _Lost:
        if future.status in ("cancelled", "lost", "pending"):
            return _Lost()
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            text = f"{self._name}: the row {task} ended one worker after the other: give them more memory"
        else:
            text = f"{self._name}: a worker failed at the row {task}: {type(error).__name__}: {error}"
        return Failure(task, ClusterError(text))

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
        tasks = [task for task, _ in self._given.values()]
        for task in tasks:
            self.give(task)

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
