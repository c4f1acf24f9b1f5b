"""Searches with limits that hold. This module loads neither SymPy nor any solver."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any, Self

from zerograd.core.errors import ZerogradError
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Attempt
from zerograd.core.verdict.witness import Witness
from zerograd.search.comparison import Comparison, completed
from zerograd.search.finding import Finding
from zerograd.search.ranked import Ranked
from zerograd.search.verdict import Progress, Undecided
from zerograd.solvers.base import SolverUnusable
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
        solvers: processes that work at one question at once; by default one a core.
    """

    def __init__(self, memory: int = DEFAULT_MEMORY, solvers: int | None = None) -> None:
        self.memory = memory
        self._size = [] if solvers is None else [str(solvers)]
        self._lock = Lock()
        self._worker: Worker | None = None
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> Worker:
        self._worker = Worker("zerograd.search.worker", str(self.memory), *self._size)
        return self._worker

    def kill(self) -> None:
        """Kill the process, if there is one, under the thread that may be waiting for it."""
        worker = self._worker
        if worker is not None:
            worker.kill()

    def close(self) -> None:
        """Kill the processes and wait for their end."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def find(
        self,
        problem: Problem,
        *,
        strategy: str,
        seed: int,
        deadline: float,
        progress: Progress,
        cross_check: bool = False,
    ) -> Finding:
        """Search until ``deadline`` (of `time.monotonic`).

        Args:
            cross_check: put what was decided to a second solver, in the time that is left.

        Raises:
            SearchFailed: an error inside the search: a bug.
            SolverUnusable: the second solver cannot start. Nothing was searched then.
        """
        attempts: list[Attempt] = []
        tried: list[str] = []
        findings: list[Finding] = []
        compared: list[Comparison] = []

        def take(message: dict[str, Any]) -> bool:
            if "finding" in message:
                found = Finding.from_json(problem, message["finding"])
                findings.append(replace(found, tried=tuple(tried)))
                return not cross_check
            if "compared" in message:
                compared.append(Comparison.from_json(problem, message["compared"]))
            elif "tried" in message:
                tried.append(message["tried"])
            elif "attempt" in message:
                attempts.append(Attempt(**message["attempt"]))
            return "cross_checked" in message

        request = {
            "problem": problem.to_json(),
            "strategy": strategy,
            "seed": seed,
            "deadline": deadline,  # one clock for all processes of a machine
            "cross_check": cross_check,
        }
        stopped = self._converse(request, take, progress)
        if stopped is not None and not findings:
            findings.append(Finding(stopped, tuple(attempts), tried=tuple(tried)))
        [finding] = findings  # what was found before a stop stands
        if not cross_check:
            return finding
        made = compared if stopped is None else completed(compared, finding.attempts, stopped.reason)
        return replace(finding, compared=tuple(made))

    def smallest(
        self,
        problem: Problem,
        known: Witness,
        *,
        count: int,
        effort: int | None,
        seed: int,
        deadline: float,
        progress: Progress,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Ranked:
        """Look for the smallest witnesses until ``deadline``, beginning with one that is known.

        Args:
            effort: see `zerograd.search.smallest.budget.Budget`; None for all there is time for.
            meanwhile: called while the search is under way.

        If that takes more time or memory than there is, the smallest so far is all that is found.

        Raises:
            SearchFailed: an error inside the search: a bug.
        """
        found = Ranked((), 0)

        def take(message: dict[str, Any]) -> bool:
            nonlocal found
            last = "smallest" in message
            ranked = Ranked.from_json(problem, message["smallest" if last else "smaller"])
            if ranked.witnesses:
                found = ranked
            return last

        wanted = {"known": known.to_json(), "count": count, "effort": effort}
        request = {"problem": problem.to_json(), "smallest": wanted, "seed": seed, "deadline": deadline}
        self._converse(request | {"cross_check": False}, take, progress, meanwhile)
        return found

    def _converse(
        self,
        request: dict[str, Any],
        take: Callable[[dict[str, Any]], bool],
        progress: Progress,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Undecided | None:
        """Send a request and take what comes, one conversation at a time.

        Args:
            take: called with each message but those of progress; whether it was the last.
            meanwhile: called when the request is sent.

        Returns:
            Why the search was stopped, if it was.
        """
        deadline = request["deadline"]
        if not self._lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return Undecided("timeout", "another search was running")
        try:
            worker = self._worker or self._start()
            worker.send(request)
            meanwhile()
            while True:
                message = worker.receive(deadline + GRACE)
                if "failure" in message:
                    raise SearchFailed(message["failure"])
                if "unusable" in message:
                    raise SolverUnusable(message["unusable"])
                if "progress" in message:
                    progress(message["progress"])
                elif take(message):
                    return None
        except TimeoutError:
            self.close()
            return Undecided("timeout", "the search was stopped at the deadline")
        except Ended as ended:
            self.close()
            if not ran_out_of_memory(ended):
                raise SearchFailed(str(ended)) from None
            return Undecided("memory", f"the search was stopped: {ended}")
        except BaseException:
            self.close()
            raise
        finally:
            self._lock.release()
