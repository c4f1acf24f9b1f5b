"""Inputs that an optimiser moves, beside networks that it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zerograd as zg
from zerograd.report import Report

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    Tensor = torch.Tensor


def _network(activation: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), activation, nn.Linear(4, 1))


def _optimised(network: nn.Module, x: Tensor, *, doubled: bool = False) -> Report:
    with zg.watch(network) as watched:
        optimizer = torch.optim.Adam([x])
        for _ in range(2):
            optimizer.zero_grad()
            network(2 * x if doubled else x).square().mean().backward()
            optimizer.step()
    return watched.report()


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("doubled", [False, True])
def test_an_input_that_moves(frozen: bool, doubled: bool) -> None:
    x = torch.randn(2, 3, requires_grad=True)
    report = _optimised(_network(nn.Tanh()).requires_grad_(not frozen), x, doubled=doubled)
    assert report.verdict == (
        "Nothing that the optimiser holds stands still; 0.weight, 0.bias, 2.weight and 2.bias: "
        "the optimiser holds an input, and not them; if that is meant, all is well."
    )
    step = report["x" if doubled else "input"].step
    assert step is not None
    assert step.moved == 6
    assert "nothing that the optimiser holds stood still" in " ".join(str(report).split())


def test_an_input_that_is_a_parameter() -> None:
    report = _optimised(_network(nn.Tanh()), nn.Parameter(torch.randn(2, 3)))
    assert report.verdict.startswith("Nothing that the optimiser holds stands still; 0.weight, ")
    step = report["tensor0 (2 × 3)"].step
    assert step is not None
    assert step.moved == 6


def test_an_input_that_stands_still() -> None:
    network = _network(nn.ReLU())
    with torch.no_grad():
        network.get_parameter("0.bias").fill_(-100)
    report = _optimised(network, torch.randn(2, 3, requires_grad=True))
    assert report.verdict == (
        "Nothing moves: the gradient of input is exactly zero, "
        "because all 4 units of 1 (ReLU) are off on both samples."
    )


def test_an_input_that_moves_while_parameters_stand_still() -> None:
    network, x = _network(nn.Tanh()), torch.randn(2, 3, requires_grad=True)
    with zg.watch(network) as watched:
        optimizer = torch.optim.SGD([x, *network.parameters()], 0.1)
        (x.sum() + 0 * network(x).sum()).backward()
        optimizer.step()
    assert watched.report().verdict.startswith(
        "0.weight, 0.bias, 2.weight and 2.bias do not move: their gradients are exactly zero, because"
    )


def test_every_gradient_is_said_of_inputs_too() -> None:
    """What is exactly zero is named where the gradient of an input is not."""
    network, x = nn.Linear(1, 1), torch.ones(2, 1, requires_grad=True)
    with torch.no_grad():
        network.weight.fill_(1)
        network.bias.fill_(0)
    with zg.watch(network) as watched:
        (network(x) - torch.tensor([[0.0], [2.0]])).square().mean().backward()
    assert watched.report().verdict.startswith("The gradients of weight and bias are exactly zero, because")


def test_an_input_that_the_program_moves_by_itself() -> None:
    network, x = _network(nn.Tanh()), torch.randn(2, 3, requires_grad=True)
    with zg.watch(network) as watched:
        for _ in range(2):
            network(x).square().mean().backward()
            with torch.no_grad():
                assert x.grad is not None
                x -= 0.1 * x.grad
                x.grad = None
    report = watched.report()
    assert report.verdict == "No gradient is zero; no optimiser stepped."
    assert report["0.weight"].step is None
