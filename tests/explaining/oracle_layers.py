"""Operations of networks for the oracle: layers, activations, losses; at kinks as the run's backward is."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.explaining.oracle import Array, Call, Number, define, function, one


def where(mask: Tensor, a: Any, b: Any) -> Array:
    """Return ``a`` where the run chose it, else ``b``; constants become numbers."""
    first = one(next(x for x in (a, b) if isinstance(x, np.ndarray | Number)))

    def full(x: Any) -> Any:
        return _full(x if isinstance(x, np.ndarray | Number) else Number(first._value_of(x)))

    return np.where(mask.numpy(), full(a), full(b))


def through(mask: Tensor, x: Array) -> Array:
    """Return ``x`` where the run let it through, else 0."""
    return where(mask, x, 0)


def _linear(x: Any, w: Any, b: Any = None) -> Any:
    return x @ w.T if b is None else x @ w.T + b


@define("linear", F.linear)
def linear(c: Call) -> Array:
    return _linear(*c.exact)


@define("relu", torch.relu)
def relu(c: Call) -> Array:
    return through(c.run[0] > 0, c.exact[0])


@define("leaky_relu", F.leaky_relu)
def leaky_relu(c: Call) -> Array:
    (x,) = c.exact
    return where(c.run[0] > 0, x, x * c.how["negative_slope"])


@define("hardtanh", F.hardtanh)
def hardtanh(c: Call) -> Array:
    (x,), (run,) = c.exact, c.run
    low, high = c.how["min_val"], c.how["max_val"]
    return where(run <= low, low, where(run >= high, high, x))


@define("relu6", F.relu6)
def relu6(c: Call) -> Array:
    (x,), (run,) = c.exact, c.run
    return where(run <= 0, 0, where(run >= 6, 6, x))


@define("clamp", torch.clamp)
def clamp(c: Call) -> Array:
    """A bound is the exact number at a bound as well, and torch decides what passes there."""
    (x,), (run,) = c.exact, c.run
    low, high = c.how.get("min"), c.how.get("max")
    probe = run.clone().requires_grad_()
    with torch.enable_grad():
        torch.clamp(probe, **c.how).sum().backward()
    assert probe.grad is not None
    passes = probe.grad != 0
    if low is not None:
        x = where((run < low) | ((run == low) & ~passes), low, x)
    if high is not None:
        x = where((run > high) | ((run == high) & ~passes), high, x)
    return x


@define("abs", torch.abs)
def absolute(c: Call) -> Array:
    (x,), (run,) = c.exact, c.run
    kink = np.frompyfunc(lambda n: n.detached(), 1, 1)(x)
    return where(run > 0, x, where(run < 0, -x, kink))


@define("maximum", torch.maximum)
def maximum(c: Call) -> Array:
    (x, y), (a, b) = c.exact, c.run
    half = np.frompyfunc(_tie, 2, 1)
    return where(a == b, half(x, y), where(a > b, x, y))


def _tie(a: Number, b: Number) -> Number:
    half = a._value_of(Fraction(1, 2))
    return Number(a.value, [(a, half), (b, half)])


@define("max", lambda x, dim: x.max(dim).values)
def largest(c: Call) -> Array:
    (x,), (run,), dim = c.exact, c.run, c.how["dim"]
    at = run.max(dim).indices.unsqueeze(dim).numpy()
    return np.take_along_axis(x, at, dim).squeeze(dim)


@define("square", torch.square)
def square(c: Call) -> Array:
    return c.exact[0] * c.exact[0]


@define("flatten", lambda x: x.flatten(1))
def flatten(c: Call) -> Array:
    return c.exact[0].reshape(len(c.exact[0]), -1)


@define("add", torch.add)
def add(c: Call) -> Array:
    return c.exact[0] + c.exact[1]


@define("mul", torch.mul)
def mul(c: Call) -> Array:
    return c.exact[0] * c.exact[1]


@define("embedding", F.embedding)
def embedding(c: Call) -> Array:
    index, weight = c.exact
    return weight[index.numpy()]


@define("conv2d", F.conv2d)
def conv2d(c: Call) -> Array:
    x, w, *bias = c.exact
    stride, padding = c.how["stride"], c.how["padding"]
    n, k = len(x), len(w)
    at = [
        _places(size, kernel, stride, padding) for size, kernel in zip(x.shape[2:], w.shape[2:], strict=True)
    ]
    out = np.empty((n, k, *map(len, at)), dtype=object)
    for (i, rows), (j, columns) in itertools.product(enumerate(at[0]), enumerate(at[1])):
        part = x[:, :, [r for r, _ in rows]][:, :, :, [s for s, _ in columns]]
        kernel = w[:, :, [u for _, u in rows]][:, :, :, [v for _, v in columns]]
        nothing = not part.size  # padding alone
        out[:, :, i, j] = one(x) * 0 if nothing else part.reshape(n, -1) @ kernel.reshape(k, -1).T
    return out + bias[0][:, None, None] if bias else out


def _places(size: int, kernel: int, stride: int, padding: int) -> list[list[tuple[int, int]]]:
    """Return for each output the pairs of input and kernel positions that meet."""
    count = (size + 2 * padding - kernel) // stride + 1
    meet = [[(stride * i + u - padding, u) for u in range(kernel)] for i in range(count)]
    return [[(r, u) for r, u in pairs if 0 <= r < size] for pairs in meet]


@define("max_pool2d", F.max_pool2d)
def max_pool2d(c: Call) -> Array:
    (x,), (run,) = c.exact, c.run
    _, at = F.max_pool2d(run, **c.how, return_indices=True)
    flat = np.take_along_axis(x.reshape(*x.shape[:2], -1), at.flatten(2).numpy(), 2)
    return flat.reshape(at.shape)


@define("avg_pool2d", F.avg_pool2d)
def avg_pool2d(c: Call) -> Array:
    (x,), size = c.exact, c.how["kernel_size"]
    h, w = (s // size for s in x.shape[2:])
    cut = x[:, :, : h * size, : w * size].reshape(*x.shape[:2], h, size, w, size)
    return cut.sum(axis=(3, 5)) / _full(size * size)


def _full(number: Any) -> Any:
    return np.asarray(number, dtype=object)


# losses


def reduced(loss: Array, how: str) -> Array:
    total = np.asarray(loss.sum(), dtype=object)
    return total / _full(loss.size) if how == "mean" else total


def _residual(c: Call) -> tuple[Array, Tensor]:
    x, y = c.run
    run = x - y if x.dtype is torch.float64 else x.float() - y.float()
    return c.exact[0] - c.exact[1], run


@define("mse", lambda x, y, reduction: F.mse_loss(x, y, reduction=reduction))
def mse(c: Call) -> Array:
    r, _ = _residual(c)
    return reduced(r * r, c.how["reduction"])


@define("l1", lambda x, y, reduction: F.l1_loss(x, y, reduction=reduction))
def l1(c: Call) -> Array:
    run = c.run[0] - c.run[1]
    r = absolute(Call([c.exact[0] - c.exact[1]], [run], c.out, {}))
    return reduced(r, c.how["reduction"])


@define("huber", lambda x, y, reduction, delta: F.huber_loss(x, y, reduction=reduction, delta=delta))
def huber(c: Call) -> Array:
    (r, run), delta = _residual(c), c.how["delta"]
    line = (where(run < 0, -r, r) - Fraction(delta) / 2) * _full(delta)
    return reduced(where(run.abs() < delta, r * r / _full(2), line), c.how["reduction"])


@define("smooth_l1", lambda x, y, reduction, beta: F.smooth_l1_loss(x, y, reduction=reduction, beta=beta))
def smooth_l1(c: Call) -> Array:
    (r, run), beta = _residual(c), c.how["beta"]
    line = where(run < 0, -r, r) - Fraction(beta) / 2
    return reduced(where(run.abs() < beta, r * r / _full(2 * Fraction(beta)), line), c.how["reduction"])


@define("hinge", lambda x, y, reduction: getattr(torch.relu(1 - y * x), reduction)())
def hinge(c: Call) -> Array:
    (x, y), (a, b) = c.exact, c.run
    margin = 1 - b * a
    return reduced(through(margin > 0, -(x * y) + 1), c.how["reduction"])


@define("total", lambda x, y, reduction: getattr(x, reduction)())
def total(c: Call) -> Array:
    return reduced(c.exact[0], c.how["reduction"])


# smooth ones, in many digits


def _smooth(name: str, torch_does: Callable[..., Tensor], f: Callable[[Array], Array]) -> None:
    define(name, torch_does)(lambda c: f(c.exact[0]))


def _sqrt(number: Any) -> Any:
    return _full(mpmath.sqrt(number))


SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
_smooth("tanh", torch.tanh, lambda x: function("tanh", x))
_smooth("sigmoid", torch.sigmoid, lambda x: function("sigmoid", x))
_smooth("silu", F.silu, lambda x: x * function("sigmoid", x))
_smooth("gelu", F.gelu, lambda x: x * function("normal", x))


@define("softplus", F.softplus)
def softplus(c: Call) -> Array:
    """torch takes it to be the identity above 20."""
    return where(c.run[0] > 20, c.exact[0], function("softplus", c.exact[0]))


@define("elu", F.elu)
def elu(c: Call) -> Array:
    return where(c.run[0] > 0, c.exact[0], function("exp", c.exact[0]) - 1)


@define("selu", F.selu)
def selu(c: Call) -> Array:
    scale, alpha = _full(SELU_SCALE), _full(Fraction(SELU_ALPHA) * Fraction(SELU_SCALE))
    return where(c.run[0] > 0, c.exact[0] * scale, (function("exp", c.exact[0]) - 1) * alpha)


def softmax(x: Array) -> Array:
    powers = function("exp", x)
    return powers / powers.sum(axis=-1, keepdims=True)


@define("softmax", lambda x: torch.softmax(x, -1))
def softmax_of(c: Call) -> Array:
    return softmax(c.exact[0])


@define("layer_norm", lambda x, w, b: F.layer_norm(x, w.shape, w, b))
def layer_norm(c: Call) -> Array:
    x, w, b = c.exact
    return _normal(x, -1) * w + b


@define("batch_norm", lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True))
def batch_norm(c: Call) -> Array:
    x, w, b = c.exact
    return _normal(x, 0) * w + b


def _normal(x: Array, axis: int) -> Array:
    n = _full(x.shape[axis])
    centred = x - x.sum(axis=axis, keepdims=True) / n
    variance = (centred * centred).sum(axis=axis, keepdims=True) / n
    return centred / function("sqrt", variance + 1e-5)


@define("attention", F.scaled_dot_product_attention)
def attention(c: Call) -> Array:
    q, k, v = c.exact
    return softmax(q @ k.swapaxes(-1, -2) / _sqrt(q.shape[-1])) @ v


@define("cross_entropy", lambda x, y, reduction: F.cross_entropy(x, y, reduction=reduction))
def cross_entropy(c: Call) -> Array:
    x, y = c.exact[0], c.run[1]
    logs = function("log", np.asarray(function("exp", x).sum(axis=-1), dtype=object))
    return reduced(logs - x[np.arange(len(y)), y.numpy()], c.how["reduction"])


@define("bce", lambda x, y, reduction: F.binary_cross_entropy_with_logits(x, y, reduction=reduction))
def bce(c: Call) -> Array:
    x, y = c.exact
    return reduced(function("softplus", x) - x * y, c.how["reduction"])
