"""The search and the search for proofs that serve all calls of one Python program."""

from __future__ import annotations

import atexit
from functools import cache

from zerograd.proving.process import ProofProcess
from zerograd.search.process import SearchProcess


@cache
def shared_search(_pid: int, memory: int) -> SearchProcess:
    """Return the search that serves all calls: loading SymPy and Z3 takes longer than most answers.

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
