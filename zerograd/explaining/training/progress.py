"""A line on the terminal while a step takes long to explain."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Timer
from typing import TextIO

PATIENCE = 1.0
"""Seconds after which something is said."""


@contextmanager
def shown(text: str, stream: TextIO | None = None, patience: float = PATIENCE) -> Iterator[None]:
    """Show a line while the context lasts, if it lasts longer than ``patience``, and only on a terminal."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield
        return
    said = Event()

    def say() -> None:
        said.set()
        print(f"\r{text} …", end="", file=stream, flush=True)

    timer = Timer(patience, say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if said.is_set():
            print(f"\r{' ' * (len(text) + 2)}\r", end="", file=stream, flush=True)
