"""Rules of fused attention: softmax(q kᵀ · scale + mask) v, computed from its parts.

Scores −∞ have weight 0. A row in which a single one is not has weight 1 there, whatever the scores are, and
passes no gradient to them; a row in which all are −∞ has weights 0, as in torch.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import AnyDomain, Cannot
from zerograd.explaining.shadow.rules.softmax import rows
from zerograd.explaining.shadow.rules.table import Call, rule
from zerograd.explaining.tape.nodes import Source

FUSED = ("_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_flash_attention")
"""Names on a CPU; the second is that of torch 2.1."""


class _Attention:
    """One call, with keys and values repeated where heads share them.

    Attributes:
        shut: scores that are exactly −∞, not only beyond the floats of the run.
        closed: rows in which all of the run are −∞.
        rows: of scores, (…, heads, L, S), seen from the largest in the run.
        weights: their softmax.
    """

    def __init__(self, c: Call[Any]) -> None:
        if c["dropout_p"]:
            raise Cannot("dropout inside fused attention")
        self.c, self.d = c, c.domain
        q, k = c.run("query"), c.run("key")
        self.scale = c["scale"] if c.has("scale") else 1 / math.sqrt(q.shape[-1])
        self.share = q.shape[-3] // k.shape[-3]
        masked = self._masked(q, k)
        self.shut = self._masked(q, k, exactly=True)
        self.closed = masked.all(-1, keepdim=True)
        name = f"attention {id(c.arguments.get('attn_mask'))} {c['is_causal']} {self.scale}"
        inputs = c.value("query"), c.value("key")
        self.rows, self.weights = self.d.remember(name, inputs, lambda: self._weights(q, k, masked))

    def _weights(self, q: Tensor, k: Tensor, masked: Tensor) -> tuple[Any, Any]:
        masked = masked & ~self.closed
        scores = self.d.select(masked & self.shut, _lowest(self.d), self._scores())
        seen = rows(self.d, scores, self._seen(q, k).masked_fill(masked, -torch.inf), -1)
        return seen, _open(self.d, self.closed, seen.probabilities())

    def _masked(self, q: Tensor, k: Tensor, *, exactly: bool = False) -> Tensor:
        """Return where the run's scores are −∞; ``exactly``: without a mask that was computed."""
        masked = torch.zeros(*q.shape[:-1], k.shape[-2], dtype=torch.bool)
        if self.c["is_causal"]:
            masked = masked | ~torch.ones(masked.shape[-2:], dtype=torch.bool).tril()
        if self.c.has("attn_mask") and not (exactly and self._is_computed()):
            mask = self.c.run("attn_mask")
            masked = masked | (~mask if mask.dtype == torch.bool else mask == -torch.inf)
        return masked

    def _is_computed(self) -> bool:
        """Whether the mask's numbers were computed: its −∞ may be a large number that overflowed."""
        mask = self.c.arguments.get("attn_mask")
        return mask is not None and mask.is_float and not _is_chosen(mask)

    def _seen(self, q: Tensor, k: Tensor) -> Tensor:
        """Return the run's scores, by which the largest is chosen."""
        keys = k.repeat_interleave(self.share, -3) if self.share > 1 else k
        scores = q.double() @ keys.double().transpose(-2, -1) * self.scale
        if self.c.has("attn_mask") and self.c.run("attn_mask").is_floating_point():
            scores = scores + self.c.run("attn_mask").double()
        return scores.nan_to_num(0.0)

    def _scores(self) -> Any:
        d = self.d
        scores = d.scale(d.matmul(self.c.value("query"), transposed(d, self.repeated("key"))), self.scale)
        if self.c.has("attn_mask") and self.c.run("attn_mask").is_floating_point():
            there = ~self.closed if self._is_computed() else self.c.run("attn_mask") != -torch.inf
            scores = d.add(scores, d.select(there, self.c.value("attn_mask"), d.constant(0, ())))
        return scores

    def repeated(self, name: str) -> Any:
        """Return keys or values, a copy for each head that reads them."""
        share, v = self.share, self.c.value(name)
        return v if share == 1 else self.d.move(lambda t: t.repeat_interleave(share, -3), v)

    def collected(self, v: Any) -> Any:
        """Return the transpose of `repeated`."""
        if self.share == 1:
            return v
        *front, heads, length, width = self.d.shape(v)
        shape = *front, heads // self.share, self.share, length, width
        return self.d.sum(self.d.move(lambda t: t.reshape(shape), v), (-3,))


_CHOOSING = {
    "cat", "clone", "copy", "expand_copy", "fill", "lift_fresh", "masked_fill", "repeat", "stack",
    "tril", "triu", "where", "write", "zero",
}  # fmt: skip
"""Operations that only move or choose numbers."""


def _is_chosen(source: Source) -> bool:
    """Whether every number was written in the program or given, and only moved since, in one type."""
    waiting = [source]
    while waiting:
        node = waiting.pop().node
        if node.operation == "leaf":
            continue
        floats = [s for s in node.sources() if s.is_float]
        same = all(s.run.dtype == source.run.dtype for s in floats)
        if node.operation.removesuffix("_") not in _CHOOSING or not same:
            return False
        waiting += floats
    return True


def transposed(d: AnyDomain, v: Any) -> Any:
    """Return a stack of matrices, each transposed."""
    return d.move(lambda t: t.transpose(-2, -1), v)


def _lowest(d: AnyDomain) -> Any:
    return d.leaf(torch.tensor(-torch.inf, dtype=torch.float64))


def _open(d: AnyDomain, closed: Tensor, v: Any) -> Any:
    """Return v, but 0 in rows that are closed."""
    return d.gate(~closed, v) if bool(closed.any()) else v


@rule(*FUSED)
def flash_attention(c: Call[Any]) -> Any:
    """Output, and log Σ exp of the scores."""
    d, a = c.domain, _Attention(c)
    out = d.matmul(a.weights, a.repeated("value"))
    log = d.add(a.rows.top, d.unary("log1p", a.rows.others))
    if bool(a.closed.any()):
        log = d.select(a.closed, _lowest(d), log)
    return out, d.move(lambda t: t.squeeze(-1), log)


@rule(*(f"{name}_backward" for name in FUSED))
def flash_attention_backward(c: Call[Any]) -> Any:
    """Gradients of query, key and value; what comes back to a row is taken relative to its largest weight."""
    d, a, g = c.domain, _Attention(c), c.value("grad_out")
    weights = d.gate(~a.shut, a.weights) if bool(a.shut.any()) else a.weights
    back = d.matmul(g, transposed(d, a.repeated("value")))
    index = a.rows.is_top.to(torch.uint8).argmax(-1, keepdim=True)
    relative = d.sub(back, d.move(lambda t: t.gather(-1, index), back))
    relative = d.select(a.rows.is_top, d.scale(back, 0), relative)
    mean = d.sum(d.mul(weights, relative), (-1,), keepdim=True)
    scores = d.scale(d.mul(weights, d.sub(relative, mean)), a.scale)
    return (
        d.matmul(scores, a.repeated("key")),
        a.collected(d.matmul(transposed(d, scores), c.value("query"))),
        a.collected(d.matmul(transposed(d, weights), g)),
    )


@rule("_safe_softmax")
def safe_softmax(c: Call[Any]) -> Any:
    """Softmax; 0 in rows in which all scores are −∞."""
    d, run, dim = c.domain, c.run("self"), c["dim"]
    if not run.dim() or not run.numel():
        raise Cannot("softmax of a single number or of nothing")
    closed = (run == -torch.inf).all(dim, keepdim=True)
    scores = _open(d, closed, c.value("self"))
    return _open(d, closed, rows(d, scores, run.masked_fill(closed, 0.0), dim).probabilities())
