"""The derivative that a library takes at a kink: of an operation, in a version and a mode."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tools.zeros.tables import markdown

Function = Callable[[Any], Any]
Columns = Mapping[str, Mapping[str, str]]
"""From the head of a column to what it says of each operation."""


@dataclass(frozen=True)
class Kink:
    """An operation at one of its kinks, and the slopes on the two sides."""

    name: str
    at: float
    left: float
    right: float

    @property
    def title(self) -> str:
        """The name with the place."""
        return f"`{self.name}` at {shown(self.at)}"


KINKS = [
    Kink("relu(x)", 0, 0, 1),
    Kink("relu6(x)", 0, 0, 1),
    Kink("relu6(x)", 6, 1, 0),
    Kink("hardtanh(x)", -1, 0, 1),
    Kink("hardtanh(x)", 1, 1, 0),
    Kink("clamp(x, min=0)", 0, 0, 1),
    Kink("clamp(x, −1, 1)", -1, 0, 1),
    Kink("clamp(x, −1, 1)", 1, 1, 0),
    Kink("clamp(x, min=tensor)", 0, 0, 1),
    Kink("maximum(x, 0)", 0, 0, 1),
    Kink("fmax(x, 0)", 0, 0, 1),
    Kink("where(x > 0, x, 0)", 0, 0, 1),
    Kink("leaky_relu(x, 1/4)", 0, 0.25, 1),
    Kink("prelu(x, 1/4)", 0, 0.25, 1),
    Kink("elu(x, 2)", 0, 2, 1),
    Kink("hardswish(x)", -3, 0, -0.5),
    Kink("hardswish(x)", 3, 1.5, 1),
    Kink("abs(x)", 0, -1, 1),
    Kink("l1_loss(x, 0)", 0, -1, 1),
    Kink("hinge_embedding_loss(x, −1)", 1, -1, 0),
    Kink("margin_ranking_loss(x, 0, 1)", 0, -1, 0),
]


def shown(number: float) -> str:
    """Return a slope or a place as a fraction."""
    return str(Fraction(number).limit_denominator(64)).replace("-", "−")


def torch_columns() -> Columns:
    """Return what torch takes, in reverse and in forward mode."""
    import torch

    reverse, forward = {}, {}
    for kink, way in zip(KINKS, _torch_functions(), strict=True):
        x = torch.tensor([float(kink.at)], requires_grad=True)
        reverse[kink.title] = shown(float(torch.autograd.grad(way(x).sum(), x)[0]))
        try:
            slope = torch.func.jvp(way, (torch.tensor([float(kink.at)]),), (torch.ones(1),))
            forward[kink.title] = shown(float(slope[1]))
        except (RuntimeError, NotImplementedError):
            forward[kink.title] = "—"
    version = torch.__version__.partition("+")[0]
    return {f"torch {version}": reverse, f"torch {version}, forward mode": forward}


def jax_columns() -> Columns:
    """Return what JAX takes, or nothing where it is not installed."""
    try:
        import jax
    except ImportError:
        return {}
    column = {}
    for kink, way in zip(KINKS, _jax_functions(), strict=True):
        column[kink.title] = "—" if way is None else shown(float(jax.grad(way)(float(kink.at))))
    return {f"JAX {jax.__version__}": column}


def table(columns: Columns) -> str:
    """Return the table: operations, the slopes on the two sides, what each library takes."""
    rows = [
        [
            kink.title,
            shown(kink.left),
            shown(kink.right),
            *(column[kink.title] for column in columns.values()),
        ]
        for kink in KINKS
    ]
    return markdown(["at a kink", "left", "right", *columns], rows)


def read(text: str) -> Columns:
    """Return the columns of such a table."""
    head, _, *lines = [_cells(line) for line in text.splitlines() if line.startswith("|")]
    return {name: {line[0]: line[place] for line in lines} for place, name in enumerate(head) if place > 2}


def merged(old: Columns, new: Iterable[Columns]) -> Columns:
    """Return columns measured now in the place of those that have their names, others as they were."""
    columns = dict(old)
    for some in new:
        columns.update(some)
    return columns


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|\n").split("|")]


def _torch_functions() -> list[Function]:
    import torch
    from torch.nn import functional as f

    zero, one = torch.zeros(1), torch.ones(1)
    return [
        torch.relu, f.relu6, f.relu6, f.hardtanh, f.hardtanh,
        lambda x: x.clamp(min=0), lambda x: x.clamp(-1, 1), lambda x: x.clamp(-1, 1),
        lambda x: x.clamp(min=zero),
        lambda x: torch.maximum(x, zero), lambda x: torch.fmax(x, zero), lambda x: torch.where(x > 0, x, 0.0),
        lambda x: f.leaky_relu(x, 0.25), lambda x: f.prelu(x, torch.full((1,), 0.25)),
        lambda x: f.elu(x, 2.0),
        f.hardswish, f.hardswish, torch.abs, lambda x: f.l1_loss(x, zero),
        lambda x: f.hinge_embedding_loss(x, -one), lambda x: f.margin_ranking_loss(x, zero, one),
    ]  # fmt: skip


def _jax_functions() -> list[Function | None]:
    import jax.numpy as jnp
    from jax import nn

    return [
        nn.relu, nn.relu6, nn.relu6, nn.hard_tanh, nn.hard_tanh,
        lambda x: jnp.clip(x, min=0), lambda x: jnp.clip(x, -1, 1), lambda x: jnp.clip(x, -1, 1), None,
        lambda x: jnp.maximum(x, 0), lambda x: jnp.fmax(x, 0), lambda x: jnp.where(x > 0, x, 0),
        lambda x: nn.leaky_relu(x, 0.25), None, lambda x: nn.elu(x, 2.0),
        nn.hard_swish, nn.hard_swish, jnp.abs, None, None, None,
    ]  # fmt: skip
