"""Sets of units, of samples and of entries: integers with a bit for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from zerograd.core.numbers.irrational import Irrational


def nonzero(values: Iterable[Any]) -> int:
    """Return the positions of what is not zero."""
    return packed(bool(v.sign() if isinstance(v, Irrational) else v) for v in values)


def packed(flags: Iterable[bool]) -> int:
    """Return the positions of what is true."""
    text = "".join("1" if flag else "0" for flag in flags)
    return int(text[::-1], 2) if text else 0


def full(width: int) -> int:
    """Return all positions."""
    return (1 << width) - 1


def bits(mask: int) -> Iterator[int]:
    """Yield the positions that are in a mask."""
    text = bin(mask)[:1:-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)


def listed(mask: int) -> tuple[int, ...]:
    """Return the positions that are in a mask."""
    return tuple(bits(mask))


def joined(rows: Sequence[int], width: int) -> int:
    """Return a matrix, row after row, as one mask."""
    if not rows:
        return 0
    return int("".join(format(row, f"0{width}b") for row in reversed(rows)), 2)


def split(mask: int, rows: int, width: int) -> list[int]:
    """Return the rows of a matrix."""
    text = format(mask, f"0{rows * width}b")
    return [int(text[i * width : (i + 1) * width], 2) for i in range(rows)][::-1]


def transposed(rows: Sequence[int], width: int) -> list[int]:
    """Return the columns of a matrix."""
    if not rows:
        return [0] * width
    texts = [format(row, f"0{width}b") for row in reversed(rows)]
    return [int("".join(column), 2) for column in zip(*texts, strict=True)][::-1]
