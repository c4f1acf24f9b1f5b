"""Tables of zeros: where gradients end at 0, and zeros before that end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tools.zeros.scan import (
    ALONE,
    FORMATS,
    ZERO,
    Array,
    Format,
    Kinds,
    end_of,
    inner_zeros,
    points,
    shown,
    value,
)
from tools.zeros.slopes import Function, Measured, functions, jax_kinds, torch_kinds

Make = Callable[..., Kinds]
SCANNED = (-1, 1)
"""Powers of 2: every float32 number whose size is from one to the other is tried in search of zeros."""
FEW = 2
"""So many zeros are listed one by one."""


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def torch_ends(only: Sequence[str] = (), forms: Sequence[str] = tuple(FORMATS)) -> str:
    """Return the table of where torch's gradients are 0 for good; some rows and columns of it."""
    return _ends([(m, m.torch) for m in functions()], torch_kinds, only, forms)


def jax_ends(only: Sequence[str] = (), forms: Sequence[str] = tuple(FORMATS)) -> str:
    """Return the table of where JAX's gradients are 0 for good; some rows and columns of it."""
    return _ends([(m, m.jax) for m in functions()], jax_kinds, only, forms)


def _ends(
    measured: Sequence[tuple[Measured, Function | None]],
    make: Make,
    only: Sequence[str],
    forms: Sequence[str],
) -> str:
    rows = []
    for function, way in measured:
        if way is None or (only and function.name not in only):
            continue
        for negative in (False, True):
            cells = [_cell(way, make, form, negative) for form in map(FORMATS.__getitem__, forms)]
            if any(cell != "never" for cell in cells):
                rows.append([function.name, "−" if negative else "+", *cells])
    return markdown(["gradient of", "side", *forms], rows)


def _cell(way: Function, make: Make, form: Format, negative: bool) -> str:
    alone = end_of(make(way, form, negative, alone=True), form, points(form, alone=True))
    batch = end_of(make(way, form, negative), form, points(form, alone=False))
    zero = _both(*(_number(end.zero, form, negative) for end in (alone, batch)))
    nan = _both(*(_number(end.nan, form, negative) for end in (alone, batch)))
    parts = [zero] if zero != "never" or nan == "never" else []
    return "; ".join([*parts, f"nan from {nan}"] if nan != "never" else parts)


def _number(magnitude: int | None, form: Format, negative: bool) -> str:
    return "never" if magnitude is None else shown(value(magnitude, form, negative), form)


def _both(alone: str, batch: str) -> str:
    return batch if alone == batch else f"{alone} alone, {batch} in a batch"


def inner(only: Sequence[str] = ()) -> str:
    """Return the table of zeros before the end: all numbers of 16 bits, and those of float32 in `SCANNED`."""
    rows = []
    for measured in functions():
        if only and measured.name not in only:
            continue
        ways = (("torch", measured.torch, torch_kinds), ("JAX", measured.jax, jax_kinds))
        for library, way, make in ways:
            if way is None:
                continue
            of = _Way(way, make, gaps=library == "torch" and measured.entrywise)
            cells = {form.name: of.zeros(form) for form in FORMATS.values() if form.bits < 64}
            rows += [[measured.name, library, name, zeros] for name, zeros in cells.items() if zeros]
    return markdown(["gradient of", "library", "type", "exact zeros before the end"], rows)


@dataclass(frozen=True)
class _Way:
    """A function in a library; with ``gaps``, tensors with gaps in memory stand for single numbers."""

    function: Function
    make: Make
    gaps: bool

    def zeros(self, form: Format) -> str:
        """Return the zeros before the end, alone and in a batch, as a cell of the table; nothing if none."""
        alone, batch = [], []
        for negative in (False, True):
            together = self._before_end(form, negative)
            alone += _listed(self._alone(form, negative, together), form, negative)
            batch += _listed(together, form, negative)
        if alone == batch:
            return ", ".join(batch)
        return f"alone: {', '.join(alone) or 'none'}; in a batch: {', '.join(batch) or 'none'}"

    def _alone(self, form: Format, negative: bool, together: Array) -> Array:
        if form.bits == 16:
            return self._before_end(form, negative, alone=True)
        # one by one it would take hours: those that may be zero are looked at
        gaps = self._before_end(form, negative, gaps=True) if self.gaps else together
        candidates = np.union1d(together, gaps)
        if len(candidates) > ALONE:
            raise ValueError(f"{len(candidates)} zeros to look at one by one")
        one = self.make(self.function, form, negative, alone=True)
        end = end_of(one, form, points(form, alone=True))
        inside = candidates[candidates < (end.zero or form.largest)]
        return inside[one(inside) == ZERO] if inside.size else inside

    def _before_end(self, form: Format, negative: bool, **how: bool) -> Array:
        kinds = self.make(self.function, form, negative, **how)
        end = end_of(kinds, form, points(form, alone=how.get("alone", False)))
        low, high = 1, min(mark for mark in (end.zero, end.nan, form.largest) if mark is not None)
        if form.bits == 32:
            low, high = form.one + SCANNED[0] * form.octave, min(high, form.one + SCANNED[1] * form.octave)
        return inner_zeros(kinds, low, high)


def _listed(zeros: Array, form: Format, negative: bool) -> list[str]:
    numbers = [shown(value(int(zero), form, negative), form) for zero in zeros]
    return numbers if len(numbers) <= FEW else [f"{len(numbers)} from {numbers[0]} to {numbers[-1]}"]
