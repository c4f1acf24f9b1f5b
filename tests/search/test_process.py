"""What is left of a search that is stopped. (That it is stopped in time: tests/test_api.py.)"""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from zerograd.core.question.problem import Problem
from zerograd.search.messages import WIRE, Ranked, Smaller
from zerograd.search.process import SearchProcess
from zerograd.search.smallest.best import witness_of
from zerograd.services.child import Ended
from zerograd.services.wire import Note


class Scripted:
    """A child that says what it is told to, and then ends in some way."""

    alive = True

    def __init__(self, messages: list[object], end: Exception) -> None:
        self.messages, self.end = messages, end

    def send(self, line: bytes) -> None:
        """Nothing comes of it."""

    def receive(self, deadline: float) -> bytes:
        """The next message."""
        if not self.messages:
            raise self.end
        return WIRE.write(self.messages.pop(0))

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("end", [TimeoutError(), Ended(-9)])
def test_a_search_that_is_stopped_keeps_what_it_found(end: Exception) -> None:
    """The smallest so far, and how far it came."""
    problem = Problem(network=[1, 1, 1], samples=1, nonzero=["w1"])
    rows = (((Fraction(1),), (Fraction(2),)),)
    one, two = (
        witness_of(problem, ((Fraction(w), Fraction(0), Fraction(w), Fraction(0)), rows)) for w in (2, 1)
    )
    told = [Ranked((witness,), number) for number, witness in enumerate((one, two))]
    process = SearchProcess()
    process.close()
    said: list[str] = []

    def search(messages: list[object]) -> Ranked:
        process._child = Scripted(messages, end)  # type: ignore[assignment]
        return process.smallest(
            problem, one, count=1, effort=None, seed=0, deadline=time.monotonic() + 60, progress=said.append
        )

    smaller = [Smaller(ranked) for ranked in told]
    assert search([smaller[0], Note("…"), smaller[1]]) == told[1]
    assert search([*smaller, Ranked((), 0)]) == told[1]
    assert search([smaller[1], told[0]]) == told[0]
    assert search([]) == Ranked((), 0)
    assert said == ["…"]
