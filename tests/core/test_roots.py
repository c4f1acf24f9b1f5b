"""Roots of polynomials to many digits, and signs at them, against FLINT and by construction."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import isqrt, prod
from typing import Any

import flint
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.errors import FormatError
from zerograd.core.numbers import univariate as uni
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.roots import Root, separation, sign_at
from zerograd.core.numbers.work import budget

F = Fraction
coefficients = st.lists(st.integers(-9, 9), min_size=2, max_size=8).filter(lambda c: c[-1] != 0)


def real_roots(p: list[int]) -> list[flint.arb]:
    """The real roots, from the least on, enclosed by FLINT to 300 bits."""
    with flint.ctx.workprec(300):
        polynomial: Any = flint.fmpz_poly(p)
        roots = [root for root, _ in polynomial.complex_roots()]
        return sorted((r.real for r in roots if r.imag == 0), key=float)


def middle(number: flint.arb) -> Fraction:
    """The middle of a ball, or a number near it."""
    with flint.ctx.workprec(300):
        mantissa, exponent = number.mid().man_exp()
    return F(round(F(int(mantissa)) * F(2) ** int(exponent) * 2**100), 2**100)


def is_square_free(p: list[int]) -> bool:
    return len(uni.gcd(uni.polynomial(p), uni.derivative(uni.polynomial(p)))) == 1


def fields(p: list[int]) -> list[NumberField]:
    """A field for each real root of a square-free polynomial, with ends halfway between the roots."""
    middles = [middle(root) for root in real_roots(p)]
    between = [(a + b) / 2 for a, b in pairwise(middles)]
    ends = [middles[0] - 1, *between, middles[-1] + 1] if middles else []
    found = []
    for low, high in pairwise(ends):
        try:
            found.append(NumberField(uni.polynomial(p), low, high))
        except FormatError:  # an end is a root itself, where roots are rational
            continue
    return found


@examples(60)
@given(coefficients, st.lists(st.integers(-50, 50), min_size=1, max_size=7))
@example([-2, 0, 1], [0, 1])
@example([0, -2, 0, 1], [0, 1])
@example([-1, 3], [1, 2, 3])
def test_signs_are_those_of_flint(p: list[int], q: list[int]) -> None:
    """The sign of q(α) is what FLINT's enclosure shows, and 0 where q and p share the root."""
    assume(is_square_free(p))
    for field in fields(p):
        value = Algebraic(field, uni.divide(uni.polynomial(q), field.polynomial)[1])
        interval = field.root.interval(280)
        with flint.ctx.workprec(400):
            low, high = (flint.arb(flint.fmpz(m)) * flint.arb(2) ** e for m, e in ends(interval))
            image = flint.arb_poly(q)(low.union(high))
            expected = 1 if image > 0 else -1 if image < 0 else 0
        assert value.sign() == expected
        if expected == 0:
            assert field.is_root(uni.polynomial(q)) or not any(q)


def ends(interval: object) -> tuple[tuple[int, int], tuple[int, int]]:
    low = (interval.low_mantissa, interval.low_exponent)  # type: ignore[attr-defined]
    return low, (interval.high_mantissa, interval.high_exponent)  # type: ignore[attr-defined]


@examples(60)
@given(coefficients, st.sampled_from([1, 10, 64, 200, 1000]))
@example([-1, 2], 100)
@example([1, -4, 4, 0, -1], 300)
def test_a_root_is_enclosed(p: list[int], digits: int) -> None:
    """However many digits are asked for: as narrow as promised, inside the given interval, with the root."""
    assume(is_square_free(p))
    for field in fields(p):
        interval = field.root.interval(digits)
        assert interval.high - interval.low <= F(1, 2**digits)
        signs = {sign_of(p, interval.low), sign_of(p, interval.high)}
        assert signs in ({-1, 1}, {0}) or field.root.exact is not None
        assert field.low <= interval.high and interval.low <= field.high


def sign_of(p: list[int], at: Fraction) -> int:
    value = uni.evaluate(uni.polynomial(p), at)
    return (value > 0) - (value < 0)


@examples(60)
@given(coefficients, st.fractions(-4, 4, max_denominator=6), st.fractions(0, 4, max_denominator=6))
@example([0, 1], F(-1), F(1))
@example([-1, 1], F(0), F(1))
@example([1, -2, 1], F(0), F(2))
@example([0, 0, -1, 1], F(0), F(1))
def test_roots_are_counted(p: list[int], low: Fraction, width: Fraction) -> None:
    """Distinct roots in (low, high], multiple ones and those at the ends included, as FLINT's real roots."""
    assume(width)
    high = low + width
    shared = uni.gcd(uni.polynomial(p), uni.derivative(uni.polynomial(p)))
    simple = uni.cleared(uni.divide(uni.polynomial(p), shared)[0])[0]
    inside = sum(not sign_of(p, end) for end in (high,))
    for root in real_roots(simple):
        if all(abs(root - flint.arb(flint.fmpq(e.numerator, e.denominator))) > 1e-12 for e in (low, high)):
            inside += low < middle(root) < high
    assert uni.count_roots(uni.polynomial(p), low, high) == inside


@examples(40)
@given(coefficients, st.lists(st.integers(-99, 99), min_size=2, max_size=6).filter(lambda c: c[-1] != 0))
def test_no_number_is_nearer_to_zero_than_its_bound(p: list[int], q: list[int]) -> None:
    """At every complex root of p, q is 0 or larger than the separation bound says."""
    bound = separation(q, p)
    with flint.ctx.workprec(2 * bound + 200):
        one: Any = flint.fmpz_poly(p)
        for root, _ in one.complex_roots():
            at: Any = flint.acb_poly(q)
            value = abs(at(root))
            shared: Any = flint.acb_poly(one.gcd(flint.fmpz_poly(q)))
            if shared.degree() > 0 and shared(root).contains(0):
                assert value.contains(0)
            else:
                assert value > flint.arb(2) ** -bound


@pytest.mark.parametrize("digits", [10, 1000, 20_000])
def test_a_sign_behind_many_digits(digits: int) -> None:
    """√2 minus its first digits: above 0 as these are rounded down, and their next number below it."""
    field = NumberField(uni.polynomial([-2, 0, 1]), F(-3, 2), F(-7, 5))
    near = isqrt(2 * 10 ** (2 * digits))
    with budget() as meter:
        assert Algebraic(field, uni.polynomial([-near, -(10**digits)])).sign() == 1
        assert Algebraic(field, uni.polynomial([-near - 1, -(10**digits)])).sign() == -1
    assert meter.spent < 2_000_000


def test_zero_in_a_field_of_a_reducible_polynomial() -> None:
    """Where it has several factors, a number may be 0 although α occurs in it: the bound tells."""
    p = uni.multiply(uni.polynomial([-2, 0, 1]), uni.polynomial([7, 1, 0, 0, 0, 0, 0, 1]))
    field = NumberField(p, F(14, 10), F(15, 10))
    zero = Algebraic(field, uni.polynomial([-2 * 10**50, 0, 10**50]))
    assert zero.sign() == 0
    assert (zero + 1).sign() == 1
    assert (zero + Algebraic(field, uni.polynomial([-F(1, 10**200), 0, F(1, 10**200)]))).sign() == 1
    with pytest.raises(ZeroDivisionError):
        zero.inverse()


def test_roots_that_are_close_together() -> None:
    """Mignotte's polynomial x^n − 2(ax − 1)²: its two roots near 1/a are told apart, or refused together."""
    n, a = 24, 10**6
    p = [-2, 4 * a, -2 * a * a, *[0] * (n - 3), 1]
    around = F(1, a)
    assert uni.count_roots(uni.polynomial(p), F(0), 2 * around) == 2
    with pytest.raises(FormatError, match="found 2"):
        NumberField(uni.polynomial(p), F(0), 2 * around)
    below = NumberField(uni.polynomial(p), F(0), around)
    above = NumberField(uni.polynomial(p), around, 2 * around)
    assert Algebraic(below, uni.polynomial([-1, a])).sign() == -1
    assert Algebraic(above, uni.polynomial([-1, a])).sign() == 1


@pytest.mark.parametrize("root", [F(0), F(1, 2), F(3, 7), F(-5, 4)])
def test_rational_roots(root: Fraction) -> None:
    """Met or not, a rational root has the sign that it has."""
    p = uni.multiply(uni.polynomial([-root, 1]), uni.polynomial([-3, 0, 1]))
    field = NumberField(p, root - F(1, 3), root + F(2, 7))
    assert Algebraic(field, uni.polynomial([-root, 1])).sign() == 0
    assert Algebraic(field, uni.polynomial([-root + F(1, 10**40), 1])).sign() == 1
    assert Algebraic(field, uni.polynomial([0, 1])).sign() == (root > 0) - (root < 0)


def test_digits_double() -> None:
    """A hundred thousand digits of a root take little more than ten times what ten thousand take."""
    counts = []
    for digits in (10_000, 100_000):
        root = Root([-5, 0, 0, 1], F(1), F(2))
        with budget(10**9) as meter:
            interval = root.interval(digits)
        counts.append(meter.spent)
        assert interval.high - interval.low <= F(1, 2**digits)
    assert counts[1] < 150 * counts[0]  # each product is of numbers ten times as long


def test_sign_at_a_product_of_factors() -> None:
    """A polynomial with a known zero, and one with none."""
    root = Root([-2, 0, 1], F(1), F(2))
    assert sign_at([2 * prod(range(1, 9)), 0, -prod(range(1, 9))], root) == 0
    assert sign_at([-99, 70], root) == -1
    assert sign_at([-41, 29], root) == 1
