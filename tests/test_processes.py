"""A search and a search for proofs share one time: neither leaves the other's half unused."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Event
from typing import Any, cast

import pytest

import zerograd as zg
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.verdict.answer import Answer
from zerograd.core.verdict.witness import Witness
from zerograd.processes import first_of
from zerograd.proving.messages import ProofFinding

QUESTION = zg.Problem(network=[1, 1], samples=1, zero=["b1"])
ONE: dict[str, Array[Exact]] = {name: Array((1, 1), (1,)) for name in ("w1", "x", "y")}
SAT = zg.Sat(Witness.of(QUESTION, {**ONE, "b1": Array((1,), (0,))}), problem=QUESTION)
UNKNOWN = zg.Unknown("timeout", problem=QUESTION)


@dataclass
class Killable:
    """What stands for a process: killing it ends who waits for it."""

    killed: Event = field(default_factory=Event)

    def kill(self) -> None:
        self.killed.set()


def both(search: Any, find_proof: Any, after: float = 0.05) -> Any:
    """Return what `first_of` does, and the two processes."""
    searching, proving = Killable(), Killable()

    def searched() -> Answer:
        return cast("Answer", search(searching))

    def found() -> ProofFinding:
        return cast("ProofFinding", find_proof(proving))

    result = first_of(
        searched, found, after=after, searching=cast("Any", searching), proving=cast("Any", proving)
    )
    return *result, searching.killed.is_set(), proving.killed.is_set()


def test_a_search_goes_on_when_no_proof_is_found() -> None:
    """It has the whole time, not half of it."""

    def search(_: Killable) -> Answer:
        time.sleep(0.3)
        return SAT

    answer, finding, *killed = both(search, lambda _: ProofFinding(None, ("nothing",)))
    assert (answer, finding.certificate) == (SAT, None)
    assert not killed[0]


def test_a_proof_ends_the_search() -> None:
    """There is no answer then, and nobody waits."""
    proof = ProofFinding(cast("Any", "certificate"), ())

    def search(process: Killable) -> Answer:
        process.killed.wait(30)
        return UNKNOWN

    answer, finding, search_killed, _ = both(search, lambda _: proof)
    assert (answer, finding, search_killed) == (None, proof, True)


def test_a_counterexample_ends_the_search_for_a_proof() -> None:
    """Nothing is proved then."""

    def search(_: Killable) -> Answer:
        time.sleep(0.2)
        return SAT

    def find_proof(process: Killable) -> ProofFinding:
        process.killed.wait(30)
        return ProofFinding(None, ("stopped",))

    answer, _, _, proof_killed = both(search, find_proof)
    assert (answer, proof_killed) == (SAT, True)


def test_a_quick_search_needs_no_company() -> None:
    """The proof is then for the caller to ask for, with all the time that is left."""
    answer, finding, *_ = both(lambda _: UNKNOWN, lambda _: pytest.fail("not asked"), after=30)
    assert (answer, finding) == (UNKNOWN, None)


def test_an_error_ends_the_search() -> None:
    """Ctrl-C while a proof is looked for."""
    searching = Killable()

    def search() -> Answer:
        searching.killed.wait(30)
        return UNKNOWN

    def interrupted() -> ProofFinding:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        first_of(
            search, interrupted, after=0.05, searching=cast("Any", searching), proving=cast("Any", Killable())
        )
    assert searching.killed.is_set()
