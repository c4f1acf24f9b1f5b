"""Products of matrices: the packed ones against the definition, over several rings."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.numbers import closed, products, whole_products
from zerograd.core.numbers.closed import Closed
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.numbers.products import product
from zerograd.core.numbers.univariate import polynomial

ROOT = NumberField(polynomial([-2, 0, 1]), Fraction(1), Fraction(2))

dyadic = st.floats(allow_nan=False, allow_infinity=False).map(Fraction)
narrow = st.floats(allow_nan=False, allow_infinity=False, width=32).map(Fraction)
wild = st.fractions() | st.builds(Fraction, st.integers(), st.integers(1, 10**60))
numbers = st.just(0) | st.integers() | narrow | dyadic | wild


def plain(a: Any, b: Any, factor: Any = 1) -> list[list[Any]]:
    return [[factor * sum(row[k] * b[k][j] for k in range(len(b))) for j in range(len(b[0]))] for row in a]


def whole(a: Any, b: Any) -> list[list[Any]]:
    n, k, p = len(a), len(b), len(b[0])
    flat = whole_products.whole_product(
        [v for row in a for v in row], [v for row in b for v in row], (n, k, p)
    )
    return [flat[i : i + p] for i in range(0, n * p, p)]


def matrices(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> tuple[Any, Any]:
    n, k, p = (draw(st.integers(1, 5)) for _ in range(3))
    first, second = ([[draw(values) for _ in range(m)] for _ in range(n)] for n, m in ((n, k), (k, p)))
    return first, second


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    return matrices(draw, draw(st.sampled_from([numbers, st.integers(-9, 9), narrow, dyadic, wild])))


@pytest.mark.parametrize("memory", [1, 100, whole_products.MAX_BYTES])
@given(pair=pairs(), factor=st.integers(1, 9) | wild)
def test_packed(memory: int, pair: tuple[Any, Any], factor: Any) -> None:
    """The packed product is the plain one, in blocks of any size; whole numbers are int."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "FEW", 0)
        patch.setattr(whole_products, "PAIR", 10**9)
        patch.setattr(whole_products, "MAX_BYTES", memory)
        found = product(*pair, factor)
    assert found == plain(*pair, factor)
    assert all(type(v) in (int, Fraction) for row in found for v in row)


@given(pair=pairs())
def test_long_denominators(pair: tuple[Any, Any]) -> None:
    """Where no common denominator is short, entries are multiplied one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "FEW", 0)
        patch.setattr(whole_products, "PAIR", 10**9)
        patch.setattr(products, "MAX_BITS", 20)
        assert product(*pair) == plain(*pair)


@st.composite
def sparse(draw: st.DrawFn) -> tuple[Any, Any]:
    """Matrices of integers of which rows and columns are 0, short or beyond 64 bits."""
    few = st.sampled_from([0, 0, 0, 1, -1, 127, -128])
    a, b = matrices(draw, draw(st.sampled_from([few, st.just(0), few | st.integers(-(2**70), 2**70)])))
    return [row if draw(st.booleans()) else [0] * len(row) for row in a], b


@pytest.mark.parametrize("memory", [1, whole_products.MAX_BYTES])
@given(pair=sparse())
def test_zeros_are_left_out(memory: int, pair: tuple[Any, Any]) -> None:
    """A product of matrices with rows and columns of zeros is the plain one, packed or not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole_products, "MAX_BYTES", memory)
        assert whole(*pair) == plain(*pair)
        patch.setattr(whole_products, "PAIR", 10**9)
        assert whole(*pair) == plain(*pair)


@pytest.mark.parametrize("size", [3, 4, 5, 8, 9])
def test_slots(size: int) -> None:
    """A packed row is the sum of its entries times powers, whatever sizes of slots Python's arrays have."""
    rows = [[1, -2, 300, -40000], [0, 7, -8, 9]]
    packed = whole_products.pack([v for row in rows for v in row], 4, size)
    assert packed == [sum(v << 8 * size * i for i, v in enumerate(row)) for row in rows]
    assert [whole_products.unpack(row, 4, size) for row in packed] == rows


def test_nothing_but_zeros() -> None:
    """Entries fit their slots where the sums of products are all 0."""
    a, b = [[0] * 9] * 9, [[Fraction(10**30, 7)] * 9] * 9
    assert product(a, b) == product(b, a) == [[0] * 9] * 9


def test_slots_are_wide_enough() -> None:
    """The extreme sums, of either sign, beside each other, at every width about a byte's end."""
    for bits in range(1, 40):
        top = 2**bits - 1
        for count in (1, 2, 3, 255, 256, 257):
            a = [[top] * count, [-top] * count, [-top - 1] * count]
            b = [[top, -top, 0, -1, top]] * count
            assert product(a, b) == plain(a, b)


def test_many_prime_denominators() -> None:
    """Denominators without a factor in common fall back, and give the same."""
    primes = [n for n in range(10**6, 10**6 + 9000) if all(n % d for d in range(2, 1100))]
    row = [Fraction(1, p) for p in primes]
    column = [[Fraction(-1, p)] for p in reversed(primes)]
    assert product([row], column) == plain([row], column)


def test_other_rings() -> None:
    """Number fields and polynomials, mixed with integers and fractions, of every size."""
    x, root = Polynomial.variable("x"), Algebraic(ROOT, polynomial([0, 1]))
    for element in (x, root):
        for size in (1, 2, 9):
            a = [[element, 2, Fraction(1, 3), 0] for _ in range(size)]
            b: list[list[Any]] = [[element, 5] for _ in range(2)] + [[1, element], [3, Fraction(5, 7)]]
            assert product(a, b, Fraction(2, 3)) == plain(a, b, Fraction(2, 3))


LOGS = [closed.log(2), closed.log(3), closed.pi(), closed.log(2) * closed.log(3)]
forms = st.builds(
    lambda constant, terms: sum((c * LOGS[k] for k, c in terms), constant),
    st.fractions(-3, 3, max_denominator=9),
    st.lists(st.tuples(st.integers(0, 3), st.fractions(-3, 3, max_denominator=9)), max_size=3),
)


@st.composite
def closed_pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Closed forms on one side, on the other, or on both."""
    kinds = draw(st.sampled_from([(forms, wild), (wild, forms), (forms, forms), (st.just(LOGS[0]), forms)]))
    n, k, p = (draw(st.integers(1, 4)) for _ in range(3))
    first = [[draw(kinds[0]) for _ in range(k)] for _ in range(n)]
    return first, [[draw(kinds[1]) for _ in range(p)] for _ in range(k)]


@given(pair=closed_pairs(), factor=st.integers(1, 9))
def test_closed_forms(pair: tuple[Any, Any], factor: int) -> None:
    """The product of the coefficients of each monomial is the plain one, narrowed where it is rational."""
    found = product(*pair, factor)
    for row, line in zip(found, plain(*pair, factor), strict=True):
        for ours, theirs in zip(row, line, strict=True):
            assert type(ours - theirs) in (int, Fraction)
            assert ours - theirs == 0
            assert not isinstance(ours, Closed) or not ours.polynomial.is_constant
