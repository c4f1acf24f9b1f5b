"""Searches with limits that hold. This module loads neither SymPy nor any solver."""

from __future__ import annotations

import time
from threading import Lock
from typing import Self

from zerograd.core.answer import Attempt
from zerograd.core.errors import ZerogradError
from zerograd.core.problem import Problem
from zerograd.search.finding import Finding
from zerograd.search.verdict import Progress, Undecided
from zerograd.workers import DEFAULT_MEMORY, Ended, Worker, ran_out_of_memory

GRACE = 0.6
"""Seconds by which a search may overrun its time, to say how far it came, before it is killed."""


class SearchFailed(ZerogradError):  # noqa: N818 - named for what happened
    """The search broke down; the message is its own account. A bug, and never an answer."""


class SearchProcess:
    """A search in a process of its own (with a solver in another), started at once and reused.

    Use it as a context manager: leaving it kills both processes. A search that overruns its time
    or its memory is answered `Undecided`; the next one starts fresh processes.

    Args:
        memory: cap in bytes on the address space of each process.
    """

    def __init__(self, memory: int = DEFAULT_MEMORY) -> None:
        self.memory = memory
        self._lock = Lock()
        self._worker: Worker | None = None
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> Worker:
        self._worker = Worker("zerograd.search.worker", str(self.memory))
        return self._worker

    def close(self) -> None:
        """Kill the processes and wait for their end."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def find(
        self, problem: Problem, *, strategy: str, seed: int, deadline: float, progress: Progress
    ) -> Finding:
        """Search until ``deadline`` (of `time.monotonic`).

        Raises:
            SearchFailed: an error inside the search: a bug.
        """
        if not self._lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return Finding(Undecided("timeout", "another search was running"))
        try:  # one conversation at a time
            return self._find(problem, strategy, seed, deadline, progress)
        finally:
            self._lock.release()

    def _find(
        self, problem: Problem, strategy: str, seed: int, deadline: float, progress: Progress
    ) -> Finding:
        worker = self._worker or self._start()
        attempts: list[Attempt] = []
        try:
            worker.send(
                {
                    "problem": problem.to_json(),
                    "strategy": strategy,
                    "seed": seed,
                    "deadline": deadline,  # one clock for all processes of a machine
                }
            )
            while True:
                message = worker.receive(deadline + GRACE)
                if "failure" in message:
                    raise SearchFailed(message["failure"])
                if "finding" in message:
                    return Finding.from_json(problem, message["finding"])
                if "attempt" in message:
                    attempts.append(Attempt(**message["attempt"]))
                else:
                    progress(message["progress"])
        except TimeoutError:
            self.close()
            return Finding(Undecided("timeout", "the search was stopped at the deadline"), tuple(attempts))
        except Ended as ended:
            self.close()
            if not ran_out_of_memory(ended):
                raise SearchFailed(str(ended)) from None
            return Finding(Undecided("memory", f"the search was stopped: {ended}"), tuple(attempts))
        except BaseException:
            self.close()
            raise
