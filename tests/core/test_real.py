"""Numbers that are exact or enclosed: digits that are proved, products, and conditions with three values."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.errors import FormatError
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.dual import Dual
from zerograd.core.numbers.functions import OutOfDomain
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.products import product
from zerograd.core.numbers.real import (
    Ball,
    Real,
    RealFunctions,
    compare,
    decimal,
    ends,
    format_real,
    order,
    real_from_json,
    real_to_json,
    rounded,
    sign,
)
from zerograd.core.question.conditions import ExactAlgebra, evaluate
from zerograd.core.question.enclosures import EnclosureAlgebra
from zerograd.core.question.parsing import parse_condition

F = Fraction
NUMBERS = st.fractions(-30, 30, max_denominator=12)
WIDTHS = st.sampled_from([F(0), F(1, 10**9), F(1, 7), F(3)])


@st.composite
def enclosed(draw: st.DrawFn) -> tuple[Fraction, Real]:
    """A number, and what is known of it: itself, or an interval that holds it."""
    value = draw(NUMBERS)
    if draw(st.booleans()):
        return value, value
    low, high = value - draw(WIDTHS), value + draw(WIDTHS)
    return value, Interval.between(low, high, draw(st.sampled_from([20, 64, 200])))


def holds(known: Real, value: Fraction) -> bool:
    return known.contains(value) if isinstance(known, Interval) else known == value


# --- digits -----------------------------------------------------------------------------


@examples(100)
@given(NUMBERS, st.integers(-40, 40), st.integers(0, 60), st.integers(1, 20))
def test_rounded(value: Fraction, scale: int, tight: int, digits: int) -> None:
    """A ball holds the interval, has no more digits than asked, and is not much wider than it need be."""
    middle = value * F(10) ** scale
    radius = abs(middle) * F(3, 10 ** (tight + 1))
    known = Interval.between(middle - radius, middle + radius, 300)
    ball = rounded(known, digits)
    assert ball.contains(known)
    assert (F(ball.centre) / F(ball.radius)).denominator == 1
    assert ball.radius == F(10) ** order(ball.radius)
    if middle:
        assert abs(ball.centre) < ball.radius * 10 ** (digits + 1)
        assert ball.radius <= max(100 * radius, 10 * abs(middle) / 10 ** (digits - 1)) * F(11, 10)
    again = real_from_json(real_to_json(known))
    assert isinstance(again, Ball)
    assert again.contains(known)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (F(1, 8), "0.125"),
        (F(-3), "-3"),
        (F(1, 10**30), "1e-30"),
        (F(123456, 10**12), "1.23456e-7"),
        (F(10**21), "1e+21"),
        (F(1, 3), "1/3"),
    ],
)
def test_decimals(value: Fraction, text: str) -> None:
    """Decimals where they end, else a fraction."""
    assert decimal(value) == text


def test_numbers_out_of_proportion() -> None:
    """What is next to 0 is a ball around it; what is beyond all documents has no digits."""
    tiny = RealFunctions().exp(-(10**9))
    assert str(rounded(tiny)) == "0 ± 1e-900"
    assert ends(tiny)[0] >= 0
    huge = RealFunctions().exp(10**9)
    assert format_real(huge) == "a number that may be beyond 10^900"
    for function in (rounded, ends):
        with pytest.raises(OutOfDomain):
            function(huge)
    assert compare(huge, 5) == 1
    assert sign(tiny) == 1


@pytest.mark.parametrize("value", [F(1), F(10), F(99), F(100), F(1, 1000), F(999, 1000), F(10**400)])
def test_orders(value: Fraction) -> None:
    """Powers of 10 below and above."""
    assert F(10) ** order(value) <= value < F(10) ** (order(value) + 1)
    assert F(10) ** (order(value, up=True) - 1) < value <= F(10) ** order(value, up=True)


def test_balls_that_are_none() -> None:
    """Floats, truth values and radii that are not above 0 make no ball."""
    for centre, radius in ((0.5, 1), (True, 1), (0, 0), (0, -1)):
        with pytest.raises(FormatError):
            Ball(centre, radius)  # type: ignore[arg-type]


def test_exact_functions_stay_exact() -> None:
    """What has a rational value is not enclosed; the rest is."""
    f = RealFunctions(80)
    assert (f.exp(0), f.tanh(0), f.sigmoid(0), f.divide(1, 3), f.sqrt(F(9, 4))) == (
        1,
        0,
        F(1, 2),
        F(1, 3),
        F(3, 2),
    )
    assert isinstance(f.exp(1), Interval)
    assert isinstance(f.divide(f.exp(1), 3), Interval)


# --- products ---------------------------------------------------------------------------


@examples(60)
@given(st.data())
def test_products(data: st.DataObject) -> None:
    """Products of matrices of enclosures hold those of the numbers; what is exact stays so."""
    n, k, p = (data.draw(st.integers(1, 4)) for _ in range(3))
    a = [[data.draw(enclosed()) for _ in range(k)] for _ in range(n)]
    b = [[data.draw(enclosed()) for _ in range(p)] for _ in range(k)]
    factor = data.draw(st.sampled_from([F(1), F(2, 3)]))
    left, right = ([[known for _, known in row] for row in matrix] for matrix in (a, b))
    result = product(left, right, factor)
    for i, row in enumerate(result):
        for j, known in enumerate(row):
            terms = [(a[i][m], b[m][j]) for m in range(k)]
            value = sum((x * y for (x, _), (y, _) in terms), F(0)) * factor
            assert holds(known, value)
            if not any(isinstance(v, Interval) for (_, x), (_, y) in terms for v in (x, y)):
                assert not isinstance(known, Interval)


@examples(40)
@given(st.data())
def test_products_with_derivatives(data: st.DataObject) -> None:
    """They are sums of products, with the same derivatives."""
    n, k, p = (data.draw(st.integers(1, 3)) for _ in range(3))

    def number() -> Any:
        value = data.draw(NUMBERS)
        partials = data.draw(st.dictionaries(st.integers(0, 3), NUMBERS, max_size=2))
        return Dual(value, partials) if partials else value

    a, b = ([[number() for _ in range(y)] for _ in range(x)] for x, y in ((n, k), (k, p)))
    for i, row in enumerate(product(a, b)):
        for j, found in enumerate(row):
            expected: Any = sum(a[i][m] * b[m][j] for m in range(k))
            assert _value(found) == _value(expected)
            assert _partials(found) == _partials(expected)


def _value(number: Any) -> Any:
    return number.value if isinstance(number, Dual) else number


def _partials(number: Any) -> dict[int, Any]:
    known = number.partials if isinstance(number, Dual) else {}
    return {key: slope for key, slope in known.items() if slope}


# --- conditions -------------------------------------------------------------------------

CONDITIONS = [
    "a < b",
    "a <= b or b <= a",
    "not a == b",
    "a * b != 1",
    "abs(a) > b",
    "max(a, b) >= 0",
    "min(a, b, 1) < 1",
    "distinct(a, b)",
    "a / (b**2 + 1) < 3",
    "a == a and a + b > 0",
    "0 <= a <= 10",
]


@examples(100)
@given(enclosed(), enclosed(), st.sampled_from(CONDITIONS))
def test_conditions(a: tuple[Fraction, Real], b: tuple[Fraction, Real], text: str) -> None:
    """What is known of a condition over enclosures is so of the numbers; of exact ones all is known."""
    condition = parse_condition(text)
    exact = {"a": a[0], "b": b[0]}
    known = {"a": a[1], "b": b[1]}
    truth = evaluate(condition, ExactAlgebra(), lambda name: Array((), (exact[name],)))
    found = evaluate(condition, EnclosureAlgebra(), lambda name: Array((), (known[name],)))
    assert found in (truth, None)
    if not any(isinstance(v, Interval) for v in known.values()):
        assert found is truth


def test_division_by_what_may_be_zero() -> None:
    """It is refused, not enclosed."""
    for denominator in (0, Interval.between(-1, 1)):
        with pytest.raises(ZeroDivisionError):
            EnclosureAlgebra().divide(1, denominator)


@examples(50)
@given(enclosed(), enclosed())
def test_comparisons(a: tuple[Fraction, Real], b: tuple[Fraction, Real]) -> None:
    """Signs that are known are those of the numbers."""
    for known, value in ((compare(a[1], b[1]), a[0] - b[0]), (sign(a[1]), a[0])):
        assert known in (None, operator.gt(value, 0) - operator.lt(value, 0))
