"""Which derivative is taken at a kink."""

from __future__ import annotations

from typing import Literal, get_args

from zerograd.core.numbers.functions import Rational

Kink = Literal["torch", "left", "right", "forbid"]
"""Which derivative is taken at a kink; ``forbid``: no sample may sit on one."""

KINKS: tuple[Kink, ...] = get_args(Kink)


def derivative_taken(convention: Kink, left: Rational, right: Rational, torch: Rational) -> Rational | None:
    """Return the derivative at a kink, from the slopes on both sides and PyTorch's choice.

    None under ``forbid``.
    """
    match convention:
        case "torch":
            return torch
        case "left":
            return left
        case "right":
            return right
        case "forbid":
            return None
