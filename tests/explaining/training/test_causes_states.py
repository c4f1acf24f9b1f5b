"""Zeros that recurrent layers begin with."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.needs("torch")

torch = pytest.importorskip("torch")

from tests.explaining.training.causing import causes  # noqa: E402
from zerograd.explaining.explanation import Kind  # noqa: E402
from zerograd.explaining.training.causes.states import CELLS, HIDDEN  # noqa: E402

nn = torch.nn


def factors(model: Any, name: str, steps: int = 1) -> dict[str, int]:
    """Return what is 0, with the number of entries, where the loss reads some of the first steps only."""
    torch.manual_seed(0)
    x = torch.randn(4, 5, 2)
    found = causes([model], lambda: model(x)[0][:, :steps].square().sum().backward()).get(name, ())
    for cause in found:
        assert (cause.kind, cause.where, cause.structural) == (
            Kind.ZERO_FACTOR,
            type(model).__name__,
            True,
        )
    return {cause.details["factor"]: cause.entries for cause in found}


@pytest.mark.parametrize("layer", [nn.RNN, nn.GRU])
def test_the_initial_hidden_state_is_named(layer: Any) -> None:
    model = layer(2, 3, batch_first=True)
    whole = model.weight_hh_l0.numel()
    assert factors(model, "weight_hh_l0") == {HIDDEN: whole}
    assert factors(model, "weight_hh_l0", steps=2) == {}


def test_the_initial_state_of_an_lstm_has_two_parts() -> None:
    model = nn.LSTM(2, 3, batch_first=True)
    assert factors(model, "weight_hh_l0") == {HIDDEN: 36}  # both states make some of it zero
    assert factors(model, "weight_ih_l0") == {CELLS: 6}
    assert factors(model, "weight_hh_l0", steps=2) == {}
