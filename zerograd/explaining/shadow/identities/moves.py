"""What entries were moved from: the same terms, of the arguments of an expression."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch

from zerograd.explaining.shadow.identities.labels import Integers
from zerograd.explaining.shadow.identities.primitives import Expression
from zerograd.explaining.shadow.identities.terms import Terms

Parts: TypeAlias = list[tuple[Expression, Terms]]


def positions(shape: tuple[int, ...], whole: tuple[int, ...]) -> Integers:
    """Return, for each entry of a broadcast tensor, the flat position in the tensor of ``shape``."""
    places = np.arange(torch.Size(shape).numel(), dtype=np.int64).reshape(shape)
    spread: Integers = np.broadcast_to(places, whole).reshape(-1)
    return spread


def _add(e: Expression, terms: Terms) -> Parts:
    """Expand a + b: both."""
    return [(a, terms.of(positions(a.shape, e.shape)[terms.entry])) for a in e.arguments]


def _neg(e: Expression, terms: Terms) -> Parts:
    """Expand −a."""
    return [(e.arguments[0], terms.times(-1))]


def _move(e: Expression, terms: Terms) -> Parts:
    """An entry is where it came from, or a zero that was put beside."""
    places = e.extra[1].reshape(-1).numpy().astype(np.int64) - 1
    return [(e.arguments[0], terms.of(places[terms.entry]))]


def _join(e: Expression, terms: Terms) -> Parts:
    """An entry is one of one of the tensors."""
    places = e.extra[1].reshape(-1).numpy().astype(np.int64)[terms.entry] - 1
    parts, start = [], 0
    for v in e.arguments:
        end = start + torch.Size(v.shape).numel()
        within = (places >= start) & (places < end)
        parts.append((v, terms.at(within, places[within] - start)))
        start = end
    return parts


def _select(e: Expression, terms: Terms) -> Parts:
    """An entry is that of one side, as the mask says."""
    mask = e.extra.expand(e.shape).reshape(-1).numpy()[terms.entry]
    return [
        (a, terms.at(which, positions(a.shape, e.shape)[terms.entry[which]]))
        for a, which in zip(e.arguments, (mask, ~mask), strict=True)
    ]


def _put(e: Expression, terms: Terms) -> Parts | None:
    """An entry was written, or is the old one; unknown where several were written to one place."""
    v, w = e.arguments
    places = e.extra.reshape(-1).numpy()
    if len(np.unique(places)) != len(places):
        return None
    written = np.full(torch.Size(v.shape).numel(), -1, np.int64)
    written[places] = np.arange(len(places))
    new = written[terms.entry]
    return [(w, terms.of(new)), (v, terms.at(new < 0))]


def _spread(e: Expression, terms: Terms) -> Parts:
    """An entry is the sum of those that went there."""
    places = e.extra[0].reshape(-1).numpy()
    order = np.argsort(places, kind="stable")
    starts = np.searchsorted(places[order], terms.entry, "left")
    counts = np.searchsorted(places[order], terms.entry, "right") - starts
    index = np.repeat(np.arange(len(terms)), counts)
    within = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
    return [(e.arguments[0], terms.at(index, order[starts[index] + within].astype(np.int64)))]


MOVES: dict[str, Callable[[Expression, Terms], Parts | None]] = {
    "add": _add,
    "neg": _neg,
    "move": _move,
    "join": _join,
    "select": _select,
    "put": _put,
    "spread": _spread,
}
"""Functions from terms of an expression to equal terms of its arguments; None where there are none."""
