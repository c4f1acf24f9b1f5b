"""A solver in a process of its own.

    python -m zerograd.solvers.worker NAME MEMORY_BYTES

Says the solver's version, then answers each request with an outcome.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from zerograd.services.serving import Send, end_with_parent, serve
from zerograd.solvers.base import GaveUp, Outcome, Solver, SolverUnusable
from zerograd.solvers.messages import WIRE, Check, Checked, Forget, Reply, Request, Started
from zerograd.solvers.registry import solver


def _prepare(name: str, send: Send[Reply]) -> Callable[[Request], None]:
    try:
        backend = solver(name)
        if backend.blocking:
            end_with_parent()
        # Importing the library is the slow part: done before the first request is even written.
        send(Started(backend.version()))
        backend.rest()
    except SolverUnusable:
        raise
    except Exception as error:  # whatever it is, the caller is told
        raise SolverUnusable(f"{name} cannot be used: {type(error).__name__}: {error}") from error

    def answer(request: Request) -> None:
        match request:
            case Forget():
                backend.forget()
            case Check(number=number):
                send(Checked(number, _outcome(name, backend, request)))
                backend.rest()

    return answer


def _outcome(name: str, backend: Solver, request: Check) -> Outcome:
    if request.mode not in backend.modes:
        return GaveUp("incomplete", f"{name} has no mode {request.mode!r}")
    try:
        return backend.check(
            request.text,
            request.wanted,
            mode=request.mode,
            seed=request.seed,
            seconds=request.seconds,
            effort=request.effort,
        )
    except MemoryError:
        raise
    except Exception as error:  # whatever it is, the caller is told
        return GaveUp("crashed", f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    serve(WIRE, int(sys.argv[2]), partial(_prepare, sys.argv[1]))
