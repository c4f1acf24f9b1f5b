"""What the walk for causes asks about, answered by the other rooms: zeros, names, laws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from zerograd.explaining.shadow.bounded import Bounded
from zerograd.explaining.shadow.deciding import Budget, decide_all
from zerograd.explaining.shadow.evaluation import Evaluation
from zerograd.explaining.shadow.identities import Identities
from zerograd.explaining.tape.nodes import Node, Source
from zerograd.explaining.training.origins import Facts, Law

_MOST_ENTRIES = 2048
"""Entries of one value of which laws are asked for; the rest follow where all of these obey the same."""


def facts_of(
    bounded: Evaluation[Bounded],
    parameters: Mapping[str, Tensor],
    inputs: Mapping[str, Tensor],
    seconds: float = 5.0,
) -> Facts:
    """Return the facts of a step.

    Args:
        bounded: float64 with error bounds, shared with those who decide the gradients.
        parameters, inputs: by name, what is reported on.
        seconds: what may be spent on zeros of values that error bounds leave open, about.
    """
    storages = {t.untyped_storage()._cdata: name for name, t in {**parameters, **inputs}.items()}
    identities = Identities(bounded)
    # no balls: a zero that is missed here is explained further down
    budget = Budget(seconds=seconds, operations=0, precisions=())

    def zeros(sources: Sequence[Source]) -> list[Tensor]:
        return [each.zero for each in decide_all(sources, bounded, budget, identities.zero)]

    def name(node: Node) -> str | None:
        return storages.get(node.identity[0]) if node.identity is not None else None

    return Facts(zeros, name, laws(identities), frozenset(inputs))


def laws(identities: Identities) -> Callable[[Source, Tensor], Mapping[Law, Tensor]]:
    """Return what tells the laws that make entries of a value zero."""

    def identity(source: Source, zeros: Tensor) -> Mapping[Law, Tensor]:
        asked = torch.zeros(zeros.numel(), dtype=torch.bool)
        asked[zeros.flatten().nonzero().flatten()[:_MOST_ENTRIES]] = True
        proven = identities.zero(source, asked.reshape(zeros.shape)).flatten()
        found: dict[Law, Tensor] = {}
        for entry in proven.nonzero().flatten().tolist():
            for reason in identities.reason(source, entry)[:1]:
                law = Law(reason.law, reason.operation, reason.place)
                found.setdefault(law, torch.zeros(zeros.numel(), dtype=torch.bool))[entry] = True
        if len(found) == 1 and bool((proven == asked).all()):
            found = dict.fromkeys(found, zeros.flatten())
        return {law: entries.reshape(zeros.shape) for law, entries in found.items()}

    return identity
