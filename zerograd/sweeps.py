"""Answering a sweep: a question with parameters, for all combinations of their values."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

from zerograd.api import DEFAULT_TIMEOUT
from zerograd.core.question.sweeps import Sweep
from zerograd.core.verdict.row import Row
from zerograd.services.service import DEFAULT_MEMORY
from zerograd.store import Store
from zerograd.sweeping.keeping import Keeper
from zerograd.sweeping.outcomes import Outcomes
from zerograd.sweeping.running import Gather, Run, crew_on
from zerograd.sweeping.table import SweepTable
from zerograd.sweeping.tasks import Say, Settings

LOOKED_AT = 2000
"""Rows whose questions are made before anything is asked, so that a mistake is told at once."""


def sweep(
    sweep: Sweep | str | os.PathLike[str],
    *,
    timeout: float = DEFAULT_TIMEOUT,
    seed: int = 0,
    memory: int = DEFAULT_MEMORY,
    store: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    on: str | None = None,
    progress: Say | None = None,
    notice: Say | None = None,
    cluster: Say | None = None,
) -> SweepTable:
    """Answer a question with parameters for every combination of their values.

    Args:
        sweep: the path of a sweep file, or a `Sweep`:
            ``zg.Sweep.of({"H": range(1, 5)}, lambda H: zg.Problem(network=[1, H, 1], …))``.
        timeout: seconds for each row.
        seed: the same seed gives the same table (a time limit that cuts in may not).
        memory: cap in bytes on each solver process.
        store: a file in which finished rows are kept, and from which decided ones are taken, once the checker
            has accepted them again; it serves one sweep, whose values may change. Without one, rows are kept
            in a temporary file for as long as the table lives.
        jobs: rows that are worked at at once on this machine; by default one a core.
        on: ``"dask"``: on a Dask cluster on this machine; or the address of a scheduler, such as
            ``"tcp://host:8786"``. Rows are checked here before they are kept.
        progress: called with a short line as the search goes on.
        notice: called with a line about each stored row that is not what was written; by default a
            warning is given.
        cluster: called with a line about the cluster, such as the address of its dashboard.

    Raises:
        SpecError: a file with mistakes, or a row whose values make no question.
        ProblemError: the same of a `Sweep`.
        ValueError: a timeout that is not above 0, or a number of jobs that makes no sense.
        StoreError: the store is another kind of file, or of another sweep, or cannot be used.
        ClusterError: no such cluster, one that does not answer, or with other versions of zerograd.
        RowFailed: a bug was caught before it became an answer.
    """
    settings = Settings(timeout, seed, memory)
    gather = crew_on(on, jobs, cluster)
    if not isinstance(sweep, Sweep):
        from zerograd.spec.sweep import load

        sweep = load(sweep)
    look_at(sweep)
    if store is not None:
        return _answered(sweep, Path(store), settings, gather, progress=progress, notice=notice)
    folder = mkdtemp(prefix="zerograd-sweep-")
    try:
        table = _answered(
            sweep, Path(folder) / "rows", settings, gather, durable=False, progress=progress, notice=notice
        )
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise
    finalize(table, rmtree, folder, ignore_errors=True)
    return table


def _answered(
    sweep: Sweep,
    path: Path,
    settings: Settings,
    gather: Gather,
    *,
    durable: bool = True,
    progress: Say | None,
    notice: Say | None,
) -> SweepTable:
    """Answer a sweep, with its rows kept in a file."""
    outcomes = Outcomes(len(sweep))
    reused = 0

    def take(number: int, row: Row, kept: bool) -> None:
        nonlocal reused
        outcomes.put(number, row)
        reused += kept

    with Store(path, durable=durable) as kept:
        kept.claim(sweep.about)
        keeper = Keeper(kept, settings)
        Run(sweep, keeper, gather, take, progress=progress or _silent, notice=notice or _warn).finish()
    return SweepTable(sweep, outcomes=outcomes, store=path, settings=settings, reused=reused)


def look_at(sweep: Sweep) -> None:
    """Make questions before anything is asked: the first ones, and one for each value of each parameter.

    Raises:
        ZerogradError: the values of a row make no question.
    """
    sizes = [len(values) for values in sweep.parameters.values()]
    for number in range(min(len(sweep), LOOKED_AT)):
        sweep.problem(number)
    if len(sweep) > LOOKED_AT:
        for which, size in enumerate(sizes):
            for place in range(0, size, max(1, size // LOOKED_AT)):
                sweep.build(tuple(place if each == which else 0 for each in range(len(sizes))))


def _warn(line: str) -> None:
    warnings.warn(line, stacklevel=5)


def _silent(_: str) -> None:
    pass
