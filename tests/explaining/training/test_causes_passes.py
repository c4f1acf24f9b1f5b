"""Causes of gradients that several backward passes add to."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.needs("torch")

torch = pytest.importorskip("torch")

import zerograd as zg  # noqa: E402
from tests.explaining.training.causing import causes  # noqa: E402
from zerograd.explaining.explanation import Kind  # noqa: E402

nn = torch.nn


def network(constant: bool = False) -> Any:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        model[0].bias.copy_(torch.tensor([100.0, 100, -100]))
        if constant:
            model[0].weight[2] = 0
    return model


def accumulate(model: Any, passes: int) -> None:
    for _ in range(passes):
        model(torch.randn(8, 2)).square().mean().backward()


@pytest.mark.parametrize(
    ("passes", "words"),
    [
        (1, "on all 8 samples;"),
        (2, "on all samples of both backward passes;"),
        (3, "on all samples of all 3 backward passes;"),
    ],
)
def test_the_passes_of_accumulated_gradients_are_counted(passes: int, words: str) -> None:
    model = network()
    (cause,) = causes([model], lambda: accumulate(model, passes))["0.weight"]
    assert (cause.kind, cause.all_samples) == (Kind.DEAD, True)
    assert cause.details.get("passes", 1) == passes
    model.zero_grad()
    with zg.watch(model) as watched:
        accumulate(model, passes)
    assert words in " ".join(str(watched.report()).split())


def test_two_passes_through_the_same_values_are_over_the_same_samples() -> None:
    model = network()

    def step() -> None:
        loss = model(torch.randn(8, 2)).square().mean()
        loss.backward(retain_graph=True)
        (3 * loss).backward()

    (cause,) = causes([model], step)["0.weight"]
    assert "passes" not in cause.details


def test_steps_of_a_loop_are_no_passes() -> None:
    model = nn.RNN(2, 3, nonlinearity="relu", batch_first=True)
    with torch.no_grad():
        model.bias_ih_l0.copy_(torch.tensor([100.0, 100, -100000]))
    found = causes([model], lambda: model(torch.randn(4, 5, 2))[0].square().mean().backward())
    assert {"passes" in cause.details for cause in found["bias_ih_l0"]} == {False}


def test_of_a_unit_that_is_off_whatever_the_data_are_no_other_inputs_are_spoken_of() -> None:
    model = network(constant=True)
    with zg.watch(model) as watched:
        accumulate(model, 1)
    text = " ".join(str(watched.report()).split())
    assert "other weights or a larger bias could switch it on, other inputs and targets cannot" in text
    assert "or other inputs could" not in text
