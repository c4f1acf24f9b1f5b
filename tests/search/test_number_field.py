"""Several algebraic numbers in one field: the same numbers, held against SymPy and their own polynomials."""

from __future__ import annotations

import time
from collections.abc import Mapping
from fractions import Fraction
from math import isqrt

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.numbers.exact import Exact, compare, sign
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.univariate import polynomial
from zerograd.search.number_field import MAX_DEGREE, common_field, express, minimal
from zerograd.solvers.base import Value

F = Fraction


def number(coefficients: list[int], low: int | Fraction, high: int | Fraction) -> NumberField:
    return NumberField(polynomial(coefficients), F(low), F(high))


def root(n: int, degree: int = 2) -> NumberField:
    """The positive ``degree``-th root of n."""
    return number([-n, *[0] * (degree - 1), 1], 0, n)


def combine(values: Mapping[str, Value], seconds: float = 30.0) -> dict[str, Exact]:
    found = common_field(values, deadline=time.monotonic() + seconds)
    assert found is not None
    return found


def at(value: NumberField, x: Exact) -> Exact:
    result: Exact = 0
    for c in reversed(value.polynomial):
        result = result * x + c
    return result


def is_the_same(value: Value, x: Exact) -> bool:
    """Exactly: a root of its polynomial, inside its interval."""
    if isinstance(value, Fraction):
        return compare(x, value) == 0
    return sign(at(value, x)) == 0 and compare(x, value.low) > 0 and compare(x, value.high) < 0


def fields(found: Mapping[str, Exact]) -> set[NumberField]:
    return {v.field for v in found.values() if isinstance(v, Algebraic)}


def degree(found: Mapping[str, Exact]) -> int:
    (field,) = fields(found)
    return len(field.polynomial) - 1


def test_rationals_need_no_field() -> None:
    """They stay as they are."""
    assert combine({"a": F(1, 3), "b": F(2)}) == {"a": F(1, 3), "b": F(2)}
    assert combine({}) == {}


def test_one_root_generates_its_own_field() -> None:
    """√2 is α, with the irreducible polynomial of √2."""
    found = combine({"a": number([-4, 0, 0, 0, 1], 1, 2), "b": F(1, 2)})
    assert degree(found) == 2
    assert found["a"] * found["a"] == 2
    assert found["b"] == F(1, 2)


def test_a_rational_root_becomes_rational() -> None:
    """A solver may give 3/2 as a root of (2x − 3)(x⁴ − 5), whose other root is near."""
    product = [15, -10, 0, 0, -3, 2]
    value = number(product, F(1499, 1000), F(1501, 1000))
    assert minimal(value).polynomial == (F(-3), F(2))
    assert combine({"a": value, "b": number([-7, 4], 1, 2)}) == {"a": F(3, 2), "b": F(7, 4)}
    other = number(product, F(149, 100), F(1499, 1000))
    assert degree(combine({"a": other, "b": value})) == 4


def test_factors_are_told_apart() -> None:
    """(2x − 3)(x² − 5): the interval says which factor a root belongs to."""
    both = [15, -10, -3, 2]
    assert combine({"a": number(both, 1, 2)}) == {"a": F(3, 2)}
    found = combine({"a": number(both, 2, 3)})
    assert degree(found) == 2
    assert found["a"] * found["a"] == 5


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"a": root(2), "b": root(3)}, 4),
        ({"a": root(2), "b": root(8)}, 2),
        ({"a": root(2), "b": root(3), "c": root(6)}, 4),
        ({"a": root(2), "b": number([-2, 0, 1], -2, -1)}, 2),
        ({"a": root(2), "b": root(3), "c": root(5)}, 8),
        ({"a": root(2, 3), "b": root(3)}, 6),
        ({"a": root(2, 3), "b": root(4, 3)}, 3),
        ({"a": root(2, 4), "b": root(2)}, 4),
        ({"a": root(2), "b": root(2, 4)}, 4),
        ({"a": root(2, 3), "b": root(3, 3)}, 9),
        ({"a": number([-1, -1, 1], 1, 2), "b": root(5)}, 2),
        ({"a": number([1, 0, -10, 0, 1], 3, 4), "b": root(6)}, 4),
        ({"a": number([-1, -1, 0, 0, 0, 1], 1, 2), "b": root(7)}, 10),
    ],
)
def test_degrees(values: dict[str, NumberField], expected: int) -> None:
    """No larger than it must be, and every number is exactly what it was."""
    found = combine(values)
    assert degree(found) == expected
    assert all(is_the_same(value, found[name]) for name, value in values.items())


def test_identities_hold_in_the_field() -> None:
    """√2·(−√3) + √6 = 0, and ∛2³ = 2, in one field of degree 12."""
    values: dict[str, Value] = {
        "a": root(2), "b": number([-3, 0, 1], -2, -1), "c": root(6), "d": root(2, 3), "e": F(1, 3),
    }  # fmt: skip
    found = combine(values)
    assert degree(found) == 12
    assert sign(found["a"] * found["b"] + found["c"]) == 0
    assert found["d"] * found["d"] * found["d"] == 2
    assert sign(found["b"]) == -1


def test_large_numbers() -> None:
    """Coefficients of many digits: recognition needs many more."""
    values = {
        "a": number([-123456789012345678901, 3, 1], 0, 10**11),
        "b": number([-987654321098765432109, 5, 7], 0, 10**11),
    }
    found = combine(values)
    assert degree(found) == 4
    assert all(is_the_same(value, found[name]) for name, value in values.items())


ROOTS = st.tuples(st.integers(2, 30), st.sampled_from([2, 2, 2, 3])).filter(
    lambda pair: pair[1] != 2 or isqrt(pair[0]) ** 2 != pair[0]
)


@examples(25)
@given(st.lists(ROOTS, min_size=1, max_size=2), st.sampled_from([-1, 1]))
def test_degrees_are_those_of_sympy(pairs: list[tuple[int, int]], orientation: int) -> None:
    """Radicals, and a square root of either sign: degree and values as SymPy's primitive element says."""
    values: dict[str, Value] = {}
    expressions = []
    for position, (n, d) in enumerate(pairs):
        if d == 3 and round(n ** (1 / 3)) ** 3 == n:
            continue
        negative = orientation < 0 and d == 2
        values[str(position)] = number([-n, 0, 1], -n, 0) if negative else root(n, d)
        expressions.append(-sp.sqrt(n) if negative else sp.root(n, d))
    if not values:
        return
    found = combine(values)
    assert all(is_the_same(value, found[name]) for name, value in values.items())
    x = sp.Symbol("x")
    expected = sp.primitive_element(expressions, x, polys=True)[0].degree()
    assert degree(found) == expected


def test_what_is_not_in_the_field_is_not_expressed() -> None:
    """√3 is not in ℚ(√2), though its degree divides; nor is ∛2, whose degree does not."""
    field = root(2)
    for value in (root(3), root(2, 3)):
        assert express(value, field, deadline=time.monotonic() + 10) is None
    found = express(number([-8, 0, 1], -3, -2), field, deadline=time.monotonic() + 10)
    assert found == Algebraic(field, polynomial([0, -2]))


def test_no_time_no_field() -> None:
    """A deadline that has passed gives None, never a part of the answer."""
    assert common_field({"a": root(2), "b": root(3)}, deadline=time.monotonic() - 1) is None


@pytest.mark.parametrize(
    "values",
    [
        {str(n): root(n) for n in (2, 3, 5, 7, 11)},
        {str(n): root(n, 3) for n in (2, 3, 5)},
        {"a": number([-2, 1, *[0] * 5, 1, 1], 0, 2), "b": number([-3, *[0] * 6, -1, 1], 1, 3)},
    ],
)
def test_degrees_beyond_reach_give_none_in_time(values: dict[str, NumberField]) -> None:
    """Degree 32, 27 and 64: no answer, and soon."""
    start = time.monotonic()
    assert common_field(values, deadline=start + 2) is None
    assert time.monotonic() - start < 8
    assert MAX_DEGREE < 27
