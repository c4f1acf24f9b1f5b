"""Calls to solvers with limits that hold: a process that can be killed, with capped memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self, TypeVar

from zerograd.solvers.base import GaveUp, Mode, Outcome, SolverUnusable, outcome_from_json
from zerograd.solvers.terms import Script
from zerograd.workers import DEFAULT_MEMORY, Ended, Worker, ran_out_of_memory

T = TypeVar("T")

GRACE = 0.3
"""Seconds by which a solver may overrun its own time limit before it is killed."""


LENIENCE = 5.0
"""How many times longer than on a quiet machine (and seconds beside) a limited effort may take."""


class SolverProcess:
    """A solver in a process of its own, started by the first call (or `start`) and reused by the next.

    Use it as a context manager: leaving it kills the process. A call that overruns is answered
    ``GaveUp("timeout")``, one that exhausts memory ``GaveUp("memory")``; the next call starts a
    fresh process.

    Args:
        name: see `zerograd.solvers.registry`.
        memory: cap in bytes on the address space of the process.
    """

    def __init__(self, name: str = "z3", memory: int = DEFAULT_MEMORY) -> None:
        self.name, self.memory = name, memory
        self.version: str | None = None
        """Of the solver, once it has answered."""
        self._worker: Worker | None = None
        self._used = False
        self._failed: GaveUp | None = None
        self._until = 0.0
        self._number = 0
        self._asked: int | None = None
        """The question whose answer has not been collected yet."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> Worker:
        self.version = None
        self._used = False
        self._worker = Worker("zerograd.solvers.worker", self.name, str(self.memory))
        return self._worker

    def _running(self) -> Worker:
        if self._worker is not None and not self._worker.alive:
            self.close()
        return self._worker or self._start()

    def start(self) -> None:
        """Start the process, if it is not running, without waiting for it."""
        self._running()

    def close(self) -> None:
        """Kill the process and wait for its end."""
        self._asked = None
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def forget(self) -> None:
        """Make answers independent of earlier calls; costs nothing where there were none."""
        worker = self._worker
        if worker is None or not self._used:
            return
        try:
            worker.send({"forget": True})
            self._used = False
        except Ended:
            self.close()

    def ready(self, deadline: float) -> bool:
        """Wait until ``deadline`` for the solver's start; whether it has started by then.

        Raises:
            SolverUnusable: it cannot start.
        """
        worker = self._worker or self._start()
        try:
            self._greet(worker, deadline)
        except TimeoutError:
            return False  # still loading: a later call waits on
        except Ended:
            self.close()
            return False
        except BaseException:
            self.close()
            raise
        return True

    def _greet(self, worker: Worker, deadline: float) -> None:
        if self.version is None:
            greeting = worker.receive(deadline)
            if "failure" in greeting:
                raise SolverUnusable(greeting["failure"])
            self.version = greeting["version"]

    def check(
        self, script: Script, *, deadline: float, mode: Mode, seed: int = 0, effort: float | None = None
    ) -> Outcome:
        """Decide a script before ``deadline`` (of `time.monotonic`), in one of the solver's modes.

        With ``effort`` (see `zerograd.solvers.base.Solver.check`) it gives up sooner, and after the
        same steps on any machine; time cuts in only where a solver does not count its steps.

        Raises:
            SolverUnusable: it cannot start.
        """
        self.submit(script, deadline=deadline, mode=mode, seed=seed, effort=effort)
        return self.collect()

    def submit(
        self, script: Script, *, deadline: float, mode: Mode, seed: int = 0, effort: float | None = None
    ) -> None:
        """The first half of `check`: hand the script over. Nothing else may be asked before `collect`.

        Raises:
            SolverUnusable: it cannot start.
        """
        if self._asked is not None:
            self.close()  # an answer that nobody took must never be taken for this one's
        now = time.monotonic()
        if now >= deadline:
            self._failed = GaveUp("timeout")
            return
        if effort is not None:
            deadline = min(deadline, now + LENIENCE * effort + LENIENCE)
        self._until = deadline + GRACE

        def send(worker: Worker) -> None:
            self._greet(worker, self._until)
            self._number += 1
            self._asked = self._number
            worker.send(
                {
                    "number": self._number,
                    "text": script.to_smtlib(),
                    "wanted": list(script.variables),
                    "mode": mode,
                    "seed": seed,
                    "seconds": max(0.0, deadline - time.monotonic()),
                    "effort": effort,
                }
            )
            self._used = True

        self._failed = self._guarded(self._running(), send)

    def collect(self) -> Outcome:
        """The second half of `check`: wait for the outcome."""
        asked, self._asked = self._asked, None
        if self._failed is not None:
            failed, self._failed = self._failed, None
            return failed
        if self._worker is None:
            return GaveUp("crashed", "the process was ended")

        def take(worker: Worker) -> Outcome:
            message = worker.receive(self._until)
            if message["number"] != asked:
                raise RuntimeError(f"asked question {asked}, got the answer to {message['number']}")
            return outcome_from_json(message["outcome"])

        outcome = self._guarded(self._worker, take)
        if isinstance(outcome, GaveUp) and outcome.reason == "memory":
            self.close()  # what it took it keeps: every later call would fail as well
        return outcome

    def wait_for(self) -> tuple[int | None, float]:
        """(file descriptor, time): `collect` is quick once the one can be read (None: now), or after that."""
        if self._failed is not None or self._worker is None:
            return None, 0.0
        return self._worker.fileno(), self._until

    def _guarded(self, worker: Worker, action: Callable[[Worker], T]) -> T | GaveUp:
        """What the action returns; a process that does not answer in time, or ends, gives up."""
        try:
            return action(worker)
        except TimeoutError:
            self.close()
            return GaveUp("timeout", "the solver overran its time and was stopped")
        except Ended as ended:
            self.close()
            return GaveUp("memory" if ran_out_of_memory(ended) else "crashed", str(ended))
        except BaseException:
            self.close()
            raise
