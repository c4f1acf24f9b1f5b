"""Questions to a solver whose answers nobody waits for."""

from __future__ import annotations

import time

from zerograd.solvers.base import Model
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import Constant, Script, relate

QUESTIONS = 400
"""More than either pipe takes."""


def long_question() -> Script:
    """Easily answered, by a model that takes some place."""
    script = Script()
    for number in range(40):
        unknown = script.declare(f"a_long_name_of_an_unknown_{number}", "Real")
        script.require(relate(unknown, ">", Constant(number)))
    return script


def test_questions_that_are_left_do_not_pile_up() -> None:
    """A process at one of them is not ready for another; it is later, and its answers are its own."""
    script, asked = long_question(), 0
    with SolverProcess() as process:
        assert process.ready(time.monotonic() + 60)
        for _ in range(QUESTIONS):
            if process.ready(0.0):
                process.submit(script, deadline=time.monotonic() + 60, mode="general")
                process.leave()
                asked += 1
        assert 1 <= asked <= QUESTIONS
        assert process.ready(time.monotonic() + 60)
        assert isinstance(process.check(script, deadline=time.monotonic() + 60, mode="general"), Model)
