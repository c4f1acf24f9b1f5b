"""Sums of squares: what is one is found to be one, and what is below 0 somewhere is not."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import zerograd as zg
from tests.effort import examples
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Identity, nodes
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.refutation import check_certificate, check_identity
from zerograd.proving.certify import certify
from zerograd.proving.leaf import find_identity
from zerograd.proving.reals import Reals
from zerograd.proving.squares import sum_of_squares

x, y, z = map(Polynomial.variable, "xyz")
ZERO, ONE = Polynomial.constant(0), Polynomial.constant(1)

numbers = st.fractions(-3, 3, max_denominator=3)
linear = st.tuples(numbers, numbers, numbers, numbers).map(lambda c: x * c[0] + y * c[1] + z * c[2] + c[3])


@examples(100)
@given(st.lists(linear, min_size=1, max_size=4))
def test_sums_of_squares_are_found(forms: list[Polynomial]) -> None:
    """The squares that are found add up to the same."""
    p = sum((form * form for form in forms), ZERO)
    found = sum_of_squares(p)
    assert found is not None
    assert all(c > 0 for c, _ in found)
    assert sum((h * h * c for c, h in found), ZERO) == p


@examples(40)
@given(st.lists(linear, min_size=2, max_size=3), st.tuples(numbers, numbers, numbers))
def test_what_is_below_0_somewhere_is_none(forms: list[Polynomial], point: tuple[Fraction, ...]) -> None:
    """Products of linear forms, mostly."""
    p = forms[0] * forms[1] + sum((form * form for form in forms[2:]), ZERO)
    assume(p.at(dict(zip("xyz", point, strict=True))).constant_term < 0)
    assert sum_of_squares(p) is None


CONTRADICTIONS = {
    "a square": {"a": Fact(2 * x * y - x * x - y * y, ">")},
    "a weak fact, and one more": {"a": Fact(2 * x * y - x * x - y * y - 1, ">=")},
    "an equation": {"a": Fact(x * x - x + 1, "=")},
    "with its sign changed": {"a": Fact(x - x * x - 1, "=")},
    "three unknowns": {"a": Fact(x * y + y * z + x * z - x * x - y * y - z * z, ">")},
    "squares of products": {"a": Fact(2 * x * y * z - x * x * y * y - z * z, ">")},
    "after an elimination": {"a": Fact(z - x - y, "="), "b": Fact(4 * x * y - z * z, ">")},
    "several facts": {"a": Fact(x * y - 1, ">="), "b": Fact(1 - x * x, ">"), "c": Fact(1 - y * y, ">")},
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions_are_refuted(name: str) -> None:
    """The identity that says so is accepted by the checker."""
    facts = CONTRADICTIONS[name]
    found = find_identity(facts, Reals(time.monotonic() + 60))
    assert found is not None
    check_identity(found, facts)


def test_a_perfect_square_may_be_0() -> None:
    """Then nothing strict is left."""
    assert find_identity({"a": Fact(2 * x * y - x * x - y * y, ">=")}, Reals(time.monotonic() + 60)) is None


@pytest.mark.parametrize("where", ["w1**2 + b1**2 < 2*w1*b1", "2*w1**2 + 3*b1**2 - 4*w1*b1 + b1 + 1 <= 0"])
def test_questions(where: str) -> None:
    """A certificate with squares of sums."""
    problem = zg.Problem(network=[1, 1, 1], samples=2, nonzero=["b2"], where=[where])
    found = certify(problem, deadline=time.monotonic() + 60).certificate
    assert found is not None
    check_certificate(problem, found)
    leaves = [node for part in found.parts for node in nodes(part.root) if isinstance(node, Identity)]
    assert any(len(h.terms) > 1 for leaf in leaves for each in leaf.positive for h in each.squares)
