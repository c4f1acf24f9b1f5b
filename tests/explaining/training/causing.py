"""Causes of the gradients of a step, without the rest of the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from zerograd.explaining.shadow.bounded import BoundedDomain
from zerograd.explaining.shadow.deciding import Budget, decide_all
from zerograd.explaining.shadow.evaluation import Evaluation
from zerograd.explaining.shadow.identities import Identities
from zerograd.explaining.tape.nodes import Source
from zerograd.explaining.training.causes import find_causes
from zerograd.explaining.training.explanation import Cause
from zerograd.explaining.training.facts import facts_of
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
    bounded = Evaluation(BoundedDomain())
    inputs = {name: t for name, t in names.items() if name in watch.inputs()}
    facts = replace(facts_of(bounded, names, inputs), **known)
    gradients = watch.gradients()
    classes = decide_all(list(gradients.values()), bounded, Budget(), Identities(bounded).zero)
    exact = {name: c.zero for name, c in zip(gradients, classes, strict=True)}
    return find_causes(gradients, exact, watch.recorder.loss, facts)
