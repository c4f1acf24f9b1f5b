"""A small immutable array of exact numbers (or of any other ring), in row-major order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, product
from math import prod
from typing import Any, Generic, TypeVar

from zerograd.core.numbers.work import spend

T = TypeVar("T")
S = TypeVar("S")

Shape = tuple[int, ...]
Index = tuple[int, ...]


def indices(shape: Shape) -> Iterator[Index]:
    """Every index of an array of this shape, in row-major order."""
    return product(*(range(n) for n in shape))


def squeeze(shape: Shape) -> Shape:
    """The shape without its axes of length 1: what decides whether two arrays fit."""
    return tuple(n for n in shape if n != 1)


@dataclass(frozen=True, slots=True, repr=False)
class Array(Generic[T]):
    """Values of the given shape, row-major. ``a[0, 1]`` reads an entry, ``a.tolist()`` nests them."""

    shape: Shape
    entries: tuple[T, ...]
    _kinds: frozenset[type] | None = field(default=None, init=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.entries) != prod(self.shape):
            raise ValueError(f"{len(self.entries)} entries do not fill shape {self.shape}")

    @classmethod
    def build(cls, shape: Shape, value: Callable[[Index], T]) -> Array[T]:
        spend(6 * prod(shape))
        return cls(shape, tuple(value(index) for index in indices(shape)))

    @classmethod
    def of(cls, rows: Iterable[Sequence[T]], width: int) -> Array[T]:
        """A matrix from its rows, each of ``width`` entries."""
        listed = [*rows]
        return cls((len(listed), width), tuple(chain.from_iterable(listed)))

    def __getitem__(self, index: int | Index) -> T:
        index = (index,) if isinstance(index, int) else index
        if len(index) != len(self.shape) or not all(
            0 <= i < n for i, n in zip(index, self.shape, strict=True)
        ):
            raise IndexError(
                f"index {index} does not fit shape {self.shape}: write a[0, 1], or a.tolist()[0][1]"
            )
        position = 0
        for i, n in zip(index, self.shape, strict=True):
            position = position * n + i
        return self.entries[position]

    def items(self) -> Iterator[tuple[Index, T]]:
        return zip(indices(self.shape), self.entries, strict=True)

    def rows(self) -> list[tuple[T, ...]]:
        """The rows of a matrix."""
        _, width = self.shape
        return [self.entries[i : i + width] for i in range(0, len(self.entries), width)]

    def map(self, function: Callable[[T], S]) -> Array[S]:
        return Array(self.shape, tuple(map(function, self.entries)))

    def each(self, function: Callable[[T], S]) -> Array[S]:
        """Return what `map` does, for a function of values alone: it is called once for each object.

        Large arrays hold few different objects: small integers, and fractions that were made once.
        """
        if self.kinds == {int}:
            whole = {value: function(value) for value in {*self.entries}}
            return Array(self.shape, tuple(map(whole.__getitem__, self.entries)))
        made = {id(value): function(value) for value in self.distinct}
        return Array(self.shape, tuple(map(made.__getitem__, map(id, self.entries))))

    @property
    def distinct(self) -> Iterable[T]:
        """The different objects among its entries; equal numbers may be several."""
        if self.kinds == {int}:
            return {*self.entries}
        return dict(zip(map(id, self.entries), self.entries, strict=True)).values()

    @property
    def kinds(self) -> frozenset[type]:
        """The types of its entries, looked at once."""
        known = self._kinds
        if known is None:
            known = frozenset(map(type, self.entries))
            object.__setattr__(self, "_kinds", known)
        return known

    @property
    def turned(self) -> Array[T]:
        """The transposed matrix."""
        height, width = self.shape
        columns = (self.entries[j::width] for j in range(width))
        return Array((width, height), tuple(chain.from_iterable(columns)))

    def tolist(self) -> Any:
        """Nested lists, as ``numpy.ndarray.tolist``."""
        return _nest(list(self.entries), self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """An array of NumPy: ``numpy.asarray(witness.x)`` of exact numbers, with ``dtype=float`` of floats.

        Raises:
            ValueError: ``copy=False``: its entries lie elsewhere.
        """
        if copy is False:
            raise ValueError("exact numbers are copied into an array of NumPy")
        return sys.modules["numpy"].array(self.tolist(), dtype=dtype)  # whoever asks has loaded it

    def __repr__(self) -> str:
        return str(_nest([_Bare(str(v)) for v in self.entries], self.shape))


def side_by_side(arrays: Sequence[Array[T]]) -> Iterator[tuple[Index, tuple[tuple[Index, T], ...]]]:
    """Yield what stands beside each other where arrays are compared entry by entry.

    Args:
        arrays: of shapes that fit; one of a single entry is compared with each of the others'.

    Yields:
        The index in the largest array, and from each array an index and the entry there.
    """
    longest = max(arrays, key=lambda array: len(array.entries))
    columns = [[*array.items()] * (len(longest.entries) // len(array.entries)) for array in arrays]
    return zip(indices(longest.shape), zip(*columns, strict=True), strict=True)


class _Bare(str):
    """Text that shows itself without quotes."""

    def __repr__(self) -> str:
        return str(self)


def _nest(flat: list[Any], shape: Shape) -> Any:
    if not shape:
        return flat[0]
    if len(shape) == 1:
        return flat
    step = prod(shape[1:])
    if len(shape) == 2:
        return (
            [flat[i : i + step] for i in range(0, shape[0] * step, step)]
            if step
            else [[] for _ in range(shape[0])]
        )
    return [_nest(flat[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]
