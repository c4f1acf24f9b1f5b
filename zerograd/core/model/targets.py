"""What targets may be: numbers, or labels."""

from __future__ import annotations

from typing import Literal, get_args

Targets = Literal["real", "binary", "sign", "class"]
"""``binary``: 0 or 1. ``sign``: −1 or 1. ``class``: one class for each sample, whose row of y is 1 there and
0 elsewhere. ``real``: any number that the loss can take."""

TARGETS: tuple[Targets, ...] = get_args(Targets)
