"""Kinks: shadows take the slope that the run's own backward takes, which differs from version to version."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.explaining.shadow.rules.running import check
from tests.explaining.torches import skipped_where_missing

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    F = torch.nn.functional

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "abs": torch.abs,
    "amax": lambda x: x.amax(0),
    "amin": lambda x: x.amin(0),
    "aminmax": torch.aminmax,
    "clamp": lambda x: x.clamp(-1, 1),
    "clamp to nothing": lambda x: x.clamp(1, -1),
    "clamp_max": lambda x: x.clamp(max=1),
    "clamp_min": lambda x: x.clamp(min=-1),
    "clamp between tensors": lambda x: x.clamp(torch.tensor(-1.0), torch.ones_like(x)),
    "clamp above a tensor": lambda x: torch.clamp(x, min=torch.zeros_like(x)),
    "elu": F.elu,
    "fmax": lambda x: torch.fmax(x, torch.ones_like(x)),
    "fmin": lambda x: torch.fmin(x, torch.ones_like(x)),
    "hardshrink": lambda x: F.hardshrink(x, 1.0),
    "hardsigmoid": lambda x: F.hardsigmoid(3 * x),
    "hardswish": lambda x: F.hardswish(3 * x),
    "hardtanh": F.hardtanh,
    "leaky_relu": F.leaky_relu,
    "max": torch.max,
    "maximum": lambda x: torch.maximum(x, torch.ones_like(x)),
    "minimum": lambda x: torch.minimum(x, torch.zeros_like(x)),
    "norm 1": lambda x: torch.linalg.vector_norm(x, 1),
    "norm inf": lambda x: torch.linalg.vector_norm(x, float("inf")),
    "prelu": lambda x: F.prelu(x, torch.tensor([0.25], dtype=x.dtype)),
    "relu": F.relu,
    "relu6": lambda x: F.relu6(6 * x),
    "selu": F.selu,
    "softshrink": lambda x: F.softshrink(x, 1.0),
    "sort": lambda x: x.sort().values,
    "threshold": lambda x: F.threshold(x, 1.0, 0.5),
    "where": lambda x: torch.where(x > 0, x, 2 * x),
    "cosine_embedding": lambda x: F.cosine_embedding_loss(
        x.reshape(1, -1), x.detach().reshape(1, -1), torch.tensor([-1]), margin=1.0
    ),
    "hinge_embedding": lambda x: F.hinge_embedding_loss(
        x, torch.tensor([-1.0, 1, -1, 1, -1]), reduction="sum"
    ),
    "huber": lambda x: F.huber_loss(x, torch.zeros_like(x)),
    "l1": lambda x: F.l1_loss(x, torch.zeros_like(x)),
    "margin_ranking": lambda x: F.margin_ranking_loss(x, torch.zeros_like(x), torch.ones_like(x), margin=1.0),
    "multi_margin": lambda x: F.multi_margin_loss(x, torch.tensor(3)),
    "multilabel_margin": lambda x: F.multilabel_margin_loss(x, torch.tensor([3, 4, -1, 0, 0])),
    "smooth_l1": lambda x: F.smooth_l1_loss(x, torch.zeros_like(x)),
    "triplet_margin": lambda x: F.triplet_margin_loss(x, x + 1.0, x - 1.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_kinks(name: str) -> None:
    """At −1, 0, 0, 1 and 1, where all of these have their kinks and ties."""
    x = torch.tensor([-1.0, 0, 0, 1, 1], requires_grad=True)
    with skipped_where_missing():
        check(FUNCTIONS[name], x)
