"""Modules of PyTorch, written as files by its two exporters."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any


def exported(module: Any, xs: Any, path: Path, dynamo: bool, dynamic: bool = False) -> Path:
    """Write a module in evaluation, and return the file.

    Args:
        xs: an input, or a tuple of several.
        dynamic: whether any number of samples can be given.
    """
    import torch

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    several = xs if isinstance(xs, tuple) else (xs,)
    names = [f"x{number}" for number in range(len(several))] if len(several) > 1 else ["x"]
    how: dict[str, Any] = {"input_names": names}
    if dynamic and dynamo:
        how["dynamic_shapes"] = tuple({0: torch.export.Dim("n")} for _ in several)
    elif dynamic:
        how["dynamic_axes"] = {name: {0: "n"} for name in names}
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), several, str(path), dynamo=dynamo, verbose=False, external_data=False, **how
        )
    return path


def branches(parts: Iterable[Any]) -> Any:
    """Return a module with an input and an output for each part."""
    from torch import nn

    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.ModuleList(parts)

        def forward(self, *xs: Any) -> Any:
            return tuple(part(x) for part, x in zip(self.parts, xs, strict=True))

    return Branches()


def modules() -> dict[str, tuple[Any, tuple[int, ...]]]:
    """Return modules by name, each with the shape of its input."""
    from torch import nn

    activations: dict[str, Any] = {
        name: getattr(nn, name)()
        for name in (
            "CELU", "ELU", "GELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU",
            "LogSigmoid", "Mish", "PReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus",
            "Softshrink", "Softsign", "Tanh", "Tanhshrink",
        )
    }  # fmt: skip
    activations |= {
        "Threshold": nn.Threshold(0.0, 0.0),
        "GELU tanh": nn.GELU(approximate="tanh"),
        "Softmax": nn.Softmax(dim=-1),
        "LogSoftmax": nn.LogSoftmax(dim=-1),
        "Softmin": nn.Softmin(dim=-1),
        "GLU": nn.GLU(),
    }
    built: dict[str, tuple[Any, tuple[int, ...]]] = {
        name: (nn.Sequential(nn.Linear(3, 4), activation), (5, 3)) for name, activation in activations.items()
    }
    return built | {
        "Linear 3-D": (nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), (2, 5, 3)),
        "Linear without bias": (nn.Sequential(nn.Linear(3, 4, bias=False)), (5, 3)),
        "Bilinear-like": (nn.Sequential(nn.Linear(3, 4), nn.Flatten(), nn.Unflatten(1, (2, 2))), (5, 3)),
        "Conv1d": (nn.Sequential(nn.Conv1d(2, 3, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2)), (2, 2, 8)),
        "Conv2d": (
            nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2)),
            (2, 1, 8, 8),
        ),
        "Conv2d grouped": (nn.Conv2d(4, 4, 3, stride=2, groups=2, dilation=2, padding=1), (1, 4, 9, 9)),
        "Conv3d": (nn.Sequential(nn.Conv3d(1, 2, 2), nn.AvgPool3d(2)), (1, 1, 5, 5, 5)),
        "ConvTranspose2d": (nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1), (1, 2, 4, 4)),
        "AvgPool2d": (nn.Sequential(nn.Conv2d(1, 2, 3), nn.AvgPool2d(2, padding=1)), (1, 1, 8, 8)),
        "AdaptiveAvgPool2d": (nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1)), (1, 1, 8, 8)),
        "AdaptiveMaxPool2d": (nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveMaxPool2d(1)), (1, 1, 8, 8)),
        "BatchNorm1d": (
            nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)),
            (5, 3),
        ),
        "BatchNorm2d": (nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU()), (2, 1, 5, 5)),
        "LayerNorm": (nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4)), (5, 3)),
        "GroupNorm": (nn.Sequential(nn.Conv1d(2, 4, 3), nn.GroupNorm(2, 4)), (2, 2, 8)),
        "InstanceNorm1d": (nn.Sequential(nn.Conv1d(2, 4, 3), nn.InstanceNorm1d(4, affine=True)), (2, 2, 8)),
        "Dropout": (nn.Sequential(nn.Linear(3, 4), nn.Dropout(), nn.Linear(4, 2)), (5, 3)),
        "PixelShuffle": (nn.Sequential(nn.Conv2d(1, 4, 1), nn.PixelShuffle(2)), (1, 1, 3, 3)),
        "ZeroPad": (nn.Sequential(nn.ZeroPad2d((1, 0, 2, 1)), nn.Conv2d(1, 2, 3)), (1, 1, 5, 5)),
        "ReflectionPad": (nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(1, 2, 3)), (1, 1, 5, 5)),
        "Attention": (_attention(), (2, 3, 4)),
        "Transformer": (nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), (2, 3, 4)),
    }


def _attention() -> Any:
    import torch
    from torch import nn

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.q, self.k, self.v = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            scores = self.q(x) @ self.k(x).transpose(-1, -2) / 2
            mask = torch.tril(torch.ones(x.shape[1], x.shape[1])) == 0
            return torch.softmax(scores.masked_fill(mask, float("-inf")), -1) @ self.v(x)

    return Attention()


TORCHSCRIPT_REFUSES = {"Transformer"}
"""Modules that the exporter with ``dynamo=False`` cannot write: a fused operation of evaluation."""
