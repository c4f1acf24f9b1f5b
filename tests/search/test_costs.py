"""Costs, which are compared as sizes of one height are."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.verdict.size import Size
from zerograd.search.smallest.choices import Choices
from zerograd.search.smallest.costs import ALL, NONE, Costs, Limits, ascending, fewest_non_integers, limits

SCALE = 6
VALUES = (0, 6, -6, 3, -3, 2, -2, 12, -12)
"""0, ±1, ±1/2, ±1/3 and ±2, times the scale."""
CHOICES = Choices(SCALE, (VALUES,) * 2, ((VALUES,),), ((VALUES,),))
CHOSEN = st.tuples(*[st.sampled_from(VALUES)] * 4)


def costs_of(choices: Choices) -> Costs:
    """The costs, which 64 bits hold."""
    costs = Costs.of(choices)
    assert costs is not None
    return costs


def size(values: tuple[int, ...], *, height: int = 2, on_kink: bool = False) -> Size:
    """The size of these values, with a height that is said."""
    numbers = [Fraction(value, SCALE) for value in values]
    fractions = sum(number.denominator > 1 for number in numbers)
    total = sum(map(abs, numbers), Fraction(0))
    return Size(height, on_kink, fractions, total, sum(number != 0 for number in numbers))


@given(CHOSEN, CHOSEN)
def test_costs_are_in_the_order_of_sizes(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    """And are the same for the same size; a bound is the cost of what it is a bound of."""
    costs = costs_of(CHOICES)
    a, b = (sum(map(costs.value, values)) for values in (one, other))
    assert (a < b, a == b) == (size(one) < size(other), size(one) == size(other))
    assert costs.rows(np.array([one, other])).tolist() == [a, b]
    assert costs.bound(size(one)) == a


@given(CHOSEN, st.integers(0, 4), st.fractions(0, 30, max_denominator=11), st.integers(0, 4))
def test_a_bound_leaves_out_nothing_that_is_as_small(
    values: tuple[int, ...], fractions: int, total: Fraction, nonzeros: int
) -> None:
    """Also of a size that no choice has, with other denominators or a sum that none reaches."""
    costs = costs_of(CHOICES)
    limit = Size(2, False, fractions, total, nonzeros)
    fine = sum(map(costs.value, values)) <= costs.bound(limit)
    assert fine or size(values) > limit
    if (total * SCALE).denominator == 1 and total <= 8:
        assert fine == (size(values) <= limit)


def test_what_64_bits_do_not_hold_is_refused() -> None:
    """No cost is ever wrong by overflow."""
    huge = (2**60,)
    assert Costs.of(Choices(1, (huge,), ((VALUES,),), ((VALUES,),))) is None


def test_fewest_non_integers() -> None:
    """Entries that can be whole do not count."""
    halves, thirds, whole = (3, -3), (2, 3), (3, 6)
    assert fewest_non_integers(Choices(SCALE, (halves, whole), ((thirds,),), ((VALUES,),))) == 2


def test_ascending_by_costs() -> None:
    """Each once, whole numbers first."""
    costs = costs_of(CHOICES)
    every = ascending([VALUES] * 3, costs.value)
    assert every is not None
    found = [*every]
    assert sorted(found) == sorted(product(VALUES, repeat=3))
    sizes = [size(values) for values in found]
    assert sizes == sorted(sizes)
    assert ascending([range(2**10)] * 20, costs.value) is None


@pytest.mark.parametrize(
    ("worst", "expected"),
    [
        (None, ALL),
        (size((12, 6, 0, 0), height=3), ALL),
        (size((6, 6, 0, 0), height=1), NONE),
        (size((12, 6, 0, 0)), Limits(10, -1)),
        (size((12, 6, 0, 0), on_kink=True), Limits(None, 10)),
    ],
)
def test_limits(worst: Size | None, expected: Limits) -> None:
    """A sample on a kink is worse than any cost."""
    assert limits(worst, 2, 30, 20) == expected
    spent = limits(worst, 2, 30, 40)  # more than there is
    assert (spent.clean is None, spent.kinked is None) == (expected.clean is None, expected.kinked is None)
    assert {spent.clean, spent.kinked} <= {None, -1}
    cost, kinked = np.array([9, 11, 9, 11]), np.array([False, False, True, True])
    fine = expected.allow(cost, kinked).tolist()
    assert (
        fine
        == {
            ALL: [True] * 4,
            NONE: [False] * 4,
            Limits(10, -1): [True, False, False, False],
            Limits(None, 10): [True, True, True, False],
        }[expected]
    )
