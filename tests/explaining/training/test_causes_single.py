"""Losses with one class: a softmax over a single entry is 1, and that is all there is to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.needs("torch")

torch = pytest.importorskip("torch")

import zerograd as zg  # noqa: E402
from tests.explaining.training.causing import causes  # noqa: E402
from zerograd.explaining.explanation import Kind  # noqa: E402
from zerograd.explaining.shadow.identities.laws import ALONE  # noqa: E402

nn, F = torch.nn, torch.nn.functional


@pytest.mark.parametrize(
    "loss",
    [
        nn.CrossEntropyLoss(),
        nn.CrossEntropyLoss(label_smoothing=0.1),
        lambda z, y: F.nll_loss(F.log_softmax(z, 1), y),
        lambda z, _: -F.log_softmax(z, 1)[:, 0].mean(),
        lambda z, _: F.mse_loss(z.softmax(1), torch.full((4, 1), 3.0)),
    ],
)
@pytest.mark.parametrize("between", [nn.Tanh(), nn.ReLU()])
def test_one_logit_has_one_cause(loss: Callable[[Any, Any], Any], between: Any) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), between, nn.Linear(3, 1))
    with torch.no_grad():
        model[0].bias += 100
    target = torch.zeros(4, dtype=torch.long)
    found = causes([model], lambda: loss(model(torch.randn(4, 2)), target).backward())
    assert set(found) == {name for name, _ in model.named_parameters()}
    places = set()
    for name, parameter in model.named_parameters():
        (cause,) = [c for c in found[name] if c.kind is not Kind.SATURATED]
        assert (cause.kind, cause.structural, cause.alone) == (Kind.IDENTITY, True, True)
        assert (cause.entries, cause.details) == (parameter.numel(), {"identity": ALONE})
        places.add(cause.where)
    assert len(places) == 1


def test_of_two_logits_nothing_is_said() -> None:
    torch.manual_seed(0)
    model = nn.Linear(2, 2)
    target = torch.zeros(4, dtype=torch.long)
    assert causes([model], lambda: F.cross_entropy(model(torch.randn(4, 2)), target).backward()) == {}


def test_targets_that_are_the_outputs_themselves() -> None:
    """What is computed twice in the same way from the same numbers is the same, whatever it is."""
    model, x = (
        torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)),
        torch.randn(64, 3),
    )
    other = torch.nn.Linear(3, 1)(x).detach()
    with zg.watch(model) as watched:
        with torch.no_grad():
            target = model(x)
        torch.nn.functional.mse_loss(model(x), target).backward()
    for row in watched.report().explanation.last.parameters.values():
        assert row.entries.zero == row.size
        assert {cause.kind for cause in row.causes} == {Kind.ZERO_ADJOINT}
    model.zero_grad()
    with zg.watch(model) as watched:
        torch.nn.functional.mse_loss(model(x), other).backward()
    assert not any(row.entries.zero for row in watched.report().explanation.last.parameters.values())
