"""Polynomials in a number that is as small as one likes: laws, and values at small numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.germs import Germ, GermFunctions, compare, germ_of

NUMBERS = st.fractions(min_value=-3, max_value=3, max_denominator=4)
GERMS = st.lists(NUMBERS, max_size=4).map(lambda entries: Germ(tuple(entries)))
SMALL = Fraction(1, 10**6)


def at(germ: Germ, epsilon: Fraction) -> Fraction:
    """The value at a number."""
    values: list[Any] = [*germ.coefficients]
    return sum((c * epsilon**n for n, c in enumerate(values)), Fraction(0))


@given(GERMS, GERMS, NUMBERS)
def test_arithmetic_is_that_of_values(a: Germ, b: Germ, number: Fraction) -> None:
    """Sums, differences and products have the values that they should, also with plain numbers."""
    for epsilon in (Fraction(0), Fraction(1, 3), Fraction(2)):
        left, right = at(a, epsilon), at(b, epsilon)
        assert at(a + b, epsilon) == left + right
        assert at(a - b, epsilon) == left - right
        assert at(a * b, epsilon) == left * right
        assert at(number - a, epsilon) == number - left
        assert at(number * a, epsilon) == number * left
        assert at(a.narrowed(), epsilon) == left


@given(GERMS, GERMS)
def test_the_sign_is_that_of_small_values(a: Germ, b: Germ) -> None:
    """At a number that is small enough germs compare as their values do."""
    difference = at(a, SMALL) - at(b, SMALL)
    assert compare(a, b) == (difference > 0) - (difference < 0)
    assert (a.order is None) == (a.sign() == 0)


@given(GERMS)
def test_cases_are_chosen_by_small_values(germ: Germ) -> None:
    """A function that is given by cases takes the one on which its small values lie."""
    joins = (-1, Fraction(1, 2))
    branches = (lambda z: 2 * z + 1, lambda z: z * z, lambda z: 3 - z)
    chosen = germ_of(GermFunctions().choose(germ, joins, branches, (5, None)))
    assert at(chosen, SMALL) == EXACT.choose(at(germ, SMALL), joins, branches, (5, None))
