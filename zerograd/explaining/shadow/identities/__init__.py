"""Zeros that hold for all values: by a law of a layer, or because terms cancel whatever they are.

Neither floats with bounds nor balls can see them: probabilities of a softmax sum to 1, but an enclosure of
their sum always contains more than 1.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zerograd.explaining.shadow.balls import Exhausted
from zerograd.explaining.shadow.bounded import Bounded, BoundedDomain
from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.evaluation import Evaluation, cone
from zerograd.explaining.shadow.identities.expansion import Expansion
from zerograd.explaining.shadow.identities.labels import Integers, Mask
from zerograd.explaining.shadow.identities.laws import forward_of
from zerograd.explaining.shadow.identities.sums import Sums
from zerograd.explaining.shadow.identities.symbolic import SymbolicDomain, SymbolicEvaluation, zeros
from zerograd.explaining.tape.nodes import Node, Place, Source

CANCEL = "the terms cancel whatever their values are"
_AT_A_TIME = 4096  # entries
_WORK = 20_000_000  # terms that are handled for one value
_SMALL = 3000  # numbers in a graph that is evaluated symbolically
_OPERATIONS = 30_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Why a value is zero for all values of what it is computed from.

    Attributes:
        law: in words, a sentence without its full stop.
        operation: name of the operation that made it, of the forward pass where it has one.
        place: where that was called.
        structural: whether it was proven for all inputs and targets, not only for those of this run.
    """

    law: str
    operation: str
    place: Place
    structural: bool


class Identities:
    """Proofs of zeros in one graph; kept for several values of it.

    Args:
        bounded: the graph in float64 with error bounds, where it is there already.
        seconds: what may be spent altogether, about; on one value a third of what is left.

    Attributes:
        reasons: the identities that made entries zero, by source and flat position.
    """

    def __init__(self, bounded: Evaluation[Bounded] | None = None, seconds: float = 30.0) -> None:
        self._seconds = seconds
        self._bounded = bounded or Evaluation(BoundedDomain())
        self._sums = Sums(self._bounded)
        self._sums_of_any_data = Sums(self._bounded, any_data=True)
        self._symbolic = [SymbolicEvaluation(SymbolicDomain(_OPERATIONS), free) for free in (True, False)]
        self.reasons: dict[Source, dict[int, tuple[Identity, ...]]] = {}
        self._left = 0

    def zero(self, source: Source, open: Tensor) -> Tensor:  # noqa: A002
        """Return which entries are zero by an identity, of those that are open."""
        began = time.monotonic()
        self._sums.until = self._sums_of_any_data.until = began + self._seconds / 3
        for evaluation in self._symbolic:
            evaluation.symbolic.field.until = began + self._seconds / 3
        try:
            return self._zero(source, open)
        finally:
            self._seconds -= time.monotonic() - began

    def _zero(self, source: Source, open: Tensor) -> Tensor:  # noqa: A002
        with torch.no_grad():
            value = self._bounded(source)
            before = self._proven(source, open)
            left = open & ~before if value is None else open & ~before & ~value.nonzero()
            zero = before | self._by_sums(source, left)
            if bool((left & ~zero).any()):
                zero |= self._by_symbols(source, left & ~zero)
        return zero

    def _proven(self, source: Source, open: Tensor) -> Tensor:  # noqa: A002
        """Return which open entries were proven before."""
        proven = torch.zeros(open.numel(), dtype=torch.bool)
        proven[list(self.reasons.get(source, ()))] = True
        return proven.reshape(open.shape) & open

    def same(self, source: Source, open: Tensor) -> Tensor:  # noqa: A002
        """Return which entries are zero as two values were subtracted that were computed in the same way."""
        with torch.no_grad():
            return self._sums.zeros(source) & open

    def reason(self, source: Source, entry: int) -> tuple[Identity, ...]:
        """Return what made an entry zero, the last operation first.

        Empty if that was not proven, or if the entry has no terms that could cancel: each has a factor 0.
        """
        return self.reasons.get(source, {}).get(entry, ())

    def _by_sums(self, source: Source, open: Tensor) -> Tensor:  # noqa: A002
        zero = torch.zeros(open.numel(), dtype=torch.bool)
        places = np.flatnonzero(open.reshape(-1).numpy())
        self._left = _WORK
        for start in range(0, len(places), _AT_A_TIME):
            if self._left < 0 or self._sums.is_late:
                break
            some = places[start : start + _AT_A_TIME]
            zero[some] = torch.from_numpy(self._expand(source, some))
        return zero.reshape(open.shape)

    def _expand(self, source: Source, entries: Integers) -> Mask:
        """Expand entries, and those that are left in another order once more."""
        zero = np.zeros(len(entries), bool)
        known = self.reasons.setdefault(source, {})
        for keeps_older in (True, False):
            left = np.flatnonzero(~zero)
            if not len(left):
                break
            try:
                expansion = self._sums.expand(source, entries[left], keeps_older)
            except Cannot:
                continue
            self._left -= expansion.work + len(left)
            rows = np.flatnonzero(expansion.zero)
            zero[left[rows]] = True
            because = expansion.cancelled[rows]
            structural = np.zeros(len(rows), bool)
            structural[because] = self._holds_for_any_data(source, entries[left[rows[because]]], keeps_older)
            for row, always in zip(rows[because].tolist(), structural[because].tolist(), strict=True):
                known[int(entries[left[row]])] = _reasons(expansion, row, source, always)
        return zero

    def _holds_for_any_data(self, source: Source, entries: Integers, keeps_older: bool) -> Mask:
        if not len(entries):
            return np.zeros(0, bool)
        try:
            expansion = self._sums_of_any_data.expand(source, entries, keeps_older)
        except Cannot:
            return np.zeros(len(entries), bool)
        return expansion.zero & ~expansion.decided

    def _by_symbols(self, source: Source, open: Tensor) -> Tensor:  # noqa: A002
        """Evaluate a small graph with rational functions: first of any leaves, then of those of this run."""
        zero = torch.zeros_like(open)
        size = sum(r.numel() for node in cone([source]) for r in node.results if isinstance(r, Tensor))
        if size > _SMALL:
            return zero
        known = self.reasons.setdefault(source, {})
        for evaluation in self._symbolic:
            try:
                value = evaluation(source)
            except Exhausted:
                continue
            new = zeros(value) & open & ~zero if value is not None else zero & False
            zero = zero | new
            node, always = source.node, bool(new.any()) and evaluation.holds_always(source)
            identity = Identity(CANCEL, node.operation, node.place, always)
            for entry in new.reshape(-1).nonzero().reshape(-1).tolist():
                known[entry] = (identity,)
        return zero


def _reasons(expansion: Expansion, row: int, source: Source, structural: bool) -> tuple[Identity, ...]:
    """Return the laws that were used, else the layer where terms cancelled: the last they went through."""
    laws = [(node, words) for node, words, rows in expansion.laws if rows[row]]
    passed = [(node, words) for node, words, rows in expansion.passed if rows[row]]
    return _identities(laws or passed[-1:] or [(source.node, CANCEL)], structural)


def _identities(laws: Sequence[tuple[Node, str]], structural: bool) -> tuple[Identity, ...]:
    """Return identities without repetitions."""
    forward = [(forward_of(node), words) for node, words in laws]
    return tuple({Identity(words, n.operation, n.place, structural): None for n, words in forward})
