"""Rules of the operations that every network needs; the pattern for all others."""

from __future__ import annotations

from typing import Any

from zerograd.explaining.shadow.rules.table import Call, rule


@rule("add")
def add(c: Call[Any]) -> Any:
    """self + alpha · other."""
    return c.domain.add(c.value("self"), c.domain.scale(c.value("other"), c.number("alpha")))


@rule("mul")
def mul(c: Call[Any]) -> Any:
    """self · other."""
    return c.domain.mul(c.value("self"), c.value("other"))


@rule("mm")
def mm(c: Call[Any]) -> Any:
    """Matrix product."""
    return c.domain.matmul(c.value("self"), c.value("mat2"))


@rule("addmm")
def addmm(c: Call[Any]) -> Any:
    """beta · self + alpha · mat1 mat2."""
    d = c.domain
    product = d.matmul(c.value("mat1"), c.value("mat2"))
    return d.add(d.scale(c.value("self"), c.number("beta")), d.scale(product, c.number("alpha")))


@rule("relu")
def relu(c: Call[Any]) -> Any:
    """What is positive passes."""
    return c.domain.gate(c.result() > 0, c.value("self"))


@rule("threshold_backward")
def threshold_backward(c: Call[Any]) -> Any:
    """What comes back passes where the input was above the threshold."""
    return c.domain.gate(c.run("self") > c["threshold"], c.value("grad_output"))


@rule("sum")
def total(c: Call[Any]) -> Any:
    """Sum over some dimensions, or all."""
    v = c.value("self")
    dims = c.arguments.get("dim") or range(len(c.shape("self")))
    return c.domain.sum(v, tuple(dims), bool(c.arguments.get("keepdim")))


@rule("mse_loss")
def mse_loss(c: Call[Any]) -> Any:
    """(self − target)², its mean, or its sum."""
    d = c.domain
    r = d.sub(c.value("self"), c.value("target"))
    return reduced(c, d.mul(r, r))


@rule("mse_loss_backward")
def mse_loss_backward(c: Call[Any]) -> Any:
    """2 (self − target) · grad_output, divided by the number of entries for a mean."""
    d = c.domain
    r = d.sub(c.value("self"), c.value("target"))
    return d.mul(d.scale(r, share(c, 2)), c.value("grad_output"))


MEAN = 1  # at::Reduction: None 0, Mean 1, Sum 2


def share(c: Call[Any], number: int) -> Any:
    """Return number / n for a mean over n entries of ``self``, else number."""
    from fractions import Fraction

    n = c.run("self").numel()
    return Fraction(number, n) if c["reduction"] == MEAN and n else number


def reduced(c: Call[Any], v: Any) -> Any:
    """Reduce a loss's entries as ``reduction`` says."""
    d = c.domain
    if c["reduction"] == 0:
        return v
    return d.scale(d.sum(v, range(len(d.shape(v)))), share(c, 1))
