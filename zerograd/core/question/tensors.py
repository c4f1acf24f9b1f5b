"""Arrays of other libraries (NumPy, PyTorch, JAX) as exact numbers, and nested lists.

Each float is the fraction that it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import isfinite
from typing import Any

from zerograd.core.errors import short
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array, Shape, indices
from zerograd.core.numbers.lowest import in_lowest_terms
from zerograd.core.question.vocabulary import Rational


def is_array(data: object) -> bool:
    """Whether this is an `Array`, or an array of another library."""
    return isinstance(data, Array) or all(hasattr(data, name) for name in ("shape", "reshape", "tolist"))


def exact_array(data: Any) -> Array[Rational | None]:
    """Return the same numbers, exactly; None stays what it is.

    Raises:
        ValueError: an entry that is no finite number, or no int, float or Fraction. The message names it.
    """
    if isinstance(data, Array):
        return exact_entries(data.shape, data.entries)
    shape = tuple(map(int, data.shape))
    return exact_entries(shape, data.reshape(-1).tolist())


def exact_scalar(data: object) -> object:
    """Return the number that a scalar of NumPy, or a tensor without axes, is; anything else as it stands."""
    if not is_array(data) or isinstance(data, Array) or tuple(data.shape):  # type: ignore[attr-defined]
        return data
    try:
        return exact_array(data).entries[0]
    except ValueError:
        return data.tolist()  # type: ignore[attr-defined]


def exact_entries(shape: Shape, entries: Any) -> Array[Rational | None]:
    """Return an array of these numbers, in row-major order, exactly. Raises as `exact_array`."""
    kinds = {*map(type, entries)}
    if kinds <= {float}:
        if not all(map(isfinite, entries)):
            position = next(n for n, value in enumerate(entries) if not isfinite(value))
            raise ValueError(f"{_place(shape, position)} is {entries[position]}, not a finite number")
        return Array(shape, tuple(map(exact_float, entries)))
    if kinds <= {int} or (kinds <= {int, Fraction} and _are_narrow(entries)):
        return Array(shape, tuple(entries))
    return Array(shape, tuple(_exact(value, shape, n) for n, value in enumerate(entries)))


def _are_narrow(entries: Iterable[Any]) -> bool:
    """Whether no fraction is a whole number."""
    return all(type(value) is int or value.denominator != 1 for value in entries)


def exact_float(value: float) -> Rational:
    """Return the number that a finite float is."""
    top, bottom = value.as_integer_ratio()
    return top if bottom == 1 else in_lowest_terms(top, bottom)


def _exact(value: object, shape: Shape, position: int) -> Rational | None:
    if value is None or type(value) is int:
        return value
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else value
    if isinstance(value, float) and isfinite(value):
        return exact_float(value)
    what = "not a finite number" if isinstance(value, float) else "neither a whole number nor a float"
    raise ValueError(f"{_place(shape, position)} is {short(value)}, {what}")


def _place(shape: Shape, position: int) -> str:
    """``[1,2]``: where an entry stands."""
    return entry("", unravelled(position, shape)) if shape else ""


def unravelled(position: int, shape: Shape) -> Shape:
    """Return the index of the entry at a position in row-major order."""
    index: Shape = ()
    for length in reversed(shape):
        position, last = divmod(position, length)
        index = (last, *index)
    return index


def by_index(array: Array[Rational | None], shape: Shape) -> dict[tuple[int, ...], Rational]:
    """Return the numbers by full index; ``shape`` is that of the array but for axes of length 1."""
    return {i: v for i, v in zip(indices(shape), array.entries, strict=True) if v is not None}


def is_list(data: object) -> bool:
    """Whether this is a list of Python's, or a tuple."""
    return isinstance(data, list | tuple)


def shape_of(data: Any, levels: int = 8) -> Shape | None:
    """The shape of nested lists, None where they are ragged or deeper than ``levels``."""
    if not is_list(data):
        return ()
    if levels == 0:
        return None
    if _is_row(data):
        return (len(data),)
    inner = {shape_of(item, levels - 1) for item in data}
    if len(inner) > 1 or None in inner:
        return None
    return (len(data), *(inner.pop() if inner else ()))  # type: ignore[misc]


def leaves(data: Any) -> Iterator[object]:
    """What nested lists hold, in row-major order."""
    if not is_list(data):
        yield data
    elif _is_row(data):
        yield from data
    else:
        for item in data:
            yield from leaves(item)


def _is_row(data: Any) -> bool:
    """Whether no entry of a list is a list: seen at once, as of most rows."""
    return not any(issubclass(kind, list | tuple) for kind in {*map(type, data)})
