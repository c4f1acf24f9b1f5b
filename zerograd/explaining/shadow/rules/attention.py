"""Rules of fused attention: softmax(q kᵀ · scale + mask) v, computed from its parts.

Scores are shifted by the run's log Σ exp before exp: no shift changes a softmax, so it need not be exact.
A row in which a single score is not −∞ has weight 1 there whatever the scores are, and passes no gradient to
them.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.rules.parts import each
from zerograd.explaining.shadow.rules.table import Call, rule


class _Attention:
    """Weights of one call, (…, heads, L, S), with keys and values repeated where heads share them."""

    def __init__(self, c: Call[Any], shift: Tensor) -> None:
        if c["dropout_p"]:
            raise Cannot("dropout inside fused attention")
        self.c, self.d = c, c.domain
        q_shape, k_shape = c.shape("query"), c.shape("key")
        self.scale = c["scale"] if c.has("scale") else 1 / math.sqrt(q_shape[-1])
        self.share = q_shape[-3] // k_shape[-3]
        self.masked = self._masked(q_shape, k_shape)
        open_ = (~self.masked).sum(-1, keepdim=True)
        self.single, self.closed = open_ == 1, open_ == 0
        self.shift = torch.where(shift.isfinite(), shift, 0.0).unsqueeze(-1)
        scores, zero = self._scores(), self.d.constant(0, ())
        shifted = self.d.sub(self.d.select(self.masked, zero, scores), self.d.leaf(self.shift))
        powers = self.d.select(self.masked, zero, self.d.unary("exp", shifted))
        one = (~self.masked).to(torch.float64)
        self.total = self.d.select(
            self.closed, self.d.constant(1, ()), self.d.sum(powers, (-1,), keepdim=True)
        )
        self.weights = self.d.select(self.single, self.d.leaf(one), self.d.div(powers, self.total))

    def _masked(self, q_shape: tuple[int, ...], k_shape: tuple[int, ...]) -> Tensor:
        """Return where scores are −∞."""
        masked = torch.zeros(*q_shape[:-1], k_shape[-2], dtype=torch.bool)
        if self.c["is_causal"]:
            masked = masked | ~torch.ones(masked.shape[-2:], dtype=torch.bool).tril()
        if self.c.has("attn_mask"):
            mask = self.c.run("attn_mask")
            masked = masked | (~mask if mask.dtype == torch.bool else mask == -torch.inf)
        return masked

    def _scores(self) -> Any:
        d = self.d
        keys = d.move(lambda t: t.transpose(-2, -1), self.repeated("key"))
        scores = d.scale(d.matmul(self.c.value("query"), keys), self.scale)
        if self.c.has("attn_mask") and self.c.run("attn_mask").is_floating_point():
            there = self.c.run("attn_mask") != -torch.inf
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


@rule("_scaled_dot_product_flash_attention_for_cpu")
def flash_attention(c: Call[Any]) -> Any:
    """Output, and log Σ exp of the scores."""
    d, a = c.domain, _Attention(c, c.result(1))

    def log_sum() -> Any:
        log = d.move(lambda t: t.squeeze(-1), d.add(d.unary("log", a.total), d.leaf(a.shift)))
        return log if not bool(a.closed.any()) else None

    return each(lambda: d.matmul(a.weights, a.repeated("value")), log_sum)


@rule("_scaled_dot_product_flash_attention_for_cpu_backward")
def flash_attention_backward(c: Call[Any]) -> Any:
    """Gradients of query, key and value."""
    d, a, g = c.domain, _Attention(c, c.run("logsumexp")), c.value("grad_out")

    def transposed(v: Any) -> Any:
        return d.move(lambda t: t.transpose(-2, -1), v)

    back = d.matmul(g, transposed(a.repeated("value")))
    kept = d.mul(a.weights, back)
    scores = d.sub(kept, d.mul(a.weights, d.sum(kept, (-1,), keepdim=True)))
    nothing = a.single | a.closed | a.masked
    scores = d.scale(d.select(nothing, d.constant(0, ()), scores), a.scale)
    return (
        d.matmul(scores, a.repeated("key")),
        a.collected(d.matmul(transposed(scores), c.value("query"))),
        a.collected(d.matmul(transposed(a.weights), g)),
    )
