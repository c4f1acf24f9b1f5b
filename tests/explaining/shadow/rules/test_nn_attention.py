"""Fused attention: forward and backward, masks, heads that share keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.explaining.shadow.rules.running import assert_contains, assert_zero, check, draw, run, shadows

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    F = torch.nn.functional

from zerograd.explaining.shadow.rules.attention import FUSED  # noqa: E402 - needs torch

attention = F.scaled_dot_product_attention
MASK = torch.tensor([[True, True, False, True, False], [False] * 5, [False, True, False, False, False]])


def inputs(queries: int, keys: int = 5, heads: int = 2, shared: int = 2) -> list[Any]:
    return [draw(2, heads, queries, 4), draw(2, shared, keys, 4), draw(2, shared, keys, 4, seed=1)]


@pytest.mark.parametrize("scale", [None, 0.3])
def test_attention(scale: float | None) -> None:
    check(lambda q, k, v: attention(q, k, v, scale=scale), *inputs(3))


def test_causal_attention() -> None:
    """The first query sees a single key, so it has no gradient, whatever the numbers are."""
    _, to_q, _, _ = check(lambda q, k, v: attention(q, k, v, is_causal=True), *inputs(5))
    assert_zero(to_q, torch.tensor([True, False, False, False, False])[None, None, :].expand(2, 2, 5))
    assert bool(to_q.nonzero()[:, :, 1:].any())


def test_one_key_gets_all_attention() -> None:
    q, k, v = inputs(3, keys=1)
    out, to_q, to_k, _ = check(attention, q, k, v)
    assert bool((out.value == v).all())
    assert_zero(to_q)
    assert_zero(to_k)


def is_nan_unseen() -> bool:
    """Whether a query that sees nothing gets nan, as before torch 2.5."""
    q, k, v = (t.detach() for t in inputs(1))
    unseen = attention(q, k, v, attn_mask=torch.zeros(1, 5, dtype=torch.bool))
    return bool(unseen.isnan().all())


@pytest.mark.parametrize("finite", [True, False])
def test_masks(finite: bool) -> None:
    """A query that sees nothing gets nothing; one that sees a single key has no gradient."""
    if not finite and is_nan_unseen():
        pytest.skip("nan in this torch")
    numbers = draw(3, 5, seed=2).detach()
    mask = numbers if finite else torch.where(MASK, numbers, -torch.inf)
    out, to_q, to_k, _ = check(lambda q, k, v, m: attention(q, k, v, attn_mask=m), *inputs(3), mask)
    if not finite:
        assert_zero(out, torch.tensor([False, True, False])[None, None, :].expand(2, 2, 3))
        assert_zero(to_q, torch.tensor([False, True, True])[None, None, :].expand(2, 2, 3))
        assert_zero(to_k, torch.tensor([False, False, True, False, True])[None, None, :].expand(2, 2, 5))


@pytest.mark.parametrize("overflows", [True, False])
def test_a_mask_that_overflowed_is_not_minus_infinity(overflows: bool) -> None:
    """Two of the lowest floats add up to −∞ in the run, and to a number with an exponential above 0."""
    lowest = torch.finfo(torch.float32).min if overflows else -torch.inf
    mask = torch.zeros(2, 3).masked_fill(torch.tensor([False, False, True]), lowest)
    q, k, v = (draw(1, 1, n, 4).detach().float() for n in (2, 3, 3))
    _, *gradients = shadows(*run(lambda v: attention(q, k, v, attn_mask=mask + mask), v.requires_grad_()))
    assert bool(gradients[0].zero()[:, :, 2].all()) is not overflows
    assert not bool(gradients[0].zero()[:, :, :2].any())


@pytest.mark.skipif("enable_gqa" not in (attention.__doc__ or ""), reason="not in this torch")
def test_heads_that_share_keys() -> None:
    check(lambda q, k, v: attention(q, k, v, enable_gqa=True), *inputs(3, heads=4))


def test_the_logarithm_of_the_sum_is_known_as_well() -> None:
    fused = next(getattr(torch.ops.aten, name) for name in FUSED if hasattr(torch.ops.aten, name))
    check(lambda q, k, v: fused(q, k, v)[:2], *(t.detach() for t in inputs(3)))


def test_large_scores_do_not_overflow() -> None:
    values = shadows(*run(lambda q, k, v: attention(q, k, v, scale=3000.0), *inputs(3)))
    assert all(bool(value.errors.isfinite().all()) for value in values)


def test_the_enclosure_contains_attention_at_fifty_digits() -> None:
    import mpmath

    q, k, v = draw(1, 1, 2, 4), draw(1, 1, 3, 4), draw(1, 1, 3, 4, seed=1)
    out, to_q, to_k, to_v = check(attention, q, k, v)
    with mpmath.workdps(50):
        mq, mk, mv, mg = (mpmath.matrix(t[0, 0].tolist()) for t in (q, k, v, draw(1, 1, 2, 4)))
        scores = mq * mk.T / 2
        p = mpmath.matrix(2, 3)
        for i in range(2):
            powers = [mpmath.exp(scores[i, j]) for j in range(3)]
            for j in range(3):
                p[i, j] = powers[j] / sum(powers)
        back, to_scores = mg * mv.T, mpmath.matrix(2, 3)
        for i in range(2):
            inner = sum(p[i, j] * back[i, j] for j in range(3))
            for j in range(3):
                to_scores[i, j] = p[i, j] * (back[i, j] - inner) / 2
        assert_contains(out, list(p * mv))
        assert_contains(to_q, list(to_scores * mk))
        assert_contains(to_k, list(to_scores.T * mq))
        assert_contains(to_v, list(p.T * mg))
