"""Exact numbers, sums and products as formulas."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from tests.show.filled import ROOT
from zerograd.core.numbers.closed import log, pi
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.field import Algebraic
from zerograd.core.numbers.univariate import polynomial
from zerograd.document.exact import combination, number, product, signed, total
from zerograd.document.formula import Letter
from zerograd.document.latex import formula


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"), (-3, "-3"), (F(-2, 3), r"-\tfrac{2}{3}"), (10**30, r"1\ldots \cdot 10^{30}"),
        (F(10**24, 3), r"3.33333\ldots \cdot 10^{23}"), (F(-1, 3**60), r"-2.35898\ldots \cdot 10^{-29}"),
        (Algebraic(ROOT, polynomial([0, -1])), r"-\alpha"),
        (Algebraic(ROOT, polynomial([-1, F(1, 2)])), r"\tfrac{1}{2} \alpha - 1"),
        (Algebraic(ROOT, polynomial([-2, 0, 1])), "0"),
        (log(2), r"\log(2)"), (-log(2) * F(1, 3), r"-\tfrac{\log(2)}{3}"),
        (pi() * F(-1, 2), r"-\tfrac{\pi}{2}"),
        (F(1, 2) + 3 * log(2), r"\tfrac{1}{2} + 3 \log(2)"),
        (log(F(2, 3)) * log(2) * F(2, 5), r"\tfrac{2}{5} \log(2)^{2} - \tfrac{2}{5} \log(2) \log(3)"),
        (log(2) * F(1, 10**30), r"6.93147\ldots \cdot 10^{-31}"),
    ],
)  # fmt: skip
def test_numbers(value: Exact, written: str) -> None:
    """Exact while they are short; no −0, no 1·α."""
    assert formula(number(value)) == written


def test_sums_and_products() -> None:
    """The first factor's sign is the term's; other negative factors, and sums, are in brackets."""
    root = Algebraic(ROOT, polynomial([1, 1]))
    terms = [product(factors) for factors in ((1, 0), (-2, 1), (2, -3), (root, root), (-1, root))]
    assert formula(total(terms)) == (
        r"1 \cdot 0 - 2 \cdot 1 + 2 \cdot (-3) + (\alpha + 1) \cdot (\alpha + 1) - 1 \cdot (\alpha + 1)"
    )
    x, y = Letter("x"), Letter("y")
    assert formula(combination([(-1, x), (root, y), (0, x), (-3, None)])) == r"-x + (\alpha + 1) \, y - 3"
    assert formula(combination([(0, x), (0, None)])) == "0"
    assert signed(root).terms == 2
    weight = log(2) - 1
    assert formula(total([product((-2, weight)), product((weight, log(3)))])) == (
        r"-2 \cdot (-1 + \log(2)) + (-1 + \log(2)) \cdot \log(3)"
    )
    assert formula(combination([(weight, x), (-log(2), y)])) == r"(-1 + \log(2)) \, x - \log(2) \, y"
