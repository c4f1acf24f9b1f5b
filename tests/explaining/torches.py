"""What this version of torch can do: tests run with torch 2.1 as well as with the newest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


def runs(f: Callable[[], Any]) -> bool:
    """Whether torch has the operation, for these types and arguments."""
    try:
        f()
    except (AttributeError, RuntimeError, TypeError):
        return False
    return True


@contextmanager
def skipped_where_missing() -> Iterator[None]:
    """Skip a test that comes to an operation or a derivative that this torch has not, or not for a type."""
    try:
        yield
    except RuntimeError as error:
        if "not implemented" not in str(error):
            raise
        pytest.skip(str(error))
