"""Zeros that come from whole numbers, which are the run's own, are called by what they are."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs("torch")


def test_pixels_that_are_divided_to_zero_are_the_input() -> None:
    """Integer division makes all of them 0; that is no mask."""
    import torch

    import zerograd as zg

    layer = torch.nn.Linear(3, 2)
    with zg.watch(layer) as watched:
        pixels = torch.tensor([[10, 20, 30], [40, 50, 60]]) // 255
        layer(pixels.float()).square().sum().backward()
    sentence = watched.report().verdict
    assert "mask" not in sentence
    assert "a factor that is 0 on both samples: the input at floor_divide" in sentence


def test_an_infinity_that_was_written_is_not_where_nan_began() -> None:
    """0 · log 0 in the entropy of masked actions is; the mask itself only if nothing else is there."""
    import torch

    import zerograd as zg

    layer = torch.nn.Linear(3, 3)
    mask = torch.tensor([False, False, True])
    with zg.watch(layer) as watched:
        p = layer(torch.eye(3)).masked_fill(mask, -torch.inf).softmax(1)
        (p * p.log()).sum().backward()
    assert "first one arose at log" in watched.report().verdict
    with zg.watch(layer) as watched:
        layer(torch.eye(3)).masked_fill(mask, torch.inf).square().sum().backward()
    assert "the first one was in the data" in watched.report().verdict  # the infinity itself
