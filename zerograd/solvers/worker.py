"""A solver in a process of its own: one JSON request a line in, one JSON outcome a line out.

    python -m zerograd.solvers.worker NAME MEMORY_BYTES

The process ends when its input does, even in the middle of a call, so that a parent that dies
in any way leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import sys
import threading
from typing import Any

from zerograd.solvers.base import GaveUp, outcome_to_json
from zerograd.solvers.registry import solver


def _read(requests: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    os._exit(0)


def main(name: str, memory: int) -> None:
    """Answer requests until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    backend = solver(name)
    # Importing the library is the slow part: done before the first request is even written.
    print(json.dumps({"version": backend.version()}), flush=True)
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    while True:
        request = requests.get()
        try:
            outcome = backend.check(
                request["text"],
                request["wanted"],
                mode=request["mode"],
                seed=request["seed"],
                seconds=request["seconds"],
            )
        except MemoryError:
            outcome = GaveUp("memory", "out of memory")
        print(json.dumps(outcome_to_json(outcome)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
