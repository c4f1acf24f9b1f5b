"""Why gradient entries are zero: for each gradient the roots that suffice alone, or together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeAlias

import torch
from torch import Tensor

from zerograd.explaining.explanation import Cause, Kind
from zerograd.explaining.tape.nodes import Source
from zerograd.explaining.training.causes.alternatives import Alternatives
from zerograd.explaining.training.causes.covers import Covers
from zerograd.explaining.training.causes.graph import Graph
from zerograd.explaining.training.causes.narrowing import Narrowing
from zerograd.explaining.training.causes.origins import Facts, Origins
from zerograd.explaining.training.causes.places import batch_size
from zerograd.explaining.training.causes.repeated import passes_of, starts_of
from zerograd.explaining.training.causes.unused import CONSTANT, Unused
from zerograd.explaining.training.causes.walking import Walk
from zerograd.explaining.training.causes.wording import Wording

Told: TypeAlias = tuple[Cause, Tensor | None]
"""A cause with the entries that it helps to explain; None where these are told of no other cause."""
_EXAMPLE = ("terms", "labels", "more", "example")
"""Details that are about one entry of several."""
_ORDER = {kind: i for i, kind in enumerate(Kind)}


def find_causes(
    gradients: Mapping[str, Source],
    zeros: Mapping[str, Tensor],
    loss: Source | None,
    facts: Facts,
    tick: Callable[[], None] | None = None,
) -> dict[str, tuple[Cause, ...]]:
    """Return why entries of gradients are zero.

    Args:
        gradients: by name; those of parameters by the names that ``facts.name`` gives.
        zeros: which entries of each are exactly zero; those of nothing else are asked about.
        loss: what ``backward`` started from.
        tick: called now and then; may raise to stop.
    """
    asked = {name: source for name, source in gradients.items() if bool(zeros[name].any())}
    if not asked:
        return {}
    with torch.no_grad():
        return _Search(asked, zeros, loss, facts, tick).causes()


class _Search:
    def __init__(
        self,
        gradients: Mapping[str, Source],
        zeros: Mapping[str, Tensor],
        loss: Source | None,
        facts: Facts,
        tick: Callable[[], None] | None,
    ) -> None:
        self._gradients, self._zeros, self._facts = gradients, zeros, facts
        graph = Graph(gradients.values(), loss, facts.is_input)
        self._walk = Walk(graph, list(gradients.values()), tick)
        known = {gradient: zeros[name] for name, gradient in gradients.items()}
        origins = Origins(self._walk, facts, known)
        self._roots = origins.roots
        self._covers = Covers(self._walk, self._roots)
        batch = facts.batch if facts.batch is not None else batch_size(graph)
        self._narrowing = Narrowing(self._walk, batch)
        other = Alternatives(self._walk, facts.bounded) if facts.bounded is not None else None
        self._wording = Wording(graph, origins, facts, batch, other)
        self._starts = starts_of(graph.nodes)
        self._open = self._walk.walk({})
        self._loss = loss

    def causes(self) -> dict[str, tuple[Cause, ...]]:
        return {name: self._of(name) for name in self._gradients}

    def _of(self, name: str) -> tuple[Cause, ...]:
        gradient, zeros = self._gradients[name], self._zeros[name]
        causes: list[Told] = []
        free = zeros & ~self._open(gradient)
        if bool(free.any()):
            unused = Unused(self._walk, self._facts, self._loss).causes(name, gradient, free)
            causes += [(cause, None) for cause in unused]
            still = ~self._walk.walk({}, open_constants=True)(gradient)
            for roots, entries in self._covers.beside(gradient, free & ~still):
                causes += self._cover(name, gradient, roots, entries, open_constants=True)
        left = zeros & ~free
        if bool(left.any()):
            for roots, entries in self._covers.cover(gradient, left):
                causes += self._cover(name, gradient, roots, entries)
        return tuple(
            sorted(
                _without_constants(_merged(causes), int(zeros.sum())),
                key=lambda c: (not c.alone, _ORDER[c.kind]),
            )
        )

    def _cover(
        self,
        name: str,
        gradient: Source,
        roots: tuple[int, ...],
        entries: Tensor,
        *,
        open_constants: bool = False,
    ) -> list[Told]:
        told: list[Told] = []
        cone = {node.number for node in self._walk.cone_of(gradient)}
        for number in roots:
            root = self._roots[number]
            others = [self._roots[i].closed for i in roots if i != number]
            for part in self._narrowing.parts(root, others, gradient, entries, open_constants):
                both = (name, root.name) in self._saddles
                alone = len(roots) == 1 and part.alone
                cause = self._wording.cause(name, root, part, gradient, alone=alone, both=both)
                passes = passes_of(root, cone, self._starts) if cause.samples is not None else 1
                if passes > 1 and root.kind is not Kind.CANCELLATION:
                    cause = replace(cause, details={**cause.details, "passes": passes})
                told.append((cause, part.entries))
        if len(roots) > 1 and len({_key(cause) for cause, _ in told}) == 1:
            told = [(replace(cause, alone=True), mask) for cause, mask in told]  # the same in several passes
        return told

    @cached_property
    def _saddles(self) -> set[tuple[str, str]]:
        """Return pairs of parameters of which each makes all of the other's gradient zero."""
        works: set[tuple[str, str]] = set()
        for number, root in enumerate(self._roots):
            if root.name in self._gradients and not root.derived:
                for name, gradient in self._gradients.items():
                    zeros = self._zeros[name]
                    whole = name != root.name and bool(zeros.all())
                    if whole and bool(self._covers.zeros((number,), gradient).all()):
                        works.add((name, root.name))
        return {(a, b) for a, b in works if (b, a) in works}


def _merged(told: list[Told]) -> list[Cause]:
    """Join causes that are otherwise the same: entries count once."""
    merged: dict[Any, Told] = {}
    for cause, entries in told:
        known, before = merged.get(_key(cause), (None, None))
        if known is None:
            merged[_key(cause)] = cause, entries
            continue
        if known.details.get("terms") != cause.details.get("terms"):
            known = replace(known, details={**known.details, "example": True})
        if entries is None or before is None:
            merged[_key(cause)] = replace(known, entries=known.entries + cause.entries), before
        else:
            both = before | entries
            merged[_key(cause)] = replace(known, entries=int(both.sum())), both
    return [cause for cause, _ in merged.values()]


def _without_constants(causes: list[Cause], zeros: int) -> list[Cause]:
    """Leave out constants of which no more is known, where something explains all zeros for all data."""
    known = [c for c in causes if c.details.get("factor") != CONSTANT]
    return known if any(c.alone and c.structural and c.entries == zeros for c in known) else causes


def _key(cause: Cause) -> tuple[object, ...]:
    details = tuple(sorted((k, str(v)) for k, v in cause.details.items() if k not in _EXAMPLE))
    return cause.kind, cause.where, cause.samples, cause.structural, cause.alone, details
