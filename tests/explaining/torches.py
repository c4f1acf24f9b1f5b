"""What this version of torch can do: tests run with torch 2.1 as well as with the newest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def runs(f: Callable[[], Any]) -> bool:
    """Whether torch has the operation, for these types and arguments."""
    try:
        f()
    except (AttributeError, RuntimeError, TypeError):
        return False
    return True
