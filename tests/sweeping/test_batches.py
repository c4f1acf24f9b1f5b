"""How many rows travel together."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from zerograd.sweeping import batches
from zerograd.sweeping.batches import AHEAD, MOMENT, MOST, Pace, portion

COUNTS = st.integers(0, 300)


@given(st.lists(st.floats(0, 100)))
def test_a_batch_takes_a_moment(times: list[float]) -> None:
    """One row at first, and no more than were seen; as many as take a moment, at most so many."""
    pace = Pace().after(times)
    rows, lately = pace.rows, pace.lately
    assert 1 <= rows <= max(1, min(MOST, len(times)))
    assert rows == 1 or rows * sum(lately) / len(lately) <= MOMENT * (1 + 1e-9)


def test_as_many_as_fit() -> None:
    """Rows of 10 ms go twenty together, rows of a second alone; fast ones do not hide slow ones."""
    assert Pace().rows == 1
    assert Pace().after([0.0101] * 3).rows == 3
    assert Pace().after([0.0099] * 64).rows == 20
    assert Pace().after([0.0] * 64).rows == MOST
    assert Pace().after([1.0] * 64).rows == 1
    assert Pace().after([0.001] * 63 + [20.0]).rows == 1


def test_what_is_no_time_is_left_out() -> None:
    """A worker may send anything."""
    assert Pace().after([math.nan, math.inf, -1.0, 0.5]).lately == (0.5,)


@given(COUNTS, st.integers(1, MOST), st.integers(1, 64), COUNTS, st.booleans())
def test_a_portion(waiting: int, rows: int, slots: int, out: int, more: bool) -> None:
    """Never more than wait, or than a batch has; something while a slot is idle, and for each of these."""
    size = portion(waiting, rows=rows, slots=slots, out=out, more=more)
    assert 0 <= size <= min(waiting, rows)
    if waiting and out < slots:
        assert size > 0
    idle = slots - out
    if idle > 0 and waiting >= idle:
        assert (waiting - size) >= idle - 1
    if out >= AHEAD * slots:
        assert size == 0


@given(st.integers(0, 500), st.integers(1, MOST), st.integers(1, 8))
def test_the_end_is_shared(waiting: int, rows: int, slots: int) -> None:
    """Once no more will come everything is given, in batches that do not grow; the last is a single row."""
    sizes = []
    while waiting:
        sizes.append(portion(waiting, rows=rows, slots=slots, out=0, more=False))
        waiting -= sizes[-1]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1:] in ([], [1])


def test_there_is_room_for_all_that_is_ahead() -> None:
    assert batches.room(5, 2) >= AHEAD * 5 * 2
