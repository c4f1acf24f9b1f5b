"""The search for proofs with limits that hold. This module loads neither FLINT nor any solver."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any, Self

from zerograd.core.errors import ZerogradError
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import certificate_from_json
from zerograd.proving.finding import ProofFinding
from zerograd.workers import DEFAULT_MEMORY, Ended, Worker, ran_out_of_memory

GRACE = 0.5
"""Seconds by which it may overrun its time, to say what is open, before it is killed."""


class ProofSearchFailed(ZerogradError):  # noqa: N818 - named for what happened
    """The search for a proof broke down; the message is its own account. A bug, and never an answer."""


class ProofProcess:
    """The search for proofs in a process of its own, started when it is first needed, and reused.

    Use it as a context manager: leaving it kills the process.

    Args:
        memory: cap in bytes on its address space.
    """

    def __init__(self, memory: int = DEFAULT_MEMORY) -> None:
        self.memory = memory
        self._lock = Lock()
        self._worker: Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def kill(self) -> None:
        """Kill the process, if there is one, under the thread that may be waiting for it."""
        worker = self._worker
        if worker is not None:
            worker.kill()

    def close(self) -> None:
        """Kill the process and wait for its end."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def find(
        self, problem: Problem, *, deadline: float, fixed: bool, progress: Callable[[str], None]
    ) -> ProofFinding:
        """Look for a certificate until ``deadline`` (of `time.monotonic`).

        Args:
            fixed: only certificates that speak of a fixed number of samples.

        Raises:
            ProofSearchFailed: an error inside the search: a bug.
        """
        if not self._lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return ProofFinding(None, ("time ran out while another proof was looked for",))
        try:  # one conversation at a time
            return self._find({"problem": problem.to_json(), "deadline": deadline, "fixed": fixed}, progress)
        finally:
            self._lock.release()

    def _find(self, request: dict[str, Any], progress: Callable[[str], None]) -> ProofFinding:
        if self._worker is None:
            self._worker = Worker("zerograd.proving.worker", str(self.memory))
        worker = self._worker
        try:
            worker.send(request)
            while "open" not in (message := worker.receive(request["deadline"] + GRACE)):
                if "failure" in message:
                    raise ProofSearchFailed(message["failure"])
                progress(message["progress"])
        except TimeoutError:
            self.close()
            return ProofFinding(None, ("time ran out",))
        except Ended as ended:
            self.close()
            if not ran_out_of_memory(ended):
                raise ProofSearchFailed(str(ended)) from None
            return ProofFinding(None, ("memory ran out",))
        except BaseException:
            self.close()
            raise
        found = message["certificate"]
        certificate = None if found is None else certificate_from_json(found)
        return ProofFinding(certificate, tuple(message["open"]))
