"""What a worker of a cluster does: a row, as text to text. It imports next to nothing before it is asked."""

from __future__ import annotations

import json
import threading

_OWN = threading.local()


def version() -> str:
    """Return the version of zerograd on this worker."""
    from zerograd._version import __version__

    return __version__


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
    from zerograd.proving.process import ProofProcess
    from zerograd.search.process import SearchProcess
    from zerograd.sweeping.tasks import Settings, answered

    with budget():
        problem = problem_from_json(json.loads(question))
    if not hasattr(_OWN, "search"):  # a thread's own, for all its rows; they end with the worker
        _OWN.search, _OWN.prover = SearchProcess(memory, solvers=1, first_look=False), ProofProcess(memory)
    try:
        document = answered(problem, Settings(timeout, seed, memory), _OWN.search, _OWN.prover)
    except ZerogradError as error:
        return json.dumps({"bug": str(error)})
    return json.dumps({"answer": document}, ensure_ascii=False)
