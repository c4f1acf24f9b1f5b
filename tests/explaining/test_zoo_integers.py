"""Small whole numbers: float64 is exact there, and many units are on their kinks, off, or equal."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import zerograd as zg

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    nn, F = torch.nn, torch.nn.functional

ACTIVATIONS = (
    nn.ReLU, nn.ReLU6, nn.Hardtanh, nn.Identity, nn.Flatten,
    lambda: nn.LeakyReLU(0.25), lambda: nn.Threshold(1.0, 0.0), lambda: nn.Hardshrink(1.0),
    lambda: nn.Softshrink(1.0), lambda: nn.PReLU(1, 0.5),
)  # fmt: skip


def losses(y: torch.Tensor) -> list[Callable[[torch.Tensor], torch.Tensor]]:
    return [
        lambda o: (o - y).pow(2).sum(),
        lambda o: (o - y).abs().sum(),
        lambda o: F.mse_loss(o, y),
        lambda o: F.huber_loss(o, y, reduction="sum"),
        lambda o: F.l1_loss(o, y),
        lambda o: o.sum(),
        lambda o: (o * o.detach()).sum(),
        lambda o: o.clamp(-1, 1).sum(),
        lambda o: o.relu().prod(1).sum(),
    ]


def drawn(seed: int) -> tuple[nn.Module, torch.Tensor, Callable[[torch.Tensor], torch.Tensor]]:
    torch.manual_seed(seed)
    rng = random.Random(seed)
    layers: list[nn.Module] = []
    for _ in range(rng.choice((1, 2, 3))):
        layers += [nn.Linear(4, 4, bias=rng.random() < 0.8), rng.choice(ACTIVATIONS)()]
    model = nn.Sequential(*layers, nn.Linear(4, 2)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randint(-1, 2, parameter.shape))
    x, y = torch.randint(-2, 3, (4, 4)).double(), torch.randint(-2, 3, (4, 2)).double()
    return model, x, rng.choice(losses(y))


@pytest.mark.parametrize("block", range(5))
def test_every_zero_is_one_and_has_a_cause(block: int) -> None:
    """Counts of zeros are those of exact floats, nothing is undecided, and every zero has a cause."""
    for seed in range(30 * block, 30 * block + 30):
        model, x, loss = drawn(seed)
        twin = copy.deepcopy(model)
        loss(twin(x)).backward()
        with zg.watch(model) as watched:
            loss(model(x)).backward()
        rows = watched.report().explanation.last.parameters
        for name, parameter in twin.named_parameters():
            gradient = parameter.grad
            zeros = parameter.numel() if gradient is None else int((gradient == 0).sum())
            entries = rows[name].entries
            assert (entries.zero, entries.undecided, entries.observed) == (zeros, 0, 0), (seed, name)
            assert bool(rows[name].causes) == bool(zeros), (seed, name)
