"""Files of other kinds, recognised as they begin, or by their names, and what takes them."""

from __future__ import annotations

import re
from pathlib import PurePath
from shlex import quote

_PYTHON = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:#![^\n]*python|"
    rb"(?:\s*(?:#[^\n]*)?\n)*(?:import \w|from [\w.]+ import\b|def \w+\(|class \w+[(:]|@\w|\"{3}|'{3}))"
)
_NOTEBOOK = re.compile(rb'\s*\{\s*"(?:cells|nbformat)"\s*:')
_ARRAYS = "this file holds arrays and no question: name it in a problem file, as in given: {{from: {0}}}"
_ARCHIVE = b"PK\x03\x04"
_NAME_AT = 30  # where the name of the first file of a zip archive begins


def foreign(data: bytes, name: str = "") -> str | None:
    """Return what is said of a file that is no problem file, by its first bytes (64 will do); None of others.

    Formats: NumPy's ``.npy``; zip archives, by the name of their first file, of arrays or of ``torch.save``;
    pickles; safetensors (a length in eight bytes, then JSON); ONNX (protocol buffers: its version, then the
    name of its maker); HDF5; SQLite, as atlases are kept; notebooks; Python.

    Args:
        name: of the file, for the command that takes it. Its ending tells Python where the bytes do not.
    """
    if data.startswith(b"\x93NUMPY"):
        arrays = _ARRAYS.format("weights.npz")
        return f"{arrays}; a .npy file has one array without a name: save it with numpy.savez first"
    if data.startswith(_ARCHIVE):
        first = data[_NAME_AT:].split(b"PK")[0]
        if b".npy" in first:
            return _ARRAYS.format(_called(name, "weights.npz"))
        return _KERAS if b".json" in first else _PICKLED
    if re.match(rb"\x80[\x02-\x05]", data):
        return _PICKLED
    if data[8:10] == b'{"' and data[4:8] == b"\0\0\0\0":
        return _ARRAYS.format(_called(name, "weights.safetensors"))
    if is_onnx(data):
        called = _called(name, "MODEL.onnx")
        return f"this is an ONNX model: zerograd explain {called} --data BATCH.npz --loss NAME"
    if data.startswith(b"\x89HDF\r\n"):
        return _KERAS
    if data.startswith(b"SQLite format 3\0"):
        return "this is a database: where an atlas or a sweep is kept in it, name it with --store"
    if _NOTEBOOK.match(data):
        return (
            "this is a notebook: put the cells that train into "
            "`with zerograd.watch(model, optimizer) as watched:`"
        )
    if _PYTHON.match(data) or PurePath(name).suffix.lower() == ".py":
        called = _called(name, "SCRIPT.py")
        return f"this is a Python script: zerograd watch {called} runs it and explains its training steps"
    return None


def _called(name: str, otherwise: str) -> str:
    """What a file is called in a command."""
    return quote(name) if name and name.isprintable() else otherwise


def is_onnx(data: bytes) -> bool:
    """Whether a file begins as an ONNX model does: with a version, and who wrote it."""
    return data[:1] == b"\x08" and data[2:3] == b"\x12"


_PICKLED = (
    "this is a pickle, or an archive of them (as torch.save writes), and is never read: it can run whatever "
    "code it likes. Save the state_dict with safetensors.torch.save_file and name that in a problem file "
    "(given: {from: weights.safetensors}), or export the model with torch.onnx.export: zerograd explain "
    "MODEL.onnx"
)
_KERAS = (
    "this is a model as Keras saves it, or another archive: save its arrays with numpy.savez and name that "
    "in a problem file (given: {from: weights.npz})"
)
