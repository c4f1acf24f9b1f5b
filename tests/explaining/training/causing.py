"""Causes of the gradients of a step, without the rest of the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from zerograd.explaining.explanation import Cause
from zerograd.explaining.shadow.deciding import Budget
from zerograd.explaining.tape.nodes import Source
from zerograd.explaining.training.causes.covers import Covers
from zerograd.explaining.training.causes.graph import Graph
from zerograd.explaining.training.causes.origins import Facts, Origins, Root
from zerograd.explaining.training.causes.search import find_causes
from zerograd.explaining.training.causes.walking import Walk, union
from zerograd.explaining.training.proofs import Proofs
from zerograd.explaining.training.reporting import _leaf_names
from zerograd.explaining.training.watch import Watch


class Causing(Watch):
    """Records a step, and keeps what was recorded."""

    def _finish(self, last: bool = False, again: bool = False) -> None:
        pass

    def _release(self) -> None:
        pass

    def names(self) -> dict[str, Tensor]:
        return dict(self._everything())

    def inputs(self) -> frozenset[str]:
        return frozenset(self._modules.inputs)

    def gradients(self) -> dict[str, Source]:
        return {
            name: self._round.gradients[id(t)]
            for name, t in self.names().items()
            if id(t) in self._round.gradients
        }


class Step:
    """A recorded step: its gradients, which of their entries are zero, and what causes ask about.

    Attributes:
        zeros: by the gradient's name.
    """

    def __init__(self, models: Sequence[nn.Module], step: Callable[[], Any], **known: Any) -> None:
        watch = Causing(list(models), [])
        with watch:
            step()
        names = watch.names()
        proofs = Proofs(Budget(seconds=60.0))  # a slow machine decides the same
        names_of = _leaf_names(names, {})
        self.facts = Facts(
            proofs.zeros, names_of, proofs.laws, watch.inputs(), bounded=proofs.bounded, **known
        )
        self.gradients = watch.gradients()
        self.loss = watch.recorder.loss
        sources = list(self.gradients.values())
        classes = proofs.classes(sources)
        self.zeros = {name: c.zero for name, c in zip(self.gradients, classes, strict=True)}

    def causes(self) -> dict[str, tuple[Cause, ...]]:
        """Return the causes of all gradients."""
        return find_causes(self.gradients, self.zeros, self.loss, self.facts)

    def covers(self, name: str) -> list[tuple[tuple[Root, ...], Tensor]]:
        """Return sets of roots with the entries of one gradient that they explain."""
        walk, roots = self._roots(name)
        covers = Covers(walk, roots).cover(self.gradients[name], self.zeros[name])
        return [(tuple(roots[i] for i in cover), entries) for cover, entries in covers]

    def always(self, name: str) -> Tensor:
        """Return the entries of a gradient that are zero for what is said to hold whatever the data are."""
        walk, roots = self._roots(name)
        fixed = union(root.fixed(root.closed) for root in roots)
        return ~walk.walk(fixed)(self.gradients[name])

    def _roots(self, name: str) -> tuple[Walk, list[Root]]:
        gradient = self.gradients[name]
        walk = Walk(Graph([gradient], self.loss, self.facts.is_input), [gradient])
        return walk, Origins(walk, self.facts).roots


def causes(
    models: Sequence[nn.Module], step: Callable[[], Any], **known: Any
) -> dict[str, tuple[Cause, ...]]:
    """Return the causes of all gradients that a step leaves."""
    return Step(models, step, **known).causes()
