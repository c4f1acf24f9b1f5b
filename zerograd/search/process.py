"""Searches with limits that hold. This module loads neither SymPy nor any solver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Attempt
from zerograd.core.verdict.witness import Witness
from zerograd.search.comparison import Comparison, Second, completed
from zerograd.search.messages import (
    WIRE,
    Compare,
    Compared,
    DrawGeneric,
    Find,
    Finding,
    Ranked,
    Reply,
    Request,
    Shrink,
    Smaller,
    Tried,
)
from zerograd.search.verdict import Progress, Undecided
from zerograd.services.child import Child
from zerograd.services.service import DEFAULT_MEMORY, Busy, Service, Stopped

if TYPE_CHECKING:
    from zerograd.search.first_look import FirstLook

GRACE = 0.6
"""Seconds by which a search may overrun its time: a solver gets its own, less, inside it."""


class SearchProcess(Service[Request, Reply]):
    """A search in a process of its own (with a solver in another), started at once and reused.

    A search that overruns its time or its memory is answered `Undecided`.

    Args:
        memory: cap in bytes on the address space of each process.
        solvers: processes that work at one question at once; by default one a core.
        child: the process, if it has been started with that memory and as many solvers.
        first_look: whether small questions are looked at here (`zerograd.search.first_look`), from the third
            question on: that takes some more modules, and a solver in one more process.
    """

    def __init__(
        self,
        memory: int = DEFAULT_MEMORY,
        solvers: int | None = None,
        child: Child | None = None,
        *,
        first_look: bool = True,
    ) -> None:
        self._memory, self._looks = memory, first_look
        self._look: FirstLook | None = None
        self._finds = self._kills = 0
        size = () if solvers is None else (solvers,)
        super().__init__("zerograd.search.worker", WIRE, memory, *size, grace=GRACE, child=child)
        self.start()

    def kill(self) -> None:
        """Kill the process and the solver of first looks, under the thread that may be waiting for it."""
        self._kills += 1
        super().kill()
        if self._look is not None:
            self._look.kill()

    def close(self) -> None:
        """Kill the processes and wait for their end. Closing twice is harmless."""
        super().close()
        if self._look is not None:
            self._look.close()

    def find(
        self,
        problem: Problem,
        *,
        strategy: str,
        seed: int,
        deadline: float,
        progress: Progress,
        cross_check: Second | None = None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Finding:
        """Search until ``deadline`` (of `time.monotonic`).

        Args:
            cross_check: the second solver that what was decided is put to, in the time that is left.
            meanwhile: called while the search is under way.

        Raises:
            ServiceFailed: an error inside the search: a bug.
            SolverUnusable: the second solver cannot start. Nothing was searched then.
        """
        looked: tuple[int, ...] = ()
        attempts: list[Attempt] = []
        tried: list[str] = []
        if self._look is not None and strategy == "auto" and cross_check is None:
            kills = self._kills
            seen = self._look.find(problem, seed=seed, deadline=deadline, progress=progress)
            if isinstance(seen, Finding):
                return seen
            looked, tried = seen.looked, [*seen.tried]
            if self._kills > kills:
                return Finding(_undecided(Stopped("memory", "it was killed")), tried=tuple(tried))

        def take(reply: Reply) -> None:
            match reply:
                case Tried(strategy=name):
                    if name not in tried:
                        tried.append(name)
                case Attempt():
                    attempts.append(reply)

        def waiting() -> None:
            self._prepare()
            meanwhile()

        request = Find(problem, strategy, seed, deadline, cross_check, looked)
        try:
            finding = self.ask(
                request,
                Finding,
                deadline=deadline,
                about=problem,
                progress=progress,
                take=take,
                meanwhile=waiting,
            )
        except Stopped as stopped:
            undecided = _undecided(stopped)
            compared = completed((), attempts, undecided.reason, cross_check) if cross_check else None
            return Finding(
                undecided, tuple(attempts), tried=tuple(tried), compared=compared, second=cross_check
            )
        finding = replace(finding, tried=tuple(dict.fromkeys((*tried, *finding.tried))))
        if cross_check is None:
            return finding
        comparison = Compare(problem, cross_check, finding.attempts, seed, deadline)
        return replace(finding, compared=self._compared(comparison, progress), second=cross_check)

    def _prepare(self) -> None:
        """Load what first looks take, if more than one question is asked."""
        self._finds += 1
        if self._looks and self._finds > 1 and self._look is None:
            from zerograd.search.first_look import FirstLook  # FLINT: not for one question alone

            look = FirstLook(self._memory)
            look.start()
            self._look = look

    def _compared(self, request: Compare, progress: Progress) -> tuple[Comparison, ...]:
        """Return what a second solver says of the numbers of samples that were decided."""
        compared: list[Comparison] = []

        def take(reply: Reply) -> None:
            if isinstance(reply, Comparison):
                compared.append(reply)

        problem, deadline = request.problem, request.deadline
        try:
            self.ask(request, Compared, deadline=deadline, about=problem, progress=progress, take=take)
        except Stopped as stopped:
            return completed(compared, request.attempts, _undecided(stopped).reason, request.solver)
        return tuple(compared)

    def drawn_generic(
        self, problem: Problem, samples: int, *, seed: int, deadline: float, progress: Progress
    ) -> Witness | None:
        """Return the smallest generic witness with M = ``samples`` that is drawn, if one is.

        Raises:
            ServiceFailed: an error inside the search: a bug.
        """
        request = DrawGeneric(problem, samples, seed, deadline)
        try:
            ranked = self.ask(request, Ranked, deadline=deadline, about=problem, progress=progress)
        except Stopped:
            return None
        return ranked.witnesses[0] if ranked.witnesses else None

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
            ServiceFailed: an error inside the search: a bug.
        """
        best = Ranked((), 0)

        def take(reply: Reply) -> None:
            nonlocal best
            if isinstance(reply, Smaller):
                best = reply.ranked

        request = Shrink(problem, known.to_json(), count, effort, seed, deadline)
        try:
            ranked = self.ask(
                request,
                Ranked,
                deadline=deadline,
                about=problem,
                progress=progress,
                take=take,
                meanwhile=meanwhile,
            )
        except Stopped:
            return best
        return ranked if ranked.witnesses else best


def _undecided(stopped: Stopped) -> Undecided:
    if isinstance(stopped, Busy):
        return Undecided("timeout", "another search was running")
    if stopped.reason == "timeout":
        return Undecided("timeout", "the search was stopped at the deadline")
    return Undecided("memory", f"the search was stopped: {stopped.detail}")
