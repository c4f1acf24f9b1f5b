"""Zeros that recurrent layers begin with where they are given no state."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from zerograd.explaining.tape.nodes import Node, Origin, Phase, Source
from zerograd.explaining.training.causes.places import place_text
from zerograd.explaining.training.causes.walking import Walk

HIDDEN = "the initial hidden state (h_0)"
CELLS = "the initial cell state (c_0)"
BOTH = "the initial state (h_0 and c_0)"


def initial_states(walk: Walk, gradient: Source, zeros: Tensor) -> Iterator[tuple[str, str, Tensor]]:
    """Yield initial states that make entries of a gradient zero: what each is called, its layer, the entries.

    Such an entry could be non-zero if all states could be anything, and not if all others could.
    """
    layers: dict[tuple[str, str], list[Node]] = {}
    for node in walk.cone_of(gradient):
        module = node.place.module
        written = node.origin is Origin.CONSTANT and node.phase is Phase.FORWARD
        if written and module is not None and module[1].startswith(("RNN", "LSTM", "GRU")):
            result = node.results[0]
            if result.is_floating_point() and not bool(result.any()):
                layers.setdefault(module, []).append(node)

    def opened(leaves: list[Node]) -> Tensor:
        numbers = frozenset(leaf.number for leaf in leaves)
        return walk.walk({}, only=gradient, opened=numbers)(gradient)

    for (_, kind), leaves in layers.items():
        parts = [(BOTH if kind.startswith("LSTM") else HIDDEN, list[Node]())]
        if kind == "LSTM" and len(leaves) == 2:
            parts = [(HIDDEN, leaves[1:]), (CELLS, leaves[:1]), *parts]
        could = zeros & opened(leaves)
        for name, others in parts:
            here = could & ~opened(others) if others else could
            if bool(here.any()):
                yield name, place_text(leaves[0].place, kind), here
                could, zeros = could & ~here, zeros & ~here
