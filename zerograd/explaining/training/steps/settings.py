"""What an optimiser's groups and state say: step size, decay, momentum."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch

from zerograd.explaining.training.steps.observation import Group
from zerograd.explaining.training.steps.tensors import strided

_MOMENTUM = re.compile(r"(exp_avg|mom|buf|ema|velocity|^m$|^mu$)(?!.*(sq|second|max|var|sum))")


def read_group(number: int, group: Mapping[str, Any]) -> Group:
    """Return the settings of one of an optimiser's groups."""
    decay = [_real(group.get(key)) for key in ("weight_decay", "lambd")]
    eps = group.get("eps")
    return Group(
        number,
        _real(group.get("lr")),
        max((abs(value) for value in decay if value), default=0.0),
        float(eps) if isinstance(eps, int | float) else 0.0,
    )


def _real(value: Any) -> float | None:
    if isinstance(value, torch.Tensor):
        return float(value.item()) if value.numel() == 1 else None
    return float(value) if isinstance(value, int | float) else None


def read_momentum(optimizer: Any, tensor: torch.Tensor) -> torch.Tensor | None:
    """Return where a momentum of this parameter is not 0; None where the optimiser has none."""
    state = getattr(optimizer, "state", None)
    mine = state.get(tensor) if isinstance(state, Mapping) else None
    mask: torch.Tensor | None = None
    for key, value in mine.items() if isinstance(mine, Mapping) else ():
        fits = isinstance(value, torch.Tensor) and value.shape == tensor.shape and strided(value)
        if fits and _MOMENTUM.search(str(key)):
            nonzero = (value != 0).reshape(-1)
            mask = nonzero if mask is None else mask | nonzero
    return mask
