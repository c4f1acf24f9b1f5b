"""Zeros and non-zeros that rounding makes: lost steps, means that vanish, noise, subnormal numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as f

from tools.zeros.scan import FORMATS, Format, value
from tools.zeros.tables import markdown

WEIGHTS = (1.0, 3.0, 100.0)
LENGTHS = (32_768, 65_536, 131_072)
MANY = 1 << 25


def short(number: float) -> str:
    """Return a number in three digits."""
    return f"{number:.3g}".replace("-", "−")


def steps() -> str:
    """Return the table of the largest updates that leave a weight where it is."""
    rows = []
    for form in FORMATS.values():
        row = [form.name]
        for weight in WEIGHTS:
            row += [short(_kept(form, weight, sign)) for sign in (-1, 1)]
        rows.append(row)
    head = [f"{weight:g} {sign} u" for weight in WEIGHTS for sign in "−+"]
    return markdown(["type", *head], rows)


def _kept(form: Format, weight: float, sign: int) -> float:
    """Return the largest u with weight ± u = weight. Rounding is monotone, so halving finds it."""
    kind = getattr(torch, form.name)
    start = torch.tensor(weight, dtype=kind)
    low, high = 0, form.one + 8 * form.octave
    while high > low + 1:
        middle = (low + high) // 2
        moved = start + sign * torch.tensor(value(middle, form, False), dtype=kind)
        low, high = (middle, high) if moved == start else (low, middle)
    return value(low, form, False)


def means() -> str:
    """Return the table of gradients of means and sums of squares over many float16 residuals."""
    small = [
        (count, 1e-3, lambda r: f.mse_loss(r, torch.zeros_like(r)), "F.mse_loss(…)") for count in LENGTHS
    ]
    cases: list[tuple[int, float, Callable[[Tensor], Tensor], str]] = [
        *small,
        (
            LENGTHS[-1],
            1e-3,
            lambda r: f.mse_loss(r, torch.zeros_like(r), reduction="sum"),
            'F.mse_loss(…, "sum")',
        ),
        (LENGTHS[-1], 1e-3, lambda r: (r**2).mean(), "(r**2).mean()"),
        (MANY, 1.0, lambda r: f.mse_loss(r, torch.zeros_like(r)), "F.mse_loss(…)"),
        (MANY, 1.0, lambda r: (r**2).mean(), "(r**2).mean()"),
    ]
    rows = []
    for count, residual, loss, name in cases:
        r = torch.full((count,), residual, dtype=torch.float16, requires_grad=True)
        loss(r).backward()
        exact = 2 * float(r.detach()[0]) / (1 if "sum" in name else count)
        assert r.grad is not None
        least, most = float(r.grad.min()), float(r.grad.max())
        assert least == most, "all residuals are equal"
        rows.append([name, f"{count:,}", f"{residual:g}", short(exact), short(most)])
    return markdown(["loss", "residuals", "each", "each gradient", "in float16"], rows)


def subnormal() -> str:
    """Return the table of what becomes of float32 numbers below 2^−126."""
    rows = [["torch", *_subnormal_torch()]]
    torch.set_flush_denormal(True)
    try:
        rows.append(["torch after `set_flush_denormal(True)`", *_subnormal_torch()])
    finally:
        torch.set_flush_denormal(False)
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        pass
    else:
        tiny = jnp.float32(1e-38)
        rows.append([
            "JAX",
            short(float(jnp.float32(1e-40) * jnp.float32(1.5))),
            short(float(jax.grad(jax.nn.relu)(tiny))),
            short(float(jax.grad(lambda x: jnp.maximum(x, 0))(tiny))),
        ])  # fmt: skip
    return markdown(
        ["library", "1e-40 · 1.5", "slope of relu at 1e-38", "slope of maximum(x, 0) at 1e-38"], rows
    )


def _subnormal_torch() -> list[str]:
    def slope(way: Callable[[Tensor], Tensor]) -> float:
        x = torch.tensor(1e-38, requires_grad=True)
        return float(torch.autograd.grad(way(x), x)[0])

    product = torch.tensor(1e-40) * torch.tensor(1.5)
    return [
        short(float(product.double())),
        short(slope(torch.relu)),
        short(slope(lambda x: torch.maximum(x, torch.zeros(())))),
    ]


def noise() -> str:
    """Return the table of gradients that are exactly zero and are printed as something else."""
    rows = []
    for name, why, make in NOISE:
        cells = []
        for kind in (torch.float64, torch.float32, torch.bfloat16):
            torch.manual_seed(0)
            cells.append(short(max(float(slope.abs().max()) for slope in make(kind))))
        rows.append([name, why, *cells])
    return markdown(["gradient", "zero because", "float64", "float32", "bfloat16"], rows)


def _one_feature(kind: torch.dtype) -> list[Tensor]:
    slopes: list[Tensor] = []
    for size in (0.1, 1e6, 16_777_217.0):
        weight, x = torch.ones(1, dtype=kind, requires_grad=True), torch.full((1,), size, dtype=kind)
        slopes += torch.autograd.grad(f.layer_norm(x, (1,), weight, torch.ones_like(x)).sum(), weight)
    return slopes


def _bias_before_norm(kind: torch.dtype) -> list[Tensor]:
    layer, norm, last = (
        nn.Linear(4, 8, dtype=kind),
        nn.BatchNorm1d(8, dtype=kind),
        nn.Linear(8, 1, dtype=kind),
    )
    loss = last(torch.relu(norm(layer(torch.randn(32, 4, dtype=kind))))).square().mean()
    return list(torch.autograd.grad(loss, layer.bias))


def _key_bias(kind: torch.dtype) -> list[Tensor]:
    query, key, x = (nn.Linear(8, 8, dtype=kind), nn.Linear(8, 8, dtype=kind), torch.randn(16, 8, dtype=kind))
    attention = (query(x) @ key(x).T).softmax(-1) @ x
    return list(torch.autograd.grad(attention.square().sum(), key.bias))


def _softmax_sum(kind: torch.dtype) -> list[Tensor]:
    logits = torch.randn(64, 10, dtype=kind, requires_grad=True)
    return list(torch.autograd.grad((logits.softmax(1) * 0.3).sum(), logits))


def _across_classes(kind: torch.dtype) -> list[Tensor]:
    logits = torch.randn(64, 10, dtype=kind, requires_grad=True)
    (slope,) = torch.autograd.grad(
        f.cross_entropy(logits, torch.randint(0, 10, (64,)), reduction="sum"), logits
    )
    return [slope.sum(1)]


NOISE: list[tuple[str, str, Callable[[Any], list[Tensor]]]] = [
    (
        "weight of a layer norm of one feature",
        "the norm subtracts the mean: of one number, itself",
        _one_feature,
    ),
    ("bias before a batch norm", "the norm subtracts the mean of the batch", _bias_before_norm),
    ("bias of the keys in attention", "a softmax ignores what is added to a whole row", _key_bias),
    ("logits, by the sum of their softmax", "the sum is 1", _softmax_sum),
    (
        "sum over the classes of cross entropy's gradient",
        "probabilities and target sum to 1 each",
        _across_classes,
    ),
]
