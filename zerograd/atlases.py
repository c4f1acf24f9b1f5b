"""Making an atlas: a sweep over the patterns of vanishing gradients."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from zerograd.api import DEFAULT_TIMEOUT
from zerograd.atlas_table import Atlas
from zerograd.core.question.problem import Problem
from zerograd.core.question.sweeps import Places, Sweep
from zerograd.core.verdict.atlas import groups, row_problem
from zerograd.core.verdict.row import Row
from zerograd.services.service import DEFAULT_MEMORY
from zerograd.sweeping.keeping import Keeper, opened
from zerograd.sweeping.running import Run, crew_on
from zerograd.sweeping.tasks import Say, Settings


def atlas(
    problem: Problem,
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
        on: ``"dask"``, or the address of a scheduler, as for `zerograd.sweep`.
        progress: called with a short line as the search goes on.
        notice: called with a line about each stored row that is not what was written; by default a
            warning is given.
        cluster: called with a line about the cluster, such as the address of its dashboard.

    Raises:
        ProblemError: too many groups, or a pattern that does not fit the rest of the problem.
        ValueError: a timeout that is not above 0, or a number of jobs that makes no sense.
        StoreError: the store is another kind of file, or cannot be used.
        ClusterError: no such cluster, one that does not answer, or with other versions of zerograd.
        RowFailed: a bug was caught before it became an answer.
    """
    settings = Settings(timeout, seed, memory)
    gather = crew_on(on, jobs, cluster)
    sweep = atlas_sweep(problem)
    for number in range(len(sweep)):
        sweep.problem(number)  # raises before anything is started
    rows: dict[int, Row] = {}
    reused = 0

    def take(number: int, row: Row, kept: bool) -> None:
        nonlocal reused
        rows[number] = row
        reused += kept

    with ExitStack() as stack:
        keeper = Keeper(stack.enter_context(opened(None if store is None else Path(store))), settings)
        Run(sweep, keeper, gather, take, progress=progress or _silent, notice=notice or _warn).finish()
    return Atlas(problem, tuple(rows[number] for number in range(len(sweep))), reused)


def atlas_sweep(problem: Problem) -> Sweep:
    """Return the sweep whose parameters are the groups of a problem, each once zero and once nonzero.

    Raises:
        ProblemError: too many groups.
    """
    names = groups(problem)
    kinds = ("zero", "nonzero")

    def build(places: Places) -> Problem:
        return row_problem(problem, {name: kinds[place] for name, place in zip(names, places, strict=True)})  # type: ignore[misc]

    return Sweep(dict.fromkeys(names, kinds), build, describe=described_pattern)


def described_pattern(pattern: Mapping[str, Any]) -> str:
    """``w1 = 0, b1 ≠ 0``."""
    return ", ".join(f"{name} {'=' if asked == 'zero' else '≠'} 0" for name, asked in pattern.items())


def _warn(line: str) -> None:
    warnings.warn(line, stacklevel=4)


def _silent(_: str) -> None:
    pass
