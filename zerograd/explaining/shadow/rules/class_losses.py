"""Rules of losses whose targets are classes, and of their derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.rules.decisions import in_type
from zerograd.explaining.shadow.rules.losses import MEAN, NONE
from zerograd.explaining.shadow.rules.table import Call, rule


@dataclass(frozen=True)
class _Targets:
    """Targets that count, and where their classes' entries are.

    Attributes:
        kept: which targets are not ignored, in the shape of the targets.
        classes: the classes, 0 for those that are.
        positions: flat positions of the classes' entries in ``self``; −1 for those that are.
    """

    kept: Tensor
    classes: Tensor
    positions: Tensor


def _targets(c: Call[Any]) -> _Targets:
    shape, target = c.shape("self"), c.run("target")
    kept = target != c["ignore_index"]
    classes = torch.where(kept, target, 0)
    at = 0 if len(shape) == 1 else 1
    labels = torch.arange(torch.Size(shape).numel()).reshape(shape)
    if labels.numel() == 0:
        return _Targets(kept, classes, torch.full_like(target, -1))
    positions = labels.gather(at, classes.unsqueeze(at)).squeeze(at)
    return _Targets(kept, classes, torch.where(kept, positions, -1))


def _weights(c: Call[Any], t: _Targets) -> Any:
    """The weights of the targets, 0 of those that are ignored."""
    weights = c.domain.move(lambda w: w[t.classes], c.value("weight"))
    return c.domain.select(t.kept, weights, c.domain.constant(0, ()))


@rule("nll_loss_forward", "nll_loss2d_forward")
def nll_loss(c: Call[Any]) -> Any:
    """−weight · the entry of the target's class, and the sum of the weights."""
    d, t, v = c.domain, _targets(c), c.value("self")
    flat = d.move(lambda x: torch.nn.functional.pad(x.reshape(-1), (0, 1))[t.positions], v)
    losses = d.neg(d.select(t.kept, flat, d.constant(0, ())))
    every = range(t.kept.dim())
    if c.has("weight"):
        weights = _weights(c, t)
        losses = d.mul(losses, weights)
        total = d.sum(weights, every)
    else:
        total = d.constant(int(t.kept.sum()), ())
    if c["reduction"] == NONE:
        return losses, None
    loss = d.sum(losses, every)
    if c["reduction"] != MEAN:
        return loss, total
    if not bool(t.kept.any()):
        raise Cannot("a mean over nothing")
    return d.div(loss, total) if c.has("weight") else d.scale(loss, Fraction(1, int(t.kept.sum()))), total


@rule("nll_loss_backward", "nll_loss2d_backward")
def nll_loss_backward(c: Call[Any]) -> Any:
    """−weight · grad_output at the target's class, divided by the sum of the weights for a mean."""
    d, t, shape = c.domain, _targets(c), c.shape("self")
    count = int(t.kept.sum())
    if count == 0:  # nothing counts, whatever comes back
        return d.constant(0, shape)
    g = d.neg(d.move(lambda x: x.expand(t.kept.shape), c.value("grad_output")))
    if c.has("weight"):
        weights = _weights(c, t)
        if c["reduction"] == MEAN:
            weights = d.div(weights, d.sum(weights, range(t.kept.dim())))
        g = d.mul(g, weights)
    elif c["reduction"] == MEAN:
        g = d.scale(g, Fraction(1, count))
    spread = d.spread(g, t.positions, torch.Size(shape).numel())
    return d.move(lambda x: x.reshape(shape), spread)


@dataclass(frozen=True)
class _Margins:
    """Margins z = margin − self[target] + self[other], in shape (N, targets, classes).

    Attributes:
        z: their values.
        counted: those above 0 in the run, of other classes.
        classes: the targets' classes, (N, targets), of any class where nothing is counted.
    """

    z: Any
    counted: Tensor
    classes: Tensor


def _margins(c: Call[Any], classes: Tensor, others: Tensor, valid: Tensor, margin: float) -> _Margins:
    d, run = c.domain, c.run("self").reshape(len(classes), -1)
    x = d.move(lambda t: t.reshape(len(classes), -1), c.value("self"))
    run_z = (in_type(run, margin) - run.gather(1, classes)).unsqueeze(2) + run.unsqueeze(1)
    if bool(run_z.isnan().any()):
        raise Cannot("margins of nan")
    chosen = d.move(lambda t: t.gather(1, classes).unsqueeze(2), x)
    z = d.add(d.sub(d.constant(margin, ()), chosen), d.move(lambda t: t.unsqueeze(1), x))
    return _Margins(z, (run_z > 0) & others.unsqueeze(1) & valid.unsqueeze(2), classes)


def _multi(c: Call[Any]) -> _Margins:
    n = c.run("self").reshape(-1, c.shape("self")[-1]).shape[0]
    classes = c.run("target").reshape(n, 1)
    others = torch.ones(n, c.shape("self")[-1], dtype=torch.bool).scatter(1, classes, False)
    return _margins(c, classes, others, torch.ones_like(classes, dtype=torch.bool), float(c["margin"]))


def _multilabel(c: Call[Any]) -> _Margins:
    target = c.run("target").reshape(-1, c.shape("self")[-1])
    valid = (target >= 0).cumprod(1).bool()
    classes = torch.where(valid, target, 0)
    hits = torch.zeros_like(target).scatter_add(1, classes, valid.to(target.dtype))
    return _margins(c, classes, hits == 0, valid, 1.0)


def _margin_loss(c: Call[Any], m: _Margins, terms: Any) -> Any:
    """Sums of terms over a row, divided by the number of classes, reduced."""
    d = c.domain
    rows = d.scale(d.sum(d.gate(m.counted, terms), [1, 2]), Fraction(1, m.counted.shape[2]))
    if c["reduction"] == NONE:
        shape = c.result().shape
        return d.move(lambda t: t.reshape(shape), rows)
    loss = d.sum(rows, [0])
    return d.scale(loss, Fraction(1, len(m.classes))) if c["reduction"] == MEAN else loss


def _margin_gradient(c: Call[Any], m: _Margins, slopes: Any) -> Any:
    """What comes back times the slopes: to the others, and with the other sign to the targets."""
    d, shape = c.domain, c.shape("self")
    n, _, k = m.counted.shape
    share = Fraction(1, k * n) if c["reduction"] == MEAN else Fraction(1, k)
    g = d.move(lambda t: t.reshape(-1, 1, 1).expand(n, 1, 1), c.value("grad_output"))
    terms = d.mul(d.gate(m.counted, slopes), d.scale(g, share))
    positions = torch.arange(n).unsqueeze(1) * k + m.classes
    back = d.spread(d.neg(d.sum(terms, [2])), positions, n * k)
    return d.move(lambda t: t.reshape(shape), d.add(d.move(lambda t: t.reshape(-1), d.sum(terms, [1])), back))


def _class_weights(c: Call[Any], m: _Margins, v: Any) -> Any:
    if not c.has("weight"):
        return v
    return c.domain.mul(v, c.domain.move(lambda w: w[m.classes].unsqueeze(2), c.value("weight")))


@rule("multi_margin_loss")
def multi_margin_loss(c: Call[Any]) -> Any:
    """weight · Σ max(0, margin − self[target] + self[other])^p / classes."""
    m = _multi(c)
    terms = m.z if c["p"] == 1 else c.domain.mul(m.z, m.z)
    return _margin_loss(c, m, _class_weights(c, m, terms))


@rule("multi_margin_loss_backward")
def multi_margin_loss_backward(c: Call[Any]) -> Any:
    """The terms above 0 send back their slope."""
    d, m = c.domain, _multi(c)
    slopes = d.constant(1, tuple(m.counted.shape)) if c["p"] == 1 else d.scale(m.z, 2)
    return _margin_gradient(c, m, _class_weights(c, m, slopes))


@rule("multilabel_margin_loss_forward")
def multilabel_margin_loss(c: Call[Any]) -> Any:
    """Σ max(0, 1 − self[target] + self[other]) / classes, and which classes are targets."""
    m = _multilabel(c)
    return _margin_loss(c, m, m.z), c.domain.leaf(c.result(1))


@rule("multilabel_margin_loss_backward")
def multilabel_margin_loss_backward(c: Call[Any]) -> Any:
    """The terms above 0 send back their slope."""
    m = _multilabel(c)
    return _margin_gradient(c, m, c.domain.constant(1, tuple(m.counted.shape)))
