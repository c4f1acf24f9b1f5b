"""Gradients that one backward pass takes away again: zero whatever the numbers are."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.needs("torch")

torch = pytest.importorskip("torch")

import zerograd as zg  # noqa: E402
from tests.explaining.training.causing import causes  # noqa: E402
from zerograd.explaining.explanation import Kind  # noqa: E402
from zerograd.explaining.training.causes.opposites import PASSES  # noqa: E402

nn = torch.nn


def network() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.LayerNorm(3), nn.Linear(3, 1))


def loss_of(model: Any, x: Any) -> Any:
    return model(x).square().mean()


def test_two_opposite_passes() -> None:
    model, x = network(), torch.randn(4, 2)

    def step() -> None:
        loss = loss_of(model, x)
        loss.backward(retain_graph=True)
        (-loss).backward()

    found = causes([model], step)
    for name, parameter in model.named_parameters():
        cause = found[name][0]
        assert Kind.CANCELLATION not in {c.kind for c in found[name]}
        assert (cause.kind, cause.structural, cause.alone) == (Kind.IDENTITY, True, True)
        assert cause.entries == parameter.numel()
        assert cause.details == {"identity": PASSES}


def test_the_verdict_names_it_alone() -> None:
    model, x = network(), torch.randn(4, 2)
    with torch.no_grad():
        model[0].bias[1] = -100  # a dead unit explains a part, beside it
    with zg.watch(model, seconds=60) as watched:
        loss = loss_of(model, x)
        loss.backward(retain_graph=True)
        (-loss).backward()
    verdict = str(watched.report()).partition("no optimiser")[0]
    assert " ".join(verdict.split()) == f"Every gradient is exactly zero, because {PASSES}."


def test_passes_over_other_samples_are_not_opposite() -> None:
    model = nn.Linear(1, 1)
    rows = torch.tensor([[1.0]]), torch.tensor([[-1.0]])
    found = causes([model], lambda: [model(x).sum().backward() for x in rows])
    (cause,) = found["weight"]
    assert (cause.kind, cause.structural) == (Kind.CANCELLATION, False)


def test_a_gradient_that_two_passes_double_is_not_zero() -> None:
    model, x = network(), torch.randn(4, 2)
    found = causes([model], lambda: [(-loss_of(model, x)).backward() for _ in range(2)])
    assert PASSES not in {c.details.get("identity") for some in found.values() for c in some}
