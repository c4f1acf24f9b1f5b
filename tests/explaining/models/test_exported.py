"""Files of PyTorch's two exporters give onnxruntime's numbers, and the module's gradients."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.explaining.models.exporting import TORCHSCRIPT_REFUSES, branches, exported, modules
from tests.explaining.models.files import by_runtime, like

pytestmark = [pytest.mark.needs("torch", "onnx", "onnxruntime", "onnxscript"), pytest.mark.slow]


@pytest.mark.parametrize("dynamo", [True, False], ids=["dynamo", "torchscript"])
def test_every_activation_and_layer_gives_the_same_numbers(dynamo: bool, tmp_path: Path) -> None:
    """All are branches of one file: an export takes the exporter seconds, whatever is exported."""
    import torch

    from zerograd.explaining.models.network import Network
    from zerograd.explaining.models.reading import read_model

    torch.manual_seed(0)
    chosen = {name: it for name, it in modules().items() if dynamo or name not in TORCHSCRIPT_REFUSES}
    module = branches([part for part, _ in chosen.values()])
    xs = tuple(torch.randn(shape) for _, shape in chosen.values())
    path = exported(module, xs, tmp_path / "all.onnx", dynamo)
    inputs = {f"x{number}": x for number, x in enumerate(xs)}
    theirs = by_runtime(path, {name: x.numpy() for name, x in inputs.items()})
    graph = read_model(path)
    known = dict(module.named_parameters())
    compared = 0
    for name, output, expected, part, x in zip(chosen, graph.outputs, theirs, module.parts, xs, strict=True):
        network = Network(graph, output.name)
        result = network(inputs)
        like(result.detach().numpy(), expected, f"{name}: ")
        module.zero_grad()
        result.square().sum().backward()
        part(x).square().sum().backward()
        for weight, parameter in network.weights.items():
            theirs_grad = known[weight].grad if weight in known else None  # some are merged across branches
            if parameter.grad is not None and theirs_grad is not None and "BatchNorm" not in name:
                like(parameter.grad.numpy(), theirs_grad.numpy(), f"{name}, {weight}: ", 1e-3)
                compared += 1
    assert compared > 50  # gradients, of parameters that kept their names
