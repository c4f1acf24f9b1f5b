"""Running the same step watched, unwatched, and in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import zerograd as zg
from zerograd.report import Report

Make = Callable[[], nn.Module]
Loss = Callable[[nn.Module, torch.dtype], Tensor]
"""From a model and a type to a loss; data are drawn anew, and then taken in that type."""


def run(make: Make, loss: Loss, watched: bool, lr: float = 0.01) -> tuple[nn.Module, Report | None]:
    """Run one step of plain gradient descent, from the same random numbers each time."""
    torch.manual_seed(1234)
    model = make()
    optimizer = torch.optim.SGD(model.parameters(), lr)
    torch.manual_seed(1234)
    if not watched:
        step(model, optimizer, loss)
        return model, None
    with zg.watch(model, optimizer) as watch:
        step(model, optimizer, loss)
    return model, watch.report()


def step(model: nn.Module, optimizer: torch.optim.Optimizer, loss: Loss) -> None:
    loss(model, torch.float32).backward()
    optimizer.step()


def doubled(make: Make, loss: Loss) -> dict[str, Tensor]:
    """Return the gradients of the same step in float64."""
    torch.manual_seed(1234)
    model = make().double()
    torch.manual_seed(1234)
    loss(model, torch.float64).backward()
    return {
        name: torch.zeros_like(p) if p.grad is None else p.grad.to_dense()
        for name, p in model.named_parameters()
    }


def check(make: Make, loss: Loss, unsupported: bool = False) -> Report:
    """Compare a watched step with an unwatched one, bit by bit, and what is said of it with float64.

    An entry that is said to be zero must be far below the others in float64; one that is said not to be must
    not vanish there.
    """
    plain, _ = run(make, loss, watched=False)
    state = torch.get_rng_state()
    model, report = run(make, loss, watched=True)
    assert report is not None
    assert torch.equal(state, torch.get_rng_state())
    for a, b in zip(plain.state_dict().values(), model.state_dict().values(), strict=True):
        assert torch.equal(bits(a), bits(b))
    for p, q in zip(plain.parameters(), model.parameters(), strict=True):
        assert (p.grad is None) == (q.grad is None)
        assert p.grad is None or torch.equal(bits(p.grad), bits(q.grad))
    assert str(report) and report.to_json()
    last = report.explanation.last
    assert bool(last.unsupported) == unsupported, last.unsupported
    gradients = doubled(make, loss)
    scale = max(float(g.abs().max()) for g in gradients.values() if g.numel())
    for name, gradient in gradients.items():
        entries = last.parameters[name].entries
        assert entries.zero <= int((gradient.abs() <= 1e-9 * scale).sum()), name
        assert entries.nonzero <= int((gradient.abs() > 1e-13 * scale).sum()), name
        assert not entries.zero or last.parameters[name].causes, name
    return report


def bits(tensor: Any) -> Tensor:
    dense = tensor.detach().to_dense().contiguous().reshape(-1)
    seen: Tensor = dense.view(torch.uint8) if dense.is_floating_point() else dense
    return seen
