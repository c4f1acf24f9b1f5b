"""A mark for what depends on numbers that are free: it takes part in sums and products."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from zerograd.core.numbers.work import spend


@dataclass(frozen=True, slots=True)
class Loose:
    """What depends on a free number, or may."""

    def __add__(self, other: Any) -> Loose:
        spend(1)
        return self

    __radd__ = __sub__ = __rsub__ = __add__

    def __neg__(self) -> Loose:
        return self

    def __mul__(self, other: Any) -> Any:
        spend(1)
        return 0 if isinstance(other, int | Fraction) and other == 0 else self

    __rmul__ = __mul__


LOOSE = Loose()
