"""How to build a module of each kind in torch.nn, and what to call it with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn

ABSTRACT = {
    *("Container", "Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList"),
    *("RNNBase", "RNNCellBase"),
}
"""What cannot be called, or computes nothing."""

ELSEWHERE = {"SyncBatchNorm": "needs several processes", "DataParallel": "needs several devices"}


def normal(*shape: int) -> Any:
    return torch.randn(shape).requires_grad_()


def positive(*shape: int) -> Any:
    return (torch.rand(shape) + 0.1).requires_grad_()


def chances(*shape: int) -> Any:
    return (torch.rand(shape) * 0.8 + 0.1).requires_grad_()


def classes(n: int, *shape: int) -> Any:
    return torch.randint(0, n, shape)


def signs(*shape: int) -> Any:
    return torch.randint(0, 2, shape) * 2.0 - 1.0


Case = tuple[Callable[[], Any], Callable[[], list[Any]]]


def _case(name: str, *arguments: Any, inputs: Callable[[], list[Any]], **keywords: Any) -> Case:
    return lambda: getattr(nn, name)(*arguments, **keywords), inputs


def _space(n: int) -> tuple[int, ...]:
    return (8, 6, 6)[:n]


def _plane(n: int, channels: int = 4) -> Callable[[], list[Any]]:
    return lambda: [normal(2, channels, *_space(n))]


def _positive_plane(n: int) -> list[Any]:
    return [positive(2, 4, *_space(n))]


def _row() -> list[Any]:
    return [normal(3, 4)]


class _Unpooled(nn.Module):
    """Pools and unpools."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.pool = getattr(nn, f"MaxPool{n}d")(2, return_indices=True)
        self.back = getattr(nn, f"MaxUnpool{n}d")(2)

    def forward(self, x: Any) -> Any:
        return self.back(*self.pool(x))


CASES: dict[str, Case] = {}

ENTRYWISE = """
    AlphaDropout CELU Dropout ELU Flatten GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh Identity
    LeakyReLU LogSigmoid Mish PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softplus Softshrink Softsign
    Tanh Tanhshrink
"""

for name in ENTRYWISE.split():
    CASES[name] = _case(name, inputs=_row)
for name in "LogSoftmax", "Softmax", "Softmin":
    CASES[name] = _case(name, 1, inputs=_row)
for n in 1, 2, 3:
    plane = _plane(n)
    CASES |= {
        f"AdaptiveAvgPool{n}d": _case(f"AdaptiveAvgPool{n}d", 4, inputs=plane),
        f"AdaptiveMaxPool{n}d": _case(f"AdaptiveMaxPool{n}d", 4, inputs=plane),
        f"AvgPool{n}d": _case(f"AvgPool{n}d", 3, inputs=plane),
        f"MaxPool{n}d": _case(f"MaxPool{n}d", 3, inputs=plane),
        f"LPPool{n}d": _case(f"LPPool{n}d", 2, 3, inputs=partial(_positive_plane, n)),
        f"MaxUnpool{n}d": (partial(_Unpooled, n), plane),
        f"BatchNorm{n}d": _case(f"BatchNorm{n}d", 4, inputs=plane),
        f"InstanceNorm{n}d": _case(
            f"InstanceNorm{n}d", 4, affine=True, track_running_stats=True, inputs=plane
        ),
        f"Conv{n}d": _case(f"Conv{n}d", 4, 6, 3, stride=2, padding=1, groups=2, inputs=plane),
        f"ConvTranspose{n}d": _case(f"ConvTranspose{n}d", 4, 2, 3, stride=2, inputs=plane),
        f"Dropout{n}d": _case(f"Dropout{n}d", inputs=plane),
        f"LazyBatchNorm{n}d": _case(f"LazyBatchNorm{n}d", inputs=plane),
        f"LazyInstanceNorm{n}d": _case(f"LazyInstanceNorm{n}d", inputs=plane),
        f"LazyConv{n}d": _case(f"LazyConv{n}d", 3, 2, inputs=plane),
        f"LazyConvTranspose{n}d": _case(f"LazyConvTranspose{n}d", 3, 2, inputs=plane),
        f"ConstantPad{n}d": _case(f"ConstantPad{n}d", 1, 2.5, inputs=plane),
    }
    for kind in "Circular", "Reflection", "Replication", "Zero":
        CASES[f"{kind}Pad{n}d"] = _case(f"{kind}Pad{n}d", 2, inputs=plane)


def _pairs() -> list[Any]:
    return [normal(3, 4), normal(3, 4)]


def _sequence(*shape: int) -> Callable[[], list[Any]]:
    return lambda: [normal(*shape)]


CASES |= {
    "AdaptiveLogSoftmaxWithLoss": _case(
        "AdaptiveLogSoftmaxWithLoss", 4, 9, [3, 6], inputs=lambda: [normal(8, 4), classes(9, 8)]
    ),
    "Bilinear": _case("Bilinear", 4, 3, 5, inputs=lambda: [normal(3, 4), normal(3, 3)]),
    "ChannelShuffle": _case("ChannelShuffle", 2, inputs=_plane(2)),
    "CosineSimilarity": _case("CosineSimilarity", inputs=_pairs),
    "CrossMapLRN2d": _case("CrossMapLRN2d", 3, inputs=_plane(2)),
    "Embedding": _case("Embedding", 5, 3, 2, inputs=lambda: [classes(5, 2, 4)]),
    "EmbeddingBag": _case("EmbeddingBag", 5, 3, inputs=lambda: [classes(5, 2, 4)]),
    "FeatureAlphaDropout": _case("FeatureAlphaDropout", inputs=_plane(2)),
    "Fold": _case("Fold", (5, 6), 2, inputs=_sequence(2, 12, 20)),
    "FractionalMaxPool2d": _case("FractionalMaxPool2d", 2, 3, inputs=_plane(2)),
    "FractionalMaxPool3d": _case("FractionalMaxPool3d", 2, 3, inputs=_plane(3)),
    "GRU": _case("GRU", 4, 3, 2, bidirectional=True, dropout=0.2, inputs=_sequence(5, 2, 4)),
    "GRUCell": _case("GRUCell", 4, 3, inputs=_row),
    "GroupNorm": _case("GroupNorm", 2, 4, inputs=_plane(2)),
    "LSTM": _case("LSTM", 4, 3, 2, bidirectional=True, batch_first=True, inputs=_sequence(5, 2, 4)),
    "LSTMCell": _case("LSTMCell", 4, 3, inputs=_row),
    "LayerNorm": _case("LayerNorm", 4, inputs=_row),
    "LazyLinear": _case("LazyLinear", 3, inputs=_row),
    "Linear": _case("Linear", 4, 3, inputs=_row),
    "LinearCrossEntropyLoss": _case(
        "LinearCrossEntropyLoss", 4, 5, inputs=lambda: [normal(3, 4), classes(5, 3)]
    ),
    "LocalResponseNorm": _case("LocalResponseNorm", 3, inputs=_plane(2)),
    "MultiheadAttention": _case(
        "MultiheadAttention", 4, 2, inputs=lambda: [normal(3, 2, 4) for _ in range(3)]
    ),
    "PairwiseDistance": _case("PairwiseDistance", inputs=_pairs),
    "PixelShuffle": _case("PixelShuffle", 2, inputs=_plane(2)),
    "PixelUnshuffle": _case("PixelUnshuffle", 2, inputs=_plane(2)),
    "RMSNorm": _case("RMSNorm", 4, inputs=_row),
    "RNN": _case("RNN", 4, 3, 2, inputs=_sequence(5, 2, 4)),
    "RNNCell": _case("RNNCell", 4, 3, inputs=_row),
    "Sequential": (lambda: nn.Sequential(nn.Linear(4, 3), nn.ReLU()), _row),
    "Softmax2d": _case("Softmax2d", inputs=_plane(2)),
    "Threshold": _case("Threshold", 0.1, 2.0, inputs=_row),
    "Transformer": _case("Transformer", 4, 2, 1, 1, 6, inputs=lambda: [normal(3, 2, 4), normal(4, 2, 4)]),
    "TransformerDecoder": (
        lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 6), 1),
        lambda: [normal(3, 2, 4), normal(4, 2, 4)],
    ),
    "TransformerDecoderLayer": _case(
        "TransformerDecoderLayer", 4, 2, 6, inputs=lambda: [normal(3, 2, 4), normal(4, 2, 4)]
    ),
    "TransformerEncoder": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, batch_first=True), 1),
        _sequence(2, 3, 4),
    ),
    "TransformerEncoderLayer": _case(
        "TransformerEncoderLayer", 4, 2, 6, batch_first=True, activation="gelu", inputs=_sequence(2, 3, 4)
    ),
    "Unflatten": _case("Unflatten", 1, (2, 2), inputs=_row),
    "Unfold": _case("Unfold", 2, inputs=_plane(2)),
    "Upsample": _case("Upsample", scale_factor=2, mode="bicubic", inputs=_plane(2)),
    "UpsamplingBilinear2d": _case("UpsamplingBilinear2d", scale_factor=2, inputs=_plane(2)),
    "UpsamplingNearest2d": _case("UpsamplingNearest2d", scale_factor=2, inputs=_plane(2)),
    # losses
    "BCELoss": _case("BCELoss", inputs=lambda: [chances(3, 4), torch.rand(3, 4)]),
    "BCEWithLogitsLoss": _case(
        "BCEWithLogitsLoss", pos_weight=torch.ones(4) * 2, inputs=lambda: [normal(3, 4), torch.rand(3, 4)]
    ),
    "CTCLoss": _case(
        "CTCLoss",
        inputs=lambda: [normal(6, 2, 4), classes(3, 2, 2) + 1, torch.tensor([6, 6]), torch.tensor([2, 2])],
    ),
    "CosineEmbeddingLoss": _case("CosineEmbeddingLoss", 0.1, inputs=lambda: [*_pairs(), signs(3)]),
    "CrossEntropyLoss": _case(
        "CrossEntropyLoss", label_smoothing=0.1, inputs=lambda: [normal(3, 4), classes(4, 3)]
    ),
    "GaussianNLLLoss": _case("GaussianNLLLoss", full=True, inputs=lambda: [*_pairs(), positive(3, 4)]),
    "HingeEmbeddingLoss": _case("HingeEmbeddingLoss", inputs=lambda: [normal(3, 4), signs(3, 4)]),
    "HuberLoss": _case("HuberLoss", inputs=_pairs),
    "KLDivLoss": _case("KLDivLoss", reduction="batchmean", inputs=lambda: [normal(3, 4), positive(3, 4)]),
    "L1Loss": _case("L1Loss", inputs=_pairs),
    "MSELoss": _case("MSELoss", inputs=_pairs),
    "MarginRankingLoss": _case("MarginRankingLoss", inputs=lambda: [normal(3), normal(3), signs(3)]),
    "MultiLabelMarginLoss": _case(
        "MultiLabelMarginLoss", inputs=lambda: [normal(2, 4), torch.tensor([[3, 0, -1, 1], [1, -1, 0, 2]])]
    ),
    "MultiLabelSoftMarginLoss": _case(
        "MultiLabelSoftMarginLoss", inputs=lambda: [normal(3, 4), classes(2, 3, 4).float()]
    ),
    "MultiMarginLoss": _case("MultiMarginLoss", inputs=lambda: [normal(3, 4), classes(4, 3)]),
    "NLLLoss": _case("NLLLoss", inputs=lambda: [normal(3, 4), classes(4, 3)]),
    "NLLLoss2d": _case("NLLLoss2d", inputs=lambda: [normal(2, 4, 3, 3), classes(4, 2, 3, 3)]),
    "PoissonNLLLoss": _case(
        "PoissonNLLLoss", full=True, inputs=lambda: [normal(3, 4), classes(5, 3, 4).float()]
    ),
    "SmoothL1Loss": _case("SmoothL1Loss", inputs=_pairs),
    "SoftMarginLoss": _case("SoftMarginLoss", inputs=lambda: [normal(3, 4), signs(3, 4)]),
    "TripletMarginLoss": _case("TripletMarginLoss", swap=True, inputs=lambda: [*_pairs(), normal(3, 4)]),
    "TripletMarginWithDistanceLoss": _case(
        "TripletMarginWithDistanceLoss", inputs=lambda: [*_pairs(), normal(3, 4)]
    ),
}

EXTRA: dict[str, Case] = {
    "BatchNorm1d of rows": _case("BatchNorm1d", 4, momentum=None, inputs=_row),
    "BatchNorm2d without statistics": _case("BatchNorm2d", 4, track_running_stats=False, inputs=_plane(2)),
    "Conv2d, padding by reflection": _case(
        "Conv2d", 4, 2, 3, padding="same", padding_mode="reflect", inputs=_plane(2)
    ),
    "Conv1d, padding around": _case("Conv1d", 4, 2, 3, padding=1, padding_mode="circular", inputs=_plane(1)),
    "EmbeddingBag, maxima": _case("EmbeddingBag", 5, 3, mode="max", inputs=lambda: [classes(5, 2, 4)]),
    "Embedding, short rows": _case("Embedding", 5, 3, max_norm=1.0, inputs=lambda: [classes(5, 2, 4)]),
    "GELU, tanh": _case("GELU", "tanh", inputs=_row),
    "LSTM, projected": _case("LSTM", 4, 3, proj_size=2, inputs=_sequence(5, 2, 4)),
    "GRU, batch first": _case("GRU", 4, 3, batch_first=True, inputs=_sequence(5, 2, 4)),
    "RNN, relu": _case("RNN", 4, 3, nonlinearity="relu", bias=False, inputs=_sequence(5, 2, 4)),
    "LSTM, packed": (
        lambda: nn.LSTM(4, 3),
        lambda: [nn.utils.rnn.pack_padded_sequence(torch.randn(5, 2, 4), [5, 3])],
    ),
    "MultiheadAttention, batch first": _case(
        "MultiheadAttention",
        4,
        2,
        batch_first=True,
        dropout=0.2,
        inputs=lambda: [normal(2, 3, 4) for _ in "qkv"],
    ),
    "MultiheadAttention, biases and zeros": _case(
        "MultiheadAttention",
        4,
        2,
        add_bias_kv=True,
        add_zero_attn=True,
        kdim=5,
        vdim=6,
        inputs=lambda: [normal(3, 2, 4), normal(3, 2, 5), normal(3, 2, 6)],
    ),
    "TransformerEncoderLayer, norm first, no dropout": _case(
        "TransformerEncoderLayer", 4, 2, 6, 0.0, norm_first=True, inputs=_sequence(3, 2, 4)
    ),
    "Upsample, nearest": _case("Upsample", scale_factor=2, inputs=_plane(3)),
    "Upsample, linear": _case("Upsample", scale_factor=2, mode="linear", inputs=_plane(1)),
    "Upsample, trilinear": _case("Upsample", scale_factor=2, mode="trilinear", inputs=_plane(3)),
    "weight_norm": (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)), _row),
    "spectral_norm": (lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3)), _row),
    "orthogonal": (lambda: nn.utils.parametrizations.orthogonal(nn.Linear(4, 3)), _row),
}
"""Kinds again, run in other ways, and what torch.nn.utils adds to them."""
