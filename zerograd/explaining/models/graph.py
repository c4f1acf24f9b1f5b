"""The graph of a model file, as data: operations in an order in which they can run, tensors, inputs and
outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Origin:
    """What an exporter wrote of where an operation comes from.

    Attributes:
        path: of the module: ``encoder.0``.
        layer: the module's class: ``Linear``.
        operation: of PyTorch: ``hardtanh``; None where the exporter rewrote it.
        arguments: the tensors that PyTorch's operation was called with: ``p_0_weight``.
        rule: what rewrote it: ``FuseBatchNormIntoGemm``; None where nothing did.
    """

    path: str
    layer: str
    operation: str | None = None
    rule: str | None = None
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """A node of the graph.

    Attributes:
        name: unique; the file's own where it has one.
        place: what to call the place where it runs: its module's path, or its name.
        kind: the operator: ``Gemm``.
        inputs: names of values; an empty one stands for an input that is left out.
        opset: the version of ONNX's operators that the file asks for.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    opset: int
    origin: Origin | None = None
    place: str = ""

    @property
    def where(self) -> str:
        """The place, as reports have it."""
        return f"{self.place or self.name} ({self.kind})"

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file says of a value.

    Attributes:
        dtype: of torch, such as ``torch.float32``; None where the file does not say.
        shape: lengths; a text or None where a length is open. None where the file does not say.
    """

    name: str
    dtype: Any
    shape: tuple[int | str | None, ...] | None


@dataclass(frozen=True, slots=True)
class ModelGraph:
    """A model as its file has it.

    Attributes:
        operations: each after those whose results it reads.
        tensors: those stored in the file (its initializers), by name.
        declared: what the file says of values, by name.
        producer: the program that wrote it: ``pytorch``.
        merged: tensors that the exporter stored under another name because the numbers are equal; here they
            are tensors of their own.
    """

    operations: tuple[Operation, ...]
    tensors: Mapping[str, Tensor]
    inputs: tuple[Declared, ...]
    outputs: tuple[Declared, ...]
    declared: Mapping[str, Declared] = field(default_factory=dict)
    producer: str = ""
    merged: Mapping[str, str] = field(default_factory=dict)
    opset: int = 0

    @property
    def about(self) -> str:
        """The version of ONNX's operators, and what wrote the file."""
        return f"opset {self.opset}" + (f", {self.producer}" if self.producer else "")
