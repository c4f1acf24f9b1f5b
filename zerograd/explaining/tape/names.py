"""What a program calls a tensor that belongs to no module: the variable that holds it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

_MOST = 1000
"""Items of a list or a dictionary that are looked through."""


def name_of(tensor: Any, frame: FrameType | None, but: tuple[str, ...] = ()) -> str | None:
    """Return the variable that holds a tensor where it is used: of the outermost caller that has one.

    Args:
        frame: where it is used.
        but: folders whose code is not the program's own.

    Returns:
        ``x``, ``weights[0]``, ``params["w1"]`` or ``self.x``; None where no variable holds it.
    """
    name = None
    while frame is not None:
        if not frame.f_code.co_filename.startswith(but):
            name = next(_names(tensor, _variables(frame)), name)
        frame = frame.f_back
    return name


def _variables(frame: FrameType) -> Mapping[str, Any]:
    """Return a frame's variables, without leaving a copy of them with it, which would keep tensors alive."""
    if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        return dict(frame.f_locals)
    local = frame.f_locals
    variables = dict(local)
    if type(local) is dict:  # a copy before Python 3.13
        local.clear()
    owner = variables.get("self")
    return variables | {f"self.{name}": value for name, value in getattr(owner, "__dict__", {}).items()}


def _names(tensor: Any, variables: Mapping[str, Any]) -> Iterator[str]:
    shown = {name: value for name, value in variables.items() if not name.startswith("_")}
    yield from (name for name, value in shown.items() if value is tensor)
    for name, value in shown.items():
        if type(value) in (list, tuple) and len(value) <= _MOST:
            yield from (f"{name}[{i}]" for i, each in enumerate(value) if each is tensor)
        elif type(value) is dict and len(value) <= _MOST:
            items = list(value.items())
            yield from (f"{name}[{_quoted(key)}]" for key, each in items if each is tensor)


def _quoted(key: object) -> str:
    return f'"{key}"' if isinstance(key, str) else repr(key)
