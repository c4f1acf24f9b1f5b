"""Entries that are zero whatever the numbers are: what the loss does not use, constants, laws of layers."""

from __future__ import annotations

from torch import Tensor

from zerograd.explaining.shadow.evaluation import is_decision
from zerograd.explaining.shadow.identities import CANCEL
from zerograd.explaining.shadow.identities.laws import forward_of, words_of
from zerograd.explaining.tape.nodes import Node, Origin, Phase, Source
from zerograd.explaining.training.connection import decision_between
from zerograd.explaining.training.explanation import Cause, Kind
from zerograd.explaining.training.graph import base
from zerograd.explaining.training.origins import Facts
from zerograd.explaining.training.places import place_of, place_text
from zerograd.explaining.training.walking import Walk

FLAT = ("sign", "sgn", "round", "floor", "ceil", "trunc", "fix", "heaviside")
"""Operations that are constant between jumps, and give zeros as gradients."""


_SOFTMAX = "the probabilities of a softmax sum to 1"


def unused(
    walk: Walk, gradient: Source, zeros: Tensor, facts: Facts, loss: Source | None, name: str
) -> list[Cause]:
    """Return why entries are zero although every leaf, gate and sum could be anything."""
    causes: list[Cause] = []
    for law, entries in facts.laws(gradient, zeros).items():
        here = entries & zeros
        if law.text != CANCEL and bool(here.any()):  # nothing cancels where there are no terms
            where = place_text(law.place, law.operation)
            causes.append(_cause(Kind.IDENTITY, where, here, law.structural, identity=law.text))
            zeros = zeros & ~here
    for node in walk.born(gradient):
        words = words_of(node) or (_SOFTMAX if "softmax" in node.operation else None)
        if words is not None and bool(zeros.any()):
            here = zeros & walk.walk({}, only=gradient, opened=frozenset([node.number]))(gradient)
            if bool(here.any()):
                where = place_of(forward_of(node))
                causes.append(_cause(Kind.IDENTITY, where, here, True, identity=words))
                zeros = zeros & ~here
    still = ~walk.walk({}, open_constants=True)(gradient)
    constant = zeros & ~still
    if bool(constant.any()):
        causes += _constants(walk, gradient, constant, loss, facts, name)
    rest = zeros & still
    if bool(rest.any()):
        causes.append(_not_used(walk, rest, _place(walk, facts, name)))
    return causes


def _cause(kind: Kind, where: str, zeros: Tensor, structural: bool, **details: object) -> Cause:
    return Cause(kind, where, None, int(zeros.sum()), structural, details=details)


def _constants(
    walk: Walk, gradient: Source, zeros: Tensor, loss: Source | None, facts: Facts, name: str
) -> list[Cause]:
    """Return why entries are zero because of zeros that stand in the program."""
    causes = []
    leaves = [n for n in walk.graph.nodes if n.operation == "leaf" and facts.name(n) == name]
    between = decision_between(loss, leaves) if loss is not None else None
    flat = [
        n
        for n in walk.graph.nodes
        if n.phase is not Phase.BACKWARD and base(n.operation) in FLAT and n.number in walk.graph.parametric
    ]
    if between is None and flat:
        between = flat[-1]
    if between is not None:
        operation = base(between.operation)
        causes.append(
            _cause(Kind.PIECEWISE_CONSTANT, place_of(between, operation), zeros, True, operation=operation)
        )
    written = _empty_or_zero(walk)
    if written is not None and (between is None or not _gives_zeros(between)):
        where, factor = written
        causes.append(_cause(Kind.ZERO_FACTOR, where, zeros, True, factor=factor))
    elif not causes:
        causes.append(_cause(Kind.ZERO_FACTOR, "", zeros, True, factor="a constant 0"))
    return causes


def _gives_zeros(node: Node) -> bool:
    return base(node.operation) in FLAT


def _empty_or_zero(walk: Walk) -> tuple[str, str] | None:
    """Return where the program multiplies by 0."""
    for node in walk.graph.nodes:
        if node.phase is Phase.BACKWARD or node.operation == "leaf":
            continue
        zero = any(isinstance(a, int | float) and a == 0 for a in node.arguments)
        zero = zero or any(s.node.origin is Origin.CONSTANT and not bool(s.run.any()) for s in node.sources())
        if zero and base(node.operation) in ("mul", "mm", "addmm", "bmm", "matmul", "div"):
            return place_of(node), "the constant 0"
    return None


def _not_used(walk: Walk, zeros: Tensor, where: str) -> Cause:
    """Return the cause of entries that no operation carries anything to."""
    empty = [
        n
        for n in walk.nodes
        if any(getattr(r, "numel", lambda: 1)() == 0 for r in n.results) and n.operation != "leaf"
    ]
    if empty:
        return _cause(Kind.ZERO_ADJOINT, "", zeros, False, why="it is a mean over nothing")
    for node in walk.nodes:
        if node.phase is not Phase.BACKWARD:
            continue
        chosen = [s for s in node.sources() if not s.is_float and s.run.dtype.is_signed]
        if not chosen:
            continue
        what = (
            "the indices, which name other rows"
            if _from_data(walk, chosen)
            else "the choice of other entries"
        )
        if "pool" in node.operation or node.operation in ("scatter", "gather"):
            what = "the choice of the maximum, which is another entry"
        return _cause(Kind.ZERO_FACTOR, where, zeros, False, factor=what)
    return _cause(Kind.NOT_CONNECTED, where, zeros, True)


def _place(walk: Walk, facts: Facts, name: str) -> str:
    """Return where a parameter is used."""
    for node in walk.graph.nodes:
        if node.phase is not Phase.BACKWARD:
            if any(s.node.operation == "leaf" and facts.name(s.node) == name for s in node.sources()):
                return place_of(node)
    return ""


def _from_data(walk: Walk, sources: list[Source]) -> bool:
    return any(walk.graph.is_data(s.node) or is_decision(s.node) for s in sources)
