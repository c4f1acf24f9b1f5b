"""Rules of dropout, where the mask is the run's own, and of embeddings, which pick rows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from zerograd.core.errors import Impossible
from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.rules.parts import size
from zerograd.explaining.shadow.rules.table import Call, rule

SUM, MEAN, MAX = 0, 1, 2
"""How an embedding bag joins rows."""


# dropout
@rule("native_dropout")
def native_dropout(c: Call[Any]) -> Any:
    """What the run kept, divided by the probability of keeping."""
    d, mask = c.domain, c.result(1)
    if c["train"] is False:
        return c.value("input"), d.leaf(mask)
    p = float(c["p"])
    kept = d.scale(c.value("input"), 1 / (1 - p) if p < 1 else 0)
    return d.select(mask, kept, d.constant(0, ())), d.leaf(mask)


@rule("native_dropout_backward")
def native_dropout_backward(c: Call[Any]) -> Any:
    """What comes back to entries that were kept, times the scale."""
    d = c.domain
    return d.select(
        c.run("mask").bool(), d.scale(c.value("grad_output"), c.number("scale")), d.constant(0, ())
    )


# embedding
@rule("embedding")
def embedding(c: Call[Any]) -> Any:
    """The rows that the indices name."""
    indices = c.run("indices")
    return c.domain.move(lambda t: t[indices], c.value("weight"))


@rule("embedding_dense_backward")
def embedding_dense_backward(c: Call[Any]) -> Any:
    """Sums of what comes back to each row, divided by its frequency if asked; nothing for the padding row."""
    indices = c.run("indices").flatten()
    counts = _counts(indices, c["num_weights"]) if c["scale_grad_by_freq"] else None
    rows = torch.where(indices == c["padding_idx"], -1, indices)
    grad = c.domain.move(lambda t: t.reshape(len(rows), -1), c.value("grad_output"))
    return _to_rows(c, grad, rows, c["num_weights"], counts)


def _counts(indices: Tensor, rows: int) -> Tensor:
    return torch.bincount(indices.to(torch.int64), minlength=rows)


def _to_rows(c: Call[Any], grad: Any, rows: Tensor, count: int, frequency: Tensor | None) -> Any:
    """Add rows of ``grad`` (n, D) to the rows of a matrix with ``count``; −1 drops one."""
    d = c.domain
    width = d.shape(grad)[1]
    places = torch.where(rows[:, None] < 0, -1, rows[:, None] * width + torch.arange(width))
    flat = d.spread(grad, places, count * width)
    total = d.move(lambda t: t.reshape(count, width), flat)
    return total if frequency is None else d.div(total, d.leaf(frequency.clamp_min(1)[:, None]))


@rule("embedding_renorm_")
def embedding_renorm(c: Call[Any]) -> Any:
    """Rows that were used, and in the run were longer than ``max_norm``, times max_norm / (norm + 10⁻⁷)."""
    d, w = c.domain, c.value("self")
    if c["norm_type"] != 2:
        raise Cannot("norms other than the Euclidean one")
    used = torch.zeros(c.shape("self")[0], dtype=torch.bool)
    used[c.run("indices").flatten()] = True
    long = used & (c.run("self").norm(2, 1) > c["max_norm"])
    if not bool(long.any()):
        return w
    rows = long.nonzero().flatten()
    picked = d.move(lambda t: t[rows], w)
    norm = d.unary("sqrt", d.sum(d.mul(picked, picked), (1,), keepdim=True))
    factor = d.div(d.constant(c["max_norm"], ()), d.add(norm, d.constant(1e-7, ())))
    places = rows[:, None] * c.shape("self")[1] + torch.arange(c.shape("self")[1])
    flat = d.put(d.move(Tensor.flatten, w), places, d.mul(picked, factor))
    return d.move(lambda t: t.reshape(c.shape("self")), flat)


# bags of rows
class _Bags:
    """Which rows each bag joins: those at ``kept`` of the indices are in bags ``bag``; padding is in none."""

    def __init__(self, c: Call[Any], count: int) -> None:
        self.indices = c.run("indices").to(torch.int64)
        self.count = count
        if c.has("offsets"):
            places, offsets = torch.arange(len(self.indices)), c.run("offsets").to(torch.int64)
            self.bag = torch.searchsorted(offsets[: self.count].contiguous(), places, right=True) - 1
        else:
            self.bag = c.run("offset2bag").to(torch.int64)
        self.kept = self.indices != c["padding_idx"]
        self.sizes = _counts(self.bag[self.kept], self.count)


@rule("_embedding_bag", "_embedding_bag_forward_only")
def embedding_bag(c: Call[Any]) -> Any:
    """Sum, mean or maximum of the rows of each bag; sums can be weighted."""
    d, bags, w = c.domain, _Bags(c, c.result().shape[0]), c.value("weight")
    width = c.shape("weight")[1]
    rest = (None,) * (len(c.node.results) - 1)
    if c["mode"] == MAX:
        chosen = c.result(3)
        empty = (bags.sizes == 0)[:, None]
        picked = d.move(lambda t: t.gather(0, chosen.to(torch.int64).clamp_min(0)), w)
        return (d.select(empty, d.constant(0, ()), picked), *rest)
    picked = d.move(lambda t: t[bags.indices], w)
    if c.has("per_sample_weights"):
        picked = d.mul(picked, d.move(lambda t: t[:, None], c.value("per_sample_weights")))
    out = _to_rows(c, picked, torch.where(bags.kept, bags.bag, -1), bags.count, None)
    if c["mode"] == MEAN:
        out = d.div(out, d.leaf(bags.sizes.clamp_min(1)[:, None]))
    if d.shape(out) != (bags.count, width):
        raise Impossible(f"{c.node.operation} has a result of shape {tuple(d.shape(out))}")
    return (out, *rest)


@rule("_embedding_bag_backward", "_embedding_bag_dense_backward")
def embedding_bag_backward(c: Call[Any]) -> Any:
    """What comes back to each row through its bags; torch 2.1 shows only the second name."""
    if c.arguments.get("sparse"):
        raise Cannot("sparse gradients")
    if c["scale_grad_by_freq"]:
        # torch 2.13 divides by the frequencies of other rows than those meant
        raise Cannot("frequencies in bags")
    return _bag_gradient(c, _Bags(c, c.shape("grad")[0]))


def _bag_gradient(c: Call[Any], bags: _Bags) -> Any:
    d, grad, rows = c.domain, c.value("grad"), c["num_weights"]
    if c["mode"] == MAX:
        chosen = c.run("maximum_indices").to(torch.int64)
        width = c.shape("grad")[1]
        places = torch.where((bags.sizes == 0)[:, None], -1, chosen * width + torch.arange(width))
        return d.move(lambda t: t.reshape(rows, width), d.spread(grad, places, rows * width))
    if c["mode"] == MEAN:
        grad = d.div(grad, d.leaf(bags.sizes.clamp_min(1)[:, None]))
    shares = d.move(lambda t: t[bags.bag], grad)
    if c.has("per_sample_weights"):
        shares = d.mul(shares, d.move(lambda t: t[:, None], c.value("per_sample_weights")))
    return _to_rows(c, shares, torch.where(bags.kept, bags.indices, -1), rows, None)


@rule("_embedding_bag_per_sample_weights_backward")
def embedding_bag_weights_backward(c: Call[Any]) -> Any:
    """Inner product of each row with what comes back to its bag."""
    d = c.domain
    indices, kept = c.run("indices"), c.run("indices") != c["padding_idx"]
    bag = _Bags(c, c.shape("grad")[0]).bag
    rows = d.move(lambda t: t[indices], c.value("weight"))
    inner = d.sum(d.mul(rows, d.move(lambda t: t[bag], c.value("grad"))), (1,))
    return d.select(kept, inner, d.constant(0, (size(indices.shape),)))
