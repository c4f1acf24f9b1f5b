"""Exact numbers for people."""

from __future__ import annotations

from fractions import Fraction

import pytest

from zerograd.core.numbers.closed import log, pi
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.univariate import polynomial
from zerograd.document.numbers import decimal_text, exact_text, field_text, is_long, vector_text

SQRT2 = NumberField(polynomial([-2, 0, 1]), Fraction(1), Fraction(2))


def alpha(*coefficients: int | Fraction) -> Algebraic:
    return Algebraic(SQRT2, polynomial(coefficients))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (Fraction(-2, 3), "-2/3"),
        (10**30, "≈1e+30"),
        (-(10**5000) - 1, "≈-1e+5000"),
        (Fraction(1, 3 * 10**400), "≈3.33333e-401"),
        (Fraction(10**40 + 1, 10**40), "≈1"),
        (alpha(0, 1), "α ≈ 1.41421"),
        (alpha(-1, Fraction(1, 2)), "1/2·α - 1 ≈ -0.292893"),
        (alpha(7), "7"),
        (alpha(0, Fraction(1, 10**60)), "≈1.41421e-60"),
        (alpha(-Fraction(14142135623730950488, 10**19), 1), "≈1.68872e-21"),
        (log(2), "log(2) ≈ 0.693147"),
        (Fraction(1, 2) + 3 * log(2), "1/2 + 3·log(2) ≈ 2.57944"),
        (pi() * Fraction(-1, 2), "-π/2 ≈ -1.5708"),
        (log(2) * Fraction(1, 10**60), "≈6.93147e-61"),
        (log(2) - Fraction(69314718055994530941, 10**20), "≈7.23212e-21"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",  # pytest cannot write out all of the numbers
)
def test_exact_text(value: Exact, text: str) -> None:
    """Exact while short, with a decimal beside what is irrational; else six digits."""
    assert exact_text(value) == text


def test_long_numbers() -> None:
    """What is shown by its first digits alone."""
    assert is_long(10**24)
    assert not is_long(10**23)
    assert is_long(Fraction(1, 10**24))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (123456789, "1.23457e+8"), (1234567, "1234570"), (Fraction(1, 7), "0.142857"), (100, "100")],
)
def test_decimal_text(value: Exact, text: str) -> None:
    """Six significant digits, plain where that is short."""
    assert decimal_text(value) == text


def test_decimal_of_zero_in_disguise() -> None:
    """An element of a field with a reducible polynomial can be 0 without looking so."""
    field = NumberField(polynomial([2, 0, -3, 0, 1]), Fraction(5, 4), Fraction(2))  # (α² − 1)(α² − 2)
    assert decimal_text(Algebraic(field, polynomial([-2, 0, 1]))) == "0"


def test_vectors() -> None:
    """One value stands without brackets; the middle of a long vector is left out."""
    assert vector_text([3]) == "3"
    assert vector_text([1, Fraction(-1, 2)], ["°", ""]) == "(1°, -1/2)"
    assert vector_text(list(range(9))) == "(0, 1, 2, 3, 4, 5, …, 8)"
    assert vector_text(list(range(8))) == "(0, 1, 2, 3, 4, 5, 6, 7)"


def test_field_text() -> None:
    """A polynomial, and an interval as simple as it may be."""
    assert field_text(SQRT2) == "α^2 - 2 in (1, 2)"
    narrow = Fraction(14142135623730950488016887, 10**25)
    close = NumberField(polynomial([-2, 0, 1]), narrow, narrow + Fraction(1, 10**24))
    assert field_text(close) == "α^2 - 2 in (1, 2)"
    cubic = NumberField(polynomial([Fraction(1, 2), -3, 0, 1]), Fraction(0), Fraction(1))
    assert field_text(cubic) == "α^3 - 3·α + 1/2 in (0, 1)"
    wide = NumberField(polynomial([-(10**150), 0, 1]), Fraction(1), Fraction(10**80))
    assert field_text(wide) == "a polynomial of degree 2 (--json has it) near there"
