"""Exact numbers: reading, the laws of a number field, and its refusals."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zerograd.core.errors import FormatError
from zerograd.core.numbers.exact import (
    Exact,
    compare,
    divide,
    exact_from_json,
    exact_to_json,
    format_exact,
    is_integer,
    narrow,
    sign,
)
from zerograd.core.numbers.field import (
    MAX_FIELD_DEGREE,
    Algebraic,
    NumberField,
    field_from_json,
    field_to_json,
)
from zerograd.core.numbers.rationals import MAX_DIGITS, MAX_DOCUMENT_DIGITS, parse_rational
from zerograd.core.numbers.univariate import polynomial

F = Fraction


def field(coefficients: list[int | Fraction], low: int | Fraction, high: int | Fraction) -> NumberField:
    """ℚ(α) with α the root of the polynomial (coefficients from the constant up) in (low, high)."""
    return NumberField(polynomial(coefficients), F(low), F(high))


ROOT2 = field([-2, 0, 1], 1, 2)
DIGITS = 60
TINY = Decimal(10) ** -30
"""No number in the tests below that is not 0 is as small."""


def root(base: int, degree: int) -> Decimal:
    """The positive root, to 60 digits and more."""
    with localcontext(prec=DIGITS + 20):
        return Decimal(base).sqrt() if degree == 2 else Decimal(base) ** (Decimal(1) / degree)


FIELDS = {
    "√2": (ROOT2, root(2, 2)),
    "-√2": (field([-2, 0, 1], -2, 0), root(2, 2).copy_negate()),
    "∛5": (field([-5, 0, 0, 1], 1, 2), root(5, 3)),
    "√2 among the roots of (x²-2)(x²-3)": (field([6, 0, -5, 0, 1], 1, F(3, 2)), root(2, 2)),
    "√3 among the roots of (x²-2)(x²-3)": (field([6, 0, -5, 0, 1], F(3, 2), 2), root(3, 2)),
    "1 among the roots of (x-1)(x²-2)": (field([2, -2, -1, 1], F(1, 2), F(5, 4)), Decimal(1)),
    "0 among the roots of x(x²-2)": (field([0, -2, 0, 1], -1, F(1, 2)), Decimal(0)),
    "a rational α": (field([-3, 2], 0, 7), Decimal("1.5")),
}

small = st.fractions(min_value=-9, max_value=9, max_denominator=6)


@st.composite
def elements(draw: st.DrawFn, count: int) -> tuple[Decimal, list[Algebraic]]:
    """α to 60 digits, and elements of one of the fields above."""
    number_field, alpha = FIELDS[draw(st.sampled_from(sorted(FIELDS)))]
    degree = len(number_field.polynomial) - 1
    chosen = st.lists(small, max_size=degree).map(lambda c: Algebraic(number_field, polynomial(c)))
    return alpha, draw(st.lists(chosen, min_size=count, max_size=count))


def numeric(alpha: Decimal, value: Algebraic) -> Decimal:
    """The value, to 60 digits."""
    with localcontext(prec=DIGITS):
        total = Decimal(0)
        for c in reversed(value.coefficients):
            total = total * alpha + Decimal(c.numerator) / c.denominator
        return total


def numeric_sign(number: Decimal) -> int:
    """The sign of a 60-digit number that may be 0 up to rounding."""
    return 0 if abs(number) < TINY else 1 if number > 0 else -1


# --- rationals --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("+3", 3),
        ("007", 7),
        ("-2/3", F(-2, 3)),
        (" 4 / 6 ", F(2, 3)),
        ("6/3", 2),
        ("0/5", 0),
        ("0.1", F(1, 10)),
        (".5", F(1, 2)),
        ("-.25", F(-1, 4)),
        ("5.", 5),
        ("1e3", 1000),
        ("1e-3", F(1, 1000)),
        ("2.50E+1", 25),
        ("1.5e-1", F(3, 20)),
        ("-0", 0),
        ("1e1000", 10**1000),
        (12, 12),
        (-(10**30), -(10**30)),
    ],
)
def test_parse_rational_reads_every_form(text: str | int, value: int | Fraction) -> None:
    """Fractions, decimals and exponents are read exactly, integers as int."""
    found = parse_rational(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("1\u00a0", "'1\\xa0' is not a number"),
        ("- 1", "'- 1' is not a number"),
        ("x", "'x' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("1/-2", "'1/-2' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("1/2/3", "'1/2/3' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("1.5/2", "'1.5/2' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        (".", "'.' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("--1", "'--1' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("1_000", "'1_000' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("0x10", "'0x10' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("nan", "'nan' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("inf", "'inf' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("1e", "'1e' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("٣", "'٣' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("1\n2", "'1\\n2' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("1\0", "'1\\x00' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ("3/0", "'3/0' divides by zero"),
        ("1e1001", "'1e1001' has an exponent beyond 1000"),
        ("1e-9999999", "'1e-9999999' has an exponent beyond 1000"),
        ("1" * 4001, "a number of 4001 characters (at most 4000 are read)"),
        ("9" * 3900 + "e999", "a number of more than 4000 digits"),
        ("0." + "9" * 3900 + "e-999", "a number of more than 4000 digits"),
        pytest.param(10**5000, "a number of more than 4000 digits", id="10**5000"),
        (True, "true is not a number"),
        (False, "false is not a number"),
    ],
)
def test_parse_rational_refuses(text: str | int, message: str) -> None:
    """What is no number is refused, and so is what is too long, also once it is written out."""
    with pytest.raises(ValueError) as error:
        parse_rational(text)
    assert str(error.value).startswith(message[:200])
    assert len(str(error.value)) < 200


def test_the_longest_numbers_are_read() -> None:
    """The limits are limits on what is refused, not on what is read."""
    assert parse_rational("9" * MAX_DIGITS) == 10**MAX_DIGITS - 1
    assert parse_rational("-" + "9" * (MAX_DIGITS - 1)) == 1 - 10 ** (MAX_DIGITS - 1)
    huge = "7" * (MAX_DOCUMENT_DIGITS - 1)
    assert parse_rational(huge, MAX_DOCUMENT_DIGITS) == 7 * (10 ** (MAX_DOCUMENT_DIGITS - 1) - 1) // 9


@given(st.integers(), st.integers(min_value=1))
def test_fractions_survive_reading(p: int, q: int) -> None:
    """p/q as text is read back as p/q, in lowest terms and as int where it is one."""
    value = parse_rational(f"{p}/{q}")
    assert value == F(p, q)
    assert isinstance(value, int) == (p % q == 0)


@given(st.integers(-(10**6), 10**6), st.integers(0, 9), st.integers(-30, 30))
def test_decimals_are_exact(digits: int, places: int, exponent: int) -> None:
    """A decimal means the decimal fraction, however many places it has."""
    text = (
        f"{'-' if digits < 0 else ''}{abs(digits) // 10**places}.{abs(digits) % 10**places:0{places or 1}d}"
    )
    assume(places > 0)
    assert parse_rational(f"{text}e{exponent}") == F(digits, 10**places) * F(10) ** exponent


@pytest.mark.parametrize("size", [1, 462, 463, 464, 511, 512, 513, 1024, 4299, 4301, 12345])
def test_numbers_of_any_length_are_written(size: int) -> None:
    """Writing knows no limit: Python's own ends at 4300 digits."""
    digits = "1203" * size
    digits = digits[:size]
    number = 0
    for digit in digits:
        number = number * 10 + int(digit)
    assert exact_to_json(number) == digits
    assert exact_to_json(-number) == "-" + digits
    assert format_exact(F(number, 7)) == (f"{digits}/7" if number % 7 else exact_to_json(number // 7))
    assert exact_from_json(digits, None) == number


# --- number fields ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coefficients", "low", "high", "message"),
    [
        ([], 0, 1, "field: expected a polynomial of degree 1 to 256, found 0"),
        ([5], 0, 1, "field: expected a polynomial of degree 1 to 256, found 0"),
        ([5, 0, 0], 0, 1, "field: expected a polynomial of degree 1 to 256, found 0"),
        (
            [-1] + [0] * MAX_FIELD_DEGREE + [1],
            0,
            2,
            "field: expected a polynomial of degree 1 to 256, found 257",
        ),
        ([-2, 0, 1], 2, 1, "field: the interval (2, 1) is empty"),
        ([-2, 0, 1], 1, 1, "field: the interval (1, 1) is empty"),
        ([1, -2, 1], 0, 2, "field: the polynomial is not square-free"),
        ([0, 0, -2, 0, 1], 1, 2, "field: the polynomial is not square-free"),
        ([-2, -1, 1], 0, 2, "field: the endpoint 2 is itself a root; choose another"),
        ([-1, 2], F(1, 2), 2, "field: the endpoint 1/2 is itself a root; choose another"),
        ([-2, 0, 1], 2, 3, "field: the interval (2, 3) must hold exactly one root, found 0"),
        ([2, 0, 1], -9, 9, "field: the interval (-9, 9) must hold exactly one root, found 0"),
        ([-2, 0, 1], -2, 2, "field: the interval (-2, 2) must hold exactly one root, found 2"),
        ([6, 0, -5, 0, 1], 1, 2, "field: the interval (1, 2) must hold exactly one root, found 2"),
    ],
)
def test_number_field_refuses(
    coefficients: list[int | Fraction], low: int | Fraction, high: int | Fraction, message: str
) -> None:
    """α must be the one root, of a square-free polynomial, inside an interval."""
    with pytest.raises(FormatError) as error:
        field(coefficients, low, high)
    assert str(error.value) == message


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=5, unique=True), st.data())
def test_number_field_counts_roots(roots: list[int], data: st.DataObject) -> None:
    """An interval is accepted exactly when it holds one of the roots that the polynomial was made of."""
    low = F(data.draw(st.integers(-12, 10)) * 2 + 1, 2)
    high = low + data.draw(st.integers(1, 6))
    coefficients = [F(1)]
    for root in roots:
        shifted = [F(0), *coefficients]
        coefficients = [s - root * c for s, c in zip(shifted, [*coefficients, F(0)], strict=True)]
    inside = sum(low < root < high for root in roots)
    if inside == 1:
        NumberField(tuple(coefficients), low, high)
    else:
        with pytest.raises(FormatError, match=f"must hold exactly one root, found {inside}"):
            NumberField(tuple(coefficients), low, high)


def test_integers_may_describe_a_field() -> None:
    """Integer coefficients and ends are taken as exact, never divided as floats."""
    third = NumberField((-1, 3), 0, 1)  # type: ignore[arg-type]
    assert sign(Algebraic(third, polynomial([0, 3])) - 1) == 0
    assert third == field([-1, 3], 0, 1)


@given(elements(3))
def test_ring_laws(drawn: tuple[Decimal, list[Algebraic]]) -> None:
    """Sums and products commute, associate and distribute; − undoes +."""
    _, (a, b, c) = drawn
    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c
    assert a - b == -(b - a)
    assert (a - b) + b == a
    assert a + 0 == a * 1 == a
    assert sign(a * 0) == 0


@given(elements(1), small)
def test_rationals_embed(drawn: tuple[Decimal, list[Algebraic]], q: Fraction) -> None:
    """Rational and irrational numbers mix, from either side, as if the rational were in the field."""
    _, (a,) = drawn
    lifted = Algebraic(a.field, polynomial([q]))
    assert a + q == q + a == a + lifted
    assert a * q == q * a == a * lifted
    assert a - q == -(q - a) == a - lifted
    assert (a == q) == (sign(a - lifted) == 0)
    if q:
        assert a / q == a * lifted.inverse()
    assert narrow(lifted) == q
    assert not isinstance(narrow(lifted), Algebraic)


@given(elements(2))
def test_signs_agree_with_numerics(drawn: tuple[Decimal, list[Algebraic]]) -> None:
    """Sign, order and equality of sums and products agree with 60-digit arithmetic."""
    alpha, (a, b) = drawn
    for value in (a, b, a + b, a - b, a * b, a * a - b * b, a * a):
        assert sign(value) == numeric_sign(numeric(alpha, value))
    with localcontext(prec=DIGITS):
        assert compare(a, b) == numeric_sign(numeric(alpha, a) - numeric(alpha, b))
        assert numeric_sign(numeric(alpha, a * b) - numeric(alpha, a) * numeric(alpha, b)) == 0


@given(elements(3))
def test_order_laws(drawn: tuple[Decimal, list[Algebraic]]) -> None:
    """The order is total, transitive, and kept by sums and by products with positive numbers."""
    _, (a, b, c) = drawn
    assert compare(a, b) == -compare(b, a)
    assert sign(a * b) == sign(a) * sign(b)
    assert sign(a * a) >= 0
    if compare(a, b) <= 0 and compare(b, c) <= 0:
        assert compare(a, c) <= 0
    assert compare(a + c, b + c) == compare(a, b)
    assert compare(a * c, b * c) == compare(a, b) * sign(c)


@given(elements(2))
def test_inverse(drawn: tuple[Decimal, list[Algebraic]]) -> None:
    """a · 1/a = 1 for every a but 0, also where a shares a factor with the polynomial of the field."""
    _, (a, b) = drawn
    if sign(a) == 0:
        quotients: list[Callable[[], object]] = [
            a.inverse,
            lambda: 1 / a,
            lambda: b / a,
            lambda: divide(2, a),
        ]
        for quotient in quotients:
            with pytest.raises(ZeroDivisionError, match="division by zero in a number field"):
                quotient()
        return
    assert a * a.inverse() == 1
    assert (b / a) * a == b
    assert F(3, 2) / a * a == F(3, 2)
    assert compare(divide(b, a), b * a.inverse()) == 0
    assert compare(divide(2, a), 2 / a) == 0


def test_zero_divisors_of_a_reducible_polynomial() -> None:
    """Modulo (x²−2)(x²−3): α²−2 is 0 at α = √2 and 1 at α = √3, although it is no unit of the ring."""
    for low, high, square in ((F(1), F(3, 2), 2), (F(3, 2), F(2), 3)):
        alpha = Algebraic(field([6, 0, -5, 0, 1], low, high), polynomial([0, 1]))
        two, three = alpha * alpha - 2, alpha * alpha - 3
        assert sign(two * three) == 0
        assert (sign(two), sign(three)) == ((0, -1) if square == 2 else (1, 0))
        assert alpha * alpha == square
        zero, unit = (two, three) if square == 2 else (three, two)
        assert unit * unit.inverse() == 1
        assert unit.inverse() == (-1 if square == 2 else 1)
        assert is_integer(alpha * alpha)
        assert float(zero) == 0.0
        with pytest.raises(ZeroDivisionError, match="division by zero in a number field"):
            zero.inverse()


def test_two_fields_do_not_mix() -> None:
    """Arithmetic and comparison between two fields are refused, not guessed."""
    a = Algebraic(ROOT2, polynomial([0, 1]))
    b = Algebraic(field([-3, 0, 1], 1, 2), polynomial([0, 1]))
    for combine in (operator.add, operator.sub, operator.mul, operator.truediv, operator.eq, compare):
        with pytest.raises(FormatError, match="numbers of two different fields cannot be combined"):
            combine(a, b)


def test_floats_do_not_mix() -> None:
    """A float is no exact number: nothing is computed with one."""
    a = Algebraic(ROOT2, polynomial([0, 1]))
    for combine in (operator.add, operator.sub, operator.mul, operator.truediv):
        with pytest.raises(TypeError):
            combine(a, 0.5)
        with pytest.raises(TypeError):
            combine(0.5, a)
    assert a != 2.0**0.5


def test_equal_numbers_are_not_hashed() -> None:
    """Equal numbers may have different coefficients, so no hash is offered."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(Algebraic(ROOT2, polynomial([0, 1])))


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_close_numbers_are_told_apart(p: int, q: int) -> None:
    """√2 is compared rightly with every fraction, however close."""
    root = Algebraic(ROOT2, polynomial([0, 1]))
    assert compare(root, F(p, q)) == (1 if 2 * q * q > p * p else -1)


@pytest.mark.parametrize("steps", [10, 100, 1000])
def test_convergents_are_told_apart(steps: int) -> None:
    """The continued fractions of √2 come as close as fractions can; they alternate around it."""
    p, q = 1, 1
    for _ in range(steps):
        p, q = p + 2 * q, p + q
    root = Algebraic(ROOT2, polynomial([0, 1]))
    assert compare(root, F(p, q)) == (1 if 2 * q * q > p * p else -1)


# --- integers, floats, text -------------------------------------------------------------


@given(elements(1))
def test_is_integer(drawn: tuple[Decimal, list[Algebraic]]) -> None:
    """An element is an integer exactly when it equals the nearest one."""
    alpha, (a,) = drawn
    nearest = round(numeric(alpha, a))
    assert is_integer(a) == (numeric_sign(numeric(alpha, a - nearest)) == 0)
    assert is_integer(a - a + nearest)


@pytest.mark.parametrize(
    ("value", "expected"), [(3, True), (-3, True), (0, True), (F(4, 2), True), (F(1, 2), False)]
)
def test_is_integer_of_rationals(value: Exact, expected: bool) -> None:
    """Rationals are integers where their denominator is 1."""
    assert is_integer(value) is expected


@given(elements(1))
def test_float_is_the_nearest(drawn: tuple[Decimal, list[Algebraic]]) -> None:
    """float() rounds correctly, as float() of the 60-digit number does; 0 gives 0.0."""
    alpha, (a,) = drawn
    assert float(a) == (float(numeric(alpha, a)) if sign(a) else 0.0)


def test_float_of_tiny_differences() -> None:
    """Cancellation does not cost digits: (√2 − p/q) is right to the last bit."""
    p, q = 1, 1
    for _ in range(60):
        p, q = p + 2 * q, p + q
    with localcontext(prec=120):
        expected = float(Decimal(2).sqrt() - Decimal(p) / q)
    assert float(Algebraic(ROOT2, polynomial([0, 1])) - F(p, q)) == expected


@pytest.mark.parametrize(
    ("coefficients", "text"),
    [
        ([0, F(1, 2)], "1/2·α"),
        ([-1, F(1, 2)], "1/2·α - 1"),
        ([0, 1], "α"),
        ([0, -1], "-α"),
        ([F(-2, 3), -1], "-α - 2/3"),
        ([1, 1], "α + 1"),
        ([], "0"),
        ([5], "5"),
    ],
)
def test_format_exact(coefficients: list[int | Fraction], text: str) -> None:
    """Elements are shown as polynomials in α, the highest power first."""
    assert format_exact(Algebraic(ROOT2, polynomial(coefficients))) == text
    assert str(Algebraic(ROOT2, polynomial(coefficients))) == text


def test_format_exact_of_powers() -> None:
    """Higher powers carry their exponent."""
    cubic = field([-5, 0, 0, 1], 1, 2)
    assert format_exact(Algebraic(cubic, polynomial([1, -2, 3]))) == "3·α^2 - 2·α + 1"


# --- JSON -------------------------------------------------------------------------------


@given(elements(1))
def test_json_round_trip(drawn: tuple[Decimal, list[Algebraic]]) -> None:
    """A number and its field survive JSON; what is rational is written as p/q."""
    _, (a,) = drawn
    data = exact_to_json(a)
    again = exact_from_json(data, field_from_json(field_to_json(a.field)))
    assert compare(a, again) == 0
    assert isinstance(data, str) == (len(a.coefficients) <= 1)
    assert exact_to_json(again) == data


@given(st.fractions())
def test_json_round_trip_of_rationals(value: Fraction) -> None:
    """Rationals are written in lowest terms and read back."""
    data = exact_to_json(value)
    assert data == str(value)
    assert exact_from_json(data, None) == value


def test_higher_powers_are_reduced() -> None:
    """α² is read as 2 where α = √2."""
    assert exact_from_json({"alpha": ["0", "0", "1"]}, ROOT2) == 2
    assert exact_from_json({"alpha": [0, 0, 0, "1/2"]}, ROOT2) == Algebraic(ROOT2, polynomial([0, 1]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (0.5, '0.5 is not an exact number (write "p/q", an integer, or {"alpha": […]})'),
        (None, 'None is not an exact number (write "p/q", an integer, or {"alpha": […]})'),
        (True, 'True is not an exact number (write "p/q", an integer, or {"alpha": […]})'),
        ([1], '[1] is not an exact number (write "p/q", an integer, or {"alpha": […]})'),
        (
            {"beta": [1]},
            """{'beta': [1]} is not an exact number (write "p/q", an integer, or {"alpha": […]})""",
        ),
        (
            {"alpha": "1"},
            """{'alpha': '1'} is not an exact number (write "p/q", an integer, or {"alpha": […]})""",
        ),
        (
            {"alpha": [], "b": 1},
            """{'alpha': [], 'b': 1} is not an exact number (write "p/q", an integer, or {"alpha": […]})""",
        ),
        ("1/0", "'1/0' divides by zero"),
        ("one", "'one' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ({"alpha": [0.5]}, "0.5 is not a rational number"),
        ({"alpha": [False]}, "False is not a rational number"),
        ({"alpha": [{"alpha": []}]}, "{'alpha': []} is not a rational number"),
        ({"alpha": ["x"]}, "'x' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        ({"alpha": ["0"] * 258}, 'a value {"alpha": …} of degree above 256'),
        ("1" * 100_001, "a number of 100001 characters (at most 100000 are read)"),
    ],
)
def test_exact_from_json_refuses(data: object, message: str) -> None:
    """Only text, integers and alpha are numbers: no float, no truth value, nothing nested."""
    with pytest.raises(FormatError) as error:
        exact_from_json(data, ROOT2)
    assert str(error.value) == message


def test_alpha_needs_a_field() -> None:
    """A value in α means nothing without a field."""
    with pytest.raises(FormatError) as error:
        exact_from_json({"alpha": ["1"]}, None)
    assert str(error.value) == 'a value {"alpha": …} needs the witness to name its "field"'


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"polynomial": ["-2", "0", "1"]},
        {"polynomial": "x^2-2", "interval": ["1", "2"]},
        {"polynomial": ["-2", "0", "1"], "interval": ["1"]},
        {"polynomial": ["-2", "0", "1"], "interval": ["1", "2"], "name": "√2"},
    ],
)
def test_field_from_json_refuses_other_forms(data: object) -> None:
    """A field has a polynomial and an interval of two ends, and nothing else."""
    with pytest.raises(FormatError) as error:
        field_from_json(data)
    assert str(error.value) == 'field: expected {"polynomial": [c0, c1, …], "interval": [low, high]}'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"polynomial": [-2.0, 0, 1], "interval": [1, 2]},
            "-2.0 is not a rational number",
        ),
        (
            {"polynomial": [-2, 0, True], "interval": [1, 2]},
            "True is not a rational number",
        ),
        (
            {"polynomial": [-2, 0, 1], "interval": [None, 2]},
            "None is not a rational number",
        ),
        (
            {"polynomial": [0] * 257 + [1], "interval": [1, 2]},
            "field: the degree is above 256",
        ),
        (
            {"polynomial": [-2, 0, 1], "interval": [-2, 2]},
            "field: the interval (-2, 2) must hold exactly one root, found 2",
        ),
    ],
)
def test_field_from_json_refuses_bad_entries(data: object, message: str) -> None:
    """What stands inside a field is rational, of bounded degree, and describes one root."""
    with pytest.raises(FormatError) as error:
        field_from_json(data)
    assert str(error.value) == message


@given(st.integers(2, 400))
def test_square_roots(n: int) -> None:
    """√n is an integer exactly for squares, and lies between its neighbours."""
    below = isqrt(n)
    if below * below == n:
        number_field = field([-n, 0, 1], F(2 * below - 1, 2), F(2 * below + 1, 2))
    else:
        number_field = field([-n, 0, 1], below, below + 1)
    alpha = Algebraic(number_field, polynomial([0, 1]))
    assert alpha * alpha == n
    assert is_integer(alpha) == (below * below == n)
    assert compare(alpha, below) == (0 if below * below == n else 1)
    assert compare(alpha, below + 1) == -1
