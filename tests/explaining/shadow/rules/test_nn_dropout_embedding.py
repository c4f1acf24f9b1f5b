"""Dropout and embeddings: the run's masks and indices, and exact sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.explaining.shadow.rules.running import assert_zero, check, draw, run, shadows

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    F = torch.nn.functional


INDICES = torch.tensor([1, 2, 1, 0, 3, 1, 4])
OFFSETS = torch.tensor([0, 2, 2, 5])


def test_dropout_keeps_what_the_run_kept() -> None:
    out, to_x = check(lambda x: torch.native_dropout(x, 0.3, True)[0], draw(5, 8))
    assert out.zero().tolist() == to_x.zero().tolist()
    assert 0 < int(out.zero().sum()) < 40


def test_nothing_is_dropped_out_of_training() -> None:
    out = check(lambda x: torch.native_dropout(x, 0.3, False)[0], draw(5, 8).detach())[0]
    assert bool(out.nonzero().all())


def test_all_is_dropped() -> None:
    for value in check(lambda x: torch.native_dropout(x, 1.0, True)[0], draw(5, 8)):
        assert_zero(value)


@pytest.mark.parametrize("padding", [None, 1])
@pytest.mark.parametrize("by_frequency", [True, False])
def test_embedding(padding: int | None, by_frequency: bool) -> None:
    _, to_w = check(
        lambda w: F.embedding(INDICES.reshape(1, 7), w, padding, scale_grad_by_freq=by_frequency), draw(6, 3)
    )
    assert_zero(to_w, torch.tensor([False, padding == 1, False, False, False, True]))


def test_long_rows_are_shortened() -> None:
    def f(w: Any) -> Any:
        return torch.embedding_renorm_(w, INDICES[:3], 0.5, 2.0)

    w = draw(5, 3).detach()
    value = check(f, w.clone())[0]
    changed = (value.value != w).any(1)
    assert changed.tolist() == [False, True, True, False, False]


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("padding", [None, 1])
@pytest.mark.parametrize("offsets", [OFFSETS, torch.tensor([0, 2, 2, 7])])
def test_bags(mode: str, padding: int | None, offsets: Any) -> None:
    last = len(INDICES) == int(offsets[-1])

    def f(w: Any) -> Any:
        return F.embedding_bag(INDICES, w, offsets, mode=mode, padding_idx=padding, include_last_offset=last)

    out, to_w = check(f, draw(6, 3))
    assert_zero(out, torch.tensor([False, True, False, False])[: len(offsets) - last])
    assert_zero(to_w, torch.tensor([False, padding == 1, False, False, False, True]))


def test_weighted_bags() -> None:
    check(
        lambda w, p: F.embedding_bag(INDICES, w, OFFSETS, mode="sum", per_sample_weights=p, padding_idx=0),
        draw(5, 3),
        draw(7),
    )


def test_frequencies_in_bags_are_not_guessed() -> None:
    """torch 2.13 divides by the frequencies of other rows."""
    results, recorder = run(
        lambda w: F.embedding_bag(INDICES, w, OFFSETS, scale_grad_by_freq=True), draw(5, 3)
    )
    with pytest.raises(AssertionError, match="frequencies"):
        shadows(results, recorder)
