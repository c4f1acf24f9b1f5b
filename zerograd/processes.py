"""The search and the search for proofs that serve all calls of one Python program, and both at once."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from contextvars import copy_context
from functools import cache
from typing import TYPE_CHECKING

from zerograd.core.verdict.answer import Answer, Sat
from zerograd.proving.process import ProofProcess
from zerograd.search.process import SearchProcess

if TYPE_CHECKING:
    from concurrent.futures import Future

    from zerograd.proving.messages import ProofFinding


@cache
def shared_search(_pid: int, memory: int) -> SearchProcess:
    """Return the search that serves all calls: loading FLINT and Z3 takes longer than most answers.

    A forked child gets its own: two parents must not talk to one process.
    """
    process = SearchProcess(memory=memory)
    atexit.register(process.close)
    return process


@cache
def shared_prover(_pid: int, memory: int) -> ProofProcess:
    """Return the search for proofs that serves all calls, as `shared_search`."""
    prover = ProofProcess(memory=memory)
    atexit.register(prover.close)
    return prover


def first_of(
    search: Callable[[], Answer],
    find_proof: Callable[[], ProofFinding],
    *,
    after: float,
    searching: SearchProcess,
    proving: ProofProcess,
) -> tuple[Answer | None, ProofFinding | None]:
    """Return the answer of a search, and what the search for a proof beside it came to, if it was begun.

    A proof ends the search, and there is no answer then; a counterexample ends the search for a proof.

    Args:
        after: seconds after which the search for a proof begins, unless the search has ended.
        searching, proving: the processes that they ask.
    """
    from concurrent.futures import ThreadPoolExecutor, wait  # with logging: not before it is needed

    def ended(future: Future[Answer]) -> None:
        if not future.cancelled() and future.exception() is None and isinstance(future.result(), Sat):
            proving.kill()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(copy_context().run, search)
        try:
            if wait([future], after).done:
                return future.result(), None
            future.add_done_callback(ended)
            finding = find_proof()
            if finding.certificate is not None and not future.done():
                searching.kill()
                return None, finding
            return future.result(), finding
        except BaseException:
            searching.kill()
            raise
