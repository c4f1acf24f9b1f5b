"""Progress: a line where it takes long, on a terminal alone, and gone afterwards."""

from __future__ import annotations

import time
from io import StringIO

import pytest

from zerograd.explaining.training.progress import shown


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_what_takes_long_is_said_and_taken_back() -> None:
    stream = Terminal()
    with shown("explaining step 1", stream, patience=0.01):
        time.sleep(0.2)
    assert stream.getvalue() == f"\rexplaining step 1 …\r{' ' * 19}\r"


def test_what_is_quick_is_not_said() -> None:
    stream = Terminal()
    with shown("explaining step 1", stream, patience=60):
        pass
    assert stream.getvalue() == ""


def test_nothing_is_written_where_nobody_watches() -> None:
    stream = StringIO()
    with shown("explaining step 1", stream, patience=0.0):
        time.sleep(0.05)
    assert stream.getvalue() == ""


def test_the_line_goes_when_the_work_fails() -> None:
    stream = Terminal()
    with pytest.raises(ZeroDivisionError), shown("explaining", stream, patience=0.01):
        time.sleep(0.2)
        1 / 0  # noqa: B018
    assert stream.getvalue().endswith("\r")
