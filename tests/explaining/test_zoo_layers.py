"""Every layer and every loss of torch.nn in a small step: the same bits as unwatched, and no wrong class."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    nn, F = torch.nn, torch.nn.functional

from tests.explaining.zoo import Loss, Make, check  # noqa: E402

Case = tuple[Make, Loss]


def after_linear(layer: Callable[[], nn.Module]) -> Case:
    return lambda: nn.Sequential(nn.Linear(6, 6), layer()), against_noise((4, 6))


def against_noise(*shapes: tuple[int, ...]) -> Loss:
    """Return a loss that compares the module's result with noise."""

    def loss(model: nn.Module, dtype: torch.dtype) -> torch.Tensor:
        out = model(*[torch.randn(shape).to(dtype) for shape in shapes])
        return F.mse_loss(out, torch.randn(out.shape).to(dtype))

    return loss


def in_convolution(layer: Callable[[], nn.Module], dimensions: int) -> Case:
    convolution = getattr(nn, f"Conv{dimensions}d")
    shape = (2, 3, *{1: (9,), 2: (7, 7), 3: (4, 4, 4)}[dimensions])
    return lambda: nn.Sequential(convolution(3, 4, 3, padding=1), layer()), against_noise(shape)


ACTIVATIONS = (
    "ELU", "Hardshrink", "Hardsigmoid", "Hardtanh", "Hardswish", "LeakyReLU", "LogSigmoid", "PReLU", "ReLU",
    "ReLU6", "RReLU", "SELU", "CELU", "GELU", "Sigmoid", "SiLU", "Mish", "Softplus", "Softshrink", "Softsign",
    "Tanh", "Tanhshrink", "Identity", "Dropout", "AlphaDropout", "FeatureAlphaDropout", "GLU", "Flatten",
)  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str) -> None:
    """Activations and dropout after a linear layer."""
    check(*after_linear(getattr(nn, name)))


NORMS: dict[str, Callable[[], nn.Module]] = {
    "softmax": lambda: nn.Softmax(1),
    "softmin": lambda: nn.Softmin(1),
    "log softmax": lambda: nn.LogSoftmax(1),
    "batch": lambda: nn.BatchNorm1d(6),
    "layer": lambda: nn.LayerNorm(6),
    "rms": lambda: nn.RMSNorm(6, eps=1e-6),
    "group": lambda: nn.GroupNorm(3, 6),
    "unflatten": lambda: nn.Unflatten(1, (2, 3)),
    "weight norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(6, 6)),
    "spectral norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(6, 6)),
}


@pytest.mark.parametrize("name", NORMS)
def test_norms(name: str) -> None:
    """Norms after a linear layer, and norms of weights."""
    check(*after_linear(NORMS[name]))


POOLS: dict[str, tuple[object, ...]] = {
    "MaxPool": (2,), "AvgPool": (2,), "AdaptiveAvgPool": (2,), "AdaptiveMaxPool": (2,), "LPPool": (2, 2),
    "BatchNorm": (4,), "InstanceNorm": (4,), "Dropout": (0.5,), "ReflectionPad": (1,), "ReplicationPad": (1,),
    "ZeroPad": (1,), "ConstantPad": (1, 2.0), "CircularPad": (1,),
}  # fmt: skip


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("name", POOLS)
def test_layers_of_images(name: str, dimensions: int) -> None:
    """Pooling, norms, dropout and padding after a convolution."""
    layer = getattr(nn, f"{name}{dimensions}d")
    check(*in_convolution(lambda: layer(*POOLS[name]), dimensions))


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Conv", "ConvTranspose"])
def test_convolutions(kind: str, dimensions: int) -> None:
    """Strides and padding, both ways."""
    layer = getattr(nn, f"{kind}{dimensions}d")
    shape = (2, 3, *[5] * dimensions)
    check(lambda: nn.Sequential(layer(3, 4, 3, stride=2, padding=1)), against_noise(shape))


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area"])
def test_upsampling(mode: str) -> None:
    """All ways of interpolating."""
    check(*in_convolution(lambda: nn.Upsample(scale_factor=2, mode=mode), 2))


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_recurrent(kind: str) -> None:
    """Two layers in both directions, and one cell, whose hidden weights meet a state of zeros."""
    layer, cell = getattr(nn, kind), getattr(nn, f"{kind}Cell")

    def loss(model: nn.Module, dtype: torch.dtype) -> torch.Tensor:
        out = model(torch.randn(2, 4, 3).to(dtype))[0]
        return F.mse_loss(out, torch.randn(out.shape).to(dtype))

    def of_cell(model: nn.Module, dtype: torch.dtype) -> torch.Tensor:
        out = model(torch.randn(2, 3).to(dtype))
        out = out[0] if isinstance(out, tuple) else out
        return F.mse_loss(out, torch.randn(out.shape).to(dtype))

    check(lambda: layer(3, 5, num_layers=2, batch_first=True, bidirectional=True), loss)
    report = check(lambda: cell(3, 5), of_cell)
    assert report["weight_hh"].entries.zero == report["weight_hh"].size


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("norm_first", [False, True])
def test_transformers(norm_first: bool) -> None:
    """Encoder and decoder, with dropout, without; adding a vector to all keys changes nothing."""
    encoder = lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=norm_first)  # noqa: E731
    check(encoder, against_noise((2, 5, 8)))
    report = check(
        lambda: nn.Transformer(8, 2, 1, 1, 16, batch_first=True, dropout=0.0, norm_first=norm_first),
        against_noise((2, 5, 8), (2, 4, 8)),
    )
    keys = report["decoder.layers.0.multihead_attn.in_proj_bias"]
    assert keys.entries.zero == 8


def test_embeddings() -> None:
    """Rows that no index names; the row of the padding."""

    def loss(model: nn.Module, dtype: torch.dtype) -> torch.Tensor:
        out = model(torch.tensor([[0, 1, 2], [1, 3, 3]]))
        return F.mse_loss(out, torch.randn(out.shape).to(dtype))

    report = check(lambda: nn.Embedding(7, 4, padding_idx=0), loss)
    assert report["weight"].entries.zero == 16
    for mode in ("sum", "mean", "max"):
        report = check(partial(nn.EmbeddingBag, 7, 4, mode=mode), loss)
        assert "empty" not in report.verdict and "mean over nothing" not in str(report)


def labels(*shape: int) -> torch.Tensor:
    return torch.randint(0, 4, shape)


def signs(*shape: int) -> torch.Tensor:
    return torch.randint(0, 2, shape) * 2 - 1


LOSSES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "l1": lambda o: nn.L1Loss()(o, torch.randn(5, 4).to(o)),
    "cross entropy": lambda o: nn.CrossEntropyLoss(label_smoothing=0.1)(o, labels(5)),
    "probabilities": lambda o: nn.CrossEntropyLoss()(o, torch.rand(5, 4).softmax(1).to(o)),
    "some ignored": lambda o: nn.CrossEntropyLoss(ignore_index=0)(o, torch.tensor([0, 1, 0, 2, 3])),
    "nll": lambda o: nn.NLLLoss()(o.log_softmax(1), labels(5)),
    "poisson": lambda o: nn.PoissonNLLLoss(full=True)(o, labels(5, 4).to(o)),
    "gaussian": lambda o: nn.GaussianNLLLoss()(o, torch.randn(5, 4).to(o), torch.rand(5, 4).to(o)),
    "divergence": lambda o: nn.KLDivLoss(reduction="batchmean")(o.log_softmax(1), torch.rand(5, 4).to(o)),
    "bce": lambda o: nn.BCELoss()(o.sigmoid(), torch.rand(5, 4).to(o)),
    "logits": lambda o: nn.BCEWithLogitsLoss(pos_weight=torch.rand(4).to(o))(o, torch.rand(5, 4).to(o)),
    "ranking": lambda o: nn.MarginRankingLoss(0.5)(o[:, 0], o[:, 1], torch.tensor([1, -1, 1, 1, -1])),
    "hinge": lambda o: nn.HingeEmbeddingLoss()(o, signs(5, 4).to(o)),
    "several labels": lambda o: nn.MultiLabelMarginLoss()(o, torch.tensor([[0, 2, -1, -1]] * 5)),
    "huber": lambda o: nn.HuberLoss()(o, torch.randn(5, 4).to(o)),
    "smooth l1": lambda o: nn.SmoothL1Loss()(o, torch.randn(5, 4).to(o)),
    "soft margin": lambda o: nn.SoftMarginLoss()(o, signs(5, 4).to(o)),
    "soft labels": lambda o: nn.MultiLabelSoftMarginLoss()(o, torch.randint(0, 2, (5, 4)).to(o)),
    "cosine": lambda o: nn.CosineEmbeddingLoss(0.1)(o, o.flip(1), torch.tensor([1, -1, 1, 1, -1])),
    "margin": lambda o: nn.MultiMarginLoss()(o, labels(5)),
    "triplet": lambda o: nn.TripletMarginLoss()(o, o.roll(1, 0), torch.randn(5, 4).to(o)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    """Losses of a small network's results."""
    make: Make = lambda: nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 4))  # noqa: E731
    check(make, lambda model, dtype: LOSSES[name](model(torch.randn(5, 3).to(dtype))))
