"""Rules of losses that compare entries with targets, and of their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.rules.activations import complement
from zerograd.explaining.shadow.rules.decisions import chosen, in_type
from zerograd.explaining.shadow.rules.table import Call, rule

MEAN, NONE = 1, 0  # at::Reduction: None 0, Mean 1, Sum 2
LEAST_LOG = -100.0
LEAST_SLOPE = 1e-12


def share(c: Call[Any], n: int, number: int = 1) -> Fraction | int:
    """Return number / n for a mean over n entries, else number.

    Raises:
        Cannot: a mean over nothing.
    """
    if c["reduction"] != MEAN:
        return number
    if n == 0:
        raise Cannot("a mean over nothing")
    return Fraction(number, n)


def reduced(c: Call[Any], v: Any) -> Any:
    """Reduce a loss's entries as ``reduction`` says."""
    d = c.domain
    if c["reduction"] == NONE:
        return v
    shape = d.shape(v)
    return d.scale(d.sum(v, range(len(shape))), share(c, torch.Size(shape).numel()))


def returned(c: Call[Any], slope: Any) -> Any:
    """Return the slope of each entry's loss times what comes back to it; there may be no entry."""
    d = c.domain
    n = c.result().numel()
    return d.mul(d.scale(slope, share(c, n) if n else 1), c.value("grad_output"))


def _residual(c: Call[Any]) -> Any:
    return c.domain.sub(c.value("self"), c.value("target"))


def _run_residual(c: Call[Any]) -> Tensor:
    """self − target as the kernels compute it: halves as float32."""
    x, y = c.run("self"), c.run("target")
    return x - y if x.dtype is torch.float64 else x.float() - y.float()


@rule("mse_loss")
def mse_loss(c: Call[Any]) -> Any:
    """(self − target)²."""
    r = _residual(c)
    return reduced(c, c.domain.mul(r, r))


@rule("mse_loss_backward")
def mse_loss_backward(c: Call[Any]) -> Any:
    """2 (self − target)."""
    return returned(c, c.domain.scale(_residual(c), 2))


@rule("smooth_l1_loss")
def smooth_l1_loss(c: Call[Any]) -> Any:
    """r² / (2 beta) where |r| < beta, else |r| − beta / 2."""
    d, r, run, beta = c.domain, _residual(c), _run_residual(c), c["beta"]
    size = chosen(c, run, run < 0, d.neg(r), r)
    line = d.sub(size, d.constant(Fraction(beta) / 2, ()))
    if beta == 0:
        return reduced(c, line)
    curve = d.scale(d.mul(r, r), 1 / (2 * Fraction(beta)))
    return reduced(c, d.select(run.abs() < in_type(run, beta), curve, line))


@rule("smooth_l1_loss_backward")
def smooth_l1_loss_backward(c: Call[Any]) -> Any:
    """r / beta where |r| < beta, else the sign of r."""
    d, r, run, beta = c.domain, _residual(c), _run_residual(c), c["beta"]
    slope = d.scale(r, 1 / Fraction(beta)) if beta else r
    bound = in_type(run, beta)
    sides = d.select(run <= -bound, d.constant(-1, ()), d.select(run >= bound, d.constant(1, ()), slope))
    return returned(c, chosen(c, run, torch.ones_like(run, dtype=torch.bool), sides, sides))


@rule("huber_loss")
def huber_loss(c: Call[Any]) -> Any:
    """r² / 2 where |r| ≤ delta, else delta (|r| − delta / 2)."""
    d, r, run, delta = c.domain, _residual(c), _run_residual(c), c["delta"]
    size = chosen(c, run, run < 0, d.neg(r), r)
    line = d.scale(d.sub(size, d.constant(Fraction(delta) / 2, ())), delta)
    return reduced(c, d.select(run.abs() <= in_type(run, delta), d.scale(d.mul(r, r), 0.5), line))


@rule("huber_loss_backward")
def huber_loss_backward(c: Call[Any]) -> Any:
    """r where |r| < delta, else delta times the sign of r."""
    d, r, run, delta = c.domain, _residual(c), _run_residual(c), c["delta"]
    bound = in_type(run, delta)
    sides = d.select(run >= bound, d.constant(delta, ()), r)
    sides = d.select(run <= -bound, d.constant(-delta, ()), sides)
    return returned(c, chosen(c, run, torch.ones_like(run, dtype=torch.bool), sides, sides))


def _weighted(c: Call[Any], v: Any) -> Any:
    return c.domain.mul(v, c.value("weight")) if c.has("weight") else v


def _clamped_log(c: Call[Any], run: Tensor, log: Callable[[Any], Any], v: Any) -> Any:
    """Return a logarithm, or −100 where the run's was below."""
    d, low = c.domain, run < LEAST_LOG
    return d.select(low, d.constant(LEAST_LOG, ()), log(d.select(low, d.constant(0.5, ()), v)))


@rule("binary_cross_entropy")
def binary_cross_entropy(c: Call[Any]) -> Any:
    """−weight · (target · log self + (1 − target) · log(1 − self)), logarithms not below −100."""
    d, x, y, run = c.domain, c.value("self"), c.value("target"), c.run("self")
    logs = _clamped_log(c, run.log(), lambda v: d.unary("log", v), x)
    others = _clamped_log(c, (-run).log1p(), lambda v: d.unary("log1p", d.neg(v)), x)
    loss = d.sub(d.mul(d.sub(y, d.constant(1, ())), others), d.mul(y, logs))
    return reduced(c, _weighted(c, loss))


@rule("binary_cross_entropy_backward")
def binary_cross_entropy_backward(c: Call[Any]) -> Any:
    """weight · (self − target) / (self (1 − self)), whose denominator is not below 1e-12."""
    d, x, run = c.domain, c.value("self"), c.run("self")
    low = (1 - run) * run < in_type(run, LEAST_SLOPE)
    below = d.select(low, d.constant(LEAST_SLOPE, ()), d.mul(x, complement(c, "self")))
    return returned(c, _weighted(c, d.div(d.sub(x, c.value("target")), below)))


@rule("binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(c: Call[Any]) -> Any:
    """(1 − target) · self + (1 + (pos_weight − 1) · target) · softplus(−self), times weight."""
    d, x, y = c.domain, c.value("self"), c.value("target")
    one = d.constant(1, ())
    tail = d.unary("softplus", d.neg(x))
    if c.has("pos_weight"):
        tail = d.mul(tail, d.add(one, d.mul(d.sub(c.value("pos_weight"), one), y)))
    return reduced(c, _weighted(c, d.add(d.mul(d.sub(one, y), x), tail)))


@rule("soft_margin_loss")
def soft_margin_loss(c: Call[Any]) -> Any:
    """log(1 + exp(−target · self))."""
    d = c.domain
    return reduced(c, d.unary("softplus", d.neg(d.mul(c.value("target"), c.value("self")))))


@rule("soft_margin_loss_backward")
def soft_margin_loss_backward(c: Call[Any]) -> Any:
    """−target · sigmoid(−target · self)."""
    d, y = c.domain, c.value("target")
    slope = d.mul(d.neg(y), d.unary("sigmoid", d.neg(d.mul(y, c.value("self")))))
    return returned(c, slope)
