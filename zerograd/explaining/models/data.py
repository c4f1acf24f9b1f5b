"""Arrays of an ``.npz`` file as inputs and targets. Objects in it are refused, never unpickled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from zerograd.core.near import nearest
from zerograd.explaining.models.errors import ModelError
from zerograd.explaining.models.graph import Declared
from zerograd.explaining.models.network import mismatch
from zerograd.explaining.tape.nodes import dtype_name
from zerograd.npz import Limits, UnreadableError, read_npz

_LIMITS = Limits(bytes=2**30, numbers=2**27, kinds="fiub")
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
        arrays = read_npz(path, _LIMITS)
    except UnreadableError as error:
        raise ModelError.at(path, str(error)) from None
    if not arrays:
        raise ModelError.at(path, "has no arrays: numpy.savez writes such files")
    return {
        name: torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))
        for name, array in arrays.items()
    }


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
        near = nearest(name, others)
        hint = f"did you mean {near[0]!r}? Call it so" if near else "save it under that name"
        also = f", or as {_INPUT}" if alone and name != _INPUT else ""
        raise ModelError.at(
            path, f"has no array for the model's input {name!r}: {hint}{also}; there are {', '.join(arrays)}"
        )
    value = arrays[name]
    wanted = declared.dtype
    if wanted is not None and value.dtype is not wanted and _converts(value, wanted):
        value = value.to(wanted)
    if reason := mismatch(declared, value):
        raise ModelError.at(path, f"array {name!r} {reason}{_hint(declared, value)}")
    _check_finite(path, name, value)
    return value


def _check_finite(path: Path, name: str, value: Tensor) -> None:
    if not value.is_floating_point() or bool(value.isfinite().all()):
        return
    place = [int(index) for index in (~value.isfinite()).nonzero()[0]]
    raise ModelError.at(
        path, f"array {name!r}: entry {place} is {float(value[tuple(place)])}, expected a finite number"
    )


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
        name = dtype_name(declared.dtype)
        return f"; save it with .astype({name!r})" if name != "bfloat16" else ""
    said = declared.shape or ()
    if len(said) == value.dim() and said[1:] == tuple(value.shape)[1:]:
        return (
            "; the file was exported for that number of samples alone: give as many, or export it with "
            "dynamic_shapes (dynamic_axes with dynamo=False)"
        )
    return ""


def choose_target(
    path: Path, arrays: Mapping[str, Tensor], inputs: Sequence[Declared]
) -> tuple[str, Tensor | None]:
    """Return the name of the target and its array; None where there is none.

    Raises:
        ModelError: it has entries that are not finite.
    """
    taken = {declared.name for declared in inputs}
    for name in TARGETS:
        if name in arrays and name not in taken:
            _check_finite(path, name, arrays[name])
            return name, arrays[name]
    return TARGETS[0], None
