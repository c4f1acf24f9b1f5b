"""What a worker of a cluster does: rows, as text to text. It imports next to nothing before it is asked."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zerograd.proving.process import ProofProcess
    from zerograd.search.process import SearchProcess
    from zerograd.sweeping.tasks import Settings

LONG = 2.0
"""Seconds after which no further row of a batch is begun: others may have nothing to do by then."""
_OWN = threading.local()


def rows(questions: str, timeout: float, seed: int, memory: int) -> str:
    """Answer rows: a pure function of its arguments, so that any worker may do it, and do it again.

    How many it answers depends on the time; the first one always.

    Args:
        questions: a list of problems as JSON.
        timeout: seconds for each of them.

    Returns:
        JSON: ``rows``, for the first problems one each: ``answer``, the document of the result; ``bug``, what
        was caught before it became one; or ``failed``, what else went wrong. ``seconds``: what rows took, but
        for the first one of a thread, in which processes start.
    """
    from zerograd.sweeping.tasks import Settings

    settings = Settings(timeout, seed, memory)
    said: list[dict[str, Any]] = []
    seconds: list[float] = []
    began = time.monotonic()
    for question in json.loads(questions):
        fresh, start = getattr(_OWN, "memory", None) != memory, time.monotonic()
        if said and start - began > LONG:
            break
        said.append(_row(question, settings))
        if not fresh:
            seconds.append(time.monotonic() - start)
    return json.dumps({"rows": said, "seconds": seconds}, ensure_ascii=False)


def _row(question: Any, settings: Settings) -> dict[str, Any]:
    """Answer one; whatever goes wrong with it is no matter of the others."""
    from zerograd.core.errors import ZerogradError
    from zerograd.core.numbers.work import budget
    from zerograd.core.question.documents import problem_from_json
    from zerograd.sweeping.tasks import answered

    try:
        with budget():
            problem = problem_from_json(question)
        return {"answer": answered(problem, settings, *_processes(settings.memory))}
    except ZerogradError as error:
        return {"bug": str(error)}
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}


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
