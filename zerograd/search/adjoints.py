"""Adjoints at which linear forms are zero: small integers, the simplest first."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from zerograd.search.kernel import Vector, kernel, primitive
from zerograd.search.linear_part import Matrix, Row


def annihilating(forms: Iterable[Row], samples: int, outputs: int, chance: random.Random) -> Iterator[Matrix]:
    """Adjoints, M rows of them, at which linear forms with rational coefficients are 0; simplest first."""
    rows = [row for row in dict.fromkeys(map(primitive, forms)) if any(row)]
    columns = samples * outputs
    width = min(columns, 2 * len(rows) + 2)
    blocks: list[tuple[int, list[Vector]]] = []
    for start in range(0, columns, width):
        stop = min(start + width, columns)
        own = [row for row in dict.fromkeys(primitive(row[start:stop]) for row in rows) if any(row)]
        basis = kernel(own, stop - start)
        if basis:
            blocks.append((start, basis))
    if not blocks:
        return
    for combination in _combinations(blocks, chance):
        flat = [0] * columns
        for start, vector in combination:
            for offset, value in enumerate(vector):
                flat[start + offset] += value
        yield [list(flat[i : i + outputs]) for i in range(0, columns, outputs)]


def _combinations(
    blocks: Sequence[tuple[int, list[Vector]]], chance: random.Random
) -> Iterator[list[tuple[int, Vector]]]:
    """Sums of kernel vectors: a few simple ones, then random ones from every block."""
    if len(blocks) == 1:
        start, basis = blocks[0]
        if len(basis) == 1:  # there is nothing but its multiples
            for factor in (1, -1, 2):
                yield [(start, _times(basis[0], factor))]
            return
        shortest = basis[:4]
        for vector in shortest:
            yield [(start, vector)]
            yield [(start, _times(vector, -1))]
        for one, other in list(combinations(shortest, 2))[:3]:
            yield [(start, one), (start, other)]
            yield [(start, one), (start, _times(other, -1))]
    for _ in range(12 if len(blocks) == 1 else 2):
        yield [
            (start, _times(vector, chance.choice((-1, 1, 1, 2))))
            for start, basis in blocks
            for vector in chance.sample(basis, chance.randint(1, min(len(basis), 3)))
        ]


def _times(vector: Vector, factor: int) -> Vector:
    return tuple(factor * v for v in vector)
