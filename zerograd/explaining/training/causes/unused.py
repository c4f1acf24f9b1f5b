"""Entries that are zero whatever the numbers are: what the loss does not use, constants, laws of layers."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from zerograd.explaining.explanation import Cause, Kind
from zerograd.explaining.shadow.evaluation import is_decision
from zerograd.explaining.shadow.identities import CANCEL
from zerograd.explaining.shadow.identities.laws import ALONE, ATTENTION, words_of
from zerograd.explaining.shadow.rules.table import bind
from zerograd.explaining.tape.nodes import Node, Origin, Phase, Source
from zerograd.explaining.training.causes.connection import decision_between
from zerograd.explaining.training.causes.graph import base
from zerograd.explaining.training.causes.origins import Facts
from zerograd.explaining.training.causes.places import place_of, place_text
from zerograd.explaining.training.causes.states import initial_states
from zerograd.explaining.training.causes.walking import Walk

_FLAT = ("sign", "sgn", "round", "floor", "ceil", "trunc", "fix", "heaviside")
"""Operations that are constant between jumps, and give zeros as gradients."""
_PRODUCTS = ("mul", "mm", "addmm", "bmm", "matmul", "div")
CONSTANT = "a constant 0"
"""What is said of zeros of which nothing more is known than that the program wrote them."""
_MOST_CHOICES = 32
"""Operations that chose entries, looked at for each gradient."""
_OTHERS = "the choice of other entries"
_SOFTMAX = "the probabilities of a softmax sum to 1"


class Unused:
    """Causes of entries that are zero although every leaf, gate and sum could be anything."""

    def __init__(self, walk: Walk, facts: Facts, loss: Source | None) -> None:
        self._walk, self._facts, self._loss = walk, facts, loss

    def causes(self, name: str, gradient: Source, zeros: Tensor) -> list[Cause]:
        """Return why such entries of a gradient are zero."""
        causes: list[Cause] = []
        if base(gradient.node.operation) == "zero" and gradient.node.phase is Phase.BACKWARD:
            return [_cause(Kind.ZERO_FACTOR, "", zeros, factor="a 0 that was written over the gradient")]
        if self._is_empty():
            return [_cause(Kind.ZERO_ADJOINT, "", zeros, False, why="it is a mean over nothing")]
        for forward, numbers in self._walk.born(gradient).items():
            words = words_of(forward) or (
                _SOFTMAX if "softmax" in forward.operation else _of_one_key(forward)
            )
            if words is None or not bool(zeros.any()):
                continue
            here = zeros & self._walk.walk({}, only=gradient, opened=numbers)(gradient)
            if bool(here.any()):
                where = place_text(forward.place, base(forward.operation))
                causes.append(_cause(Kind.IDENTITY, where, here, identity=words))
                zeros = zeros & ~here
        for law, entries in self._facts.laws(gradient, zeros).items():
            here = entries & zeros
            if law.text != CANCEL and bool(here.any()):  # nothing cancels where there are no terms
                where = place_text(law.place, law.operation)
                causes.append(_cause(Kind.IDENTITY, where, here, law.structural, identity=law.text))
                zeros = zeros & ~here
        still = ~self._walk.walk({}, open_constants=True)(gradient)
        constant, rest = zeros & ~still, zeros & still
        for factor, where, here in initial_states(self._walk, gradient, constant):
            causes.append(_cause(Kind.ZERO_FACTOR, where, here, factor=factor))
            constant = constant & ~here
        for cause, here in self._not_chosen(gradient, constant, self._place(name)):
            causes.append(cause)
            constant = constant & ~here
        if bool(constant.any()):
            causes += self._constants(name, constant)
        if bool(rest.any()):
            causes += self._left_out(gradient, rest, self._place(name))
        return causes

    def _not_chosen(self, gradient: Source, zeros: Tensor, where: str) -> Iterator[tuple[Cause, Tensor]]:
        """Yield causes of zeros that PyTorch wrote itself, to put gradients of chosen entries over them."""
        for node in self._walk.cone_of(gradient):
            what = self._choice(node) if bool(zeros.any()) else None
            under = node.arguments[0] if what is not None and node.arguments else None
            if what is None or not isinstance(under, Source) or under.node.origin is not Origin.CONSTANT:
                continue
            opened = self._walk.walk({}, only=gradient, opened=frozenset([under.node.number]))
            here = zeros & opened(gradient)
            if bool(here.any()):
                yield _cause(Kind.ZERO_FACTOR, where, here, False, factor=what), here
                zeros = zeros & ~here

    def _constants(self, name: str, zeros: Tensor) -> list[Cause]:
        """Return why entries are zero because of zeros that stand in the program."""
        graph, causes = self._walk.graph, []
        leaves = [n for n in graph.nodes if n.operation == "leaf" and self._facts.name(n) == name]
        between = decision_between(self._loss, leaves) if self._loss is not None else None
        stairs = [
            n
            for n in graph.nodes
            if n.phase is not Phase.BACKWARD and base(n.operation) in _FLAT and n.number in graph.parametric
        ]
        between = between or (stairs[-1] if stairs else None)
        if between is not None:
            operation = base(between.operation)
            where = place_of(between, operation)
            causes.append(_cause(Kind.PIECEWISE_CONSTANT, where, zeros, operation=operation))
            if operation in _FLAT:
                return causes
        product = self._product_with_zero()
        if product is not None:
            causes.append(_cause(Kind.ZERO_FACTOR, place_of(product), zeros, factor="the constant 0"))
        elif not causes:
            causes.append(_cause(Kind.ZERO_FACTOR, "", zeros, factor=CONSTANT))
        return causes

    def _product_with_zero(self) -> Node | None:
        """Return where the program multiplies by 0."""
        for node in self._walk.graph.nodes:
            if node.phase is Phase.BACKWARD or base(node.operation) not in _PRODUCTS:
                continue
            numbers = [a for a in node.arguments if isinstance(a, int | float)]
            constants = [s for s in node.sources() if s.node.origin is Origin.CONSTANT]
            if 0 in numbers or any(not bool(s.run.any()) for s in constants):
                return node
        return None

    def _left_out(self, gradient: Source, zeros: Tensor, where: str) -> Iterator[Cause]:
        """Yield the causes of entries to which no operation carries anything.

        An operation that chose others is one if what it read could not reach an entry, and what it returned
        could: an entry that was chosen, and of which nothing comes to the loss, is not connected.
        """
        choosers = [(node, what) for node in self._walk.cone_of(gradient) if (what := self._choice(node))]
        for node, what in choosers[: -_MOST_CHOICES - 1 : -1]:
            if not bool(zeros.any()):
                return
            read = frozenset(s.node.number for s in node.sources() if s.is_float)
            here = zeros & self._opened(gradient, frozenset([node.number])) & ~self._opened(gradient, read)
            if bool(here.any()):
                yield _cause(Kind.ZERO_FACTOR, where, here, False, factor=what)
                zeros = zeros & ~here
        if bool(zeros.any()):
            by_data = any(what != _OTHERS for _, what in choosers)
            yield self._written(gradient, zeros, where) or _cause(
                Kind.NOT_CONNECTED, where, zeros, not by_data
            )

    def _written(self, gradient: Source, zeros: Tensor, where: str) -> Cause | None:
        """Return a cause that the program or a rule wrote: a 0 for numbers, or a choice of its own."""
        for node in self._walk.born(gradient):
            if base(node.operation) in ("zero", "_foreach_zero"):
                return _cause(Kind.ZERO_FACTOR, "", zeros, factor="a constant 0")
            if self._walk.chooses(node):
                name = base(node.operation).strip("_").removesuffix("_backward")
                return _cause(Kind.ZERO_FACTOR, where, zeros, False, factor=f"what {name} lets through")
        return None

    def _opened(self, gradient: Source, numbers: frozenset[int]) -> Tensor:
        """Return which entries can be non-zero when results of some nodes could be anything."""
        return self._walk.walk({}, open_constants=True, only=gradient, opened=numbers)(gradient)

    def _choice(self, node: Node) -> str | None:
        """Return what an operation of the backward pass says of entries that its indices did not choose."""
        chosen = [s for s in node.sources() if not s.is_float and s.run.dtype.is_signed]
        if node.phase is not Phase.BACKWARD:
            return None
        masks = any(s.run.dtype is torch.bool for s in node.sources())
        if masks and base(node.operation) in ("index_put", "masked_scatter"):
            return "the mask, which leaves these entries out"
        if not chosen:
            return None
        if "pool" in node.operation or node.operation in ("scatter", "gather"):
            return "the choice of the maximum, which is another entry"
        if any(self._walk.graph.is_data(s.node) or is_decision(s.node) for s in chosen):
            return "the indices, which name other rows"
        return _OTHERS

    def _is_empty(self) -> bool:
        """Whether something was computed of no samples at all."""
        nodes = [n for n in self._walk.nodes if n.operation != "leaf"]
        results = [r for n in nodes for r in n.results if isinstance(r, Tensor)]
        return any(r.numel() == 0 and r.is_floating_point() for r in results)

    def _place(self, name: str) -> str:
        """Return where a parameter is used."""
        for node in self._walk.graph.nodes:
            leaves = [s.node for s in node.sources() if s.node.operation == "leaf"]
            if node.phase is not Phase.BACKWARD and any(self._facts.name(leaf) == name for leaf in leaves):
                return place_of(node)
        return ""


def _of_one_key(node: Node) -> str | None:
    """Return why fused attention passes nothing to its scores where there is a single key."""
    return ALONE if node.operation in ATTENTION and bind(node)["key"].run.shape[-2] == 1 else None


def _cause(kind: Kind, where: str, zeros: Tensor, structural: bool = True, **details: object) -> Cause:
    return Cause(kind, where, None, int(zeros.sum()), structural, details=details)
