"""The functions whose gradients are scanned, in torch and in JAX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tools.zeros.scan import NAN, OTHER, ZERO, Array, Format, Kinds

Function = Callable[[Any], Any]
"""From a tensor of shape (n,) to one of shape (n,), entry by entry."""


@dataclass(frozen=True)
class Measured:
    """A function and the signs on which its gradient is looked at.

    Attributes:
        name: how the tables call it.
        torch: the function in torch, or nothing.
        jax: the function in JAX, or nothing.
        entrywise: whether it is computed entry by entry. Then torch treats a tensor with gaps in memory as it
            treats single numbers.
    """

    name: str
    torch: Function | None
    jax: Function | None
    entrywise: bool = True


def torch_kinds(
    function: Function, form: Format, negative: bool, *, alone: bool = False, gaps: bool = False
) -> Kinds:
    """Return the kinds of torch's gradients, the incoming gradient being 1.

    Args:
        alone: each number is a tensor of its own; else all are in one.
        gaps: the numbers lie two apart in memory, which torch treats one at a time.
    """
    import torch

    kind = getattr(torch, form.name)
    whole = getattr(torch, form.integer)

    def gradient(x: Any) -> Any:
        x = x.requires_grad_()
        (slope,) = torch.autograd.grad(function(x), x, torch.ones_like(x))
        return slope

    def kinds(magnitudes: Array) -> Array:
        x = torch.from_numpy(magnitudes).to(whole).view(kind)
        x = -x if negative else x
        if alone:
            slope = torch.cat([gradient(entry.clone()) for entry in x.split(1)])
        elif gaps:
            apart = torch.empty(2 * len(x), dtype=kind)[::2]
            apart.copy_(x)
            slope = gradient(apart.detach())
        else:  # in whole vectors: some kernels treat the last few of a tensor one at a time
            slope = gradient(torch.cat([x, x[-1:].expand(-len(x) % 64)]))[: len(x)]
        return _of(slope == 0, slope.isfinite())

    return kinds


def jax_kinds(function: Function, form: Format, negative: bool, *, alone: bool = False) -> Kinds:
    """Return the kinds of JAX's gradients, of jitted functions."""
    import jax
    import jax.numpy as jnp
    import ml_dtypes

    kind = ml_dtypes.bfloat16 if form.name == "bfloat16" else np.dtype(form.name)

    @jax.jit
    def gradient(x: Any) -> Any:
        y, back = jax.vjp(function, x)
        return back(jnp.ones_like(y))[0]

    def kinds(magnitudes: Array) -> Array:
        x = magnitudes.astype(form.integer).view(kind)
        x = -x if negative else x
        if alone:
            slope = np.concatenate([np.asarray(gradient(entry)) for entry in np.split(x, len(x))])
        else:
            padded = np.concatenate([x, np.repeat(x[-1:], _padding(len(x)))])  # few shapes, few compilations
            slope = np.asarray(gradient(padded))[: len(x)]
        return _of(slope == 0, np.isfinite(slope.astype(np.float64)))

    return kinds


def _padding(count: int) -> int:
    return int(max(16, 1 << (count - 1).bit_length())) - count


def _of(zero: Any, finite: Any) -> Array:
    return np.where(np.asarray(zero), ZERO, np.where(np.asarray(finite), OTHER, NAN))


def functions() -> list[Measured]:
    """Return what is measured, in the order of the tables; nothing of JAX where it is not installed."""
    torch = _torch_functions()
    jax = _jax_functions()
    rows = _NAMES if jax else [name for name in _NAMES if name in torch]
    return [Measured(name, torch.get(name), jax.get(name), name not in _ROWS) for name in rows]


_NAMES = [
    "sigmoid", "tanh", "gelu", "gelu (tanh)", "silu", "softplus", "elu", "selu", "mish", "log_sigmoid",
    "softmax of (x, 0), entry 0", "log(softmax) of (x, 0), entry 0", "log_softmax of (x, 0), entry 0",
    "cross entropy, logit of the target", "cross entropy, the other logit",
    "BCE after sigmoid, target 0", "BCE after sigmoid, target 1",
    "BCE with logits, target 0", "BCE with logits, target 1",
]  # fmt: skip
_ROWS = set(_NAMES[10:])
"""Those that are not computed entry by entry, or by a loss."""


def _torch_functions() -> dict[str, Function]:
    import torch
    from torch.nn import functional as f

    def pair(x: Any, way: Function) -> Any:
        return way(torch.stack([x, torch.zeros_like(x)], dim=1))

    def cross_entropy(logits: Any) -> Any:
        return f.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long), reduction="none")

    def other(x: Any) -> Any:  # as a function of −x, the other logit's gradient
        return cross_entropy(torch.stack([torch.zeros_like(x), -x], dim=1))

    def loss(x: Any, target: float, logits: bool) -> Any:
        goal = torch.full_like(x, target)
        if logits:
            return f.binary_cross_entropy_with_logits(x, goal, reduction="none")
        return f.binary_cross_entropy(x.sigmoid(), goal, reduction="none")

    return dict(zip(_NAMES, (
        torch.sigmoid, torch.tanh, f.gelu, partial(f.gelu, approximate="tanh"), f.silu, f.softplus, f.elu,
        f.selu, f.mish, f.logsigmoid,
        lambda x: pair(x, lambda z: z.softmax(1)[:, 0]),
        lambda x: pair(x, lambda z: z.softmax(1)[:, 0].log()),
        lambda x: pair(x, lambda z: z.log_softmax(1)[:, 0]),
        lambda x: pair(x, cross_entropy),
        other,
        partial(loss, target=0.0, logits=False), partial(loss, target=1.0, logits=False),
        partial(loss, target=0.0, logits=True), partial(loss, target=1.0, logits=True),
    ), strict=True))  # fmt: skip


def _jax_functions() -> dict[str, Function]:
    try:
        import jax
    except ImportError:
        return {}
    import jax.numpy as jnp
    from jax import nn

    jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]  # JAX has no type for it

    def pair(x: Any, way: Function) -> Any:
        return way(jnp.stack([x, jnp.zeros_like(x)], axis=1))

    return dict(zip(_NAMES, (
        nn.sigmoid, jnp.tanh, partial(nn.gelu, approximate=False), nn.gelu, nn.silu, nn.softplus, nn.elu,
        nn.selu, nn.mish, nn.log_sigmoid,
        lambda x: pair(x, lambda z: nn.softmax(z, 1)[:, 0]),
        lambda x: pair(x, lambda z: jnp.log(nn.softmax(z, 1)[:, 0])),
        lambda x: pair(x, lambda z: nn.log_softmax(z, 1)[:, 0]),
    ), strict=False))  # fmt: skip
