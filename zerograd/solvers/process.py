"""Calls to solvers with limits that hold: a process that can be killed, with capped memory."""

from __future__ import annotations

import time

from zerograd.core.errors import of_type
from zerograd.services.service import DEFAULT_MEMORY, Service, Stopped
from zerograd.solvers.base import GaveUp, Mode, Outcome
from zerograd.solvers.messages import WIRE, Check, Checked, Forget, Reply, Request, Started
from zerograd.solvers.terms import Script

GRACE = 0.3
"""Seconds by which a solver may overrun its own time limit before it is killed."""

LENIENCE = 5.0
"""How many times longer than on a quiet machine (and seconds beside) a limited effort may take."""

LITTLE, AT_SIGHT = 20.0, 0.5
"""The same, where the effort is little."""


def patience(effort: float) -> float:
    """Return how many seconds a limited effort may take, once the solver has started.

    Efforts are counted in steps, so that answers do not depend on the machine, and this is far above what
    they take. But Z3 does not count what it does with algebraic numbers: a glance could last for seconds, in
    which what comes next would have found an answer.
    """
    return min(LITTLE * effort + AT_SIGHT, LENIENCE * effort + LENIENCE)


class SolverProcess(Service[Request, Reply]):
    """A solver in a process of its own, started by the first call (or `start`) and reused by the next.

    Use it as a context manager: leaving it kills the process. A call that overruns is answered
    ``GaveUp("timeout")``, one that exhausts memory ``GaveUp("memory")``; the next call starts a
    fresh process.

    Args:
        name: see `zerograd.solvers.registry`.
        memory: cap in bytes on the address space of the process.
    """

    def __init__(self, name: str = "z3", memory: int = DEFAULT_MEMORY) -> None:
        super().__init__("zerograd.solvers.worker", WIRE, name, memory, grace=GRACE)
        self.name = name
        self.version: str | None = None
        """Version of the solver, once it has answered."""
        self._used = self._forgets = False
        self._failed: GaveUp | None = None
        self._until = 0.0
        self._number = 0
        self._asked: int | None = None
        """The question whose answer has not been collected yet."""
        self._answered = 0
        """The last question whose answer has been read."""

    def start(self) -> None:
        """Start the process, if it is not running, without waiting for it."""
        child = self._child
        super().start()
        if self._child is not child:
            self.version = None
            self._used = self._forgets = False

    def close(self) -> None:
        """Kill the process and wait for its end."""
        self._asked, self._answered = None, self._number
        super().close()

    def forget(self) -> None:
        """Make answers independent of earlier calls; costs nothing where there were none."""
        if self._used:  # told with the next question
            self._forgets, self._used = True, False

    def renew(self) -> None:
        """Start the process, without waiting for it, if it had been running and was killed."""
        if self._child is None and self.version is not None:
            self.start()

    def ready(self, deadline: float) -> bool:
        """Wait until ``deadline`` for the solver's start; whether it has started by then.

        One that is at a question that was left, or has its answer to send, is not ready before that is over:
        were questions piled up in front of it, the pipes would fill, and either end would wait for the other.

        Raises:
            SolverUnusable: it cannot start.
        """
        self.start()
        try:
            with self.guarded():
                try:
                    self._greet(deadline)
                    while self._asked is None and self._answered < self._number:
                        self._read(deadline)
                except TimeoutError:
                    return False  # still loading, or at work: a later call waits on
        except Stopped:
            return False
        return True

    def _greet(self, deadline: float) -> None:
        if self.version is None:
            greeting = of_type(self.receive(deadline), Started, "what a solver says first")
            self.version = greeting.version

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
        """Hand a script over: the first half of `check`. Nothing may be asked before `collect` or `leave`.

        Raises:
            SolverUnusable: it cannot start.
        """
        if self._asked is not None:
            self.close()  # who knows when its answer comes
        now = time.monotonic()
        if now >= deadline:
            self._failed = GaveUp("timeout")
            return
        if effort is not None:
            deadline = min(deadline, now + LENIENCE * effort + LENIENCE)
        self._until = deadline + GRACE
        self.start()
        try:
            with self.guarded():
                self._greet(self._until)
                if effort is not None:  # however long it took to start
                    deadline = min(deadline, time.monotonic() + patience(effort))
                    self._until = deadline + GRACE
                self._number += 1
                self._asked = self._number
                text, wanted = script.to_smtlib(), tuple(script.variables)
                seconds = max(0.0, deadline - time.monotonic())
                check = Check(self._number, text, wanted, mode, seed, seconds, effort)
                self.send(*([Forget(), check] if self._forgets else [check]))
                self._used, self._forgets = True, False
                self._failed = None
        except Stopped as stopped:
            self._failed = _gave_up(stopped)

    def leave(self, *, kill: bool = False) -> None:
        """Want the outcome of what was submitted no more, if it has not been collected.

        Args:
            kill: end the process, rather than have the next question wait for the end of this one.
        """
        if self._asked is not None and kill:
            self.close()
        self._asked = self._failed = None

    def collect(self) -> Outcome:
        """Wait for the outcome: the second half of `check`."""
        asked, self._asked = self._asked, None
        if self._failed is not None:
            failed, self._failed = self._failed, None
            return failed
        if self._child is None:
            return GaveUp("crashed", "the process was ended")
        try:
            with self.guarded():
                reply = self._read(self._until)
                while asked is not None and reply.number < asked:
                    reply = self._read(self._until)  # of one that was left
                if reply.number != asked:
                    raise RuntimeError(f"asked question {asked}, got {reply}")
        except Stopped as stopped:
            return _gave_up(stopped)
        if isinstance(reply.outcome, GaveUp) and reply.outcome.reason == "memory":
            self.close()  # what it took it keeps: every later call would fail as well
        return reply.outcome

    def _read(self, deadline: float) -> Checked:
        reply = of_type(self.receive(deadline), Checked, "what a solver says of a question")
        self._answered = reply.number
        return reply

    def wait_for(self) -> tuple[int | None, float]:
        """Return a file descriptor and a time: `collect` is quick once one can be read, or the other is over.

        Without a descriptor it is quick now.
        """
        if self._failed is not None or self._child is None:
            return None, 0.0
        return self._child.fileno(), self._until


def _gave_up(stopped: Stopped) -> GaveUp:
    return GaveUp(stopped.reason, stopped.detail or "the solver overran its time and was stopped")
