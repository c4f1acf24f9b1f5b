"""The program under ``python -O``, where no assertion is left: it says the same, in all its processes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import PROBLEMS
from tests.cli.questions import FOUNDING, IMPOSSIBLE

if TYPE_CHECKING:
    from tests.cli.conftest import Program, Run

pytestmark = pytest.mark.slow  # every process compiles what it imports anew

OPTIMISED = {"PYTHONOPTIMIZE": "1"}
INTEGERS = {
    "network": {"inputs": 1, "layers": [{"units": 1, "activation": "relu6", "bias": False}, {"units": 1}]},
    "samples": 2,
    "domain": "integer",
    "positive": ["w1"],
    "bounds": {"x": ["-1/2", "1/2"]},
}
"""A question whose proof splits an integer, which ended at an assertion once."""


def _verdicts(run: Run) -> list[dict[str, Any]]:
    told = ("status", "evidence", "samples", "witness", "certificate", "gradients", "loss", "strategy")
    return [{key: result[key] for key in told if key in result} for result in run.results]


def test_answers_are_the_same(program: Program, answered: Run) -> None:
    """The search, the proof and the checks, each in a process without assertions."""
    files = [program.file("m3.yaml", FOUNDING), program.file("m2.yaml", IMPOSSIBLE)]
    run = program.process("solve", "--json", *files, PROBLEMS / "irrational.yaml", environment=OPTIMISED)
    assert (run.code, _verdicts(run)) == (answered.code, _verdicts(answered))
    assert [result["evidence"] for result in run.results] == ["witness", "certificate", "witness"]


def test_floors_are_proved(program: Program) -> None:
    """An impossible question about integers has its certificate, and that is accepted."""
    name = program.file("integers.json", json.dumps(INTEGERS))
    run = program.process("solve", "--json", name, environment=OPTIMISED)
    assert (run.code, run.results[0]["status"], run.results[0]["evidence"]) == (0, "unsat", "certificate")
    program.file("result.json", run.out)
    assert program.process("verify", name, "result.json", environment=OPTIMISED).code == 0


def test_refusals_are_the_same(program: Program, answered: Run) -> None:
    """A witness that is none and a certificate that proves nothing are refused in the same words."""
    sat, unsat, _ = answered.results
    sat["witness"]["y"][0][0] = "7"
    unsat["certificate"]["parts"][0]["proof"]["cases"].popitem()
    for question, result in ((FOUNDING, sat), (IMPOSSIBLE, unsat)):
        name = program.file("p.yaml", question)
        program.file("r.json", json.dumps(result))
        checked = program.process("verify", name, "r.json", environment=OPTIMISED)
        assert checked == program.process("verify", name, "r.json")
        assert checked.code == 1 and "refused" in checked.out + checked.err
