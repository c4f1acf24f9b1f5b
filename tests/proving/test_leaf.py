"""Identities: those that are there are found, and none for facts that hold of some numbers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.facts import Fact, Sign
from zerograd.core.refuting.refutation import check_identity
from zerograd.proving.leaf import eliminated, find_identity
from zerograd.proving.reals import OutOfTime, Reals

V = Polynomial.variable
x, y, z, w = map(V, "xyzw")

CONTRADICTIONS: dict[str, dict[str, Fact]] = {
    "constant": {"a": Fact(Polynomial.constant(3), "=")},
    "zero is not zero": {"a": Fact(Polynomial.constant(0), "!=")},
    "zero is not positive": {"a": Fact(Polynomial.constant(0), ">")},
    "below zero": {"a": Fact(Polynomial.constant(-2), ">=")},
    "product": {"a": Fact(x * y, "="), "b": Fact(x, "!="), "c": Fact(y, ">")},
    "elimination": {"a": Fact(x + y, "="), "b": Fact(x * z + y * w, "="), "c": Fact(x * (z - w), "!=")},
    "square": {"a": Fact(x * x - y, "="), "b": Fact(x - 2, "="), "c": Fact(y - 4, "!=")},
    "sum of squares": {"a": Fact(x * x + y * y, "="), "b": Fact(x, "!=")},
    "order": {"a": Fact(x - y, ">"), "b": Fact(y - z, ">="), "c": Fact(z - x, ">=")},
    "signs": {"a": Fact(x * y + 1, "="), "b": Fact(x, ">"), "c": Fact(y, ">=")},
    "square times order": {
        "a": Fact(w * z + 3 * y - 3, "="),
        "b": Fact(w - w * w * z - y * w, ">"),
        "c": Fact(z, ">"),
    },
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions_are_refuted(name: str) -> None:
    """Each kind of contradiction has an identity that the checker accepts."""
    facts = CONTRADICTIONS[name]
    found = find_identity(facts, Reals(time.monotonic() + 60))
    assert found is not None
    check_identity(found, facts)


POINTS = st.fixed_dictionaries({name: st.fractions(-3, 3, max_denominator=2) for name in "xyz"})
MONOMIALS = st.lists(st.sampled_from("xyz"), max_size=2)
POLYNOMIALS = st.lists(st.tuples(st.integers(-3, 3), MONOMIALS), min_size=1, max_size=3)


def polynomial(terms: list[tuple[int, list[str]]]) -> Polynomial:
    total = Polynomial.constant(0)
    for c, names in terms:
        term = Polynomial.constant(c)
        for name in names:
            term = term * V(name)
        total = total + term
    return total


def signs_at(p: Polynomial, point: Mapping[str, Fraction]) -> list[Sign]:
    """What holds of p at a point."""
    value = p.at(point).constant_term
    if not value:
        return ["=", ">="]
    return ["!=", ">", ">="] if value > 0 else ["!="]


def facts_at(
    point: dict[str, Fraction], polynomials: list[list[tuple[int, list[str]]]], chance: object
) -> dict[str, Fact]:
    """Return a fact about each polynomial that holds at the point."""
    facts = {}
    for n, terms in enumerate(polynomials):
        p = polynomial(terms)
        facts[f"f{n}"] = Fact(p, chance.choice(signs_at(p, point)))  # type: ignore[attr-defined]
    return facts


@examples(60)
@given(POINTS, st.lists(POLYNOMIALS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_what_holds_somewhere_is_never_refuted(
    point: dict[str, Fraction], polynomials: list[list[tuple[int, list[str]]]], chance: object
) -> None:
    """Facts that were read off at a point."""
    facts = facts_at(point, polynomials, chance)
    assert find_identity(facts, Reals(time.monotonic() + 60)) is None
    for fact in eliminated(facts).values():  # consequences of the facts, so they hold there too
        assert fact.sign in signs_at(fact.polynomial, point)


def test_time_is_kept() -> None:
    """After the deadline nothing is looked for."""
    with pytest.raises(OutOfTime):
        find_identity(CONTRADICTIONS["elimination"], Reals(time.monotonic()))
