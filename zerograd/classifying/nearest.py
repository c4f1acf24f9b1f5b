"""The point of a cone nearest to a target, exactly (Lawson and Hanson, Solving Least Squares Problems, §23).

The cone has finitely many generators, of integers. In exact arithmetic the method needs no tolerance: a
generator that is added is independent of those that are in use, and the distance falls each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

from zerograd.core.numbers.work import spend

Whole = tuple[int, ...]


def whole(vector: Sequence[Fraction | int]) -> Whole:
    """The shortest vector of integers in the same direction."""
    scale = lcm(*(Fraction(v).denominator for v in vector))
    values = [int(v * scale) for v in vector]
    common = gcd(*values) or 1
    return tuple(v // common for v in values)


def nearest(generators: Sequence[Whole], target: Whole) -> dict[int, Fraction]:
    """Return the coefficients of the point nearest to the target, by generator: those above 0."""
    used: dict[int, Fraction] = {}
    while True:
        spend(5 * len(generators) * len(target))
        left = remainder(generators, target, used)
        scaled = whole(left)
        gains = [_dot(generator, scaled) for generator in generators]
        rising = [j for j, gain in enumerate(gains) if gain > 0]
        if not rising:
            return used
        best = max(rising, key=lambda j: Fraction(gains[j] ** 2, _dot(generators[j], generators[j])))
        used[best] = Fraction(0)
        while True:
            order = [*used]
            spend(len(order) ** 2 * (len(order) + len(target)))
            solved = _least_squares([generators[j] for j in order], target)
            if all(value > 0 for value in solved):
                used = dict(zip(order, solved, strict=True))
                break
            share = min(
                used[j] / (used[j] - value) for j, value in zip(order, solved, strict=True) if value <= 0
            )
            moved = {j: used[j] + share * (v - used[j]) for j, v in zip(order, solved, strict=True)}
            used = {j: value for j, value in moved.items() if value > 0}


def remainder(
    generators: Sequence[Whole], target: Whole, used: dict[int, Fraction]
) -> tuple[Fraction | int, ...]:
    """The target minus the combination."""
    scale = lcm(*(value.denominator for value in used.values()))
    left = [v * scale for v in target]
    for j, value in used.items():
        factor = int(value * scale)
        left = [v - factor * g for v, g in zip(left, generators[j], strict=True)]
    return tuple(Fraction(v, scale) for v in left)


def _dot(a: Sequence[int], b: Sequence[int]) -> int:
    return sum(map(int.__mul__, a, b))


def _least_squares(columns: Sequence[Whole], target: Whole) -> list[Fraction]:
    """The solution of the normal equations, of independent columns: fraction-free elimination (Bareiss)."""
    matrix = [[*(_dot(a, b) for b in columns), _dot(a, target)] for a in columns]
    size, before = len(columns), 1
    for k in range(size):
        pivot = matrix[k][k]  # above 0: the matrix is positive definite
        for i in range(k + 1, size):
            factor = matrix[i][k]
            row, top = matrix[i], matrix[k]
            matrix[i] = [0] * (k + 1) + [
                (pivot * row[j] - factor * top[j]) // before for j in range(k + 1, size + 1)
            ]
        before = pivot
    solved = [Fraction(0)] * size
    for k in reversed(range(size)):
        rest = matrix[k][size] - sum(matrix[k][j] * solved[j] for j in range(k + 1, size))
        solved[k] = Fraction(rest) / matrix[k][k]
    return solved
