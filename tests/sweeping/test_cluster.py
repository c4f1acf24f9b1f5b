"""Sweeps on a Dask cluster: a real scheduler and worker processes, some of which are killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import zerograd as zg
from tests.stores import logged, written
from zerograd.core.question.sweeps import Sweep
from zerograd.spec.sweep import loads
from zerograd.store import Store
from zerograd.sweeping.batches import Pace
from zerograd.sweeping.cluster import DaskCrew, _Back, _Batch
from zerograd.sweeping.keeping import Keeper
from zerograd.sweeping.tasks import Done, Event, Failure, Settings, Task

pytestmark = [
    pytest.mark.needs("distributed"),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # sockets of connections that tests cut
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PACKAGE = Path(zg.__file__).resolve().parents[1]
TEXT = """\
sweep: {H: {from: 1, to: 3}, kink: [torch, right], pattern: {patterns: [w2]}}
problem:
  network: [1, $H, 1]
  samples: fewest
  derivative_at_kink: $kink
  zero: $pattern.zero
  nonzero: $pattern.nonzero
"""
ROWS = 12
MANY = 120
OTHER = "__version__ = '0.0.1'\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Cluster:
    """A scheduler and its workers, each a process that may be killed."""

    folder: Path
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start(self, module: str, *arguments: str, path: Path = PACKAGE) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(path), "PYTHONWARNINGS": ""},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def start_scheduler(self) -> None:
        self.scheduler = self.start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"
        )
        end = time.monotonic() + 60
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < end, "the scheduler does not start"
            time.sleep(0.1)

    def start_worker(self, path: Path = PACKAGE) -> None:
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        self.workers.append(self.start("dask_worker", self.address, *options, path=path))

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler and two workers."""
    (tmp_path / "cluster").mkdir()
    made = Cluster(tmp_path / "cluster")
    try:
        made.start_scheduler()
        made.start_worker()
        made.start_worker()
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def asked() -> Sweep:
    return loads(TEXT)


@pytest.fixture(scope="module")
def local(asked: Sweep) -> zg.SweepTable:
    """The table as this machine makes it."""
    return zg.sweep(asked)


def same(one: zg.SweepTable, other: zg.SweepTable) -> None:
    """Hold two tables to each other, and every result of the first to the checker."""
    assert list(one.records()) == list(other.records())
    for number, result in enumerate(one.results()):
        zg.verify(one.problem(number), result)


def at_row(number: int, act: Callable[[], object]) -> Callable[[str], None]:
    """Progress that does something once, when so many rows are there."""
    left = [act]

    def progress(line: str) -> None:
        if left and int(line.split(maxsplit=1)[0]) >= number:
            left.pop()()

    return progress


def test_the_same_table_as_a_local_run(cluster: Cluster, asked: Sweep, local: zg.SweepTable) -> None:
    """A sweep and an atlas are those of this machine; what the cluster says is told."""
    said: list[str] = []
    same(zg.sweep(asked, on=cluster.address, cluster=said.append), local)
    assert said[0] == f"waiting for workers of {cluster.address}"
    assert said[1].startswith("Dask dashboard: http://127.0.0.1:")
    problem = zg.Problem(network=[1, 1, 1], samples="any", zero=["w2", "b2"])
    there, here = zg.atlas(problem, on=cluster.address), zg.atlas(problem)
    assert [(row.pattern, row.status, row.samples, row.evidence) for row in there.rows] == [
        (row.pattern, row.status, row.samples, row.evidence) for row in here.rows
    ]


def test_a_worker_is_killed(cluster: Cluster, asked: Sweep, local: zg.SweepTable, tmp_path: Path) -> None:
    """SIGKILL in the middle: its row is done by the other one, and none is written twice."""
    store = logged(tmp_path / "rows")
    kill = at_row(3, cluster.workers[0].kill)
    same(zg.sweep(asked, on=cluster.address, store=store, progress=kill), local)
    assert cluster.workers[0].wait() == -signal.SIGKILL
    assert written(store) == [(1, 2)] * ROWS


def test_the_scheduler_is_restarted(
    cluster: Cluster, asked: Sweep, local: zg.SweepTable, tmp_path: Path
) -> None:
    """All rows that are not kept are given to the next one, and those that are kept are not."""
    store = logged(tmp_path / "rows")

    def restart() -> None:
        assert cluster.scheduler is not None
        for process in (cluster.scheduler, *cluster.workers):
            process.kill()
            process.wait()
        cluster.start_scheduler()
        cluster.start_worker()
        cluster.start_worker()

    said: list[str] = []
    table = zg.sweep(asked, on=cluster.address, store=store, progress=at_row(1, restart), cluster=said.append)
    same(table, local)
    assert f"waiting for {cluster.address}, which is gone" in said
    assert written(store) == [(1, 2)] * ROWS


def test_the_client_is_interrupted(
    cluster: Cluster, asked: Sweep, local: zg.SweepTable, tmp_path: Path
) -> None:
    """The next run takes what was kept, and asks for the rest."""
    store = logged(tmp_path / "rows")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        zg.sweep(asked, on=cluster.address, store=store, progress=at_row(4, interrupt))
    kept = len(written(store))
    assert kept >= 4
    table = zg.sweep(asked, on=cluster.address, store=store)
    same(table, local)
    assert table.reused == kept
    assert written(store) == [(1, 2)] * ROWS


def test_the_client_is_killed(cluster: Cluster, asked: Sweep, local: zg.SweepTable, tmp_path: Path) -> None:
    """SIGKILL, in the middle: nothing is lost, and nothing that was kept is done twice."""
    store = logged(tmp_path / "rows")
    (tmp_path / "s.yaml").write_text(TEXT)
    command = [
        sys.executable,
        "-m",
        "zerograd",
        "sweep",
        "s.yaml",
        "-q",
        "--on",
        cluster.address,
        "--store",
        "rows",
    ]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    client = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while len(written(store)) < 4:
        assert time.monotonic() < end, "no row was finished"
        time.sleep(0.05)
    client.kill()
    client.wait()
    done = subprocess.run(
        command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200
    )
    assert (done.returncode, done.stderr) == (0, "")
    same(zg.sweep(asked, store=store), local)
    assert written(store) == [(1, 2)] * ROWS


def test_no_scheduler_no_workers_other_versions(tmp_path: Path, asked: Sweep) -> None:
    """Clear errors, before anything is asked; and exit code 2."""
    none = Cluster(tmp_path)
    with pytest.raises(zg.ZerogradError, match=r"no scheduler answers there .*: start one"):
        zg.sweep(asked, on=none.address)
    with pytest.raises(zg.ZerogradError, match="no place for rows: 'dusk'; write dask, or the address"):
        zg.sweep(asked, on="dusk")
    (tmp_path / "s.yaml").write_text(TEXT)
    done = subprocess.run(
        [sys.executable, "-m", "zerograd", "sweep", "s.yaml", "-q", "--no-store", "--on", none.address],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {none.address}: no scheduler answers there")
    try:
        none.start_scheduler()
        with pytest.raises(zg.ZerogradError, match="has no workers: start some with dask worker tcp://"):
            zg.sweep(asked, on=none.address)
        other = tmp_path / "other"
        (other / "zerograd").mkdir(parents=True)
        (other / "zerograd/__init__.py").write_text(OTHER)
        none.start_worker(other)
        with pytest.raises(zg.ZerogradError, match=r"the worker tcp://\S+ has zerograd 0\.0\.1, here it is"):
            zg.sweep(asked, on=none.address)
    finally:
        none.end()


def test_a_cluster_on_this_machine(local: zg.SweepTable, asked: Sweep) -> None:
    """``dask`` starts one, and ends it."""
    same(zg.sweep(asked, on="dask", jobs=2), local)


def small(n: int) -> zg.Problem:
    """A question that takes milliseconds, another one for each number."""
    return zg.Problem(
        network=[1, 1, 1], samples=2, zero=["w2"], nonzero=["b2"], bounds={"x": (-n - 5, n + 5)}
    )


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each batch has that is given."""
    given: list[int] = []
    submit = DaskCrew._submit

    def noted(crew: DaskCrew, tasks: Sequence[Task]) -> None:
        given.append(len(tasks))
        submit(crew, tasks)

    monkeypatch.setattr(DaskCrew, "_submit", noted)
    return given


def test_small_rows_travel_together(cluster: Cluster, sizes: list[int], tmp_path: Path) -> None:
    """First one by one, then several; a worker that is killed with some of them takes none along."""
    rows = Sweep.of({"n": range(MANY)}, small)
    store = logged(tmp_path / "rows")
    kill = at_row(MANY // 3, cluster.workers[0].kill)
    same(zg.sweep(rows, on=cluster.address, store=store, progress=kill), zg.sweep(rows))
    assert cluster.workers[0].wait() == -signal.SIGKILL
    assert written(store) == [(1, 2)] * MANY
    assert sizes[0] == 1
    assert max(sizes) > 1
    assert len(sizes) < MANY


def test_an_interrupt_among_small_rows(cluster: Cluster, tmp_path: Path) -> None:
    """What came back is kept, and is not asked again."""
    rows = Sweep.of({"n": range(MANY)}, small)
    store = logged(tmp_path / "rows")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        zg.sweep(rows, on=cluster.address, store=store, progress=at_row(MANY // 3, interrupt))
    kept = len(written(store))
    assert kept >= MANY // 3
    assert zg.sweep(rows, on=cluster.address, store=store).reused == kept
    assert written(store) == [(1, 2)] * MANY


class Sent:
    """A future with what a worker sent, or what became of it."""

    def __init__(self, said: Any = None, status: str = "finished", error: Exception | None = None) -> None:
        self.said, self.status, self.error = said, status, error

    def result(self) -> str:
        return json.dumps(self.said)

    def exception(self) -> Exception | None:
        return self.error


class KilledWorker(Exception):
    """What a task is told that ended several workers."""


class Scheduler:
    """Takes what is given to it, and does nothing."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def submit(self, _: object, questions: str, *__: object, **___: object) -> Sent:
        self.given.append(questions)
        return Sent()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "rows") as opened:
        yield opened


@pytest.fixture
def crew(store: Store, monkeypatch: pytest.MonkeyPatch) -> DaskCrew:
    """A crew whose scheduler takes rows, and does nothing."""
    made = DaskCrew("tcp://127.0.0.1:1", 1, Settings(), Keeper(store, Settings()).keep, print)
    made._client = Scheduler()
    monkeypatch.setattr(Sent, "add_done_callback", lambda *_: None, raising=False)
    return made


def batch_of(tasks: Sequence[Task]) -> _Batch:
    return _Batch(tuple(tasks), 0, "key")


def tasks_of(rows: int) -> list[Task]:
    return [Task(n, {}, small(n), f"row {n}") for n in range(rows)]


def test_what_workers_send_is_checked(crew: DaskCrew, store: Store) -> None:
    """Nothing of a batch that the checker refuses is kept; a bug is one row's, and the others are kept."""
    tasks = tasks_of(5)
    answers = [zg.solve(task.problem, prefer="any").to_json() for task in tasks]
    for task in tasks:
        crew.give(task)
    said = [
        {"bug": "out of order"},
        {"failed": "MemoryError: "},
        {"answer": {**answers[2], "samples": 1}},
        {"answer": answers[3]},
    ]
    with crew._shelf:
        crew._fetch(batch_of(tasks), Sent({"rows": said, "seconds": [0.1, 0.1, 0.1]}))
    heard: dict[int, Event] = {}
    while len(heard) < 4:
        event = crew.event()
        heard[event.task.number] = event
    bug, failed, refused, done = (heard[n] for n in range(4))
    assert isinstance(bug, Failure)
    assert str(bug.error) == "out of order"
    assert isinstance(failed, Failure)
    assert str(failed.error).endswith("a worker failed at the row row 1: MemoryError: ")
    assert isinstance(refused, Failure)
    assert isinstance(refused.error, zg.Refused)
    assert isinstance(done, Done)
    assert [store.get(task.problem.digest, 0) for task in tasks] == [
        *[None] * 3, (answers[3], True), None,
    ]  # fmt: skip


def test_what_a_batch_has_not_answered_is_given_again(crew: DaskCrew) -> None:
    """A worker stops once it has taken long; the other rows are those that wait first."""
    tasks = tasks_of(5)
    for task in tasks:
        crew.give(task)
    crew._pace = Pace((0.01,) * 20)
    crew._deal(more=True)
    (batch,) = crew._out
    assert list(batch.tasks) == tasks
    crew._returned(batch, _Back(2))
    assert [task.number for task in crew._waiting] == [2, 3, 4]
    crew._returned(batch, _Back(1))  # heard twice: it is no longer out
    assert [task.number for task in crew._waiting] == [2, 3, 4]


def test_a_batch_that_ends_workers_is_given_row_by_row(crew: DaskCrew) -> None:
    """The one that does it is then found, and named; the others are kept."""
    tasks = tasks_of(3)
    for task in tasks:
        crew.give(task)
    killed = Sent(status="error", error=KilledWorker())
    crew._pace = Pace((0.01,) * 20)
    crew._deal(more=True)
    (batch,) = crew._out
    back, heard = crew._fetched(batch, killed)
    assert not heard
    crew._returned(batch, back)
    crew._deal(more=False)
    assert [list(batch.tasks) for batch in crew._out] == [[task] for task in tasks]
    _, ((_, failure),) = crew._fetched(next(iter(crew._out)), killed)
    assert isinstance(failure, Failure)
    assert "the row row 0 ended one worker after the other: give them more memory" in str(failure.error)


@pytest.mark.parametrize("answers", [0, 3])
def test_a_worker_sends_an_answer_for_each_row(crew: DaskCrew, answers: int) -> None:
    """None at all, or more than were asked for, is an error: it would go on for ever."""
    said = Sent({"rows": [{"bug": "none"}] * answers, "seconds": []})
    _, ((_, failure),) = crew._fetched(batch_of(tasks_of(2)), said)
    assert isinstance(failure, Failure)
    assert f"a worker sent {answers} answers to 2 rows" in str(failure.error)
