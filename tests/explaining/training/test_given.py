"""What is not a module, an optimiser or a loss is told so, with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import zerograd as zg
from zerograd.core.errors import ZerogradError

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn


def made() -> tuple[Any, Any, Any]:
    """Return a module, its optimiser, and that one's schedule."""
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return model, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 1)


M, O, S = "model", "optimizer", "schedule"  # noqa: E741


def _given(what: Any) -> Any:
    model, optimizer, schedule = made()
    if what == "parameters":
        return model.parameters()
    return {M: model, O: optimizer, S: schedule}.get(what, what) if isinstance(what, str) else what


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["hello"], "model is 'hello': it must be a torch.nn.Module, or several in a list"),
        ([O], r"model is an optimiser \(SGD\): give it by name, watch\(optimizer=optimizer\)"),
        ([O, M], r"model is an optimiser \(SGD\), and optimizer is a module \(Linear\): did you swap them"),
        (["parameters"], r"model is of type generator: give the module itself, not its parameters"),
        ([[torch.ones(2)]], r"model is a tensor \(Tensor, 2\): give the module itself"),
        ([nn.Linear], r"model is the class Linear: give an instance, such as Linear\(\)"),
        ([M, M], r"optimizer is a module \(Linear\): .* several models are given as a list, watch\(\[a, b"),
        ([M, S], r"optimizer is of type StepLR: give the optimiser that it belongs to"),
        ([M, torch.optim.SGD], r"optimizer is the class SGD: give an instance"),
        ([M, "parameters"], r"optimizer is of type generator: give the optimiser itself"),
        ([M, 0.1], r"optimizer is 0.1: it must be a torch.optim.Optimizer"),
    ],
)  # fmt: skip
def test_what_cannot_be_watched(given: list[Any], words: str) -> None:
    """It is said what was found, what is expected, and what to do."""
    with pytest.raises(ZerogradError, match=words):
        zg.watch(*map(_given, given))


@pytest.mark.parametrize("seconds", ["a", -1, float("nan"), None, True])
def test_seconds(seconds: Any) -> None:
    """They are a number, and not negative."""
    with pytest.raises(ZerogradError, match=r"seconds is .*: it must be a number"):
        zg.watch(seconds=seconds)
    zg.watch(seconds=0)


def test_what_can_be_watched() -> None:
    """Nothing, one of each, or several."""
    model, optimizer, _ = made()
    zg.watch()
    zg.watch(model, optimizer)
    zg.watch([model, model], (optimizer,), seconds=float("inf"))


X = torch.ones(1, 2)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([M, nn.MSELoss, X, X], r"loss_fn is the class MSELoss: give an instance, such as MSELoss\(\)"),
        ([nn.MSELoss(), M, X, X], r"model is a module \(MSELoss\), and loss_fn is a module \(Linear\): did"),
        ([M, X, X, nn.MSELoss()], r"loss_fn is a tensor .* Did you swap arguments\? The order is expl"),
        ([M, nn.MSELoss(), O, X], r"x is an optimiser \(SGD\): did you swap arguments\? The order is"),
        ([M, nn.MSELoss(), X, O], r"y is an optimiser \(SGD\): did you swap arguments\? The order is"),
        ([[M], nn.MSELoss(), X, X], "explain takes one model and one optimiser: with several, use watch"),
        ([O, nn.MSELoss(), X, X], r"model is an optimiser \(SGD\)"),
        ([M, nn.MSELoss(), X, X, S], "optimizer is of type StepLR"),
    ],
)  # fmt: skip
def test_what_cannot_be_explained(given: list[Any], words: str) -> None:
    """Nothing runs of it."""
    with pytest.raises(ZerogradError, match=words):
        zg.explain(*map(_given, given))
