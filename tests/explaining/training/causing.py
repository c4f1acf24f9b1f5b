"""Causes of the gradients of a step, without the rest of the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zerograd.explaining.shadow.bounded import BoundedDomain
from zerograd.explaining.shadow.deciding import Budget, decide_all
from zerograd.explaining.shadow.evaluation import Evaluation
from zerograd.explaining.tape.nodes import Node, Source
from zerograd.explaining.training.causes import find_causes
from zerograd.explaining.training.explanation import Cause
from zerograd.explaining.training.origins import Facts
from zerograd.explaining.training.watch import Watch


class Causing(Watch):
    """Records a step, and keeps what was recorded."""

    def _finish(self, last: bool = False) -> None:
        pass

    def names(self) -> dict[str, Tensor]:
        return dict(self._everything())

    def inputs(self) -> frozenset[str]:
        return frozenset(self._modules.inputs)

    def gradients(self) -> dict[str, Source]:
        return {name: self._round.gradients[id(t)] for name, t in self.names().items() if id(t) in self._round.gradients}


def causes(models: Sequence[nn.Module], step: Callable[[], Any], **known: Any) -> dict[str, tuple[Cause, ...]]:
    """Return the causes of all gradients that a step leaves."""
    watch = Causing(list(models), [])
    with watch:
        step()
    names = watch.names()
    storages = {t.untyped_storage()._cdata: name for name, t in names.items()}

    def name_of(node: Node) -> str | None:
        return storages.get(node.identity[0]) if node.identity is not None else None

    bounded = Evaluation(BoundedDomain())
    budget = Budget(seconds=20)

    def zeros(sources: Sequence[Source]) -> list[Tensor]:
        return [c.zero for c in decide_all(sources, bounded, budget)]

    gradients = watch.gradients()
    facts = Facts(zeros, name_of, inputs=watch.inputs(), **known)
    exact = dict(zip(gradients, zeros(list(gradients.values())), strict=True))
    return find_causes(gradients, exact, watch.recorder.loss, facts)
