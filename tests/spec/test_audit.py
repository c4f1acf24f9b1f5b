"""Audit files: what they mean, and what is wrong with them, with the place of every mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest

import zerograd as zg
from zerograd.spec import SpecError
from zerograd.spec import loads as problem_of
from zerograd.spec.audit import loads

GIVEN = "network: [1, 1]\nsamples: 1\ngiven: {x: 1, y: 0, w1: 1, b1: 0}\n"


def wrong(text: str) -> list[str]:
    """What is wrong with an audit file, a line for each."""
    with pytest.raises(SpecError) as caught:
        loads(text, "a.yaml")
    return str(caught.value).splitlines()


def test_a_problem_and_its_claims() -> None:
    """Decimals keep their digits; the problem is the one without claims."""
    problem, claims = loads(
        GIVEN + "claims:\n  - loss ~ 1.00\n  - {after_step: 0.10, y_hat: 0.600, b1: [-0.20]}\n  - w1 > 0\n"
    )
    assert [str(claim) for claim in claims] == [
        "loss ~ 1.00", "y_hat ~ 0.600 after a step of 1/10", "b1 ~ [-0.20] after a step of 1/10", "w1 > 0",
    ]  # fmt: skip
    assert problem == problem_of(GIVEN)


def test_a_lone_claim_and_json() -> None:
    """A text in place of a list; and JSON is YAML."""
    _, claims = loads(GIVEN + "claims: loss == 1\n")
    assert [str(claim) for claim in claims] == ["loss == 1"]
    data: dict[str, Any] = {**problem_of(GIVEN).to_json(), "claims": ["loss == 1"]}
    assert loads(json.dumps(data))[1] == claims


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (GIVEN, ["a.yaml:1:1: error: claims is missing: write what is claimed"]),
        ("[1]", ["a.yaml:1:1: error: expected keys such as network, given and claims, found a list"]),
        (GIVEN + "claims: []\n", ["a.yaml:4:9: error: claims: expected a list of claims"]),
        (
            GIVEN + "claims:\n  - loss == 1\n  - los ~ 1\n",
            ["a.yaml:6:5: error: claims[1]: unknown name 'los'"],
        ),
        (
            GIVEN + "claims:\n  - {after_step: 1/10, y_hat: x}\n",
            ["a.yaml:5:31: error: claims[0].y_hat: expected a number as it is printed, such as 0.0394"],
        ),
        (
            GIVEN + "zero: [w1]\nclaims: loss == 1\n",
            ["a.yaml:4:1: error: zero: asks a question: write it among the claims"],
        ),
        (
            "network: [1, 1]\nsamples: 0\ngiven: {x: 1}\nclaims: loss = 1\n",
            ["a.yaml:2:10: error: samples: ", "a.yaml:4:9: error: claims[0]: does not parse"],
        ),
    ],
)
def test_mistakes_have_their_places(text: str, lines: list[str]) -> None:
    """All of them, in the order of the file."""
    found = wrong(text)
    assert len(found) == len(lines)
    for line, begins in zip(found, lines, strict=True):
        assert line.startswith(begins)


def test_elsewhere_claims_are_no_problem() -> None:
    """Whoever solves such a file is told what it is."""
    with pytest.raises(SpecError, match=r"4:1: error: claims: claims about an example are judged"):
        problem_of(GIVEN + "claims: loss == 1\n")


def test_numbers_in_files(tmp_path: Any) -> None:
    """Given numbers may lie beside an audit file, as beside any problem."""
    numpy = pytest.importorskip("numpy")
    numpy.savez(tmp_path / "n.npz", w1=[[1.0]], b1=[0.0], x=[[1.0]], y=[[0.0]])
    (tmp_path / "a.yaml").write_text("network: [1, 1]\nsamples: 1\ngiven: {from: n.npz}\nclaims: loss == 1\n")
    assert not zg.audit(tmp_path / "a.yaml").wrong
