"""Questions that ask for a global minimum: what is answered, with which evidence, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

import zerograd as zg
from tests.independent.check import check, check_point
from tests.independent.documents import No
from tests.independent.kinds import Kinds
from tests.independent.problems import Problem as OtherProblem
from zerograd.core.auditing.judging import check_audit
from zerograd.core.errors import FormatError, ProblemError, Refused
from zerograd.core.points.documents import check_kind_document
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.small_datasets import hypotheses_fail
from zerograd.core.refuting.certificate import Certificate, certificate_from_json
from zerograd.core.verdict.checking import check_result
from zerograd.core.verdict.results import answer_from_json
from zerograd.core.verdict.witness import Witness

XOR = {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [0, 1, 1, 0]}
V = {"x": [-1, 0, 1], "y": [0, 1, 0]}
NO_LAST_BIAS = {"inputs": 1, "layers": [{"units": 1}, {"units": 1, "activation": "linear", "bias": False}]}
CONSTANT = {"w1": 0, "b1": 1, "w2": "1/3"}


def asked(**more: Any) -> zg.Problem:
    """A question about global minima."""
    settings: dict[str, Any] = {"network": NO_LAST_BIAS, "samples": 3, "minimum": "global", "given": V}
    return zg.Problem(**{**settings, **more})


def accepted(problem: zg.Problem, answer: zg.Sat | zg.Unsat) -> dict[str, Any]:
    """The document of an answer, which the core accepts."""
    document: dict[str, Any] = json.loads(json.dumps(answer.to_json()))
    expected = Witness if isinstance(answer, zg.Sat) else Certificate
    assert isinstance(check_result(problem, document), expected)
    read = answer_from_json(document)
    assert read.to_json() == {**document, "seconds": read.to_json()["seconds"]}
    return document


def other(problem: zg.Problem, answer: zg.Sat) -> Kinds:
    """The second checker, for a witness."""
    given = {name: array.map(str).tolist() for name, array in answer.witness.variables.items()}
    whole = zg.Problem(network=problem.network, samples=answer.samples, loss=problem.loss, given=given)
    return Kinds(OtherProblem(whole.to_json()))


@pytest.mark.parametrize(
    ("problem", "loss"),
    [
        (asked(), "2/9"),
        (asked(loss={"mse": "1/2"}), "1/9"),
        (asked(loss="sse"), "2/3"),
        (asked(given={**V, **CONSTANT}), "2/9"),
        (asked(given={**V, "w2": 2}), "2/9"),
        (asked(where=["b1 == 7"]), "2/9"),
        (asked(network=[2, 2, 1], samples=4, given=XOR), "0"),
        (asked(network=[2, 1, 1], samples=4, given=XOR), "1/6"),
        (asked(network=[2, 1, 1], samples=4, given=XOR, where=["w2 > 0"]), "1/6"),
        (asked(network=[1, 1], given=V), "2/9"),
        (asked(given={}, where=["loss > 0", "x == 1"]), "2/9"),
        (asked(network=[1, 1, 1, 1], given={"x": [1, 1, 2], "y": [0, 1, 2]}), "1/6"),
        (asked(network=[1, 2, 1], given={}), "0"),
        (asked(network=[1, 2, 2, 1], given={}), "0"),
    ],
)
def test_a_global_minimum_is_found_and_checked(problem: zg.Problem, loss: str) -> None:
    """The witness has its evidence, which both checkers accept."""
    answer = zg.solve(problem, timeout=30)
    assert isinstance(answer, zg.Sat), str(answer)
    assert str(answer.witness.loss) == loss
    document = accepted(problem, answer)
    second = other(problem, answer)
    assert second.check(document["kind"]) == document["kind"]["kind"]
    assert second.is_global(document["kind"])


def test_a_witness_without_evidence_is_refused() -> None:
    """Evidence of a local minimum does not do, nor does that of other data."""
    problem = asked(given={**V, **CONSTANT})
    document = zg.solve(problem).to_json()
    minimum = document["kind"]["minimum"]
    for kind in (
        None,
        {"kind": "flat minimum", "minimum": {"by": "multipliers"}, "level": document["kind"]["level"]},
        {"kind": "minimum", "minimum": {**minimum, "bounds": minimum["bounds"][1:]}},
        {"kind": "minimum", "minimum": {**minimum, "undivided": {}}},
    ):
        with pytest.raises(Refused):
            check_result(problem, {**document, "kind": kind})
    with pytest.raises(Refused, match="minimum"):
        check_result(problem, document["witness"])


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (asked(given={**V, **CONSTANT, "w2": "1/2"}), "falls"),
        (asked(given={**V, "w1": 1, "b1": -3, "w2": 1}), "better"),
        (asked(network=[1, 1], given={**V, "w1": 1, "b1": 0}), "falls"),
        (asked(minimum="local", given={**V, **CONSTANT, "w2": "1/2"}), "falls"),
    ],
)
def test_a_point_that_is_given_and_none(problem: zg.Problem, told: str) -> None:
    """The no has better parameters, or a way down, which both checkers accept, and a proof in words."""
    answer = zg.solve(problem)
    assert isinstance(answer, zg.Unsat) and answer.certificate is not None
    document = accepted(problem, answer)["certificate"]
    assert told in document["point"]
    check_point(OtherProblem(problem.to_json()), document)
    assert "the point that is given" in " ".join(str(zg.Proof(problem, answer.certificate)).split())
    assert certificate_from_json(document) == answer.certificate
    right = problem.asking(given={**V, **({"w1": 0, "b1": "1/3"} if "w2" not in problem.given else CONSTANT)})
    for question in (right, problem.anywhere()):
        with pytest.raises(Refused):
            check_result(question, {**document, "problem": question.digest})
        with pytest.raises(No):
            check_point(OtherProblem(question.to_json()), {**document, "problem": question.digest})


def test_what_is_asked_besides_may_exclude_it() -> None:
    """The no is about points that have the least loss; both checkers accept it, and people can read it."""
    problem = asked(given={**V, "b1": -1})
    answer = zg.solve(problem, timeout=30)
    assert isinstance(answer, zg.Unsat) and answer.certificate is not None
    document = accepted(problem, answer)["certificate"]
    assert certificate_from_json(document) == answer.certificate
    check(OtherProblem(problem.to_json()), document)
    proof = zg.prove(problem, timeout=30)
    assert isinstance(proof, zg.Proof)
    for text in (str(proof), proof.to_markdown(), proof.to_latex()):
        assert "have the loss 2/9" in " ".join(text.split())
    assert zg.plot(answer)
    with pytest.raises(zg.ZerogradError, match="minima"):
        proof.to_coq()
    better = document["better"]
    for changed in (
        {**document, "better": {**better, "w2": [["3"]]}},  # a higher loss
        {**document, "better": {**better, "w2": [["3", "1"]]}},
        {**document, "better": {"w1": [["0"]]}},
        {key: value for key, value in document.items() if key != "better"},
    ):
        with pytest.raises((Refused, FormatError)):
            check_result(problem, changed)
        with pytest.raises((No, IndexError, TypeError)):
            check(OtherProblem(problem.to_json()), changed)
    for question in (problem.anywhere(), asked(given={"b1": -1}), problem.asking(minimum="local")):
        with pytest.raises(Refused):
            check_result(question, {**document, "problem": question.digest})


def test_a_certificate_about_a_point_has_no_parts() -> None:
    """Nor another form; of a question that leaves something open it is refused."""
    problem = asked(given={**V, **CONSTANT, "w2": "1/2"})
    document = zg.solve(problem).to_json()["certificate"]
    for changed in ({**document, "parts": []}, {**document, "point": 3}, {"format": document["format"]}):
        with pytest.raises(FormatError):
            certificate_from_json(changed)
    on_kink = asked(given={**V, **CONSTANT, "w1": 1, "b1": 0}, derivative_at_kink="forbid")
    with pytest.raises(Refused, match="on a kink"):
        check_result(on_kink, {**document, "problem": on_kink.digest})
    with pytest.raises(Refused, match="not given in full"):
        check_result(asked(), {**document, "problem": asked().digest})


def test_what_is_not_known_is_said() -> None:
    """A loss whose least value is not found, and a point of which it is open."""
    mae = zg.solve(asked(given={**V, "w1": 1, "b1": -3, "w2": 1}, loss="mae"))
    assert "not one of least squares" in str(mae)
    assert isinstance(zg.solve(asked(where=["loss > 1"]), timeout=5), zg.Unsat)
    deep = zg.solve(asked(network=[1, 1, 1, 1], where=["loss > 0"]), timeout=5)
    assert "networks with one hidden layer" in str(deep)


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "bce_with_logits"])
def test_no_function_of_the_inputs_is_better(loss: str) -> None:
    """With equal inputs that is so of any network, if their predictions are the best for all of them."""
    given = {"x": [1, 1, 2], "y": [0, 1, "1/2"], "w1": 0, "b1": 1, "w2": 0, "b2": 0, "w3": 0, "b3": "1/2"}
    if loss == "bce_with_logits":
        given |= {"b3": 0}
    problem = asked(network=[1, 1, 1, 1], given=given, loss=loss)
    answer = zg.solve(problem)
    assert isinstance(answer, zg.Sat), str(answer)
    document = accepted(problem, answer)
    assert document["kind"]["minimum"] == {"by": "best function"}
    if loss != "bce_with_logits":
        second = other(problem, answer)
        assert second.check(document["kind"]) == document["kind"]["kind"]
        assert second.is_global(document["kind"])
    point = zg.Witness.of(
        problem, {**answer.witness.variables, "y": answer.witness.y.map(lambda v: 2 * v)}
    ).point
    if loss in ("mse", "huber"):
        with pytest.raises(Refused):
            check_kind_document(point, {"kind": "minimum", "minimum": {"by": "best function"}})


def test_the_key() -> None:
    """It is part of the question; no theorem on samples speaks of it; it is not spurious, too."""
    assert asked().digest != asked(minimum="local").digest != asked(minimum=None).digest
    assert problem_from_json(asked().to_json()).digest == asked().digest
    assert hypotheses_fail(asked(given={})) == "it asks for a global minimum"
    with pytest.raises(ProblemError, match="spurious"):
        asked(spurious=True)


def test_text_says_that_it_is_global() -> None:
    """In answers and in explanations; of a point that is not, what is better."""
    problem = asked(given={**V, **CONSTANT})
    assert "a global minimum: no parameters have" in " ".join(str(zg.explain(problem)).split())
    worse = asked(given={**V, "w1": 1, "b1": -3, "w2": 1})
    assert "the loss is 2/9, not 1/3, at w1 = 0" in " ".join(str(zg.explain(worse)).split())


def test_a_claim_of_an_audit() -> None:
    """Right, wrong with better parameters, undecided; documents are checked."""
    claims = ["minimum: global", {"minimum": "global"}, "minimum: local"]
    for given, grades in (
        (CONSTANT, ["right", "right", "right"]),
        ({"w1": 1, "b1": -3, "w2": 1}, ["wrong", "wrong", "right"]),
    ):
        problem = zg.Problem(network=NO_LAST_BIAS, samples=3, given={**V, **given})
        audit = zg.audit(problem, claims)
        assert [str(finding.grade) for finding in audit.findings] == grades
        document = json.loads(json.dumps(audit.to_json()))
        assert check_audit(problem, document).to_json() == document
        for finding in document["findings"][0]["claims"][:2]:
            del finding["kind"]["minimum" if "better" not in finding["kind"] else "better"]
        with pytest.raises((Refused, FormatError)):
            check_audit(problem, document)
    assert "the loss is 2/9" in " ".join(str(audit).split())
