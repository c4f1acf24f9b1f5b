"""What a worker of a cluster does: a row, as text to text. It imports next to nothing before it is asked."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zerograd.proving.process import ProofProcess
    from zerograd.search.process import SearchProcess

_OWN = threading.local()


def row(question: str, timeout: float, seed: int, memory: int) -> str:
    """Answer a row: a pure function of its arguments, so that any worker may do it, and do it again.

    Args:
        question: the problem as JSON.

    Returns:
        JSON: ``answer``, the document of the result; or ``bug``, what was caught before it became one.
    """
    from zerograd.core.errors import ZerogradError
    from zerograd.core.numbers.work import budget
    from zerograd.core.question.documents import problem_from_json
    from zerograd.sweeping.tasks import Settings, answered

    with budget():
        problem = problem_from_json(json.loads(question))
    try:
        document = answered(problem, Settings(timeout, seed, memory), *_processes(memory))
    except ZerogradError as error:
        return json.dumps({"bug": str(error)})
    return json.dumps({"answer": document}, ensure_ascii=False)


def _processes(memory: int) -> tuple[SearchProcess, ProofProcess]:
    """Return a thread's own processes, for all its rows with this cap; they end with the worker."""
    from zerograd.proving.process import ProofProcess
    from zerograd.search.process import SearchProcess

    if getattr(_OWN, "memory", None) != memory:
        for process in getattr(_OWN, "processes", ()):
            process.close()
        _OWN.processes = (
            SearchProcess(memory, solvers=1, first_look=False),
            ProofProcess(memory, beside=False),
        )
        _OWN.memory = memory
    processes: tuple[SearchProcess, ProofProcess] = _OWN.processes
    return processes
