"""What numbers have in common that are no fractions: enclosures, as narrow as one likes."""

from __future__ import annotations

from fractions import Fraction
from itertools import count
from typing import Any


class Irrational:
    """A real number that is known by an expression, which may happen to be that of a rational one.

    (No abstract base class: to ask whether a number is an instance takes much longer then.)
    """

    __slots__ = ()

    def sign(self) -> int:
        """−1, 0 or 1, decided exactly. Raises Straddles where that cannot be done."""
        raise NotImplementedError

    def enclosure(self, level: int) -> tuple[Fraction, Fraction]:
        """An interval around the number that shrinks as ``level`` = 0, 1, 2, … grows."""
        raise NotImplementedError

    def rational(self) -> Fraction | None:
        """The number where its expression is that of a rational one."""
        raise NotImplementedError

    def __sub__(self, other: int, /) -> Any:
        raise NotImplementedError

    def is_integer(self) -> bool:
        """Whether the number is an integer. Raises what `sign` does."""
        # An integer inside a sufficiently narrow enclosure is the only candidate.
        for level in count():
            low, high = self.enclosure(level)
            if high - low < 1:
                candidate = -((-low) // 1)
                if candidate > high:
                    return False
                difference: Irrational = self - int(candidate)
                return difference.sign() == 0
        raise AssertionError("enclosures shrink")

    def __float__(self) -> float:
        """The nearest float (where the number all but ties between two: one of them)."""
        if self.sign() == 0:
            return 0.0
        level = 0
        while True:
            low, high = self.enclosure(level)
            if float(low) == float(high) or level > 8:
                return float((low + high) / 2)
            level += 1
