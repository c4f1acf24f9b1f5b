"""Polynomials in one variable and in many, against SymPy; and the small array."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.numbers import univariate as uni
from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.numbers.polynomial import Polynomial

F = Fraction
T = sp.Symbol("t")
small = st.fractions(-5, 5, max_denominator=4)
univariate = st.lists(small, max_size=5).map(uni.polynomial)


def by_sympy(p: uni.Polynomial) -> Any:
    return sp.Poly([sp.Rational(c.numerator, c.denominator) for c in reversed(p)] or [0], T, domain="QQ")


def from_sympy(p: Any) -> uni.Polynomial:
    return uni.polynomial(F(int(c.p), int(c.q)) for c in reversed(p.all_coeffs()))


@examples(40)
@given(univariate, univariate)
def test_arithmetic_in_one_variable(p: uni.Polynomial, q: uni.Polynomial) -> None:
    """Sum, product, quotient, remainder, derivative and greatest common divisor are SymPy's."""
    a, b = by_sympy(p), by_sympy(q)
    assert uni.add(p, q) == from_sympy(a + b)
    assert uni.multiply(p, q) == from_sympy(a * b)
    assert uni.derivative(p) == from_sympy(a.diff(T))
    assert uni.gcd(p, q) == (from_sympy(sp.gcd(a, b).monic()) if p or q else ())
    if q:
        quotient, remainder = uni.divide(p, q)
        assert (quotient, remainder) == tuple(map(from_sympy, sp.div(a, b)))
        assert uni.add(uni.multiply(quotient, q), remainder) == p


@given(univariate, univariate, univariate)
def test_common_factors_are_found(p: uni.Polynomial, q: uni.Polynomial, shared: uni.Polynomial) -> None:
    """A factor that was multiplied in divides the greatest common divisor."""
    assume(shared)
    divisor = uni.gcd(uni.multiply(p, shared), uni.multiply(q, shared))
    assert not uni.divide(divisor, shared)[1]


@examples(40)
@given(univariate, univariate)
def test_inverse_modulo(p: uni.Polynomial, modulus: uni.Polynomial) -> None:
    """p · 1/p leaves 1 where p and the modulus are coprime; else there is no inverse."""
    assume(len(modulus) > 1)
    if len(uni.gcd(p, modulus)) == 1:
        product = uni.multiply(p, uni.inverse(p, modulus))
        assert uni.divide(product, modulus)[1] == (F(1),)
    else:
        with pytest.raises(ZeroDivisionError, match="the polynomials share a factor"):
            uni.inverse(p, modulus)


@given(univariate, small, st.fractions(0, 3, max_denominator=4), st.fractions(0, 1, max_denominator=9))
def test_enclosures_hold(p: uni.Polynomial, low: Fraction, width: Fraction, part: Fraction) -> None:
    """Every value on an interval lies in the enclosure."""
    bottom, top = uni.enclose(p, low, low + width)
    assert bottom <= uni.evaluate(p, low + part * width) <= top


@examples(40)
@example((F(0), F(0), F(1), F(-1)), F(0), F(1))  # a multiple root at the end of the interval
@example((F(0), F(1)), F(0), F(0))  # nothing lies in an empty interval
@given(st.lists(small, min_size=2, max_size=6).map(uni.polynomial), small, small)
def test_real_roots_are_counted(p: uni.Polynomial, a: Fraction, b: Fraction) -> None:
    """Sturm's count on (low, high] is SymPy's number of distinct real roots there."""
    assume(len(p) > 1)
    low, high = min(a, b), max(a, b)
    roots = {root for root in sp.real_roots(by_sympy(p)) if low < root <= high}
    assert uni.count_roots(p, low, high) == len(roots)


SYMBOLS = {name: sp.Symbol(name) for name in "abc"}
many = st.recursive(
    st.one_of(small.map(Polynomial.constant), st.sampled_from("abc").map(Polynomial.variable)),
    lambda inner: st.one_of(
        st.builds(lambda p, q: p + q, inner, inner),
        st.builds(lambda p, q: p - q, inner, inner),
        st.builds(lambda p, q: p * q, inner, inner),
        st.builds(lambda p, c: c - p, inner, small),
        st.builds(lambda p, c: c * p + c, inner, small),
    ),
    max_leaves=6,
)


def expanded(p: Polynomial) -> Any:
    total: Any = sp.Integer(0)
    for monomial, c in p.terms.items():
        term: Any = sp.Rational(c.numerator, c.denominator)
        for name, exponent in monomial:
            term *= SYMBOLS[name] ** exponent
        total += term
    return total


@examples(40)
@given(many, many, small)
def test_arithmetic_in_many_variables(p: Polynomial, q: Polynomial, c: Fraction) -> None:
    """Sums, differences and products are those of the expanded expressions, without zero terms."""
    number = sp.Rational(c.numerator, c.denominator)
    for found, expected in (
        (p + q, expanded(p) + expanded(q)),
        (p - q, expanded(p) - expanded(q)),
        (p * q, expanded(p) * expanded(q)),
        (-p, -expanded(p)),
        (c - p, number - expanded(p)),
        (p * c + c, expanded(p) * number + number),
    ):
        assert sp.expand(expanded(found) - expected) == 0
        assert all(found.terms.values())
    assert (p == q) == (sp.expand(expanded(p) - expanded(q)) == 0)
    if p == q:
        assert hash(p) == hash(q)


@examples(40)
@given(many, small)
def test_monic_forgets_a_factor(p: Polynomial, c: Fraction) -> None:
    """A polynomial and its multiples have one monic form."""
    assume(c)
    assert (p * c).monic() == p.monic()
    assert p.monic().monic() == p.monic()
    assert p.constant_term == expanded(p).subs(dict.fromkeys(SYMBOLS.values(), 0))


@examples(40)
@given(many)
def test_polynomials_are_shown_as_they_are(p: Polynomial) -> None:
    """The text of a polynomial, read by SymPy, is the polynomial."""
    assert sp.expand(sp.sympify(str(p), locals=SYMBOLS) - expanded(p)) == 0
    assert (str(p) == "0") == (not p.terms)


# --- arrays -----------------------------------------------------------------------------


def test_arrays() -> None:
    """Shapes, indices, rows and nested lists."""
    matrix = Array((2, 3), (1, 2, 3, 4, 5, 6))
    assert matrix[1, 0] == 4
    assert matrix.rows() == [(1, 2, 3), (4, 5, 6)]
    assert matrix.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert repr(matrix.map(lambda v: F(v, 2))) == "[[1/2, 1, 3/2], [2, 5/2, 3]]"
    assert Array.of(matrix.rows(), 3) == matrix
    assert Array.build((2, 3), lambda i: i[0] * 3 + i[1] + 1) == matrix
    assert list(matrix.items())[3] == ((1, 0), 4)
    assert Array((), (7,)).tolist() == 7
    assert Array((), (7,))[()] == 7
    assert Array((2,), (7, 8))[1] == 8
    assert Array((0, 3), ()).tolist() == []
    assert Array.of([], 3).shape == (0, 3)
    assert list(indices((2, 2))) == [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.mark.parametrize("index", [(2, 0), (0, 3), (-1, 0), (0, -1), (0,), (0, 0, 0), 0])
def test_array_indices_are_checked(index: Any) -> None:
    """There are no negative indices, and none too many or too few."""
    with pytest.raises(IndexError, match="does not fit shape"):
        Array((2, 3), (1, 2, 3, 4, 5, 6))[index]


def test_arrays_are_full() -> None:
    """A shape and its entries belong together."""
    with pytest.raises(ValueError, match="5 entries do not fill shape"):
        Array((2, 3), (1, 2, 3, 4, 5))
