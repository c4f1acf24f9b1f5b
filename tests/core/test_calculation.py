"""Questions in which everything is given: one calculation answers them, and is the certificate of a no."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.errors import FormatError, Refused
from zerograd.core.question.given import given_point, unfit
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.calculation import calculation_system, refutation_of
from zerograd.core.refuting.certificate import Certificate, Identity, Part, certificate_from_json
from zerograd.core.refuting.refutation import check_certificate
from zerograd.core.verdict.existence import violations
from zerograd.core.verdict.witness import Witness

VALUES = {"x": [1, 2], "w1": 1, "b1": 0, "w2": 1, "b2": 0, "y": [1, 3]}
"""ŷ = x, so that only sample 1 has a residual, −1: ∂L/∂w1 = ∂L/∂w2 = −2, ∂L/∂b1 = ∂L/∂b2 = −1."""


def problem(**query: Any) -> Problem:
    given_ = {**VALUES, **query.pop("given", {})}
    return Problem(network=[1, 1, 1], samples=2, given=given_, **query)


def certificate(question: Problem) -> Certificate | None:
    root = refutation_of(calculation_system(question, question.samples.least))
    return None if root is None else Certificate(question.digest, (Part("calculation", 2, root),))


WRONG: list[dict[str, Any]] = [
    {"zero": ["w1"]},
    {"zero": ["x"]},
    {"positive": ["w1"]},
    {"negative": ["w1"], "positive": ["b1"]},
    {"nonzero": ["x"]},
    {"some_nonzero": ["w1"], "given": {"y": [1, 2]}},
    {"nonzero": ["w1"], "given": {"y": [1, 2]}},
    {"positive": ["w1"], "given": {"y": [1, 2]}},
    {"where": ["grad(w1) == 15"]},
    {"where": ["grad(w1) > 15", "x[0] < x[1]"]},
    {"where": ["grad(w1) >= 0"]},
    {"where": ["abs(w1) + 1 == 3 or max(x) == 5 or not (x[0] < x[1])"]},
    {"where": ["not (x[0] < x[1] and y[0] < 2)"]},
    {"where": ["min(x) == 5"]},
    {"where": ["distinct(x, 1)"]},
    {"where": ["1 / w1 == 2", "w1 != 0"]},
    {"where": ["1 / grad(b1) == 2"], "nonzero": ["b1"], "given": {"y": [1, 2]}},
    {"where": ["any(x == 3)"]},
    {"where": ["0 < 1 < x[0]"]},
    {"where": ["x[0] == 1 and y[0] == 5"]},
    {"where": ["r != 0"]},
    {"where": ["1 / r[0] > 0 and r[0] != 0"]},
    {"where": ["r[0] != 0 and 1 / r[0] > 0"]},
    {"where": ["x[0] == 1 and (1 / r[0] > 0 and r[0] != 0)"]},
    {"derivative_at_kink": "forbid", "given": {"x": [0, 1]}},
]


@pytest.mark.parametrize("query", WRONG, ids=str)
def test_wrong_claims(query: dict[str, Any]) -> None:
    """Each has a certificate, which the checker accepts, and which survives as JSON."""
    question = problem(**query)
    assert violations(question, given_point(question))
    found = certificate(question)
    assert found is not None
    check_certificate(question, found)
    assert certificate_from_json(found.to_json()) == found


RIGHT: list[dict[str, Any]] = [
    {"nonzero": ["w1", "b1"]},
    {"negative": ["w1", "b1", "w2", "b2"]},
    {"zero": ["x[0]"], "negative": ["x[1]"]},
    {"where": ["grad(w1) == -2", "loss == 1/2", "r[1] == -1"]},
    {"derivative_at_kink": "forbid"},
]


@pytest.mark.parametrize("query", RIGHT, ids=str)
def test_right_claims(query: dict[str, Any]) -> None:
    """No fact is false, and whatever is offered as a certificate is refused."""
    question = problem(**query)
    assert not violations(question, given_point(question))
    assert certificate(question) is None
    for root in (Identity({}), Identity({}, {"grad(w1[0,0]) = 0": 1})):
        with pytest.raises(Refused):
            check_certificate(question, Certificate(question.digest, (Part("calculation", 2, root),)))


@examples(100)
@given(data=st.data())
def test_certificates_if_and_only_if_there_are_violations(data: st.DataObject) -> None:
    """The facts that are false and the checker's violations come by different code, and agree."""
    numbers = st.integers(-2, 2) | st.fractions(-2, 2, max_denominator=3)
    shapes = {"w1": (2, 1), "b1": (2,), "w2": (1, 2), "b2": (1,), "x": (2, 1), "y": (2, 1)}
    values = {
        name: [[data.draw(numbers) for _ in range(shape[1])] for _ in range(shape[0])]
        if len(shape) == 2
        else [data.draw(numbers) for _ in range(shape[0])]
        for name, shape in shapes.items()
    }
    relations = ["zero", "nonzero", "some_nonzero", "any_nonzero", "positive", "negative"]
    asked = data.draw(st.sampled_from(relations))
    choices = st.sampled_from(["w1", "b1", "w2", "b2", "x", "w1[0,0]", "b2[0]"])
    names = data.draw(st.lists(choices, min_size=1, max_size=2))
    where = data.draw(
        st.lists(
            st.sampled_from(
                ["loss > 1", "abs(r[0]) <= max(x)", "distinct(w1)", "grad(w1[0]) == 0 or z1[0,0] > 0"]
            ),
            max_size=2,
        )
    )
    query: dict[str, Any] = {asked: names}
    kink = data.draw(st.sampled_from(["torch", "left", "right", "mean", "default: 2, relu: 1/3", "forbid"]))
    question = Problem(
        network=[1, 2, 1], samples=2, given=values, where=where, derivative_at_kink=kink, **query
    )
    found = certificate(question)
    assert (found is None) == (not violations(question, given_point(question)))
    if found is not None:
        check_certificate(question, found)


def test_only_of_what_is_given_in_full() -> None:
    """An entry that is left free, or a number of samples, and there is no calculation."""
    some = Problem(network=[1, 1, 1], samples=2, given={**VALUES, "w1": [[None]]}, zero=["w1"])
    assert unfit(some) == "w1 is not given in full"
    with pytest.raises(ValueError, match="w1 is not given in full"):
        given_point(some)
    opened = Problem(network=[1, 1, 1], samples="fewest", given={"w1": 1}, zero=["w1"])
    assert unfit(opened) == "the number of samples is open"
    forged = Certificate(some.digest, (Part("calculation", 2, Identity({"grad(w1[0,0]) = 0": _one()})),))
    with pytest.raises(Refused, match="w1 is not given in full"):
        check_certificate(some, forged)


def _one() -> Any:
    from zerograd.core.numbers.polynomial import Polynomial

    return Polynomial.constant(Fraction(1))


def test_forged_certificates() -> None:
    """Another number of samples, another problem, a label that holds, a wrong cofactor."""
    question = problem(zero=["w1"], where=["x[0] < x[1]"])
    found = certificate(question)
    assert found is not None
    (part,) = found.parts
    for forged in (
        Certificate("sha256:0", (part,)),
        Certificate(question.digest, (Part("calculation", 3, part.root),)),
        Certificate(question.digest, (Part("dataset", 2, part.root),)),
        Certificate(question.digest, (Part("calculation", 2, Identity({"where[0]": _one()})),)),
        Certificate(question.digest, (Part("calculation", 2, Identity({"grad(w1[0,0]) = 0": _one()})),)),
    ):
        with pytest.raises(Refused):
            check_certificate(question, forged)
    document = found.to_json()
    del document["parts"][0]["samples"]
    with pytest.raises(FormatError, match="for the systems dataset and calculation alone"):
        certificate_from_json(document)


def test_witness_is_what_is_given() -> None:
    """The point's numbers are the witness's."""
    question = problem(nonzero=["w1"])
    point = given_point(question)
    witness = Witness(question, point.parameters, point.x, point.y)
    assert witness.gradients["w1"][0, 0] == -2
    assert witness.gradients["b1"][0] == -1
