"""Zeros that hold for all values: by a law of a layer, or because terms cancel whatever they are.

Neither floats with bounds nor balls can see them: probabilities of a softmax sum to 1, but an enclosure of their sum
always contains more than 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zerograd.explaining.shadow.bounded import Bounded
from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.evaluation import Evaluation
from zerograd.explaining.shadow.identities.laws import forward_of
from zerograd.explaining.shadow.identities.sums import Sums
from zerograd.explaining.tape.nodes import Node, Place, Source

CANCEL = "terms cancel whatever their values are"
_AT_A_TIME = 4096  # entries


@dataclass(frozen=True, slots=True)
class Identity:
    """Why a value is zero for all values of what it is computed from.

    Attributes:
        law: in words.
        operation: name of the operation that made it.
        place: where that was called.
    """

    law: str
    operation: str
    place: Place


class Identities:
    """Proofs of zeros in one graph; kept for several values of it.

    Attributes:
        reasons: the identities that made entries zero, by source and flat position.
    """

    def __init__(self, bounded: Evaluation[Bounded] | None = None) -> None:
        self._sums = Sums(bounded)
        self.reasons: dict[Source, dict[int, tuple[Identity, ...]]] = {}

    def zero(self, source: Source, open: Tensor) -> Tensor:  # noqa: A002
        """Return which entries are zero by an identity, of those that are open."""
        zero = torch.zeros(open.numel(), dtype=torch.bool)
        places = np.flatnonzero(open.reshape(-1).numpy())
        for start in range(0, len(places), _AT_A_TIME):
            some = places[start : start + _AT_A_TIME]
            zero[some] = torch.from_numpy(self._prove(source, some))
        return zero.reshape(open.shape)

    def _prove(self, source: Source, entries: np.ndarray) -> np.ndarray:
        try:
            expansion = self._sums.expand(source, entries)
        except Cannot:
            return np.zeros(len(entries), bool)
        zero = expansion.zero
        known = self.reasons.setdefault(source, {})
        for row in np.flatnonzero(zero).tolist():
            known[int(entries[row])] = (
                _identities(expansion.laws, row)
                or _identities(expansion.passed, row)
                or (Identity(CANCEL, source.node.operation, source.node.place),)
            )
        return zero

    def reason(self, source: Source, entry: int) -> tuple[Identity, ...]:
        """Return what made an entry zero, the last operation first; empty if it was not proven."""
        return self.reasons.get(source, {}).get(entry, ())


def _identities(laws: Sequence[tuple[Node, str, np.ndarray]], row: int) -> tuple[Identity, ...]:
    """Return the identities of a row, without repetitions."""
    forward = ((forward_of(node), words) for node, words, rows in laws if rows[row])
    return tuple({Identity(words, node.operation, node.place): None for node, words in forward})


def zero_by_identity(source: Source, open: Tensor) -> Tensor:  # noqa: A002
    """Return which of the open entries of a value are zero for all values of what it is computed from."""
    return Identities().zero(source, open)
