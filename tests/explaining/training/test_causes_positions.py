"""Units that are off at some positions only, as under a convolution, are not said to be off."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs("torch")

torch = pytest.importorskip("torch")

from tests.explaining.training.causing import causes  # noqa: E402
from zerograd.explaining.explanation import Kind  # noqa: E402
from zerograd.show.explanation.causes import cause_words  # noqa: E402

nn = torch.nn


def test_units_that_are_on_somewhere_are_off_at_some_positions() -> None:
    """Positions 0 of both channels are off on both samples; every channel is on at another position."""
    model = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(4, 1))
    z = torch.tensor([[[[-1.0, 2.0]], [[-2.0, 1.0]]], [[[-1.0, 3.0]], [[-3.0, 2.0]]]], requires_grad=True)
    (cause,) = causes([model], lambda: model(z * 1).square().sum().backward())["2.weight"]
    assert (cause.kind, cause.entries, cause.details["partly"]) == (Kind.DEAD, 2, "positions")
    words = cause_words(cause, 2)
    assert words.clause == "units of 0 (ReLU) are off at some positions"
    assert not any("switch" in more for more in words.more)


def test_one_channel_that_is_on_somewhere_is_named_as_off_at_some_positions() -> None:
    model = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(4, 1))
    z = torch.tensor([[[[-1.0, 2.0]], [[2.0, 1.0]]], [[[-1.0, 3.0]], [[3.0, 2.0]]]], requires_grad=True)
    (cause,) = causes([model], lambda: model(z * 1).square().sum().backward())["2.weight"]
    assert cause_words(cause, 2).clause == "unit 0 of 0 (ReLU) is off at some positions"


def test_a_channel_that_is_off_at_all_positions_is_off() -> None:
    model = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(4, 1))
    z = torch.tensor([[[[-1.0, -2.0]], [[2.0, 1.0]]], [[[-1.0, -3.0]], [[3.0, 2.0]]]], requires_grad=True)
    (cause,) = causes([model], lambda: model(z * 1).square().sum().backward())["2.weight"]
    assert cause_words(cause, 2).clause == "unit 0 of 0 (ReLU) is off"
