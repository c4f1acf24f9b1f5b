"""Given numbers that are roundings: whether an exact example rounds to them."""

from __future__ import annotations

import json
from fractions import Fraction
from random import Random
from typing import Any

import pytest

import zerograd as zg
from tests.effort import seeds
from zerograd.core.auditing.claims import ClaimError
from zerograd.core.auditing.findings import Finding
from zerograd.core.auditing.judging import check_audit
from zerograd.core.errors import FormatError, Refused
from zerograd.core.verdict.answer import Sat, Unsat
from zerograd.spec import SpecError
from zerograd.spec.audit import loads

GIVEN: dict[str, Any] = {"x": 1, "y": 1, "w1": "0.33", "b1": 0, "w2": "0.67", "b2": 0}
PRODUCT = zg.Problem(network=[1, 1, 1], samples=1, given=GIVEN)
"""ŷ = w1 · w2, both printed with two digits."""

GIVEN_OF_TENT: dict[str, Any] = {"x": [-1, 0, 1], "y": [0, 1, 0], "w1": 0, "w2": 1}


def example(problem: zg.Problem, *claims: object, places: object = 2) -> Finding:
    """What became of the claim that there is an exact example; its document is checked."""
    audit = zg.audit(problem, [*claims, {"rounded": places}])
    assert check_audit(problem, json.loads(json.dumps(audit.to_json()))) == audit.judged
    return audit.findings[-1]


def test_an_example_that_rounds_to_it() -> None:
    """0.33 · 0.67 is not 2/9, ⅓ · ⅔ is."""
    audit = zg.audit(PRODUCT, ["y_hat == 2/9", "loss ~ 0.605", {"rounded": 2}])
    assert [str(finding.grade) for finding in audit.findings] == ["wrong", "wrong", "right"]
    ((asked, answer),) = audit.findings[2].answers
    assert asked == "example"
    assert isinstance(answer, Sat)
    values = {name: answer.witness.variables[name].entries[0] for name in ("w1", "w2")}
    assert values["w1"] * values["w2"] == Fraction(2, 9)
    for name, value in values.items():
        assert abs(Fraction(str(value)) - Fraction(GIVEN[name])) <= Fraction(1, 200)
    assert (
        "rounded: 2: an example, exact, that rounds to what is given has w1[0,0] = 1/3, w2[0,0] = 2/3."
        in (" ".join(str(audit).split()))
    )


def test_none_rounds_to_it() -> None:
    """Certificates show it; or one pass over intervals, of a claim that is wrong in all of the box."""
    by_proof = example(PRODUCT, "y_hat == 2/9", "loss ~ 0.606")
    assert str(by_proof.grade) == "wrong"
    assert isinstance(by_proof.answers[0][1], Unsat)
    by_intervals = example(PRODUCT, "y_hat ~ 0.24")
    assert str(by_intervals.grade) == "wrong"
    assert by_intervals.answers == ()
    assert by_intervals.reason == "y_hat ~ 0.24 is wrong of all numbers that round to those that are given"
    assert "≈ 0.216075 to 0.226125" in str(zg.audit(PRODUCT, ["y_hat ~ 0.24", {"rounded": 2}]))


def test_the_printed_numbers_are_one() -> None:
    """Where all claims hold of them, digits rounded."""
    finding = example(PRODUCT, "y_hat ~ 0.22", {"after_step": "1/10", "b2": "0.156"}, "w1 < w2")
    assert (str(finding.grade), finding.answers) == ("right", ())
    assert finding.reason == "the numbers as they are printed are such an example"


def test_what_is_no_part_of_the_question() -> None:
    """Steps, and derivatives between: they have to hold of the numbers that are found."""
    finding = example(PRODUCT, "y_hat == 2/9", {"after_step": "1/10", "b2": "0.156"}, "grad(z1) ~ -1.04")
    assert str(finding.grade) == "right"
    unlucky = example(PRODUCT, "y_hat == 2/9", "grad(z1) ~ -1.0370")
    assert str(unlucky.grade) in ("right", "undecided")
    if str(unlucky.grade) == "undecided":
        assert "grad(z1) ~ -1.0370 was no part of the question" in unlucky.reason


def test_a_local_minimum_that_was_rounded() -> None:
    """Published to two digits, where the minimum is at thirds."""
    network = {"inputs": 1, "layers": [{"units": 1}, {"units": 1, "bias": False}]}
    tent = zg.Problem(network=network, samples=3, given={**GIVEN_OF_TENT, "b1": "0.33"})
    audit = zg.audit(tent, ["minimum: local", "loss ~ 0.22", {"rounded": 2}])
    assert [str(finding.grade) for finding in audit.findings] == ["wrong", "rounded", "right"]
    # A global claim is never answered by a local minimum.
    best = zg.audit(tent.asking(given={**GIVEN_OF_TENT, "b1": "-0.33"}), ["minimum: global", {"rounded": 2}])
    assert [str(finding.grade) for finding in best.findings][1] in ("wrong", "undecided")


def test_smooth_networks() -> None:
    """Intervals refute there, too; an example is found as a box, or as exact numbers."""
    layers = [{"units": 1, "activation": "sigmoid"}, {"units": 1}]
    network = {"inputs": 1, "layers": layers}
    problem = zg.Problem(network=network, samples=1, given={**GIVEN, "b2": "0.10"})
    assert str(example(problem, "y_hat ~ 0.489").grade) == "right"
    assert str(example(problem, "y_hat ~ 0.52").grade) == "wrong"


def test_not_everything_is_given() -> None:
    """What is missing may be chosen, too."""
    missing = zg.Problem(network=[1, 1, 1], samples=1, given={k: v for k, v in GIVEN.items() if k != "b2"})
    assert str(example(missing, "y_hat == 5").grade) == "right"
    assert str(example(missing, "z1 ~ 0.4", "y_hat == 5").grade) == "wrong"


def test_on_kinks() -> None:
    """Every convention has its own answer."""
    given = {"x": 1, "y": 1, "w1": "0.5", "b1": "-0.5", "w2": 1, "b2": 0}
    audit = zg.audit(zg.Problem(network=[1, 1, 1], samples=1, given=given), ["grad(w1) < 0", {"rounded": 1}])
    grades = {rule: str(audit.under(rule)[1].grade) for rule in ("torch", "right")}
    assert grades == {"torch": "right", "right": "right"}
    assert [type(answer) for _, answer in audit.under("torch")[1].answers] == [Sat]


def test_which_numbers_are_roundings() -> None:
    """In a file those with digits behind the point, as written; whole numbers and fractions are exact."""
    given = "given: {x: [1, 2.0], y: [1/3, 1.50], w1: 0.33, b1: 0}"
    text = f"network: [1, 1]\nsamples: 2\n{given}\nclaims: loss ~ 0.1\n"
    _, claims = loads(text + "rounded: true\n")
    assert claims[1].to_json() == {"rounded": {"x[1,0]": "1/10", "y[1,0]": "1/100", "w1[0,0]": "1/100"}}
    assert str(claims[1]) == "rounded: true"
    _, claims = loads(text + "rounded: 3\n")
    assert claims[1].to_json() == {"rounded": {"x[1,0]": "1/1000", "y[1,0]": "1/1000", "w1[0,0]": "1/1000"}}
    assert str(claims[1].statement) == "rounded: 3"
    for value, line in {
        "x": "expected true, or the number of digits behind the point, such as 4, found 'x'",
        "false": "expected true, or the number of digits",
        "1": "y[1,0] = 1.50 has",
    }.items():
        changed = text.replace("1.50", "1.55") if value == "1" else text
        with pytest.raises(SpecError, match=r"a\.yaml:5:10: error: rounded: ") as caught:
            loads(changed + f"rounded: {value}\n", "a.yaml")
        assert line.replace("1.50", "1.55") in str(caught.value)
    whole = (
        "network: [1, 1]\nsamples: 1\ngiven: {x: 1, y: 1, w1: 1, b1: 1/3}\nclaims: loss ~ 0.1\nrounded: 2\n"
    )
    with pytest.raises(SpecError, match="no given number has digits behind a point"):
        loads(whole)


@pytest.mark.parametrize(
    ("rounded", "message"),
    [
        (0, "expected the number of digits behind the point, such as 4, found 0"),
        ("x", "expected the number of digits behind the point, such as 4, found 'x'"),
        (1, "w1[0,0] has more than 1 digits behind the point"),
        ({"w1": "1/100"}, "w1 is no entry of parameters, x or y"),
        ({"q[0]": "1/100"}, "q[0] is no entry of parameters, x or y"),
        ({"w1[0,7]": "1/100"}, "w1"),
        ({"w1[0,0]": "0"}, "expected the unit of the last digit of each entry"),
    ],
)
def test_mistakes(rounded: object, message: str) -> None:
    """They are told with the place among the claims."""
    with pytest.raises(ClaimError, match=r"claims\[1\]") as caught:
        zg.audit(PRODUCT, ["loss ~ 0.6", {"rounded": rounded}])
    assert message in str(caught.value)


def test_documents_are_checked() -> None:
    """An answer that is missing or another, and a grade that does not follow, are refused."""
    audit = zg.audit(PRODUCT, ["y_hat == 2/9", {"rounded": 2}])
    document = json.loads(json.dumps(audit.to_json()))
    forgeries: list[dict[str, Any]] = [
        {"grade": "wrong"}, {"answers": {}}, {"answers": {"for": 1}}, {"reason": "so it is"},
    ]  # fmt: skip
    for forge in forgeries:
        forged = json.loads(json.dumps(document))
        forged["findings"][0]["claims"][1] |= forge
        with pytest.raises((Refused, FormatError)):
            check_audit(PRODUCT, forged)
    wider = json.loads(json.dumps(document))
    wider["claims"][1] = {"rounded": {"w1[0,0]": "1", "w2[0,0]": "1"}}
    with pytest.raises(Refused):
        check_audit(PRODUCT, wider)


def test_a_local_minimum_is_no_global_one() -> None:
    """All units are off for all numbers that round to these; others fit the data better."""
    given = {"x": ["0.5", "1.5"], "y": ["0.5", "1.5"], "w1": 0, "b1": -1, "w2": 1, "b2": 1}
    problem = zg.Problem(network=[1, 1, 1], samples=2, given=given)
    assert str(example(problem, "minimum: local", "loss ~ 0.25", places=1).grade) == "right"
    assert str(example(problem, "minimum: global", "minimum: local", places=1).grade) == "undecided"


@pytest.mark.parametrize("seed", seeds(20, 4))
def test_planted_examples_are_not_refuted(seed: int) -> None:
    """Numbers with six digits, printed with two; what is claimed was calculated of the exact ones."""
    random = Random(seed)
    exact = {name: Fraction(random.randint(-(10**6), 10**6), 10**6) for name in ("w1", "b1", "w2", "b2")}
    z = 2 * exact["w1"] + exact["b1"]
    y_hat = max(z, Fraction(0)) * exact["w2"] + exact["b2"]
    printed = {name: f"{float(value):.2f}" for name, value in exact.items()}
    problem = zg.Problem(network=[1, 1, 1], samples=1, given={"x": 2, "y": 0, **printed})
    claims = [f"y_hat ~ {float(y_hat):.4f}", f"loss ~ {float(y_hat**2):.4f}"]
    # By entry: of a number such as 1.00 only its text says that it is a rounding.
    units = dict.fromkeys(("w1[0,0]", "b1[0]", "w2[0,0]", "b2[0]"), "1/100")
    assert str(example(problem, *claims, places=units).grade) == "right"


def test_repairs_take_numbers_as_they_are() -> None:
    """They are about what is printed."""
    with pytest.raises(FormatError, match="rounded: an example is repaired as it is printed"):
        zg.repair(PRODUCT, ["y_hat == 2/9", {"rounded": 2}])
