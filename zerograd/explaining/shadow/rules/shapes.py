"""Rules of what only moves, repeats, drops or joins entries, or puts zeros beside them."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.rules.table import Call, rule

MOVES = (
    "_reshape_copy", "as_strided_copy", "clone", "diag_embed", "diagonal_backward", "diagonal_copy",
    "expand_copy", "flip", "gather", "index", "index_select", "lift_fresh_copy", "masked_select",
    "permute_copy", "repeat", "roll", "rot90", "select_backward", "select_copy", "slice_backward",
    "slice_copy", "squeeze_copy", "t_copy", "take", "transpose_copy", "tril", "triu", "unfold_copy",
    "unsqueeze_copy", "view_copy",
)  # fmt: skip
SEVERAL = ("split_copy", "split_with_sizes_copy", "unbind_copy")


def _moved(c: Call[Any]) -> Any:
    """Do the same to the tensor of numbers that ``self`` or ``grad_output`` is."""
    name = next(name for name in ("self", "grad_output", "grad") if name in c.arguments)
    return c.domain.move(lambda t: c.again({name: t.clone()}), c.value(name))


rule(*MOVES)(_moved)


@rule(*SEVERAL)
def several(c: Call[Any]) -> Any:
    """Do the same to the tensor of numbers that ``self`` is, for each result."""
    v = c.value("self")

    def part(i: int, t: Tensor) -> Tensor:
        result: Tensor = c.again({"self": t})[i]
        return result

    return tuple(c.domain.move(partial(part, i), v) for i in range(len(c.node.results)))


@rule("cat")
def cat(c: Call[Any]) -> Any:
    """Entries of several tensors along a dimension; empty vectors among them vanish."""
    return c.domain.join(lambda ts: torch.cat(ts, c["dim"]), c.values("tensors"))


@rule("stack")
def stack(c: Call[Any]) -> Any:
    """Entries of several tensors along a new dimension."""
    return c.domain.join(lambda ts: torch.stack(ts, c["dim"]), c.values("tensors"))


@rule("constant_pad_nd")
def pad(c: Call[Any]) -> Any:
    """self with a number around it, or without its border."""
    d = c.domain

    def padded(t: Tensor) -> Tensor:
        return torch.constant_pad_nd(t, list(c["pad"]))

    v = d.move(padded, c.value("self"))
    if c["value"] == 0:
        return v
    inside = padded(torch.ones(c.shape("self"), dtype=torch.bool))
    return d.select(inside, v, c.value("value"))
