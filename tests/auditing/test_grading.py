"""How a number is printed: compared with what Python's decimals and PyTorch say."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.auditing.claims import ClaimError, Digits, Printed, read_claims
from zerograd.core.auditing.findings import Grade
from zerograd.core.auditing.grading import common_factor, graded
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.real import enclosed

FRACTIONS = st.fractions(min_value=-1000, max_value=1000, max_denominator=10**6)
PLACES = st.integers(0, 6)


def printed(text: str) -> Printed:
    """The number of ``x ~ text``."""
    (claim,) = read_claims([f"loss ~ {text}"])
    assert isinstance(claim.statement, Digits)
    (number,) = claim.statement.printed.entries
    return number


def written(value: Fraction, places: int, rounding: str) -> str:
    """The number with so many places, by Python's own decimals."""
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return f"{exact.quantize(Decimal(1).scaleb(-places), rounding=rounding):f}"


@given(FRACTIONS, PLACES)
def test_what_is_rounded_is_right_up_to_rounding(value: Fraction, places: int) -> None:
    """Half a unit may go either way."""
    for rounding in (ROUND_HALF_EVEN, ROUND_HALF_UP):
        text = written(value, places, rounding)
        if Fraction(text) == 0 and places == 0 and value:
            assert graded(value, printed(text)) is Grade.WRONG
        else:
            assert graded(value, printed(text)) is (Grade.RIGHT if Fraction(text) == value else Grade.ROUNDED)


@given(FRACTIONS, PLACES)
def test_what_is_cut_off_is_told(value: Fraction, places: int) -> None:
    """It is cut off, unless rounding gives the same digits."""
    text = written(value, places, ROUND_DOWN)
    unit = Fraction(1, 10**places)
    near = abs(Fraction(text) - value) <= unit / 2
    expected = Grade.RIGHT if Fraction(text) == value else Grade.ROUNDED if near else Grade.CUT
    if not places and expected is not Grade.RIGHT and (not near or Fraction(text) == 0):
        expected = Grade.WRONG  # whole numbers are rounded, and 0 is 0
    assert graded(value, printed(text)) is expected


@given(FRACTIONS, FRACTIONS, PLACES)
def test_everything_else_is_wrong(value: Fraction, other: Fraction, places: int) -> None:
    """Digits of another number are right if they are the digits of this one, too."""
    text = written(other, places, ROUND_HALF_EVEN)
    unit = Fraction(1, 10**places)
    off = abs(Fraction(text) - value)
    if (not places and (off > unit / 2 or (off and Fraction(text) == 0))) or off > unit:
        assert graded(value, printed(text)) is Grade.WRONG
    elif unit / 2 < off:
        outward = abs(value) > abs(Fraction(text)) and off < unit
        same_side = Fraction(text) == 0 or (value > 0) == (Fraction(text) > 0)
        assert graded(value, printed(text)) is (Grade.CUT if outward and same_side else Grade.WRONG)


@given(FRACTIONS, FRACTIONS, PLACES, st.integers(8, 60))
def test_enclosures_never_contradict(value: Fraction, other: Fraction, places: int, bits: int) -> None:
    """What is known of an enclosed number is so of every number inside it, or it is left undecided."""
    interval = enclosed(value, bits)
    if not isinstance(interval, Interval):
        interval = Interval.between(value, value, bits)
    for number in (value, other):
        digits = printed(written(number, places, ROUND_HALF_EVEN))
        known, exact = graded(interval, digits), graded(value, digits)
        assert known in (Grade.UNDECIDED, exact) or {known, exact} == {Grade.ROUNDED, Grade.RIGHT}


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("0.0394", Fraction(394, 10000), Fraction(1, 10000)),
        ("-1.2e-3", Fraction(-12, 10000), Fraction(1, 10000)),
        ("12e2", 1200, 100),
        (".5", Fraction(1, 2), Fraction(1, 10)),
        ("7.", 7, 1),
        ("−3", -3, 1),
        ("-0.00", 0, Fraction(1, 100)),
    ],
)
def test_digits_are_read(text: str, value: Fraction, unit: Fraction) -> None:
    """The last one says how many there are."""
    number = printed(text)
    assert (number.value, number.unit) == (value, unit)
    assert printed(number.text) == number


@pytest.mark.parametrize(
    "text",
    ["", "1/3", "0x10", "nan", "1e999999999", "1.2.3", "[1, 2", "1]", "[]", "[1, [2]]", "1 2", "[" * 200],
)
def test_no_digits(text: str) -> None:
    """An error, and no guess."""
    with pytest.raises(ClaimError, match=r"claims\[0\]"):
        read_claims([f"loss ~ {text}"])


@given(
    st.lists(FRACTIONS, min_size=1, max_size=4), st.sampled_from(["2", "1/2", "-1", "10"]), st.integers(1, 6)
)
def test_a_factor_is_found(values: list[Fraction], factor: str, places: int) -> None:
    """Where all numbers were multiplied by it; where others do as well, one of these."""
    by = Fraction(factor)
    digits = [printed(written(value / by, places, ROUND_HALF_EVEN)) for value in values]
    found = common_factor(values, digits)
    if all(number.value == 0 for number in digits):
        assert found is None
    else:
        assert found is not None
        pairs = zip(values, digits, strict=True)
        assert all(abs(value / Fraction(found) - number.value) <= number.unit / 2 for value, number in pairs)


def test_no_factor() -> None:
    """None, where numbers are wrong by different ones."""
    assert common_factor([1, 1], [printed("2"), printed("3")]) is None
    assert common_factor([1, 1], [printed("0"), printed("0")]) is None
