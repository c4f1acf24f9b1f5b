"""Arrays of an ``.npz`` file as inputs and targets. Objects in it are refused, never unpickled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import torch
from numpy.lib import format as npy
from torch import Tensor

from zerograd.explaining.models.errors import ModelError, shape_text
from zerograd.explaining.models.graph import Declared
from zerograd.explaining.models.network import mismatch

LARGEST = 2**30
"""Bytes that all arrays of a file may have together."""
TARGETS = ("y", "target", "targets", "label", "labels")
"""Names of targets."""
_INPUT = "x"
"""What an only input may be called."""


def read_arrays(path: Path) -> dict[str, Tensor]:
    """Return the arrays of an ``.npz`` file by name.

    Raises:
        ModelError: it cannot be read, is too large, or holds what are no numbers.
    """
    try:
        with ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".npy")]
            if not members:
                raise ModelError.at(path, "has no arrays: numpy.savez writes such files")
            _bounded(path, archive, members)
            return {name.removesuffix(".npy"): _read(path, archive, name) for name in members}
    except BadZipFile:
        raise ModelError.at(
            path, "is no .npz file, or is cut: numpy.savez(file, x=…, y=…) writes one"
        ) from None
    except OSError as error:
        raise ModelError.at(path, f"cannot be read: {error.strerror or error}") from None
    except (NotImplementedError, RuntimeError) as error:  # other compressions, passwords
        raise ModelError.at(path, f"cannot be read: {error}") from None


def _bounded(path: Path, archive: ZipFile, members: Sequence[str]) -> None:
    total = sum(archive.getinfo(name).file_size for name in members)
    if total > LARGEST:
        raise ModelError.at(path, f"claims {total} bytes of arrays; at most {LARGEST} are read")


def _read(path: Path, archive: ZipFile, member: str) -> Tensor:
    name = member.removesuffix(".npy")
    size = archive.getinfo(member).file_size
    try:
        with archive.open(member) as file:
            version = npy.read_magic(file)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read(file)
        if dtype.hasobject:
            raise ModelError.at(path, f"array {name!r} holds Python objects, which are never unpickled")
        wanted = dtype.itemsize * int(np.prod(shape, dtype=object)) if shape else dtype.itemsize
        if wanted > size:
            raise ModelError.at(
                path,
                f"array {name!r} claims {wanted} bytes, by its shape {shape_text(shape)}, and has {size}",
            )
        with archive.open(member) as file:
            array = npy.read_array(file, allow_pickle=False)
    except (ValueError, EOFError, BadZipFile, MemoryError) as error:
        raise ModelError.at(path, f"array {name!r} cannot be read: {error}") from None
    if array.dtype.kind not in "fiub":
        raise ModelError.at(path, f"array {name!r} is of type {array.dtype}, which are no numbers")
    native = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("=")).reshape(array.shape)
    try:
        return torch.from_numpy(native.copy())
    except TypeError:
        raise ModelError.at(
            path, f"array {name!r} is of type {array.dtype}, which PyTorch does not have"
        ) from None


def choose_inputs(path: Path, arrays: Mapping[str, Tensor], inputs: Sequence[Declared]) -> dict[str, Tensor]:
    """Return the graph's inputs by name.

    Raises:
        ModelError: one is missing, or is not as the graph declares it.
    """
    return {declared.name: _input(path, arrays, declared, len(inputs) == 1) for declared in inputs}


def _input(path: Path, arrays: Mapping[str, Tensor], declared: Declared, alone: bool) -> Tensor:
    others = [name for name in arrays if name not in TARGETS]
    name = declared.name
    if name not in arrays and alone and _INPUT in arrays:
        name = _INPUT
    if name not in arrays:
        near = get_close_matches(name, others, n=1)
        hint = f"did you mean {near[0]!r}? Call it so" if near else "save it under that name"
        also = ", or as x" if alone else ""
        raise ModelError.at(
            path, f"has no array for the model's input {name!r}: {hint}{also}; there are {', '.join(arrays)}"
        )
    value = arrays[name]
    wanted = declared.dtype
    if wanted is not None and value.dtype is not wanted and _converts(value, wanted):
        value = value.to(wanted)
    if reason := mismatch(declared, value):
        raise ModelError.at(path, f"array {name!r} {reason}{_hint(declared, value)}")
    if value.is_floating_point() and not bool(value.isfinite().all()):
        raise ModelError.at(path, f"array {name!r} has entries that are nan or infinite")
    return value


def _converts(value: Tensor, wanted: torch.dtype) -> bool:
    """Whether all entries are the same numbers in another type."""
    if value.is_floating_point() and not wanted.is_floating_point:
        return False
    there = value.to(wanted)
    if value.is_floating_point() and wanted.is_floating_point:
        return bool((there.double() == value.double()).all())
    return bool((there.to(value.dtype) == value).all())


def _hint(declared: Declared, value: Tensor) -> str:
    if declared.dtype is not None and value.dtype is not declared.dtype:
        name = str(declared.dtype).removeprefix("torch.")
        return f"; save it with .astype({name!r})" if name != "bfloat16" else ""
    said = declared.shape or ()
    if len(said) == value.dim() and said[1:] == tuple(value.shape)[1:]:
        return (
            "; the file was exported for that number of samples alone: give as many, or export it with "
            "dynamic_shapes (dynamic_axes with dynamo=False)"
        )
    return ""


def choose_target(arrays: Mapping[str, Tensor], inputs: Sequence[Declared]) -> tuple[str, Any]:
    """Return the name of the target and its array; None where there is none."""
    taken = {declared.name for declared in inputs}
    for name in TARGETS:
        if name in arrays and name not in taken:
            return name, arrays[name]
    return TARGETS[0], None
