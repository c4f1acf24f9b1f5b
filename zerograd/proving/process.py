"""Searches for proofs with limits that hold. This module loads neither FLINT nor any solver."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from zerograd.core.question.problem import Problem
from zerograd.services.service import DEFAULT_MEMORY, Busy, Service, Stopped
from zerograd.services.wire import ServiceFailed, Wire

if TYPE_CHECKING:  # certificates: not before one is looked for
    from zerograd.proving.messages import ProofFinding, Prove, Turned


def _wire() -> Wire[Prove, Turned | ProofFinding]:
    from zerograd.proving.messages import WIRE

    return WIRE


class ProofProcess(Service["Prove", "Turned | ProofFinding"]):
    """The search for proofs in a process of its own, started when it is first needed, and reused.

    Args:
        memory: cap in bytes on its address space.
        beside: whether there is a core to spare: the checker then derives its facts during the search.
    """

    def __init__(self, memory: int = DEFAULT_MEMORY, *, beside: bool = True) -> None:
        super().__init__("zerograd.proving.worker", _wire, memory)
        self._beside = beside

    def find(
        self, problem: Problem, *, deadline: float, fixed: bool, progress: Callable[[str], None]
    ) -> ProofFinding:
        """Look for a certificate until ``deadline`` (of `time.monotonic`).

        Args:
            fixed: only certificates that speak of a fixed number of samples.

        A bug inside the search costs the proof, not the answer: it is told as what stands in the way.
        """
        from zerograd.proving.messages import ProofFinding, Prove, Turned

        def take(reply: Turned | ProofFinding) -> None:
            from zerograd.core.refuting.ahead import derive_ahead  # once the search is under way
            from zerograd.core.refuting.refutation import system_of

            if self._beside and isinstance(reply, Turned) and not problem.spurious:
                kind, samples = reply.kind, reply.samples
                derive_ahead(problem, kind, samples, lambda: system_of(problem, kind, samples))

        try:
            return self.ask(
                Prove(problem, deadline, fixed), ProofFinding, deadline=deadline, progress=progress, take=take
            )
        except ServiceFailed as failure:
            line = str(failure).strip().splitlines()[-1]
            return ProofFinding(None, (f"the search for proofs failed ({line}): please report it",))
        except Busy:
            return ProofFinding(None, ("time ran out while another proof was looked for",))
        except Stopped as stopped:
            return ProofFinding(None, ("memory ran out" if stopped.reason == "memory" else "time ran out",))
