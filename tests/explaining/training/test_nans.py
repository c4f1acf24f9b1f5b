"""Where nan and infinities come from, from the step that made them to the last."""

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


def _network(dtype: torch.dtype = torch.float32) -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(3, 2, dtype=dtype)


def _trained(network: nn.Module, x: Tensor, *, root: bool, steps: int = 3) -> Report:
    optimizer = torch.optim.Adam(network.parameters(), 1e-4)
    with zg.watch(network) as watched:
        for _ in range(steps):
            optimizer.zero_grad()
            square = network(x).square().sum()
            (square.sub(square.detach()).sqrt() if root else 1e-5 * square).backward()
            optimizer.step()
    return watched.report()


def test_later_steps_say_where_the_first_nan_arose() -> None:
    report = _trained(_network(), torch.ones(4, 3), root=True)
    said = (
        "The gradients of weight and bias are nan or infinite; the first one arose at div, in the backward "
    )
    assert report.verdict.startswith(f"{said}pass of sqrt, at test_nans.py:")
    assert report.verdict.endswith(", in step 1.")
    text = " ".join(str(report).split())
    assert "no reason for that is known" not in text
    assert "the first one arose at div, in the backward pass of sqrt, at test_nans.py" in text


def test_a_step_that_makes_weights_nan_is_not_fine() -> None:
    """The eps of Adam is 0 in half precision, and so is the mean of squares of small gradients."""
    report = _trained(_network(torch.float16), torch.ones(4, 3, dtype=torch.float16), root=False, steps=1)
    assert report.verdict == (
        "The step made 8 weights nan or infinite, in weight and bias; "
        "the optimiser's eps, 1e-8, is 0 in float16."
    )
    later = _trained(_network(torch.float16), torch.ones(4, 3, dtype=torch.float16), root=False)
    assert later.verdict == (
        "The gradients of weight and bias are nan or infinite; the first one arose at Adam.step(), in step 1."
    )


def test_parameters_that_were_nan_before_the_watch() -> None:
    network = _network()
    with torch.no_grad():
        network.get_parameter("bias").fill_(float("nan"))
    report = _trained(network, torch.ones(4, 3), root=False)
    assert report.verdict == (
        "The gradients of weight and bias are nan or infinite; "
        "the first one was in a parameter, before step 1."
    )
