"""Products of matrices over any ring; of larger rational ones by few multiplications of long integers.

With its denominators cleared, a matrix is one of integers (`zerograd.core.numbers.whole_products`).
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from itertools import chain
from math import gcd, lcm
from operator import mul
from typing import Any

from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.closed import Closed
from zerograd.core.numbers.closed_products import closed_product
from zerograd.core.numbers.dual import Dual
from zerograd.core.numbers.enclosed_products import dual_product, interval_product
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.lowest import in_lowest_terms, odd_part
from zerograd.core.numbers.whole_products import Shapes, largest, whole_product
from zerograd.core.numbers.work import fractional, is_counted, longest, spend, total

FEW = 24
"""Multiplications of entries, up to which they are made one by one."""
MAX_BITS = 8192
"""Longest common denominator, unless one entry's is half as long: beyond, their sums alone are that long."""
Matrix = Sequence[Sequence[Any]]


def product(a: Matrix, b: Matrix, factor: int | Fraction = 1) -> list[list[Any]]:
    """Return factor·A·B.

    Args:
        a: shape (n, k), over any ring with int and Fraction.
        b: shape (k, p), with k ≥ 1.
    """
    kinds = {*map(type, chain.from_iterable(a)), *map(type, chain.from_iterable(b))}
    if kinds == {int}:
        one, other = [*chain.from_iterable(a)], [*chain.from_iterable(b)]
        width = len(b[0])
        flat = _of_whole(one, other, (len(a), len(b), width), factor)
        return [flat[i : i + width] for i in range(0, len(flat), width)]
    if is_counted():
        _count(a, b)
    if Fraction in kinds and kinds <= {int, Fraction} and len(a) * len(b) * len(b[0]) > FEW:
        rows, columns = [_cleared(row) for row in a], [_cleared(column) for column in zip(*b, strict=True)]
        if None not in rows and None not in columns:
            if is_counted():
                _count_cleared(rows, columns)  # type: ignore[arg-type]
            return _rationals(rows, columns, factor)  # type: ignore[arg-type]
    if Interval in kinds and kinds <= {int, Fraction, Interval}:
        enclosed = interval_product(a, b, product, factor)
        if enclosed is not None:
            return enclosed
    plain = _of_other_kinds(a, b, kinds)
    if plain is None:
        turned = list(zip(*b, strict=True))
        plain = [[dot(row, column) for column in turned] for row in a]
    return plain if factor == 1 else [[entry * factor for entry in row] for row in plain]


def array_product(a: Array[Any], b: Array[Any], factor: int | Fraction = 1) -> Array[Any]:
    """Return factor·A·B, as `product` does."""
    (n, k), (_, p) = a.shape, b.shape
    if a.kinds | b.kinds == {int}:
        return Array((n, p), tuple(_of_whole(a.entries, b.entries, (n, k, p), factor)))
    return Array.of(product(a.rows(), b.rows(), factor), p)


def dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """Return Σ aᵢ·bᵢ, over any ring."""
    return total(map(mul, a, b))


def _of_other_kinds(a: Matrix, b: Matrix, kinds: AbstractSet[type]) -> list[list[Any]] | None:
    """Return A·B where there are closed forms, or numbers that carry derivatives; else None."""
    if Dual in kinds:
        return dual_product(a, b, product)
    if Closed in kinds and kinds <= {int, Fraction, Closed}:
        return closed_product(a, b, product)
    return None


_Cleared = tuple[list[int], int]
"""Integers, and the denominator over which they stand."""


def _of_whole(a: Sequence[int], b: Sequence[int], shapes: Shapes, factor: int | Fraction) -> list[Any]:
    """Return factor·A·B of matrices of integers, row by row; of equal entries the multiple is made once."""
    if is_counted():
        n, k, p = shapes
        spend(n * p + _products(n, k, p, largest(a).bit_length(), largest(b).bit_length()))
    sums = whole_product(a, b, shapes)
    if factor == 1:
        return sums
    top, (odd, twos) = factor.numerator, odd_part(factor.denominator)
    multiples = {value: _ratio(value * top, odd, twos) for value in {*sums}}
    return [*map(multiples.__getitem__, sums)]


def _count(a: Matrix, b: Matrix) -> None:
    """Count the products of entries: of short ones, hundreds are made at once."""
    one, other = (longest(chain.from_iterable(matrix)) for matrix in (a, b))
    spend(len(a) * len(b[0]) + _products(len(a), len(b), len(b[0]), one, other))


def _products(n: int, k: int, p: int, one: int, other: int) -> int:
    """What n·k·p products of integers cost, made many at once in slots of the bits of both factors."""
    return n * k * p * (1 + one // 32) * (1 + (one + other) // 32) // 1536


def _count_cleared(rows: Sequence[_Cleared], columns: Sequence[_Cleared]) -> None:
    """Count what it takes beside `_count` where denominators were cleared: integers are longer then.

    And each entry of the result is brought to lowest terms.
    """
    (one, below), (other, beneath) = (
        (max(longest(integers) for integers, _ in some), longest(bottom for _, bottom in some))
        for some in (rows, columns)
    )
    if below > 1 or beneath > 1:
        n, k, p = len(rows), len(rows[0][0]), len(columns)
        spend(_products(n, k, p, one, other) + n * p * fractional(max(one + other, below + beneath)))


def _cleared(row: Sequence[Any]) -> _Cleared | None:
    """Return None where the common denominator is much longer than any one of them."""
    if {*map(type, row)} == {int}:
        return list(row), 1
    ratios = [value.as_integer_ratio() for value in row]
    denominators = {bottom for _, bottom in ratios}
    limit = max(MAX_BITS, 2 * max(denominators).bit_length())
    common = 1
    for denominator in denominators:
        common = lcm(common, denominator)
        if common.bit_length() > limit:
            return None
    return [top * (common // bottom) for top, bottom in ratios], common


def _rationals(
    rows: Sequence[_Cleared], columns: Sequence[_Cleared], factor: int | Fraction
) -> list[list[int | Fraction]]:
    top, bottom = factor.numerator, factor.denominator
    denominators = [odd_part(bottom * denominator) for _, denominator in columns]
    width, height = len(columns), len(columns[0][0])
    left = [*chain.from_iterable(integers for integers, _ in rows)]
    right = [*chain.from_iterable(zip(*(integers for integers, _ in columns), strict=True))]
    sums = whole_product(left, right, (len(rows), height, width))
    result: list[list[int | Fraction]] = []
    for number, (_, denominator) in enumerate(rows):
        odd, twos = odd_part(denominator)
        pairs = zip(sums[number * width : (number + 1) * width], denominators, strict=True)
        result.append([_ratio(value * top, odd * other, twos + more) for value, (other, more) in pairs])
    return result


def _ratio(top: int, odd: int, twos: int) -> int | Fraction:
    """top / (odd·2^twos). Denominators of floats are powers of 2: their common factors are seen at once."""
    if odd != 1:
        shared = gcd(top, odd)
        if shared != 1:
            top, odd = top // shared, odd // shared
    if twos:
        if not top:
            return 0
        shift = min((top & -top).bit_length() - 1, twos)
        top, odd = top >> shift, odd << (twos - shift)
    return top if odd == 1 else in_lowest_terms(top, odd)
