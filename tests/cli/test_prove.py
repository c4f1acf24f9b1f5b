"""`zerograd prove --to coq`: whatever the number of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zerograd.cli.proving import _not_proved
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Unsat

if TYPE_CHECKING:
    from tests.cli.conftest import Program

QUESTION = "network: [1, 1, 1]\nsamples: any\nzero: [w1, b1]\nnonzero: [w2]\nwhere: ['w2 != 0']\n"
NEAR = (
    "network: [1, 1, 1]\nsamples: any\nzero: [b2]\nnonzero: [b1]\nwhere: ['abs(x) < 1', w1 == 1, b1 == 2]\n"
)


def test_coq_of_every_number_of_samples(program: Program) -> None:
    """The proof is the one that is found; --fixed asks for another."""
    run = program.process("prove", "-", "--to", "coq", stdin=QUESTION)
    assert (run.code, run.err) == (0, "")
    assert "Theorem no_answer :" in run.out
    run = program("prove", "-", "--to", "coq", "--samples", "1", "--fixed", stdin=QUESTION)
    assert (run.code, run.err) == (0, "")
    assert "Theorem no_answer_1 :" in run.out


def test_what_coq_is_not_told(program: Program) -> None:
    """What cannot be written for every number of samples can be for a fixed one, and the error says so."""
    run = program("prove", "-", "--to", "coq", stdin=NEAR)
    assert run.code == 2
    assert "abs(x) < 1" in run.err
    assert "--samples 3 --fixed" in run.err
    run = program("prove", "-", "--to", "coq", "--samples", "3", "--fixed", stdin=NEAR)
    assert (run.code, run.err) == (0, "")
    assert "Theorem no_answer_3 :" in run.out


def test_coq_of_chosen_slopes(program: Program) -> None:
    """The error names what else there is."""
    question = "network: [1, 1, 1]\nsamples: 1\nzero: [w2, b2]\nnonzero: [w1]\nderivative_at_kink: any\n"
    run = program("prove", "-", "--to", "coq", stdin=question)
    assert run.code == 2
    assert "write latex or markdown, or ask it under one convention, such as torch" in run.err
    assert program("prove", "-", "--to", "markdown", stdin=question).code == 0


def test_more_time_may_find_a_proof(capsys: pytest.CaptureFixture[str]) -> None:
    """A solver's word alone is no proof; it is said what may help."""
    problem = Problem(network=[1, 1, 1], samples=2, zero=["w2", "b2"], nonzero=["w1", "b1"])
    with pytest.raises(SystemExit) as ended:
        _not_proved(Unsat("solver", problem=problem), as_json=False)
    assert ended.value.code == 3
    assert "allow more, such as --timeout 10m" in capsys.readouterr().err
