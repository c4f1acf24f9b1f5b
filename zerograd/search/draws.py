"""A count of random draws: reproducible on any machine, cut short by a deadline alone."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from zerograd.search.verdict import Progress, Undecided


@dataclass(frozen=True, slots=True)
class Draws:
    """Draws ``first`` to ``last`` of a strategy.

    They are counted rather than timed, so that a seed gives the same answer on any machine.

    Attributes:
        deadline: of `time.monotonic`.
    """

    first: int
    last: int
    deadline: float
    seed: int
    progress: Progress

    def of(self, strategy: str) -> Iterator[tuple[int, random.Random]]:
        """(number, dice) of each draw, until the deadline."""
        for number in range(self.first, self.last + 1):
            if time.monotonic() >= self.deadline:
                return
            if number % 10 == 0:
                self.progress(f"{strategy}, draw {number}")
            yield number, random.Random(f"{strategy} {self.seed} {number}")  # noqa: S311 - reproducible, not secret

    def in_vain(self) -> Undecided:
        """When none of them led to a witness."""
        if time.monotonic() >= self.deadline:
            return Undecided("timeout", "the draws led to nothing in time")
        return Undecided("incomplete", f"{self.last} draws led to nothing, which shows nothing")


def spread(number: int) -> int:
    """The largest absolute value that is drawn: small ones first, for clean witnesses; then all over."""
    return 1 + number // 12 % 9
