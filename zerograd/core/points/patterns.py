"""The ways in which a linear function divides vectors in two, with the proof that it makes no others.

A *pattern* has a sign for each vector X_m: ``+`` where the function is above 0, ``-`` where it is below. That
no v has v·X_m of the signs τ_m is shown by numbers λ ≥ 0, not all 0, with Σ λ_m τ_m X_m = 0: with v the sum
Σ λ_m |v·X_m| would be 0 (Gordan). What holds of the first vectors alone refutes all patterns that begin so.

A vector 0 has no sign: it counts as ``+``, and does not count in λ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zerograd.core.errors import Refused, Violation
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.products import dot
from zerograd.core.numbers.work import spend

Vector = tuple[Rational, ...]

Pattern = str
"""A sign for each sample, such as ``+-+``."""


def side(sign: str) -> int:
    """1 for ``+``, −1 for ``-``."""
    return 1 if sign == "+" else -1


def patterns_left(rows: Sequence[Sequence[Rational]], undivided: Mapping[Pattern, Vector]) -> list[Pattern]:
    """Return the patterns that are not shown to be those of no linear function, each proof being checked.

    Args:
        rows: the vectors X_m.
        undivided: λ by the signs of the first vectors.

    Raises:
        Refused: numbers λ that show nothing.
    """
    left: list[Pattern] = []
    open_ = [""]
    while open_:
        prefix = open_.pop()
        spend(50)
        if prefix in undivided:
            _check_undivided(rows, prefix, undivided[prefix])
        elif len(prefix) == len(rows):
            left.append(prefix)
        else:
            open_ += following(rows, prefix)
    return left


def following(rows: Sequence[Sequence[Rational]], prefix: Pattern) -> list[Pattern]:
    """The signs of one more vector, the empty set first from the end."""
    return [prefix + "+", prefix + "-"] if any(rows[len(prefix)]) else [prefix + "+"]


def _check_undivided(rows: Sequence[Sequence[Rational]], prefix: Pattern, weights: Vector) -> None:
    spend(20 * len(prefix) * len(rows[0]))
    sound = len(weights) == len(prefix) and all(weight >= 0 for weight in weights)
    sound = sound and any(weight for weight, row in zip(weights, rows, strict=False) if any(row))
    signed = [weight * side(sign) for weight, sign in zip(weights, prefix, strict=False)]
    if not sound or any(dot(signed, column) for column in zip(*rows[: len(prefix)], strict=True)):
        raise Refused(
            [Violation(f"pattern {prefix}", "numbers by which no affine function has it", "others")]
        )
