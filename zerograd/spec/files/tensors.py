"""Files of numbers: `.safetensors` and `.npz` (read by `zerograd.npz`), bounded before they are read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from zerograd.core.errors import short
from zerograd.core.numbers.arrays import Array, Shape
from zerograd.core.question.tensors import exact_entries
from zerograd.core.question.vocabulary import Rational
from zerograd.extras import install
from zerograd.npz import Limits, UnreadableError, check_file, check_size, read_npz, unreadable

MAX_FILE = 64 * 2**20
"""Largest file that is read."""
MAX_NUMBERS = 2_000_000
"""Most numbers in one file: as fractions they take a hundred bytes each."""
MAX_TENSORS = 1_000

_PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib")
_SAVE = "write safetensors.torch.save_file(model.state_dict(), 'weights.safetensors'), or numpy.savez(…)"


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array of a file, not converted yet.

    Attributes:
        name: in the file.
        numbers: a NumPy array of floats or integers.
    """

    name: str
    shape: Shape
    numbers: Any

    def exact(self) -> Array[Rational]:
        """Return its numbers, exactly. Raises UnreadableError for NaN and infinity, naming the entry."""
        try:
            array: Array[Any] = exact_entries(self.shape, self.numbers.reshape(-1).tolist())
        except ValueError as error:
            raise UnreadableError(f"{short(self.name)}: entry {error}") from None
        return array


def read_tensors(path: Path) -> list[Tensor]:
    """Return the tensors of a file, in its order.

    Raises:
        UnreadableError: missing, of an unknown kind, too large, broken, or with what is no number.
    """
    match path.suffix.lower():
        case ".safetensors":
            tensors = _safetensors(_bytes(_there(path)))
        case ".npz":
            arrays = read_npz(_there(path), Limits(MAX_FILE, MAX_NUMBERS))
            tensors = [Tensor(name, array.shape, array) for name, array in arrays.items()]
        case suffix if suffix in _PICKLES:
            raise UnreadableError(
                f"a {suffix} file is a pickle, which can run code, so it is not read: {_SAVE}"
            )
        case _:
            raise UnreadableError(f"expected a .safetensors or .npz file: {_SAVE}")
    if not tensors:
        raise UnreadableError("holds no arrays")
    return tensors


def _there(path: Path) -> Path:
    try:
        path.stat()
    except FileNotFoundError:
        raise UnreadableError("no such file beside the problem file") from None
    except (OSError, ValueError) as error:
        raise unreadable(error) from None
    return path


def _bytes(path: Path) -> bytes:
    check_file(path, MAX_FILE)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        raise unreadable(error) from None
    if len(data) > MAX_FILE:
        raise UnreadableError(f"more than {MAX_FILE} bytes are not read")
    return data


# --- safetensors -------------------------------------------------------------------------

_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "<u1",
}  # fmt: skip


def _safetensors(data: bytes) -> list[Tensor]:
    import numpy as np

    try:
        from safetensors import SafetensorError, deserialize
    except ImportError:
        raise UnreadableError(f"reading it needs the library safetensors: {install('files')}") from None
    try:
        found = deserialize(data)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise UnreadableError(f"is not a sound safetensors file: {error}") from None
    if len(found) > MAX_TENSORS:
        raise UnreadableError(f"{len(found)} tensors, at most {MAX_TENSORS} are read")
    tensors, total = [], 0
    for name, content in found:
        shape, kind = tuple(content["shape"]), content["dtype"]
        total = check_size(name, shape, total, MAX_NUMBERS)
        if kind not in _DTYPES:
            raise UnreadableError(
                f"{short(name)}: expected floats or integers ({', '.join(_DTYPES)}), found {short(kind)}"
            )
        numbers = np.frombuffer(bytes(content["data"]), dtype=_DTYPES[kind])
        if kind == "BF16":  # the upper half of a float32
            numbers = (numbers.astype("<u4") << 16).view("<f4")
        if numbers.size != prod(shape):
            raise UnreadableError(f"{short(name)}: {numbers.size} numbers do not fill shape {shape}")
        tensors.append(Tensor(name, shape, numbers))
    return tensors


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file beside a problem file.

    Raises:
        UnreadableError: it is, or leads, out of the folder: problem files come from strangers.
    """
    plain = name.replace("\\", "/")
    if "\0" in name or not name.strip():
        raise UnreadableError("is not a file name")
    if os.path.isabs(name) or plain.startswith("/") or ".." in plain.split("/") or ":" in plain.split("/")[0]:  # noqa: PTH117
        raise UnreadableError(
            "expected a file beside the problem file, or in a folder there; other places are not read"
        )
    path = folder / name
    try:
        led_out = not path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError) as error:
        raise UnreadableError(f"cannot be read: {error}") from None
    if led_out:
        raise UnreadableError("is a link out of the problem file's folder, which is not followed")
    return path
