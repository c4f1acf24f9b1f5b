"""What happens to gradients between ``backward`` and the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.tape.nodes import Node, Origin, Source
from zerograd.explaining.training.steps.observation import Edit
from zerograd.explaining.training.steps.scaling import UNSCALE
from zerograd.explaining.training.steps.tensors import quietly

_SCALING = {
    "mul",
    "mul_",
    "div",
    "div_",
    "_foreach_mul_",
    "_foreach_div_",
    "_amp_foreach_non_finite_check_and_unscale_",
}
_CLAMPING = {"clamp_", "clamp_min_", "clamp_max_", "_foreach_clamp_min_", "_foreach_clamp_max_"}


_ZEROS = frozenset({"zero_", "fill_", "index_put_", "_index_put_impl_", "masked_fill_", "index_fill_"})
_CLAMPS = frozenset({"clamp_", "clamp_min_", "clamp_max_", "hardtanh_"})


def before_clipping(present: Source, arrived: Source | None) -> Source:
    """Return the gradient to classify: what is there when the optimiser steps, before it was clipped.

    Scaling all entries by one number, clamping and clearing are looked through; other edits, such as a mask,
    are part of the gradient.

    Args:
        present: the value of ``.grad`` at the step.
        arrived: the value that ``backward`` left; None where it gave none.
    """
    if arrived is None:
        return present
    node = present.node
    while node is not arrived.node:
        earlier = _looked_through(node)
        if earlier is None:
            return arrived if _is_cleared(node) else present
        node = earlier
    return arrived


def _looked_through(node: Node) -> Node | None:
    """Return the node before one that scales or clamps."""
    first = node.arguments[0] if node.arguments else None
    if not isinstance(first, Source):
        return None
    if node.operation in _CLAMPING:
        return first.node
    if node.operation in _SCALING and all(_is_number(argument) for argument in node.arguments[1:]):
        return first.node
    return None


def _is_number(argument: object) -> bool:
    if isinstance(argument, Source):
        return argument.run.dim() == 0 or argument.run.numel() == 1
    return not isinstance(argument, Tensor)


def _is_cleared(node: Node) -> bool:
    if node.operation in ("zero_", "_foreach_zero_", "fill_"):
        return True
    return node.origin is Origin.CONSTANT and not bool(node.results[0].any())


def edit_of(name: str, args: Sequence[Any]) -> Edit:
    """Return what an in-place operation does to a gradient."""
    if name in _ZEROS:
        return Edit.ZEROED
    if name == UNSCALE:
        return Edit.UNSCALED
    if name in _CLAMPS:
        return Edit.CLAMPED
    if name in ("mul_", "div_") and len(args) > 1:
        other = args[1]
        many = isinstance(other, list | tuple) or (isinstance(other, torch.Tensor) and other.numel() > 1)
        if many:  # by a mask
            return Edit.ZEROED
        with quietly():
            known = name == "mul_" and type(other) is torch.Tensor and not other.is_meta
            nulled = known and not bool(other.any())
        return Edit.NULLED if nulled else Edit.SCALED
    return Edit.OTHER
