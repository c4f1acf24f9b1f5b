"""Contradictions of signs: those that are there are found, and none for facts that hold of some numbers."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from tests.proving.test_leaf import POINTS, POLYNOMIALS, facts_at, polynomial, signs_at
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Node
from zerograd.core.refuting.facts import Either, Fact, Sign
from zerograd.core.refuting.refutation import Known, Refutation
from zerograd.core.refuting.system import Case, System
from zerograd.proving.signs import refute_by_signs

V = Polynomial.variable
r, s, u, v, w, x, y, z = map(V, "rsuvwxyz")

CONTRADICTIONS: dict[str, dict[str, Fact]] = {
    "constant": {"a": Fact(Polynomial.constant(-1), ">=")},
    "zero is not zero": {"a": Fact(Polynomial.constant(0), "!=")},
    "product of nonnegatives": {"a": Fact(x, ">="), "b": Fact(y, ">="), "c": Fact(-x * y, ">")},
    "three products": {"a": Fact(x * y, ">"), "b": Fact(y * z, ">"), "c": Fact(-x * z, ">")},
    "weak and not zero": {"a": Fact(x, ">="), "b": Fact(x, "!="), "c": Fact(-x * y, ">="), "d": Fact(y, ">")},
    "zero product": {"a": Fact(x * y, "="), "b": Fact(x, "!="), "c": Fact(y * z, "!=")},
    "sum of like signs": {"a": Fact(x * y + x * z, "="), "b": Fact(x * y, ">"), "c": Fact(x * z, ">=")},
    "factors": {"a": Fact(r * (x + y), ">"), "b": Fact(-s * (x + y), ">"), "c": Fact(r * s, ">=")},
    "sums by an array": {
        "a": Fact(r * (x + y) + s * (x + z), "="), "b": Fact(r * s, ">"), "c": Fact(x + y, ">"),
        "d": Fact(x + z, ">"),
    },
    "factors of what is left": {
        "a": Fact(r * u, "="), "b": Fact(u, "!="), "c": Fact(6 * r - w * (x + y), ">"),
        "d": Fact(v * (x + y), ">"), "e": Fact(v * w, ">"),
    },
    "even powers": {"a": Fact(x * x + y * y, "="), "b": Fact(y, "!=")},
    "odd and even powers": {"a": Fact(x * x * x * y * y, ">"), "b": Fact(-x, ">=")},
}  # fmt: skip


def check(node: Node, facts: Mapping[str, Fact | Either]) -> None:
    """The checker of certificates decides, which looks at facts and tree alone."""
    Refutation(System(facts, {}, frozenset(), lambda _, name: name)).check(node)


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions_of_signs_are_refuted(name: str) -> None:
    """Each kind has a tree that the checker accepts."""
    facts = CONTRADICTIONS[name]
    found = refute_by_signs(facts, facts)
    assert found is not None
    check(found, facts)


def test_assumptions_are_counted_from_the_root_on() -> None:
    """In a case that assumes something of a polynomial, the next assumption has the next number."""
    system = System({"a": Fact(x * y, ">"), "b": Fact(y * z, ">")}, {}, frozenset(), lambda _, name: name)
    known = Known(system.facts).assuming(Case("> 0", {}, (("case 1", Fact(-x * z, ">")),)))
    found = refute_by_signs(known.facts, known.facts)
    assert found is not None
    Refutation(system).check(found, known)


MONOMIALS = st.lists(st.sampled_from("wxyz"), min_size=1, max_size=3)
FACTS = st.lists(
    st.tuples(st.sampled_from([-2, -1, 1, 3]), MONOMIALS, st.sampled_from(["=", "!=", ">", ">="])),
    min_size=2,
    max_size=7,
)


@examples(150)
@given(FACTS)
def test_products_are_refuted_if_no_signs_are_left(drawn: list[tuple[int, list[str], Sign]]) -> None:
    """Brute force: facts about products alone hold of some numbers if and only if of some of −1, 0, 1."""
    facts = {f"f{n}": Fact(polynomial([(c, names)]), sign) for n, (c, names, sign) in enumerate(drawn)}
    points = (
        dict(zip("wxyz", map(Fraction, values), strict=True)) for values in product((-1, 0, 1), repeat=4)
    )
    possible = any(all(f.sign in signs_at(f.polynomial, point) for f in facts.values()) for point in points)
    found = refute_by_signs(facts, facts)
    assert (found is None) == possible
    if found is not None:
        check(found, facts)


@examples(150)
@given(POINTS, st.lists(POLYNOMIALS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_what_holds_somewhere_is_never_refuted(
    point: dict[str, Fraction], polynomials: list[list[tuple[int, list[str]]]], chance: object
) -> None:
    """Facts that were read off at a point."""
    facts = facts_at(point, polynomials, chance)
    assert refute_by_signs(facts, facts) is None


@examples(150)
@given(st.lists(st.tuples(POLYNOMIALS, st.sampled_from(["=", "!=", ">", ">="])), min_size=2, max_size=5))
def test_whatever_is_found_is_accepted(drawn: list[tuple[list[tuple[int, list[str]]], Sign]]) -> None:
    """Any facts, most of them without a contradiction."""
    facts = {f"f{n}": Fact(polynomial(terms), sign) for n, (terms, sign) in enumerate(drawn)}
    found = refute_by_signs(facts, facts)
    if found is not None:
        check(found, facts)


def test_it_gives_up() -> None:
    """After so many tries, whatever there is to find."""
    facts = CONTRADICTIONS["three products"]
    assert refute_by_signs(facts, facts, tries=0) is None
