"""Slips: all numbers of a wrong claim become right by one."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.auditing.claims import ClaimError, Step
from zerograd.core.auditing.findings import Hint
from zerograd.core.auditing.judging import check_audit
from zerograd.core.errors import Refused

GIVEN: dict[str, Any] = {
    "w1": [["0.3", "-0.1"], ["0.2", "0.4"]], "b1": [0, 0], "w2": [["0.5", "-0.3"]], "b2": 0,
    "x": [[1, 2]], "y": [1],
}  # fmt: skip
BY_HAND = zg.Problem(network=[2, 2, 1], samples=1, loss={"sse": "1/2"}, given=GIVEN)
"""Its gradients: ∂L/∂w1 = [[−5/8, −5/4], [3/8, 3/4]], ∂L/∂w2 = [−1/8, −5/4], ∂L/∂b2 = −5/4."""
RATE = Fraction(1, 10)


@pytest.mark.parametrize(
    ("claim", "hint", "words"),
    [
        (
            "grad(w2) ~ [-0.125, 1.25]",
            Hint(factor=-1, entries=("grad(w2)[0,1]",)),
            "the sign of grad(w2)[0,1] is turned; the rest is right.",
        ),
        (
            "grad(w1) == [[5/8, -5/4], [3/8, -3/4]]",
            Hint(factor=-1, entries=("grad(w1)[0,0]", "grad(w1)[1,1]")),
            "the sign of grad(w1)[0,0], grad(w1)[1,1] are turned; the rest is right.",
        ),
        (
            "grad(w1) ~ [[-0.625, -1.25], [3.75, 0.75]]",
            Hint(factor=Fraction(1, 10), entries=("grad(w1)[1,0]",)),
            "grad(w1)[1,0] is 1/10 times what is claimed; the rest is right.",
        ),
        ("w1 == [[0.3, 0.2], [-0.1, 0.4]]", Hint(transposed=True), "it is right of the transposed matrix."),
        (
            "w1 ~ [[0.2, 0.4], [0.3, -0.1]]",
            Hint(swapped="rows", places=(0, 1)),
            "it is right once rows 0 and 1 are exchanged.",
        ),
        (
            "w1 ~ [[-0.1, 0.3], [0.4, 0.2]]",
            Hint(swapped="columns", places=(0, 1)),
            "it is right once columns 0 and 1 are exchanged.",
        ),
        (
            "b1 + [1, 7] ~ [7.0, 1.0]",
            Hint(swapped="entries", places=(0, 1)),
            "it is right once entries 0 and 1 are exchanged.",
        ),
        (
            {"after_step": RATE, "w2": ["0.4875", "-0.425"]},
            Hint(step=Step(-RATE)),
            "it is right after a step uphill: θ + rate · ∂L/∂θ.",
        ),
        (
            {"after_step": RATE, "b2": "0.0"},
            Hint(step=Step(RATE, ("w1", "w2"))),
            "it is right after a step of 1/10 of w1, w2.",
        ),
        (
            {"after_step": RATE, "of": ["w1", "w2"], "b2": "0.125"},
            Hint(step=Step(RATE)),
            "it is right if all parameters move.",
        ),
        (
            {"after_step": RATE, "w2": ["0.525", "-0.05"]},
            Hint(step=Step(2 * RATE)),
            "it is right after a step of 1/5: the loss is scaled otherwise.",
        ),
    ],
)
def test_slips_are_named(claim: object, hint: Hint, words: str) -> None:
    """With the entries, or the step that was taken; the document tells it, and it is calculated anew."""
    audit = zg.audit(BY_HAND, [claim])
    (finding,) = audit.findings
    assert str(finding.grade) == "wrong"
    assert finding.hint == hint
    assert words in " ".join(str(audit).split())
    document = json.loads(json.dumps(audit.to_json()))
    assert check_audit(BY_HAND, document) == audit.judged
    told = document["findings"][0]["claims"][0]
    told["hint"] = {"transposed": not told["hint"].get("transposed", False)}
    with pytest.raises(Refused):
        check_audit(BY_HAND, document)
    del told["hint"]  # as documents were before there were hints
    assert check_audit(BY_HAND, document) == audit.judged


@pytest.mark.parametrize(
    "claim",
    [
        "grad(w2) ~ [-0.125, 1.35]",  # turned, and another digit
        "loss == 1/8",
        "grad(w2) < 0 and loss < 0",
        "w1 ~ [[0.2, 0.3], [0.4, -0.1]]",
        {"after_step": RATE, "loss": "9.0"},
        {"after_step": RATE, "claim": "loss > 1"},
        "grad(w2) == [-0.125, -1.25]",
    ],
)
def test_there_is_not_always_one(claim: object) -> None:
    """Nothing is said where no slip makes all of it right, and where it is right."""
    assert zg.audit(BY_HAND, [claim]).findings[0].hint is None


def test_a_factor_is_told_once() -> None:
    """Where all numbers have it, it is the claim's."""
    (finding,) = zg.audit(BY_HAND, ["grad(w2) ~ [0.125, 1.25]"]).findings
    assert (finding.factor, finding.hint) == (-1, None)


def test_a_matrix_of_another_shape() -> None:
    """One that would fit the transposed matrix is refused with that advice."""
    problem = zg.Problem(network=[1, 2, 1], samples=1, given={**GIVEN, "w1": [[1], [2]], "x": 1})
    with pytest.raises(ClaimError, match=r"but what is printed has \(3,\)$"):
        zg.audit(problem, ["w1 ~ [1, 2, 3]"])
    wide = zg.Problem(
        network={"inputs": 3, "layers": [{"units": 2}]}, samples=1,
        given={"w1": [[1, 2, 3], [4, 5, 6]], "b1": [0, 0], "x": [1, 1, 1], "y": [0, 0]},
    )  # fmt: skip
    with pytest.raises(ClaimError, match=r"but what is printed has \(3, 2\): transpose it$"):
        zg.audit(wide, ["w1 ~ [[1, 4], [2, 5], [3, 6]]"])
