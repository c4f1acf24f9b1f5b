"""Tensors of a model file: their numbers, beside what the file claims of them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.models.errors import OperatorError, shape_text
from zerograd.explaining.tape.nodes import dtype_name

LARGEST = 2**30
"""Bytes that all tensors of a file may have together."""
MOST_DIMENSIONS = 64
"""Dimensions that PyTorch's and NumPy's operations take at most."""
_LONGEST_NAME = 1000
"""Characters of the name of another file."""

_DTYPES = {
    1: torch.float32,
    2: torch.uint8,
    3: torch.int8,
    5: torch.int16,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
    16: torch.bfloat16,
}
"""Types of tensors, by the numbers that ONNX has for them."""


def dtype_of(number: int) -> torch.dtype:
    """Return torch's type for a number of ONNX's.

    Raises:
        OperatorError: it is none of those that are computed with here.
    """
    if number in _DTYPES:
        return _DTYPES[number]
    import onnx

    names = {value: name for name, value in onnx.TensorProto.DataType.items()}
    raise OperatorError(
        f"has the type {names.get(number, number)}, which cannot be explained: there are float, double, "
        "float16, bfloat16, integers and bool"
    )


class Tensors:
    """Reads tensors, and keeps count of their bytes.

    Args:
        folder: of the model file; data in other files must lie in it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bytes = 0

    def read(self, proto: Any) -> Tensor:
        """Return the numbers of a ``TensorProto``.

        Raises:
            OperatorError: its data are not what its type and shape ask for.
        """
        dims = tuple(proto.dims)
        if len(dims) > MOST_DIMENSIONS:
            raise OperatorError(f"has {len(dims)} dimensions; at most {MOST_DIMENSIONS} are computed with")
        if any(length < 0 for length in dims):
            raise OperatorError(f"has the shape {shape_text(dims)}: lengths cannot be negative")
        dtype = dtype_of(proto.data_type)
        wanted = prod(dims) * dtype.itemsize
        self._bytes += wanted
        if self._bytes > LARGEST:
            raise OperatorError(
                f"claims {wanted} bytes, by its shape {shape_text(dims)}: all tensors together may have "
                f"{LARGEST}"
            )
        if not wanted and prod(filter(None, dims)) > LARGEST:
            raise OperatorError(f"has the shape {shape_text(dims)}: such lengths are not computed with")
        if proto.HasField("segment"):
            raise OperatorError("is split into segments, which no exporter writes and nothing here reads")
        if proto.data_location == 1:
            try:
                data = self._external(proto, wanted)
            except OSError as error:
                reason = error.strerror or error
                raise OperatorError(f"has its data in another file, which cannot be read: {reason}") from None
        elif proto.HasField("raw_data"):
            data = proto.raw_data
        else:
            return _typed(proto, dims, dtype)
        if len(data) != wanted:
            raise OperatorError(
                f"has {len(data)} bytes of data; its shape {shape_text(dims)} and type {dtype_name(dtype)} "
                f"need {wanted}"
            )
        if not data:
            return torch.zeros(dims, dtype=dtype)
        if dtype is torch.bool and set(data) - {0, 1}:
            raise OperatorError("has bool entries other than 0 and 1")
        return torch.frombuffer(bytearray(data), dtype=dtype).reshape(dims)

    def _external(self, proto: Any, wanted: int) -> bytes:
        """Return data from a file beside the model, never from anywhere else."""
        entries = {entry.key: entry.value for entry in proto.external_data}
        location = entries.get("location", "")
        path = self._inside(location)
        offset, length = _number(entries, "offset", 0), _number(entries, "length", wanted)
        size = path.stat().st_size
        if length != wanted:
            raise OperatorError(
                f"says that it has {length} bytes in {location!r}; its shape {shape_text(tuple(proto.dims))} "
                f"needs {wanted}"
            )
        if offset + length > size:
            raise OperatorError(
                f"needs bytes {offset} to {offset + length} of {location!r}, which has {size}: is it cut, "
                "or of another export?"
            )
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def _inside(self, location: str) -> Path:
        """Return the path of a data file, which must be a plain file in the model's folder."""
        where = "data outside of the model's folder are not read; export the model again, into one folder"
        given = Path(location)
        if not location or "\0" in location:
            raise OperatorError("has its data in another file, and does not say in which")
        if len(location) > _LONGEST_NAME:
            raise OperatorError(f"has its data in another file, with a name of {len(location)} characters")
        if given.is_absolute() or ".." in given.parts or "\\" in location:
            raise OperatorError(f"has its data in {location!r}: {where}")
        folder = self._folder.resolve()
        path = folder / given
        step = folder
        for part in given.parts:
            step = step / part
            if step.is_symlink():
                raise OperatorError(f"has its data in {location!r}, a symbolic link: {where}")
        if not path.is_file():
            raise OperatorError(
                f"has its data in {location!r}, which is not there: it belongs beside the model file"
            )
        return path


def _number(entries: dict[str, str], key: str, default: int) -> int:
    text = entries.get(key)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise OperatorError(f"has the {key} {text!r} for its data, which is no number of bytes")
    return int(text)


_FIELDS: dict[torch.dtype, str] = {
    torch.float32: "float_data",
    torch.float64: "double_data",
    torch.int64: "int64_data",
}


def _typed(proto: Any, dims: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Return numbers that are stored one by one, not as bytes."""
    name = _FIELDS.get(dtype, "int32_data")
    numbers = getattr(proto, name)
    if len(numbers) != prod(dims):
        raise OperatorError(
            f"has {len(numbers)} numbers ({name}); its shape {shape_text(dims)} needs {prod(dims)}"
        )
    if dtype in (torch.float16, torch.bfloat16):  # the bits, as integers
        if any(not 0 <= bits < 2**16 for bits in numbers):
            raise OperatorError(f"has bits beyond those of {dtype_name(dtype)}")
        bits = torch.tensor(list(numbers), dtype=torch.int32)
        return bits.to(torch.uint16).view(dtype).reshape(dims)
    try:
        return torch.tensor(list(numbers), dtype=dtype).reshape(dims)
    except (RuntimeError, OverflowError):
        raise OperatorError(f"has numbers beyond those of {dtype_name(dtype)}") from None


Reader = Callable[[Any], Tensor]
"""Reads a ``TensorProto``, as `Tensors.read` does."""
