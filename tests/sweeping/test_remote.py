"""What a worker of a cluster does, in this process."""

from __future__ import annotations

import json

import zerograd as zg
from zerograd.core.verdict.row import Row
from zerograd.sweeping import remote

PROBLEM = zg.Problem(network=[1, 1, 1], samples=1, zero=["w1"], nonzero=["w2"])
CAP = 2**31


def test_a_row_is_text_to_text() -> None:
    """What comes back is the document of an answer, which the checker accepts."""
    said = json.loads(remote.row(json.dumps(PROBLEM.to_json()), 60, 0, CAP))
    assert Row({}, PROBLEM, said["answer"]).status == "sat"


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
