"""Small model files for tests, and the numbers that onnxruntime and the interpreter give for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def model_of(
    nodes: Sequence[Any],
    inputs: Mapping[str, Array],
    outputs: Sequence[str],
    tensors: Mapping[str, Array] | None = None,
    opset: int = 20,
    kind: int | None = None,
    producer: str = "",
) -> Any:
    """Return a model with these nodes; inputs have the shapes of the arrays, outputs are open."""
    from onnx import TensorProto, ValueInfoProto, helper, numpy_helper

    def value(name: str, array: Array) -> Any:
        return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)

    graph = helper.make_graph(
        list(nodes),
        "graph",
        [value(name, array) for name, array in inputs.items()],
        [
            helper.make_tensor_value_info(name, kind or TensorProto.FLOAT, None)
            if kind != 0
            else ValueInfoProto(name=name)
            for name in outputs
        ],
        [numpy_helper.from_array(array, name) for name, array in (tensors or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name=producer)
    model.ir_version = 10
    return model


def saved(model: Any, folder: Path, name: str = "model.onnx") -> Path:
    """Write a model, and return its path."""
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return path


def by_runtime(path: Path, inputs: Mapping[str, Array]) -> list[Array]:
    """Return what onnxruntime computes, without optimisations."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    outputs: list[Array] = session.run(None, dict(inputs))
    return outputs


def by_reference(path: Path, inputs: Mapping[str, Array]) -> list[Array]:
    """Return what ONNX's own reference implementation computes."""
    from onnx.reference import ReferenceEvaluator

    return [np.asarray(output) for output in ReferenceEvaluator(str(path)).run(None, dict(inputs))]


def by_network(path: Path, inputs: Mapping[str, Array], output: str) -> Array:
    """Return what the interpreter computes."""
    import torch

    from zerograd.explaining.models.network import Network
    from zerograd.explaining.models.reading import read_model

    network = Network(read_model(path), output)
    with torch.no_grad():
        result = network({name: torch.from_numpy(array.copy()) for name, array in inputs.items()})
    array: Array = result.detach().numpy()
    return array


def like(mine: Array, theirs: Array, what: str = "", tolerance: float = 2e-5) -> None:
    """Assert that two results have the same type and shape, and nearly the same numbers."""
    assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape), what
    np.testing.assert_allclose(mine, theirs, rtol=tolerance, atol=tolerance, err_msg=what)
