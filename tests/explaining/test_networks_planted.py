"""Modules made of branches, each with one planted fault: every fault is found where it is, and no other."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import zerograd as zg
from tests.effort import seeds

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    F = torch.nn.functional
    Tensor = torch.Tensor

from tests.explaining.test_networks_causes import check_document  # noqa: E402 - needs torch

Fault = Callable[[Tensor, nn.Linear], Tensor]
"""From what a layer returns, and the layer, to what the loss adds up."""


def dead(z: Tensor, layer: nn.Linear) -> Tensor:
    return F.relu(z - 100)


def saturated(z: Tensor, layer: nn.Linear) -> Tensor:
    return F.hardtanh(z + 100)


def at_kink(z: Tensor, layer: nn.Linear) -> Tensor:
    return F.relu(z - z.detach())


def zero_mask(z: Tensor, layer: nn.Linear) -> Tensor:
    return z * torch.zeros(z.shape[1]).bernoulli(0.0)


def no_adjoint(z: Tensor, layer: nn.Linear) -> Tensor:
    return F.mse_loss(z, z.detach())


def other_sign(z: Tensor, layer: nn.Linear) -> Tensor:
    return torch.cat([z.square(), -z.square()])


def constant_sum(z: Tensor, layer: nn.Linear) -> Tensor:
    return torch.softmax(z, -1)


def normalised(z: Tensor, layer: nn.Linear) -> Tensor:
    return F.layer_norm(z, z.shape[-1:])


def rounded(z: Tensor, layer: nn.Linear) -> Tensor:
    return torch.round(z)


def chosen(z: Tensor, layer: nn.Linear) -> Tensor:
    return F.one_hot(z.argmax(-1), z.shape[-1]).float()


def detached(z: Tensor, layer: nn.Linear) -> Tensor:
    return z.detach().square()


def unused(z: Tensor, layer: nn.Linear) -> Tensor:
    return torch.zeros(1)


def healthy(z: Tensor, layer: nn.Linear) -> Tensor:
    return torch.sin(z)


FAULTS: dict[str, tuple[Fault, set[str]]] = {
    "dead": (dead, {"dead"}),
    "saturated": (saturated, {"saturated"}),
    "at_kink": (at_kink, {"at_kink"}),
    "zero_mask": (zero_mask, {"zero_factor"}),
    "no_adjoint": (no_adjoint, {"zero_adjoint"}),
    "other_sign": (other_sign, {"cancellation", "identity"}),
    "constant_sum": (constant_sum, {"identity"}),
    "normalised": (normalised, {"identity"}),
    "rounded": (rounded, {"piecewise_constant"}),
    "chosen": (chosen, {"piecewise_constant"}),
    "detached": (detached, {"detached"}),
    "unused": (unused, {"not_connected"}),
    "frozen": (healthy, {"frozen"}),
    "healthy": (healthy, set()),
}


class Branches(nn.Module):
    """Layers beside each other, whose results are added up."""

    def __init__(self, faults: list[str], inputs: int, units: int) -> None:
        super().__init__()
        self.faults = faults
        for i, fault in enumerate(faults):
            layer = nn.Linear(inputs, units)
            self.add_module(f"{fault}{i}", layer.requires_grad_(fault != "frozen"))

    def forward(self, x: Tensor) -> Tensor:
        parts: list[Any] = []
        for (name, layer), fault in zip(self.named_children(), self.faults, strict=True):
            assert isinstance(layer, nn.Linear), name
            parts.append(FAULTS[fault][0](layer(x), layer).sum())
        return torch.stack(parts).sum()


@pytest.mark.parametrize("seed", seeds(30, 6))
def test_every_fault_is_found_where_it_is(seed: int) -> None:
    choose = random.Random(seed)
    torch.manual_seed(seed)
    faults = [*choose.sample(list(FAULTS), choose.randint(2, 6)), "healthy"]
    choose.shuffle(faults)
    model = Branches(faults, choose.randint(1, 4), choose.randint(2, 4))
    x = torch.randn(choose.randint(1, 6), next(model.parameters()).shape[1])
    with zg.watch(model) as watched:
        model(x).backward()
    document = watched.report().to_json()
    check_document(document)
    for name, row in document["parameters"].items():
        expected = FAULTS[faults[int(name.partition(".")[0].lstrip("abcdefghijklmnopqrstuvwxyz_"))]][1]
        size = sum(row["entries"].values())
        where = (faults, name, row)
        found = {cause["kind"] for cause in row["causes"]}
        assert row["entries"]["zero"] == (size if expected else 0), where
        assert found <= expected, where
        assert bool(found) == bool(expected), where
        if found & {"dead", "saturated", "at_kink", "zero_adjoint"}:
            for cause in row["causes"]:
                assert cause["alone"], where
                assert cause["samples"] == list(range(len(x))), where


@pytest.mark.parametrize("seed", range(3))
def test_dropout_before_the_loss(seed: int) -> None:
    """What is dropped has a residual, though nothing comes back: the mask is zero, not the loss flat."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.7))
    document = zg.explain(model, F.mse_loss, torch.randn(2, 2), torch.randn(2, 3)).to_json()
    check_document(document)
    zeros = [row for row in document["parameters"].values() if row["entries"]["zero"]]
    assert zeros
    for row in zeros:
        assert {cause["kind"] for cause in row["causes"]} == {"zero_factor"}
        assert all("dropout" in cause["details"]["factor"] for cause in row["causes"])
