"""Masks of attention: scores −∞, whose weights are 0, and rows of which a single score is left."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from zerograd.explaining.shadow.identities.laws import ATTENTION, SOFTMAX
from zerograd.explaining.shadow.rules.table import bind
from zerograd.explaining.tape.nodes import Node, Source
from zerograd.explaining.training.causes.graph import Graph

SINGLE = "a row of the softmax has a single open entry: its weight is 1, whatever the scores are"
CLOSED = "the weights that the mask closes"
EMPTY = "the weights of rows in which the mask closes every key"
_BACKWARD = tuple(f"{name}_backward" for name in ATTENTION)


class Masked(NamedTuple):
    """Weights that a mask makes 0.

    Attributes:
        single: in rows with a single open entry.
        empty: in rows with none.
        others: in all other rows.
        fixed: whether the mask is the same for all data.
    """

    single: Tensor
    empty: Tensor
    others: Tensor
    fixed: bool


def is_attention(node: Node) -> bool:
    """Whether an operation is fused attention, or its softmax: its only gates are its mask's."""
    return node.operation in (*ATTENTION, *_BACKWARD, "_safe_softmax")


def masked(graph: Graph, node: Node, zeros: Tensor) -> Masked | None:
    """Return which zeros among the weights of a softmax or of fused attention a mask makes; None if none."""
    call = bind(node)
    if node.operation in (*ATTENTION, *_BACKWARD):
        closed, dim, mask = zeros, -1, call.get("attn_mask")
    elif node.operation in SOFTMAX and zeros.dim():
        run, dim = call["self"].run, call["dim"]
        closed = run == -torch.inf
        mask = _mask_of(call["self"])
        if not bool((zeros & closed).any()):
            return None
    else:
        return None
    left = (~closed).sum(dim, keepdim=True)
    alone, empty = left == 1, left == 0
    fixed = not isinstance(mask, Source) or _is_fixed(graph, mask, zeros.shape[-2:])
    here = zeros & closed
    return Masked(here & alone, here & empty, here & ~alone & ~empty, fixed)


def _mask_of(scores: Source) -> Source | None:
    """Return what makes scores −∞: a mask, or the scores themselves if no operation is known that did."""
    call = bind(scores.node) if scores.node.function is not None else {}
    condition = call.get("mask", call.get("condition"))
    if isinstance(condition, Source):
        return condition
    for source in scores.node.sources():
        if source.is_float and bool((source.run == -torch.inf).any()):
            return source
    return scores


def _is_fixed(graph: Graph, mask: Source, shape: torch.Size) -> bool:
    """Whether a mask does not depend on data: it has a row for each position, the same for all samples.

    Such a mask may be made before the run; one for each sample tells which of its positions are filled.
    """
    node = mask.node
    if node.number not in graph.from_data and node.number not in graph.parametric:
        return True
    if node.number in graph.parametric or any(n != 1 for n in mask.run.shape[:-2]):
        return False
    while node.operation != "leaf":
        sources = [s.node for s in node.sources() if s.node.number in graph.from_data]
        if len(sources) != 1:
            return False
        (node,) = sources
    return tuple(node.results[0].shape[-2:]) == tuple(shape)
