"""From an ONNX file to its graph. Nothing in it is run or unpickled, and sizes are bounded before memory is
taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from zerograd.core.errors import ZerogradError, article
from zerograd.core.near import nearest
from zerograd.explaining.models.errors import ModelError, OperatorError
from zerograd.explaining.models.graph import Declared, ModelGraph, Operation
from zerograd.explaining.models.naming import origin_of, placed, unique_names
from zerograd.explaining.models.operators import find, kinds
from zerograd.explaining.models.tensors import Reader, Tensors, dtype_of
from zerograd.explaining.models.weights import separated
from zerograd.extras import install

LARGEST_FILE = 2**30
MOST_OPERATIONS = 20_000
OLDEST_OPSET = 7
"""Before it, shapes were broadcast by attributes."""
NEWEST_OPSET = 26
"""Operators as they are up to it were tried; later versions may mean something else."""

_CONTROL = ("If", "Loop", "Scan", "SequenceMap")


def read_model(path: Path) -> ModelGraph:
    """Return the graph of an ONNX file.

    Raises:
        ModelError: the file cannot be read, or is not one that can be explained; names the file and the node.
    """
    proto = _parsed(path)
    try:
        return _graph(proto, Tensors(path.parent))
    except ModelError:
        raise
    except OperatorError as error:
        raise ModelError.at(path, str(error)) from None


def _parsed(path: Path) -> Any:
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError:
        raise ZerogradError(
            f"explaining model files needs onnx, which is not installed: {install('onnx')}"
        ) from None
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ModelError.at(path, "is no file")
        if size > LARGEST_FILE:
            raise ModelError.at(path, f"has {size} bytes; at most {LARGEST_FILE} are read")
        data = path.read_bytes()
    except OSError as error:
        raise ModelError.at(path, f"cannot be read: {error.strerror or error}") from None
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(data)
    except DecodeError:
        raise ModelError.at(
            path, f"is not an ONNX file, or is truncated: its {size} bytes cannot be parsed"
        ) from None
    if not proto.HasField("graph") or not proto.opset_import:
        missing = "graph" if not proto.HasField("graph") else "version of operators (opset_import)"
        raise ModelError.at(path, f"is not an ONNX file, or is truncated: it has no {missing}")
    if not _are_texts(proto):
        raise ModelError.at(path, "has names that are no UTF-8: it was damaged")
    return proto


def _are_texts(message: Any) -> bool:
    """Whether all names and notes in a message are texts: protobuf gives those that are none as bytes."""
    for field, value in message.ListFields():
        if field.type not in (field.TYPE_STRING, field.TYPE_MESSAGE):
            continue
        several = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]
        good = _are_texts if field.type == field.TYPE_MESSAGE else _is_text
        if not all(map(good, several)):
            return False
    return True


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _graph(proto: Any, tensors: Tensors) -> ModelGraph:
    opset = _opset(proto)
    graph = proto.graph
    if len(graph.node) > MOST_OPERATIONS:
        raise OperatorError(f"has {len(graph.node)} nodes; at most {MOST_OPERATIONS} are explained")
    if graph.sparse_initializer:
        raise OperatorError("has sparse initializers: store them densely")
    stored = dict(_initializers(graph, tensors))
    declared = dict(_declarations([*graph.value_info, *graph.output, *graph.input]))
    inputs = tuple(declared[value.name] for value in graph.input if value.name not in stored)
    outputs = tuple(declared[value.name] for value in graph.output)
    if not outputs:
        raise OperatorError("has no output: is the file cut?")
    functions = {(function.domain, function.name) for function in proto.functions}
    names = unique_names([(node.name, node.op_type) for node in graph.node])
    operations = [
        _operation(node, name, opset, functions, tensors.read)
        for node, name in zip(graph.node, names, strict=True)
    ]
    known = {*stored, *(value.name for value in inputs)}
    if "" in known:
        raise OperatorError("has an input or an initializer without a name")
    ordered = _ordered(operations, known)
    made = known.union(*(operation.outputs for operation in ordered))
    for value in outputs:
        if value.name not in made:
            raise OperatorError(f"has the output {value.name!r}, which no node computes: is the file cut?")
    return separated(
        ModelGraph(
            operations=placed(_needed(ordered, [value.name for value in outputs])),
            tensors=stored,
            inputs=inputs,
            outputs=outputs,
            declared=declared,
            opset=opset,
            producer=proto.producer_name,
        )
    )


def _opset(proto: Any) -> int:
    versions = {entry.domain: int(entry.version) for entry in proto.opset_import}
    opset = versions.get("", versions.get("ai.onnx"))
    if opset is None:
        raise OperatorError(
            f"uses operators of {', '.join(map(repr, versions))} alone; those of ONNX itself are explained"
        )
    if opset < OLDEST_OPSET:
        raise OperatorError(
            f"uses opset {opset}; {OLDEST_OPSET} to {NEWEST_OPSET} are explained: convert it with "
            "onnx.version_converter, or export it again"
        )
    if opset > NEWEST_OPSET:
        raise OperatorError(
            f"uses opset {opset}; {OLDEST_OPSET} to {NEWEST_OPSET} are explained: export it with "
            f"opset_version={NEWEST_OPSET}"
        )
    return opset


def _initializers(graph: Any, tensors: Tensors) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for proto in graph.initializer:
        if proto.name in seen:
            raise OperatorError(f"initializer {proto.name!r} is there twice")
        seen.add(proto.name)
        try:
            yield proto.name, tensors.read(proto)
        except OperatorError as error:
            raise OperatorError(f"initializer {proto.name!r} {error}") from None


def _declarations(values: Iterable[Any]) -> Iterator[tuple[str, Declared]]:
    for value in values:
        kind = value.type.WhichOneof("value")
        if kind is None:
            yield value.name, Declared(value.name, None, None)
            continue
        if kind != "tensor_type":
            raise OperatorError(
                f"value {value.name!r} is no tensor, but {article(kind.removesuffix('_type'))}, which cannot "
                "be explained"
            )
        tensor = value.type.tensor_type
        try:
            dtype = dtype_of(tensor.elem_type) if tensor.elem_type else None
        except OperatorError as error:
            raise OperatorError(f"value {value.name!r} {error}") from None
        shape = tuple(map(_length, tensor.shape.dim)) if tensor.HasField("shape") else None
        if shape is not None and any(isinstance(length, int) and length < 0 for length in shape):
            raise OperatorError(f"value {value.name!r} has a negative length")
        yield value.name, Declared(value.name, dtype, shape)


def _length(dimension: Any) -> int | str | None:
    match dimension.WhichOneof("value"):
        case "dim_value":
            return int(dimension.dim_value)
        case "dim_param":
            return str(dimension.dim_param)
        case _:
            return None


def _operation(node: Any, name: str, opset: int, functions: set[tuple[str, str]], read: Reader) -> Operation:
    """Return a node, if there is an entry for what it does."""
    where = f"node {name} ({node.op_type})"
    if (node.domain, node.op_type) in functions:
        raise OperatorError(
            f"{where} calls a function that the file defines itself; inline these, with "
            "onnx.inliner.inline_local_functions"
        )
    if node.domain not in ("", "ai.onnx"):
        raise OperatorError(
            f"{where} is of the domain {node.domain!r}: only ONNX's own operators are explained; a file "
            "that no "
            "runtime has optimised has no others"
        )
    if node.op_type in _CONTROL:
        raise OperatorError(f"{where} is control flow, which is not explained: export the branch that runs")
    if find(node.op_type) is None:
        raise OperatorError(f"{where} is an operator that cannot be explained{_near(node.op_type)}")
    _check(node, where, opset)
    try:
        attributes = {attribute.name: _attribute(attribute, read) for attribute in node.attribute}
    except OperatorError as error:
        raise OperatorError(f"{where}: {error}") from None
    return Operation(
        name, node.op_type, tuple(node.input), tuple(node.output), attributes, opset, origin_of(node)
    )


def _near(kind: str) -> str:
    near = nearest(kind, kinds())
    return f" (did the exporter mean {near[0]}?)" if near else ""


def _check(node: Any, where: str, opset: int) -> None:
    """Let ONNX check numbers of inputs and outputs, and names and types of attributes."""
    import onnx
    from onnx import checker

    context = checker.C.CheckerContext()
    context.ir_version = onnx.IR_VERSION
    context.opset_imports = {"": opset}
    try:
        checker.check_node(node, context)
    except checker.ValidationError as error:
        reason = str(error).strip().splitlines()[0]
        raise OperatorError(f"{where} is not as ONNX defines it (opset {opset}): {reason}") from None


def _attribute(attribute: Any, read: Reader) -> Any:
    """Return an attribute's value: a number, text, a list, or a tensor."""
    import onnx

    types = onnx.AttributeProto
    if attribute.ref_attr_name:
        raise OperatorError(f"its attribute {attribute.name!r} refers to a function's, and there is none")
    match attribute.type:
        case types.FLOAT:
            return float(attribute.f)
        case types.INT:
            return int(attribute.i)
        case types.STRING:
            return attribute.s.decode("utf-8", "replace")
        case types.TENSOR:
            try:
                return read(attribute.t)
            except OperatorError as error:
                raise OperatorError(f"its attribute {attribute.name!r} {error}") from None
        case types.FLOATS:
            return list(attribute.floats)
        case types.INTS:
            return list(attribute.ints)
        case types.STRINGS:
            return [text.decode("utf-8", "replace") for text in attribute.strings]
        case _:
            raise OperatorError(f"its attribute {attribute.name!r} is of a kind that is not read")


def _ordered(operations: list[Operation], known: set[str]) -> list[Operation]:
    """Return operations in an order in which they can run.

    Raises:
        OperatorError: a value has two sources or none, or depends on itself.
    """
    by_output: dict[str, int] = {}
    for number, operation in enumerate(operations):
        for output in filter(None, operation.outputs):
            if output in by_output or output in known:
                other = (
                    f"node {operations[by_output[output]]}"
                    if output in by_output
                    else "an input or initializer"
                )
                raise OperatorError(f"node {operation} computes {output!r}, which {other} gives already")
            by_output[output] = number
    for operation in operations:
        for value in filter(None, operation.inputs):
            if value not in known and value not in by_output:
                raise OperatorError(
                    f"node {operation} reads {value!r}, which nothing gives: is the file cut?"
                )
    before = {
        number: {by_output[value] for value in operation.inputs if value in by_output}
        for number, operation in enumerate(operations)
    }
    try:
        order = list(TopologicalSorter(before).static_order())
    except CycleError as error:
        circle = [operations[number] for number in error.args[1]]
        raise OperatorError(
            f"node {circle[0]} depends on its own result, through {', '.join(map(str, circle[1:4]))}"
        ) from None
    in_file = all(other < number for number, others in before.items() for other in others)
    return operations if in_file else [operations[number] for number in order]


def _needed(operations: list[Operation], outputs: list[str]) -> list[Operation]:
    """Return the operations on which an output depends, in their order."""
    wanted = set(outputs)
    needed = []
    for operation in reversed(operations):
        if wanted.intersection(operation.outputs):
            wanted.update(operation.inputs)
            needed.append(operation)
    return needed[::-1]
