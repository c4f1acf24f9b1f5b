"""Integer vectors that given rows annihilate, with small entries, by FLINT's lattice reduction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import gcd, lcm

from zerograd.core.question.vocabulary import Rational

Vector = tuple[int, ...]

REDUCED = 40
"""Rows up to which a kernel is reduced; beyond, FLINT's echelon form gives it as it is."""


def primitive(row: Iterable[Rational]) -> Vector:
    """The multiple whose entries are integers without a common factor, the first one positive."""
    entries = list(row)
    scale = lcm(*(v.denominator for v in entries if isinstance(v, Fraction)))
    whole = [int(v * scale) for v in entries]
    common = gcd(*whole)
    first = next((v for v in whole if v), 0)
    if first < 0:
        common = -common
    return tuple(v // common for v in whole) if common else tuple(whole)


def kernel(rows: Sequence[Vector], width: int) -> list[Vector]:
    """A basis of the rational kernel of an integer matrix with ``width`` columns; small vectors first.

    Up to `REDUCED` rows it is a reduced basis of the lattice of all integer vectors in the kernel:
    with C large, a reduced basis of the rows (eᵢ, C·column i) begins with the vectors whose tail is
    zero (Cohen, A Course in Computational Algebraic Number Theory, §2.7.1).
    """
    import flint

    if not rows:
        return [tuple(int(i == j) for j in range(width)) for i in range(width)]
    matrix = flint.fmpz_mat([list(row) for row in rows])
    if len(rows) > REDUCED:
        basis, nullity = matrix.nullspace()
        columns = [[int(basis[i, j]) for i in range(width)] for j in range(nullity)]
        return sorted((primitive(column) for column in columns), key=_size)
    nullity = width - matrix.rank()
    if not nullity:
        return []
    identity = [[int(i == j) for j in range(width)] for i in range(width)]
    bits = 8
    while True:
        tails = ([row[i] << bits for row in rows] for i in range(width))
        extended = [[*unit, *tail] for unit, tail in zip(identity, tails, strict=True)]
        reduced = flint.fmpz_mat(extended).lll().tolist()
        if not any(any(row[width:]) for row in reduced[:nullity]):
            break
        bits *= 2  # C was not large enough yet to push all else behind the kernel
    short = [tuple(int(v) for v in row[:width]) for row in reduced[:nullity]]
    return sorted(short, key=_size)


def _size(vector: Vector) -> tuple[int, int]:
    return sum(v * v for v in vector), -sum(v > 0 for v in vector)
