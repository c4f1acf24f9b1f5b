"""Places on a line, and the numbers that digits stand for."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.auditing.claims import Printed, read_claims
from zerograd.core.auditing.findings import Grade
from zerograd.core.auditing.grading import graded, printed_so
from zerograd.core.numbers import univariate as uni
from zerograd.core.numbers.field import NumberField
from zerograd.core.numbers.germs import Germ
from zerograd.core.repairing.line import Spot, enclosure, integers_of, order, real_roots

RATIONAL = st.fractions(-5, 5, max_denominator=6)


def product(*factors: Sequence[int | Fraction]) -> Germ:
    """A polynomial, by its factors."""
    result = uni.polynomial([1])
    for factor in factors:
        result = uni.multiply(result, uni.polynomial(factor))
    return Germ(tuple(result))


@given(st.lists(RATIONAL, min_size=1, max_size=3), st.lists(st.integers(-3, 7), max_size=2))
def test_roots(rational: list[Fraction], squares: list[int]) -> None:
    """Roots of (t − r)… (t² − k)… are all found, in order, once each; rational ones as such."""
    p = product(*((-r, Fraction(1)) for r in rational), *((Fraction(-k), 0, Fraction(1)) for k in squares))
    expected = {*map(float, rational)} | {s * k**0.5 for k in squares if k >= 0 for s in (-1, 1)}
    found = real_roots(integers_of(p))
    middles = [float(sum(enclosure(root, 60)) / 2) for root in found]
    assert middles == pytest.approx(sorted(expected), abs=1e-12)
    irrational = [float(k) ** 0.5 for k in squares if k > 0 and round(k**0.5) ** 2 != k]
    for root, value in zip(found, middles, strict=True):
        assert isinstance(root, NumberField) == (abs(value) in [pytest.approx(v) for v in irrational])
    assert all(order(a, b) < 0 for a, b in itertools.pairwise(found))


@given(st.lists(RATIONAL, min_size=1, max_size=4), RATIONAL)
def test_signs_right_of_a_place(roots: list[Fraction], place: Fraction) -> None:
    """The sign right of a place is that a little further on; left of everything, that far out."""
    p = product(*((-r, Fraction(1)) for r in roots))

    def sign_at(t: Fraction) -> int:
        value = uni.evaluate(p.coefficients, t)  # type: ignore[arg-type]
        return (value > 0) - (value < 0)

    assert Spot(place, beyond=False).sign(p) == sign_at(place)
    assert Spot(place, beyond=True).sign(p) == sign_at(place + Fraction(1, 1000))
    assert Spot(None, beyond=True).sign(p) == sign_at(Fraction(-100))
    right = [root for root in roots if root > place]
    spot = Spot(place, beyond=True)
    spot.sign(p)
    assert spot.end(real_roots) == min(right, default=None)


def test_the_same_root_of_two_polynomials() -> None:
    """Roots of t² − 2 and of t⁴ − 4 are compared exactly."""
    one, other = real_roots((-2, 0, 1))[1], real_roots((-4, 0, 0, 0, 1))[1]
    assert order(one, other) == 0
    assert order(one, Fraction(141421356237, 10**11)) > 0


DIGITS = st.builds(
    lambda sign, whole, behind: sign + str(whole) + behind,
    st.sampled_from(["", "-"]),
    st.integers(0, 20),
    st.sampled_from(["", ".0", ".00", ".5", ".37", ".95", ".125"]),
)


@given(DIGITS, st.integers(-400, 400))
def test_what_digits_stand_for(text: str, off: int) -> None:
    """A number may be printed so if and only if an audit does not call it wrong."""
    (claim,) = read_claims([f"loss ~ {text}"])
    printed: Printed = claim.statement.printed.entries[0]  # type: ignore[union-attr]
    value = printed.value + Fraction(off, 200) * Fraction(printed.unit)
    allowed = graded(value, printed) in (Grade.RIGHT, Grade.ROUNDED, Grade.CUT)
    assert printed_so(partial(order, value), printed) == allowed
