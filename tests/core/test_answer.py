"""Answers made of other answers: what was accepted is kept, and what is new is checked."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.errors import NothingToCheck, Refused
from zerograd.core.question.problem import Problem
from zerograd.core.refuting import refutation
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.verdict import answer as answers
from zerograd.core.verdict.answer import Run, Sat, Smallest, Unknown, Unsat
from zerograd.core.verdict.size import size_of
from zerograd.core.verdict.witness import Witness


def founding(**changes: Any) -> Problem:
    """The founding question."""
    return Problem(
        **{"network": [1, 1, 1], "samples": "fewest", "zero": ["b2", "w2"], "nonzero": ["b1", "w1"]} | changes
    )


@pytest.fixture(scope="module")
def sat() -> Sat:
    """The founding answer, with a proof that fewer samples will not do."""
    answer = zg.solve(founding(), prefer="any")
    assert isinstance(answer, Sat)
    assert answer.fewer is not None
    return answer


@pytest.fixture(scope="module")
def unsat() -> Unsat:
    """Two samples are not enough: a certificate."""
    answer = zg.solve(founding(samples=2))
    assert isinstance(answer, Unsat)
    assert answer.certificate is not None
    return answer


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the checks that are made."""
    names: list[str] = []

    def counted(module: ModuleType, name: str) -> Callable[..., None]:
        check: Callable[..., None] = getattr(module, name)

        def count(*arguments: Any) -> None:
            names.append(name)
            check(*arguments)

        return count

    for name in ("check_witness", "check_fewer", "check_size"):
        monkeypatch.setattr(answers, name, counted(answers, name))
    monkeypatch.setattr(refutation, "check_certificate", counted(refutation, "check_certificate"))
    return names


def other(witness: Witness) -> Witness:
    """An equal witness that is another object."""
    return Witness(witness.problem, witness.parameters, witness.x, witness.y)


def test_what_was_accepted_is_not_checked_again(sat: Sat, unsat: Unsat, checked: list[str]) -> None:
    """Neither for another run, nor for a note beside it."""
    run = Run(seconds=7.0)
    kept = sat.updated(run=run, checks={"float64": "left out"})
    assert (kept, kept.run, kept.checks, kept.fewer) == (sat, run, {"float64": "left out"}, sat.fewer)
    assert unsat.updated(run=run).certificate is unsat.certificate
    assert Unknown("timeout", problem=founding()).updated(run=run).run is run
    assert checked == []


def test_what_is_new_is_checked(sat: Sat, unsat: Unsat, checked: list[str]) -> None:
    """Another witness, certificate, size or problem; the proof for fewer samples is about their number."""
    size = size_of(sat.witness)
    assert size is not None
    assert sat.updated(witness=other(sat.witness), smallest=Smallest(size, 0)).fewer is sat.fewer
    assert checked == ["check_witness", "check_size"]
    checked.clear()
    certificate = Certificate(unsat.problem.digest, unsat.certificate.parts) if unsat.certificate else None
    unsat.updated(certificate=certificate)
    unsat.updated(problem=founding(samples=2))
    assert checked == ["check_certificate"] * 2
    checked.clear()
    sat.updated(problem=founding())
    assert checked == ["check_witness", "check_fewer", "check_certificate"]


def test_what_is_refused_is_not_made(sat: Sat, unsat: Unsat) -> None:
    """A change that is not accepted is refused, and a field that does not exist is a mistake."""
    witness = sat.witness
    with pytest.raises(Refused):
        sat.updated(witness=Witness(witness.problem, witness.parameters, witness.x, witness.x))
    with pytest.raises(Refused):
        sat.updated(problem=founding(samples=4))
    with pytest.raises(Refused):
        sat.updated(fewer=unsat.certificate)
    with pytest.raises(Refused):
        unsat.updated(problem=founding(samples=3))
    with pytest.raises(Refused):
        unsat.updated(certificate=sat.fewer)
    with pytest.raises(NothingToCheck):
        unsat.updated(certificate=None)
    with pytest.raises(NothingToCheck):
        unsat.updated(evidence="solver")
    for unknown in ({"told": True}, {"status": "unsat"}):
        with pytest.raises(TypeError, match="no fields of an answer"):
            sat.updated(**unknown)


def test_answers_can_be_pickled(sat: Sat) -> None:
    """Other processes and caches get the same answer, with what was calculated of it."""
    assert sat.witness.gradients["w2"].entries == (0,)
    again = pickle.loads(pickle.dumps(sat))
    assert again == sat
    assert again.problem.model == sat.problem.model
    assert again.witness.gradients == sat.witness.gradients
