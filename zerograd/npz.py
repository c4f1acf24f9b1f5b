"""Arrays of `.npz` files, which may come from a stranger: bounded before they are read, never unpickled.

What a file declares (shapes, sizes, names) is held against what is there.
"""

from __future__ import annotations

import stat
import struct
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zerograd.core.errors import ZerogradError, short

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zipfile import ZipFile, ZipInfo

MAX_ARRAYS = 1_000
MAX_HEADER = 10_000
"""Longest header of an array."""
_MAX_AXES = 8

_BROKEN = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, NotImplementedError, OSError,
    RuntimeError, struct.error, SyntaxError, TypeError, ValueError, zlib.error,
)  # fmt: skip
"""What zipfile and NumPy raise for files that are broken."""
_KINDS = {
    "fiu": "floats (to 64 bits) or integers",
    "fiub": "floats (to 64 bits), integers or truth values",
}


class UnreadableError(ZerogradError):
    """A file of numbers that cannot be read; the message says why, without the file's name."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be read of a file.

    Attributes:
        bytes: size of the file.
        numbers: in all arrays together.
        kinds: of numbers, by NumPy's letters: ``fiu`` or ``fiub``.
    """

    bytes: int
    numbers: int
    kinds: str = "fiu"


def check_file(path: Path, most: int) -> None:
    """Look at a file before it is read.

    Raises:
        UnreadableError: it is missing, is a folder or a pipe, or is too large.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise unreadable(error) from None
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError("is not a regular file")
    if status.st_size > most:
        raise UnreadableError(f"{status.st_size} bytes, at most {most} are read")


def unreadable(error: Exception) -> UnreadableError:
    """Return an error that says what the system said."""
    return UnreadableError(f"cannot be read: {getattr(error, 'strerror', None) or error}")


def check_size(name: str, shape: tuple[int, ...], so_far: int, most: int) -> int:
    """Return how many numbers there are with this array's.

    Raises:
        UnreadableError: too many, or of a shape that is not read.
    """
    total = so_far + prod(shape)
    if len(shape) > _MAX_AXES or any(n < 0 for n in shape):
        raise UnreadableError(f"{short(name)}: a shape of {len(shape)} axes, {short(shape)}, is not read")
    if total > most:
        raise UnreadableError(
            f"{short(name)}: {total} numbers up to here, at most {most} are read: leave out the others"
        )
    return total


def read_npz(path: Path, limits: Limits) -> dict[str, Any]:
    """Return the NumPy arrays of a file by name, in its order; none if there are none.

    Raises:
        UnreadableError: it is missing, broken, too large, or holds what are no numbers.
    """
    from zipfile import BadZipFile, ZipFile

    check_file(path, limits.bytes)
    try:
        with ZipFile(path) as archive:
            return dict(_members(archive, limits))
    except (BadZipFile, *_BROKEN) as error:
        raise UnreadableError(f"is not a sound .npz file: {error}") from None


def _members(archive: ZipFile, limits: Limits) -> Iterator[tuple[str, Any]]:
    members = archive.infolist()
    if len(members) > MAX_ARRAYS:
        raise UnreadableError(f"{len(members)} arrays, at most {MAX_ARRAYS} are read")
    names = [member.filename.removesuffix(".npy") for member in members]
    for name in names:
        if names.count(name) > 1:
            raise UnreadableError(f"{short(name)} stands twice in it")
    total = 0
    for name, member in zip(names, members, strict=True):
        if not member.filename.endswith(".npy"):
            raise UnreadableError(
                f"{short(member.filename)} is not an array: expected what numpy.savez writes"
            )
        array = _array(archive, member, name, total, limits)
        total += array.size
        yield name, array


def _array(archive: ZipFile, member: ZipInfo, name: str, so_far: int, limits: Limits) -> Any:
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
            "Save plain arrays of numbers"
        )
    if dtype.kind not in limits.kinds or dtype.itemsize > 8:
        raise UnreadableError(f"{short(name)}: expected {_KINDS[limits.kinds]}, found {dtype}")
    check_size(name, shape, so_far, limits.numbers)
    declared = prod(shape) * dtype.itemsize
    if declared != there:
        raise UnreadableError(
            f"{short(name)}: shape {shape} of {dtype} takes {declared} bytes, {there} are there"
        )
    with archive.open(member) as stream:
        try:
            return np.lib.format.read_array(stream, allow_pickle=False, max_header_size=MAX_HEADER)
        except _BROKEN as error:
            raise UnreadableError(f"{short(name)}: cannot be read: {error}") from None


def _header(stream: Any) -> tuple[tuple[int, ...], Any]:
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
