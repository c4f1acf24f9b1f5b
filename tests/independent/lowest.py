"""A checker of the least loss, written from docs/FORMATS.md and docs/theory/global-minima.md alone."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, product
from typing import Any

from tests.independent.documents import keys, need, rational

F = Fraction
Row = Sequence[Fraction]


def inner(a: Row, b: Row) -> Fraction:
    need(len(a) == len(b), "lengths")
    return sum((u * v for u, v in zip(a, b, strict=True)), F(0))


def check(
    inputs: Sequence[Row],
    targets: Row,
    units: int,
    bias: bool,
    slopes: tuple[Fraction, Fraction],
    squares: Fraction,
    proof: Any,
) -> None:
    """Return if no parameters have a sum of squares below ``squares``. Raises No.

    Args:
        inputs: X_m, with a 1 where the hidden layer has biases.
        bias: whether the last layer has one.
        slopes: s⁻ and s⁺.
    """
    keys(proof, {"by", "undivided", "bounds"}, set())
    refuted = {prefix: [*map(rational, row)] for prefix, row in proof["undivided"].items()}
    patterns = []
    for signs in product("+-", repeat=len(targets)):
        if any(s == "-" and not any(x) for s, x in zip(signs, inputs, strict=True)):
            continue
        begins = ("".join(signs[:n]) for n in range(len(signs) + 1))
        prefix = next((each for each in begins if each in refuted), None)
        if prefix is None:
            patterns.append("".join(signs))
            continue
        row = refuted[prefix]
        need(len(row) == len(prefix) and min(row, default=F(0)) >= 0, "numbers from 0 on")
        need(any(v for v, x in zip(row, inputs, strict=False) if any(x)), "a number above 0")
        vanishes(row, prefix, inputs)
    served: list[set[tuple[str, int]]] = []
    for bound in proof["bounds"]:
        keys(bound, {"direction"}, {"positive", "negative"})
        g = [*map(rational, bound["direction"])]
        along = inner(g, targets)
        need(along > 0 and along**2 >= squares * inner(g, g), "a bound that is high enough")
        need(not bias or sum(g) == 0, "a sum of 0")
        cones = set()
        for name, sigma in (("positive", 1), ("negative", -1)):
            for pattern, written in bound.get(name, {}).items():
                need(pattern in patterns, "a pattern that is left")
                row = [*map(rational, written)]
                need(len(row) == len(g) and min(row) >= 0, "multipliers from 0 on")
                for j in range(len(inputs[0])):
                    of_unit = (
                        v * slopes[s == "+"] * x[j] for v, s, x in zip(g, pattern, inputs, strict=True)
                    )
                    signed = (
                        v * x[j] * (1 if s == "+" else -1)
                        for v, s, x in zip(row, pattern, inputs, strict=True)
                    )
                    need(sigma * sum(of_unit, F(0)) + sum(signed, F(0)) == 0, "multipliers of the cone")
                cones.add((pattern, sigma))
        served.append(cones)
    for choice in combinations_with_replacement([*product(patterns, (1, -1))], units):
        need(any(cones.issuperset(choice) for cones in served), f"a bound for {choice}")


def vanishes(row: Row, prefix: str, inputs: Sequence[Row]) -> None:
    for column in zip(*inputs, strict=True):
        signed = (v * x * (1 if s == "+" else -1) for v, x, s in zip(row, column, prefix, strict=False))
        need(sum(signed, F(0)) == 0, "a sum that vanishes")
