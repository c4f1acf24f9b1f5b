"""Rules of normalisations. Over a single entry every one that subtracts the mean is 0, whatever it is.

Means and inverse deviations are computed from exact inputs, never read from the run. With x̂ = (x − m)·r
over n entries and a = g·w, the gradient of x is r·(a − mean(a) − x̂·mean(a·x̂)).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from torch import Tensor

from zerograd.explaining.shadow.domain import AnyDomain, Cannot
from zerograd.explaining.shadow.rules.parts import channels, each, optional, size
from zerograd.explaining.shadow.rules.softmax import is_even
from zerograd.explaining.shadow.rules.table import Call, rule


def _mean(d: AnyDomain, v: Any, dims: Sequence[int]) -> Any:
    return d.scale(d.sum(v, dims, keepdim=True), Fraction(1, _count(d, v, dims)))


def _count(d: AnyDomain, v: Any, dims: Sequence[int]) -> int:
    return size([d.shape(v)[i] for i in dims])


def _statistics(d: AnyDomain, x: Any, dims: Sequence[int], eps: float) -> tuple[Any, Any, Any]:
    """Return mean, variance (divided by n) and 1/√(variance + eps), with dimensions kept."""
    mean = _mean(d, x, dims)
    if _count(d, x, dims) == 1:
        variance = d.scale(mean, 0)
    else:
        off = d.sub(x, mean)
        variance = _mean(d, d.mul(off, off), dims)
    return mean, variance, d.unary("rsqrt", d.add(variance, d.constant(eps, ())))


def _normalised(d: AnyDomain, x: Any, mean: Any, rstd: Any, alone: bool) -> Any:
    """Return x̂; ``alone``: each entry is its own mean."""
    return d.scale(x, 0) if alone else d.mul(d.sub(x, mean), rstd)


def _gradient(d: AnyDomain, a: Any, normal: Any, rstd: Any, dims: Sequence[int], *, even: bool) -> Any:
    """Return the gradient of x where mean and deviation depend on it.

    ``even``: a is one number over the dimensions, and so its own mean, and Σ x̂ = 0.
    """
    if even or _count(d, normal, dims) == 1:
        return d.add(d.scale(a, 0), d.scale(normal, 0))
    along = d.mul(normal, _mean(d, d.mul(a, normal), dims))
    return d.mul(d.sub(d.sub(a, _mean(d, a, dims)), along), rstd)


def _even(argument: Any, dims: Sequence[int]) -> bool:
    """Whether a gradient is one number over some dimensions: its numbers are exact, or it was made so."""
    run: Tensor = argument.run
    if argument.node.operation == "leaf":
        return all(bool((run == run.narrow(i, 0, 1)).all()) for i in dims if run.shape[i])
    if argument.node.operation == "clone" and argument.view is None:
        return _even(argument.node.arguments[0], dims)
    return all(is_even(argument, run.dim() - i) for i in dims)


def _one_number(weight: Any) -> bool:
    """Whether all weights are one number, such as 1."""
    return weight is None or (weight.node.operation == "leaf" and _even(weight, range(weight.run.dim())))


def _affine(d: AnyDomain, v: Any, weight: Any, bias: Any) -> Any:
    if weight is not None:
        v = d.mul(v, weight)
    return v if bias is None else d.add(v, bias)


def _shaped(d: AnyDomain, v: Any, shape: Sequence[int]) -> Any:
    return d.move(lambda t: t.reshape(tuple(shape)), v)


# batch
def _training(c: Call[Any]) -> bool:
    return bool(c.arguments.get("training", c.node.operation == "_batch_norm_with_update"))


@rule(
    "native_batch_norm",
    "_native_batch_norm_legit",
    "_native_batch_norm_legit_no_training",
    "_batch_norm_with_update",
    "_batch_norm_no_update",
)
def batch_norm(c: Call[Any]) -> Any:
    """Normalisation of each channel, by the batch or by running statistics; their new values come last."""
    d, x, n = c.domain, c.value("input"), len(c.shape("input"))
    dims = [i for i in range(n) if i != 1]
    training = _training(c)
    if training:
        mean, variance, rstd = _statistics(d, x, dims, c["eps"])
        saved = tuple(d.move(Tensor.flatten, v) for v in (mean, variance, rstd))
    else:
        mean, rstd = _running(c, n)
        saved = None, None, None
    count = _count(d, x, dims)
    weight, bias = (channels(d, c.value(k), n) if c.has(k) else None for k in ("weight", "bias"))
    out = _affine(d, _normalised(d, x, mean, rstd, training and count == 1), weight, bias)
    values = [out, saved[0], saved[2], *[None] * (len(c.node.results) - 3)]
    if c.has("running_mean") and len(c.node.results) > 4:
        values[-2:] = (
            each(*_moved(c, saved, count)) if training else (c.value("running_mean"), c.value("running_var"))
        )
    return tuple(values)


def _kept(c: Call[Any]) -> list[Callable[[], Any] | None]:
    return [lambda: c.value("running_mean"), lambda: c.value("running_var")]


def _moved(c: Call[Any], saved: Sequence[Any], count: int) -> list[Callable[[], Any] | None]:
    """Return (1 − momentum) · old + momentum · new for both statistics; the variance is the unbiased one."""
    d = c.domain
    momentum = Fraction(c["momentum"])

    def moved(name: str, new: Any, factor: Fraction) -> Any:
        return d.add(d.scale(c.value(name), 1 - momentum), d.scale(new, momentum * factor))

    unbiased = Fraction(count, count - 1) if count > 1 else None
    return [
        lambda: moved("running_mean", saved[0], Fraction(1)),
        (lambda: moved("running_var", saved[1], unbiased)) if unbiased else None,
    ]


def _running(c: Call[Any], n: int) -> tuple[Any, Any]:
    """Return mean and inverse deviation from the running statistics."""
    d = c.domain
    variance = d.add(c.value("running_var"), d.constant(c["eps"], ()))
    return channels(d, c.value("running_mean"), n), channels(d, d.unary("rsqrt", variance), n)


@rule("native_batch_norm_backward", "batch_norm_backward")
def batch_norm_backward(c: Call[Any]) -> Any:
    """Gradients of input, weight and bias."""
    d, g, n = c.domain, c.value("grad_out"), len(c.shape("input"))
    dims = [i for i in range(n) if i != 1]
    training = bool(c.arguments.get("train", c.arguments.get("update")))
    saved = c["save_mean"], c.arguments.get("save_invstd", c.arguments.get("save_var"))
    alone = training and size([c.shape("input")[i] for i in dims]) == 1
    even = training and _even(c["grad_out"], dims)

    @cache
    def statistics() -> tuple[Any, Any]:
        if training:  # the forward operation's results
            return channels(d, c.of(saved[0]), n), channels(d, c.of(saved[1]), n)
        return _running(c, n)

    @cache
    def normal() -> Any:
        return _normalised(d, c.value("input"), *statistics(), alone)

    def of_x() -> Any:
        a = d.mul(g, channels(d, c.value("weight"), n)) if c.has("weight") else g
        if training:
            return _gradient(d, a, normal(), statistics()[1], dims, even=even)
        return d.mul(a, statistics()[1])

    def of_weight() -> Any:  # Σ x̂ = 0
        return d.sum(d.scale(normal(), 0) if even else d.mul(g, normal()), dims)

    return _wanted(
        c["output_mask"],
        of_x,
        of_weight,
        lambda: d.sum(g, dims),
    )


def _wanted(mask: Sequence[bool], *results: Callable[[], Any]) -> tuple[Any, ...]:
    return each(*(result if wanted else None for result, wanted in zip(results, mask, strict=True)))


# layer
@rule("native_layer_norm")
def layer_norm(c: Call[Any]) -> Any:
    """Normalisation over the last dimensions; mean and inverse deviation."""
    d, x, dims = c.domain, c.value("input"), _last(c)
    mean, _, rstd = _statistics(d, x, dims, c["eps"])
    normal = _normalised(d, x, mean, rstd, _count(d, x, dims) == 1)
    return _affine(d, normal, optional(c, "weight"), optional(c, "bias")), mean, rstd


def _last(c: Call[Any]) -> list[int]:
    n = len(c.shape("input"))
    return list(range(n - len(c["normalized_shape"]), n))


@rule("native_layer_norm_backward")
def layer_norm_backward(c: Call[Any]) -> Any:
    """Gradients of input, weight and bias. Mean and deviation are the forward operation's results."""
    d, g, dims = c.domain, c.value("grad_out"), _last(c)
    front = [i for i in range(len(c.shape("input"))) if i not in dims]
    alone = size(c["normalized_shape"]) == 1
    even = _even(c["grad_out"], dims) and _one_number(c["weight"])

    @cache
    def normal() -> Any:
        return _normalised(d, c.value("input"), c.value("mean"), c.value("rstd"), alone)

    def of_x() -> Any:
        a = d.mul(g, c.value("weight")) if c.has("weight") else g
        return _gradient(d, a, normal(), c.value("rstd"), dims, even=even)

    return _wanted(
        c["output_mask"],
        of_x,
        lambda: d.sum(d.mul(g, normal()), front),
        lambda: d.sum(g, front),
    )


# groups of channels
def _grouped(c: Call[Any]) -> tuple[int, int, int, int]:
    """Return the shape of x in groups: samples, groups, channels in each, places."""
    return c["N"], c["group"], c["C"] // c["group"], c["HxW"]


@rule("native_group_norm")
def group_norm(c: Call[Any]) -> Any:
    """Normalisation over groups of channels and all places; mean and inverse deviation, (N, groups)."""
    d, (n, groups, inside, places) = c.domain, _grouped(c)
    x = _shaped(d, c.value("input"), (n, groups, inside, places))
    mean, _, rstd = _statistics(d, x, (2, 3), c["eps"])
    normal = _normalised(d, x, mean, rstd, inside * places == 1)
    weight, bias = (
        _shaped(d, c.value(k), (1, groups, inside, 1)) if c.has(k) else None for k in ("weight", "bias")
    )
    out = _shaped(d, _affine(d, normal, weight, bias), c.shape("input"))
    return out, _shaped(d, mean, (n, groups)), _shaped(d, rstd, (n, groups))


@rule("native_group_norm_backward")
def group_norm_backward(c: Call[Any]) -> Any:
    """Gradients of input, weight and bias. Mean and deviation are the forward operation's results."""
    d, (n, groups, inside, places) = c.domain, _grouped(c)
    g = _shaped(d, c.value("grad_out"), (n, groups, inside, places))
    even = _even(c["grad_out"], range(1, len(c.shape("input")))) and _one_number(c["weight"])

    def rstd() -> Any:
        return _shaped(d, c.value("rstd"), (n, groups, 1, 1))

    @cache
    def normal() -> Any:
        x, mean = _shaped(d, c.value("input"), d.shape(g)), _shaped(d, c.value("mean"), (n, groups, 1, 1))
        return _normalised(d, x, mean, rstd(), inside * places == 1)

    def of_x() -> Any:
        a = d.mul(g, _shaped(d, c.value("weight"), (1, groups, inside, 1))) if c.has("weight") else g
        return _shaped(d, _gradient(d, a, normal(), rstd(), (2, 3), even=even), c.shape("input"))

    return _wanted(
        c["output_mask"],
        of_x,
        lambda: _shaped(d, d.sum(d.mul(g, normal()), (0, 3)), (-1,)),
        lambda: _shaped(d, d.sum(g, (0, 3)), (-1,)),
    )


# weights
@rule("_weight_norm_interface")
def weight_norm(c: Call[Any]) -> Any:
    """g · v / |v|, and |v|, over all dimensions but ``dim``; v / |v| of a single entry is its sign."""
    d, v, g = c.domain, c.value("v"), c.value("g")
    if _other(c) == 1:
        sign = _signs(c, "v")
        return d.mul(g, sign), _shaped(d, d.mul(v, sign), c.result(1).shape)
    norm = d.unary("sqrt", d.sum(d.mul(v, v), _others(c), keepdim=True))
    return d.mul(v, d.div(g, norm)), _shaped(d, norm, c.result(1).shape)


def _others(c: Call[Any]) -> list[int]:
    run = c.run("v" if "v" in c.arguments else "saved_v")
    return [i for i in range(run.dim()) if i != c["dim"] % run.dim()]


def _other(c: Call[Any]) -> int:
    run = c.run("v" if "v" in c.arguments else "saved_v")
    return size([run.shape[i] for i in _others(c)])


def _signs(c: Call[Any], name: str) -> Any:
    sign = c.run(name).sign()
    if bool((sign == 0).any()):
        raise Cannot("direction of a zero vector")
    return c.domain.leaf(sign)


@rule("_weight_norm_interface_backward")
def weight_norm_backward(c: Call[Any]) -> Any:
    """Gradients of v and g: g/|v| · (grad − v · Σ(grad·v)/|v|²), and Σ(grad·v)/|v|."""
    d, grad = c.domain, c.value("grad_w")
    dims = _others(c)
    if _other(c) == 1:
        return d.scale(c.value("saved_v"), 0), d.mul(grad, _signs(c, "saved_v"))
    v = c.value("saved_v")
    squares = d.sum(d.mul(v, v), dims, keepdim=True)
    inner, norm = d.sum(d.mul(grad, v), dims, keepdim=True), d.unary("sqrt", squares)

    def of_v() -> Any:
        along = d.mul(v, d.div(inner, squares))
        return d.mul(d.sub(grad, along), d.div(c.value("saved_g"), norm))

    return each(of_v, lambda: d.div(inner, norm))
