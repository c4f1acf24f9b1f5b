"""Files of numbers: `.safetensors` and `.npz`, bounded before they are read, and never unpickled.

Both may come from a stranger. What they declare (shapes, sizes, places) is held against what is there.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zerograd.core.errors import ZerogradError, short
from zerograd.core.numbers.arrays import Array, Shape
from zerograd.core.question.tensors import exact_entries
from zerograd.core.question.vocabulary import Rational

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

MAX_FILE = 64 * 2**20
"""Largest file that is read."""
MAX_NUMBERS = 2_000_000
"""Most numbers in one file: as fractions they take a hundred bytes each."""
MAX_TENSORS = 1_000
MAX_HEADER = 10_000
"""Longest header of an array in a `.npz`."""

INSTALL = "pip install 'zerograd[files]'"

_PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib")
_SAVE = "write safetensors.torch.save_file(model.state_dict(), 'weights.safetensors'), or numpy.savez(…)"


class UnreadableError(ZerogradError):
    """A file of numbers that cannot be read; the message says why, without the file's name."""


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
            tensors = _safetensors(_bytes(path))
        case ".npz":
            tensors = list(_npz(_bytes(path)))
        case suffix if suffix in _PICKLES:
            raise UnreadableError(
                f"a {suffix} file is a pickle, which can run code, so it is not read: {_SAVE}"
            )
        case _:
            raise UnreadableError(f"expected a .safetensors or .npz file: {_SAVE}")
    if not tensors:
        raise UnreadableError("holds no arrays")
    return tensors


def _bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError("is no regular file")
        if status.st_size > MAX_FILE:
            raise UnreadableError(f"{status.st_size} bytes, at most {MAX_FILE} are read")
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE + 1)
    except FileNotFoundError:
        raise UnreadableError("no such file beside the problem file") from None
    except (OSError, ValueError) as error:
        raise UnreadableError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > MAX_FILE:
        raise UnreadableError(f"more than {MAX_FILE} bytes are not read")
    return data


def _bounded(name: str, shape: Shape, so_far: int) -> int:
    """Return how many numbers there are with this tensor's. Raises UnreadableError for too many."""
    total = so_far + prod(shape)
    if len(shape) > 8 or any(n < 0 for n in shape):
        raise UnreadableError(f"{short(name)}: a shape of {len(shape)} axes, {short(shape)}, is not read")
    if total > MAX_NUMBERS:
        raise UnreadableError(
            f"{short(name)}: {total} numbers up to here, at most {MAX_NUMBERS} are read: leave out what the "
            "problem does not need"
        )
    return total


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
        raise UnreadableError(f"reading it needs the library safetensors: {INSTALL}") from None
    try:
        found = deserialize(data)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise UnreadableError(f"is no sound safetensors file: {error}") from None
    if len(found) > MAX_TENSORS:
        raise UnreadableError(f"{len(found)} tensors, at most {MAX_TENSORS} are read")
    tensors, total = [], 0
    for name, content in found:
        shape, kind = tuple(content["shape"]), content["dtype"]
        total = _bounded(name, shape, total)
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


# --- npz ---------------------------------------------------------------------------------


_BROKEN = (
    ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, RuntimeError,
    struct.error, SyntaxError, TypeError, ValueError, zlib.error,
)  # fmt: skip
"""What zipfile and NumPy raise for files that are broken."""


def _npz(data: bytes) -> Iterator[Tensor]:
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(BytesIO(data)) as archive:
            yield from _members(archive)
    except (BadZipFile, *_BROKEN) as error:
        raise UnreadableError(f"is no sound .npz file: {error}") from None


def _members(archive: ZipFile) -> Iterator[Tensor]:
    members = archive.infolist()
    if len(members) > MAX_TENSORS:
        raise UnreadableError(f"{len(members)} arrays, at most {MAX_TENSORS} are read")
    names = [member.filename.removesuffix(".npy") for member in members]
    for name in names:
        if names.count(name) > 1:
            raise UnreadableError(f"{short(name)} stands twice in it")
    total = 0
    for name, member in zip(names, members, strict=True):
        if not member.filename.endswith(".npy"):
            raise UnreadableError(f"{short(member.filename)} is no array: expected what numpy.savez writes")
        tensor = _npy(archive, member, name, total)
        total += prod(tensor.shape)
        yield tensor


def _npy(archive: ZipFile, member: ZipInfo, name: str, so_far: int) -> Tensor:
    import numpy as np

    with archive.open(member) as stream:
        try:
            shape, dtype = _header(stream)
            there = member.file_size - stream.tell()
        except _BROKEN as error:
            raise UnreadableError(f"{short(name)}: its header is broken: {error}") from None
    if dtype.hasobject:
        raise UnreadableError(
            f"{short(name)} holds Python objects, which can run code when they are read: never read. "
            "Save plain arrays of floats or integers"
        )
    if dtype.kind not in "fiu" or dtype.itemsize > 8:
        raise UnreadableError(f"{short(name)}: expected floats (to 64 bits) or integers, found {dtype}")
    _bounded(name, shape, so_far)
    declared = prod(shape) * dtype.itemsize
    if declared != there:
        raise UnreadableError(
            f"{short(name)}: shape {shape} of {dtype} takes {declared} bytes, {there} are there"
        )
    with archive.open(member) as stream:
        try:
            numbers = np.lib.format.read_array(stream, allow_pickle=False, max_header_size=MAX_HEADER)
        except _BROKEN as error:
            raise UnreadableError(f"{short(name)}: cannot be read: {error}") from None
    return Tensor(name, shape, numbers)


def _header(stream: Any) -> tuple[Shape, Any]:
    import numpy as np

    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f"version {version} is not read")
    shape, _, dtype = read(stream, max_header_size=MAX_HEADER)
    return shape, dtype


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file beside a problem file.

    Raises:
        UnreadableError: it is, or leads, out of the folder: problem files come from strangers.
    """
    plain = name.replace("\\", "/")
    if "\0" in name or not name.strip():
        raise UnreadableError("is no file name")
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
