"""How much may be gone through: until a deadline, and so many steps, which are the same on a busy machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf

_HALVES = 2000
"""Ways to choose half a dataset that take about as long as to compute with further parameters."""


@dataclass(slots=True)
class Budget:
    """What is left.

    Attributes:
        deadline: of `time.monotonic`.
        effort: parameters to compute with; large datasets count for several.
        whole: what this is a part of: that is spent as well.
    """

    deadline: float
    effort: float = inf
    whole: Budget | None = None

    def spent(self) -> bool:
        """Whether it is time to stop."""
        return self.effort <= 0 or time.monotonic() >= self.deadline

    @property
    def ways(self) -> float:
        """Ways to choose half a dataset that can still be looked at."""
        return self.effort * _HALVES

    def spend(self, ways: int, parameters: int = 1) -> None:
        """Count one more of the parameters, and ways to choose a dataset or half of one."""
        self.effort -= parameters + ways / _HALVES
        if self.whole is not None:
            self.whole.spend(ways, parameters)

    def part(self, share: float) -> Budget:
        """A share of it, which is spent with the part."""
        now = time.monotonic()
        return Budget(now + (self.deadline - now) * share, self.effort * share, self)
