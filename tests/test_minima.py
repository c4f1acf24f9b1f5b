"""Questions that ask for a local minimum: what is answered, with which evidence, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

import zerograd as zg
from tests.independent.kinds import Kinds
from tests.independent.problems import Problem as OtherProblem
from zerograd.core.errors import ProblemError, Refused
from zerograd.core.points.documents import kind_to_json
from zerograd.core.points.kinds import Kind
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.small_datasets import hypotheses_fail
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.verdict.checking import check_result
from zerograd.core.verdict.results import answer_from_json
from zerograd.core.verdict.witness import Witness
from zerograd.search.smtlib import unfit
from zerograd.spec.read import loads

XOR = {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [0, 1, 1, 0]}
PLATEAU: dict[str, Any] = {"w1": 1, "b1": 0, "w2": 0, "b2": 1, "x": [1, 2], "y": [0, 2]}


def asked(**more: Any) -> zg.Problem:
    """A question about local minima that are no fits."""
    settings: dict[str, Any] = {"network": [1, 1, 1], "samples": 3, "minimum": "local", "where": ["loss > 0"]}
    return zg.Problem(**{**settings, **more})


def solved(problem: zg.Problem) -> zg.Sat:
    """The answer, which is a yes."""
    answer = zg.solve(problem, timeout=30)
    assert isinstance(answer, zg.Sat), str(answer)
    return answer


def test_the_key_is_part_of_the_question_where_it_stands() -> None:
    """Files without it have the digest that they had."""
    plain = asked(minimum=None)
    assert "minimum" not in plain.meaning()
    assert asked().digest != plain.digest == asked().anywhere().digest
    assert problem_from_json(asked().to_json()).digest == asked().digest
    text = "network: [1, 1, 1]\nsamples: 3\nminimum: local\nwhere: loss > 0\n"
    assert loads(text.encode()).digest == asked().digest


def test_other_words_are_mistakes() -> None:
    """Local and global are what can be asked."""
    with pytest.raises(ProblemError, match="minimum"):
        asked(minimum="best")
    with pytest.raises(zg.ZerogradError, match="minimum"):
        loads(b"network: [1, 1, 1]\nsamples: 3\nminimum: globl\n")


@pytest.mark.parametrize(
    "problem",
    [
        asked(),
        asked(loss="mae"),
        asked(network=[1, 1, 2]),
        asked(network=[2, 2, 1], samples=4, given=XOR, where=["loss == 1/4"]),
        asked(network={"inputs": 2, "layers": [{"units": 1, "activation": "abs"}]}, zero=["b1"]),
    ],
)
def test_a_local_minimum_is_found_and_checked(problem: zg.Problem) -> None:
    """The witness has its evidence, which both checkers accept."""
    answer = solved(problem)
    assert answer.kind is not None and answer.kind.kind.is_minimum
    document = json.loads(json.dumps(answer.to_json()))
    assert isinstance(check_result(problem, document), Witness)
    assert answer_from_json(document).to_json()["kind"] == document["kind"]
    variables = answer.witness.variables
    given = {name: array.map(str).tolist() for name, array in variables.items()}
    whole = zg.Problem(
        network=problem.network, samples=answer.samples, loss=problem.loss, given=given
    ).to_json()
    assert Kinds(OtherProblem(whole)).check(document["kind"]) == document["kind"]["kind"]
    assert "local minimum" in " ".join(str(zg.explain(answer)).split())


def test_a_witness_without_evidence_is_refused() -> None:
    """Without it, with that of another point, and as a bare document."""
    problem = asked(given={"w1": -1, "b1": 0})
    document = solved(problem).to_json()
    for changed in (
        {key: value for key, value in document.items() if key != "kind"},
        {**document, "kind": {"kind": "undecided"}},
        {**document, "kind": {**document["kind"], "minimum": {"by": "best predictions"}}},
        document["witness"],
    ):
        with pytest.raises(Refused):
            check_result(problem, changed)
    with pytest.raises(Refused, match="minimum"):
        zg.Sat(solved(problem).witness, problem=problem)


def test_a_claim_is_checked_where_nobody_asked() -> None:
    """A result may say of what kind its witness is, if it is so."""
    found = solved(asked())
    plain = zg.Sat(found.witness.answering(asked().anywhere()), problem=asked().anywhere())
    assert "kind" not in plain.to_json()
    assert found.kind is not None
    told = plain.to_json() | {"kind": kind_to_json(found.witness.point, found.kind)}
    check_result(plain.problem, told)
    with pytest.raises(Refused):
        check_result(plain.problem, told | {"kind": {**told["kind"], "kind": "strict minimum"}})


def test_a_no_without_the_minimum_is_a_no() -> None:
    """It has its certificate, for the question that was asked."""
    problem = asked(samples=2, zero=["w2", "b2"], nonzero=["w1", "b1"], where=())
    answer = zg.solve(problem, timeout=30)
    assert isinstance(answer, zg.Unsat) and answer.certificate is not None
    assert isinstance(check_result(problem, answer.to_json()), Certificate)


def test_a_point_that_is_given() -> None:
    """A local minimum is accepted; of another the no has a curve along which the loss falls."""
    flat = zg.Problem(network=[1, 1, 1], samples=2, minimum="local", given={**PLATEAU, "w1": -1})
    answer = zg.solve(flat)
    assert isinstance(answer, zg.Sat) and answer.kind is not None and answer.kind.kind is Kind.FLAT
    falls = zg.Problem(network=[1, 1, 1], samples=2, minimum="local", given=PLATEAU)
    no = zg.solve(falls)
    assert isinstance(no, zg.Unsat) and no.certificate is not None
    document = json.loads(json.dumps(no.to_json()))
    assert isinstance(check_result(falls, document), Certificate)
    assert answer_from_json(document).to_json()["certificate"] == document["certificate"]
    for question in (flat, falls.anywhere()):
        with pytest.raises(Refused):
            check_result(question, {**document["certificate"], "problem": question.digest})
    wrong = zg.Problem(network=[1, 1, 1], samples=2, minimum="local", given=PLATEAU, zero=["w2"])
    assert isinstance(zg.solve(wrong), zg.Unsat)


def test_the_theorem_on_small_datasets_says_nothing() -> None:
    """Samples that are left out change what the loss is."""
    assert hypotheses_fail(asked(where=())) == "it asks for a local minimum"
    assert unfit(asked()) == "a local minimum is asked for"


def test_text_says_what_kind_of_point_it_is() -> None:
    """Also of a critical point of which it was not asked."""
    from zerograd.show.text import answer_text

    given = {"w1": 1, "b1": -3, "w2": 1, "b2": 0, "x": [5, 4, 3, 1, -1], "y": [2, 1, 0, -3, 3]}
    answer = zg.solve(zg.Problem(network=[1, 1, 1], samples=5, zero=["w1"], given=given))
    assert "kind      a flat local minimum" in answer_text(answer)
