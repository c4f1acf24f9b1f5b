"""A script as ``python SCRIPT ARGS…`` runs it, in this process."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from zerograd.core.errors import ZerogradError
from zerograd.streams import printable

_OTHERS = {
    ".yaml": "a problem file: zerograd solve {0} answers it",
    ".yml": "a problem file: zerograd solve {0} answers it",
    ".json": "a document: zerograd solve {0} answers a problem, zerograd verify checks a result",
    ".onnx": "a model file: zerograd explain {0} --data FILE.npz --loss NAME explains its gradients",
    ".ipynb": "a notebook: put the cells that train into `with zerograd.watch(model, optimizer) as watched:`",
    **dict.fromkeys(
        (".pt", ".pth", ".ckpt", ".safetensors", ".npz", ".npy", ".pkl"),
        "numbers, and no program: give the script that trains with them",
    ),
}
"""What people hand in beside scripts, by the ending of its name."""


@dataclass(frozen=True)
class Script:
    """A program in a file.

    Attributes:
        name: as it was given, which is what the script finds in ``sys.argv[0]``.
        place: the same from the root.
    """

    name: str
    place: str
    code: CodeType


def read_script(name: str) -> Script:
    """Read and compile a script.

    Raises:
        ZerogradError: there is no such file, or it holds something else.
        SyntaxError: it is not Python.
    """
    shown = printable(name)
    if name == "-":
        raise ZerogradError("-: a script is run from a file: write it to one")
    if not os.path.exists(name):  # noqa: PTH110 - as Python opens it
        raise ZerogradError(f"{shown}: there is no such file")
    if Path(name).is_dir():
        raise ZerogradError(f"{shown}: is a folder: name the script in it that trains")
    ending = Path(name).suffix.lower()
    if ending in _OTHERS:
        raise ZerogradError(f"{shown}: is {_OTHERS[ending].format(shown)}")
    try:
        source = Path(name).read_bytes()
    except OSError as error:
        raise ZerogradError(f"{shown}: cannot be read: {error.strerror or error}") from None
    if b"\0" in source:
        raise ZerogradError(f"{shown}: is not Python: it contains null bytes")
    place = os.path.join(os.getcwd(), name)  # noqa: PTH109, PTH118 - not normalised, as Python has it
    return Script(name, place, compile(source, place, "exec", dont_inherit=True))


def become(script: Script, arguments: Sequence[str]) -> ModuleType:
    """Make this process what ``python SCRIPT ARGS…`` is before the first line runs; return ``__main__``."""
    main = ModuleType("__main__")
    vars(main).update(
        __file__=script.place,
        __cached__=None,
        __builtins__=builtins,
        __loader__=SourceFileLoader("__main__", script.place),
    )
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    sys.modules["__main__"] = main
    sys.argv = [script.name, *arguments]
    if not sys.flags.safe_path:  # else Python put no folder there
        sys.path[0] = os.path.dirname(os.path.realpath(script.place))  # noqa: PTH120
    return main


def execute(script: Script, main: ModuleType) -> None:
    """Run the script in a module that `become` made."""
    exec(script.code, vars(main))  # noqa: S102 - the script that a person wants to run


def exit_status(end: SystemExit) -> int:
    """Return the status with which Python ends on a ``SystemExit``; print its text, as Python does."""
    code = end.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(f"{code}\n")
    return 1
