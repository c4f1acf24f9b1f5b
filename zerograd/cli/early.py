"""The search, started before the rest of the program is imported: both take as long as each other to load."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from contextlib import suppress

from zerograd.services.child import MEMORY, Child

_started: list[Child] = []


def start_early(arguments: Sequence[str]) -> None:
    """Start the process of the search if a command line is sure to want it. It ends with this one."""
    if arguments[:1] != ["solve"] or len(arguments) < 2:
        return
    if any(text in ("-h", "--help") or text.startswith("--mem") for text in arguments):
        return
    with suppress(OSError):  # said when it is started in vain again
        child = Child("zerograd.search.worker", str(MEMORY))
        atexit.register(child.close)
        _started.append(child)


def taken(memory: int) -> Child | None:
    """Return the process that was started, once, if it has this cap on its memory."""
    return _started.pop() if _started and memory == MEMORY else None
