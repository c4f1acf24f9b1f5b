"""A witness in sections: parameters, one row for each sample, and what vanishes and what does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zerograd.core.arrays import Array, Index
from zerograd.core.exact import Exact, sign
from zerograd.core.problem import Problem
from zerograd.core.references import resolve
from zerograd.core.vocabulary import RELATIONS
from zerograd.core.witness import Witness
from zerograd.show.layout import Layout
from zerograd.show.numbers import exact_text, is_long, vector_text
from zerograd.show.table import Column, flow, table
from zerograd.show.why import why_zero
from zerograd.show.words import count, kink_line, label

MAX_ROWS = 40
MAX_COLUMNS = 12
MAX_SIDE = 12
"""Rows and columns of the largest matrix that is shown in full."""
INACTIVE, ON_KINK = "°", "*"

_HOLDS: Mapping[str, frozenset[int]] = {
    "zero": frozenset({0}),
    "nonzero": frozenset({-1, 1}),
    "positive": frozenset({1}),
    "negative": frozenset({-1}),
}


def witness_lines(witness: Witness, layout: Layout) -> Iterator[str]:
    """All sections."""
    yield from layout.heading("parameters")
    yield from _parameters(witness, layout)
    yield from layout.heading("samples")
    yield from _samples(witness, layout)
    yield from layout.heading("gradients")
    yield from _gradients(witness, layout)
    if witness.problem.asks_of_x:
        yield from _why(witness, layout)
    if any(map(is_long, _shown_numbers(witness))):
        yield ""
        yield "≈ alone: a number too long to write out; --json has it exactly"


def _shown_numbers(witness: Witness) -> Iterator[Exact]:
    run = witness.forward
    for array in (*witness.variables.values(), *witness.gradients.values(), *run.z, *run.a, run.residuals):
        yield from array.entries
    yield witness.loss


def _parameters(witness: Witness, layout: Layout) -> Iterator[str]:
    blocks, notes = [], []
    for name, array in witness.parameters.items():
        rows = array.rows() if len(array.shape) == 2 else [array.entries]
        if len(rows) > MAX_SIDE or len(rows[0]) > MAX_SIDE:
            notes.append(f"{name}: {' × '.join(map(str, array.shape))} entries, shown in part; --json has all")
        blocks.append(_matrix(name, rows))
    yield from flow(blocks, width=layout.width)
    for note in notes:
        yield from layout.wrapped(note, indent=2)


def _matrix(name: str, rows: Sequence[Sequence[Exact]]) -> list[str]:
    if len(rows) == 1:
        return [f"{name} = {vector_text(rows[0])}"]
    cells = [_ends([exact_text(value) for value in _ends(row, None)], "…") for row in _ends(rows, None)]
    return cells and [name]


def _samples(witness: Witness, layout: Layout) -> Iterator[str]:
    yield ""
