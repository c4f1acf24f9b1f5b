"""How long a solver may be at a question that it is to give little effort."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from zerograd.core.question.problem import Problem
from zerograd.search.piecewise import LOOKS, whole_question
from zerograd.solvers import process as module
from zerograd.solvers.base import GaveUp
from zerograd.solvers.messages import WIRE, Check, Started
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import Script
from zerograd.solvers.z3 import Z3

LOADING = 1.0
"""Seconds that the process below takes to start."""

ALGEBRAIC = Problem(
    network={"inputs": 2, "layers": [{"units": 2, "activation": {"leaky_relu": "1/10"}}, {"units": 2}]},
    samples=4,
    derivative_at_kink="forbid",
    zero=["b2", "w2"],
    positive=["b1", "w1"],
    where=["max(x) - min(x) >= 3 or abs(w1[0,0]) == abs(w2[1,1])"],
)
"""Z3 takes seconds for a look at it, with numbers of high degree that its steps do not count."""


class Endless:
    """A process that starts, and never comes to an end with a question; it has the time."""

    alive = True

    def __init__(self) -> None:
        self.now = 100.0
        self.asked: Check | None = None

    def monotonic(self) -> float:
        """The time."""
        return self.now

    def send(self, line: bytes) -> None:
        """Take in a question."""
        message = WIRE.read(line)
        assert isinstance(message, Check)
        self.asked = message

    def receive(self, deadline: float) -> bytes:
        """Its greeting; afterwards time passes."""
        if self.asked is None:
            self.now += LOADING
            return WIRE.write(Started("1"))
        self.now = max(self.now, deadline)
        raise TimeoutError

    def close(self) -> None:
        """Nothing is to be closed."""


@pytest.mark.parametrize("effort", sorted({effort for _, _, effort in LOOKS} | {0.01, 0.25, 1.0, 10.0}))
def test_a_little_effort_has_an_end_by_the_clock(effort: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins when the solver has started, and is far above what the effort takes."""
    child = Endless()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=child.monotonic))
    monkeypatch.setattr(SolverProcess, "start", lambda _: None)
    process = SolverProcess()
    process._child = child  # type: ignore[assignment]
    assert process.check(Script(), deadline=1000.0, mode="polynomial", effort=effort) == GaveUp(
        "timeout", "the solver overran its time and was stopped"
    )
    assert child.asked is not None
    taken = child.now - 100.0 - LOADING
    assert 5 * effort + 0.5 <= child.asked.seconds <= taken <= 5 * effort + 6
    if effort <= 0.05:
        assert taken < 2


def test_z3_minds_the_clock_beside_its_steps() -> None:
    """So the process need not be killed, and nothing is to be loaded anew."""
    _, script = whole_question(ALGEBRAIC, 4, choices=True)
    outcome = Z3().check(
        script.to_smtlib(), tuple(script.variables), mode="polynomial", seed=0, seconds=0.3, effort=0.03
    )
    assert outcome == GaveUp("timeout", "timeout")
