"""What is done with a hundred thousand numbers at once gives what is done with each alone."""

from __future__ import annotations

from fractions import Fraction
from itertools import product as pairs
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.numbers import real
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.products import product
from zerograd.core.numbers.rationals import parse_rational, plain_rational
from zerograd.core.numbers.real import Ball, is_moderate, real_to_json, rounded
from zerograd.core.numbers.work import budget, remembered_of_last, spend
from zerograd.evaluate import floats
from zerograd.evaluate.floats import NotComparable

rationals = st.fractions(max_denominator=50) | st.integers(-9, 9) | st.floats(-2, 2).map(Fraction)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    """Intervals of very different sizes and widths, points among them."""
    low = Fraction(draw(st.integers(-(2**80), 2**80))) * Fraction(2) ** draw(st.integers(-300, 60))
    width = Fraction(draw(st.integers(0, 2**40))) * Fraction(2) ** draw(st.integers(-300, 20))
    return Interval.between(low, low + width, draw(st.sampled_from([64, 128, 200])))


@st.composite
def narrow_intervals(draw: st.DrawFn) -> Interval:
    """Intervals around powers of ten and other numbers."""
    centre = draw(rationals.filter(bool) | st.integers(-12, 12).map(lambda k: Fraction(10) ** k))
    width = Fraction(draw(st.integers(0, 9)), 2 ** draw(st.integers(30, 150)))
    return Interval.between(Fraction(centre), Fraction(centre) + width, 160)


@given(st.data())
def test_products_hold_all_products(data: st.DataObject) -> None:
    """What numbers within the factors give lies in the product; of exact numbers it is exact."""
    rows, inner, columns = (data.draw(st.integers(1, 3)) for _ in range(3))
    entries = rationals | st.builds(
        lambda a, w: Interval.between(Fraction(a), Fraction(a) + w, 100), rationals, st.fractions(0, 1)
    )
    a = data.draw(st.lists(st.lists(entries, min_size=inner, max_size=inner), min_size=rows, max_size=rows))
    b = data.draw(
        st.lists(st.lists(entries, min_size=columns, max_size=columns), min_size=inner, max_size=inner)
    )
    factor = data.draw(rationals)
    found = product(a, b, factor)
    for end, other in pairs(("low", "high"), repeat=2):
        points = [
            [[getattr(v, e) if isinstance(v, Interval) else v for v in row] for row in m]
            for m, e in ((a, end), (b, other))
        ]
        for i, j in pairs(range(rows), range(columns)):
            value = factor * sum(points[0][i][k] * points[1][k][j] for k in range(inner))
            entry = found[i][j]
            assert entry.contains(value) if isinstance(entry, Interval) else entry == value
    for i, j in pairs(range(rows), range(columns)):
        if not any(isinstance(v, Interval) for v in (*a[i], *(row[j] for row in b))):
            assert isinstance(found[i][j], int | Fraction)


@given(intervals() | narrow_intervals(), st.sampled_from([6, 15]))
def test_balls_by_integers_are_those_by_fractions(value: Interval, digits: int) -> None:
    """To the last digit, as text too."""
    if not is_moderate(value):
        return
    quick = rounded(value, digits), real_to_json(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real, "_quickly_rounded", lambda *_: None)
        assert quick == (rounded(value, digits), real_to_json(value))


@given(intervals() | narrow_intervals())
def test_floats_by_integers_are_those_by_fractions(value: Interval) -> None:
    """The nearest float of the middle, and no float of what is wide."""
    quick = floats._quick_middle(value)
    if quick is not None:
        assert quick == float(floats._middle(value))
    elif value.sign() and abs(value.low_exponent) < 500 and abs(value.high_exponent) < 500:
        with pytest.raises(NotComparable):
            floats._middle(value)


@given(intervals(), rationals, st.fractions(min_value=Fraction(1, 99)))
def test_balls_contain_what_lies_between_their_ends(value: Interval, centre: Any, radius: Fraction) -> None:
    """It is so exactly where the ends do, for intervals that lie across an end as well."""
    inside = centre - radius <= value.low and value.high <= centre + radius
    assert Ball(centre, radius).contains(value) == inside
    around = Ball((value.low + value.high) / 2, (value.high - value.low) / 2 or radius)
    assert around.contains(value)


@given(rationals)
def test_plain_numbers_are_read_as_others(value: Any) -> None:
    """A quotient is read at once where it is short and plain, and means what it does elsewhere."""
    for text in (str(value), f"{2 * value.numerator}/{2 * value.denominator}"):
        quick = plain_rational(text)
        assert quick is None or (
            quick == parse_rational(text) == value and type(quick) is type(parse_rational(text))
        )
    for text in ("1/0", "+1/2", "1 / 2", "1/2\n", "١/٢", "1/02", "--1/2", "1/-2", "", "/", f"1/{10**300}"):
        assert plain_rational(text) is None


def test_what_is_remembered_counts_every_time() -> None:
    """The value is that of the same object alone, not of an equal one; its work counts again."""
    calls = []

    class Question:
        pass

    def calculated(question: Question) -> int:
        spend(100)
        calls.append(question)
        return len(calls)

    again = remembered_of_last(calculated)
    one, other = Question(), Question()
    with budget(1000) as meter:
        assert [again(one), again(one), again(other), again(other), again(one)] == [1, 1, 2, 2, 3]
    assert meter.spent == 500


def test_a_sum_of_random_products() -> None:
    """Larger ones, which are packed: against sums of products of intervals."""
    chance = Random(0)

    def entry() -> Any:
        low = Fraction(chance.uniform(-1, 1))
        return Interval.between(low, low + Fraction(1, 2**60), 200) if chance.random() < 0.5 else low

    a = [[entry() for _ in range(30)] for _ in range(6)]
    b = [[entry() for _ in range(7)] for _ in range(30)]
    for row, line in zip(a, product(a, b), strict=True):
        for column, found in zip(zip(*b, strict=True), line, strict=True):
            plain = sum((v * w for v, w in zip(row, column, strict=True)), Interval.of(0, 200))
            assert found.contains(sum(middle(v) * middle(w) for v, w in zip(row, column, strict=True)))
            assert plain.hull(found) == plain or found.radius <= plain.radius * Fraction(101, 100)


def middle(value: Any) -> Fraction:
    return value.midpoint if isinstance(value, Interval) else value
