"""What a worker of a cluster does, in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.verdict.row import Row
from zerograd.sweeping import remote, tasks

PROBLEM = zg.Problem(network=[1, 1, 1], samples=1, zero=["w1"], nonzero=["w2"])
CAP = 2**31


BUG = zg.Problem(network=[1, 1, 1], samples=1, zero=["w2"])
FAULT = zg.Problem(network=[1, 1, 1], samples=1, zero=["b2"])


def asked(*problems: zg.Problem) -> dict[str, Any]:
    questions = json.dumps([problem.to_json() for problem in problems])
    said: dict[str, Any] = json.loads(remote.rows(questions, 60, 0, CAP))
    return said


def test_rows_are_text_to_text() -> None:
    """What comes back are the documents of answers, which the checker accepts."""
    said = asked(PROBLEM, PROBLEM)
    assert [Row({}, PROBLEM, row["answer"]).status for row in said["rows"]] == ["sat", "sat"]
    assert len(said["seconds"]) in (1, 2)  # the first one starts processes
    assert len(asked(PROBLEM)["seconds"]) == 1


def test_what_goes_wrong_with_a_row_is_said_of_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug that was caught, and whatever else: the others are answered."""
    answered = tasks.answered

    def wrong(problem: zg.Problem, *rest: Any) -> dict[str, Any]:
        if problem.digest == BUG.digest:
            raise zg.ZerogradError("out of order")
        if problem.digest == FAULT.digest:
            raise MemoryError("no more")
        return answered(problem, *rest)

    monkeypatch.setattr(tasks, "answered", wrong)
    first, second, third, fourth = asked(PROBLEM, BUG, FAULT, PROBLEM)["rows"]
    assert first["answer"]["status"] == fourth["answer"]["status"] == "sat"
    assert (second, third) == ({"bug": "out of order"}, {"failed": "MemoryError: no more"})


def test_a_batch_that_takes_long_stops_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """But not before its first row."""
    monkeypatch.setattr(remote, "LONG", -1.0)
    assert len(asked(PROBLEM, PROBLEM, PROBLEM)["rows"]) == 1


def test_processes_have_the_cap_of_the_row() -> None:
    """They are kept from row to row, but not for a row with another cap on memory."""
    first = remote._processes(CAP)
    assert remote._processes(CAP) is first
    other = remote._processes(2 * CAP)
    assert other is not first
    assert [str(2 * CAP) in process._command for process in other] == [True, True]
    for process in other:
        process.close()
    remote._OWN.memory = None
