"""True examples, and what is printed of them: with errors that are planted, to be found again."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import zerograd as zg
from zerograd.core.model.point import Point
from zerograd.core.question import given

WEIGHTS = [Fraction(n, 10) for n in range(-9, 10) if n]


def drawn(rng: random.Random, widths: list[int], samples: int = 1) -> dict[str, Any]:
    """Numbers for a network."""
    values: dict[str, Any] = {
        "x": [[rng.randint(-3, 5) for _ in range(widths[0])] for _ in range(samples)],
        "y": [[rng.randint(0, 2) for _ in range(widths[-1])] for _ in range(samples)],
    }
    for number, (below, units) in enumerate(itertools.pairwise(widths), start=1):
        values[f"w{number}"] = [[str(rng.choice(WEIGHTS)) for _ in range(below)] for _ in range(units)]
        values[f"b{number}"] = [str(rng.choice(WEIGHTS)) for _ in range(units)]
    return values


def problem_of(values: dict[str, Any], widths: list[int], **rest: Any) -> zg.Problem:
    """An example with these numbers."""
    return zg.Problem(network=widths, samples=len(values["x"]), given=values, loss={"sse": "1/2"}, **rest)


def point_of(problem: zg.Problem) -> Point[Any]:
    """Its point."""
    return given.given_point(problem)


def digits(value: Any, places: int) -> str:
    """A number as it is printed with so many decimals."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return f"{exact:.{places}f}"


def listed(array: Any, places: int) -> str:
    """An array as it is printed."""

    def nested(rows: Any) -> str:
        if isinstance(rows, list):
            return f"[{', '.join(map(nested, rows))}]"
        return digits(rows, places)

    return nested(array.tolist())


def printed(problem: zg.Problem, names: list[str], places: int = 5) -> list[str]:
    """Claims that print what is so."""
    point = point_of(problem)
    return [f"{name} ~ {listed(point.quantity(name), places)}" for name in names]
