"""Tracebacks as they would be without a watch."""

from __future__ import annotations

import dis
import os
import sys
from collections.abc import Iterator
from types import CodeType, TracebackType

_OURS = os.path.dirname(os.path.dirname(__file__)) + os.sep  # noqa: PTH120

_DISPATCHED = ("torch/_compile.py", "torch/_dynamo/eval_frame.py", "torch/_ops.py")
"""What stands around the recorder while it runs an operation."""

_CALLERS = {
    ("running/script.py", "execute"),
    ("running/arrival.py", "exec_module"),
    ("explaining/tape/passes.py", "watched_backward"),
    ("explaining/tape/passes.py", "watched_grad"),
    ("explaining/training/watch.py", "met"),
}
"""Functions of ours that call the user's: what they raise is the user's error."""

_RECORDER = "explaining/tape/recorder.py"


_HOOKS = ("_backward_hooks", "_backward_pre_hooks", "_forward_hooks", "_forward_pre_hooks")


def is_ours(error: BaseException) -> bool:
    """Whether an error is a mistake of zerograd's own, and not what the user's code raised."""
    entries = list(_entries(error.__traceback__))
    last = next((n for n, entry in reversed(list(enumerate(entries))) if _is_ours(entry)), None)
    if last is None or not isinstance(error, Exception):
        return False
    code = entries[last].tb_frame.f_code
    inside = code.co_filename.removeprefix(_OURS).replace(os.sep, "/")
    if inside == _RECORDER:  # runs operations, which are called through PyTorch
        after = entries[last + 1 : last + 2]
        return not (after and _file(after[0]).endswith("torch/_ops.py"))
    return (inside, code.co_name) not in _CALLERS


def clean(error: BaseException) -> None:
    """Take zerograd's part out of the tracebacks of an error and of all those that led to it."""
    left, seen = [error], set()
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        each.__traceback__ = unwatched(each.__traceback__)
        left += [other for other in (each.__cause__, each.__context__) if other is not None]
        if isinstance(each, BaseExceptionGroup):
            left += each.exceptions


def unwatched(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback as it would be without a watch."""
    entries = list(_entries(traceback))
    around = [_is_around(entry) for entry in entries]
    for n, entry in enumerate(entries):
        if not _is_ours(entry):
            continue
        for step in (-1, 1):  # a run of frames that are there because of ours
            k = n + step
            while 0 <= k < len(entries) and around[k]:
                entries[k], k = entry, k + step
    kept: TracebackType | None = None
    for n in range(len(entries) - 1, -1, -1):
        entry = entries[n]
        frame, last = entry.tb_frame, entry.tb_lasti
        # None where an interrupt came at an instruction of no line; a traceback cannot be made with it
        line = entry.tb_lineno or frame.f_code.co_firstlineno
        if _is_ours(entry) or _is_inner_call(entry):
            continue
        if n + 1 < len(entries) and _is_inner_call(entries[n + 1]):
            last, line = _direct_call(frame.f_code) or (last, line)
        kept = TracebackType(kept, frame, last, line)
    return kept


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _file(entry: TracebackType) -> str:
    return entry.tb_frame.f_code.co_filename.replace(os.sep, "/")


def _is_ours(entry: TracebackType) -> bool:
    return entry.tb_frame.f_code.co_filename.startswith(_OURS)


def _is_around(entry: TracebackType) -> bool:
    file = _file(entry)
    return file.endswith(_DISPATCHED) or file.startswith("<frozen importlib._bootstrap")


def _is_inner_call(entry: TracebackType) -> bool:
    """Whether this is a part of the way on which modules call ``forward`` because of the watch's hooks."""
    frame = entry.tb_frame
    if frame.f_code.co_name != "inner" or not _file(entry).endswith("torch/nn/modules/module.py"):
        return False
    module = frame.f_locals.get("self")
    return not any(getattr(module, hooks, None) for hooks in _HOOKS)


def _direct_call(code: CodeType) -> tuple[int, int] | None:
    """Return where ``_call_impl`` calls ``forward`` if there are no hooks: the instruction and the line."""
    for instruction in dis.get_instructions(code):
        if instruction.opname == "CALL_FUNCTION_EX" and instruction.positions is not None:
            return instruction.offset, instruction.positions.lineno or code.co_firstlineno
    return None


def print_uncaught(error: BaseException) -> None:
    """Print an error that nothing caught, as Python does: by ``sys.excepthook``, which the script may set."""
    kind, traceback = type(error), error.__traceback__
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, traceback
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    try:
        sys.excepthook(kind, error, traceback)
    except BaseException as second:
        second.__traceback__ = unwatched(second.__traceback__)
        sys.stderr.write("Error in sys.excepthook:\n")
        sys.__excepthook__(type(second), second, second.__traceback__)
        sys.stderr.write("\nOriginal exception was:\n")
        sys.__excepthook__(kind, error, traceback)
