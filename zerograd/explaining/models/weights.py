"""Which of a file's tensors are parameters: those that training would move."""

from __future__ import annotations

import re
from dataclasses import replace

from zerograd.explaining.models.graph import ModelGraph, Operation
from zerograd.explaining.models.operators import find

_MERGING = re.compile(r"Identity_\d+")
"""Names of nodes by which PyTorch's exporter (``dynamo=False``) gives a tensor a second name."""


_INVENTED = re.compile(r"val_\d+|onnx::\w+")


def separated(graph: ModelGraph) -> ModelGraph:
    """Return a graph in which tensors that were merged because their numbers are equal are apart again.

    Tied parameters are not: the exporter reads them without a node between.
    """
    if not graph.producer.startswith("pytorch"):
        return graph
    merged = {
        operation.outputs[0]: operation.inputs[0]
        for operation in graph.operations
        if operation.kind == "Identity"
        and _MERGING.fullmatch(operation.name)
        and operation.inputs[0] in graph.tensors
    }
    copies = {name: graph.tensors[other].clone() for name, other in merged.items()}
    rest = tuple(each for each in graph.operations if each.outputs[0] not in merged)
    return replace(graph, operations=rest, tensors={**graph.tensors, **copies}, merged=merged)


def weights_of(graph: ModelGraph) -> frozenset[str]:
    """Return the names of parameters: floats of one dimension or more that an operation reads as a weight.

    Others are settings: bounds, exponents, running means, shapes.
    """
    passed_on, by_torch = _only_as_constants(graph), graph.producer.startswith("pytorch")
    return frozenset(
        name
        for operation in graph.operations
        for position, name in enumerate(operation.inputs)
        if name in graph.tensors
        and graph.tensors[name].is_floating_point()
        and graph.tensors[name].dim() > 0
        and not _is_setting(operation, position)
        and not (by_torch and _is_scale(graph, operation, name))
        and name not in passed_on
    )


def _is_setting(operation: Operation, position: int) -> bool:
    operator = find(operation.kind)
    return operator is not None and position in operator.constants


def _is_scale(graph: ModelGraph, operation: Operation, name: str) -> bool:
    """Whether a tensor is a number under a name that PyTorch's exporter made up: a scale of attention.

    Parameters keep their names, but for those of other layers that are stored in another shape.
    """
    plain = operation.kind in ("Add", "Div", "Mul", "Pow", "Sub")
    return plain and graph.tensors[name].numel() == 1 and _INVENTED.fullmatch(name) is not None


def _only_as_constants(graph: ModelGraph) -> frozenset[str]:
    """Return tensors that operations only pass on under other names, to where settings are read."""
    weights: set[str] = set()
    passing: dict[str, str] = {}
    for operation in reversed(graph.operations):
        if operation.kind == "Identity":
            passing[operation.inputs[0]] = operation.outputs[0]
            if operation.outputs[0] in weights:
                weights.add(operation.inputs[0])
            continue
        weights.update(
            name for position, name in enumerate(operation.inputs) if not _is_setting(operation, position)
        )
    weights.update(value.name for value in graph.outputs)
    return frozenset(name for name in passing if name not in weights)
