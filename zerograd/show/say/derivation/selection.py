"""Which gradients, units and samples are written out, where there are too many for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from zerograd.core.model.references import resolve
from zerograd.core.numbers.arrays import Index, indices
from zerograd.core.verdict.witness import Witness

T = TypeVar("T")
U = TypeVar("U")

EVERYTHING = "zerograd export --to json has everything"
MOST_GRADIENTS = 24
"""Entries of gradients that are written out."""
MOST_UNITS = 6
"""Units of a layer whose vectors are written out, beside those that gradients need."""
MOST_ROWS = 16
"""Samples in the table of the data."""
MOST_SIDE = 8
"""Rows and columns of a matrix."""
MOST_COLUMNS = 5
"""Inputs, and targets, in the table of the data."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is written out.

    Attributes:
        gradients: entries, by array in order, each array's in row-major order.
        units: of each layer (0: the inputs, L + 1 does not occur), by its number.
    """

    gradients: dict[str, list[Index]]
    units: dict[int, list[int]]


def select(witness: Witness) -> Selection:
    """All entries of all gradients where they are few; else those that are asked by index, and the first."""
    problem, network = witness.problem, witness.problem.network
    names = [*network.shapes, *(["x"] if problem.asks_of_x else [])]
    many = sum(len(witness.gradients[name].entries) for name in names) > MOST_GRADIENTS
    gradients = {}
    for name in names:
        entries = list(indices(witness.gradients[name].shape))
        if many:
            most = max(MOST_GRADIENTS // len(names), 1)
            entries = sorted([*_named(witness, name)[:MOST_GRADIENTS], *entries][:most])
            entries = list(dict.fromkeys(entries))
        gradients[name] = entries
    needed: list[set[int]] = [set() for _ in network.widths]
    for name in network.shapes:
        for index in gradients[name]:
            for below, unit in enumerate(index):
                needed[int(name[1:]) - below].add(unit)
    units = {}
    for layer, width in enumerate(network.widths):
        shown = range(width if width <= MOST_UNITS else MOST_UNITS // 2)
        units[layer] = sorted(needed[layer] | {*shown})
    return Selection(gradients, units)


def _named(witness: Witness, name: str) -> list[Index]:
    """The entries of an array that the question names one by one."""
    shape = witness.gradients[name].shape
    return [
        index
        for references in witness.problem.query.values()
        for reference in references
        if reference.name == name and reference.index is not None
        for index in resolve(reference, shape)
    ]


def shortened(items: Sequence[T], most: int, mark: U) -> list[T | U]:
    """All items; of a long sequence the first ones, a mark for what is left out, and the last."""
    return [*items] if len(items) <= most else [*items[: most - 2], mark, items[-1]]
