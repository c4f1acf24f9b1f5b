"""Products of matrices over any ring; of larger rational ones by few multiplications of long integers.

With its denominators cleared, a matrix of integers is multiplied a row at a time: the row's entries stand
side by side in one long integer (Kronecker substitution: von zur Gathen and Gerhard, Modern Computer Algebra,
§8.4), in slots wide enough that no sum of products reaches into the next one. Nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from math import gcd, lcm
from operator import mul
from typing import Any

from zerograd.core.numbers.closed import Closed
from zerograd.core.numbers.closed_products import closed_product
from zerograd.core.numbers.dual import Dual
from zerograd.core.numbers.enclosed_products import dual_product, interval_product, odd_part
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.lowest import in_lowest_terms
from zerograd.core.numbers.work import bits, fractional, is_counted, spend, total

FEW = 24
"""Multiplications of entries, up to which they are made one by one."""
FEW_WHOLE = 8
"""The same where all are whole, for each entry of the three matrices: Python multiplies those quickly."""
MAX_BITS = 8192
"""Longest common denominator, unless one entry's is half as long: beyond, their sums alone are that long."""
MAX_BYTES = 2**26
"""Most memory for the long integers: a matrix that needs more is taken in blocks of columns."""

Matrix = Sequence[Sequence[Any]]


def product(a: Matrix, b: Matrix, factor: int | Fraction = 1) -> list[list[Any]]:
    """Return factor·A·B.

    Args:
        a: shape (n, k), over any ring with int and Fraction.
        b: shape (k, p), with k ≥ 1.
    """
    if _worth_packing(a, b):
        rows, columns = [_cleared(row) for row in a], [_cleared(column) for column in zip(*b, strict=True)]
        if None not in rows and None not in columns:
            if is_counted():
                _count_cleared(rows, columns)  # type: ignore[arg-type]
            return _rationals(rows, columns, factor)  # type: ignore[arg-type]
    kinds = {type(value) for matrix in (a, b) for row in matrix for value in row}
    if Interval in kinds and kinds <= {int, Fraction, Interval}:
        enclosed = interval_product(a, b, product, factor)
        if enclosed is not None:
            return enclosed
    plain = _of_other_kinds(a, b, kinds)
    if plain is None:
        turned = list(zip(*b, strict=True))
        plain = [[dot(row, column) for column in turned] for row in a]
    return plain if factor == 1 else [[entry * factor for entry in row] for row in plain]


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


def _worth_packing(a: Matrix, b: Matrix) -> bool:
    n, k, p = len(a), len(b), len(b[0])
    if is_counted():
        _count(a, b)
    if n * k * p <= FEW:
        return False
    kinds = {type(value) for matrix in (a, b) for row in matrix for value in row}
    if kinds == {int}:
        return n * k * p > FEW_WHOLE * (n * k + k * p + n * p)
    return kinds <= {int, Fraction}


def _count(a: Matrix, b: Matrix) -> None:
    """Count the products of entries: of short ones, hundreds are made at once."""
    one, other = (max(bits(v) for row in matrix for v in row) for matrix in (a, b))
    spend(len(a) * len(b[0]) + _products(len(a), len(b), len(b[0]), one, other))


def _products(n: int, k: int, p: int, one: int, other: int) -> int:
    """What n·k·p products of integers cost, made many at once in slots of the bits of both factors."""
    return n * k * p * (1 + one // 32) * (1 + (one + other) // 32) // 1536


def _count_cleared(rows: Sequence[_Cleared], columns: Sequence[_Cleared]) -> None:
    """Count what it takes beside `_count` where denominators were cleared: integers are longer then.

    And each entry of the result is brought to lowest terms.
    """
    (one, below), (other, beneath) = (
        (max(max(map(bits, integers)) for integers, _ in some), max(bits(bottom) for _, bottom in some))
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
    largest = max(max(map(abs, integers)) for integers, _ in columns)
    heaviest = max(1, *(sum(map(abs, integers)) for integers, _ in rows))  # 1: entries have to fit, too
    size = ((largest * heaviest).bit_length() + 8) // 8  # bytes, with a bit for the sign
    block = max(1, MAX_BYTES // (size * len(columns[0][0])))
    top, bottom = factor.numerator, factor.denominator
    result: list[list[int | Fraction]] = [[] for _ in rows]
    for start in range(0, len(columns), block):
        some = columns[start : start + block]
        packed = _packed([integers for integers, _ in some], size)
        denominators = [odd_part(bottom * denominator) for _, denominator in some]
        for (integers, denominator), entries in zip(rows, result, strict=True):
            sums = _unpacked(dot(integers, packed), size, len(some))
            odd, twos = odd_part(denominator)
            for value, (other, more) in zip(sums, denominators, strict=True):
                entries.append(_ratio(value * top, odd * other, twos + more))
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


def _packed(columns: Sequence[Sequence[int]], size: int) -> list[int]:
    """Return each row of the matrix as one integer, in slots of ``size`` bytes, the first one lowest."""
    half = 1 << (8 * size - 1)
    middle = _everywhere(half, size, len(columns))
    return [
        int.from_bytes(b"".join((entry + half).to_bytes(size, "little") for entry in row), "little") - middle
        for row in zip(*columns, strict=True)
    ]


def _unpacked(packed: int, size: int, count: int) -> Iterable[int]:
    """Return the integers in the slots, each of which is below half of what a slot holds."""
    half = 1 << (8 * size - 1)
    data = (packed + _everywhere(half, size, count)).to_bytes(size * count, "little")
    return [int.from_bytes(data[i : i + size], "little") - half for i in range(0, size * count, size)]


def _everywhere(value: int, size: int, count: int) -> int:
    """Return the integer with the same value in every slot."""
    return int.from_bytes(value.to_bytes(size, "little") * count, "little")
