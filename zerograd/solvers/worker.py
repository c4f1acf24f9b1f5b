"""A solver in a process of its own.

    python -m zerograd.solvers.worker NAME MEMORY_BYTES

Says the solver's version, then answers each request with an outcome.
"""

from __future__ import annotations

import sys

from zerograd.solvers.base import GaveUp, SolverUnusable, outcome_to_json
from zerograd.solvers.registry import solver
from zerograd.workers import end_with_parent, limit_memory, reply, requests


def main(name: str, memory: int) -> None:
    """Answer requests until the input ends."""
    limit_memory(memory)
    try:
        backend = solver(name)
        if backend.blocking:
            end_with_parent()
        # Importing the library is the slow part: done before the first request is even written.
        reply({"version": backend.version()})
        backend.forget()
    except SolverUnusable as error:
        reply({"failure": str(error)})
        return
    except Exception as error:  # whatever it is, the caller is told
        reply({"failure": f"{name} cannot be used: {type(error).__name__}: {error}"})
        return
    for request in requests():
        if "forget" in request:
            backend.forget()
            continue
        if request["mode"] not in backend.modes:
            missing = GaveUp("incomplete", f"{name} has no mode {request['mode']!r}")
            reply({"number": request["number"], "outcome": outcome_to_json(missing)})
            continue
        try:
            outcome = backend.check(
                request["text"],
                request["wanted"],
                mode=request["mode"],
                seed=request["seed"],
                seconds=request["seconds"],
                effort=request["effort"],
            )
        except MemoryError:
            outcome = GaveUp("memory", "out of memory")
        except Exception as error:  # whatever it is, the caller is told
            outcome = GaveUp("crashed", f"{type(error).__name__}: {error}")
        reply({"number": request["number"], "outcome": outcome_to_json(outcome)})


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
