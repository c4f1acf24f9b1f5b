"""Interval arithmetic: rounded outward, tight, never wrong about a sign; FLINT's balls as a rival."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zerograd.core.numbers.functions import OutOfDomain
from zerograd.core.numbers.interval import MAX_BITS, Interval
from zerograd.core.numbers.products import product

F = Fraction

scales = st.sampled_from([1, 1, 1, F(2) ** 300, F(2) ** -300, F(1, 10**40)])
rationals = st.builds(operator.mul, st.fractions(-50, 50, max_denominator=60), scales)
precisions = st.sampled_from([4, 24, 53, 128, 300])


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low, high = sorted([draw(rationals), draw(rationals)])
    return Interval.between(low, draw(st.sampled_from([low, high])), draw(precisions))


@st.composite
def with_point(draw: st.DrawFn) -> tuple[Interval, F]:
    """An interval, and a rational in it."""
    interval = draw(intervals())
    share = draw(st.fractions(0, 1, max_denominator=9))
    return interval, interval.low + share * (interval.high - interval.low)


OPERATIONS: list[Callable[[Any, Any], Any]] = [operator.add, operator.sub, operator.mul]


def is_close(end: F, value: F, precision: int) -> bool:
    return abs(end - value) <= abs(value) * F(4, 2**precision)


@given(with_point(), with_point(), st.sampled_from(OPERATIONS))
def test_results_hold_the_exact_results_and_little_else(
    one: tuple[Interval, F], other: tuple[Interval, F], operation: Callable[[Any, Any], Any]
) -> None:
    """Every point's result lies inside; the ends are those of exact arithmetic, rounded."""
    (x, a), (y, b) = one, other
    result = operation(x, y)
    assert result.contains(operation(a, b))
    corners = [operation(p, q) for p in (x.low, x.high) for q in (y.low, y.high)]
    assert result.precision == max(x.precision, y.precision)
    assert result.low <= min(corners) and max(corners) <= result.high
    assert is_close(result.low, min(corners), result.precision)
    assert is_close(result.high, max(corners), result.precision)


@given(with_point(), rationals | st.integers(), st.sampled_from(OPERATIONS), st.booleans())
def test_exact_numbers_stand_on_either_side(
    one: tuple[Interval, F], exact: F | int, operation: Callable[[Any, Any], Any], turned: bool
) -> None:
    """int and Fraction are enclosed, or taken exactly."""
    x, a = one
    result = operation(exact, x) if turned else operation(x, exact)
    assert isinstance(result, Interval)
    assert result.contains(operation(exact, a) if turned else operation(a, exact))
    corners = [operation(exact, p) if turned else operation(p, exact) for p in (x.low, x.high)]
    assert is_close(result.low, min(corners), result.precision)
    assert is_close(result.high, max(corners), result.precision)


@given(rationals, precisions)
def test_a_rational_is_enclosed_exactly(value: F, precision: int) -> None:
    """The rational itself lies inside, not a rounded one; short ones are points."""
    interval = Interval.of(value, precision)
    assert interval.low <= value <= interval.high
    assert interval.contains(value)
    assert interval.radius <= abs(value) / 2**precision
    dyadic = not value.denominator & (value.denominator - 1) and value.numerator.bit_length() <= precision
    assert interval.is_point or not dyadic
    if not interval.is_point:
        assert interval.low < value < interval.high


@given(with_point(), precisions)
def test_a_part_gives_a_part(one: tuple[Interval, F], precision: int) -> None:
    """Rounding is monotone: the results of a part lie in those of the whole."""
    whole, point = one
    part = Interval.between(point, point, 600)
    assume(whole.contains(part))
    part = Interval.between(part.low, part.high, 600)
    for wide, narrow in [(whole * whole, part * part), (whole + whole, part + part), (-whole, -part)]:
        assert wide.contains(narrow)


@given(intervals(), intervals())
def test_comparisons_are_those_of_exact_ends(x: Interval, y: Interval) -> None:
    """Sign, inclusion, hull, intersection, sides: as with exact ends."""
    low, high = x.low, x.high
    assert x.sign() == (1 if low > 0 else -1 if high < 0 else 0 if low == high == 0 else None)
    assert bool(x) == (not low == high == 0)
    assert x.contains(y) == (low <= y.low and y.high <= high)
    assert x.is_inside(y) == (y.low < low and high < y.high)
    hull = x.hull(y)
    assert (hull.low, hull.high) == (min(low, y.low), max(high, y.high))
    common = x.intersection(y)
    ends = max(low, y.low), min(high, y.high)
    assert (common is None) == (ends[0] > ends[1])
    assert common is None or (common.low, common.high) == ends
    assert (x == y) == ((low, high) == (y.low, y.high))
    assert x.midpoint == (low + high) / 2
    assert x.radius == (high - low) / 2
    for value in (y.low, y.high, low, high):
        above, below = low > value, high < value
        assert x.side(value) == (1 if above else -1 if below else 0 if low == high else None)
        assert x.contains(value) == (low <= value <= high)


@given(rationals, rationals)
def test_more_bits_enclose_more_tightly(a: F, b: F) -> None:
    """The width shrinks as the precision grows."""
    assume(a * b)
    widths = [(Interval.of(a, p) * Interval.of(b, p) + F(1, 3)).radius for p in (20, 60, 180)]
    assert widths[0] <= abs(a * b) / 2**16 + F(1, 2**16)
    assert widths[1] <= widths[0] / 2**20 or not widths[0]
    assert widths[2] <= widths[1] / 2**60 or not widths[1]


def ball(value: F) -> Any:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


@given(rationals, rationals, rationals)
def test_a_rival_gives_the_same(a: F, b: F, c: F) -> None:
    """FLINT's balls overlap the intervals of the same formula."""
    x, y, z = map(Interval.of, (a, b, c))
    ours = (x * y - z) * (x + z) - y * 3
    u, v, w = map(ball, (a, b, c))
    theirs = (u * v - w) * (u + w) - v * 3
    assert theirs.overlaps(ball(ours.low).union(ball(ours.high)))


HUGE = Interval(1, 10**12, 3, 10**12)
TINY = Interval(1, -(10**12), 3, -(10**12))


def test_numbers_far_apart_take_no_longer() -> None:
    """Exponents of any size are compared and added; only what cannot be written out is refused."""
    assert (HUGE + TINY).sign() == 1
    assert (TINY - HUGE).sign() == -1
    assert (1 - TINY).side(1) == -1 or (1 - TINY).contains(1)
    assert (1 - TINY).contains(Interval.of(1) - TINY)
    assert (HUGE * TINY).contains(F(3))
    assert not HUGE.contains(10**50)
    assert HUGE.side(10**50) == 1
    assert TINY.sign() == 1
    assert TINY.side(F(1, 10**50)) == -1
    assert 0 <= TINY.low < TINY.high <= F(1, 2**MAX_BITS)
    assert -TINY.high == (-TINY).low
    with pytest.raises(OutOfDomain, match="too large"):
        _ = HUGE.high


def test_an_interval_is_a_value() -> None:
    """It cannot be changed, has no hash, and is copied and pickled."""
    interval = Interval.between(F(1, 3), 2, 60)
    with pytest.raises(AttributeError):
        interval.precision = 3
    with pytest.raises(TypeError):
        hash(interval)
    for other in (copy.copy(interval), pickle.loads(pickle.dumps(interval))):
        assert other == interval
        assert other.precision == 60
    assert Interval(4, 0, 8, 0) == Interval(1, 2, 1, 3)
    assert interval != 2
    assert repr(Interval.between(1, 2)) == "[1·2^0, 2·2^0]"


def test_ends_come_in_order() -> None:
    """An interval that ends before it begins is refused."""
    with pytest.raises(ValueError, match="below"):
        Interval.between(2, 1)


def test_the_same_interval_twice_is_not_the_same_number_twice() -> None:
    """A square may be negative, as two numbers may have the same enclosure."""
    x = Interval.between(-1, 2)
    assert x * x == Interval.between(-2, 4)
    assert x - x == Interval.between(-3, 3)


@st.composite
def matrices_with_points(draw: st.DrawFn) -> tuple[Any, Any, Any, Any]:
    """Two matrices of intervals and rationals, and points in them."""
    n, k, p = (draw(st.integers(1, 3)) for _ in range(3))

    def matrix(height: int, width: int) -> list[list[tuple[Any, F]]]:
        entry = with_point() | rationals.map(lambda value: (value, value))
        return [[draw(entry) for _ in range(width)] for _ in range(height)]

    a, b = matrix(n, k), matrix(k, p)
    first, second = ([[[entry[part] for entry in row] for row in m] for part in (0, 1)] for m in (a, b))
    return first[0], second[0], first[1], second[1]


@given(matrices_with_points(), st.sampled_from([1, -3, F(2, 5), F(-7, 96)]))
def test_products_of_matrices_hold_every_product(matrices: tuple[Any, Any, Any, Any], factor: Any) -> None:
    """Whatever denominators; and are no wider than all that products of such sizes can be, rounded once."""
    a, b, points, others = matrices
    found = product(a, b, factor)
    for i, row in enumerate(points):
        for j, column in enumerate(zip(*others, strict=True)):
            value, entry = factor * sum(map(operator.mul, row, column)), found[i][j]
            if not isinstance(entry, Interval):
                assert entry == value
                continue
            assert entry.low <= value <= entry.high
            columns = (line[j] for line in b)
            reach = sum((_size(v) * _size(w) for v, w in zip(a[i], columns, strict=True)), F(0))
            assert entry.high - entry.low <= abs(F(factor)) * reach * (2 + F(8, 2**entry.precision))


def _size(value: Any) -> F:
    return max(abs(value.low), abs(value.high)) if isinstance(value, Interval) else abs(F(value))
