"""Tables of zeros: where gradients end at 0, and zeros before that end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from tools.zeros.scan import ALONE, FORMATS, TOGETHER, Format, Kinds, end_of, inner_zeros, shown, value
from tools.zeros.slopes import Function, Measured, functions, jax_kinds, torch_kinds

Make = Callable[..., Kinds]
SCANNED = (-2, 8)
"""float32: every number whose size is from 2 to the one power up to 2 to the other is tried in search of zeros."""
FEW = 2
"""So many zeros are listed one by one."""


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def torch_ends(only: Sequence[str] = ()) -> str:
    """Return the table of where torch's gradients are 0 for good."""
    return _ends([(m, m.torch) for m in functions()], torch_kinds, only)


def jax_ends(only: Sequence[str] = ()) -> str:
    """Return the table of where JAX's gradients are 0 for good."""
    return _ends([(m, m.jax) for m in functions()], jax_kinds, only)


def _ends(measured: Sequence[tuple[Measured, Function | None]], make: Make, only: Sequence[str]) -> str:
    rows = []
    for function, way in measured:
        if way is None or (only and function.name not in only):
            continue
        for negative in (False, True):
            cells = [_cell(way, make, form, negative) for form in FORMATS.values()]
            if any(cell != "never" for cell in cells):
                rows.append([function.name, "−" if negative else "+", *cells])
    return markdown(["gradient of", "side", *FORMATS], rows)


def _cell(way: Function, make: Make, form: Format, negative: bool) -> str:
    alone = end_of(make(way, form, negative, alone=True), form, ALONE)
    batch = end_of(make(way, form, negative), form, TOGETHER)
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
    rows: list[list[str]] = []
    for measured in functions():
        if only and measured.name not in only:
            continue
        if measured.torch is not None:
            rows += _inner(measured, measured.torch, "torch", torch_kinds)
        if measured.jax is not None:
            rows += _inner(measured, measured.jax, "JAX", jax_kinds)
    return markdown(["gradient of", "library", "type", "exact zeros before the end"], rows)


def _inner(measured: Measured, way: Function, library: str, make: Make) -> list[list[str]]:
    rows = []
    for form in FORMATS.values():
        if form.bits == 64:
            continue
        found: dict[str, list[str]] = {"alone": [], "in a batch": []}
        for negative in (False, True):
            for case, zeros in _zeros(measured, way, library, make, form, negative).items():
                found[case] += _listed(zeros, form, negative)
        alone, batch = (", ".join(said) for said in found.values())
        if alone == batch:
            cell = batch
        else:
            cell = "; ".join(f"{case}: {', '.join(said) or 'none'}" for case, said in found.items())
        if cell:
            rows.append([measured.name, library, form.name, cell])
    return rows


def _zeros(
    measured: Measured, way: Function, library: str, make: Make, form: Format, negative: bool
) -> dict[str, np.ndarray]:
    batch = make(way, form, negative)
    one = make(way, form, negative, alone=True)
    zeros = {"alone": _before_end(one, form, ALONE) if form.bits == 16 else None}
    zeros["in a batch"] = _before_end(batch, form, TOGETHER)
    if zeros["alone"] is None:  # every number by itself would take hours
        candidates = zeros["in a batch"]
        if library == "torch" and measured.strided:
            gaps = _before_end(torch_kinds(way, form, negative, gaps=True), form, TOGETHER)
            candidates = np.union1d(candidates, gaps)
        if len(candidates) > ALONE:
            raise ValueError(f"{measured.name}: {len(candidates)} zeros to look at one by one")
        end = end_of(one, form, ALONE)
        inside = candidates[candidates < (end.zero or form.largest)]
        zeros["alone"] = inside[one(inside) == 0] if inside.size else inside
    return {case: found for case, found in zeros.items() if found is not None}


def _before_end(kinds: Kinds, form: Format, count: int) -> np.ndarray:
    end = end_of(kinds, form, count)
    low, high = 1, min(mark for mark in (end.zero, end.nan, form.largest) if mark is not None)
    if form.bits == 32:
        low, high = form.one + SCANNED[0] * form.octave, min(high, form.one + SCANNED[1] * form.octave)
    return inner_zeros(kinds, low, high)


def _listed(zeros: np.ndarray, form: Format, negative: bool) -> list[str]:
    numbers = [shown(value(int(zero), form, negative), form) for zero in zeros]
    if len(numbers) <= FEW:
        return numbers
    return [f"{len(numbers)} from {numbers[0]} to {numbers[-1]}"]
