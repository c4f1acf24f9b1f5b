"""Which value every storage holds at the moment, so that views, aliases and in-place operations need no
care.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef

from zerograd.explaining.tape.nodes import Geometry, Node, Origin, Source, is_dense, is_plain

EARLIER = "earlier"
"""The operation of values that were computed before anything was recorded."""


@dataclass(slots=True)
class Record:
    """What is known of one storage.

    Attributes:
        alive: keeps the address from being used again, not the memory.
        current: what was written last; None while it has only been read.
        pieces: what was read from it, and what one operation returned in parts.
        kept: whether it belongs to a parameter or a buffer, whose floats are read afresh whenever they
            change.
        hidden: whether an operation wrote to it in a way that cannot be followed: complex numbers, or the
            entries of a sparse tensor.
        past: what computed the numbers of a tensor that became a leaf.
    """

    alive: StorageWeakRef
    current: Source | None = None
    pieces: dict[Geometry, Source] = field(default_factory=dict)
    kept: Origin | None = None
    hidden: bool = False
    past: Source | None = None


class Storages:
    """All storages that were met.

    Attributes:
        written: which storages of parameters and buffers were written to, until it is cleared.
        changed: called with a tensor that was found changed by something that did not pass through dispatch.
    """

    def __init__(self, new_node: Callable[..., Node], changed: Callable[[Tensor], None]) -> None:
        self.written: set[int] = set()
        self._records: dict[int, Record] = {}
        self._new_node, self._changed = new_node, changed
        self._sweep_at = 256

    def keep(self, tensor: Tensor, origin: Origin) -> None:
        """Remember that a tensor is a parameter or a buffer."""
        if not is_plain(tensor):
            return
        record = self._record(tensor)
        if record.kept is None:
            past = record.current
            self._forget(record)  # what was computed before is a number from now on
            record.past = past
        if record.kept is None or origin is Origin.PARAMETER:
            record.kept = origin

    def drop(self, tensor: Tensor) -> None:
        """Forget what a tensor holds: it is read afresh."""
        if is_plain(tensor):
            self._forget(self._record(tensor))

    def resized(self, tensor: Tensor, was_empty: bool) -> None:
        """Forget what a storage held that has other entries now; nothing is known of those that were kept."""
        if is_plain(tensor):
            record = self._record(tensor)
            self._forget(record)
            if not was_empty and not record.kept:
                record.pieces[Geometry.read(tensor)] = self._unknown(tensor)

    def read(self, tensor: Tensor) -> Source:
        """Return the value that a tensor holds: what was recorded, else a new leaf."""
        if not is_plain(tensor):
            return self._unknown(tensor)
        record, geometry = self._record(tensor), Geometry.read(tensor)
        source = _find(record, tensor, geometry)
        if source is None:
            if tensor.is_floating_point() and _is_computed(record):
                return self._unknown(tensor)
            if _is_computed_earlier(tensor) and not record.kept:
                return self._unknown(tensor, EARLIER)
            return self._leaf(record, tensor, geometry, self._origin(record, tensor))
        if source.node.operation not in ("unknown", EARLIER) and not _same(tensor, source.run):
            self._changed(tensor)
            self._forget(record)
            return self._leaf(record, tensor, geometry, Origin.OUTSIDE)
        return source

    def before_write(self, tensor: Tensor) -> Source | None:
        """Return the value of the whole storage of a tensor of which a part will be written; None where it
        is all.
        """
        if not is_plain(tensor) or _is_whole(tensor):
            return None
        record = self._record(tensor)
        whole = tensor.new_empty(0).set_(tensor.untyped_storage())
        return None if record.kept else self.read(whole)

    def wrote(self, tensor: Tensor, node: Node, output: int, whole: Source | None) -> None:
        """Record that an output of a node is what a tensor holds now."""
        if not is_plain(tensor):
            self._hide(tensor)
            return
        record = self._record(tensor)
        if record.kept:
            self.written.add(tensor.untyped_storage()._cdata)
            self._forget(record)
            return
        source = Source(node, output)
        if whole is not None:
            flat = tensor.new_empty(0).set_(tensor.untyped_storage())
            positions = torch.arange(flat.numel()).as_strided(
                tensor.shape, tensor.stride(), tensor.storage_offset()
            )
            node = self._new_node(
                "write", (whole, positions, source), (flat.clone(),), (Geometry.read(flat),)
            )
            source = Source(node, 0)
        if source.node.layouts[source.output] is None:
            return
        if whole is None and not _is_whole(tensor):
            record.pieces[Geometry.read(tensor)] = source
            return
        self._forget(record)
        record.current = source

    def _hide(self, tensor: Tensor) -> None:
        """Note that a storage holds what an operation computed, though not what."""
        if tensor.layout is torch.sparse_coo:
            tensor = tensor._values()
        elif tensor.layout is not torch.strided:
            tensor = tensor.values()
        if tensor.layout is torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized:
            record = self._record(tensor)
            self._forget(record)
            record.hidden = True

    def _record(self, tensor: Tensor) -> Record:
        storage = tensor.untyped_storage()
        record = self._records.get(storage._cdata)
        if record is None:
            if len(self._records) >= self._sweep_at:
                self._sweep()
            record = self._records[storage._cdata] = Record(StorageWeakRef(storage))
        return record

    def _sweep(self) -> None:
        """Forget storages that are gone, and with them what only they needed."""
        self._records = {key: r for key, r in self._records.items() if not _is_gone(r)}
        self._sweep_at = max(256, 2 * len(self._records))

    def _forget(self, record: Record) -> None:
        record.current = None
        record.pieces = {}
        record.hidden = False
        record.past = None

    def _origin(self, record: Record, tensor: Tensor) -> Origin:
        if record.kept:
            return record.kept
        return Origin.PARAMETER if isinstance(tensor, torch.nn.Parameter) else Origin.DATA

    def _unknown(self, tensor: Tensor, why: str = "unknown") -> Source:
        """Return a value of which only the run's numbers are known."""
        return Source(self._new_node(why, (), (tensor.detach(),), (None,)), 0)

    def _leaf(self, record: Record, tensor: Tensor, geometry: Geometry, origin: Origin) -> Source:
        copy = tensor.detach().clone()
        node = self._new_node("leaf", (), (copy,), (Geometry.read(copy),))
        node.origin = origin
        node.identity = (tensor.untyped_storage()._cdata, geometry)
        whole = tensor._base if origin is Origin.DATA and tensor._is_view() else None
        if whole is not None and whole.numel() == tensor.numel():  # a layer flattened a batch of sequences
            node.identity = (tensor.untyped_storage()._cdata, Geometry.read(whole))
        node.past = record.past
        source = Source(node, 0)
        record.pieces[geometry] = source
        return source


def _find(record: Record, tensor: Tensor, geometry: Geometry) -> Source | None:
    """Return what a record knows of a tensor: what was read or written in just this geometry, or contains
    it.
    """
    if geometry in record.pieces:
        piece = record.pieces[geometry]
        return piece if piece.node.results[piece.output].dtype == tensor.dtype else None
    current = record.current
    if current is None:
        return _within(record, tensor, geometry)
    if current.node.results[current.output].dtype != tensor.dtype:
        return None
    layout = current.node.layouts[current.output]
    return current if layout == geometry else Source(current.node, current.output, geometry)


def _is_computed_earlier(tensor: Tensor) -> bool:
    """Whether autograd knows how a tensor was computed, although no operation of that was seen."""
    whole = tensor._base if tensor._is_view() else tensor  # a view of a leaf is computed, its numbers are not
    return whole is not None and whole.grad_fn is not None


def _is_gone(record: Record) -> bool:
    return bool(record.alive.expired())


def _is_computed(record: Record) -> bool:
    """Whether a storage holds what an operation computed, rather than what was there before."""
    return (
        record.hidden
        or record.current is not None
        or any(p.node.operation != "leaf" for p in record.pieces.values())
    )


def _within(record: Record, tensor: Tensor, geometry: Geometry) -> Source | None:
    """Return a part of a piece that was read or written before."""
    for piece_geometry, piece in record.pieces.items():
        layout = piece.node.layouts[piece.output]
        result = piece.node.results[piece.output]
        if layout is None or result.dtype != tensor.dtype or not is_dense(piece_geometry):
            continue
        if layout.stride != piece_geometry.stride:
            continue
        first, last = _reach(piece_geometry)
        low, high = _reach(geometry)
        if first <= low and high <= last:
            shifted = Geometry(geometry.size, geometry.stride, geometry.offset - first + layout.offset)
            return Source(piece.node, piece.output, shifted)
    return None


def _reach(geometry: Geometry) -> tuple[int, int]:
    """Return the first and the last entry of a storage that a tensor shows."""
    last = sum((n - 1) * s for n, s in zip(geometry.size, geometry.stride, strict=True))
    return geometry.offset, geometry.offset + last


def _is_whole(tensor: Tensor) -> bool:
    entries = tensor.untyped_storage().nbytes() // tensor.element_size()
    return tensor.numel() == entries and is_dense(Geometry.read(tensor))


def _same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have the same numbers, nan included."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return torch.equal(a, b) or bool(((a == b) | (a.isnan() & b.isnan())).all())
