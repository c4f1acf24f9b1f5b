"""Audits of partly given and of rounded examples, before a checker written from docs/FORMATS.md alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

import zerograd as zg
from tests.independent.audits import check
from tests.independent.documents import No

DEAD = zg.Problem(network=[1, 2, 1], samples=2, where=["z1 < 0"])
PRODUCT = zg.Problem(
    network=[1, 1, 1], samples=1, given={"x": 1, "y": 1, "w1": "0.33", "b1": 0, "w2": "0.67", "b2": 0}
)
KINK = zg.Problem(network=[1, 1, 1], samples=1, given={"x": 1, "w1": 1, "b1": -1, "y": 1, "b2": "1/4"})
CASES: dict[str, tuple[zg.Problem, list[object]]] = {
    "all units off": (DEAD, ["grad(w1) == 0", "grad(b2) == 0", "y_hat == b2", "z1 > 0", "loss >= 0"]),
    "rounded": (PRODUCT, ["y_hat == 2/9", "loss ~ 0.605", {"rounded": 2}]),
    "rounded, none": (PRODUCT, ["y_hat == 2/9", "loss ~ 0.606", {"rounded": 2}]),
    "given enough": (
        zg.Problem(network=[1, 2, 1], samples=1, given={"x": 3, "w1": [1, -1], "b1": [0, "1/3"]}),
        ["z1 == [[3, -8/3]]", "a1 ~ [[3.0, 0.0]]", "z1 ~ [[3.0, -2.67]]", "z1 == 3", "z1 ~ [[3.0, 2.67]]"],
    ),
    "on a kink": (
        KINK,
        ["grad(w1) == 0", "loss == 9/16", "y_hat ~ 0.25", "loss ~ 0.56", "y_hat ~ 0.3", "loss == 2"],
    ),
}


def document_of(name: str) -> dict[str, Any]:
    """The document of an audit."""
    problem, claims = CASES[name]
    document: dict[str, Any] = json.loads(json.dumps(zg.audit(problem, claims).to_json()))
    if name.startswith("rounded"):  # where all is given, other findings are calculations
        document["kink"] = None
        column = document["findings"][0]["claims"]
        for finding in column[:-1]:
            finding["grade"] = "undecided"
    return document


@pytest.mark.parametrize("name", CASES)
def test_both_accept(name: str) -> None:
    """Every answer is one to the question that follows from the claim, and every grade follows."""
    check(document_of(name))


def test_neither_accepts_another_grade_of_what_is_given() -> None:
    """A grade without answers that is not so, or of a claim about what is not given."""
    document = document_of("given enough")
    assert not any("answers" in finding for finding in document["findings"][0]["claims"])
    for number, change in ((0, "wrong"), (2, "right"), (3, "right"), (4, "rounded")):
        forged = json.loads(json.dumps(document))
        forged["findings"][0]["claims"][number]["grade"] = change
        with pytest.raises(No):
            check(forged)
    forged = json.loads(json.dumps(document))
    forged["claims"][0] = "y_hat == 0"
    forged["findings"][0]["claims"][0] = {"grade": "right"}
    with pytest.raises(No):
        check(forged)


def test_neither_accepts_another_answer() -> None:
    """A grade that does not follow, an answer to another question, another witness."""
    document = document_of("all units off")
    findings = document["findings"][0]["claims"]
    for number, change in (
        (0, {"grade": "open"}),
        (1, {"answers": dict.fromkeys(("for", "against"), findings[1]["answers"]["for"])}),
        (2, {"answers": findings[0]["answers"]}),
    ):
        forged = json.loads(json.dumps(document))
        forged["findings"][0]["claims"][number] |= change
        with pytest.raises(No):
            check(forged)
    forged = json.loads(json.dumps(document))
    witness = forged["findings"][0]["claims"][1]["answers"]["against"]["witness"]
    witness["parameters"]["b1"] = ["1", "1"]
    with pytest.raises(No):
        check(forged)
