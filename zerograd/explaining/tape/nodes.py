"""A graph of values: each node is one operation that ran, with what it read and what it returned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

import torch
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]

from zerograd.core.errors import present


class Origin(StrEnum):
    """Where a value comes from that no recorded operation computed."""

    PARAMETER = "parameter"
    BUFFER = "buffer"
    DATA = "data"  # inputs and targets, and whatever else was there before
    CONSTANT = "constant"  # written in the program: zeros, ones, arange
    RANDOM = "random"  # drawn by the run: dropout masks, noise
    OUTSIDE = "outside"  # changed by something that the recorder did not see


class Phase(StrEnum):
    """What the program was doing."""

    FORWARD = "forward"
    BACKWARD = "backward"


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a tensor lies in its storage, in entries."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int

    @classmethod
    def read(cls, tensor: torch.Tensor) -> Geometry:
        """Return how ``tensor`` lies in its storage."""
        return cls(tuple(tensor.shape), tuple(map(int, tensor.stride())), int(tensor.storage_offset()))


@dataclass(frozen=True, slots=True)
class Source:
    """A tensor that an operation read: an output of a node, seen through ``view`` unless that is its own
    geometry.
    """

    node: Node
    output: int
    view: Geometry | None = None

    @property
    def run(self) -> torch.Tensor:
        """The run's own numbers."""
        whole: torch.Tensor = self.node.results[self.output]
        if self.view is None:
            return whole
        return see(whole, self.node.layout(self.output), self.view)

    @property
    def is_float(self) -> bool:
        """Whether it has floats; integers and booleans are decisions of the run."""
        return has_floats(self.node.results[self.output])


class Layer(NamedTuple):
    """Path and class of a module that is one operation, such as a node of a model file."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation was called.

    Attributes:
        module: path of the innermost module whose ``forward`` ran, and its class: ``("encoder.0",
            "Linear")``; a `Layer` where it is one operation, and not one of torch's own classes.
        file, line: the line of the user's code.
    """

    module: tuple[str, str] | None = None
    file: str | None = None
    line: int | None = None


Argument: TypeAlias = Any
"""A Source, a tuple of Arguments, or what is not a tensor: a number, a string, a dtype, None."""


@dataclass(slots=True, eq=False)
class Node:
    """One operation that ran.

    Attributes:
        number: the place in the order of execution.
        operation: the packet's name, without namespace and overload: ``addmm``; ``leaf`` and ``write`` are
            ours.
        function: the operation of torch; None for ours.
        results: copies of what the run returned, tensors or None.
        layouts: how each result lay in its storage, from its first entry on.
        origin: for leaves.
        identity: for leaves: the storage that they were read from, to find names by.
        past: for leaves: what computed their numbers before they became leaves, by ``requires_grad_()``.
        detached: where ``detach`` was called of what requires a gradient, if it was.
        enabled: whether gradients were switched on.
        required: for each tensor that it read going forward, whether that required a gradient.
        has_floats: whether any result has floats.
    """

    number: int
    operation: str
    function: Any
    arguments: tuple[Argument, ...]
    keywords: dict[str, Argument]
    results: tuple[Any, ...] = ()
    layouts: tuple[Geometry | None, ...] = ()
    phase: Phase = Phase.FORWARD
    place: Place = field(default_factory=Place)
    origin: Origin | None = None
    identity: tuple[int, Geometry] | None = None
    past: Source | None = None
    detached: Place | None = None
    enabled: bool = True
    required: tuple[bool, ...] = ()
    has_floats: bool = field(init=False)
    _read: tuple[Source, ...] | None = field(default=None, init=False, repr=False)
    _bound: Mapping[str, Argument] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.has_floats = any(
            isinstance(result, torch.Tensor) and has_floats(result) for result in self.results
        )

    def layout(self, output: int) -> Geometry:
        """Return how a result that others are views of lay in its storage."""
        return present(self.layouts[output], f"layout of result {output} of {self.operation}")

    def bound(self, parameters: Callable[[], tuple[tuple[str, Any], ...]]) -> Mapping[str, Argument]:
        """Return all arguments by name; ``parameters`` gives the operation's parameters with defaults."""
        if self._bound is None:
            bound = dict(parameters())
            bound.update(zip(bound, self.arguments, strict=False))
            bound.update(self.keywords)
            self._bound = bound
        return self._bound

    def sources(self) -> tuple[Source, ...]:
        """Return every tensor that the operation read."""
        if self._read is None:
            self._read = (*_sources(self.arguments), *_sources(tuple(self.keywords.values())))
        return self._read


def _sources(arguments: Argument) -> Iterator[Source]:
    for argument in arguments:
        if isinstance(argument, Source):
            yield argument
        elif isinstance(argument, tuple):
            yield from _sources(argument)


def is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor is one that shadows can follow: dense real numbers in memory."""
    return (
        not isinstance(tensor, UninitializedTensorMixin)
        and not is_functorch_wrapped_tensor(tensor)
        and tensor.layout is torch.strided
        and tensor.device.type == "cpu"
        and not tensor.is_complex()
        and not tensor.is_quantized
    )


def has_floats(tensor: torch.Tensor) -> bool:
    """Whether a tensor's entries are real or complex numbers, rather than integers or booleans."""
    return tensor.is_floating_point() or tensor.is_complex() or tensor.is_quantized


def dtype_name(dtype: torch.dtype) -> str:
    """Return the name of a type as people write it: ``float32``."""
    return str(dtype).removeprefix("torch.")


def see(whole: torch.Tensor, layout: Geometry, view: Geometry) -> torch.Tensor:
    """Return what ``view`` shows of a storage on which ``whole`` lies densely, laid out by ``layout``.

    It is linear in ``whole``, and moves entries only, so that it serves every arithmetic.
    """
    order = sorted(range(len(layout.size)), key=lambda d: (-layout.stride[d], -layout.size[d]))
    # expanded numbers have no memory of their own, and parts of others do not begin where that begins
    flat = whole.permute(order).reshape(-1).contiguous()
    return flat.as_strided(view.size, view.stride, flat.storage_offset() + view.offset - layout.offset)


def is_dense(geometry: Geometry) -> bool:
    """Whether a tensor's entries fill a part of its storage without gaps or overlaps."""
    expected = 1
    for stride, size in sorted(zip(geometry.stride, geometry.size, strict=True)):
        if size == 1:
            continue
        if stride != expected:
            return False
        expected *= size
    return True
