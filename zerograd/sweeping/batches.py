"""How many rows travel to a worker together: as many as take a moment, by what rows have taken so far."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

MOMENT = 0.2
"""Seconds that a batch should take: long beside what a task costs, short for whoever waits for its rows."""
MOST = 32
"""Rows in a batch at most."""
AHEAD = 3
"""Batches for each slot that are given ahead, so that none waits for the network."""
_LATELY = 32
"""Rows whose times are remembered."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What rows have taken lately.

    Attributes:
        lately: seconds that each of the last rows took.
    """

    lately: tuple[float, ...] = ()

    def after(self, seconds: Iterable[float]) -> Pace:
        """Return the pace once further rows have taken so many seconds. What is no time is left out."""
        times = (*self.lately, *(time for time in seconds if 0 <= time < math.inf))
        return replace(self, lately=times[-_LATELY:])

    @property
    def rows(self) -> int:
        """How many rows take a moment, but no more than there were: a few may not be like the rest."""
        known = len(self.lately)
        if known == 0:
            return 1
        fit = known * MOMENT / max(sum(self.lately), MOMENT / MOST)
        return max(1, min(MOST, known, int(fit)))


def portion(waiting: int, *, rows: int, slots: int, out: int, more: bool) -> int:
    """Return how many of the rows that wait should be given now, as one batch.

    Towards the end batches get smaller, so that all slots finish at about the same time (guided
    self-scheduling: C. D. Polychronopoulos and D. J. Kuck, IEEE Transactions on Computers C-36, 1987, with
    half its shares).

    Args:
        waiting: rows that wait.
        rows: how many a batch should have.
        slots: how many batches are worked at at once.
        out: batches that are given already.
        more: whether further rows will come.

    Returns:
        0 if nothing should be given now: a larger batch will do.
    """
    if waiting == 0 or out >= AHEAD * slots:
        return 0
    idle = slots - out
    if not more:
        return min(rows, math.ceil(waiting / (2 * slots)))
    if idle <= 0:
        return rows if waiting >= rows else 0
    return min(rows, math.ceil(waiting / idle))


def room(rows: int, slots: int) -> int:
    """Return how many rows are needed so that all slots have batches ahead, and one each is being kept."""
    return (AHEAD + 1) * rows * slots
