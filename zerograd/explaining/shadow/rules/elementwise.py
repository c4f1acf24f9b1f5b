"""Rules of arithmetic, entry by entry."""

from __future__ import annotations

from math import isfinite
from typing import Any

import torch

from zerograd.explaining.shadow.rules.decisions import chosen, in_type, passed, unless_nan
from zerograd.explaining.shadow.rules.powers import inverse_of
from zerograd.explaining.shadow.rules.table import Call, decided, rule
from zerograd.explaining.tape.nodes import Source

SMOOTH = ("exp", "expm1", "log", "log1p", "sigmoid", "tanh", "sin", "cos", "erf", "erfc", "sqrt", "rsqrt")

decided("round", "floor", "ceil", "trunc", "sign", "sgn", "heaviside", "floor_divide")


def _smooth(c: Call[Any]) -> Any:
    """The function of the same name."""
    return c.domain.unary(c.node.operation.removesuffix("_"), c.value("self"))


rule(*SMOOTH)(_smooth)


def _times(c: Call[Any], v: Any, number: Any) -> Any:
    """Multiply by a number or a tensor."""
    if not isinstance(number, Source) and isfinite(number):
        return c.domain.scale(v, number)
    return c.domain.mul(v, c.of(number))


@rule("add", "_foreach_add")
def add(c: Call[Any]) -> Any:
    """self + alpha · other."""
    return c.domain.add(c.value("self"), c.domain.scale(_other(c), c.arguments.get("alpha", 1)))


@rule("sub", "_foreach_sub")
def sub(c: Call[Any]) -> Any:
    """self − alpha · other."""
    return c.domain.sub(c.value("self"), c.domain.scale(_other(c), c.arguments.get("alpha", 1)))


@rule("rsub")
def rsub(c: Call[Any]) -> Any:
    """other − alpha · self."""
    return c.domain.sub(c.value("other"), c.domain.scale(c.value("self"), c.number("alpha")))


def _other(c: Call[Any]) -> Any:
    return c.of(_operand(c))


def _operand(c: Call[Any]) -> Any:
    """The second argument, which the operations on lists call by other names."""
    return next(c[name] for name in ("other", "scalar", "tensor") if name in c.arguments)


@rule("mul", "_foreach_mul")
def mul(c: Call[Any]) -> Any:
    """self · other."""
    if not isinstance(c["self"], Source):
        return _times(c, _other(c), c["self"])
    return _times(c, c.value("self"), _operand(c))


@rule("div", "_foreach_div")
def div(c: Call[Any]) -> Any:
    """self / other; with a rounding mode, a decision of the run."""
    d, other = c.domain, _operand(c)
    if c.has("rounding_mode"):
        return d.leaf(c.result())
    if isinstance(other, Source) and not other.is_float and other.run.numel() == 1:
        shape = tuple(c.result().shape)
        scaled = d.scale(c.value("self"), inverse_of(int(other.run)))
        return d.move(lambda t: t.expand(shape), scaled)
    if isinstance(other, Source) or not isfinite(other):
        return d.div(c.value("self"), c.of(other))
    return d.scale(c.value("self"), inverse_of(other))


@rule("neg", "_foreach_neg")
def neg(c: Call[Any]) -> Any:
    """−self."""
    return c.domain.neg(c.value("self"))


@rule("remainder", "fmod")
def remainder(c: Call[Any]) -> Any:
    """self − q · other, with the integers q of the run."""
    d = c.domain
    other = c["other"].run.double() if isinstance(c["other"], Source) else c["other"]
    q = torch.round((c.run("self").double() - c.result().double()) / other)
    return d.sub(c.value("self"), d.mul(d.leaf(q), c.value("other")))


@rule("frac")
def frac(c: Call[Any]) -> Any:
    """self − the integer of the run."""
    return c.domain.sub(c.value("self"), c.domain.leaf(c.run("self").trunc()))


@rule("abs")
def abs_(c: Call[Any]) -> Any:
    """self, or −self where the run was negative."""
    v, run = c.value("self"), c.run("self")
    return chosen(c, run, run < 0, c.domain.neg(v), v)


@rule("copysign")
def copysign(c: Call[Any]) -> Any:
    """self, or −self where the run changed the sign."""
    v = c.value("self")
    return c.domain.select(c.run("self").signbit() ^ c.result().signbit(), c.domain.neg(v), v)


@rule("maximum", "fmax")
def maximum(c: Call[Any]) -> Any:
    """The one that was larger in the run."""
    a, b = c.run("self"), c.run("other")
    return chosen(c, c.result(), (a >= b) | (b.isnan() & ~a.isnan()), c.value("self"), c.value("other"))


@rule("minimum", "fmin")
def minimum(c: Call[Any]) -> Any:
    """The one that was smaller in the run."""
    a, b = c.run("self"), c.run("other")
    return chosen(c, c.result(), (a <= b) | (b.isnan() & ~a.isnan()), c.value("self"), c.value("other"))


@rule("clamp", "clamp_min", "clamp_max", "hardtanh")
def clamp(c: Call[Any]) -> Any:
    """self, or the bound that it was beyond in the run."""
    d, v, run = c.domain, c.value("self"), c.run("self")
    low, high = (
        next((c[name] for name in names if c.has(name)), None)
        for names in (("min", "min_val"), ("max", "max_val"))
    )
    if low is not None:
        bound = low.run if isinstance(low, Source) else in_type(run, low)
        below = run < bound
        v = d.gate(~below, v) if _is_zero(low) else d.select(below, c.of(low), v)
        run = torch.where(below, bound, run)
    if high is not None:
        above = run > (high.run if isinstance(high, Source) else in_type(run, high))
        v = d.gate(~above, v) if _is_zero(high) else d.select(above, c.of(high), v)
    return unless_nan(c, c.run("self"), v)


def _is_zero(bound: Any) -> bool:
    return not isinstance(bound, Source) and bool(bound == 0)


@rule("where")
def where(c: Call[Any]) -> Any:
    """self where the condition holds, else other."""
    return c.domain.select(c.run("condition"), c.value("self"), c.value("other"))


@rule("masked_fill")
def masked_fill(c: Call[Any]) -> Any:
    """value where the mask holds, else self; a zero lets nothing through."""
    d, mask, v = c.domain, c.run("mask"), c.value("self")
    if _is_zero(c["value"]):
        return d.gate(~mask, v)
    return d.select(mask, c.value("value"), v)


@rule("nan_to_num")
def nan_to_num(c: Call[Any]) -> Any:
    """self where it was finite in the run, else the number that was put there."""
    return c.domain.select(c.run("self").isfinite(), c.value("self"), c.domain.leaf(c.result()))


@rule("addcmul")
def addcmul(c: Call[Any]) -> Any:
    """self + value · tensor1 · tensor2."""
    d = c.domain
    product = d.mul(c.value("tensor1"), c.value("tensor2"))
    return d.add(c.value("self"), d.scale(product, c.number("value")))


@rule("addcdiv")
def addcdiv(c: Call[Any]) -> Any:
    """self + value · tensor1 / tensor2."""
    d = c.domain
    quotient = d.div(c.value("tensor1"), c.value("tensor2"))
    return d.add(c.value("self"), d.scale(quotient, c.number("value")))


@rule("lerp")
def lerp(c: Call[Any]) -> Any:
    """self + weight · (end − self)."""
    d, v = c.domain, c.value("self")
    return d.add(v, _times(c, d.sub(c.value("end"), v), c["weight"]))


@rule("log2", "log10")
def log_to_base(c: Call[Any]) -> Any:
    """log self / log base."""
    d, base = c.domain, int(c.node.operation.removesuffix("_").removeprefix("log"))
    return d.div(d.unary("log", c.value("self")), d.unary("log", d.constant(base, ())))


@rule("tan")
def tan(c: Call[Any]) -> Any:
    """sin self / cos self."""
    d, v = c.domain, c.value("self")
    return d.div(d.unary("sin", v), d.unary("cos", v))


@rule("sinh")
def sinh(c: Call[Any]) -> Any:
    """(m − n) / 2 with m = exp self − 1, n = exp(−self) − 1."""
    d, v = c.domain, c.value("self")
    return d.scale(d.sub(d.unary("expm1", v), d.unary("expm1", d.neg(v))), 0.5)


@rule("cosh")
def cosh(c: Call[Any]) -> Any:
    """(exp self + exp(−self)) / 2."""
    d, v = c.domain, c.value("self")
    return d.scale(d.add(d.unary("exp", v), d.unary("exp", d.neg(v))), 0.5)


@rule("asinh")
def asinh(c: Call[Any]) -> Any:
    """log(1 + a + a² / (1 + √(1 + a²))) of a = |self|, with the sign of self."""
    d, v, run = c.domain, c.value("self"), c.run("self")
    a = chosen(c, run, run < 0, d.neg(v), v)
    square, one = d.mul(a, a), d.constant(1, ())
    more = d.div(square, d.add(one, d.unary("sqrt", d.add(one, square))))
    out = d.unary("log1p", d.add(a, more))
    return d.select(run < 0, d.neg(out), out)


@rule("acosh")
def acosh(c: Call[Any]) -> Any:
    """log(1 + b + √(b (b + 2))) of b = self − 1."""
    d = c.domain
    b = d.sub(c.value("self"), d.constant(1, ()))
    return d.unary("log1p", d.add(b, d.unary("sqrt", d.mul(b, d.add(b, d.constant(2, ()))))))


@rule("atanh")
def atanh(c: Call[Any]) -> Any:
    """(log(1 + self) − log(1 − self)) / 2."""
    d, v = c.domain, c.value("self")
    return d.scale(d.sub(d.unary("log1p", v), d.unary("log1p", d.neg(v))), 0.5)


@rule("xlogy")
def xlogy(c: Call[Any]) -> Any:
    """self · log other, 0 where self is 0 and the logarithm does not exist."""
    d = c.domain
    nothing = ((c.run("self") if isinstance(c["self"], Source) else torch.tensor(c["self"])) == 0) & (
        (c.run("other") if isinstance(c["other"], Source) else torch.tensor(c["other"])) <= 0
    )
    return d.mul(c.value("self"), d.unary("log", d.select(nothing, d.constant(1, ()), c.value("other"))))


@rule("logaddexp")
def logaddexp(c: Call[Any]) -> Any:
    """log(exp self + exp other), from the larger one."""
    d, first = c.domain, c.run("self") >= c.run("other")
    a, b = c.value("self"), c.value("other")
    top, low = d.select(first, a, b), d.select(first, b, a)
    return d.add(top, d.unary("softplus", d.sub(low, top)))


@rule("logit")
def logit(c: Call[Any]) -> Any:
    """log(x / (1 − x)), of self clamped to [eps, 1 − eps]."""
    d, x = c.domain, c.value("self")
    if c.has("eps"):
        run, eps = c.run("self"), c["eps"]
        x = d.select(run < in_type(run, eps), d.constant(eps, ()), x)
        x = d.select(run > in_type(run, 1 - eps), d.constant(1 - eps, ()), x)
    return d.sub(d.unary("log", x), d.unary("log1p", d.neg(x)))


@rule("logit_backward")
def logit_backward(c: Call[Any]) -> Any:
    """grad_output / (x (1 − x)) where self was not beyond its bounds."""
    d, x, run = c.domain, c.value("self"), c.run("self")
    eps = c["eps"] if c.has("eps") else 0.0
    inside = (run >= in_type(run, eps)) & (run <= in_type(run, 1 - eps))
    if not c.has("eps"):  # nan there, not 0
        inside = torch.ones_like(inside)
    x = d.select(inside, x, d.constant(0.5, ()))
    slope = d.mul(x, d.sub(d.constant(1, ()), x))
    return passed(c, run, inside, d.div(c.value("grad_output"), slope))


@rule("fill")
def fill(c: Call[Any]) -> Any:
    """A number everywhere."""
    shape = c.shape("self")
    return c.domain.move(lambda t: t.expand(shape), c.value("value"))


@rule("zero", "_foreach_zero")
def zero(c: Call[Any]) -> Any:
    """0 everywhere."""
    return c.domain.constant(0, c.shape("self"))


@rule("copy", "_foreach_copy")
def copy(c: Call[Any]) -> Any:
    """src in the shape of self."""
    shape = c.shape("self")
    return c.domain.move(lambda t: t.expand(shape), c.value("src"))


@rule("_to_copy")
def to_copy(c: Call[Any]) -> Any:
    """self: a cast does not change what a number is."""
    return c.value("self")


@rule("_efficientzerotensor")
def efficient_zeros(c: Call[Any]) -> Any:
    """0 everywhere."""
    return c.domain.constant(0, tuple(c["size"]))
