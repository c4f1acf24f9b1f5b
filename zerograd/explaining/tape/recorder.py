"""The dispatch mode that sees every operation, and the graph that it makes of them."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes, _get_current_dispatch_mode

from zerograd.explaining.tape.names import name_of, program_frame
from zerograd.explaining.tape.nodes import Geometry, Node, Origin, Phase, Place, Source
from zerograd.explaining.tape.scalars import unrounded
from zerograd.explaining.tape.storages import Storages

LIES: Mapping[str, tuple[str, ...]] = {
    "native_batch_norm": ("running_mean", "running_var"),
    "rrelu_with_noise": ("noise",),  # says so in later versions of torch
    "rrelu_with_noise_": ("noise",),
}
"""Operations that write to arguments although their schemas do not say so."""

OPAQUE = {"_amp_update_scale_"}
"""Operations outside of what is explained: what they write is read afresh, as numbers."""

CONSTANTS = {
    "arange", "empty", "empty_like", "empty_permuted", "empty_strided", "eye", "full", "full_like",
    "linspace", "new_empty", "new_empty_strided", "new_full", "new_ones", "new_zeros", "ones", "ones_like",
    "scalar_tensor", "zeros", "zeros_like",
}  # fmt: skip
"""Operations whose results are written in the program, whatever tensors they are given."""


UNLIKE = {"prod"}
"""Operations whose derivative torch computes by another formula while any dispatch mode is on."""


class Schema:
    """What a schema says of an operation: which arguments it writes to.

    Attributes:
        name: the packet's name, without namespace and overload.
        written: positions and names of arguments that are written to.
        draws: whether it takes random numbers.
        is_view: whether its results are views of an argument.
    """

    __slots__ = ("draws", "is_view", "name", "written")

    def __init__(self, function: Any) -> None:
        schema = function._schema
        self.name = schema.name.partition("::")[2]
        lies = LIES.get(self.name, ())
        self.written = tuple(
            (i, a.name)
            for i, a in enumerate(schema.arguments)
            if (a.alias_info is not None and a.alias_info.is_write) or a.name in lies
        )
        returned = [r.alias_info for r in schema.returns if r.alias_info is not None]
        # what changes how a tensor lies in its storage writes no entries: transpose_, resize_
        in_place = torch.Tag.inplace_view in function.tags
        self.is_view = in_place or any(not alias.is_write for alias in returned)
        self.draws = torch.Tag.nondeterministic_seeded in function.tags


_RECORDERS: weakref.WeakSet[Recorder] = weakref.WeakSet()


def _rest() -> None:
    """Let processes that are forked, such as those that load data, run unwatched."""
    for recorder in _RECORDERS:
        recorder.active = False


os.register_at_fork(after_in_child=_rest)

schema_of: Callable[[Any], Schema] = lru_cache(maxsize=None)(Schema)


class Recorder(TorchDispatchMode):
    """Runs every operation as it is, and keeps what it read and returned.

    Attributes:
        phase: what the program is doing; set from outside.
        module: called for the module that is running; set from outside.
        loss: what the last backward pass started from.
        failed: whether the last backward pass ended with an error, or is not over.
        cut: whether autograd knew no way back from where the last backward pass started.
        number: how many nodes there are.
        leaves: tensors that require a gradient and that nothing computed, by identity.
        variables: what the program calls them, where a variable held one when it was met.
        saw: called before every operation.
        stepping: whether an optimiser steps; what it does is not recorded, but for what a closure does.
        changed: places where tensors were found changed by something that bypassed dispatch.
        unlike: operations whose derivatives are not computed as unwatched, and where they were called.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.phase = Phase.FORWARD
        self.module: Callable[[], tuple[str, str] | None] = lambda: None
        self.saw: Callable[[Any, tuple[Any, ...], Mapping[str, Any]], None] | None = None
        self.stepping = False
        self.changed: list[tuple[tuple[int, ...], Place]] = []
        self.unlike: list[tuple[str, Place]] = []
        self.loss: Source | None = None
        self.failed = False
        self.cut = False
        self.active = True
        self.storages = Storages(self._node, self._note_change)
        self.leaves: dict[int, weakref.ref[Tensor]] = {}
        self.variables: dict[int, str] = {}
        self.number = 0
        _RECORDERS.add(self)

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.active and self.saw is not None:
            self.saw(function, args, kwargs)
        if not self.active:  # or what saw has seen enough
            return function(*args, **kwargs)
        steps = self.stepping and self.phase is not Phase.BACKWARD and not torch.is_grad_enabled()
        if steps or schema_of(function).name in OPAQUE:
            return self._step(function, args, kwargs)
        return self._record(function, args, kwargs)

    def leave(self) -> None:
        """Take this mode off, unless another one lies above it, or this is not the thread that it was put on:
        it lets everything pass then.
        """
        self.active = False
        if _get_current_dispatch_mode() is self:
            self.__exit__(None, None, None)  # type: ignore[no-untyped-call]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let operations pass unseen: those of zerograd itself."""
        before = self.active
        try:
            self.active = False
            with _disable_current_modes(), torch.no_grad():
                yield
        finally:
            self.active = before

    def release(self) -> None:
        """Let go what was recorded, and whoever is called back: now, not when cycles are collected."""
        self.storages = Storages(_unused, _unused)
        self.leaves.clear()
        self.variables.clear()
        self.loss, self.saw, self.module = None, None, lambda: None

    def read(self, tensor: Tensor) -> Source:
        """Return the value that a tensor holds."""
        return self.storages.read(tensor)

    def keep(self, tensor: Tensor, origin: Origin) -> None:
        """Remember that a tensor is a parameter or a buffer: whenever it changes, its floats are read
        afresh.
        """
        self.storages.keep(tensor, origin)

    def _step(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an operation of an optimiser; the tensors that it writes to are read afresh afterwards."""
        result = function(*args, **kwargs)
        for tensor in _written(schema_of(function), args, kwargs):
            self.storages.drop(tensor)
        return result

    def _record(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        schema = schema_of(function)
        if schema.is_view:
            self._keep_leaves(args)
            if schema.name == "detach":
                self._note_detached(args[0])
            if schema.written and _has_storage(args[0]):
                return self._laid_out(function, args, kwargs)
            return function(*args, **kwargs)
        if schema.written and isinstance(_argument(schema, args, kwargs, 0), list | tuple):
            return self._foreach(function, schema, args, kwargs)
        written = list(_written(schema, args, kwargs))
        if schema.name in UNLIKE and torch.is_grad_enabled() and any(t.requires_grad for t in _tensors(args)):
            self.unlike.append((schema.name, self._place()))
        constant = schema.name in CONSTANTS
        exact = unrounded(schema.name, args)
        read_args, read_kwargs = ((), {}) if constant else (self._read_all(exact), self._read_map(kwargs))
        wholes = [self.storages.before_write(tensor) for tensor in written]
        storages = {
            t.untyped_storage()._cdata for t in _tensors((args, tuple(kwargs.values()))) if _has_storage(t)
        }
        result = function(*args, **kwargs)
        outputs = list(_outputs(result))
        mine = {id(t) for t in written}
        fresh = [
            t for t in outputs if isinstance(t, Tensor) and id(t) not in mine and not _shares(t, storages)
        ]
        if not written and not fresh:
            return result  # views of what is known
        aside = [t for t in written if not any(t is o for o in outputs)]
        everything = [*outputs, *aside]
        leaf = constant or (schema.draws and not _has_rule(schema.name))
        operation = "leaf" if leaf else schema.name
        node = self._node(
            operation,
            read_args,
            *_copies(everything),
            keywords=read_kwargs,
            function=None if leaf else function,
        )
        if self.phase is Phase.FORWARD:
            node.enabled = torch.is_grad_enabled()
            node.required = tuple(t.requires_grad for t in _tensors((args, tuple(kwargs.values()))))
        if leaf:
            node.origin = Origin.CONSTANT if constant else Origin.RANDOM
        for output, tensor in enumerate(everything):
            if not isinstance(tensor, Tensor):
                continue
            if id(tensor) in mine:
                at = next(i for i, t in enumerate(written) if t is tensor)
                self.storages.wrote(tensor, node, output, wholes[at])
            elif any(tensor is t for t in fresh):
                self.storages.wrote(tensor, node, output, None)
        return result

    def _laid_out(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an operation that changes how a tensor lies in its storage, and perhaps makes this larger."""
        before = args[0].untyped_storage()
        cdata, size = before._cdata, before.nbytes()
        result = function(*args, **kwargs)
        after = args[0].untyped_storage()
        if after._cdata == cdata and after.nbytes() != size:
            self.storages.resized(args[0], size == 0)
        return result

    def _foreach(self, function: Any, schema: Schema, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record an operation on lists of tensors as one node for each."""
        lists = [a for a in args if isinstance(a, list | tuple)]
        count = len(lists[0])
        before = [
            tuple(
                self._read_one(a[i] if isinstance(a, list | tuple) and len(a) == count else a) for a in args
            )
            for i in range(count)
        ]
        keywords = self._read_map(kwargs)
        wholes = [self.storages.before_write(tensor) for tensor in lists[0]]
        result = function(*args, **kwargs)
        for at in range(1, len(schema.written)):  # flags, beside the list
            for tensor in _tensors((_argument(schema, args, kwargs, at),)):
                self.storages.drop(tensor)
        partly: set[int] = set()  # storages of which a part was written
        for i, tensor in enumerate(lists[0]):
            whole = wholes[i]
            if whole is not None:
                storage = tensor.untyped_storage()._cdata
                whole = self.storages.before_write(tensor) if storage in partly else whole
                partly.add(storage)
            node = self._node(
                schema.name, before[i], *_copies([tensor]), keywords=keywords, function=function
            )
            self.storages.wrote(tensor, node, 0, whole)
        return result

    def _node(
        self,
        operation: str,
        arguments: tuple[Any, ...],
        results: tuple[Any, ...],
        layouts: tuple[Geometry | None, ...],
        *,
        keywords: dict[str, Any] | None = None,
        function: Any = None,
    ) -> Node:
        self.number += 1
        place = self._place() if self.phase is Phase.FORWARD else Place()
        return Node(
            self.number, operation, function, arguments, keywords or {}, results, layouts, self.phase, place
        )

    def _place(self) -> Place:
        frame = program_frame(sys._getframe(1))
        return Place(
            self.module(), *((frame.f_code.co_filename, frame.f_lineno) if frame is not None else ())
        )

    def _note_detached(self, tensor: Tensor) -> None:
        """Note where something computed is detached: parameters are, too, and what autograd saves."""
        followed = tensor.requires_grad and not tensor.is_leaf and torch.is_grad_enabled()
        if self.phase is Phase.FORWARD and followed:
            node = self.read(tensor).node
            node.detached = self._place() if node.detached in (None, node.place) else node.detached

    def _note_change(self, tensor: Tensor) -> None:
        self.changed.append((tuple(tensor.shape), self._place()))

    def _keep_leaves(self, arguments: Sequence[Any]) -> None:
        """Remember tensors that require a gradient and that nothing computed: they are parameters.

        Views that a backward pass makes of saved tensors look the same, but they are views.
        """
        for tensor in _tensors(arguments):
            if tensor.requires_grad and tensor.is_leaf and not tensor._is_view():
                known = self.leaves.get(id(tensor))
                if known is None or known() is not tensor:
                    self.leaves[id(tensor)] = weakref.ref(tensor)
                    self._note_name(tensor)
                self.keep(tensor, Origin.PARAMETER)

    def _note_name(self, tensor: Tensor) -> None:
        inside = isinstance(tensor, torch.nn.Parameter) and self.module() is not None
        name = None if inside else name_of(tensor, sys._getframe(1))
        if name is None:
            self.variables.pop(id(tensor), None)
        else:
            self.variables[id(tensor)] = name

    def _read_one(self, argument: Any) -> Any:
        if isinstance(argument, Tensor):
            self._keep_leaves((argument,))
            return self.read(argument)
        if isinstance(argument, list | tuple):
            return tuple(self._read_one(each) for each in argument)
        return argument

    def _read_all(self, arguments: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(map(self._read_one, arguments))

    def _read_map(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._read_one(each) for name, each in arguments.items()}


def _unused(*_: Any, **__: Any) -> Any:
    raise RuntimeError("nothing is recorded any more")


def _has_rule(name: str) -> bool:
    from zerograd.explaining.shadow.rules import find

    return find(name) is not None


def _shares(tensor: Tensor, storages: set[int]) -> bool:
    return _has_storage(tensor) and tensor.untyped_storage()._cdata in storages


def _has_storage(tensor: Tensor) -> bool:
    return tensor.layout is torch.strided and not tensor.is_quantized


def _argument(schema: Schema, args: tuple[Any, ...], kwargs: Mapping[str, Any], at: int) -> Any:
    """Return the argument that the schema's ``at``-th written one is."""
    position, name = schema.written[at]
    return args[position] if position < len(args) else kwargs.get(name)


def _written(schema: Schema, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[Tensor]:
    for at in range(len(schema.written)):
        yield from _tensors((_argument(schema, args, kwargs, at),))


def _tensors(arguments: Any) -> Iterator[Tensor]:
    for argument in arguments:
        if isinstance(argument, Tensor):
            yield argument
        elif isinstance(argument, list | tuple):
            yield from _tensors(argument)


def _outputs(result: Any) -> Iterator[Any]:
    """Yield results in order, lists of tensors flattened."""
    if isinstance(result, list | tuple):
        for each in result:
            yield from _outputs(each)
    else:
        yield result


def _copies(tensors: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Geometry | None, ...]]:
    """Return copies that later writes do not reach, and how the originals lay in their storages."""
    copies: list[Any] = []
    layouts: list[Geometry | None] = []
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            copies.append(tensor)
            layouts.append(None)
        elif not _has_storage(tensor) or tensor.device.type == "meta":
            copies.append(tensor.detach())
            layouts.append(None)
        else:
            copies.append(tensor.detach().clone(memory_format=torch.preserve_format))
            layouts.append(Geometry.read(tensor))
    return tuple(copies), tuple(layouts)
