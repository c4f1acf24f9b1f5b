"""Products of matrices with intervals, or numbers that carry derivatives, among their entries.

Of intervals each entry of the product is rounded once. Rows and columns stand over a common denominator and a
common power of 2, as twice their midpoints and radii. That is exact; and so are the sums of products of
midpoints, and of |x|·s + r·(|y| + s), the radius of the product of x ± r and y ± s (Rump, Fast and Parallel
Interval Arithmetic, BIT 39, 1999).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from operator import add
from typing import Any

from zerograd.core.numbers.dual import Dual, Partials
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.lowest import odd_part
from zerograd.core.numbers.rationals import narrowed
from zerograd.core.numbers.work import bits, fractional, spend, whole

Matrix = Sequence[Sequence[Any]]

MAX_BITS = 4096
"""Longest common denominator, and widest span of exponents: beyond, entries are multiplied one by one."""

Product = Callable[[Matrix, Matrix], list[list[Any]]]
"""A product of matrices."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A row or column: entry k is (middles[k] ± radii[k])·2^(exponent − 1)/denominator.

    The denominator is odd. Where all is rational (``radii`` is None) the exponent is not above 0.
    """

    middles: list[int]
    sizes: list[int]
    radii: list[int] | None
    exponent: int
    denominator: int


def interval_product(
    a: Matrix, b: Matrix, product: Product, factor: int | Fraction = 1
) -> list[list[Any]] | None:
    """Return factor·A·B of intervals and rationals; None if numbers are too far apart in size.

    Where row and column are rational, so is the entry. Entries that are 0 are the int 0.

    Args:
        product: of matrices of integers.
    """
    rows, columns = [*map(_line, a)], [*map(_line, zip(*b, strict=True))]
    if None in rows or None in columns:
        return None
    precision = max(
        v.precision for matrix in (a, b) for row in matrix for v in row if isinstance(v, Interval)
    )
    spend(len(a) * len(b[0]) * (10 + len(b) * whole(precision, precision) // 2))
    middles = product([row.middles for row in rows], _side_by_side([c.middles for c in columns]))  # type: ignore[union-attr]
    radii = _radii(rows, columns, product)  # type: ignore[arg-type]
    return [
        _entries(row, columns, line, spread, precision=precision, factor=factor)  # type: ignore[arg-type]
        for row, line, spread in zip(rows, middles, radii, strict=True)
    ]


def _side_by_side(columns: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    return [*zip(*columns, strict=True)]


def _radii(rows: Sequence[_Line], columns: Sequence[_Line], product: Product) -> list[list[int]]:
    """The radii of all products: |A|·S + R·(|B| + S), where R and S are those of the factors."""
    nothing = [0] * len(rows[0].middles)
    total = [[0] * len(columns) for _ in rows]
    terms = []
    if any(column.radii is not None for column in columns):
        terms.append(([row.sizes for row in rows], [column.radii or nothing for column in columns]))
    if any(row.radii is not None for row in rows):
        reach = [
            column.sizes if column.radii is None else [*map(add, column.sizes, column.radii)]
            for column in columns
        ]
        terms.append(([row.radii or nothing for row in rows], reach))
    for left, right in terms:
        parts = product(left, _side_by_side(right))
        total = [[*map(add, *lines)] for lines in zip(total, parts, strict=True)]
    return total


def dual_product(a: Matrix, b: Matrix, product: Product) -> list[list[Any]]:
    """Return A·B where numbers carry derivatives.

    Args:
        product: of matrices of their values.
    """
    level = max(v.level for matrix in (a, b) for row in matrix for v in row if isinstance(v, Dual))
    rows, columns = [_parts(row, level) for row in a], [_parts(c, level) for c in zip(*b, strict=True)]
    values = product([row for row, _ in rows], [*zip(*(column for column, _ in columns), strict=True)])
    result: list[list[Any]] = []
    for (row, moving), entries in zip(rows, values, strict=True):
        line: list[Any] = []
        for (column, also), value in zip(columns, entries, strict=True):
            partials: dict[int, Any] = {}
            _add(partials, moving, column)
            _add(partials, also, row)
            line.append(Dual(value, partials, level) if partials else value)
        result.append(line)
    return result


def _parts(values: Sequence[Any], level: int) -> tuple[list[Any], list[tuple[int, Partials]]]:
    """The values, and the derivatives of those that have some, by position."""
    duals = [(k, v) for k, v in enumerate(values) if isinstance(v, Dual) and v.level == level]
    plain = list(values)
    for k, dual in duals:
        plain[k] = dual.value
    return plain, [(k, dual.partials) for k, dual in duals]


def _add(total: dict[int, Any], moving: Sequence[tuple[int, Partials]], factors: Sequence[Any]) -> None:
    for k, partials in moving:
        if factor := factors[k]:
            spend(len(partials) * (3 + fractional(bits(factor))))
            for number, slope in partials.items():
                term = factor if slope is _ONE else slope * factor
                total[number] = total[number] + term if number in total else term


_ONE = 1
"""The derivative of a variable, which most products meet."""


def _line(values: Sequence[Interval | int | Fraction]) -> _Line | None:
    intervals = [value for value in values if isinstance(value, Interval)]
    common = 1
    for value in values:
        if isinstance(value, Fraction):
            common = lcm(common, value.denominator)
            if common.bit_length() > MAX_BITS:
                return None
    odd, twos = odd_part(common)
    if not intervals:
        middles = [2 * value.numerator * (common // value.denominator) for value in values]  # type: ignore[union-attr]
        return _Line(middles, [*map(abs, middles)], None, -twos, odd)
    exponents = [0] if len(intervals) < len(values) else []
    exponents += [v.low_exponent for v in intervals if v.low_mantissa]
    exponents += [v.high_exponent for v in intervals if v.high_mantissa]
    least = min(exponents, default=0)
    if max(exponents, default=0) - least > MAX_BITS:
        return None
    middles, radii = [], []
    for value in values:
        if isinstance(value, Interval):
            low = value.low_mantissa << (value.low_exponent - least) if value.low_mantissa else 0
            high = value.high_mantissa << (value.high_exponent - least) if value.high_mantissa else 0
            middles.append((low + high) * common)
            radii.append((high - low) * common)
        else:
            middles.append((value.numerator * (common // value.denominator)) << (1 - least))
            radii.append(0)
    return _Line(middles, [*map(abs, middles)], radii, least - twos, odd)


def _entries(
    row: _Line,
    columns: Sequence[_Line],
    middles: Sequence[int],
    radii: Sequence[int],
    *,
    precision: int,
    factor: int | Fraction,
) -> list[Any]:
    """A row of the product, each entry rounded once."""
    top, size = factor.numerator, abs(factor.numerator)
    odd, twos = odd_part(factor.denominator)
    odd *= row.denominator
    shift = row.exponent - 2 - twos
    result: list[Any] = []
    for column, middle, radius in zip(columns, middles, radii, strict=True):
        divisor, below = odd * column.denominator, shift + column.exponent
        if row.radii is None and column.radii is None:
            result.append(narrowed(Fraction(middle * top, divisor << -below)))
            continue
        if not middle and not radius:
            result.append(0)
            continue
        centre, spread = middle * top, radius * size
        low, high, above = centre - spread, centre + spread, below
        if divisor != 1:  # it is odd: as `quotient_down` and `quotient_up`, here half of the time goes
            wide = precision + 1 + divisor.bit_length()
            if (shifted := wide - low.bit_length()) > 0:
                low <<= shifted
                below -= shifted
            if (shifted := wide - high.bit_length()) > 0:
                high <<= shifted
                above -= shifted
            low, high = low // divisor, -(-high // divisor)
        if (extra := low.bit_length() - precision) > 0:
            low >>= extra
            below += extra
        if (extra := high.bit_length() - precision) > 0:
            high = -(-high >> extra)
            above += extra
        result.append(Interval(low, below, high, above, precision))
    return result
