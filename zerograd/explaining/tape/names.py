"""Where the program's own code is, and what it calls a tensor that belongs to no module."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import torch

_ELSEWHERE = tuple(
    os.path.dirname(path) + os.sep  # noqa: PTH120
    for path in (torch.__file__, os.path.dirname(os.path.dirname(__file__)))  # noqa: PTH120
)
"""Folders of code that is not the program's: PyTorch and zerograd."""
_MOST = 1000
"""Items of a list or a dictionary that are looked through."""


def program_frame(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame of the program's own code, from a frame outwards."""
    while frame is not None and frame.f_code.co_filename.startswith(_ELSEWHERE):
        frame = frame.f_back
    return frame


def name_of(tensor: Any, frame: FrameType | None) -> str | None:
    """Return the variable that holds a tensor where it is used: of the outermost caller that has one.

    Args:
        frame: where it is used.

    Returns:
        ``x``, ``weights[0]``, ``params["w1"]`` or ``self.x``; None where no variable holds it.
    """
    plain = inside = None
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_ELSEWHERE):
            variables = {name: it for name, it in _variables(frame).items() if not name.startswith("_")}
            plain = next((name for name, value in variables.items() if value is tensor), plain)
            inside = next(_in_containers(tensor, variables), inside)
        is_program = frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "__main__"
        frame = None if is_program else frame.f_back  # what runs the program has names of its own for it
    return plain or inside


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


def _in_containers(tensor: Any, variables: Mapping[str, Any]) -> Iterator[str]:
    for name, value in variables.items():
        if type(value) in (list, tuple) and len(value) <= _MOST:
            yield from (f"{name}[{i}]" for i, each in enumerate(value) if each is tensor)
        elif type(value) is dict and len(value) <= _MOST:
            items = list(value.items())
            yield from (f"{name}[{_quoted(key)}]" for key, each in items if each is tensor)


def _quoted(key: object) -> str:
    return f'"{key}"' if isinstance(key, str) else repr(key)
