"""Laws of operations: sums of results that are the same for all values."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from zerograd.explaining.shadow.identities.labels import Integers, Mask
from zerograd.explaining.shadow.rules.table import bind
from zerograd.explaining.tape.nodes import Node, Source

SOFTMAX = ("_softmax", "_safe_softmax")
ROWS = (*SOFTMAX, "_log_softmax")
"""Operations whose results do not depend on which entry of a row is the largest, as their rules do."""

ATTENTION = ("_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_flash_attention")
"""Fused attention on a CPU; the second is its name in torch 2.1."""

_SUM_TO_1 = "the probabilities of a softmax sum to 1"
ALONE = "a softmax over a single entry is 1, whatever that entry is"
ONE_FEATURE = "layer norm over a single feature gives its bias, whatever that feature is"
_SHIFT = "softmax does not change when the same number is added to a whole row"
_KEYS = "attention does not change when the same vector is added to the keys of all positions"
_BATCH = "batch norm subtracts the mean of each channel"

WORDS = {
    "native_batch_norm": _BATCH,
    "_native_batch_norm_legit": _BATCH,
    "_batch_norm_with_update": _BATCH,
    "native_layer_norm": "layer norm subtracts the mean",
    "native_group_norm": "group norm subtracts the mean of each group",
    "_softmax": _SUM_TO_1,
    "_safe_softmax": _SUM_TO_1,
    "_log_softmax": _SUM_TO_1,
}
"""Operations by whose own rules terms cancel, and why."""

Words = TypeVar("Words", str, "str | None")

BACKWARD = {
    "_softmax_backward_data": SOFTMAX,
    "_log_softmax_backward_data": ("_log_softmax",),
    **{f"{name}_backward": (name,) for name in ATTENTION},
    "native_batch_norm_backward": ("native_batch_norm", "_native_batch_norm_legit"),
    "batch_norm_backward": ("_batch_norm_with_update",),
    "native_layer_norm_backward": ("native_layer_norm",),
    "native_group_norm_backward": ("native_group_norm",),
}


def forward_of(node: Node) -> Node:
    """Return the forward operation that an operation of the backward pass belongs to, or the node itself."""
    names = BACKWARD.get(node.operation, ())
    return next((source.node for source in node.sources() if source.node.operation in names), node)


def words_of(node: Node) -> str | None:
    """Return why terms cancel that go through a node's rule; None for operations that are no such layer."""
    forward = forward_of(node)
    if forward.operation == "native_layer_norm" and prod(bind(forward)["normalized_shape"]) == 1:
        return ONE_FEATURE
    return _of_rows(forward, WORDS.get(forward.operation))


def _of_rows(forward: Node, words: Words) -> Words:
    """Return the words for a softmax, which are simpler where its rows have one entry."""
    if forward.operation not in ROWS:
        return words
    result = forward.results[0]
    return ALONE if not result.dim() or result.shape[bind(forward)["dim"]] == 1 else words


@dataclass(frozen=True, slots=True)
class Law:
    """The entries of each group sum to ``total``, 0 or 1.

    Attributes:
        groups: the group of each entry, flat.
        size: number of entries of each group.
        holds: for each group, whether the law can be relied on in this run.
        words: how it is told.
    """

    groups: Integers
    size: int
    holds: Mask
    total: int
    words: str


def law_of(node: Node, output: int) -> Law | None:
    """Return the law that a result obeys."""
    if node.operation in SOFTMAX and output == 0:
        return _softmax(node)
    if node.operation in ("_softmax_backward_data", "_log_softmax_backward_data"):
        return _softmax_backward(node)
    if output == 1 and node.operation.removesuffix("_backward") in ATTENTION:
        return _attention_keys(node)
    if output == 0 and node.operation.endswith("norm_backward") and node.operation in BACKWARD:
        return _norm_backward(node)
    return None


def _softmax(node: Node) -> Law:
    """Rows sum to 1: pᵢ = eᵢ / Σe, so Σp = Σe / Σe, and Σe > 0.

    Not where a row is all −∞, which is nan, or all 0 in the safe variant.
    """
    result = node.results[0]
    dim = bind(node)["dim"]
    about_one = (result.to(torch.float64).sum(dim) - 1).abs() < 0.5
    return _along(result, dim, about_one, 1, _of_rows(node, _SUM_TO_1))


def _softmax_backward(node: Node) -> Law | None:
    """Rows sum to 0 as p sums to 1.

    Σⱼ pⱼ (gⱼ − Σₖ pₖ gₖ) = Σ p g − Σ p · Σ p g = 0; and where p = exp(log p),
    Σⱼ (gⱼ − pⱼ Σₖ gₖ) = Σ g − Σ p · Σ g = 0.
    """
    call = bind(node)
    forward, dim = call["output"], call["dim"]
    logarithm = node.operation.startswith("_log")
    if not isinstance(forward, Source) or forward.view is not None or forward.output != 0:
        return None
    if forward.node.operation not in (("_log_softmax",) if logarithm else SOFTMAX):
        return None
    result = node.results[0]
    if bind(forward.node)["dim"] % result.dim() != dim % result.dim() or forward.run.shape != result.shape:
        return None
    p = forward.run.to(torch.float64)
    about_one = ((p.exp() if logarithm else p).sum(dim) - 1).abs() < 0.5
    return _along(result, dim, about_one, 0, _of_rows(forward.node, _SHIFT))


def _attention_keys(node: Node) -> Law | None:
    """Gradients of the keys sum to 0 over positions.

    dKⱼ = c Σᵢ dSᵢⱼ qᵢ, and rows of dS, a softmax's gradient, sum to 0.
    """
    call = bind(node)
    out, logsumexp, result = call["out"], call["logsumexp"], node.results[1]
    if not isinstance(out, Source) or not isinstance(logsumexp, Source) or call["dropout_p"]:
        return None
    forward = out.node
    if forward.operation not in ATTENTION or logsumexp.node is not forward:
        return None
    before, names = bind(forward), ("query", "key", "value", "is_causal", "scale", "attn_mask")
    if any(before.get(name) != call.get(name) for name in names):  # torch 2.1 takes no mask there
        return None
    if out.output != 0 or logsumexp.output != 1 or not bool(logsumexp.run.isfinite().all()):
        return None
    return _along(result, -2, result.isfinite().all(-2), 0, _KEYS)


def _norm_backward(node: Node) -> Law | None:
    """Gradients of what is normalised sum to 0 over each group that has its own mean.

    Σ r (a − mean(a) − x̂ mean(a x̂)) = r (Σ a − Σ a − mean(a x̂) Σ x̂), and Σ x̂ = 0. Not by running statistics.
    """
    call, result, words = bind(node), node.results[0], words_of(node)
    if words is None or not call.get("train", call.get("update", True)):
        return None
    shape = result.shape
    if "normalized_shape" in call:
        groups = torch.arange(shape[: result.dim() - len(call["normalized_shape"])].numel())
        whole = groups.repeat_interleave(torch.Size(call["normalized_shape"]).numel())
    elif "group" in call:
        groups = torch.arange(call["N"] * call["group"])
        whole = groups.repeat_interleave(result.numel() // max(1, len(groups)))
    else:
        groups = torch.arange(shape[1])
        whole = groups.reshape(-1, *[1] * (result.dim() - 2)).expand(shape).reshape(-1)
    finite = torch.ones(len(groups), dtype=torch.bool)
    finite[whole[~result.isfinite().reshape(-1)]] = False
    size = result.numel() // max(1, len(groups))
    return Law(whole.numpy(), size, finite.numpy(), 0, words)


def _along(result: Tensor, dim: int, holds: Tensor, total: int, words: str) -> Law:
    rest = torch.arange(holds.numel()).reshape(holds.shape)
    whole = rest.unsqueeze(dim).expand_as(result) if result.dim() else rest
    holds = holds & result.isfinite().all(dim)
    return Law(
        whole.reshape(-1).numpy().astype(np.int64),
        result.shape[dim] if result.dim() else 1,
        holds.reshape(-1).numpy(),
        total,
        words,
    )
