"""The memory that a process and its descendants take at the most (Linux)."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

_PROC = Path("/proc")
_EVERY = 0.02
"""Seconds between two looks."""
_TREE = 10
"""Looks after which the descendants are looked for anew."""


@dataclass
class Peak:
    """The most that was seen, in bytes; None where the system does not tell."""

    bytes: int | None = None


@contextmanager
def peak_of(pid: int) -> Iterator[Peak]:
    """Watch a process with its descendants while the block runs.

    Resident sets are added up, so that what processes share counts for each: an upper bound, but for
    peaks that are shorter than 20 ms.
    """
    peak, done = Peak(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(pid, peak, done), daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _watch(pid: int, peak: Peak, done: threading.Event) -> None:
    if not (_PROC / "self" / "statm").exists():
        return
    for look in count():  # at least one, however short the time
        if look % _TREE == 0:
            tree = descendants(pid)
        peak.bytes = max(peak.bytes or 0, sum(map(_resident, tree)))
        if done.wait(_EVERY):
            return


def descendants(pid: int) -> list[int]:
    """The process and all that it started, and these, and so on."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in os.scandir(_PROC):
        if entry.name.isdigit():
            try:
                stat = (_PROC / entry.name / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:  # it has ended
                continue
            parent = stat.rpartition(")")[2].split()[1]  # a name may hold anything
            children[int(parent)].append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += children[found[-1]]
    return found


def _resident(pid: int) -> int:
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # it has ended
        return 0
