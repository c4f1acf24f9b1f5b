"""Planted faults in exported models: the first sentence names them, and what is the file's alone is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.explaining.models.exporting import exported

pytestmark = [pytest.mark.needs("torch", "onnx", "onnxscript"), pytest.mark.slow]

BOTH = pytest.mark.parametrize("dynamo", [True, False], ids=["dynamo", "torchscript"])


def report(module: Any, x: Any, y: Any, folder: Path, dynamo: bool, loss: str = "mse") -> Any:
    """Export a module, save data, and explain the file."""
    from zerograd.watching import explain_model

    path = exported(module, x, folder / "model.onnx", dynamo, dynamic=True)
    np.savez(folder / "data.npz", x=x.numpy(), y=y.numpy())
    return explain_model(path, folder / "data.npz", loss)


def words(found: Any) -> str:
    """Return a report's text on one line."""
    return " ".join(str(found).split())


def mlp(activation: Any) -> Any:
    import torch
    from torch import nn

    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), activation, nn.Linear(3, 1))


@BOTH
def test_a_dead_relu(dynamo: bool, tmp_path: Path) -> None:
    import torch
    from torch import nn

    module = mlp(nn.ReLU())
    with torch.no_grad():
        module[0].bias.fill_(-10)
    found = report(module, torch.rand(4, 2), torch.rand(4, 1), tmp_path, dynamo)
    where = "1 (Relu)" if dynamo else "/1/Relu (Relu)"
    assert found.verdict == (
        f"The gradients of 0.weight, 0.bias and 2.weight are exactly zero, because all 3 units of {where} "
        "are off on all 4 samples."
    )


@BOTH
def test_a_saturated_clip(dynamo: bool, tmp_path: Path) -> None:
    import torch
    from torch import nn

    module = mlp(nn.Hardtanh())
    with torch.no_grad():
        module[0].bias.fill_(10)
    found = report(module, torch.rand(4, 2), torch.rand(4, 1), tmp_path, dynamo)
    where = "1 (Clip)" if dynamo else "/1/Clip (Clip)"
    assert "0.weight and 0.bias" in found.verdict
    assert f"all 3 units of {where} are saturated" in found.verdict
    assert "ONNX does not say" not in str(found)  # no value lies on a kink


@BOTH
def test_weights_that_are_zero(dynamo: bool, tmp_path: Path) -> None:
    import torch
    from torch import nn

    module = mlp(nn.Tanh())
    nn.init.zeros_(module[2].weight)
    found = report(module, torch.rand(4, 2), torch.rand(4, 1), tmp_path, dynamo)
    assert "0.weight and 0.bias" in found.verdict
    assert "2.weight" in found.verdict
    assert found["0.weight"].entries.zero == 6


@BOTH
def test_a_layer_on_the_kink(dynamo: bool, tmp_path: Path) -> None:
    import torch
    from torch import nn

    module = mlp(nn.ReLU())
    nn.init.zeros_(module[0].weight)
    nn.init.zeros_(module[0].bias)
    found = report(module, torch.rand(4, 2), torch.rand(4, 1), tmp_path, dynamo)
    assert "on the kink" in found.verdict
    where = "1 (Relu)" if dynamo else "/1/Relu (Relu)"
    assert (
        "ONNX does not say which derivative Relu has at its kinks; PyTorch's is taken: 12 values of "
        f"{where} lie on 0, derivative 0."
    ) in words(found)


def test_the_file_says_whether_a_clip_was_relu6(tmp_path: Path) -> None:
    import torch
    from torch import nn

    module = mlp(nn.ReLU6())
    nn.init.zeros_(module[0].weight)
    nn.init.zeros_(module[0].bias)
    noted = report(module, torch.rand(4, 2), torch.rand(4, 1), tmp_path, dynamo=True)
    assert noted["0.weight"].entries.zero == 6  # as in the module
    unknown = report(module, torch.rand(4, 2), torch.rand(4, 1), tmp_path, dynamo=False)
    assert unknown["0.weight"].entries.zero == 0  # as torch.clamp has it
    assert (
        "lie on 0, derivative 1; relu6 and hardtanh, which are exported as Clip as well, have 0: the file "
        "cannot say which it was."
    ) in words(unknown)


def test_a_bias_of_zeros_is_missing(tmp_path: Path) -> None:
    import torch
    from torch import nn

    module = mlp(nn.Tanh())
    nn.init.zeros_(module[0].bias)
    found = report(module, torch.rand(4, 2), torch.rand(4, 1), tmp_path, dynamo=True)
    assert list(found.steps[-1].parameters) == ["0.weight", "2.weight", "2.bias"]
    assert "The module has a bias in 0 (Gemm), all zeros when it was exported" in words(found)
    module[0] = nn.Linear(2, 3, bias=False)
    assert "The module has a bias" not in words(
        report(module, torch.rand(4, 2), torch.rand(4, 1), tmp_path, dynamo=True)
    )


@BOTH
def test_tied_and_merged_weights(dynamo: bool, tmp_path: Path) -> None:
    import torch
    from torch import nn

    tied: Any = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))
    tied[2].weight = tied[0].weight
    x, y = torch.rand(4, 2), torch.rand(4, 2)
    said = words(report(tied, x, y, tmp_path, dynamo))
    assert "is one tensor in the file, which" in said
    assert ("as they are tied in the module" if dynamo else "are tied, or were equal") in said

    equal: Any = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))
    with torch.no_grad():
        equal[2].weight.copy_(equal[0].weight)
    found = report(equal, x, y, tmp_path, dynamo)
    if dynamo:
        assert "the module has parameters that were equal, and the exporter merged them" in words(found)
    else:
        assert {"0.weight", "2.weight"} <= set(found.steps[-1].parameters)
        assert "Here they are parameters apart, as their names are" in words(found)


def test_a_batch_norm_is_folded(tmp_path: Path) -> None:
    import torch
    from torch import nn

    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    found = report(module, torch.rand(4, 2), torch.rand(4, 1), tmp_path, dynamo=True)
    assert "0.weight and 0.bias are not the module's: the exporter folded a batch norm (1) into" in words(
        found
    )
    kept = report(module, torch.rand(4, 2), torch.rand(4, 1), tmp_path, dynamo=False)
    assert {"1.weight", "1.bias"} <= set(kept.steps[-1].parameters)
    assert not any("running" in name for name in kept.steps[-1].parameters)
    assert "normalises by the file's running mean and variance, as in evaluation" in words(kept)


@BOTH
def test_weights_that_lost_their_names(dynamo: bool, tmp_path: Path) -> None:
    import torch

    module = mlp(torch.nn.LeakyReLU())
    found = report(module, torch.rand(4, 5, 2), torch.rand(4, 5, 1), tmp_path, dynamo)
    assert "is the exporter's name for a weight, of 0, which" in words(found)
    assert "is 0.009999999776, not 0.01" in words(found)
