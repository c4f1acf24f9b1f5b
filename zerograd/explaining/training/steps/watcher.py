"""Watches optimisers: what they hold, what they read, what they write, and when they do not step."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from zerograd.explaining.training.steps.clipping import edit_of
from zerograd.explaining.training.steps.held import Slot, held_tensors, holdings, of_module
from zerograd.explaining.training.steps.observation import (
    Arrivals,
    Edit,
    Group,
    Observation,
    Outcome,
    Watched,
)
from zerograd.explaining.training.steps.scaling import UNSCALE, UPDATE_SCALE, ScalerRecord
from zerograd.explaining.training.steps.settings import read_group, read_momentum
from zerograd.explaining.training.steps.tensors import (
    copied,
    copied_all,
    copy,
    geometry,
    overlap,
    quietly,
    storage,
    strided,
)
from zerograd.explaining.training.steps.writes import FUSED, Write, is_mutable, name_of, targets, written

_ZERO_GRAD = re.compile(r"Optimizer\.zero_grad#(\w+)\.zero_grad")


@dataclass(slots=True)
class _Frame:
    """A step that is under way.

    Attributes:
        late: whether gradients are to be read at the first write: a closure or a hook may still change them.
    """

    optimizer: Any
    parameters: dict[str, torch.Tensor]
    places: dict[str, tuple[str, ...]]
    late: bool
    watched: dict[str, Watched] = field(default_factory=dict)
    by_geometry: dict[tuple[Any, ...], list[str]] = field(default_factory=dict)
    by_storage: dict[int, list[str]] = field(default_factory=dict)
    writes: dict[str, list[Write]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    scaler_skipped: bool = False


class StepWatcher:
    """Makes an `Observation` of each step, and of each that did not happen.

    A recorder calls `knows` for an optimiser that is given or made, `backward_began` and `backward_ended`,
    `before` and `after` from the global hooks of torch.optim, and `saw` for every operation, before it runs.
    Nothing that it does changes a number, or draws one.

    Attributes:
        loose: names of tensors that belong to no module; set from outside.
        stepped: the identities of the optimisers that have stepped at any time.
    """

    def __init__(self) -> None:
        self.optimizers: list[Any] = []
        self.loose: frozenset[str] = frozenset()
        self.arrivals = Arrivals()
        self._frames: list[_Frame] = []
        self.stepped: set[int] = set()
        self._stepped_since: set[int] = set()
        self._during_backward: set[int] | None = None
        self._parameters: Mapping[str, torch.Tensor] = {}
        self._scaler = ScalerRecord()

    @property
    def stepping(self) -> bool:
        """Whether a step is under way."""
        return bool(self._frames)

    def knows(self, optimizer: Any) -> None:
        """Take note of an optimiser."""
        if not any(other is optimizer for other in self.optimizers):
            self.optimizers.append(optimizer)

    def backward_began(self) -> None:
        """Take note that backward runs: steps that hooks take meanwhile use its gradients up."""
        self._during_backward = set()

    def backward_ended(
        self, parameters: Mapping[str, torch.Tensor], gradients: Mapping[str, torch.Tensor | None]
    ) -> None:
        """Take the gradients that a backward left.

        Args:
            parameters: by name, all that are known.
            gradients: copies of ``.grad`` as they are now; None, or left out, where this backward gave none.
        """
        self._parameters = parameters
        used = self._during_backward or set()
        self._during_backward = None
        fresh = {name: None if id(parameters[name]) in used else it for name, it in gradients.items()}
        self.arrivals.record(parameters, fresh)
        if not used:
            self._stepped_since.clear()

    def before(
        self,
        optimizer: Any,
        parameters: Mapping[str, torch.Tensor],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Take everything as it is before a step.

        Args:
            parameters: by name, all that are known; what only the optimiser holds is added.
            args, kwargs: what ``step`` was called with.
        """
        self.knows(optimizer)
        for k, frame in enumerate(self._frames):
            if frame.optimizer is optimizer:  # its last step raised
                del self._frames[k:]
                break
        late = any(map(callable, (*args[1:], *(kwargs or {}).values()))) or bool(
            getattr(optimizer, "_optimizer_step_pre_hooks", None)
        )
        named, places = holdings(optimizer, parameters)
        frame = _Frame(optimizer, named, places, late)
        with quietly():
            groups = {
                id(tensor): read_group(number, group)
                for number, group in enumerate(optimizer.param_groups)
                for tensor in group["params"]
            }
            for name, tensor in named.items():
                self._begin(frame, name, tensor, groups.get(id(tensor)))
        self._frames.append(frame)

    def _begin(self, frame: _Frame, name: str, tensor: torch.Tensor, group: Group | None) -> None:
        held = frame.places.get(name, ())
        frame.watched[name] = Watched(
            tensor.shape,
            tensor.dtype,
            tensor.requires_grad,
            held,
            None if held else self._elsewhere(tensor, frame.optimizer),
            group,
            before=copy(tensor),
        )
        if not held:
            return
        if tensor.layout is torch.strided and tensor.numel():
            frame.by_geometry.setdefault(geometry(tensor), []).append(name)
            frame.by_storage.setdefault(storage(tensor), []).append(name)
        if not frame.late:
            self._read_gradient(frame, name)
        gradient = frame.watched[name].gradient
        if frame.late or (gradient is not None and bool((gradient == 0).any())):
            momentum = read_momentum(frame.optimizer, tensor)
            frame.watched[name] = replace(frame.watched[name], momentum=momentum)

    def _read_gradient(self, frame: _Frame, name: str) -> None:
        if name in frame.read:
            return
        frame.read.add(name)
        tensor = frame.parameters[name]
        frame.watched[name] = replace(
            frame.watched[name],
            gradient=None if tensor.grad is None else copy(tensor.grad),
            arrived=self.arrivals.gradients.get(id(tensor)),
            stale=self.arrivals.is_stale(tensor),
            between=frozenset(self.arrivals.between.get(id(tensor), ())),
            zeroed=type(frame.optimizer).__name__ in self.arrivals.zeroed,
        )

    def _elsewhere(self, tensor: torch.Tensor, but: Any) -> str | None:
        for other in self.optimizers:
            if other is not but and any(tensor is held for held in held_tensors(other)):
                return type(other).__name__
        return None

    def saw(
        self, func: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Observation | None:
        """Take note of an operation that is about to run; return what was seen if a scaler skipped a step."""
        kwargs = kwargs or {}
        name = name_of(func)
        if name == "_record_function_enter_new":
            match = _ZERO_GRAD.match(str(args[0]) if args else "")
            if match:
                self.arrivals.zeroed.add(match[1])
            return None
        if not is_mutable(func):
            return None
        if name in (UPDATE_SCALE, UNSCALE):
            with quietly():
                if name == UPDATE_SCALE:
                    return self._scale_updated()
                self._scaler.record(args[0], args[1], self._known().values())
        self._edits(name, func, args, kwargs)
        for frame in self._frames:
            self._writes(frame, func, args, kwargs)
        return None

    def _edits(self, name: str, func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        storages = self.arrivals.storages
        if not storages:
            return
        edit: Edit | None = None
        for tensor in written(func, args, kwargs):
            for key in storages.get(storage(tensor), ()) if tensor.layout is torch.strided else ():
                edit = edit or edit_of(name.removeprefix("_foreach_"), args)
                self.arrivals.between.setdefault(key, []).append(edit)

    def _writes(self, frame: _Frame, func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        if name_of(func) in FUSED and kwargs.get("found_inf") is not None:
            frame.scaler_skipped |= bool(kwargs["found_inf"] != 0)
        for tensor, write in targets(func, args, kwargs):
            if tensor.layout is not torch.strided or not tensor.numel():
                continue
            near = frame.by_storage.get(storage(tensor), ())
            exact = frame.by_geometry.get(geometry(tensor), ()) if near else ()
            for name in near:
                self._read_gradient(frame, name)
                if name not in exact or write is None:
                    if name in exact or overlap(tensor, frame.parameters[name]):
                        frame.unread.add(name)
                    continue
                late = write.operation in FUSED  # these change what they read
                kept = write if late else replace(write, operands=tuple(map(copied, write.operands)))
                frame.writes.setdefault(name, []).append(kept)

    def after(
        self, optimizer: Any, parameters: Mapping[str, torch.Tensor] | None = None
    ) -> Observation | None:
        """Return what was seen of a step; None for one that another optimiser's step took.

        Args:
            parameters: by name, where names are known now that were not before: a closure may have run a
                module for the first time. Of what was not there before nothing is known but who holds it.
        """
        k = next((k for k, frame in enumerate(self._frames) if frame.optimizer is optimizer), None)
        if k is None:
            return None
        frame = self._frames[k]
        del self._frames[k:]
        self.stepped.add(id(optimizer))
        self._stepped_since.add(id(optimizer))
        if self._frames:
            return None
        with quietly():
            for name in frame.parameters:
                self._end(frame, name)
        held = list(held_tensors(optimizer))
        self.arrivals.forget(held)
        if self._during_backward is not None:
            self._during_backward |= set(map(id, held))
        outcome = Outcome.SKIPPED if frame.scaler_skipped else Outcome.STEPPED
        named, watched = frame.parameters, frame.watched
        if parameters is not None:
            known = {id(tensor): watched[name] for name, tensor in named.items()}
            named, places = holdings(optimizer, parameters)
            new = {name: tensor for name, tensor in named.items() if id(tensor) not in known}
            unseen = self._unmoved(optimizer, new, places)
            watched = {name: known.get(id(tensor)) or unseen[name] for name, tensor in named.items()}
        return self._observation(optimizer, outcome, named, watched)

    def _end(self, frame: _Frame, name: str) -> None:
        tensor, watched = frame.parameters[name], frame.watched[name]
        if watched.places:
            self._read_gradient(frame, name)
            watched = frame.watched[name]
        moved_away = (
            bool(watched.places)
            and tensor.numel() > 0
            and (tensor.layout is torch.strided and geometry(tensor) not in frame.by_geometry)
        )
        writes = tuple(
            replace(write, operands=tuple(map(copied, write.operands)), keywords=copied_all(write.keywords))
            if write.operation in FUSED
            else write
            for write in frame.writes.get(name, ())
        )
        frame.watched[name] = replace(
            watched,
            after=copy(tensor) if watched.before is not None else None,
            writes=writes,
            unread=name in frame.unread or moved_away,
        )

    def at_end(self, parameters: Mapping[str, torch.Tensor]) -> tuple[Observation, ...]:
        """Return what is to be said of optimisers that never stepped since the last backward.

        Those that stepped before are not among them where another one stepped since: they take turns.
        """
        waiting = []
        for optimizer in self.optimizers:
            named, places = holdings(optimizer, parameters)
            reached = any(id(tensor) in self.arrivals.gradients for tensor in held_tensors(optimizer))
            if reached and id(optimizer) not in self._stepped_since:
                waiting.append((optimizer, named, places))
        if self._stepped_since:
            waiting = [entry for entry in waiting if id(entry[0]) not in self.stepped]
        observations = []
        for optimizer, named, places in waiting:
            refused = bool(self._scaler.refused & set(map(id, held_tensors(optimizer))))
            outcome = Outcome.SKIPPED if refused else Outcome.NOT_CALLED
            infinite = self._scaler.infinite if refused else ()
            watched = self._unmoved(optimizer, named, places)
            observations.append(self._observation(optimizer, outcome, named, watched, infinite))
        return tuple(observations)

    def _unmoved(
        self, optimizer: Any, named: Mapping[str, torch.Tensor], places: Mapping[str, tuple[str, ...]]
    ) -> dict[str, Watched]:
        return {
            name: Watched(
                tensor.shape,
                tensor.dtype,
                tensor.requires_grad,
                places.get(name, ()),
                None if name in places else self._elsewhere(tensor, optimizer),
                arrived=self.arrivals.gradients.get(id(tensor)),
            )
            for name, tensor in named.items()
        }

    def _known(self) -> dict[int, torch.Tensor]:
        """Return the parameters of the last backward, and what optimisers hold beside."""
        tensors = {id(tensor): tensor for tensor in self._parameters.values()}
        for optimizer in self.optimizers:
            tensors |= {id(tensor): tensor for tensor in held_tensors(optimizer)}
        return tensors

    def _scale_updated(self) -> Observation | None:
        refused, infinite = self._scaler.refused, self._scaler.infinite
        self._scaler = ScalerRecord()
        holders = (o for o in self.optimizers if refused & set(map(id, held_tensors(o))))
        optimizer = next(holders, None)
        if not refused or id(optimizer) in self._stepped_since:
            return None
        named, places = holdings(optimizer, self._parameters)
        if optimizer is None:  # nobody told of it; the scaler had it
            places = {name: ("param_groups",) for name, tensor in named.items() if id(tensor) in refused}
        self._stepped_since.add(id(optimizer))
        watched = self._unmoved(optimizer, named, places)
        self.arrivals.forget(named[name] for name in places)
        return self._observation(optimizer, Outcome.SKIPPED, named, watched, infinite)

    def _observation(
        self,
        optimizer: Any,
        outcome: Outcome,
        named: Mapping[str, torch.Tensor],
        watched: Mapping[str, Watched],
        infinite: tuple[int, ...] = (),
    ) -> Observation:
        keys = {id(tensor): name for name, tensor in named.items()}
        inside = {name for name in named if of_module(name) and name not in self.loose}
        memory = {storage(named[name]) for name in inside if strided(named[name])}
        module = tuple(
            Slot(name, tuple(it.shape), it.requires_grad and not it.places and it.elsewhere is None)
            for name, it in watched.items()
            if name in inside
        )
        slots = tuple(
            Slot(
                key := keys[id(tensor)],
                tuple(tensor.shape),
                key not in inside
                and watched[key].arrived is None
                and not (strided(tensor) and storage(tensor) in memory),
            )
            for tensor in held_tensors(optimizer)
        )
        name = None if optimizer is None else type(optimizer).__name__
        blamed = tuple(keys[key] for key in infinite if key in keys)
        return Observation(name, outcome, dict(watched), module, slots, blamed)
