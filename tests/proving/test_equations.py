"""Equations that order facts and sums of squares come to, and the questions that they answer."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import zerograd as zg
from tests.effort import examples
from zerograd.core.errors import Refused
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Certificate, Compare, Identity, Part
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.refutation import check_certificate, check_identity
from zerograd.core.refuting.system import System
from zerograd.proving.certify import certify
from zerograd.proving.equations import stated, sum_of_squares
from zerograd.proving.reals import Reals

x, y, z = map(Polynomial.variable, "xyz")


def until() -> float:
    return time.monotonic() + 60


def system(**facts: Fact) -> System:
    return System(facts, {}, frozenset(), lambda _, name: name)


def equations(facts: Mapping[str, Fact]) -> list[Polynomial]:
    """What is stated, each with a refutation of its other case that the checker accepts."""
    made = stated(system(**facts), Reals(until()))
    for number, (compare, otherwise) in enumerate(made.steps, start=1):
        label = f"case {number}"
        check_identity(otherwise, {**facts, label: Fact(compare.polynomial, "!=")})
        with pytest.raises(Refused):  # it needs the case: the equation may hold
            check_identity(otherwise, {**facts, label: Fact(compare.polynomial, "=")})
    return [compare.polynomial for compare, _ in made.steps]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([Fact(x - 2, ">="), Fact(2 - x, ">=")], [x - 2]),
        ([Fact(2 * x * y, ">="), Fact(-3 * x * y, ">=")], [x * y]),
        ([Fact(x - y, ">="), Fact(y - z, ">="), Fact(z - x, ">=")], [x - y, y - z, x - z]),
        ([Fact(x, ">="), Fact(y, ">="), Fact(x + 2 * y, "=")], [x, y]),
        ([Fact(x * x + y * y * 3, "=")], [x, y]),
        ([Fact(-(x - y) * (x - y) - z * z, ">=")], [x - y, z]),
        ([Fact(x * x - 2 * x * y + y * y, "=")], [x - y]),
        ([Fact(z - x, ">="), Fact(z + x, ">="), Fact(-z, ">=")], [z, x - z, x + z]),  # |x| <= 0
        ([Fact(x, ">="), Fact(1 - x, ">=")], []),
        ([Fact(x, ">="), Fact(-x, ">")], []),
        ([Fact(x * x - y * y, "=")], []),
        ([Fact(x * y, "=")], []),
        ([Fact(x, "="), Fact(x, ">="), Fact(-x, ">=")], []),
        ([Fact(x * x + y * y - 1, "=")], []),
    ],
    ids=str,
)
def test_what_facts_come_to(facts: Sequence[Fact], expected: Sequence[Polynomial]) -> None:
    """Each equation that they imply by order or by squares, no other."""
    found = equations({f"f{n}": fact for n, fact in enumerate(facts)})
    assert {p.monic() for p in found} == {p.monic() for p in expected}


@examples(200)
@given(data=st.data())
def test_sums_of_squares(data: st.DataObject) -> None:
    """A sum of squares of linear forms is written as one again, with weights above 0."""
    numbers = st.integers(-3, 3)
    forms = data.draw(st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=4))
    total = sum(((a * x + b * y * z + c * z) * (a * x + b * y * z + c * z) for a, b, c in forms), x * 0)
    squares = sum_of_squares(total)
    assert all(weight > 0 for weight, _ in squares)
    assert sum((q * q * weight for weight, q in squares), x * 0) == total


@examples(100)
@given(st.lists(st.integers(-3, 3), min_size=6, max_size=6))
def test_quadratic_forms_that_are_no_sum_of_squares(c: list[int]) -> None:
    """Squares are found if and only if a form is nowhere below 0, and what is found is the form."""
    form = c[0] * x * x + c[1] * y * y + c[2] * z * z + c[3] * x * y + c[4] * y * z + c[5] * x * z
    squares = sum_of_squares(form)
    if squares:
        assert sum((q * q * weight for weight, q in squares), x * 0) == form
    elif form:
        points = ((p, q, r) for p in range(-9, 10) for q in range(-9, 10) for r in range(-9, 10))
        assert any(form.at(dict(zip("xyz", point, strict=True))).constant_term < 0 for point in points) or (
            _determinant(c) < 0
        )


def _determinant(c: list[int]) -> Fraction:
    """The determinant, below 0 if a form is below 0 in an odd number of directions."""
    a, b, d = c[0], c[1], c[2]
    p, q, r = Fraction(c[3], 2), Fraction(c[4], 2), Fraction(c[5], 2)
    return a * (b * d - q * q) - p * (p * d - q * r) + r * (p * q - b * r)


def test_residuals_that_a_long_fact_hides() -> None:
    """Squares do not show in a product of sums: they are looked for among what is handed in."""
    residuals = [x * y + z - 1, x * z - y - 2]
    total = sum((r * r * Fraction(1, 4) for r in residuals), x * 0)
    assert sum_of_squares(total, residuals) == [(Fraction(1, 4), r) for r in residuals]
    assert not sum_of_squares(total + x, residuals)


NETWORKS: list[Any] = [
    [1, 2, 1],
    [1, 1, 1, 1],
    {"inputs": 1, "layers": [{"units": 2, "activation": "abs"}, {"units": 1}]},
    {"inputs": 2, "layers": [{"units": 1, "activation": "hardtanh"}, {"units": 1}]},
]
KINDS: list[dict[str, Any]] = [
    {"nonzero": ["w1"], "bounds": {"x": [0, 0]}},
    {"nonzero": ["w1"], "where": ["x >= 0", "x <= 0"]},
    {"some_nonzero": ["w1"], "where": ["0 <= x <= 0"]},
    {"some_nonzero": ["b1"], "bounds": {"w2": [0, 0]}},
    {"some_nonzero": ["w1"], "where": ["abs(w2) <= 0"]},
    {"some_nonzero": ["b1"], "where": ["w2 * 2 >= 0", "max(w2) <= 0"]},
    {"some_nonzero": ["w1"], "where": ["loss == 0"]},
    {"some_nonzero": ["b2"], "where": ["2 * loss <= 0"]},
    {"some_nonzero": ["w2"], "where": ["loss + sum(w1**2) == 0"]},
    {"some_nonzero": ["w1"], "where": ["loss == 0"], "loss": {"sse": "1/2"}},
    {"some_nonzero": ["b1"], "where": ["sum(r**2) <= 0"]},
    {"some_nonzero": ["b1"], "where": ["sum(abs(r)) == 0"]},
    {"nonzero": ["b1"], "where": ["loss == 0"], "given": {"y": [1, 2]}},
]


@pytest.mark.parametrize("network", NETWORKS, ids=str)
@pytest.mark.parametrize("asked", KINDS, ids=str)
def test_questions_with_equations_in_disguise(network: Any, asked: dict[str, Any]) -> None:
    """A certificate, as if the equation had been written."""
    from zerograd.core.question.documents import problem_from_json

    question = problem_from_json({"network": network, "samples": 2, **asked})
    certificate = certify(question, deadline=until(), fixed=True).certificate
    assert certificate is not None
    check_certificate(question, certificate)


def test_three_layers() -> None:
    """The example: the last weight is 0, so nothing gets back to the first."""
    for samples in (1, 3, "any"):
        question = zg.Problem(network=[1, 1, 1, 1], samples=samples, nonzero=["w1"], bounds={"w3": [0, 0]})
        answer = zg.solve(question, timeout=60)
        assert isinstance(answer, zg.Unsat) and answer.certificate is not None


def test_an_equation_that_does_not_follow_is_refused() -> None:
    """A forged proof that states x = 0 of bounds 0 ≤ x ≤ 1: its other case is not refuted."""
    honest = zg.Problem(network=[1, 1, 1], samples=1, nonzero=["w1"], bounds={"x": [0, 0]})
    certificate = certify(honest, deadline=until()).certificate
    assert certificate is not None
    forged = zg.Problem(network=[1, 1, 1], samples=1, nonzero=["w1"], bounds={"x": [0, 1]})
    with pytest.raises(Refused):
        check_certificate(forged, replace(certificate, problem=forged.digest))
    one = Polynomial.constant(1)
    impossible = Identity({}, {"case 1": 1})
    root = Compare(
        Polynomial.variable("x[0,0]"), False, {"= 0": Identity({"case 1": one}), "!= 0": impossible}
    )
    with pytest.raises(Refused):
        check_certificate(forged, Certificate(forged.digest, (Part("dataset", 1, root),)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_random_questions_with_equations_in_disguise(seed: int) -> None:
    """What is refuted with an equation written is refuted with its two halves."""
    chance = random.Random(f"equations {seed}")
    hidden = chance.choice([[1], [2], [1, 1]])
    layers: list[dict[str, Any]] = [
        {
            "units": n,
            "activation": chance.choice(["relu", "abs", "leaky_relu"]),
            "bias": chance.random() < 0.7,
        }
        for n in hidden
    ]
    from zerograd.core.question.documents import problem_from_json

    common: dict[str, Any] = {
        "network": {"inputs": 1, "layers": [*layers, {"units": 1}]},
        "samples": chance.choice([1, 2]),
        chance.choice(["nonzero", "some_nonzero", "positive"]): ["w1"],
    }
    names = ["x", "w2", "w1"] + ["b2"] * ([*layers, {"bias": True}][1]["bias"] is True)
    name, value = chance.choice(names), chance.choice([0, 0, 1])
    plain = problem_from_json({**common, "where": [f"{name} == {value}"]})
    halves = problem_from_json({**common, "bounds": {name: [value, value]}})
    if certify(plain, deadline=until()).certificate is not None:
        assert certify(halves, deadline=until()).certificate is not None
