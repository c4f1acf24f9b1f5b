"""Which derivative is taken at a kink."""

from __future__ import annotations

from typing import Literal, get_args

Kink = Literal["torch", "left", "right", "forbid"]
"""Which derivative is taken at a kink; ``forbid``: no sample may sit on one."""

KINKS: tuple[Kink, ...] = get_args(Kink)
