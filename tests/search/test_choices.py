"""The parts of the search for small witnesses: values within bounds, their order, and what is left out."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from math import inf

import numpy as np

from zerograd.search.smallest.budget import Budget
from zerograd.search.smallest.choices import simplest
from zerograd.search.smallest.costs import ascending
from zerograd.search.smallest.pruning import cheapest, spanned


def test_ascending() -> None:
    """Every combination once, in order of the sum of absolute values."""
    sets = [(0, 1, -1), (0, 2), (3, -1)]
    every = ascending(sets, abs)
    assert every is not None
    found = list(every)
    assert sorted(found) == sorted(product(*sets))
    sums = [sum(map(abs, values)) for values in found]
    assert sums == sorted(sums)


def test_the_simplest_value_within_bounds() -> None:
    """None of those within has a smaller numerator or denominator."""
    dice = random.Random("simplest")
    values = {Fraction(p, q) for q in range(1, 25) for p in range(-60, 61)}
    for _ in range(100):
        low, high = sorted(Fraction(dice.randint(-40, 40), dice.randint(1, 20)) for _ in range(2))
        found = simplest((low, high), whole=False)
        within = [v for v in values if low <= v <= high]
        assert found in within
        assert abs(found.numerator) == min(abs(v.numerator) for v in within)
        assert found.denominator == min(v.denominator for v in within)
    assert simplest((Fraction(5, 2), None), whole=True) == 3
    assert simplest((None, Fraction(-5, 2)), whole=False) == -3
    assert simplest((None, None), whole=False) == 0


def test_spanned() -> None:
    """Where the sums of rows vanish, those of their combinations do, and no others need to."""
    zero = np.array([[1, 2, 0, 4], [0, 1, 1, 2**40]])
    assert spanned(zero, np.array([[1, 0, 0, 1], [3, 7, 1, 12 + 2**40]]))
    assert not spanned(zero, np.array([[1, 0, 0, 1], [3, 7, 1, 13 + 2**40]]))
    assert not spanned(zero[:0], np.array([[1, 0, 0, 0]]))
    assert spanned(zero[:0], np.array([[0, 0, 0, 0]]))
    assert not spanned(zero, zero[:0])


def test_cheapest() -> None:
    """Among allowed choices that contribute the same, all of the least cost are kept."""
    rows = np.array([[0, 1, 0, 1, 0, 2], [0, 0, 0, 0, 0, 0]])
    cost, allowed = np.array([0, 1, 1, 1, 2, 3]), np.array([0, 1, 1, 1, 1, 1], dtype=bool)
    assert cheapest(rows, cost, allowed).tolist() == [False, True, True, True, False, True]
    assert cheapest(rows[:0], cost, allowed).tolist() == [False, True, True, True, False, False]
    assert not cheapest(rows, cost, np.zeros(6, dtype=bool)).any()


def test_parts_of_a_budget_are_taken_from_it() -> None:
    """What a part spends the whole has no more."""
    whole = Budget(inf, 30)
    part = whole.part(1 / 3)
    part.spend(0, parameters=10)
    assert part.spent()
    assert whole.effort == 20
