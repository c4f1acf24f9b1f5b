"""Rules of activations and of their derivatives.

Where an activation has a kink, the side is the one that torch's kernel took in the run: in which type
it compared differs from kernel to kernel, so it is asked itself, or its result is looked at.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import AnyDomain
from zerograd.explaining.shadow.rules.decisions import chosen, in_type, only, opened, passed
from zerograd.explaining.shadow.rules.table import Call, rule

TANH_INNER = 2**0.5 * 1.12837916709551257390 * 0.5
"""√(2/π) as GELU's approximation by tanh has it: this float64."""
TANH_CUBIC = 0.044715


def one_minus(d: AnyDomain, v: Any) -> Any:
    """Return 1 − v."""
    return d.sub(d.constant(1, ()), v)


def complement(c: Call[Any], name: str) -> Any:
    """Return 1 − y; of y = sigmoid(x) as sigmoid(−x), which does not cancel."""
    made = c.producer(name, "sigmoid")
    if made is None:
        return one_minus(c.domain, c.value(name))
    return c.domain.unary("sigmoid", c.domain.neg(made.value("self")))


def tanh_slope(d: AnyDomain, x: Any) -> Any:
    """Return 1 − tanh² x = 4 sigmoid(2x) sigmoid(−2x), which does not cancel."""
    twice = d.scale(x, 2)
    return d.scale(d.mul(d.unary("sigmoid", twice), d.unary("sigmoid", d.neg(twice))), 4)


@rule("sigmoid_backward")
def sigmoid_backward(c: Call[Any]) -> Any:
    """grad_output · y (1 − y)."""
    d = c.domain
    return d.mul(c.value("grad_output"), d.mul(c.value("output"), complement(c, "output")))


@rule("tanh_backward")
def tanh_backward(c: Call[Any]) -> Any:
    """grad_output · (1 − y²)."""
    d, made = c.domain, c.producer("output", "tanh")
    if made is not None:
        slope = tanh_slope(d, made.value("self"))
    else:
        y = c.value("output")
        slope = one_minus(d, d.mul(y, y))
    return d.mul(c.value("grad_output"), slope)


@rule("relu")
def relu(c: Call[Any]) -> Any:
    """What is positive passes."""
    run = c.run("self")
    return passed(c, run, run > 0, c.value("self"))


@rule("threshold")
def threshold(c: Call[Any]) -> Any:
    """self above the threshold, else value."""
    below = c.again({"value": float("nan")}).isnan()
    return chosen(c, c.run("self"), below, c.value("value"), c.value("self"))


@rule("threshold_backward")
def threshold_backward(c: Call[Any]) -> Any:
    """What comes back passes where the input was above the threshold."""
    return passed(c, c.run("self"), opened(c, "grad_output"), c.value("grad_output"))


@rule("hardtanh_backward")
def hardtanh_backward(c: Call[Any]) -> Any:
    """What comes back passes strictly between the bounds."""
    return passed(c, c.run("self"), opened(c, "grad_output"), c.value("grad_output"))


def _leaky(c: Call[Any], name: str, run: Tensor, slope: Any) -> Any:
    v = c.value(name)
    return chosen(c, run, run > 0, v, c.domain.scale(v, slope))


@rule("leaky_relu")
def leaky_relu(c: Call[Any]) -> Any:
    """self where positive, else slope · self."""
    return _leaky(c, "self", c.run("self"), c["negative_slope"])


@rule("leaky_relu_backward")
def leaky_relu_backward(c: Call[Any]) -> Any:
    """What comes back where the input was positive, else slope times it."""
    return _leaky(c, "grad_output", c.run("self"), c["negative_slope"])


@rule("_prelu_kernel")
def prelu(c: Call[Any]) -> Any:
    """self where positive, else weight · self."""
    run, v = c.run("self"), c.value("self")
    return chosen(c, run, run > 0, v, c.domain.mul(v, c.value("weight")))


@rule("_prelu_kernel_backward")
def prelu_backward(c: Call[Any]) -> Any:
    """The gradients of self and, for each entry, of weight."""
    d, run, g = c.domain, c.run("self"), c.value("grad_output")
    return (
        chosen(c, run, run > 0, g, d.mul(g, c.value("weight"))),
        passed(c, run, run <= 0, d.mul(c.value("self"), g)),
    )


@rule("rrelu_with_noise")
def rrelu(c: Call[Any]) -> Any:
    """self where positive, else self times a slope that the run drew (the mean slope when not training)."""
    d, run, v = c.domain, c.run("self"), c.value("self")
    if not c["training"]:
        return _leaky(c, "self", run, (c["lower"] + c["upper"]) / 2)
    noise = d.leaf(c.result(1))
    return chosen(c, run, run <= 0, d.mul(v, noise), v), noise


@rule("rrelu_with_noise_backward")
def rrelu_backward(c: Call[Any]) -> Any:
    """What comes back times the slope that was drawn (the mean slope when not training)."""
    lower, upper = c["lower"], c["upper"]
    if c["training"] and upper - lower > 1e-6:
        return c.domain.mul(c.value("grad_output"), c.domain.leaf(c.run("noise")))
    return _leaky(c, "grad_output", c.run("self"), (lower + upper) / 2)


@rule("elu", "celu")
def elu(c: Call[Any]) -> Any:
    """scale · self where positive, else scale · alpha · (exp(input_scale · self) − 1)."""
    d, run, v = c.domain, c.run("self"), c.value("self")
    alpha, scale, inner = c["alpha"], c.arguments.get("scale", 1), c.arguments.get("input_scale", 1)
    if c.node.operation.startswith("celu"):
        inner = 1 / alpha
    curve = d.unary("expm1", d.scale(only(c, run <= 0, v), inner))
    return chosen(c, run, run <= 0, d.scale(curve, Fraction(alpha) * Fraction(scale)), d.scale(v, scale))


@rule("elu_backward")
def elu_backward(c: Call[Any]) -> Any:
    """The slope at 0 is that of the curve."""
    d, run, v, g = c.domain, c.run("self_or_result"), c.value("self_or_result"), c.value("grad_output")
    bend = Fraction(c["alpha"]) * Fraction(c["scale"])
    if c["is_result"]:
        curve = d.scale(d.add(v, d.constant(bend, ())), c["input_scale"])
    else:
        steepest = bend * Fraction(c["input_scale"])
        curve = d.scale(d.unary("exp", d.scale(only(c, run <= 0, v), c["input_scale"])), steepest)
    return chosen(c, run, run <= 0, d.mul(g, curve), d.scale(g, c["scale"]))


def _tanh_inner(d: AnyDomain, x: Any) -> Any:
    """2 · √(2/π) · (x + 0.044715 x³)."""
    cube = d.mul(d.mul(x, x), x)
    return d.scale(d.add(x, d.scale(cube, TANH_CUBIC)), 2 * TANH_INNER)


@rule("gelu")
def gelu(c: Call[Any]) -> Any:
    """x Φ(x); approximately x sigmoid(2u), u = √(2/π) (x + 0.044715 x³)."""
    d, x = c.domain, c.value("self")
    if c["approximate"] == "none":
        return d.mul(x, d.unary("Phi", x))
    return d.mul(x, d.unary("sigmoid", _tanh_inner(d, x)))


@rule("gelu_backward")
def gelu_backward(c: Call[Any]) -> Any:
    """grad_output · (Φ(x) + x φ(x)), or the derivative of the approximation."""
    d, x, g = c.domain, c.value("self"), c.value("grad_output")
    if c["approximate"] == "none":
        return d.mul(g, d.add(d.unary("Phi", x), d.mul(x, d.unary("phi", x))))
    inner = _tanh_inner(d, x)
    s = d.unary("sigmoid", inner)
    t = d.unary("sigmoid", d.neg(inner))
    steep = d.add(d.constant(1, ()), d.scale(d.mul(x, x), 3 * Fraction(TANH_CUBIC)))
    bend = d.mul(d.mul(x, t), d.scale(steep, 2 * TANH_INNER))
    return d.mul(g, d.mul(s, d.add(d.constant(1, ()), bend)))


@rule("silu")
def silu(c: Call[Any]) -> Any:
    """x sigmoid(x)."""
    x = c.value("self")
    return c.domain.mul(x, c.domain.unary("sigmoid", x))


@rule("silu_backward")
def silu_backward(c: Call[Any]) -> Any:
    """grad_output · sigmoid(x) (1 + x sigmoid(−x))."""
    d, x = c.domain, c.value("self")
    bend = d.mul(x, d.unary("sigmoid", d.neg(x)))
    slope = d.mul(d.unary("sigmoid", x), d.add(d.constant(1, ()), bend))
    return d.mul(c.value("grad_output"), slope)


@rule("mish")
def mish(c: Call[Any]) -> Any:
    """x tanh(softplus(x))."""
    d, x = c.domain, c.value("self")
    return d.mul(x, d.unary("tanh", d.unary("softplus", x)))


@rule("mish_backward")
def mish_backward(c: Call[Any]) -> Any:
    """grad_output · (tanh s + x sigmoid(x) (1 − tanh² s)), s = softplus(x)."""
    d, x = c.domain, c.value("self")
    s = d.unary("softplus", x)
    bend = d.mul(d.mul(x, d.unary("sigmoid", x)), tanh_slope(d, s))
    return d.mul(c.value("grad_output"), d.add(d.unary("tanh", s), bend))


def _beyond(c: Call[Any]) -> Tensor:
    """Where softplus is taken to be the identity: beta · self > threshold, in the run's arithmetic."""
    run = c.run("self")
    run = run if run.dtype is torch.float64 else run.float()
    return run * in_type(run, c["beta"]) > in_type(run, c["threshold"])


@rule("softplus")
def softplus(c: Call[Any]) -> Any:
    """log(1 + exp(beta · self)) / beta; self beyond the threshold."""
    d, v, beyond = c.domain, c.value("self"), _beyond(c)
    curve = d.unary("softplus", d.scale(only(c, ~beyond, v), c["beta"]))
    return chosen(c, c.run("self"), beyond, v, d.scale(curve, 1 / Fraction(c["beta"])))


@rule("softplus_backward")
def softplus_backward(c: Call[Any]) -> Any:
    """grad_output · sigmoid(beta · self); grad_output beyond the threshold."""
    d, g, beyond = c.domain, c.value("grad_output"), _beyond(c)
    slope = d.unary("sigmoid", d.scale(only(c, ~beyond, c.value("self")), c["beta"]))
    return chosen(c, c.run("self"), beyond, g, d.mul(g, slope))


@rule("log_sigmoid_forward")
def log_sigmoid(c: Call[Any]) -> Any:
    """−softplus(−self); the buffer is torch's own."""
    d = c.domain
    return d.neg(d.unary("softplus", d.neg(c.value("self")))), None


@rule("log_sigmoid_backward")
def log_sigmoid_backward(c: Call[Any]) -> Any:
    """grad_output · sigmoid(−self)."""
    d = c.domain
    return d.mul(c.value("grad_output"), d.unary("sigmoid", d.neg(c.value("self"))))


@rule("hardsigmoid")
def hardsigmoid(c: Call[Any]) -> Any:
    """(self + 3) / 6 between −3 and 3, else 0 or 1."""
    d, run = c.domain, c.run("self")
    line = d.scale(d.add(c.value("self"), d.constant(3, ())), Fraction(1, 6))
    return passed(c, run, run > -3, d.select(run >= 3, d.constant(1, ()), line))


@rule("hardsigmoid_backward")
def hardsigmoid_backward(c: Call[Any]) -> Any:
    """A sixth of what comes back, strictly between −3 and 3."""
    sixth = c.domain.scale(c.value("grad_output"), Fraction(1, 6))
    return passed(c, c.run("self"), opened(c, "grad_output"), sixth)


@rule("hardswish")
def hardswish(c: Call[Any]) -> Any:
    """self (self + 3) / 6 between −3 and 3, else 0 or self."""
    d, run, v = c.domain, c.run("self"), c.value("self")
    curve = d.scale(d.mul(v, d.add(v, d.constant(3, ()))), Fraction(1, 6))
    return passed(c, c.result(), run > -3, d.select(run >= 3, v, curve))


@rule("hardswish_backward")
def hardswish_backward(c: Call[Any]) -> Any:
    """What comes back times self / 3 + 1/2 between −3 and 3, else times 0 or 1; at the ends as torch does."""
    d, run, g = c.domain, c.run("self"), c.value("grad_output")
    slope = d.add(d.scale(c.value("self"), Fraction(1, 3)), d.constant(0.5, ()))
    inside = _is_curved_at_ends()
    above, below = (run > 3, run >= -3) if inside else (run >= 3, run > -3)
    return passed(c, run, below, d.select(above, g, d.mul(g, slope)))


@cache
def _is_curved_at_ends() -> bool:
    """Whether hardswish has the slopes −1/2 and 3/2 of its curve at its ends (torch 2.1), not 0 and 1."""
    return bool(torch.ops.aten.hardswish_backward(torch.ones(1), torch.tensor([-3.0])) != 0)


@rule("hardshrink")
def hardshrink(c: Call[Any]) -> Any:
    """self outside [−lambda, lambda]."""
    return passed(c, c.run("self"), c.result() != 0, c.value("self"))


@rule("hardshrink_backward")
def hardshrink_backward(c: Call[Any]) -> Any:
    """What comes back passes outside [−lambda, lambda]."""
    return passed(c, c.run("self"), opened(c, "grad_out"), c.value("grad_out"))


@rule("softshrink")
def softshrink(c: Call[Any]) -> Any:
    """self moved towards 0 by lambda, outside [−lambda, lambda]."""
    d, run, v = c.domain, c.run("self"), c.value("self")
    by = d.constant(c["lambd"], ())
    return passed(c, run, c.result() != 0, d.select(run > 0, d.sub(v, by), d.add(v, by)))


@rule("softshrink_backward")
def softshrink_backward(c: Call[Any]) -> Any:
    """What comes back passes outside [−lambda, lambda]."""
    return passed(c, c.run("self"), opened(c, "grad_output"), c.value("grad_output"))


def _halves(c: Call[Any]) -> tuple[Any, Any]:
    d, v, dim = c.domain, c.value("self"), c["dim"]
    return d.move(lambda t: t.chunk(2, dim)[0], v), d.move(lambda t: t.chunk(2, dim)[1], v)


@rule("glu")
def glu(c: Call[Any]) -> Any:
    """The first half times the sigmoid of the second."""
    a, b = _halves(c)
    return c.domain.mul(a, c.domain.unary("sigmoid", b))


@rule("glu_backward")
def glu_backward(c: Call[Any]) -> Any:
    """The gradients of both halves."""
    d, (a, b), g = c.domain, _halves(c), c.value("grad_output")
    s = d.unary("sigmoid", b)
    second = d.mul(d.mul(g, a), d.mul(s, d.unary("sigmoid", d.neg(b))))
    return d.join(lambda ts: torch.cat(ts, c["dim"]), [d.mul(g, s), second])
