"""A model's graph as a module of PyTorch: each node is a module of its own, under the name that it has in the
file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from zerograd.core.errors import present
from zerograd.explaining.models.errors import OperatorError, shape_text
from zerograd.explaining.models.graph import Declared, ModelGraph, Operation
from zerograd.explaining.models.operators import Call, Kink, Operator, find
from zerograd.explaining.models.operators.table import bounded
from zerograd.explaining.models.weights import weights_of
from zerograd.explaining.tape.modules import SingleOperation
from zerograd.explaining.tape.nodes import dtype_name

_MOST_BYTES = 2**30
"""Bytes that all results may have together: none is given up before the gradients are there."""


class _Operation(SingleOperation):
    """One node. Its subclasses are called after operators."""

    def __init__(self, operation: Operation, operator: Operator, kinks: list[Kink]) -> None:
        super().__init__()
        self.operation, self._operator, self._kinks = operation, operator, kinks

    def forward(self, *values: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the node's results.

        Raises:
            OperatorError: it cannot be run; the message names it.
        """
        call = Call(self.operation, values, self._kinks)
        try:
            result = self._operator.run(call)
            results = (result,) if isinstance(result, Tensor) else tuple(result)
            for each in results:
                bounded(() if each is None else each.shape)
        except OperatorError as error:
            raise OperatorError(f"node {self.operation}: {error}") from None
        except (RuntimeError, ValueError, IndexError, TypeError, OverflowError, MemoryError) as error:
            # operators check what they can; PyTorch knows the rest
            reason = str(error).strip().partition("\n")[0]
            raise OperatorError(f"node {self.operation}: PyTorch refuses it: {reason}") from None
        return results


class Network(nn.Module):
    """A model file that runs.

    Attributes:
        weights: parameters by their names in the file.
        kinks: values that lay on kinks when it ran.
    """

    def __init__(self, graph: ModelGraph, output: str) -> None:
        super().__init__()
        self._graph, self._output = graph, output
        self.kinks: list[Kink] = []
        names = weights_of(graph)
        self.weights = {name: nn.Parameter(tensor) for name, tensor in graph.tensors.items() if name in names}
        self._constants = {name: tensor for name, tensor in graph.tensors.items() if name not in names}
        # Names in files have dots and slashes, which nn.Module does not take: its registers stay empty.
        self._steps: Mapping[str, _Operation] = _Plain(
            {operation.name: _module(operation, self.kinks) for operation in graph.operations}
        )

    def named_parameters(self, *_: Any, **__: Any) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield parameters as the file names them."""
        yield from self.weights.items()

    def named_buffers(self, *_: Any, **__: Any) -> Iterator[tuple[str, Tensor]]:
        """Yield the file's other tensors, those in attributes of nodes too."""
        yield from self._constants.items()
        for step in self._steps.values():
            attributes = step.operation.attributes.items()
            yield from ((f"{step.operation}, {n}", t) for n, t in attributes if isinstance(t, Tensor))

    def named_modules(self, *_: Any, **__: Any) -> Iterator[tuple[str, nn.Module]]:
        """Yield nodes as the file names them."""
        yield "", self
        yield from ((step.operation.place, step) for step in self._steps.values())

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the output.

        Raises:
            OperatorError: a node cannot be run, or gives what the file does not declare.
        """
        values: dict[str, Tensor] = {**self._constants, **self.weights, **inputs}
        size = 0
        for step in self._steps.values():
            operation = step.operation
            results = step(*(values[name] if name else None for name in operation.inputs))
            for name, result in zip(operation.outputs, results, strict=False):
                if name and result is not None:
                    values[name] = result
                    size += result.numel() * result.element_size()
                    self._check(operation, name, result)
            missing = [name for name in operation.outputs if name and name not in values]
            if missing:
                raise OperatorError(f"node {operation}: its result {missing[0]!r} is not computed here")
            if size > _MOST_BYTES:
                raise OperatorError(
                    f"node {operation}: all results so far have {size} bytes; at most {_MOST_BYTES} are "
                    "kept: give fewer samples"
                )
        return values[self._output]

    def _check(self, operation: Operation, name: str, result: Tensor) -> None:
        declared = self._graph.declared.get(name)
        if declared is not None and (reason := mismatch(declared, result)):
            raise OperatorError(f"node {operation}: its result {name!r} {reason}")


class _Plain(dict[str, _Operation]):
    """A dict, which `nn.Module` does not look into."""


def _module(operation: Operation, kinks: list[Kink]) -> _Operation:
    operator = present(find(operation.kind), f"operator {operation.kind}")
    kind = type(operation.kind, (_Operation,), {})
    module: _Operation = kind(operation, operator, kinks)
    return module


def mismatch(declared: Declared, value: Tensor) -> str | None:
    """Return how a value differs from what the file declares of it, as a clause; None if it does not."""
    if declared.dtype is not None and value.dtype is not declared.dtype:
        return f"is declared as {dtype_name(declared.dtype)}, and is {dtype_name(value.dtype)}"
    if declared.shape is None:
        return None
    shape = tuple(value.shape)
    fits = len(shape) == len(declared.shape) and all(
        not isinstance(said, int) or said == length
        for said, length in zip(declared.shape, shape, strict=True)
    )
    if fits:
        return None
    return f"is declared with the shape {shape_text(declared.shape)}, and has {shape_text(shape)}"
