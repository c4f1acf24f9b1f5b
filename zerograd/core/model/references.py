"""Names such as ``w1``, ``w1[0,1]`` or ``x[2]``: parsed, and resolved against a shape."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod

from zerograd.core.errors import short
from zerograd.core.numbers.arrays import Index, Shape, indices
from zerograd.core.numbers.work import spend

_REFERENCE = re.compile(r"\s*(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*(?:\[(?P<index>[0-9,\s]+)\])?\s*", re.ASCII)
_MODULE = re.compile(r"(\w+[./])*(weight|bias|kernel)s?(\[.*\])?")
"""Parameters as modules name them: ``fc1.weight``, ``0.bias``."""


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """A whole array (``index is None``) or one entry of it. Indices are 0-based."""

    name: str
    index: Index | None = None

    def __str__(self) -> str:
        return self.name if self.index is None else entry(self.name, self.index)


def entry(name: str, index: Index) -> str:
    """``w1[0,1]``."""
    return f"{name}[{','.join(map(str, index))}]" if index else name


def short_entry(name: str, index: Index, shape: Shape) -> str:
    """Return an entry as problem files may write it, without axes of length 1, save that of samples."""
    return entry(name, kept_axes(name, index, shape))


def kept_axes(name: str, index: Index, shape: Shape) -> Index:
    """Return the part of an index that names an entry: an axis of length 1 says nothing, save samples'."""
    axes = enumerate(zip(index, shape, strict=True))
    return tuple(i for axis, (i, n) in axes if n > 1 or (axis == 0 and name in "xy"))


def module_hint(text: str) -> str:
    """How parameters are called, of a name as modules have them; nothing of another."""
    if not _MODULE.fullmatch(text):
        return ""
    return ": layers are counted from 1, so the first layer has the weights w1 and the biases b1"


def parse_reference(text: str) -> Reference:
    """Raises ValueError for text that is not a name with an optional index."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError(f"{short(text)} is not a name such as w1, b2[0] or w1[0,1]{module_hint(text)}")
    if match["index"] is None:
        return Reference(match["name"])
    parts = [part.strip() for part in match["index"].split(",")]
    if not all(part.isdigit() and len(part) <= 9 for part in parts):
        raise ValueError(f"{short(text)} has an index that is not a whole number")
    return Reference(match["name"], tuple(int(part) for part in parts))


def _entries_hint(name: str, index: Index, shape: Shape) -> str:
    """Return how to write the entries of a row, for whoever wrote one."""
    if len(index) != len(shape) - 1 or not all(0 <= i < n for i, n in zip(index, shape, strict=False)):
        return ""
    shown = ", ".join(entry(name, (*index, last)) for last in range(min(2, shape[-1])))
    return f": write {shown}{', …' * (shape[-1] > 2)}; there are no rows or slices"


def complete_index(name: str, index: Index, shape: Shape) -> Index:
    """The full index: axes of length 1 may be left out.

    Raises:
        ValueError: wrong number of indices, or one out of range.
    """
    full: Index = index
    if len(index) != len(shape):
        long_axes = [axis for axis, n in enumerate(shape) if n != 1]
        if len(index) == len(long_axes):
            filled = dict(zip(long_axes, index, strict=True))
            full = tuple(filled.get(axis, 0) for axis in range(len(shape)))
        elif len(index) == 1 and shape and not long_axes:
            full = (index[0],) + (0,) * (len(shape) - 1)
        else:
            raise ValueError(
                f"{entry(name, index)}: {name} has shape {show_shape(shape)}, so it takes "
                f"{len(shape)} {'index' if len(shape) == 1 else 'indices'}, found {len(index)}"
                + _entries_hint(name, index, shape)
            )
    for axis, (i, n) in enumerate(zip(full, shape, strict=True)):
        if not 0 <= i < n:
            raise ValueError(
                f"{entry(name, index)}: index {i} is out of range, {name} has shape {show_shape(shape)} "
                f"(axis {axis} runs from 0 to {n - 1})"
            )
    return full


def resolve(reference: Reference, shape: Shape) -> list[Index]:
    """The indices of every entry that the reference names. Raises ValueError as `complete_index`."""
    if reference.index is None:
        spend(prod(shape) // 2 + 1)
        return list(indices(shape))
    return [complete_index(reference.name, reference.index, shape)]


def show_shape(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
