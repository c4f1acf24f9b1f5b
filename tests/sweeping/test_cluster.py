"""Sweeps on a Dask cluster: a real scheduler and worker processes, some of which are killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import zerograd as zg
from tests.stores import logged, written
from zerograd.core.question.sweeps import Sweep
from zerograd.spec.sweep import loads
from zerograd.sweeping.tasks import Done, Failure, Settings, Task

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


class Sent:
    """A future with what a worker sent."""

    status = "finished"

    def __init__(self, said: Any) -> None:
        self.said = said

    def result(self) -> str:
        return json.dumps(self.said)


def test_what_workers_send_is_checked(tmp_path: Path) -> None:
    """Nothing that the checker refuses is kept, and a bug there is one here."""
    from zerograd.store import Store
    from zerograd.sweeping.cluster import DaskCrew
    from zerograd.sweeping.keeping import Keeper

    problem = zg.Problem(network=[1, 1, 1], samples=2, zero=["w2"])
    answer = zg.solve(problem, prefer="any").to_json()
    task = Task(0, {}, problem, "row")
    with Store(tmp_path / "rows") as store:
        crew = DaskCrew("tcp://127.0.0.1:1", 1, Settings(), Keeper(store, Settings()).keep, print)
        for said in ({"answer": {**answer, "samples": 1}}, {"bug": "out of order"}, {"answer": answer}):
            with crew._shelf:
                crew._fetch(0, task, Sent(said))
            crew._shelf = type(crew._shelf)(crew._shelf._keep, crew._shelf._tell)
        (_, _, refused), (_, _, bug), (_, _, done) = (crew._events.get() for _ in range(3))
        assert isinstance(refused, Failure)
        assert isinstance(refused.error, zg.Refused)
        assert isinstance(bug, Failure)
        assert str(bug.error) == "out of order"
        assert isinstance(done, Done)
        assert store.get(problem.digest, 0) == (answer, True)
