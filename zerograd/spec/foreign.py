"""Files of other kinds, recognised as they begin, and what takes them."""

from __future__ import annotations

import re

_PYTHON = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:#![^\n]*python|"
    rb"(?:\s*(?:#[^\n]*)?\n)*(?:import \w|from [\w.]+ import\b|def \w+\(|\"{3}|'{3}))"
)
_ARRAYS = "holds arrays and no question: name it in a problem file, as in given: {from: weights.safetensors}"
_ARCHIVE = b"PK\x03\x04"
_NAME_AT = 30  # where the name of the first file of a zip archive begins


def foreign(data: bytes) -> str | None:
    """Return what is said of a file that is no problem file, by its first bytes (64 will do); None of others.

    Formats: NumPy's ``.npy``; zip archives, by the name of their first file, of arrays or of ``torch.save``;
    pickles; safetensors (a length in eight bytes, then JSON); ONNX (protocol buffers: its version, then the
    name of its maker); SQLite, as atlases are kept; Python.
    """
    if data.startswith(b"\x93NUMPY"):
        return f"{_ARRAYS}; a .npy file has one array without a name: save it with numpy.savez first"
    if data.startswith(_ARCHIVE):
        name = data[_NAME_AT:].split(b"PK")[0]
        return f"{_ARRAYS.replace('weights.safetensors', 'weights.npz')}" if b".npy" in name else _pickled()
    if re.match(rb"\x80[\x02-\x05]", data):
        return _pickled()
    if data[8:10] == b'{"' and data[4:8] == b"\0\0\0\0":
        return _ARRAYS
    if is_onnx(data):
        return "is an ONNX model: zerograd explain MODEL.onnx --data BATCH.npz --loss NAME"
    if data.startswith(b"SQLite format 3\0"):
        return "is a database: where an atlas is kept in it, name it with --store"
    if _PYTHON.match(data):
        return "is a Python script: zerograd watch SCRIPT.py runs it and explains its training steps"
    return None


def is_onnx(data: bytes) -> bool:
    """Whether a file begins as an ONNX model does: with a version, and who wrote it."""
    return data[:1] == b"\x08" and data[2:3] == b"\x12"


def _pickled() -> str:
    return (
        "is a pickle, or an archive of them (as torch.save writes), and is never read: it can run whatever "
        "code it likes. Save the state_dict with safetensors.torch.save_file and name that in a problem file "
        "(given: {from: weights.safetensors}), or export the model with torch.onnx.export: zerograd explain "
        "MODEL.onnx"
    )
