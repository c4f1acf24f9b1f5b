"""What a row of a sweep costs beside its answer: on this machine, and on a Dask cluster here.

    python benchmarks/sweeps.py [--rows 200] [--rounds 3] [--against REVISION] [--pages]

Rows are small questions. Each way is measured in every round, one after the other, and the best round counts,
since anything else on the machine only adds to it:

- asked: the same questions one by one, by `zerograd.solve` with one search process;
- a sweep on this machine with one job and with two, and on one Dask worker and two: seconds for a row after
  the first third of them, in which processes start, and what came together with the last of these: on Dask,
  rows come back several at once.

The memory of the client is the peak of a process that runs a sweep of 100 rows and of 1000. ``--against`` has
the atlas of 1-2-1 made by an earlier build, too, each as a whole command, in turns. ``--pages`` writes the
table into docs/how-to/cluster.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

import zerograd as zg  # noqa: E402  # found now
from benchmarks.builds import earlier  # noqa: E402
from zerograd.core.question.sweeps import Sweep  # noqa: E402
from zerograd.proving.process import ProofProcess  # noqa: E402
from zerograd.search.process import SearchProcess  # noqa: E402

PAGE = ROOT / "docs/how-to/cluster.md"
BEGIN, END = "<!-- benchmark: sweeps -->\n", "<!-- end -->"
FEW, MANY = 100, 1000
"""Rows between which memory is compared."""
TOGETHER = 1e-3
"""Seconds between rows that came together, at most."""
ATLAS = "network: [1, 2, 1]\nsamples: fewest\nzero: [w1, b1, w2, b2]\n"


def question(n: int) -> zg.Problem:
    """A small question, another one for each number."""
    return zg.Problem(
        network=[1, 1, 1], samples=2, zero=["w2"], nonzero=["b2"], bounds={"x": (-n - 5, n + 5)}
    )


def sweep(rows: int) -> Sweep:
    """Small questions, so many."""
    return Sweep.of({"n": range(rows)}, question)


def asked(rows: int) -> float:
    """Seconds for a row that is asked by itself."""
    with SearchProcess(solvers=1) as process, ProofProcess() as prover:
        for n in range(rows + 1):
            if n == 1:
                began = time.perf_counter()
            zg.solve(question(n), prefer="any", process=process, prover=prover)
        return (time.perf_counter() - began) / rows


def swept(rows: int, folder: Path, jobs: int, on: str | None = None) -> float:
    """Seconds for a row of a sweep, after the first third."""
    times: list[float] = []
    store = folder / f"{len(list(folder.iterdir()))}.sqlite"

    def heard(line: str) -> None:
        if ";" not in line:  # a row, and no progress of one
            times.append(time.perf_counter())

    table = zg.sweep(sweep(rows), store=store, progress=heard, jobs=jobs, on=on)
    if not table.decided:
        raise RuntimeError("a row was not decided")
    first = rows // 3
    while first + 2 < len(times) and times[first + 1] - times[first] < TOGETHER:
        first += 1
    return (times[-1] - times[first]) / (len(times) - 1 - first)


def peak_memory(rows: int) -> float:
    """Megabytes that the client of a sweep takes at most, measured in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure-memory", str(rows)],
        check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return float(done.stdout)


def measure_memory(rows: int) -> None:
    """Print the peak of this process in megabytes."""
    with TemporaryDirectory() as folder:
        table = zg.sweep(sweep(rows), store=Path(folder) / "rows", jobs=2)
        for ending in ("csv", "json"):
            table.save(Path(folder) / f"rows.{ending}")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def atlas_seconds(package: Path) -> float:
    """Seconds of a whole command that makes the atlas of 1-2-1."""
    command = [sys.executable, "-m", "zerograd", "atlas", "-", "--no-store", "-q"]
    began = time.perf_counter()
    subprocess.run(
        command, input=ATLAS, check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(package)}, cwd=package,
    )  # fmt: skip
    return time.perf_counter() - began


def best(rounds: int, ways: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The best of some rounds, in each of which all ways are measured."""
    found: dict[str, float] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name] = min(found.get(name, float("inf")), way())
            print(f"{name}: {1000 * found[name]:.1f} ms", file=sys.stderr)
    return found


def measured(rows: int, rounds: int, against: str | None) -> Iterator[str]:
    """Lines of a table in Markdown, and what they come to."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        ways: dict[str, Callable[[], float]] = {"asked one by one": lambda: asked(rows)}
        for jobs in (1, 2):
            ways[f"this machine, {jobs} at once"] = lambda jobs=jobs: swept(rows, folder, jobs=jobs)  # type: ignore[misc]
            ways[f"Dask, {jobs} {'worker' if jobs == 1 else 'workers'}"] = lambda jobs=jobs: swept(  # type: ignore[misc]
                rows, folder, jobs=jobs, on="dask"
            )
        found = best(rounds, ways)
    alone = found["asked one by one"]
    yield "| way | a row | overhead | rows a second |"
    yield "|---|---:|---:|---:|"
    for way, seconds in found.items():
        jobs = 2 if "2" in way else 1
        over = "" if seconds is alone else f"{1000 * (seconds * jobs - alone):.1f} ms"
        yield f"| {way} | {1000 * seconds:.1f} ms | {over} | {1 / seconds:.0f} |"
    one, two = found["Dask, 1 worker"], found["Dask, 2 workers"]
    here = found["this machine, 2 at once"]
    few, many = peak_memory(FEW), peak_memory(MANY)
    yield ""
    yield f"- Overhead: a row's time on one core, less that of the question asked by itself. {rows} rows."
    yield f"- Two Dask workers are {one / two:.2f} times as fast as one."
    yield f"- Two Dask workers do {100 * here / two:.0f} % of what two jobs do in the same time."
    yield f"- The client's memory: at most {few:.0f} MB for {FEW} rows, {many:.0f} MB for {MANY}."
    if against is not None:
        with earlier(against) as build:
            times = best(
                rounds, {"then": lambda: atlas_seconds(build.folder), "now": lambda: atlas_seconds(ROOT)}
            )
        yield (
            f"- The atlas of 1-2-1, a whole command: {times['now']:.1f} s, by the build {build.commit[:8]} "
            f"{times['then']:.1f} s: {times['then'] / times['now']:.1f} times as fast."
        )
    yield ""
    where = f"zerograd {zg.__version__}, Python {platform.python_version()}, {os.cpu_count()} cores"
    yield f"({where}, the best of {rounds} rounds.)"


def main() -> int:
    """Print the table; with ``--pages`` put it into its page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against")
    parser.add_argument("--pages", action="store_true")
    parser.add_argument("--measure-memory", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure_memory is not None:
        measure_memory(options.measure_memory)
        return 0
    text = "\n".join(measured(options.rows, options.rounds, options.against))
    print(text)
    if options.pages:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}{text}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
