"""What nodes are called, and which module they come from, as far as the file says."""

from __future__ import annotations

import re
from ast import literal_eval
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from zerograd.explaining.models.graph import Operation, Origin

_LONGEST = 10_000
"""Characters of a note that are read."""


def unique_names(nodes: Sequence[tuple[str, str]]) -> list[str]:
    """Return a name for each node, given its own and its operator; the number of a node without one."""
    times = Counter(name for name, _ in nodes if name)
    return [
        (name if times[name] == 1 else f"{name}#{number}") if name else f"{kind}#{number}"
        for number, (name, kind) in enumerate(nodes)
    ]


def origin_of(node: Any) -> Origin | None:
    """Return the module that PyTorch's exporter noted for a node (``dynamo=True``), or that its name tells
    (``dynamo=False``).
    """
    notes = {entry.key: entry.value for entry in node.metadata_props}
    scopes = _texts(notes.get("pkg.torch.onnx.name_scopes"))
    classes = _texts(notes.get("pkg.torch.onnx.class_hierarchy"))
    if scopes and len(scopes) == len(classes) and len(scopes) > 1:
        rule = notes.get("pkg.onnxscript.rewriter.rule_name")
        operation = classes[-1].removeprefix("aten.").partition(".")[0] if rule is None else None
        arguments = _arguments(notes.get("pkg.torch.onnx.fx_node", ""))
        return Origin(scopes[-2], classes[-2].rpartition(".")[2], operation, rule, arguments)
    steps = node.name.split("/")
    if len(steps) > 2 and not steps[0]:
        return Origin(".".join(steps[1:-1]), "")
    return None


def _arguments(call: str) -> tuple[str, ...]:
    """Return the tensors that the call of an operation was written with: ``f](args = (%x, %w, %b), …``."""
    match = re.search(r"\(args = \((.*?)\), kwargs", call[:_LONGEST])
    return () if match is None else tuple(re.findall(r"%(\w+)", match[1]))


def placed(operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """Return operations with their places.

    It is the path of its module where the exporter noted that and the module has no other operation; else
    the node's name, after the path.
    """
    paths = Counter(_path(operation) for operation in operations)
    named = []
    for operation in operations:
        path = _path(operation)
        alone = path and paths[path] == 1
        place = path if alone else f"{path}/{operation.name}" if path else operation.name
        named.append(replace(operation, place=place))
    return tuple(named)


def _path(operation: Operation) -> str:
    """Return the module's path, unless the name of the node tells it."""
    origin = operation.origin
    return "" if origin is None or not origin.layer else origin.path


def _texts(written: str | None) -> list[str]:
    """Return a list of texts that was written as Python writes it."""
    if written is None or len(written) > _LONGEST:
        return []
    try:
        value = literal_eval(written)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else []
