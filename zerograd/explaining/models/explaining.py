"""Explains a model file: reads it, runs it with data and a loss under the watch, and says what is the file's
alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from zerograd.core.near import nearest
from zerograd.explaining.explanation import Explanation
from zerograd.explaining.models.data import choose_inputs, choose_target, read_arrays
from zerograd.explaining.models.errors import ModelError, OperatorError, shape_text
from zerograd.explaining.models.graph import ModelGraph
from zerograd.explaining.models.losses import find_loss, fitting_target
from zerograd.explaining.models.network import Network
from zerograd.explaining.models.reading import read_model
from zerograd.explaining.models.remarks import remarks
from zerograd.explaining.training.watch import Watch


def explain_model(
    path: str | Path,
    data: str | Path,
    loss: str,
    *,
    output: str | None = None,
    seconds: float = 5.0,
) -> Explanation:
    """Return why gradients of an ONNX file's parameters are zero, for these data and this loss.

    Args:
        data: an ``.npz`` file with an array for each of the model's inputs, and targets ``y``.
        loss: its name, such as ``cross_entropy``.
        output: the model's output that the loss compares; needed if it has several.
        seconds: what may be spent on entries that float64 with error bounds leaves open.

    Raises:
        ZerogradError: onnx is not installed, or a file, a name or a target cannot be used.
    """
    path, data = Path(path), Path(data)
    chosen = find_loss(loss)
    graph = read_model(path)
    name = _output(path, graph, output)
    arrays = read_arrays(data)
    inputs = choose_inputs(data, arrays, graph.inputs)
    target_name, target = choose_target(data, arrays, graph.inputs)
    network = Network(graph, name)
    if not network.weights:
        raise ModelError.at(path, "has no parameters: no tensor of floats is used as a weight")
    criterion = chosen.make()
    with torch.enable_grad():
        watch = Watch([network], [], seconds)
        with watch:
            try:
                result = network(inputs)
            except OperatorError as error:
                raise ModelError.at(path, str(error)) from None
            if not result.is_floating_point():
                raise ModelError.at(path, f"its output {name!r} is {result.dtype}, which has no gradient")
            if not result.numel():
                raise ModelError.at(data, f"gives an empty output, {shape_text(tuple(result.shape))}")
            fitting = fitting_target(chosen, result.detach(), target, f"{data}: array {target_name!r}")
            try:
                value = criterion(result, fitting)
            except (RuntimeError, ValueError) as error:
                reason = str(error).partition("\n")[0]
                raise ModelError.at(
                    path, f"{loss} of its output {name!r}: PyTorch refuses it: {reason}"
                ) from None
            if value.requires_grad:
                value.backward()
    explanation = watch.explanation()
    step = explanation.last
    said = (*step.messages, *remarks(graph, network.weights.keys(), network.kinks))
    setting = f"{path.name} ({graph.about}), {chosen.name}"
    return replace(explanation, steps=(replace(step, messages=said, setting=setting),))


def _output(path: Path, graph: ModelGraph, asked: str | None) -> str:
    """Return the name of the output that the loss compares."""
    names = [value.name for value in graph.outputs]
    if asked is None:
        if len(names) > 1:
            raise ModelError.at(
                path, f"has several outputs: choose one with --output-name: {', '.join(names)}"
            )
        return names[0]
    if asked not in names:
        near = nearest(asked, names)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
        raise ModelError.at(path, f"has no output {asked!r}: {hint}")
    return asked
