"""Causes of zeros that masks of attention make, and what is said of results within layers."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.needs("torch")

torch = pytest.importorskip("torch")

from tests.explaining.training.causing import causes  # noqa: E402
from zerograd.explaining.explanation import Kind  # noqa: E402
from zerograd.explaining.shadow.identities.laws import ALONE  # noqa: E402
from zerograd.explaining.training.causes.masks import CLOSED, EMPTY, SINGLE  # noqa: E402

nn = torch.nn


def attention(*, dropout: float = 0.0, heads: int = 1) -> Any:
    torch.manual_seed(0)
    return nn.MultiheadAttention(2, heads, batch_first=True, dropout=dropout)


def causal(size: int) -> Any:
    return torch.ones(size, size).triu(1).bool()


@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_a_row_with_a_single_open_key_passes_nothing_to_its_scores(
    need_weights: bool, dropout: float
) -> None:
    model, mask = attention(dropout=dropout), causal(3)
    z = torch.randn(1, 3, 2)

    def step() -> None:
        model(z, z, z, attn_mask=mask, need_weights=need_weights)[0][:, 0].sum().backward()

    found = causes([model], step)
    for name in ("in_proj_weight", "in_proj_bias"):
        (cause,) = found[name]
        assert (cause.kind, cause.structural, cause.alone) == (Kind.IDENTITY, True, True)
        assert cause.details == {"identity": SINGLE}
        assert cause.where == "MultiheadAttention"
    assert found["in_proj_weight"][0].entries == 8


@pytest.mark.parametrize("need_weights", [False, True])
def test_a_mask_of_filled_positions_is_of_this_data_only(need_weights: bool) -> None:
    model, z = attention(), torch.randn(2, 3, 2)
    padding = torch.tensor([[False, True, True], [False, True, True]])

    def step() -> None:
        model(z, z, z, key_padding_mask=padding, need_weights=need_weights)[0].sum().backward()

    (cause,) = causes([model], step)["in_proj_bias"]
    assert (cause.kind, cause.structural) == (Kind.IDENTITY, False)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_positions_that_a_mask_hides_are_not_called_an_output_of_zero(dropout: float) -> None:
    model, place = attention(dropout=dropout), nn.Embedding(4, 2)
    mask = causal(4)

    def step() -> None:
        z = place(torch.arange(4)).unsqueeze(0)
        model(z, z, z, attn_mask=mask, need_weights=False)[0][:, 1].square().sum().backward()

    (cause,) = causes([model, place], step)["Embedding.weight"]
    assert (cause.kind, cause.structural, cause.entries) == (Kind.ZERO_FACTOR, True, 4)
    assert cause.details == {"factor": CLOSED}


def test_a_result_within_a_layer_is_not_called_its_output() -> None:
    model = attention()
    z = torch.randint(-3, 4, (2, 3, 1)).expand(2, 3, 2) / 4  # both features are alike
    with torch.no_grad():
        model.in_proj_weight[:2] = torch.tensor([1.0, -1.0])  # so that all queries are 0
    found = causes([model], lambda: model(z, z, z, need_weights=False)[0].square().sum().backward())
    (cause,) = [cause for cause in found["in_proj_weight"] if cause.kind is Kind.ZERO_FACTOR]
    assert cause.details["factor"].startswith("what ")
    assert cause.details["factor"].endswith(" gives inside MultiheadAttention")


@pytest.mark.parametrize("need_weights", [False, True])
def test_a_mask_that_the_step_writes_leaves_one_key(need_weights: bool) -> None:
    model, z = attention(), torch.randn(2, 3, 2)

    def step() -> None:
        padding = torch.zeros(2, 3).bool()
        padding[:, 1:] = True
        model(z, z, z, key_padding_mask=padding, need_weights=need_weights)[0].sum().backward()

    found = causes([model], step)
    for name in ("in_proj_weight", "in_proj_bias"):
        (cause,) = found[name]
        assert (cause.kind, cause.details) == (Kind.IDENTITY, {"identity": SINGLE})


@pytest.mark.parametrize("layer", [False, True])
def test_rows_that_the_mask_closes_wholly_are_the_masks_work_and_no_law(layer: bool) -> None:
    torch.manual_seed(0)
    model = nn.TransformerEncoderLayer(4, 2, 4, batch_first=True) if layer else attention()
    z, padding = torch.randn(2, 3, 4 if layer else 2), torch.ones(2, 3).bool()

    def step() -> None:
        if layer:
            model(z, src_key_padding_mask=padding).square().sum().backward()
        else:
            model(z, z, z, key_padding_mask=padding, need_weights=False)[0].sum().backward()

    found = causes([model], step)
    for name in ("in_proj_weight", "in_proj_bias", "out_proj.weight"):
        (cause,) = found[("self_attn." if layer else "") + name]
        assert (cause.kind, cause.structural) == (Kind.ZERO_FACTOR, False)
        assert cause.details == {"factor": EMPTY}


@pytest.mark.parametrize("need_weights", [False, True])
def test_attention_over_one_position_is_a_softmax_over_a_single_entry(need_weights: bool) -> None:
    model, z = attention(), torch.randn(3, 1, 2)
    found = causes([model], lambda: model(z, z, z, need_weights=need_weights)[0].square().sum().backward())
    for name, entries in (("in_proj_weight", 8), ("in_proj_bias", 4)):
        (cause,) = found[name]
        assert (cause.kind, cause.structural, cause.entries) == (Kind.IDENTITY, True, entries)
        assert cause.details == {"identity": ALONE}
