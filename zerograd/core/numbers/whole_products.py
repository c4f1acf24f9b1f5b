"""Products of matrices of integers by few multiplications of long integers.

The entries of a row stand side by side in one long integer (Kronecker substitution: von zur Gathen and
Gerhard, Modern Computer Algebra, §8.4), in slots wide enough that no sum of products reaches into the next
one. So a multiple of a row is one multiplication. Nothing is rounded. Of both matrices the one with longer
rows is packed (of A its columns), and rows and columns of zeros are left out.

Matrices are sequences of entries, row by row: lists of rows, of a hundred thousand samples, would take longer
to make than the products.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from itertools import chain, compress
from operator import mul

PAIR, TERM = 25, 3
"""What a row times a column costs where that is not packed, and each term of it: Python does it quickly."""
PACKING, PACKED_ROW, PACKED_TERM, ENTRY = 1000, 100, 6, 4
"""What packing costs: at all, each row, each multiple of one, and each entry of the three matrices."""
MAX_BYTES = 2**26
"""Most memory for the long integers: a matrix that needs more is taken in blocks of columns."""

Shapes = tuple[int, int, int]
"""(n, k, p) of matrices of shapes (n, k) and (k, p)."""


def whole_product(a: Sequence[int], b: Sequence[int], shapes: Shapes) -> list[int]:
    """Return A·B, row by row. n, k and p are at least 1."""
    n, k, p = shapes
    if not _worth_packing(n, k, p):
        rows = [a[i : i + k] for i in range(0, n * k, k)]
        columns = [b[j::p] for j in range(p)]
        return [sum(map(mul, row, column)) for row in rows for column in columns]
    if 2 * a.count(0) >= len(a):
        return _sparse(a, b, shapes)
    return _packed_product(a, b, shapes)


def _worth_packing(n: int, k: int, p: int) -> bool:
    """Whether a product of matrices of short integers is made faster by packing them.

    Compared are hundredths of a microsecond, as measured with CPython 3.11.
    """
    one_by_one = n * p * (PAIR + TERM * k)
    packed = PACKING + PACKED_ROW * k + PACKED_TERM * k * min(n, p) + ENTRY * (n * k + k * p + n * p)
    return one_by_one > packed


def _sparse(a: Sequence[int], b: Sequence[int], shapes: Shapes) -> list[int]:
    """`whole_product`, without the rows and columns of A that are 0."""
    n, k, p = shapes
    columns = [a[j::k] for j in range(k)]
    used = [*map(any, columns)]
    if not any(used):
        return [0] * (n * p)
    left = [*compress(columns, used)]
    below = [*chain.from_iterable(b[j * p : (j + 1) * p] for j in compress(range(k), used))]
    live = [*map(any, zip(*left, strict=True))]
    some = [*chain.from_iterable(compress(zip(*left, strict=True), live))]
    found = _packed_product(some, below, (sum(live), len(left), p))
    if all(live):
        return found
    result = [0] * (n * p)
    for at, i in enumerate(compress(range(n), live)):
        result[i * p : (i + 1) * p] = found[at * p : (at + 1) * p]
    return result


def _packed_product(a: Sequence[int], b: Sequence[int], shapes: Shapes) -> list[int]:
    n, k, p = shapes
    if n <= p:
        return [*chain.from_iterable(_by_packed([a[i : i + k] for i in range(0, n * k, k)], b, p))]
    turned = [*chain.from_iterable(a[j::k] for j in range(k))]  # Aᵀ, since (A·B)ᵀ = Bᵀ·Aᵀ
    result = [0] * (n * p)
    for j, column in enumerate(_by_packed([b[j::p] for j in range(p)], turned, n)):
        result[j::p] = column
    return result


def _by_packed(rows: Sequence[Sequence[int]], b: Sequence[int], width: int) -> list[list[int]]:
    """Each row times B, whose rows have ``width`` entries, each in one long integer (or in several)."""
    height = len(b) // width
    heaviest = max(1, *(sum(map(abs, row)) for row in rows))  # 1: entries have to fit, too
    size = ((largest(b) * heaviest).bit_length() + 8) // 8  # bytes, with a bit for the sign
    size = next((known for known in _CODES if known >= size), size)
    block = max(1, MAX_BYTES // (size * height))
    if block < width:
        parts = []
        for start in range(0, width, block):
            stop = min(start + block, width)
            some = [*chain.from_iterable(b[i + start : i + stop] for i in range(0, len(b), width))]
            parts.append(_by_packed(rows, some, stop - start))
        return [[*chain.from_iterable(found)] for found in zip(*parts, strict=True)]
    packed = pack(b, width, size)
    return [unpack(sum(map(mul, row, packed)), width, size) for row in rows]


def largest(entries: Sequence[int]) -> int:
    """Return the largest absolute value."""
    high, low = max(entries), min(entries)
    return max(high, -low)


_CODES = {array(code).itemsize: code for code in "bhilq"}
"""The type code by size in bytes, in order, of `array.array` for integers with a sign."""


def pack(entries: Sequence[int], width: int, size: int) -> list[int]:
    """Return each ``width`` entries as one integer, in slots of ``size`` bytes, the first one lowest.

    A slot holds its entry modulo 2^(8·size), as two's complement does. To turn its highest bit is to add
    half of what a slot holds; with the halves subtracted again, Σ entry·2^(8·size·i) is left.
    """
    if size in _CODES:
        slots = array(_CODES[size], entries)
        if sys.byteorder == "big":
            slots.byteswap()
        data = slots.tobytes()
    else:
        data = b"".join(entry.to_bytes(size, "little", signed=True) for entry in entries)
    middle = _middle(width, size)
    step = size * width
    return [
        (int.from_bytes(data[i : i + step], "little") ^ middle) - middle for i in range(0, len(data), step)
    ]


def unpack(packed: int, width: int, size: int) -> list[int]:
    """Return the integers in the slots, each of which is at most half of what a slot holds."""
    middle = _middle(width, size)
    data = ((packed + middle) ^ middle).to_bytes(size * width, "little")
    if size not in _CODES:
        return [int.from_bytes(data[i : i + size], "little", signed=True) for i in range(0, len(data), size)]
    slots = array(_CODES[size], data)
    if sys.byteorder == "big":
        slots.byteswap()
    return slots.tolist()


def _middle(width: int, size: int) -> int:
    """Return the integer with half of what a slot holds in every slot."""
    return int.from_bytes((1 << (8 * size - 1)).to_bytes(size, "little") * width, "little")
