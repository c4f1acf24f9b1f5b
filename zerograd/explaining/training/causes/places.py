"""Where something is, in words that a program's author uses; to which samples and units entries belong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from zerograd.explaining.tape.nodes import Layer, Node, Origin, Phase, Place, has_floats
from zerograd.explaining.training.causes.graph import Graph, base

_MOST = 8
"""Numbers that a place lists."""


def place_of(node: Node, name: str | None = None) -> str:
    """Return where a node ran: ``relu1 (ReLU)``, ``relu after fc1``, ``relu at train.py:12``.

    Args:
        name: what one calls its operation.
    """
    return place_text(node.place, name or base(node.operation), _before(node))


def place_text(place: Place, name: str, before: str | None = None) -> str:
    """Return where an operation called ``name`` ran, after the layer ``before``."""
    name = name.removeprefix("native_").strip("_")
    module = place.module
    if module is not None and _is_layer(module):
        path, cls = module
        return f"{path} ({cls})" if path else cls
    if before is not None:
        return f"{name} after {before}"
    if module is not None and module[0]:
        return f"{name} in {module[0]} ({module[1]})"
    if place.file is not None:
        return f"{name} at {Path(place.file).name}:{place.line}"
    return name


def _is_layer(module: tuple[str, str]) -> bool:
    """Whether a module is one of torch's layers or one operation, rather than one that holds others."""
    if isinstance(module, Layer):
        return True
    kind = getattr(torch.nn, module[1], None)
    return kind is not None and kind.__module__.rpartition(".")[2] not in ("container", "transformer")


def _before(node: Node) -> str | None:
    """Return the path of the layer whose result a node reads."""
    for source in node.sources():
        module = source.node.place.module
        if module is not None and module[0] and module != node.place.module and _is_layer(module):
            return module[0]
    return None


def with_parts(where: str, parts: Sequence[int], noun: str = "unit") -> str:
    """Return a place with the numbers of the units there; without them where they are many."""
    if not parts or len(parts) > _MOST:
        return where
    return f"{where}, {noun}{'s' * (len(parts) > 1)} {', '.join(map(str, parts))}"


def natural_shape(leaf: Node) -> tuple[int, ...]:
    """Return the shape of a leaf in the order in which it lies in memory: a program may read it turned."""
    geometry = leaf.identity[1] if leaf.identity is not None else None
    if geometry is None:
        return tuple(leaf.results[0].shape)
    order = sorted(range(len(geometry.size)), key=lambda d: (-geometry.stride[d], geometry.size[d] == 1))
    return tuple(geometry.size[d] for d in order)


def batch_size(graph: Graph) -> int | None:
    """Return the number of samples: the first dimension that most of the data share.

    Data are taken as the network reads them: samples stacked into a batch are no data by themselves. Where
    there are none, they may have been made under watch, by linspace or of ones: constants count.
    """
    leaves = [n for n in graph.nodes if n.operation == "leaf"]
    data = [_Data(natural_shape(n), n) for n in leaves if graph.is_data(n)]
    written = [_Data(natural_shape(n), n) for n in leaves if n.origin is Origin.CONSTANT]
    several = [each for each in written if max(each.shape, default=1) > 1]
    return _shared(_as_read(graph)) or _shared(data) or _shared(several)


@dataclass(frozen=True, slots=True)
class _Data:
    shape: tuple[int, ...]
    node: Node
    output: int = 0


def _as_read(graph: Graph) -> Iterator[_Data]:
    """Yield the values, of data alone, that operations on parameters read, and inputs with a gradient."""
    read: dict[tuple[int, int, tuple[int, ...]], _Data] = {}
    for node in graph.nodes:
        if node.number in graph.parametric:
            for source in node.sources():
                number = source.node.number
                if number in graph.from_data and number not in graph.parametric:
                    shape = tuple(source.run.shape)
                    lies = natural_shape(source.node) if source.node.operation == "leaf" else ()
                    if len(lies) >= len(shape):  # else a list of numbers that was given a shape
                        shape = lies
                    read[number, source.output, shape] = _Data(shape, source.node, source.output)
    yield from read.values()
    yield from (
        _Data(natural_shape(n), n) for n in graph.nodes if n.operation == "leaf" and graph.is_input(n)
    )


def _shared(data: Iterable[_Data]) -> int | None:
    """Return the first dimension that most data share, floating-point ones with several first."""
    known = [each for each in data if each.shape and 0 not in each.shape]
    sizes = Counter(each.shape[0] for each in known)
    wide = Counter(
        each.shape[0] for each in known if len(each.shape) > 1 and has_floats(each.node.results[each.output])
    )
    best = (wide or sizes).most_common(1)
    return best[0][0] if best else None


_CONVOLUTIONAL = ("Conv", "BatchNorm", "InstanceNorm", "GroupNorm", "Pool", "Dropout")


@dataclass(frozen=True, slots=True)
class Frame:
    """How a tensor's entries belong to samples and units.

    Attributes:
        shape: of the tensor.
        samples: how many there are along dimension 0, each with one row or several; None where it has none.
        axis: the dimension of the units; None where there is none.
    """

    shape: tuple[int, ...]
    samples: int | None
    axis: int | None

    @classmethod
    def of_value(cls, node: Node, shape: Sequence[int], batch: int | None) -> Frame:
        """Return the frame of a value that the network computes."""
        shape = tuple(shape)
        rows = shape[0] if shape else 0
        flattened = len(shape) == 2 and batch is not None and batch > 1 and rows > batch and rows % batch == 0
        samples = batch if batch is not None and len(shape) > 0 and (rows == batch or flattened) else None
        if not shape:
            return cls(shape, None, None)
        if len(shape) == 1:
            return cls(shape, samples, None if samples is not None else 0)
        return cls(shape, samples, 1 if len(shape) >= 4 or _is_convolutional(node, shape) else len(shape) - 1)

    @classmethod
    def of_weight(cls, node: Node, shape: Sequence[int]) -> Frame:
        """Return the frame of a weight, by the units that it leads out of."""
        shape = tuple(shape)
        if not shape:
            return cls(shape, None, None)
        layout = node.identity[1] if node.identity is not None else None
        turned = len(shape) == 2 and layout is not None and layout.stride != (layout.size[1], 1)
        return cls(shape, None, 1 if len(shape) > 1 and not turned else 0)

    @property
    def units(self) -> int:
        """How many units there are."""
        return 1 if self.axis is None else self.shape[self.axis]

    @property
    def inside(self) -> int:
        """How many positions each unit has on each sample."""
        return torch.Size(self.shape).numel() // max(1, (self.samples or 1) * self.units)

    @property
    def key(self) -> tuple[int | None, int]:
        """Number of samples and of units: tensors that share it can be restricted together."""
        return self.samples, self.units

    def project(self, zeros: Tensor) -> tuple[Tensor, Tensor]:
        """Return, for each sample and unit, whether all its entries are zeros, and whether some are."""
        t = self.split(zeros)
        return t.all(-1), t.any(-1)

    def split(self, zeros: Tensor) -> Tensor:
        """Return a tensor (samples, units, rest)."""
        t = zeros if self.axis is None else zeros.movedim(self.axis, -1)
        if self.samples is None:
            return t.reshape(1, -1, self.units).transpose(1, 2)
        return t.reshape(self.samples, -1, self.units).transpose(1, 2)

    def spread(self, chosen: Tensor) -> Tensor:
        """Return the entries that belong to chosen samples and units, given as a matrix."""
        rest = torch.Size(self.shape).numel() // max(chosen.numel(), 1)
        t = chosen.unsqueeze(1).expand(chosen.shape[0], rest, chosen.shape[1])
        if self.axis is None:
            return t.reshape(self.shape)
        moved = [n for i, n in enumerate(self.shape) if i != self.axis]
        return t.reshape(*moved, self.units).movedim(-1, self.axis)


def _is_convolutional(node: Node, shape: Sequence[int]) -> bool:
    if len(shape) != 3:
        return False
    nodes = [node, *(source.node for source in node.sources())]
    return any(
        (n.place.module is not None and n.place.module[1].startswith(_CONVOLUTIONAL)) or "conv" in n.operation
        for n in nodes
        if n.phase is Phase.FORWARD
    )


def rectangles(chosen: Tensor) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return (samples, units) of a matrix's true entries, units with the same samples together."""
    groups: dict[tuple[int, ...], list[int]] = {}
    columns = chosen.t()
    for unit in columns.any(1).nonzero().flatten().tolist():
        samples = tuple(columns[unit].nonzero().flatten().tolist())
        groups.setdefault(samples, []).append(unit)
    return [(samples, tuple(units)) for samples, units in groups.items()]


__all__ = ["Frame", "batch_size", "place_of", "rectangles", "with_parts"]
