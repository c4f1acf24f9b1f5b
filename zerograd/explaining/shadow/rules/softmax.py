"""Rules of softmax and its logarithm.

With t the largest entry of a row in the run and e_k = exp(x_k − x_t), e_t = 1 without computing it:
p_k = e_k / (1 + Σ_{k≠t} e_k). Equal entries have rational probabilities in exact arithmetics; what is small
near probability 1 is summed from small terms, never as a difference from 1. An entry −∞ has e_k = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import AnyDomain
from zerograd.explaining.shadow.rules.activations import one_minus
from zerograd.explaining.shadow.rules.powers import flattened
from zerograd.explaining.shadow.rules.reductions import dims
from zerograd.explaining.shadow.rules.table import Call, rule
from zerograd.explaining.tape.nodes import Source


@dataclass(frozen=True)
class Rows:
    """Rows along a dimension, seen from their largest entries.

    Attributes:
        is_top: where the largest entries of the run are, one in a row.
        top: their values, with the dimension kept.
        shifted: all values minus these; exactly 0 at the top.
        others: Σ_{k≠t} exp(x_k − x_t), with the dimension kept.
    """

    domain: AnyDomain
    dim: int
    is_top: Tensor
    top: Any
    shifted: Any
    terms: Any
    others: Any

    def probabilities(self) -> Any:
        """Return exp(x_k − x_t) / Σ."""
        d = self.domain
        return d.div(self.terms, d.add(d.constant(1, ()), self.others))

    def complements(self, p: Any) -> Any:
        """Return 1 − p_k: from the other terms at the top, from p_k ≤ 1/2 elsewhere."""
        d = self.domain
        at_top = d.div(self.others, d.add(d.constant(1, ()), self.others))
        return d.select(self.is_top, at_top, one_minus(d, p))


def top_of(run: Tensor, dim: int) -> Tensor:
    """Return where the first largest entry of each row is."""
    index = run.argmax(dim, keepdim=True)
    return torch.zeros_like(run, dtype=torch.bool).scatter_(dim, index, True)


def rows(d: AnyDomain, x: Any, run: Tensor, dim: int) -> Rows:
    """Return rows seen from their largest entries in the run."""
    is_top = top_of(run, dim)
    index = run.argmax(dim, keepdim=True)
    top = d.move(lambda t: t.gather(dim, index), x)
    nothing = d.scale(top, 0)  # unknown where the largest entry is, or is infinite
    shifted = d.select(is_top, nothing, d.sub(x, top))
    terms = d.unary("exp", shifted)
    others = d.add(d.sum(d.select(is_top, d.constant(0, ()), terms), [dim], True), nothing)
    return Rows(d, dim, is_top, top, shifted, terms, others)


def _at_least_one(f: Callable[[Call[Any]], Any]) -> Callable[[Call[Any]], Any]:
    """Leave tensors without entries to their shape alone."""

    def g(c: Call[Any]) -> Any:
        return f(c) if c.result().numel() else c.domain.leaf(c.result())

    g.__doc__ = f.__doc__
    return g


def _flat(c: Call[Any], name: str) -> tuple[Any, Tensor, int]:
    """Value, run's numbers and dimension of an argument; a single number is a row of one."""
    v, run = c.value(name), c.run(name)
    if run.dim() == 0:
        return c.domain.move(lambda t: t.unsqueeze(0), v), run.unsqueeze(0), 0
    return v, run, c["dim"] % run.dim()


def _back(c: Call[Any], v: Any) -> Any:
    shape = c.result().shape
    return c.domain.move(lambda t: t.reshape(shape), v)


@rule("_softmax")
@_at_least_one
def softmax(c: Call[Any]) -> Any:
    """exp(self) / Σ exp(self)."""
    return _back(c, rows(c.domain, *_flat(c, "self")).probabilities())


@rule("_log_softmax")
@_at_least_one
def log_softmax(c: Call[Any]) -> Any:
    """self − log Σ exp(self)."""
    d, r = c.domain, rows(c.domain, *_flat(c, "self"))
    return _back(c, d.sub(r.shifted, d.unary("log1p", r.others)))


def _rows_of(c: Call[Any], operation: str) -> Rows | None:
    """Return the rows that ``output`` was computed from, if it is the result of an operation as it was."""
    made = c.producer("output", operation)
    if made is None or made["dim"] % max(made.run("self").dim(), 1) != c["dim"] % max(
        c.run("output").dim(), 1
    ):
        return None
    return rows(made.domain, *_flat(made, "self"))


def is_even(argument: Any, dim: int) -> bool:
    """Whether the entries of a tensor are one number along a dimension, by how it was made.

    The dimension is counted from the end, from 1 on.
    """
    if not isinstance(argument, Source):
        return True
    geometry = argument.view or argument.node.layouts[argument.output]
    if geometry is None or len(geometry.size) < dim:
        return geometry is not None
    if geometry.size[-dim] == 1 or geometry.stride[-dim] == 0:
        return True
    node = argument.node
    if argument.view is not None or node.function is None:
        return False
    if node.operation in ("copy_", "copy"):
        return is_even(node.arguments[1], dim)
    if node.operation in ("clone", "neg", "mul", "div"):
        return all(is_even(each, dim) for each in node.arguments[:2])
    return False


@rule("_softmax_backward_data")
@_at_least_one
def softmax_backward(c: Call[Any]) -> Any:
    """p_i Σ_k p_k (g_i − g_k), with g taken relative to its entry where p is largest."""
    d = c.domain
    g, run, dim = _flat(c, "grad_output")
    p = _flat(c, "output")[0]
    if is_even(c["grad_output"], run.dim() - dim):  # every difference is 0
        return _back(c, d.add(d.scale(p, 0), d.scale(g, 0)))
    output = _flat(c, "output")[1]
    is_top, index = top_of(output, dim), output.argmax(dim, keepdim=True)
    relative = d.sub(g, d.move(lambda t: t.gather(dim, index), g))
    relative = d.select(is_top, d.scale(g, 0), relative)
    mean = d.sum(d.mul(p, relative), [dim], True)
    return _back(c, d.mul(p, d.sub(relative, mean)))


@rule("_log_softmax_backward_data")
@_at_least_one
def log_softmax_backward(c: Call[Any]) -> Any:
    """g_i − p_i Σ_k g_k = g_i (1 − p_i) − p_i Σ_{k≠i} g_k: no cancellation where one g of a row is not 0."""
    d = c.domain
    g, run, dim = _flat(c, "grad_output")
    output, seen, _ = _flat(c, "output")
    r = _rows_of(c, "_log_softmax")
    if r is not None:
        p = r.probabilities()
        complements = r.complements(p)
    else:
        p = d.unary("exp", output)
        is_top = top_of(seen, dim)
        at_top = d.sum(d.select(is_top, d.constant(0, ()), p), [dim], True)
        complements = d.select(is_top, at_top, one_minus(d, p))
    # Σ_{k≠i} g_k: without the largest, h; with it, h + the largest − g_i
    largest = top_of(run.abs(), dim)
    index = run.abs().argmax(dim, keepdim=True)
    h = d.sum(d.select(largest, d.constant(0, ()), g), [dim], True)
    whole = d.add(h, d.move(lambda t: t.gather(dim, index), g))
    others = d.select(largest, h, d.sub(whole, g))
    return _back(c, d.sub(d.mul(g, complements), d.mul(p, others)))


@rule("logsumexp")
def logsumexp(c: Call[Any]) -> Any:
    """log Σ exp(self) over some dimensions, from their largest entry."""
    d, v, run, over = c.domain, c.value("self"), c.run("self"), dims(c)
    flat = d.move(lambda t: flattened(t, over), v) if over else d.move(lambda t: t.unsqueeze(-1), v)
    r = rows(d, flat, flattened(run, over) if over else run.unsqueeze(-1), -1)
    out = d.move(lambda t: t.squeeze(-1), d.add(r.top, d.unary("log1p", r.others)))
    return _back(c, out)


@rule("logcumsumexp")
def logcumsumexp(c: Call[Any]) -> Any:
    """log of the sums of the first exponentials along a dimension, from the largest of all."""
    d, v, run = c.domain, c.value("self"), c.run("self")
    if run.dim() == 0:
        return v
    from zerograd.explaining.shadow.rules.powers import scanned

    r = rows(d, v, run, c["dim"])
    return d.add(r.top, d.unary("log", scanned(d, r.terms, c["dim"], d.add)))
